"""Messages for run_cases.py, signed by the letter of RFC 6376 and RFC 8617 with nothing of the program under test.

The keys are those of tests/vectors/dkim/keys. A case may have
  headers, body     the message, LF for line ends; the default is HEADERS and BODY below
  author            the domain in From of the default headers
  sign              a list of dictionaries, each one DKIM-Signature: tags to set, change or (null) leave out; the last of the
                    list stands on top. "key" names the private key, "field" the field's name.
  key               TXT record(s) at t._domainkey.example.com, the selector of signatures without another s=
  arc               a list of hops, each a dictionary with the text "aar", the tags "ams" and "as", and "keep" (which of the
                    three fields are added), "change" as below before that hop
  change            a list of [old, new]: replaced in the finished message
In records, {rsa} {rsa1024} {rsa768} {ed} stand for public keys.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import pathlib
import re
import subprocess
from typing import Any

import dkim.crypto
import nacl.encoding
import nacl.signing

KEYS = pathlib.Path(__file__).resolve().parent.parent / "vectors" / "dkim" / "keys"
HEADERS = """\
From: Alice <alice@example.com>
To: Bob <bob@example.net>
Subject: Hello  there
Date: Thu, 12 Jun 2025 08:00:00 +0000
Message-ID: <1@example.com>
"""
BODY = """\
Hello Bob,

 two  spaces \t
