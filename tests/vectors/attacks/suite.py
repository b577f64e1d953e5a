"""Domains, keys, signers and the list of cases that the modules cases_*.py fill. make.py tells what all this is for."""

import base64
import hashlib
import pathlib
import re
import subprocess

import dkim
import nacl.signing

HERE = pathlib.Path(__file__).resolve().parent
SIGNED_AT = 1704067200  # 2024-01-01T00:00:00Z
BANK_KEY = (HERE / "keys/bank.txt").read_bytes().strip()
ATTACKER_KEY = (HERE / "keys/attacker.txt").read_bytes().strip()
SEALER_KEY = (HERE / "keys/sealer.pem").read_bytes()  # dkimpy seals with RSA alone

BANK_IP = "192.0.2.10"
ATTACKER_IP = "203.0.113.66"
OUR_ID = "mx.example.net"

# Domains that sign with the bank's key and send from its address; each with its DMARC record.
VICTIMS = {
    "bank.example": "v=DMARC1; p=reject",
    "strict.example": "v=DMARC1; p=reject; adkim=s; aspf=s",
    "shop.example": "v=DMARC1; p=quarantine",
    "open.example": "v=DMARC1; p=none",
    "parent.example": "v=DMARC1; p=quarantine; sp=quarantine; np=reject",
    "bank.suffix.example": "v=DMARC1; p=reject",
    "xn--bcher-kva.example": "v=DMARC1; p=reject",
    # IDNA2003 mapped "faß" to "fass": to IDNA2008 and UTS #46 these are two domains.
    "fass.example": "v=DMARC1; p=reject",
}
HOMOGRAPH = "b\u0430nk.example".encode("idna").decode()  # CYRILLIC SMALL LETTER A
# Domains of the attacker, likewise.
ATTACKERS = {
    "attacker.example": "v=DMARC1; p=none",
    "notbank.example": "v=DMARC1; p=none",
    "bank.example.attacker.example": None,
    "attacker.suffix.example": "v=DMARC1; p=none",
    "xn--fa-hia.example": "v=DMARC1; p=none",
    HOMOGRAPH: "v=DMARC1; p=none",
}


# ---- DNS ----------------------------------------------------------------------------------------------------------


def public(seed):
    return base64.b64encode(bytes(nacl.signing.SigningKey(base64.b64decode(seed)).verify_key)).decode()


def key_record(seed):
    return "v=DKIM1; k=ed25519; p=" + public(seed)


def sealer_record():
    der = subprocess.run(["openssl", "rsa", "-pubout", "-outform", "DER"], input=SEALER_KEY, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, check=True).stdout
    return "v=DKIM1; k=rsa; p=" + base64.b64encode(der).decode()


def txt(name, value):
    return f"{name}. TXT " + " ".join(f'"{value[i:i + 200]}"' for i in range(0, len(value), 200))


def domain(name, dmarc, seed, ip):
    lines = [f"{name}. A {ip}", txt(name, f"v=spf1 ip4:{ip} -all"), txt(f"s1._domainkey.{name}", key_record(seed)),
             txt(f"mx.{name}", f"v=spf1 ip4:{ip} -all")]
    return lines + ([txt(f"_dmarc.{name}", dmarc)] if dmarc else [])


