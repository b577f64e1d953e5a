"""What a peer found, read from its Authentication-Results fields, beside what the corpus says is right.

The fields are read leniently: rspamd writes some that RFC 8601 does not allow.
"""

from __future__ import annotations

import collections
import dataclasses
import re

# What each peer is asked for. OpenDMARC alone has no DKIM results, so its DMARC results cannot be held against it.
CHECKS = {
    "assayd": ("spf", "dkim", "dmarc", "arc"),
    "opendkim": ("dkim",),
    "opendmarc": ("spf",),
    "opendkim+opendmarc": ("spf", "dkim", "dmarc"),
    "rspamd": ("spf", "dkim", "dmarc", "arc"),
    "null": (),  # says nothing
}
# "permerror" of the manifest is RFC 6376's PERMFAIL, for which others use these words. What matters to DMARC is that it is no pass.
SAME_AS_PERMERROR = {"permerror", "fail", "neutral", "policy", "invalid", "none"}
# RFC 8601 has no "reject"; rspamd writes it for a chain that fails.
WORDS = {"arc": {"reject": "fail"}}

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_COMMENT = re.compile(r"\([^()]*\)")
_METHOD = re.compile(r"\s*([A-Za-z][A-Za-z0-9-]*)\s*=\s*([A-Za-z]+)")
_PROPERTY = re.compile(r"([a-z]+\.[a-z-]+)\s*=\s*([^\s;]+)")


@dataclasses.dataclass(frozen=True)
class Result:
    method: str
    result: str
    properties: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str:
        return dict(self.properties).get(name, "")


def without_comments(text: str) -> str:
    """`text` without quoted strings' own marks and without comments, nested ones, too."""
    # Within a comment a quoted string may hold a parenthesis, within a property's value it is the value.
    text = _QUOTED.sub(lambda found: re.sub(r'["();\\]', "", found.group()), text)
    while (shorter := _COMMENT.sub(" ", text)) != text:
        text = shorter
    return text


def parse_field(value: str) -> list[Result]:
    """The results in the value of one field, after the authserv-id."""
    results = []
    for part in without_comments(value).split(";")[1:]:
        if found := _METHOD.match(part):
            properties = tuple((name, text) for name, text in _PROPERTY.findall(part[found.end():]))
            results.append(Result(found.group(1).lower(), found.group(2).lower(), properties))
    return results


def _one(results: list[Result], method: str) -> str:
    """The result of a method of which there is one; "" if it is not told."""
    found = [result for result in results if result.method == method]
    if method == "spf":  # assayd tells HELO's, too
        found = [result for result in found if not result.get("smtp.helo") or result.get("smtp.mailfrom")] or found
    return WORDS.get(method, {}).get(found[0].result, found[0].result) if found else ""


def _signatures(results: list[Result]) -> list[tuple[str, str]]:
    return sorted((result.get("header.d"), result.result) for result in results if result.method == "dkim" and result.get("header.d"))


def _is_dkim_right(found: list[tuple[str, str]], wanted: list[tuple[str, str]]) -> bool:
    """Each signature's result, by its domain; those of one domain in any order."""
    if len(found) != len(wanted):
        return False
    left = list(found)
    for domain, result in sorted(wanted, key=lambda pair: pair[1] == "permerror"):  # what may match several goes last
        words = SAME_AS_PERMERROR if result == "permerror" else {result}
        match = next((pair for pair in left if pair[0] == domain and pair[1] in words), None)
        if match is None:
            return False
        left.remove(match)
    return True


def differences(checks: tuple[str, ...], values: list[str], entry: dict) -> dict[str, tuple[str, str]]:
    """By method, (expected, found) where the fields `values` do not say what the manifest's `entry` expects."""
    results = [result for value in values for result in parse_field(value)]
    expect = entry["expect"]
    wrong = {}
    for method in checks:
        if method == "dkim":
            wanted = sorted((signature["domain"], signature["result"]) for signature in expect["dkim"])
            found = _signatures(results)
            if not _is_dkim_right(found, wanted):
                words = _words(wanted), _words(found)
                shorter = tuple(" ".join(dict.fromkeys(text.split())) for text in words)
                wrong[method] = shorter if shorter[0] != shorter[1] else words
        else:
            found_word = _one(results, method) or ("none" if method == "arc" else "")
            if found_word != expect[method]:
                wrong[method] = (expect[method], found_word or "nothing")
    return wrong


def _words(pairs: list[tuple[str, str]]) -> str:
    return " ".join(result for _, result in pairs) or "none"


# Why a peer answers otherwise than the RFCs: peers, method, kinds of messages (empty: any), expected and found result, reason.
KNOWN = (
    (("opendmarc", "opendkim+opendmarc"), "spf", ("spf_fail", "forged"), "softfail", "fail",
     "OpenDMARC has one result for softfail, neutral and fail (opendmarc_spf2_test); for DMARC they are the same"),
    (("rspamd",), "dkim", ("expired",), "permerror", "none",
     "rspamd takes an expired signature for one that is not there and writes nothing of it; for DMARC it is the same"),
)


def _is_known(known: tuple, peer: str, method: str, kind: str, wanted: str, found: str) -> bool:
    peers, known_method, kinds, known_wanted, known_found, _ = known
    return (peer in peers and method == known_method and (not kinds or kind in kinds) and set(wanted.split()) == {known_wanted}
            and set(found.split()) == {known_found})


class Tally:
    """Right and wrong answers of one peer."""

    def __init__(self, peer: str) -> None:
        self.peer = peer
        self.checks = CHECKS[peer]
        self.messages = 0
        self.right = 0
        self.wrong: collections.Counter = collections.Counter()  # (method, kind, expected, found)

    def add(self, entry: dict, outcome: str, values: list[str], count: int = 1) -> None:
        """`count` messages like `entry` that were answered so."""
        wrong = differences(self.checks, values, entry)
        if outcome != "accept":
            wrong["outcome"] = ("accept", outcome)
        self.messages += count
        self.right += 0 if wrong else count
        for method, (wanted, found) in wrong.items():
            self.wrong[method, entry["kind"], wanted, found] += count

    def add_all(self, manifest: dict, answers: dict) -> None:
        """What bench_load wrote with --answers."""
        entries = {entry["file"]: entry for entry in manifest["messages"]}
        for file, said in answers.items():
            for count, outcome, *values in said:
                self.add(entries[file], outcome, values, count)

    def explain(self, method: str, kind: str, wanted: str, found: str) -> str:
        return next((known[-1] for known in KNOWN if _is_known(known, self.peer, method, kind, wanted, found)), "")

    @property
    def share(self) -> float:
        return self.right / self.messages if self.messages else 0.0

    def lines(self) -> list[str]:
        """The wrong answers, most frequent first."""
        return [f"{self.peer}: {method} {found} where {wanted} is right, {count} of {self.messages} ({kind}): "
                f"{self.explain(method, kind, wanted, found) or 'unexplained'}"
                for (method, kind, wanted, found), count in self.wrong.most_common()]
