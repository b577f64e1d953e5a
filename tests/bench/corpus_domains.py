"""The domains of the corpus: which addresses they send from, their keys and policies, and the DNS zone that says so."""

from __future__ import annotations

import base64
import functools
import hashlib
import ipaddress
import pathlib
import subprocess

import nacl.signing

VECTORS = pathlib.Path(__file__).resolve().parent.parent / "vectors"
RSA_2048 = tuple((VECTORS / path).read_bytes()
                 for path in ("dkim/keys/rsa2048.pem", "samples/keys/rsa-author.pem", "samples/keys/rsa-sealer.pem"))
RSA_1024 = (VECTORS / "dkim/keys/rsa1024.pem").read_bytes()

MAX_DOMAINS = 5000
SENDERS = 8  # e-mail service providers that sign for others, lists, relays
STRANGERS = 40  # hosts that send for nobody
POLICIES = ("none", "quarantine", "reject", None)


@functools.cache
def public_rsa(key: bytes) -> str:
    der = subprocess.run(["openssl", "rsa", "-pubout", "-outform", "DER"], input=key, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, check=True).stdout
    return base64.b64encode(der).decode()


def ed25519_seed(domain: str) -> bytes:
    """The private key of a domain, in base64, as dkimpy wants it."""
    return base64.b64encode(hashlib.sha256(b"assay bench " + domain.encode()).digest())


def public_ed25519(domain: str) -> str:
    return base64.b64encode(bytes(nacl.signing.SigningKey(base64.b64decode(ed25519_seed(domain))).verify_key)).decode()


class Domain:
    """One that sends mail. Keys: selectors r2048, r1024 and ed; `gone` is not published, `old` is revoked, `swapped` has
    another's key."""

    def __init__(self, name: str, number: int, network: int) -> None:
        self.name = name
        self.mail_host = f"mx.{name}"
        self.ipv4 = f"{('192.0.2', '203.0.113')[network]}.{1 + number % 250}"
        self.ipv6 = str(ipaddress.ip_address(f"2001:db8:{network}:{number:x}::25"))
        self.rsa = RSA_2048[number % len(RSA_2048)]
        self.include_depth = number % 4
        self.default = ("-all", "~all", "-all")[number % 3]
        self.uses_mx = number % 7 == 5
        self.policy = POLICIES[number // 4 % len(POLICIES)] if network == 0 else None

    @property
    def spf_default(self) -> str:
        return {"-all": "fail", "~all": "softfail"}[self.default]

    def key(self, kind: str) -> tuple[bytes, bytes, bytes]:
        """Selector, algorithm and private key."""
        if kind == "ed25519":
            return b"ed", b"ed25519-sha256", ed25519_seed(self.name)
        if kind == "rsa1024":
            return b"r1024", b"rsa-sha256", RSA_1024
        return b"r2048", b"rsa-sha256", self.rsa

    def records(self) -> list[str]:
        host = self.mail_host
        own = f"mx:{self.name}" if self.uses_mx else f"ip4:{self.ipv4} ip6:{self.ipv6}"
        spf = [(self.name, own)]
        for depth in range(self.include_depth):  # each level includes the next, and a sibling that does not match
            at, mechanisms = spf[-1]
            below = f"_spf{depth + 1}.{self.name}"
            spf[-1] = (at, f"include:_partner{depth + 1}.{self.name} include:{below}")
            spf += [(f"_partner{depth + 1}.{self.name}", "ip4:233.252.0.0/26 ip4:233.252.0.128/27 ip6:2001:db8:ffff::/48"),
                    (below, f"{mechanisms} ip4:233.252.0.64/29")]
        lines = [
            f"{self.name}. IN MX 10 {host}.", f"{self.name}. IN A {self.ipv4}",
            f"news.{self.name}. IN MX 10 {host}.", f"news.{self.name}. IN A {self.ipv4}",
            f"{host}. IN A {self.ipv4}", f"{host}. IN AAAA {self.ipv6}", txt(host, "v=spf1 a -all"),
            txt(f"r2048._domainkey.{self.name}", "v=DKIM1; k=rsa; p=" + public_rsa(self.rsa)),
            txt(f"r1024._domainkey.{self.name}", "v=DKIM1; k=rsa; p=" + public_rsa(RSA_1024)),
            txt(f"ed._domainkey.{self.name}", "v=DKIM1; k=ed25519; p=" + public_ed25519(self.name)),
            txt(f"old._domainkey.{self.name}", "v=DKIM1; k=rsa; p="),
            txt(f"swapped._domainkey.{self.name}",
                "v=DKIM1; k=rsa; p=" + public_rsa(RSA_2048[(RSA_2048.index(self.rsa) + 1) % len(RSA_2048)])),
        ]
        lines += [txt(name, f"v=spf1 {mechanisms} {self.default if name == self.name else '-all'}") for name, mechanisms in spf]
        if self.policy:
            lines.append(txt(f"_dmarc.{self.name}",
                             f"v=DMARC1; p={self.policy}; rua=mailto:dmarc-reports@{self.name}; ruf=mailto:dmarc-failures@{self.name}"))
        return lines


class Stranger:
    """A host that no SPF record names. Every fourth has no name of its own."""

    def __init__(self, number: int) -> None:
        self.ipv4 = f"198.51.100.{1 + number}"
        self.host = None if number % 4 == 3 else f"host{number}.stranger.example"

    def records(self) -> list[str]:
        if not self.host:
            return []
        return [f"{self.host}. IN A {self.ipv4}", pointer(self.ipv4, self.host)]


class Domains:
    """All of them: `authors` write, `providers` sign and send for others, `lists` and `relays` pass on and seal."""

    def __init__(self, count: int) -> None:
        self.authors = [Domain(f"author{number}.example", number, 0) for number in range(count)]
        self.providers = [Domain(f"provider{number}.example", number, 1) for number in range(SENDERS)]
        self.lists = [Domain(f"lists{number}.example", SENDERS + number, 1) for number in range(SENDERS)]
        self.relays = [Domain(f"relay{number}.example", 2 * SENDERS + number, 1) for number in range(SENDERS)]
        self.strangers = [Stranger(number) for number in range(STRANGERS)]
        self.names: dict[str, str] = {}  # of addresses: what PTR says
        for domain in self.authors + self.providers + self.lists + self.relays:
            self.names.setdefault(domain.ipv4, domain.mail_host)
            self.names.setdefault(domain.ipv6, domain.mail_host)

    def zone(self) -> str:
        """All of it as one RFC 1035 master file, of the root zone."""
        lines = [
            "; The DNS of the bench corpus, all that there is; made by make_corpus.",
            "$TTL 3600",
            ". IN SOA ns.bench.example. hostmaster.bench.example. 1 3600 900 604800 300",
            ". IN NS ns.bench.example.",
            "ns.bench.example. IN A 127.0.0.1",
            "rcpt.example. IN MX 10 mx.rcpt.example.",
            "mx.rcpt.example. IN A 127.0.0.1",
        ]
        for domain in self.authors + self.providers + self.lists + self.relays:
            lines += domain.records()
        for stranger in self.strangers:
            lines += stranger.records()
        lines += [pointer(address, name) for address, name in self.names.items()]
        return "\n".join(lines) + "\n"


def pointer(address: str, name: str) -> str:
    return f"{ipaddress.ip_address(address).reverse_pointer}. IN PTR {name}."


def txt(name: str, value: str) -> str:
    return f"{name}. IN TXT " + " ".join(f'"{value[at:at + 250]}"' for at in range(0, len(value), 250))
