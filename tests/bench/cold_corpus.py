"""Messages whose DNS nobody asked for before: each has names of its own, and a chain of lookups of known length."""

from __future__ import annotations

import base64
import dataclasses
import ipaddress
import json
import pathlib

import dkim
from corpus_domains import RSA_2048, public_rsa, txt

KEY = RSA_2048[0]
SIGNED = [b"from", b"to", b"subject", b"date", b"message-id"]
SOA = [". IN SOA ns.bench.example. hostmaster.bench.example. 1 3600 900 604800 300", ". IN NS ns.bench.example.",
       "ns.bench.example. IN A 127.0.0.1"]


@dataclasses.dataclass(frozen=True)
class Shape:
    """What a message of a corpus needs of DNS."""

    includes: int = 0  # levels of include: below the SPF record
    signatures: int = 1
    arc_sets: int = 0
    walk: int = 0  # labels between the author's domain and the one with the DMARC record

    @property
    def name(self) -> str:
        return f"{self.includes} includes, {self.signatures} signatures, {self.arc_sets} ARC sets, {self.walk} levels walked"

    @property
    def chain(self) -> int:
        """How many lookups must wait for one before, at least, the first counted: SPF goes down from record to record (RFC 7208 section
        5.2), iprev from PTR to AAAA (RFC 8601 section 3). Keys, DMARC records and all names of the walk are known beforehand."""
        return max(2, 1 + self.includes)


class Writer:
    def __init__(self, folder: pathlib.Path, shape: Shape) -> None:
        self.folder = folder
        self.shape = shape
        self.zone = ["$TTL 3600", *SOA]
        self.key = f"v=DKIM1; k=rsa; p={public_rsa(KEY)}"

    def message(self, number: int) -> dict:
        shape = self.shape
        domain = f"m{number}.example"
        host = f"mx.{domain}"
        address = str(ipaddress.ip_address(f"2001:db8:{number + 1:x}::25"))
        self.zone += [f"{host}. IN AAAA {address}", f"{ipaddress.ip_address(address).reverse_pointer}. IN PTR {host}.",
                      txt(host, f"v=spf1 ip6:{address} -all"), txt(f"_dmarc.{domain}", "v=DMARC1; p=reject")]
        names = [domain, *(f"_spf{level}.{domain}" for level in range(1, shape.includes + 1))]
        self.zone += [txt(name, f"v=spf1 include:{below} -all") for name, below in zip(names, names[1:])]
        self.zone.append(txt(names[-1], f"v=spf1 ip6:{address} -all"))
        author = "".join(f"l{level}." for level in range(shape.walk, 0, -1)) + domain
        text = self.text(number, author)
        for signature in range(shape.signatures):
            selector = f"s{signature}"
            self.zone.append(txt(f"{selector}._domainkey.{domain}", self.key))
            text = dkim.sign(text, selector.encode(), domain.encode(), KEY, canonicalize=(b"relaxed", b"relaxed"), include_headers=SIGNED) + text
        for hop in range(shape.arc_sets):
            text = self.seal(text, f"hop{hop}.{domain}", "none" if hop == 0 else "pass")
        file = f"messages/{number:06}.eml"
        (self.folder / file).write_bytes(text)
        expect = {"spf": "pass", "spf_helo": "pass", "iprev": "pass", "arc": "pass" if shape.arc_sets else "none", "dmarc": "pass",
                  "dmarc_policy": "reject", "dkim": [{"result": "pass", "domain": domain}] * shape.signatures}
        return {"file": file, "size": "2k", "kind": "good", "signatures": shape.signatures, "arc_sets": shape.arc_sets, "client_ip": address,
                "client_name": host, "helo": host, "mail_from": f"bounce@{domain}", "rcpt": ["postmaster@rcpt.example"], "expect": expect}

    @staticmethod
    def text(number: int, author: str) -> bytes:
        body = base64.encodebytes(bytes(1500)).replace(b"\n", b"\r\n")
        return (f"From: Alice <alice@{author}>\r\nTo: postmaster@rcpt.example\r\nSubject: message {number}\r\n"
                f"Date: Mon, 1 Jan 2024 00:00:00 +0000\r\nMessage-ID: <{number}@{author}>\r\n\r\n").encode() + body

    def seal(self, text: bytes, sealer: str, chain: str) -> bytes:
        self.zone.append(txt(f"arc._domainkey.{sealer}", self.key))
        stamped = f"Authentication-Results: {sealer}; spf=pass; arc={chain}\r\n".encode() + text
        fields = dkim.arc_sign(stamped, b"arc", sealer.encode(), KEY, sealer.encode(), include_headers=SIGNED)
        if len(fields) != 3:
            raise RuntimeError(f"dkimpy did not seal for {sealer}")
        return b"".join(fields) + text


def write(folder: pathlib.Path, shape: Shape, messages: int) -> pathlib.Path:
    """A corpus as make_corpus writes it."""
    (folder / "messages").mkdir(parents=True)
    writer = Writer(folder, shape)
    entries = [writer.message(number) for number in range(messages)]
    (folder / "zone").write_text("\n".join(writer.zone) + "\n")
    (folder / "manifest.json").write_text(json.dumps({"messages": entries}))
    return folder