def zone():
    lines = ["; The DNS that the messages need; made by make.py.", "$TTL 300", "$ORIGIN ."]
    for name, dmarc in VICTIMS.items():
        lines += domain(name, dmarc, BANK_KEY, BANK_IP)
    for name, dmarc in ATTACKERS.items():
        lines += domain(name, dmarc, ATTACKER_KEY, ATTACKER_IP)
    lines += [
        txt("_dmarc.suffix.example", "v=DMARC1; p=none; psd=y"),
        txt("arc._domainkey.attacker.example", sealer_record()),
        # Wherever a key look-up may be led by s=, there is a key of the attacker.
        txt("bank.example._domainkey.attacker.example", key_record(ATTACKER_KEY)),
        txt("selector._domainkey.attacker.example", key_record(ATTACKER_KEY)),
        txt("x._domainkey.bank.example._domainkey.attacker.example", key_record(ATTACKER_KEY)),
        txt("s1._domainkey.example", key_record(ATTACKER_KEY)),
        txt("s1._domainkey.suffix.example", key_record(ATTACKER_KEY)),
        txt("s1._domainkey.s1._domainkey.attacker.example", key_record(ATTACKER_KEY)),
        # The attacker's aliases of what belongs to the bank.
        "alias.attacker.example. CNAME bank.example.",
        "_dmarc.alias.attacker.example. CNAME _dmarc.bank.example.",
        "s1._domainkey.alias.attacker.example. CNAME s1._domainkey.bank.example.",
        txt("borrowed.attacker.example", f"v=spf1 include:bank.example ip4:{ATTACKER_IP} -all"),
        txt("schl\u00fcssel".encode("idna").decode() + "._domainkey.xn--bcher-kva.example", key_record(BANK_KEY)),
        txt("xn--bcher-kva.xn--bcher-kva.example", f"v=spf1 ip4:{BANK_IP} -all"),
        txt("local.xn--bcher-kva.example", "v=spf1 exists:%{l}.any.local.xn--bcher-kva.example -all"),
        "buero.any.local.xn--bcher-kva.example. A 127.0.0.2",
        "sender.xn--bcher-kva.example.any.local.xn--bcher-kva.example. A 127.0.0.2",
        txt("sender.xn--bcher-kva.example", "v=spf1 exists:%{o}.any.local.xn--bcher-kva.example -all"),
    ]
    return "\n".join(lines) + "\n"


# ---- messages and signatures --------------------------------------------------------------------------------------

BODY = b"Dear customer,\r\n\r\nplease confirm your account.\r\n"
SIGNED = (b"from", b"to", b"subject", b"date", b"message-id")


def octets(text):
    return text if isinstance(text, bytes) else text.encode("utf-8")


