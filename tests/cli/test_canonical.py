#!/usr/bin/python3
"""Compares the octets that `assay verify --dump-canonical` writes with those that dkimpy hashes.

Every message of tests/vectors/dkim and tests/vectors/samples is dumped, with no key in DNS, and every file is compared
octet for octet with what dkimpy (Debian: python3-dkim) makes of the same signature. Usage: test_canonical.py ASSAY
"""
import glob
import os
import re
import subprocess
import sys
import tempfile
from typing import Dict, List, Tuple

try:
    import dkim
    from dkim.canonicalization import CanonicalizationPolicy
    from dkim.util import parse_tag_value
except ImportError:
    print("skipped: python3-dkim is not installed")
    sys.exit(77)

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vectors")
Field = Tuple[bytes, bytes]

# dkimpy leaves a fold between "b=" and ";" where it stands; RFC 6376 section 3.7 deletes "all surrounding whitespace".
dkim.RE_BTAG = re.compile(rb"((?:^|[;\s])b\s*=)[^;]*")


class Recorder:
    """A hash that keeps what it is fed."""

    def __init__(self) -> None:
        self.octets = b""

    def update(self, octets: bytes) -> None:
        self.octets += octets


def is_arc(field: Field, name: bytes, instance: int) -> bool:
    return field[0].lower() == name and re.search(rb"(?:^|[\s;])i\s*=\s*%d\s*(?:;|$)" % instance, field[1]) is not None


def covered(policy: CanonicalizationPolicy, headers: List[Field], names: List[bytes], own: Field, tags) -> bytes:
    """What b= covers: the fields of `names`, then the signature's own field. That is never one of the former (RFC 6376
    section 3.5, h=), of which dkimpy does not care."""
    recorder = Recorder()
    others = [field for field in headers if field is not own]
    dkim.hash_headers(recorder, policy, policy.canonicalize_headers(others), names, own, tags)
    return recorder.octets


def signature_files(message: dkim.DKIM, own: Field, default: bytes) -> Dict[str, bytes]:
    tags = parse_tag_value(own[1])
    policy = CanonicalizationPolicy.from_c_value(tags.get(b"c", default).lower())
    names = [name.lower() for name in re.split(rb"\s*:\s*", tags[b"h"])]
    body = policy.canonicalize_body(message.body)
    if b"l" in tags:
        body = body[:int(tags[b"l"])]
    return {"header": covered(policy, message.headers, names, own, tags), "body": body}


def seal_file(message: dkim.DKIM, instance: int) -> bytes:
    """AAR, AMS and AS of every set in order, the last without its b= (RFC 8617 section 5.1.1)."""
    policy = CanonicalizationPolicy.from_c_value(b"relaxed/relaxed")
    sealed: List[Field] = []
    for number in range(1, instance + 1):
        for name in (b"arc-authentication-results", b"arc-message-signature", b"arc-seal"):
            sealed += [field for field in message.headers if is_arc(field, name, number)]
    own = sealed.pop()
    recorder = Recorder()
    dkim.hash_headers(recorder, policy, [], [], own, parse_tag_value(own[1]))
    return b"".join(name + b":" + value for name, value in policy.canonicalize_headers(sealed)) + recorder.octets


def expected(message: dkim.DKIM, name: str) -> bytes:
    """What dkimpy hashes for the file of that name."""
    stem, end = name.split(".")
    parts = stem.split("-")
    if parts[0] == "dkim":
        fields = [field for field in message.headers if field[0].lower() == b"dkim-signature"]
        return signature_files(message, fields[int(parts[1]) - 1], b"simple/simple")[end]
    if parts[2] == "seal":
        return seal_file(message, int(parts[1]))
    own = next(f for f in message.headers if is_arc(f, b"arc-message-signature", int(parts[1])))
    return signature_files(message, own, b"relaxed/relaxed" if parts[-1] == "relaxed" else b"simple/simple")[end]


def dump(assay: str, folder: str, mail: str) -> List[str]:
    target = os.path.join(folder, "dump")
    zone = os.path.join(folder, "zone")
    with open(zone, "w", encoding="ascii"):
        pass
    subprocess.run([assay, "verify", "--zone", zone, "--dump-canonical", target, mail], check=True,
                   stdout=subprocess.DEVNULL)
    return sorted(os.path.join(target, name) for name in os.listdir(target))


def compare(assay: str, mail: str) -> Tuple[int, int]:
    compared = failed = 0
    with open(mail, "rb") as file:
        try:
            message = dkim.DKIM(file.read())
        except dkim.MessageFormatError as error:
            print(f"{mail}: dkimpy cannot read it: {error}")
            return compared, failed
    with tempfile.TemporaryDirectory(prefix="assay-canonical-") as folder:
        for path in dump(assay, folder, mail):
            with open(path, "rb") as file:
                actual = file.read()
            wanted = expected(message, os.path.basename(path))
            compared += 1
            if actual != wanted:
                failed += 1
                print(f"{mail}: {os.path.basename(path)}\n  ours:   {actual!r}\n  dkimpy: {wanted!r}")
    return compared, failed


def main() -> int:
    compared = failed = 0
    mails = [mail for part in ("dkim", "samples", os.path.join("samples", "opendkim"))
             for mail in sorted(glob.glob(os.path.join(ROOT, part, "*.eml")))]
    for mail in mails:
        counts = compare(sys.argv[1], mail)
        compared += counts[0]
        failed += counts[1]
    print(f"{compared} files compared, {failed} differ")
    return 1 if failed or compared < 200 else 0


sys.exit(main())
