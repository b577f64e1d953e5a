#!/usr/bin/python3
"""Runs the cases of tests/cli/cases/*.yaml against the program `assay`, the way an administrator would.

    run_cases.py ASSAY [FILE]...

Each case is a message or an envelope, the DNS records it needs, and what the RFC named beside it demands. Prints every
case that comes out otherwise; exits 1 if there is one, or if a file has none.
"""

from __future__ import annotations

import contextlib
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import yaml

import signing

HERE = pathlib.Path(__file__).resolve().parent
FOLDER = HERE / "cases"
NOW = 1750000000
DEFAULTS = {"ip": "192.0.2.1", "helo": "mx.example.com"}


def quoted(text: str) -> str:
    """A TXT record's data in a zone file: strings of at most 255 octets, octets beyond printing as \\DDD."""
    octets = text.encode()
    strings = [octets[i:i + 250] for i in range(0, len(octets), 250)] or [b""]
    return " ".join('"' + "".join(chr(o) if 32 <= o < 127 and o not in b'"\\;' else f"\\{o:03}" for o in s) + '"'
                    for s in strings)


def txt(name: str, texts: str | list[str]) -> str:
    return "".join(f"{name}. TXT {quoted(t)}\n" for t in ([texts] if isinstance(texts, str) else texts))


def assay(program: str, *arguments: str, stdin: bytes = b"") -> Any:
    done = subprocess.run([program, *arguments], input=stdin, capture_output=True, timeout=60, check=False)
    if done.returncode != 0 or done.stderr:
        return {"error": f"exit status {done.returncode}: {done.stderr.decode(errors='replace')}"}
    return json.loads(done.stdout)


def answer(query: dns.message.Message, zone: str, broken: list[str]) -> dns.message.Message:
    """What a server with that zone says, which cannot answer for the names in `broken`."""
    response = dns.message.make_response(query)
    response.flags |= dns.flags.RA
    question = query.question[0]
    name = question.name.to_text().lower().rstrip(".")
    lines = [line.split(None, 2) for line in zone.splitlines() if line and not line.startswith("$")]
    if name in broken:
        response.set_rcode(dns.rcode.SERVFAIL)
    elif not any(("." + owner.lower().rstrip(".")).endswith("." + name) for owner, _, _ in lines):
        response.set_rcode(dns.rcode.NXDOMAIN)
    found = [data for owner, kind, data in lines
             if owner.lower().rstrip(".") == name and dns.rdatatype.from_text(kind) == question.rdtype]
    if found and name not in broken:
        response.answer.append(dns.rrset.from_text_list(question.name, 300, "IN", question.rdtype, found))
    return response


def serve(server: socket.socket, zone: str, broken: list[str]) -> None:
    while True:
        try:
            packet, peer = server.recvfrom(4096)
        except OSError:
            return
        if not packet:
            return
        server.sendto(answer(dns.message.from_wire(packet), zone, broken).to_wire(), peer)


@contextlib.contextmanager
def dns_options(zone: pathlib.Path, broken: list[str] | None) -> Iterator[list[str]]:
    """The options that make `assay` see the zone: as a file, or by a server where lookups are to fail."""
    if broken is None:
        yield ["--zone", str(zone)]
        return
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    port = server.getsockname()[1]
    thread = threading.Thread(target=serve, args=(server, zone.read_text(), broken), daemon=True)
    thread.start()
    try:
        yield ["--dns", f"127.0.0.1@{port}"]
    finally:
        server.sendto(b"", ("127.0.0.1", port))
        thread.join()
        server.close()


def word(value: Any) -> str:
    return "-" if value is None else str(value)


