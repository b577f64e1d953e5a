"""Keys and the DNS zone of the generated messages: for each selector a private key and what DNS says about it."""
from __future__ import annotations

import base64
import dataclasses
import json
import pathlib
import subprocess

import nacl.encoding
import nacl.signing

DOMAINS = ("example.com", "mail.example.com", "example.org", "strict.example.net", "list.example", "relay.example")
RSA_BITS = {"r2048": 2048, "r1024": 1024, "r4096": 4096, "r768": 768, "r512": 512, "other": 2048}
FAILS = "FAIL"  # in Zone.records: the lookup of the name fails for now

DMARC = {"example.com": "v=DMARC1; p=reject", "example.org": "v=DMARC1; p=none; adkim=r",
         "strict.example.net": "v=DMARC1; p=quarantine; adkim=s", "example.net": "v=DMARC1; p=reject"}


@dataclasses.dataclass(frozen=True)
class Key:
    file: pathlib.Path  # PEM, or base64 of the seed
    algorithm: str
    private: bytes


@dataclasses.dataclass
class Zone:
    records: dict[str, list[str] | str]

    def texts(self, name: str) -> list[str] | None:
        """None if the lookup fails for now."""
        records = self.records.get(name.lower().rstrip("."), [])
        return None if records == FAILS else list(records)


def _openssl(*arguments: str | pathlib.Path) -> bytes:
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True).stdout


def make_keys(folder: pathlib.Path) -> dict[str, Key]:
    """The private keys, from the folder, which is filled if it is empty: they are expensive to make."""
    folder.mkdir(parents=True, exist_ok=True)
    keys = {}
    for name, bits in RSA_BITS.items():
        file = folder / f"{name}.pem"
        if not file.exists():
            file.write_bytes(_openssl("genrsa", "-traditional", str(bits)))
        keys[name] = Key(file, "rsa-sha256", file.read_bytes())
    file = folder / "ed.seed"
    if not file.exists():
        file.write_bytes(nacl.signing.SigningKey.generate().encode(nacl.encoding.Base64Encoder))
    keys["ed"] = Key(file, "ed25519-sha256", file.read_bytes())
    return keys


def _public(key: Key, form: str = "-pubout") -> str:
    return base64.b64encode(_openssl("rsa", "-in", key.file, form, "-outform", "DER")).decode()


