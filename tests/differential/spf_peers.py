"""Runs assay and the other implementations of SPF on cases. Each answer is a dict with result, reason, explanation."""
from __future__ import annotations

import json
import pathlib
import subprocess
from typing import Any

import spf_cases

FOLDER = pathlib.Path(__file__).resolve().parent
MAX_ALIASES = 8  # as tests/support/fake_resolver.cpp
BATCH_SECONDS = 300
CRASHED: dict[str, Any] = {"result": "crashed", "reason": "", "explanation": ""}
DEFAULT_EXPLANATION = "DEFAULT"


class TemporaryFailure(Exception):
    pass


class Zone:
    """The records of a case, as the FakeResolver of the C++ tests answers from them."""

    def __init__(self, records: list[tuple[str, str, Any]]) -> None:
        self.names = {name for name, _, _ in records}
        self.records: dict[tuple[str, str], list[Any]] = {}
        for name, type_, value in records:
            self.records.setdefault((name, type_), []).append(value)

    def lookup(self, name: str, type_: str) -> list[Any]:
        name = name.lower()
        if len(name) > 253 or not all(0 < len(label) < 64 for label in name.split(".")):
            return []  # no DNS message can carry it
        for _ in range(MAX_ALIASES + 1):
            if (name, "*") in self.records or "!TEMPFAIL" in self.records.get((name, type_), []):
                raise TemporaryFailure(f"{name} {type_}")
            if (name, type_) in self.records:
                return self.records[name, type_]
            alias = self.records.get((name, "CNAME"))
            if not alias:
                return []
            name = alias[0]
        raise TemporaryFailure(f"{name} {type_}: too many aliases")


def run_batch(command: list[str | pathlib.Path], lines: list[str]) -> list[dict[str, Any]]:
    """The answers of a driver, one for each line. One that dies is started again after the line it died of."""
    answers: list[dict[str, Any]] = []
    while len(answers) < len(lines):
        remaining = lines[len(answers):]
        done = subprocess.run(command, input="\n".join(remaining) + "\n", capture_output=True, encoding="ascii",
                              errors="surrogateescape", timeout=BATCH_SECONDS, check=False)
        for line in done.stdout.splitlines(keepends=True)[:len(remaining)]:
            try:
                answers.append(json.loads(line.encode("ascii", "surrogateescape")))
            except ValueError:  # half a line
                break
        if len(answers) < len(lines) and (done.returncode != 0 or len(remaining) == len(lines) - len(answers)):
            answers.append(dict(CRASHED, reason=f"exit status {done.returncode} {done.stderr[-500:]}"))
    return answers


def ask_pyspf(case: spf_cases.Case, strict: int) -> dict[str, Any]:
    import spf
    zone = Zone(case.records)

    def lookup(name: str, type_: str, _strict: Any = True, _timeout: int = 0) -> list[Any]:
        try:
            values = zone.lookup(name, type_)
        except TemporaryFailure as failure:
            raise spf.TempError(f"DNS {failure}")
        if type_ == "TXT":
            values = [[string.encode("latin-1") for string in strings] for strings in values]
        return [((name, type_), tuple(value) if type_ == "MX" else value) for value in values]

    spf.DNSLookup = lookup
    try:
        query = spf.query(i=case.client, s=case.mail_from or "", h=case.helo, receiver=spf_cases.RECEIVER, strict=strict)
        query.set_default_explanation(DEFAULT_EXPLANATION)
        result, _, explanation = query.check()
    except RecursionError as problem:
        return dict(CRASHED, reason=repr(problem))
    except Exception as problem:  # whatever it raises, it gave no result
        return dict(CRASHED, reason=repr(problem))
    return {"result": result, "reason": getattr(query, "prob", None) or "", "explanation": explanation}


def ask_peers(cases: list[spf_cases.Case], build: pathlib.Path) -> dict[str, list[dict[str, Any]]]:
    lines = [case.as_json() for case in cases]
    return {
        "libspf2": run_batch([build / "bin/differential_libspf2"], lines),
        "Mail::SPF": run_batch(["/usr/bin/perl", FOLDER / "spf_mail_spf.pl"], lines),
        "pyspf": [ask_pyspf(case, True) for case in cases],
        "pyspf harsh": [ask_pyspf(case, 2) for case in cases],
    }


def ask_assay(cases: list[spf_cases.Case], build: pathlib.Path) -> list[dict[str, Any]]:
    return run_batch([build / "bin/differential_spf"], [case.as_json() for case in cases])