def message(*author, name, extra=(), top=(), body=BODY):
    """A message; `author` are whole lines, mostly From fields, `top` and `extra` other ones above and below them."""
    lines = [octets(line) for line in (*top, *author)]
    lines += [b"To: Customer <customer@example.net>", b"Subject: Your account", b"Date: Mon, 1 Jan 2024 00:00:00 +0000",
              b"Message-ID: <" + octets(name) + b"@messages.example>", *(octets(line) for line in extra)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + octets(body)


def sign(text, name, *, seed, selector="s1", headers=SIGNED, length=False):
    """`text` with dkimpy's DKIM-Signature on top."""
    signer = dkim.DKIM(text, signature_algorithm=b"ed25519-sha256")
    return signer.sign(octets(selector), octets(name), seed, canonicalize=(b"relaxed", b"relaxed"),
                       include_headers=list(headers), length=length) + text


def by_attacker(text, name="attacker.example", **more):
    return sign(text, name, seed=ATTACKER_KEY, **more)


def by_bank(text, name="bank.example", **more):
    return sign(text, name, seed=BANK_KEY, **more)


def relaxed(field):
    """RFC 6376 section 3.4.2, for a whole field without its last CR LF."""
    name, value = field.split(b":", 1)
    value = re.sub(rb"[ \t]+", b" ", value.replace(b"\r\n", b"")).strip(b" \t")
    return name.rstrip(b" \t").lower() + b":" + value


def fields_of(text):
    return re.split(rb"\r\n(?![ \t])", text.split(b"\r\n\r\n", 1)[0])


def relaxed_body(body):
    """RFC 6376 section 3.4.4."""
    lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and lines[-1] == b"":
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


def sign_odd(text, *, seed, d, s="s1", headers=SIGNED, tags=(), body_length=None):
    """`text` with a signature of our own: relaxed/relaxed, Ed25519. `d`, `s` and the values of `tags` are written as they are."""
    body = relaxed_body(text.split(b"\r\n\r\n", 1)[1])
    if body_length is not None:
        body = body[:body_length]
        tags = (*tags, ("l", str(body_length)))
    body_hash = base64.b64encode(hashlib.sha256(body).digest())
    parts = [b"v=1", b"a=ed25519-sha256", b"c=relaxed/relaxed", b"d=" + octets(d), b"s=" + octets(s),
             *(octets(tag) + b"=" + octets(value) for tag, value in tags), b"h=" + b":".join(headers), b"bh=" + body_hash, b"b="]
    unsigned = b"DKIM-Signature: " + b"; ".join(parts)
    left = fields_of(text)
    data = b""
    for name in headers:
        for i in range(len(left) - 1, -1, -1):
            if left[i].split(b":", 1)[0].rstrip(b" \t").lower() == name:
                data += relaxed(left.pop(i)) + b"\r\n"
                break
    digest = hashlib.sha256(data + relaxed(unsigned)).digest()
    signature = nacl.signing.SigningKey(base64.b64decode(seed)).sign(digest).signature
    return unsigned + base64.b64encode(signature) + b"\r\n" + text


def check_signer():
    """That dkimpy verifies what sign_odd made."""
    text = sign_odd(message("From:  Bank\r\n <ceo@bank.example>", name="check", body=b"a  b \r\n\r\n\r\n"), seed=BANK_KEY, d="bank.example",
                    tags=[("i", "ceo@bank.example"), ("t", str(SIGNED_AT))])
    if not dkim.verify(text, dnsfunc=lambda name, timeout=0: key_record(BANK_KEY).encode()):
        raise SystemExit("dkimpy does not verify what sign_odd made")


def seal(text, name, *, results):
    """`text` with an ARC set of the attacker that claims `results`."""
    stamped = f"Authentication-Results: {name}; {results}; arc=none\r\n".encode() + text
    fields = dkim.arc_sign(stamped, b"arc", octets(name), SEALER_KEY, octets(name), include_headers=list(SIGNED), timestamp=SIGNED_AT)
    return b"".join(fields) + text


# ---- cases --------------------------------------------------------------------------------------------------------

CASES = []
PAPER = "Composition Kills (USENIX Security 2020)"

# What comes out, but for what a case says otherwise: its envelope is the attacker's own and passes.
BASE = {"spf": "pass", "spf_helo": "pass", "dkim": [], "arc": "none", "indirect": []}
# Judged by the bank's domain, which authenticated nothing: refused by its policy.
FORGED = {**BASE, "dmarc": "fail", "reason": "not_aligned", "author": "bank.example", "policy": "reject", "action": "reject",
          "rule": "policy.published.reject"}
# Judged by the attacker's own domain, the only one that the field names.
OWN = {**BASE, "dmarc": "pass", "reason": None, "author": "attacker.example", "policy": "none", "action": "accept", "rule": "default"}
# The bank's own message.
GENUINE = {**BASE, "dmarc": "pass", "reason": None, "author": "bank.example", "policy": "reject", "action": "accept", "rule": "default"}


def bad_from(reason):
    """No author to judge (RFC 9989 section 4.2): refused."""
    return {**BASE, "dmarc": "permerror", "reason": reason, "author": None, "policy": None, "action": "reject", "rule": "policy.bad_from"}


UNPARSABLE, REPEATED, MISSING, NO_DOMAIN = (bad_from("from_" + word) for word in ("unparsable", "repeated", "missing", "without_domain"))


def case(name, tries, text, expect, *, origin="own", ip=ATTACKER_IP, helo="mx.attacker.example", mail_from="joe@attacker.example",
         mail_args=(), cut=None, stamp=(), **changes):
    """Adds a case. `changes` alter `expect`; `cut` is what is expected of a milter, which reads a value up to a NUL; `stamp` are
    texts that must stand in the Authentication-Results field."""
    if any(entry["name"] == name for entry, _ in CASES):
        raise SystemExit(f"{name}: twice")
    entry = {"name": name, "file": f"messages/{name}.eml", "origin": origin, "tries": tries, "client_ip": ip, "helo": helo,
             "mail_from": mail_from, "mail_args": list(mail_args), "rcpt": ["customer@example.net"], "expect": {**expect, **changes}}
    if cut:
        entry["cut_at_nul"] = cut
    if stamp:
        entry["stamp"] = list(stamp)
    CASES.append((entry, text))


def from_bank(name, tries, text, expect=GENUINE, *, author="bank.example", **more):
    """A case sent by the bank itself."""
    ascii_author = author.encode("idna").decode() if not author.isascii() else author
    case(name, tries, text, {**expect, "author": ascii_author if expect["author"] else None}, ip=BANK_IP,
         helo=more.pop("helo", f"mx.{ascii_author}"), mail_from=more.pop("mail_from", f"office@{ascii_author}"), **more)