def selectors(keys: dict[str, Key]) -> dict[str, tuple[str, list[str] | str]]:
    """Selector -> (name of the private key that signs, its TXT records, FAILS)."""
    p = {name: _public(keys[name]) for name in RSA_BITS}
    seed = nacl.signing.SigningKey(keys["ed"].private, encoder=nacl.encoding.Base64Encoder)
    p_ed = base64.b64encode(bytes(seed.verify_key)).decode()
    rsa = p["r2048"]
    half = len(rsa) // 2
    found = {name: (name, [f"v=DKIM1; k=rsa; p={p[name]}"]) for name in RSA_BITS if name != "other"}
    found["ed"] = ("ed", [f"v=DKIM1; k=ed25519; p={p_ed}"])
    found["ed-no-version"] = ("ed", [f"k=ed25519; p={p_ed}"])
    found["ed-as-rsa"] = ("ed", [f"v=DKIM1; p={p_ed}"])
    found["rsa-as-ed"] = ("r2048", [f"v=DKIM1; k=ed25519; p={p_ed}"])
    one = {
        "pkcs1": f"v=DKIM1; p={_public(keys['r2048'], '-RSAPublicKey_out')}",
        "no-version": f"p={rsa}", "spaces": f"v=DKIM1; p={rsa[:half]} {rsa[half:]}",
        "tabs": f" v = DKIM1 ;\tk = rsa ; p = {rsa[:9]}\t{rsa[9:half]}  {rsa[half:]} ; ",
        "hash": f"v=DKIM1; h=sha256; p={rsa}", "hashes": f"v=DKIM1; h=sha1:sha256; p={rsa}",
        "hashes-spaced": f"v=DKIM1; h=sha1 : sha256; p={rsa}", "hash-sha1": f"v=DKIM1; h=sha1; p={rsa}",
        "hash-unknown": f"v=DKIM1; h=sha3:sha256; p={rsa}", "hash-upper": f"v=DKIM1; h=SHA256; p={rsa}",
        "hash-empty-item": f"v=DKIM1; h=sha256:; p={rsa}", "flags-comma": f"v=DKIM1; t=x,z; p={rsa}",
        "hash-empty": f"v=DKIM1; h=; p={rsa}", "service": f"v=DKIM1; s=email; p={rsa}",
        "service-all": f"v=DKIM1; s=*; p={rsa}", "service-chat": f"v=DKIM1; s=chat; p={rsa}",
        "service-list": f"v=DKIM1; s=chat:email; p={rsa}", "service-spaced": f"v=DKIM1; s=chat : email; p={rsa}",
        "service-report": f"v=DKIM1; s=tlsrpt; p={rsa}", "service-empty": f"v=DKIM1; s=; p={rsa}",
        "testing": f"v=DKIM1; t=y; p={rsa}", "testing-strict": f"v=DKIM1; t=y:s; p={rsa}",
        "strict": f"v=DKIM1; t=s; p={rsa}", "strict-spaced": f"v=DKIM1; t=x : s; p={rsa}",
        "flags-empty": f"v=DKIM1; t=; p={rsa}", "revoked": "v=DKIM1; p=", "revoked-testing": "v=DKIM1; t=y; p= ",
        "no-key": "v=DKIM1; k=rsa", "version-2": f"v=DKIM2; p={rsa}", "version-lower": f"v=dkim1; p={rsa}",
        "version-late": f"p={rsa}; v=DKIM1", "junk": "v=spf1 -all", "not-base64": "v=DKIM1; p=%%%%",
        "short": f"v=DKIM1; p={rsa[:40]}", "no-padding": f"v=DKIM1; p={rsa.rstrip('=')}",
        "semicolon": f"v=DKIM1; p={rsa};", "semicolons": f"v=DKIM1;; p={rsa}", "repeated": f"v=DKIM1; p={rsa}; p={rsa}",
        "type-upper": f"v=DKIM1; k=RSA; p={rsa}", "type-unknown": f"v=DKIM1; k=dsa; p={rsa}",
        "type-empty": f"v=DKIM1; k=; p={rsa}", "tag-upper": f"v=DKIM1; P={rsa}",
        "notes": f"v=DKIM1; n=for mail, not =20 spam; x-y=z; p={rsa}", "granularity": f"v=DKIM1; g=*; p={rsa}",
        "granularity-empty": f"v=DKIM1; g=; p={rsa}", "granularity-joe": f"v=DKIM1; g=joe; p={rsa}",
        "mismatch": f"v=DKIM1; p={p['other']}", "empty": "", "underscore.sub": f"v=DKIM1; p={rsa}",
    }
    found |= {name: ("r2048", [record]) for name, record in one.items()}
    right = f"v=DKIM1; p={rsa}"
    found["two-first"] = ("r2048", [right, f"v=DKIM1; p={p['other']}"])
    found["two-second"] = ("r2048", [f"v=DKIM1; p={p['other']}", right])
    found["two-junk"] = ("r2048", ["v=spf1 -all", right])
    found["missing"] = ("r2048", [])
    found["unavailable"] = ("r2048", FAILS)
    return found


def make_zone(chosen: dict[str, tuple[str, list[str] | str]]) -> Zone:
    records: dict[str, list[str] | str] = {}
    for domain in DOMAINS:
        for selector, (_, texts) in chosen.items():
            if texts:
                records[f"{selector}._domainkey.{domain}"] = texts
    for domain, text in DMARC.items():
        records[f"_dmarc.{domain}"] = [text]
    return Zone(records)


def _quoted(text: str) -> str:
    parts = [text[i:i + 200] for i in range(0, len(text), 200)] or [""]
    return " ".join('"' + part.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\009") + '"' for part in parts)


def write_zone(zone: Zone, folder: pathlib.Path) -> dict[str, pathlib.Path]:
    """The zone as a master file (failing names left out), for FakeResolver and as JSON."""
    lines = [f"{name}. TXT {_quoted(text)}" for name, texts in zone.records.items() if texts != FAILS for text in texts]
    failing = [f"{name}. * !TEMPFAIL" for name, texts in zone.records.items() if texts == FAILS]
    files = {name: folder / f"zone.{name}" for name in ("master", "fake", "json")}
    files["master"].write_text("\n".join(lines) + "\n")
    files["fake"].write_text("\n".join(lines + failing) + "\n")
    files["json"].write_text(json.dumps(zone.records))
    return files
