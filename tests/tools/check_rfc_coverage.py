#!/usr/bin/env python3
"""Checks docs/rfc-coverage.md, the table of what the RFCs demand of a verifier, where it is done and what tests it.

One table for each RFC, with the columns Section, Requirement, Source, Test. Source names files of this repository. Test
names what a test file says verbatim: a TEST_CASE, or tests/FILE.py::FUNCTION; after "›" follow rows of it, which are string
literals of the same file or names in a JSON file of tests/vectors that the file reads. A row whose Source is "not applicable" gives
the reason in place of a test. A requirement with "Not met:" still has a test, which pins what is done instead. The summary
at the top must state the counts that are printed here. Prints one line per fault and exits 1 if there is any.
"""

from __future__ import annotations

import json
import pathlib
import re
import sys
from dataclasses import dataclass, field

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENT = "docs/rfc-coverage.md"

HEADING = re.compile(r"## (RFC \d+)\b")
SECTION = re.compile(r"(\d+|[A-Z])(\.\d+)*")
QUOTED = re.compile(r"(›\s*)?`([^`]+)`")
LITERAL = r'"(?:[^"\\\n]|\\.)*"'
LITERALS = re.compile(rf"{LITERAL}(?:\s*{LITERAL})*")
TEST_CASE = re.compile(rf"TEST_CASE\(\s*({LITERAL}(?:\s*{LITERAL})*)")
VECTORS = re.compile(r"tests/vectors/[a-z]+/")


def unquote(literals: str) -> str:
    """The text of adjacent C++ string literals. Only \\" and \\\\ are undone: names hold no other escapes."""
    return "".join(re.findall(r'"((?:[^"\\\n]|\\.)*)"', literals)).replace('\\"', '"').replace("\\\\", "\\")


@dataclass
class Tests:
    """Where each TEST_CASE stands, and what may be named as a row of it."""

    root: pathlib.Path
    cases: dict[str, set[pathlib.Path]] = field(default_factory=dict)
    rows: dict[pathlib.Path, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for path in sorted((self.root / "tests").rglob("*.cpp")):
            text = path.read_text(encoding="utf-8")
            for match in TEST_CASE.finditer(text):
                self.cases.setdefault(unquote(match[1]), set()).add(path)
            self.rows[path] = {unquote(match[0]) for match in LITERALS.finditer(text)}
            for folder in VECTORS.findall(text):
                self.rows[path] |= self.vectors(self.root / folder)

    @staticmethod
    def vectors(folder: pathlib.Path) -> set[str]:
        return {vector["name"] for path in folder.glob("*.json") for vector in json.loads(path.read_text(encoding="utf-8"))
                if "name" in vector}

    def python(self, name: str) -> bool:
        file, _, function = name.partition("::")
        path = self.root / file
        return path.is_file() and re.search(rf"^\s*def {re.escape(function)}\(", path.read_text(encoding="utf-8"), re.M) is not None

    def faults(self, cell: str) -> list[str]:
        """What is wrong with a Test cell."""
        found = []
        files: set[pathlib.Path] = set()
        names = 0
        for is_row, name in QUOTED.findall(cell):
            if is_row:
                if not any(name in self.rows[file] for file in files):
                    found.append(f"no row \"{name}\" beside the test before it")
                continue
            names += 1
            files = self.cases.get(name, set())
            if not files and not ("::" in name and name.startswith("tests/") and self.python(name)):
                found.append(f"no test \"{name}\"")
        return found if names else [*found, "names no test"]


@dataclass
class Counts:
    rows: int = 0
    covered: int = 0
    not_met: int = 0
    not_applicable: int = 0

    def words(self) -> str:
        return (f"{self.rows} rows: {self.covered} covered, {self.not_met} not met, "
                f"{self.not_applicable} not applicable")

    def cells(self) -> list[str]:
        return [str(n) for n in (self.rows, self.covered, self.not_met, self.not_applicable)]


def cells_of(line: str) -> list[str] | None:
    """The cells of a table row; None for what is none."""
    if not line.startswith("|") or set(line) <= set("|-: "):
        return None
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def order(section: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (1000, part) for part in section.split(".")]


def row_faults(cells: list[str], before: str, tests: Tests, counts: Counts) -> list[str]:
    """What is wrong with a row of an RFC's table; counts it."""
    counts.rows += 1
    if len(cells) != 4:
        return [f"{len(cells)} columns, not 4"]
    section, requirement, source, test = cells
    found = []
    if not SECTION.fullmatch(section):
        found.append(f"\"{section}\" is no section")
    elif before and order(section) < order(before):
        found.append(f"section {section} stands after {before}")
    if not requirement:
        found.append("no requirement")
    if source == "not applicable":
        counts.not_applicable += 1
        return found if test else [*found, "not applicable without a reason"]
    if "Not met:" in requirement:
        counts.not_met += 1
    else:
        counts.covered += 1
    files = [name for _, name in QUOTED.findall(source)]
    if not files:
        found.append("names no source")
    found += [f"no file {name}" for name in files if not (tests.root / name).is_file()]
    return found + tests.faults(test)


def check(text: str, tests: Tests) -> tuple[list[str], dict[str, Counts]]:
    """The faults of the document, and the counts of each RFC in it."""
    faults: list[str] = []
    counts: dict[str, Counts] = {}
    summary: dict[str, tuple[int, list[str]]] = {}
    rfc, before = "", ""
    for number, line in enumerate(text.splitlines(), 1):
        heading = HEADING.match(line)
        if heading:
            rfc, before = heading[1], ""
            counts[rfc] = Counts()
        cells = cells_of(line)
        if cells is None or cells[0] in ("Section", "RFC"):
            continue
        if not rfc:
            summary[cells[0]] = (number, cells[-4:])
            continue
        faults += [f"{DOCUMENT}:{number}: {fault}" for fault in row_faults(cells, before, tests, counts[rfc])]
        before = cells[0] if SECTION.fullmatch(cells[0]) else before
    for name, count in counts.items():
        number, stated = summary.get(name, (1, []))
        if not count.rows:
            faults.append(f"{DOCUMENT}: no rows for {name}")
        if stated != count.cells():
            faults.append(f"{DOCUMENT}:{number}: the summary of {name} must end in {' | '.join(count.cells())}")
    faults += [f"{DOCUMENT}:{number}: no table for {name}" for name, (number, _) in summary.items() if name not in counts]
    return faults, counts


def main() -> int:
    faults, counts = check((ROOT / DOCUMENT).read_text(encoding="utf-8"), Tests(ROOT))
    for name, count in counts.items():
        print(f"{name}: {count.words()}")
    for fault in faults:
        print(fault, file=sys.stderr)
    if not counts:
        print(f"{DOCUMENT}: no tables", file=sys.stderr)
    return 1 if faults or not counts else 0


if __name__ == "__main__":
    sys.exit(main())