def run_spf(program: str, case: dict[str, Any], zone: pathlib.Path) -> list[str]:
    case = {"from": "user@t.example.com", **DEFAULTS, **case}
    zone.write_text(zone.read_text() + txt("t.example.com", case.get("record", [])))
    sender = [] if case["from"] is None else ["--mail-from", case["from"]]
    got = assay(program, "spf", "--json", "--zone", str(zone), "--client-ip", case["ip"], "--helo", case["helo"], *sender)
    if "error" in got:
        return [got["error"]]
    answer = f"{got['result']} {word(got['reason'])}"
    wrong = [] if answer == case["expect"] else [f"expected {case['expect']}, got {answer}: {got}"]
    for key in ("mechanism", "explanation", "lookups", "void_lookups", "domain"):
        if key in case and got[key] != case[key]:
            wrong.append(f"{key}: expected {case[key]!r}, got {got[key]!r}")
    return wrong


def find(tree: Any, path: str) -> Any:
    """The value at "dmarc.aligned.spf" or "dkim.0.result"."""
    for key in path.split("."):
        try:
            tree = tree[int(key)] if isinstance(tree, list) else tree[key]
        except (KeyError, IndexError, TypeError):
            return f"(no {path})"
    return tree


def run_verify(program: str, case: dict[str, Any], zone: pathlib.Path) -> list[str]:
    case = {"from": None, "now": NOW, **DEFAULTS, **case}
    message, records = signing.make(case)
    records += [("_dmarc." + domain, text) for domain, text in case.get("dmarc", {}).items()]
    zone.write_text(zone.read_text() + "".join(txt(name, text) for name, text in records))
    sender = [] if case["from"] is None else ["--mail-from", case["from"]]
    client = [] if case["ip"] is None else ["--client-ip", case["ip"], "--helo", case["helo"]]
    config = []
    if "config" in case:
        path = zone.parent / "assay.yaml"
        path.write_text(case["config"])
        config = ["--config", str(path)]
    with dns_options(zone, case.get("broken")) as options:
        got = assay(program, "verify", "--json", *options, "--now", str(case["now"]), *client, *sender, *config, "-",
                    stdin=message)
    if "error" in got:
        return [got["error"]]
    wrong = []
    for path, expected in case["expect"].items():
        if path == "stamp":
            for text in [expected] if isinstance(expected, str) else expected:
                if text not in got["authentication_results"]:
                    wrong.append(f"stamp: expected {text!r} in {got['authentication_results']!r}")
        elif path == "dkim":
            results = ", ".join(f"{d['result']} {word(d['reason'])}" for d in got["dkim"])
            if results != expected:
                wrong.append(f"dkim: expected {expected!r}, got {results!r}")
        elif path in ("arc", "dmarc", "iprev"):
            answer = f"{got[path]['result']} {word(got[path].get('reason'))}" if got[path] else "null"
            if answer != expected:
                wrong.append(f"{path}: expected {expected!r}, got {answer!r}: {got[path]}")
        elif find(got, path) != expected:
            wrong.append(f"{path}: expected {expected!r}, got {find(got, path)!r}")
    return wrong


def run_file(program: str, path: pathlib.Path) -> tuple[int, int]:
    """How many cases there are, and how many went wrong."""
    data = yaml.safe_load(path.read_text())
    failed = 0
    for case in data["cases"]:
        with tempfile.TemporaryDirectory() as folder:
            zone = pathlib.Path(folder) / "zone"
            zone.write_text("$TTL 300\n$ORIGIN .\n" + data.get("zone", "") + case.get("zone", "") + "\n")
            run = run_spf if path.stem == "spf" else run_verify
            wrong = run(program, {**data.get("defaults", {}), **case}, zone)
        for text in wrong:
            print(f"FAIL {path.stem}: {case['name']}: {text}")
        failed += bool(wrong)
    print(f"{path.stem}: {len(data['cases']) - failed} of {len(data['cases'])} cases as the RFCs say")
    return len(data["cases"]), failed


def main() -> int:
    program = sys.argv[1]
    paths = [pathlib.Path(p) for p in sys.argv[2:]] or sorted(FOLDER.glob("*.yaml"))
    counts = [run_file(program, path) for path in paths]
    return 1 if not counts or any(failed or not cases for cases, failed in counts) else 0


if __name__ == "__main__":
    sys.exit(main())
