"""SPF: assay against pyspf, libspf2 and Mail::SPF."""
from __future__ import annotations

import json
import multiprocessing
import pathlib
import re
import subprocess
import tempfile
from typing import Any, Callable

import report
import spf_causes
import spf_cases
import spf_peers

DRIVERS = ["assay", "differential_spf", "differential_libspf2"]
CHUNK = 250  # cases for one run of the drivers
COMMAND_EVERY = 100  # of how many cases one is shown to the command, too


def is_plain(name: str) -> bool:
    """Whether a name is that in a master file, too."""
    return len(name) <= 253 and re.fullmatch(r"([\w-]{1,63}\.)*[\w-]{1,63}", name, re.ASCII) is not None


def master_file(case: spf_cases.Case) -> str | None:
    """The zone as an RFC 1035 master file; None if it cannot be told in one."""
    lines = ["$TTL 300"]
    aliases = {name for name, type_, _ in case.records if type_ == "CNAME"}
    if any(case.records.count(record) > 1 for record in case.records):
        return None  # a set has no equal records (RFC 2181 section 5)
    if len(aliases) > spf_peers.MAX_ALIASES:
        return None  # the command follows more
    for name, type_, value in case.records:
        targets = [value] if type_ in ("PTR", "CNAME") else [value[1]] if type_ == "MX" and value[1] else []
        if value == "!TEMPFAIL" or not all(map(is_plain, [name, *targets])) or (name in aliases and type_ != "CNAME"):
            return None
        if type_ == "NONE":
            type_, value = "TXT", ["v=none"]  # another type would do as well
        if type_ == "TXT":
            parts = [string[i:i + 255] for string in value for i in range(0, max(len(string), 1), 255)]
            data = " ".join('"' + "".join(c if c.isalnum() and c < "\x7f" else f"\\{ord(c):03d}" for c in part) + '"'
                            for part in parts)
        elif type_ == "MX":
            data = f"{value[0]} {value[1]}."
        else:
            data = value if type_ in ("A", "AAAA") else value + "."
        lines.append(f"{name}. IN {type_} {data}")
    return "\n".join(lines) + "\n"


def check_command(case: spf_cases.Case, expected: dict[str, Any], build: pathlib.Path) -> str | None:
    """Whether `assay spf` says what the library said: what is different, or None."""
    zone = master_file(case)
    mail_from = case.mail_from or ""
    if zone is None or "\0" in case.helo + mail_from:
        return None
    with tempfile.NamedTemporaryFile("w", suffix=".zone", encoding="ascii") as file:
        file.write(zone)
        file.flush()
        command: list[Any] = [build / "bin/assay", "spf", "--json", "--client-ip", case.client, "--zone", file.name,
                              b"--helo=" + case.helo.encode("latin-1")]
        if case.mail_from is not None:
            command.append(b"--mail-from=<" + mail_from.encode("latin-1") + b">")
        done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    if done.returncode != 0:
        return f"{case.id}: assay spf: exit status {done.returncode}: {done.stderr.decode(errors='replace')}"
    found = json.loads(done.stdout)
    for key in ("result", "reason", "domain"):
        if (found.get(key) or "") != expected[key]:
            return f"{case.id}: the command says {key} {found.get(key)}, the library {expected[key]}\n{case.dump()}"
    return None


def compare_chunk(arguments: tuple[int, int, int, pathlib.Path, pathlib.Path | None]) -> tuple[int, report.Report]:
    seed, begin, end, build, keep = arguments
    found = report.Report("spf", spf_causes.CAUSES)
    cases = [spf_cases.generate(seed, number) for number in range(begin, end)]
    ours = spf_peers.ask_assay(cases, build)
    for case, answer in zip(cases, ours):
        if answer["result"] == "crashed":
            found.fail(f"assay crashed on case {case.id}: {answer['reason']}\n{case.dump()}")
    for number, case, answer in zip(range(begin, end), cases, ours):
        if number % COMMAND_EVERY == 0 and (problem := check_command(case, answer, build)):
            found.fail(problem)
    for peer, answers in spf_peers.ask_peers(cases, build).items():
        for case, our, its in zip(cases, ours, answers):
            record(found, spf_causes.Difference(case, our, peer, its), keep)
    return end - begin, found


def record(found: report.Report, difference: spf_causes.Difference, keep: pathlib.Path | None) -> None:
    case, peer = difference.case, difference.peer
    if difference.its["result"] == "crashed":
        found.crashed(peer)
    elif not difference.is_applicable:
        found.not_applicable(peer)
    elif difference.kind is None:
        found.agree(peer)
    else:
        cause = difference.cause()
        found.disagree(peer, case.id, cause, difference.dump())
        if keep:
            name = f"{cause or 'unexplained'} {peer} {case.id}".translate(str.maketrans("/: ", "_._"))
            (keep / (name + ".txt")).write_text(difference.dump() + case.as_json() + "\n", encoding="utf-8")


def compare(count: int, seed: int, jobs: int, build: pathlib.Path, keep: pathlib.Path | None,
            progress: Callable[[int], None]) -> report.Report:
    found = report.Report("spf", spf_causes.CAUSES)
    chunks = [(seed, begin, min(begin + CHUNK, count), build, keep) for begin in range(0, count, CHUNK)]
    done = 0
    with multiprocessing.Pool(jobs) as pool:
        for cases, part in pool.imap_unordered(compare_chunk, chunks):
            found.merge(part)
            done += cases
            progress(done)
    return found
