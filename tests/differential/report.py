"""What a comparison with other implementations found: counts by peer and by cause, and how to print and judge them.

A part of the comparison (spf_compare.py, messages.py) provides

    DRIVERS: names of the programs below bin/ that it runs, parts of the CMake target "differential"; may be absent
    compare(count, seed, jobs, build, keep, progress) -> Report

`count` cases are generated from `seed`, run by `jobs` processes with the programs of the folder `build` (pathlib.Path),
and `progress(done)` is called now and then with the number of cases finished so far. `keep` is a folder (pathlib.Path)
for case dumps, or None. The same arguments give the same report.
"""
from __future__ import annotations

import dataclasses
import pathlib
import re
from collections import Counter

# Dumps that are kept and printed of one cause, or of the unexplained: enough to look into it.
MAX_EXAMPLES = 3
MAX_UNEXPLAINED_SHOWN = 10


@dataclasses.dataclass(frozen=True)
class Cause:
    """Why an implementation answers otherwise. docs/deviations.md tells more under the same id."""
    id: str
    rule: str  # "RFC 7208 section 4.6.4"
    summary: str  # one line


@dataclasses.dataclass
class PeerTotals:
    agree: int = 0
    disagree: int = 0
    crashed: int = 0  # died or hung
    not_applicable: int = 0  # the peer does not judge such a case

    @property
    def compared(self) -> int:
        return self.agree + self.disagree


@dataclasses.dataclass
class Unexplained:
    peer: str
    case_id: str
    dump: str  # text from which the case can be run again


class Report:
    """The findings of one part. Those of its processes are merged, in any order, into the same report."""

    def __init__(self, part: str, causes: list[Cause]) -> None:
        self.part = part
        self.causes = {cause.id: cause for cause in causes}
        self.totals: dict[str, PeerTotals] = {}
        self.by_cause: Counter[tuple[str, str]] = Counter()  # (cause id, peer)
        self.examples: dict[tuple[str, str], list[str]] = {}  # (cause id, peer) -> case ids
        self.unexplained: list[Unexplained] = []
        self.failures: list[str] = []  # of assay alone, e.g. command and library differ

    def _peer(self, peer: str) -> PeerTotals:
        return self.totals.setdefault(peer, PeerTotals())

    def agree(self, peer: str) -> None:
        self._peer(peer).agree += 1

    def crashed(self, peer: str) -> None:
        self._peer(peer).crashed += 1

    def not_applicable(self, peer: str) -> None:
        self._peer(peer).not_applicable += 1

    def disagree(self, peer: str, case_id: str, cause: str | None, dump: str) -> None:
        """`cause` is the id of one of the causes; None if nothing explains the difference."""
        self._peer(peer).disagree += 1
        if cause is None:
            self.unexplained.append(Unexplained(peer, case_id, dump))
            return
        key = (self.causes[cause].id, peer)
        self.by_cause[key] += 1
        self.examples[key] = sorted(self.examples.get(key, []) + [case_id])[:MAX_EXAMPLES]

    def fail(self, what: str) -> None:
        """Something that is wrong whatever any peer says."""
        self.failures.append(what)

    def merge(self, other: Report) -> None:
        for peer, totals in other.totals.items():
            mine = self._peer(peer)
            for field in dataclasses.fields(PeerTotals):
                setattr(mine, field.name, getattr(mine, field.name) + getattr(totals, field.name))
        self.by_cause.update(other.by_cause)
        for key, ids in other.examples.items():
            self.examples[key] = sorted(self.examples.get(key, []) + ids)[:MAX_EXAMPLES]
        self.unexplained += other.unexplained
        self.failures += other.failures

    def undocumented(self, deviations: pathlib.Path) -> list[str]:
        """Ids of causes seen that docs/deviations.md has neither as the first cell of a table row nor as a heading."""
        text = deviations.read_text(encoding="utf-8")
        documented = set(re.findall(r"^(?:\|\s*|#+\s+)`?([a-z0-9-]+)`?\s*(?:\||$)", text, re.MULTILINE))
        return sorted({cause for cause, _ in self.by_cause} - documented)


def _table(rows: list[list[str]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def as_text(report: Report) -> str:
    """The totals, the table of causes, what nothing explains."""
    lines = [f"{report.part}:"]
    totals = [["peer", "compared", "agree", "disagree", "crashed", "not applicable"]]
    for peer, count in sorted(report.totals.items()):
        totals.append([peer, *(str(n) for n in (count.compared, count.agree, count.disagree, count.crashed,
                                                count.not_applicable))])
    lines += [_table(totals), ""]
    causes = [["cause", "peer", "count", "example", "rule"]]
    for (cause, peer), count in sorted(report.by_cause.items()):
        causes.append([cause, peer, str(count), report.examples[cause, peer][0], report.causes[cause].rule])
    causes += [["unexplained", peer, str(count), "", ""]
               for peer, count in sorted(Counter(case.peer for case in report.unexplained).items())]
    lines.append(_table(causes) if len(causes) > 1 else "no disagreement")
    for case in sorted(report.unexplained, key=lambda case: case.case_id)[:MAX_UNEXPLAINED_SHOWN]:
        lines += ["", f"unexplained: {case.peer}, case {case.case_id}", case.dump]
    if len(report.unexplained) > MAX_UNEXPLAINED_SHOWN:
        lines.append(f"... and {len(report.unexplained) - MAX_UNEXPLAINED_SHOWN} more unexplained")
    lines += [f"FAILED: {what}" for what in report.failures[:MAX_UNEXPLAINED_SHOWN]]
    return "\n".join(lines)