bye
"""
DKIM = {"v": "1", "a": "rsa-sha256", "c": "relaxed/relaxed", "d": "example.com", "s": "t", "h": "from:to:subject",
        "bh": "{bh}", "b": "{b}"}
AMS = {"i": "", "a": "rsa-sha256", "c": "relaxed/relaxed", "d": "", "s": "arc", "h": "from:to:subject:dkim-signature",
       "bh": "{bh}", "b": "{b}"}
SEAL = {"i": "", "a": "rsa-sha256", "t": "1749999000", "cv": "", "d": "", "s": "arc", "b": "{b}"}
SEALERS = ("lists.example.org", "relay.example.net")

Fields = list[tuple[bytes, bytes]]


@functools.cache
def public(name: str) -> str:
    """The public key in base64, as p= has it."""
    if name == "ed":
        seed = (KEYS / "ed25519.seed").read_bytes().strip()
        return base64.b64encode(bytes(nacl.signing.SigningKey(seed, encoder=nacl.encoding.Base64Encoder).verify_key)).decode()
    pem = str(KEYS / ("rsa2048.pem" if name == "rsa" else name + ".pem"))
    command = ["openssl", "rsa", "-in", pem, "-pubout", "-outform", "DER"]
    return base64.b64encode(subprocess.run(command, check=True, capture_output=True).stdout).decode()


def sign_octets(key: str, octets: bytes, digest: str) -> str:
    hasher = hashlib.new(digest, octets)
    if key == "ed":
        seed = (KEYS / "ed25519.seed").read_bytes().strip()
        signer = nacl.signing.SigningKey(seed, encoder=nacl.encoding.Base64Encoder)
        return base64.b64encode(signer.sign(hasher.digest()).signature).decode()
    pem = (KEYS / ("rsa2048.pem" if key == "rsa" else key + ".pem")).read_bytes()
    return base64.b64encode(
        dkim.crypto.RSASSA_PKCS1_v1_5_sign(hasher, dkim.crypto.parse_pem_private_key(pem))).decode()


def relaxed_field(name: bytes, value: bytes) -> bytes:
    """RFC 6376 section 3.4.2, without the final CRLF."""
    value = re.sub(rb"\r\n(?=[ \t])", b"", value)
    return name.lower().rstrip() + b":" + re.sub(rb"[ \t]+", b" ", value).strip()


def canonical_field(kind: str, name: bytes, value: bytes) -> bytes:
    return relaxed_field(name, value) if kind == "relaxed" else name + b":" + value


def canonical_body(kind: str, body: bytes) -> bytes:
    """RFC 6376 sections 3.4.3 and 3.4.4."""
    if kind == "relaxed":
        body = b"\r\n".join(re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\r\n"))
    while body.endswith(b"\r\n\r\n"):
        body = body[:-2]
    if body == b"\r\n":
        body = b""
    if body and not body.endswith(b"\r\n"):
        body += b"\r\n"
    return body if body or kind == "relaxed" else b"\r\n"


def kinds(tags: dict[str, str]) -> tuple[str, str]:
    """The canonicalizations of c=; what it does not name is simple (RFC 6376 section 3.5)."""
    header, _, body = tags.get("c", "simple/simple").lower().partition("/")
    return header if header in ("simple", "relaxed") else "relaxed", body or "simple"


def digest_of(tags: dict[str, str]) -> str:
    return "sha1" if tags.get("a", "").lower().endswith("sha1") else "sha256"


def selected(fields: Fields, names: str) -> Fields:
    """RFC 6376 section 5.4.2: from the bottom up; what is not there adds nothing."""
    left = list(fields)
    out = []
    for name in names.encode().split(b":"):
        for at in range(len(left) - 1, -1, -1):
            if left[at][0].strip().lower() == name.strip().lower():
                out.append(left.pop(at))
                break
    return out


def value_of(tags: dict[str, str], fold: str) -> str:
    return fold + f";{fold}".join(f"{name}={value}" for name, value in tags.items())


def merged(default: dict[str, str], changes: dict[str, Any]) -> dict[str, str]:
    """The tags of `default` with changes; b= stays last unless a change names it."""
    tags = {**default, **{name: value for name, value in changes.items() if name not in ("key", "field", "raw", "fold")}}
    if "b" not in changes and "b" in tags:
        tags["b"] = tags.pop("b")
    return {name: str(value) for name, value in tags.items() if value is not None}


def signature_field(fields: Fields, body: bytes, default: dict[str, str], changes: dict[str, Any], name: bytes) -> tuple[bytes, bytes]:
    """A field that signs the header fields and the body, as its own tags say."""
    tags = merged(default, changes)
    header_kind, body_kind = kinds(tags)
    canonical = canonical_body(body_kind, body)
    if tags.get("l", "").isdigit():
        canonical = canonical[:int(tags["l"])]
    body_hash = base64.b64encode(hashlib.new(digest_of(tags), canonical).digest()).decode()
    text = changes.get("raw") or value_of(tags, changes.get("fold", " "))
    text = text.replace("{bh}", body_hash)
    octets = b"".join(canonical_field(header_kind, *field) + b"\r\n" for field in selected(fields, tags.get("h", "from")))
    octets += canonical_field(header_kind, name, text.replace("{b}", "").encode())
    key = changes.get("key") or ("ed" if tags.get("a", "").startswith("ed25519") else "rsa")
    return name, text.replace("{b}", sign_octets(key, octets, digest_of(tags))).encode()


def seal_field(sets: list[Fields], changes: dict[str, Any], default: dict[str, str]) -> tuple[bytes, bytes]:
    """The ARC-Seal of the last set (RFC 8617 section 5.1.1)."""
    tags = merged(default, changes)
    covered = sets[-1:] if tags.get("cv") == "fail" else sets
    text = changes.get("raw") or value_of(tags, " ")
    octets = b"".join(relaxed_field(*field) + b"\r\n" for one in covered for field in one)
    octets += relaxed_field(b"ARC-Seal", text.replace("{b}", "").encode())
    return b"ARC-Seal", text.replace("{b}", sign_octets(changes.get("key", "rsa"), octets, digest_of(tags))).encode()


def split(text: str) -> tuple[Fields, bytes]:
    header, _, body = text.replace("\n", "\r\n").encode().partition(b"\r\n\r\n")
    fields = []
    for field in re.split(rb"\r\n(?![ \t])", header):
        if field:
            name, _, value = field.partition(b":")
            fields.append((name, value))
    return fields, body


def joined(fields: Fields, body: bytes) -> bytes:
    return b"".join(name + b":" + value + b"\r\n" for name, value in fields) + b"\r\n" + body


def change(fields: Fields, body: bytes, changes: list[list[str]]) -> tuple[Fields, bytes]:
    message = joined(fields, body).decode()
    for old, new in changes:
        old, new = old.replace("\n", "\r\n"), new.replace("\n", "\r\n")
        if old not in message:
            raise ValueError(f"nothing to change: {old!r} in {message!r}")
        message = message.replace(old, new)
    return split(message.replace("\r\n", "\n"))


def add_hops(fields: Fields, body: bytes, hops: list[dict[str, Any]]) -> tuple[Fields, bytes]:
    sets: list[Fields] = []
    for number, hop in enumerate(hops, 1):
        if "change" in hop:
            fields, body = change(fields, body, hop["change"])
        domain = SEALERS[(number - 1) % 2]
        results = hop.get("aar", f"i={number}; mx.{domain}; arc={'pass' if number > 1 else 'none'}; dmarc=pass header.from=example.com")
        aar = (b"ARC-Authentication-Results", (" " + results).encode())
        ams = signature_field(fields, body, {**AMS, "i": str(number), "d": domain}, hop.get("ams", {}), b"ARC-Message-Signature")
        sets.append([aar, ams])
        default = {**SEAL, "i": str(number), "d": domain, "cv": "pass" if number > 1 else "none"}
        seal = seal_field(sets, hop.get("as", {}), default)
        sets[-1].append(seal)
        kept = hop.get("keep", ["as", "ams", "aar"])
        fields = [{"as": seal, "ams": ams, "aar": aar}[field] for field in kept] + fields
    return fields, body


def filled(record: str) -> str:
    """A record with its keys in place."""
    return re.sub(r"\{(rsa\d*|ed)\}", lambda match: public(match[1]), record)


def make(case: dict[str, Any]) -> tuple[bytes, list[tuple[str, str]]]:
    """The message of a case, and the TXT records of its keys."""
    headers = case.get("headers", HEADERS.replace("alice@example.com", "alice@" + case.get("author", "example.com")))
    fields, body = split(headers + "\n" + case.get("body", BODY))
    for signature in case.get("sign", []):
        name = signature.get("field", "DKIM-Signature").encode()
        fields.insert(0, signature_field(fields, body, DKIM, signature, name))
    fields, body = add_hops(fields, body, case.get("arc", []))
    fields, body = change(fields, body, case.get("change", []))
    keys = case.get("key", "v=DKIM1; k=rsa; p={rsa}")
    records = [("t._domainkey.example.com", key) for key in ([keys] if isinstance(keys, str) else keys)]
    records += [(f"arc._domainkey.{domain}", "v=DKIM1; p={rsa}") for domain in SEALERS]
    records += case.get("records", [])
    return joined(fields, body), [(name, filled(record)) for name, record in records]
