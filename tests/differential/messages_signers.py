"""The signers: dkimpy, libopendkim and Mail::DKIM by their own ways, and fields of any spelling signed with dkimpy's
canonicalization and cryptography. Each gives the fields to put on top of a message."""
from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import random
import re
import subprocess

import dkim
import dkim.crypto
import nacl.encoding
import nacl.signing
from dkim.canonicalization import CanonicalizationPolicy

import messages_opendkim
import messages_text as text
from messages_keys import Key

# dkimpy refuses to sign these unless told.
MAY_SIGN_ALL: set[bytes] = set()


@dataclasses.dataclass
class Request:
    """One signature to be made."""
    key: Key
    selector: str
    domain: str
    canonicalization: tuple[str, str]
    now: int
    names: list[str]  # h=
    with_length: bool = False
    timestamp: int | None = None
    lifetime: int | None = None
    identity: str | None = None


class Perl:
    """messages_mail_dkim.pl as a process of its own."""

    def __init__(self, script: str, zone: str) -> None:
        self._process = subprocess.Popen(["perl", script, zone], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=subprocess.DEVNULL)

    def ask(self, message: bytes, **job) -> dict:
        job["message"] = base64.b64encode(message).decode()
        self._process.stdin.write(json.dumps(job).encode() + b"\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()


def sign_with_dkimpy(message: text.Message, request: Request) -> list[text.Field]:
    signer = dkim.DKIM(message.octets(), signature_algorithm=request.key.algorithm.encode())
    signer.should_not_sign = MAY_SIGN_ALL
    present = [name for name in request.names if name]
    field = signer.sign(request.selector.encode(), request.domain.encode(), request.key.private.strip(),
                        canonicalize=tuple(name.encode() for name in request.canonicalization),
                        include_headers=[name.encode() for name in present], length=request.with_length,
                        identity=request.identity.encode() if request.identity else None)
    return text.parse_fields(field)


def sign_with_opendkim(message: text.Message, request: Request, library: messages_opendkim.Process,
                       rng: random.Random) -> list[text.Field]:
    policy = CanonicalizationPolicy.from_c_value("/".join(request.canonicalization).encode())
    whole = len(policy.canonicalize_body(message.body))
    private = request.key.private
    if request.key.algorithm == "ed25519-sha256":
        private = ed25519_pem(private)
    oversign = tuple(rng.sample(("From", "Subject", "To", "X-Absent"), rng.randrange(3)))
    return [library.sign(message, key=private, selector=request.selector, domain=request.domain,
                         algorithm=request.key.algorithm, canonicalization=request.canonicalization,
                         now=request.timestamp or request.now, length=whole if request.with_length else -1,
                         lifetime=request.lifetime or 0, oversign=oversign, identity=request.identity or "")]


def ed25519_pem(seed: bytes) -> bytes:
    # PKCS #8 (RFC 8410 section 7): a fixed start, then the 32 octets of the seed.
    octets = bytes.fromhex("302e020100300506032b657004220420") + base64.b64decode(seed)
    return b"-----BEGIN PRIVATE KEY-----\n" + base64.b64encode(octets) + b"\n-----END PRIVATE KEY-----\n"


def sign_with_mail_dkim(message: text.Message, request: Request, perl: Perl) -> list[text.Field]:
    timestamp = request.timestamp if request.timestamp is not None else request.now
    answer = perl.ask(message.octets(), work="sign", key=str(request.key.file), selector=request.selector,
                      domain=request.domain, canonicalization="/".join(request.canonicalization),
                      headers=":".join(request.names), identity=request.identity, timestamp=timestamp,
                      expiration=timestamp + request.lifetime if request.lifetime else None)
    if "error" in answer:
        raise messages_opendkim.SigningError(answer["error"])
    return text.parse_fields(base64.b64decode(answer["fields"]))


def header_hash(message: text.Message, names: list[str], field: text.Field, policy) -> "hashlib._Hash":
    """dkimpy's hash over the signed fields and the field, in which b= is empty."""
    hasher = hashlib.sha256()
    headers = [[f.name, f.value + b"\r\n"] for f in message.fields]
    chosen = dkim.select_headers(policy.canonicalize_headers(headers), [n.lower().encode() for n in names])
    for name, value in chosen:
        hasher.update(name + b":" + value)
    (name, value), = policy.canonicalize_headers([[field.name, field.value + b"\r\n"]])
    hasher.update(name + b":" + value.removesuffix(b"\r\n"))
    return hasher


def raw_signature(key: Key, hasher) -> bytes:
    if key.algorithm == "ed25519-sha256":
        signer = nacl.signing.SigningKey(key.private, encoder=nacl.encoding.Base64Encoder)
        return bytes(signer.sign(hasher.digest()).signature)
    return dkim.crypto.RSASSA_PKCS1_v1_5_sign(hasher, dkim.crypto.parse_pem_private_key(key.private))


def without_signature(template: bytes) -> bytes:
    """"The value of the b= tag (including all surrounding whitespace) deleted" (RFC 6376 section 3.7)."""
    return re.sub(rb"[ \t\r\n]*\{b\}[ \t\r\n]*", b"", template)


def sign_spelled(message: text.Message, key: Key, name: bytes, template: bytes, canonicalization: str,
                 names: list[str], length: int | None = None) -> text.Field:
    """A field from `template`, in which {bh} and {b} stand for the body hash and the signature."""
    policy = CanonicalizationPolicy.from_c_value(canonicalization.encode())
    body = policy.canonicalize_body(message.body)[:length]
    template = template.replace(b"{bh}", base64.b64encode(hashlib.sha256(body).digest()))
    unsigned = text.Field(name, without_signature(template))
    signature = raw_signature(key, header_hash(message, names, unsigned, policy))
    return text.Field(name, template.replace(b"{b}", base64.b64encode(signature)))


def seal_with_dkimpy(message: text.Message, request: Request, service: str) -> list[text.Field]:
    signer = dkim.ARC(message.octets())
    lines = signer.sign(request.selector.encode(), request.domain.encode(), request.key.private, service.encode(),
                        include_headers=[name.encode() for name in request.names], timestamp=request.now)
    if not lines:
        raise messages_opendkim.SigningError("dkimpy does not seal")
    return text.parse_fields(b"".join(line.rstrip(b"\r\n") + b"\r\n" for line in lines))


def seal_with_mail_dkim(message: text.Message, request: Request, service: str, chain: str,
                        perl: Perl) -> list[text.Field]:
    answer = perl.ask(message.octets(), work="seal", key=str(request.key.file), selector=request.selector,
                      domain=request.domain, service=service, chain=chain, timestamp=request.now)
    if "error" in answer:
        raise messages_opendkim.SigningError(answer["error"])
    return text.parse_fields(base64.b64decode(answer["fields"]))
