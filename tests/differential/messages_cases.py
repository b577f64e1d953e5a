"""Makes the messages: plain ones, signed and sealed by other implementations, then changed on the way.

A case depends on the seed, its number, the keys and the time alone.
"""
from __future__ import annotations

import dataclasses
import random
from typing import Callable

import dkim
from dkim.canonicalization import CanonicalizationPolicy

import messages_opendkim
import messages_signers as signers
import messages_text as text
from messages_keys import DOMAINS, Key

DAY = 86400
SERVICE = "mx.example.net"
CANONICALIZATIONS = [(header, body) for header in ("simple", "relaxed") for body in ("simple", "relaxed")]
# What a fresh message has to be signed by most: the keys nothing is wrong with.
GOOD_SELECTORS = ("r2048", "r2048", "r1024", "ed", "no-version", "spaces", "semicolon")


@dataclasses.dataclass
class Case:
    id: str
    message: text.Message
    signers: list[str]  # that took part
    steps: list[str]  # what was done, for people


@dataclasses.dataclass
class Workshop:
    """What a process needs to make cases."""
    keys: dict[str, Key]
    selectors: dict[str, tuple[str, list[str] | str]]
    opendkim: messages_opendkim.Process
    perl: signers.Perl
    now: int


# --- plain messages

def _plain(rng: random.Random, author: str) -> text.Message:
    subject = rng.choice([b" hello", b"  odd   spacing\t \tinside  ", b" folded\r\n\t in\r\n two  places", b"tight",
                          b"",
                          b" =?utf-8?q?B=C3=B6b?=", " Gr\u00fc\u00dfe \u2713".encode(), b" a:b;c=d (e)",
                          b" " + b"x" * 900])
    lines = [text.Field(b"Received", b" from a.example by b.example;\r\n\tThu, 12 Jun 2025 08:00:01 +0000"),
             text.Field(b"From", f" Alice <alice@{author}>".encode()),
             text.Field(rng.choice([b"Subject", b"SUBJECT", b"subject"]), subject),
             text.Field(b"To", b" Bob <bob@example.net>,\r\n  carol@example.net"),
             text.Field(b"Date", b" Thu, 12 Jun 2025 08:00:00 +0000"),
             text.Field(b"Message-ID", f" <{rng.randrange(10**9)}@{author}>".encode())]
    more = [text.Field(b"X-Empty", b""), text.Field(b"X-Many", b" 1"), text.Field(b"X-Many", b" 2"),
            text.Field(b"Reply-To", b" alice@example.org"), text.Field(b"MIME-Version", b" 1.0"),
            text.Field(b"Content-Type", b" text/plain; charset=utf-8"), text.Field(b"X-Blank", b"  \t"),
            text.Field(b"Received", b" from c.example by a.example; Thu, 12 Jun 2025 07:59:00 +0000"),
            text.Field(b"List-Id", b" <list.example.com>"), text.Field(b"X-Odd!#$%", b" name")]
    for field in rng.sample(more, rng.randrange(len(more) // 2)):
        lines.insert(rng.randrange(len(lines) + 1), field)
    if rng.random() < 0.02:
        value = rng.choice([b" a\x0b", b"\x0cb", b" a\x0b b\x0c"])
        lines.insert(rng.randrange(len(lines)), text.Field(b"X-Form", value))
    return text.Message(lines, _body(rng))


def _body(rng: random.Random) -> bytes:
    pieces = [b"Hello Bob,\r\n", b" two  spaces \t and a tab\t\r\n", b"\r\n", b"\r\n \r\n", b".\r\n", b"..\r\n",
              b"\t\r\n",
              b"trailing  \t \r\n", "8-bit \u00fc\r\n".encode("latin-1"), "utf-8 \u2713\r\n".encode(),
              b"-- \r\nAlice\r\n",
              b"long " + b"0123456789" * 130 + b"\r\n", b"From here\r\n", b"nul \x00 and \x7f\r\n"]
    body = b"".join(rng.choices(pieces, k=rng.randrange(1, 8)))
    kind = rng.random()
    if kind < 0.05:
        return b""
    if kind < 0.08:
        return b"\r\n" * rng.randrange(1, 4)
    if kind < 0.10:
        return b" \t\r\n" * rng.randrange(1, 3)
    if kind < 0.17:
        return body.removesuffix(b"\r\n") + rng.choice([b"", b" ", b"end", b"end \t"])
    if kind < 0.25:
        return body + b"\r\n" * rng.randrange(1, 4)
    if kind < 0.265:
        return body + rng.choice([b"bare \r cr\r\n", b"end in cr\r", b"\r\r\n", b"\r"])
    if kind < 0.28:
        return body + rng.choice([b"bare \n lf\r\n", b"a\nb\n", b"\n\n", b"x\n\r\n"])
    return body


# --- signatures

def _names(rng: random.Random, message: text.Message) -> list[str]:
    """h=: some of the fields, as often as they are there, more often, or not at all."""
    present = [field.name.decode() for field in message.fields if not field.name.lower().startswith(b"arc-")]
    names = ["From"] + [name for name in present if rng.random() < 0.6 and name.lower() != "from"]
    if rng.random() < 0.3:
        names += rng.choices(["X-Absent", "Reply-To", "Cc", "X-Absent", "List-Id"], k=rng.randrange(1, 3))
    if rng.random() < 0.3:
        names += rng.choices(["From", "Subject", "X-Many", "Received", "To"], k=rng.randrange(1, 3))
    if rng.random() < 0.5:
        rng.shuffle(names)
    return [name for name in names if name.lower() != "dkim-signature" or rng.random() < 0.3]


def _request(rng: random.Random, message: text.Message, shop: Workshop, domain: str, selector: str) -> signers.Request:
    request = signers.Request(shop.keys[shop.selectors[selector][0]], selector, domain, rng.choice(CANONICALIZATIONS),
                              shop.now, _names(rng, message), with_length=rng.random() < 0.15)
    kind = rng.random()
    if kind < 0.03:
        request.timestamp = shop.now + 30 * DAY
    elif kind < 0.06:
        request.timestamp, request.lifetime = shop.now - 30 * DAY, 10 * DAY
    elif kind < 0.15:
        request.timestamp, request.lifetime = shop.now - 2 * DAY, 30 * DAY
    if rng.random() < 0.15:
        request.identity = rng.choice([f"@{domain}", f"joe@{domain}", f"@sub.{domain}", f"joe@Sub.{domain}"])
    return request


def _sign(rng: random.Random, message: text.Message, shop: Workshop, author: str) -> tuple[str, list[text.Field]]:
    domain = author if rng.random() < 0.7 else rng.choice(DOMAINS)
    selector = rng.choice(GOOD_SELECTORS) if rng.random() < 0.6 else rng.choice(list(shop.selectors))
    request = _request(rng, message, shop, domain, selector)
    choices = ["dkimpy", "opendkim", "spelled"]
    if request.key.algorithm == "rsa-sha256":
        choices.append("mail-dkim")
    signer = rng.choice(choices)
    # What a signer cannot do: a key shorter than it insists on.
    if request.key.file.stem in ("r512", "r768") and signer == "opendkim":
        signer = "dkimpy"
    if signer == "dkimpy":
        return signer, signers.sign_with_dkimpy(message, request)
    if signer == "opendkim":
        return signer, signers.sign_with_opendkim(message, request, shop.opendkim, rng)
    if signer == "mail-dkim":
        return signer, signers.sign_with_mail_dkim(message, request, shop.perl)
    return signer, [_spelled(rng, message, request)]


def _encoded(identity: str, rng: random.Random) -> str:
    """Some letters in dkim-quoted-printable."""
    return "".join(f"={ord(c):02X}" if c.isalpha() and rng.random() < 0.3 else c for c in identity)


def _tag_values(rng: random.Random, message: text.Message, request: signers.Request) -> dict[str, str]:
    """The tags of a signature, most of them as they should be."""
    values = {"v": "1", "a": request.key.algorithm, "c": "/".join(request.canonicalization), "d": request.domain,
              "s": request.selector, "h": ":".join(request.names), "bh": "{bh}", "b": "{b}"}
    if request.canonicalization == ("simple", "simple") and rng.random() < 0.3:
        del values["c"]
    elif request.canonicalization[1] == "simple" and rng.random() < 0.3:
        values["c"] = request.canonicalization[0]
    if request.timestamp is not None or rng.random() < 0.5:
        values["t"] = str(request.timestamp or request.now)
    if request.lifetime is not None:
        values["x"] = str(int(values["t"]) + request.lifetime)
    if request.identity:
        values["i"] = request.identity
    odd: list[Callable[[], None]] = [
        lambda: values.update(v=rng.choice(["2", "1.0", "0.5", "01", ""])), lambda: values.pop("v"),
        lambda: values.update(a=rng.choice(["RSA-SHA256", "rsa-sha1", "rsa-sha512", "rsa", "Rsa-Sha256",
                                            "dsa-sha256"])),
        lambda: values.update(c=rng.choice(["relaxed/nowsp", "Relaxed/Simple", "", "relaxed/", "/simple", "nofws",
                                            "relaxed/simple/relaxed"])),
        lambda: values.update(q=rng.choice(["dns/txt", "dns", "dns/txt:http", "DNS/TXT", "http:dns/txt", "http",
                                            "dns / txt",
                                            ""])),
        lambda: values.update(i=rng.choice([f"joe@{request.domain}.example", f"joe@x{request.domain}", "joe",
                                            f"joe@sub.{request.domain}", f"@{request.domain.upper()}", "@",
                                            f'"a b"@{request.domain}', f"joe@{request.domain}.", "joe@foreign.example",
                                            _encoded(f"joe@{request.domain}", rng), f"jo=2@{request.domain}",
                                            f"j=6fe@{request.domain}"])),
        lambda: values.update(l=rng.choice(["0", "1", "5", "00003", "", "x", "-1", "99999999", "1" * 76, "1" * 77,
                                            "3 4"])),
        lambda: values.update(t=rng.choice(["0", "", "x", str(request.now + 3600), str(request.now + 2 * DAY), "9" * 12,
                                            "1.5"])),
        lambda: values.update(x=rng.choice(["0", "", "x", str(request.now - 3600), str(request.now - 2 * DAY), "9" * 12,
                                            str(request.now + DAY)])),
        lambda: values.update(t=str(request.now - 10), x=str(request.now - 20)),
        lambda: values.update(t=str(request.now - DAY), x=str(request.now - 2 * DAY)),
        lambda: values.update(t=str(request.now + 2 * DAY), x=str(request.now + DAY)),
        lambda: values.update(s=rng.choice(["", "a..b", "-x", "no_such", "R2048"])),
        lambda: values.update(d=rng.choice(["", "com", "example..com", request.domain.upper(), request.domain + ".",
                                            "exa mple.com", "nowhere.example"])),
        lambda: values.update(h=rng.choice(["subject", "", "from:", ":from", "from::to", "From : Subject\r\n\t: To",
                                            "from:dkim-signature", "from:b@d", "From;", "from:x y"])),
        lambda: values.update(z="From:alice@example.com|Subject:hi", **{"x-unknown": "1"}) or values.pop("x-unknown"),
        lambda: values.update(zz="unknown", r="y"), lambda: values.update(bh="{bh}="),
        lambda: values.update(bh=rng.choice(["", "AAAA", "!!!!", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="])),
        lambda: values.update(b=rng.choice(["", "AAAA", "{b}=", "{b}!", "!"])),
        lambda: values.pop(rng.choice(["a", "d", "s", "h", "bh", "b"])),
        lambda: values.update(**{"B": "upper"}), lambda: values.update(D="other.example"),
    ]
    if rng.random() < 0.5:
        rng.choice(odd)()
    return values


def _spell(rng: random.Random, values: dict[str, str]) -> bytes:
    """A tag-list of these values, with white space and folds where RFC 6376 section 3.2 lets them be, and elsewhere."""
    pairs = list(values.items())
    if rng.random() < 0.5:
        rng.shuffle(pairs)
    if rng.random() < 0.3 and "b" in values:  # b= first, last, anywhere
        pairs.sort(key=lambda pair: pair[0] == "b", reverse=rng.random() < 0.5)
    wild = rng.random() < 0.5
    space = lambda: rng.choice(["", "", "", " ", "\t", "\r\n ", " \r\n\t", "  "]) if wild else ""
    parts = [f"{space()}{name}{space()}={space()}{_folded(rng, name, value) if wild else value}{space()}"
             for name, value in pairs]
    # One fold at most between two tags, or it would be no FWS.
    separator = "" if wild else rng.choice([" ", "", "\r\n\t", "  "])
    start = "" if wild else rng.choice([" ", "", "\r\n ", "\t"])
    end = rng.choice([";", "; ", ";\r\n "]) if rng.random() < 0.3 else ""
    joined = start + (";" + separator).join(parts) + end
    kind = rng.random()
    if kind < 0.02:
        joined = joined.replace(";", ";;", 1)
    elif kind < 0.04:
        joined = ";" + joined
    elif kind < 0.06:
        joined += rng.choice(["; v=1", "; d=example.com", "; b=AAAA", "; foo", "; =x", "; 1a=b", "; foo=a;foo=b", ";;",
                              "; a b=c"])
    elif kind < 0.07:
        joined += rng.choice(["; x-y=1", "; x_y=1", "; n=\xfc", "; n=a\x01b", "; n=a\x0bb", "; n=\r\n \r\n x",
                              "; n=a\r\n \r\n x"])
    return joined.encode("latin-1")


def _folded(rng: random.Random, name: str, value: str) -> str:
    if name == "h" and rng.random() < 0.7:
        return value.replace(":", rng.choice([" : ", ":\r\n\t", "\r\n :", ": ", " :"]))
    if name == "i" and rng.random() < 0.2:
        return value.replace("@", "\r\n @")
    if name in ("c", "q", "a") and rng.random() < 0.05:
        return value.replace("/", " / ").replace("-", " - ")
    return value


def _spelled(rng: random.Random, message: text.Message, request: signers.Request) -> text.Field:
    values = _tag_values(rng, message, request)
    template = _spell(rng, values)
    length = None
    if request.with_length and "l" not in values:
        policy = CanonicalizationPolicy.from_c_value("/".join(request.canonicalization).encode())
        size = len(policy.canonicalize_body(message.body))
        length = rng.choice([0, size // 2, max(size - 1, 0), size, size])
        shown = length if rng.random() < 0.9 else size + 1
        template = f" l={shown};".encode() + template
    elif values.get("l", "").isdigit():
        length = int(values["l"][:12])
    names = [name.strip(" \t\r\n") for name in values.get("h", "from").split(":")]
    field = signers.sign_spelled(message, request.key, b"DKIM-Signature", template, "/".join(request.canonicalization),
                                 names, length)
    if rng.random() < 0.3:  # folds inside b=, which the hash does not see
        start = field.value.find(b"b=")
        field.value = _with_folds(rng, field.value, start + 20)
    return field


def _with_folds(rng: random.Random, value: bytes, start: int) -> bytes:
    end = start
    while end < len(value) and (value[end:end + 1].isalnum() or value[end:end + 1] in b"+/"):
        end += 1
    if end - start < 20:
        return value
    for position in sorted(rng.sample(range(start, end), 2), reverse=True):
        value = value[:position] + rng.choice([b" ", b"\r\n\t", b"\t", b" \r\n  "]) + value[position:]
    return value


# --- ARC

def _seal(rng: random.Random, message: text.Message, shop: Workshop, hop: int) -> str:
    """Adds Authentication-Results and a set."""
    domain = rng.choice(["list.example", "relay.example", "example.org"])
    selector = rng.choice(("r2048", "r2048", "r1024", "no-version", "spaces"))
    if rng.random() < 0.08:
        selector = rng.choice([name for name, (key, _) in shop.selectors.items() if key == "r2048"])
    chain = "none" if hop == 1 else "pass"
    if rng.random() < 0.03:
        chain = rng.choice(["none", "pass", "fail"])
    results = f" {SERVICE}; spf=pass smtp.mailfrom=example.com; dkim=pass header.d=example.com"
    message.fields.insert(0, text.Field(b"Authentication-Results",
                                        (results + (f"; arc={chain}" if hop > 1 else "")).encode()))
    request = signers.Request(shop.keys[shop.selectors[selector][0]], selector, domain, ("relaxed", "relaxed"),
                              shop.now,
                              _arc_names(rng, message))
    if rng.random() < 0.3:
        message.fields[:0] = _spelled_set(rng, message, request, hop, chain, results)
        return "spelled"
    if chain == "fail" or hop == 1 and chain != "none" or rng.random() < 0.5:
        message.fields[:0] = signers.seal_with_mail_dkim(message, request, SERVICE, chain, shop.perl)
        return "mail-dkim"
    fields = signers.seal_with_dkimpy(message, request, SERVICE)
    message.fields[:0] = fields
    return "dkimpy"


def _arc_names(rng: random.Random, message: text.Message) -> list[str]:
    refused = (b"arc-", b"authentication-results", b"received")
    names = [field.name.decode().lower() for field in message.fields if not field.name.lower().startswith(refused)]
    return ["from"] + [name for name in names if name != "from" and rng.random() < 0.7]


def _spelled_set(rng: random.Random, message: text.Message, request: signers.Request, hop: int, chain: str,
                 results: str) -> list[text.Field]:
    """One set, written tag by tag, signed with dkimpy's parts."""
    odd = rng.random() < 0.4
    instance = rng.choice([f"{hop}", f" {hop} ", f"\r\n {hop}", f"0{hop}"]) if odd else f"{hop}"
    shown = instance.strip() if rng.random() < 0.8 else instance
    aar = text.Field(b"ARC-Authentication-Results", f" i={shown};{results}".encode())
    body = rng.choice(["simple", "relaxed"])
    header = rng.choice(["simple", "relaxed"])
    ams = {"i": instance, "a": "rsa-sha256", "c": f"{header}/{body}", "d": request.domain, "s": request.selector,
           "t": str(request.now), "h": ":".join(request.names), "bh": "{bh}", "b": "{b}"}
    seal = {"i": instance, "a": "rsa-sha256", "cv": chain, "d": request.domain, "s": request.selector, "b": "{b}",
            "t": str(request.now)}
    if odd:
        _odd_set(rng, request, ams, seal)
    spell = lambda values: b" " + "; ".join(f"{name}={value}" for name, value in values.items()).encode()
    shuffled = dict(rng.sample(list(ams.items()), len(ams))) if odd and rng.random() < 0.3 else ams
    names = [name.strip() for name in ams.get("h", "").split(":")]
    ams_field = signers.sign_spelled(message, request.key, b"ARC-Message-Signature", spell(shuffled),
                                     f"{header}/{body}", names)
    earlier = _sets_ascending(message)
    template = rng.choice([b"", b" "]) + spell(seal) + rng.choice([b"", b";"])
    unsigned = text.Field(b"ARC-Seal", signers.without_signature(template))
    policy = CanonicalizationPolicy.from_c_value(b"relaxed/relaxed")
    # Seals cover the fields in the order of the sets; header_hash selects from the bottom, so that names repeat.
    covered = text.Message((earlier + [aar, ams_field])[::-1], b"")
    order = [field.name.decode() for field in earlier + [aar, ams_field]]
    hasher = signers.header_hash(covered, order, unsigned, policy)
    signature = signers.raw_signature(request.key, hasher)
    seal_field = text.Field(b"ARC-Seal", template.replace(b"{b}", signers.base64.b64encode(signature)))
    fields = [seal_field, ams_field, aar]
    if rng.random() < 0.3:
        rng.shuffle(fields)
    return fields


def _odd_set(rng: random.Random, request: signers.Request, ams: dict[str, str], seal: dict[str, str]) -> None:
    rng.choice([
        lambda: ams.pop("c"), lambda: ams.update(v="1"), lambda: ams.update(h=ams["h"] + ":arc-seal"),
        lambda: seal.update(h="from"), lambda: seal.update(cv=seal["cv"].upper()),
        lambda: ams.update(x=str(request.now - 2 * DAY)),
        lambda: seal.update(x=str(request.now - 2 * DAY)), lambda: ams.update(h="subject:to"), lambda: seal.pop("t"),
        lambda: ams.update(t=str(request.now + 2 * DAY)), lambda: seal.update(c="relaxed/relaxed"),
        lambda: ams.update(l="1"),
        lambda: seal.update(q="dns/txt"), lambda: seal.update(zz="unknown"), lambda: ams.update(a="rsa-sha1"),
        lambda: seal.pop("cv"), lambda: ams.pop("bh"), lambda: seal.pop("d"), lambda: seal.pop("s"),
        lambda: ams.update(h=ams["h"] + ":arc-authentication-results"), lambda: ams.update(h=""),
        lambda: ams.update(a="RSA-SHA256"),
    ])()


def _sets_ascending(message: text.Message) -> list[text.Field]:
    kinds = {b"arc-authentication-results": 0, b"arc-message-signature": 1, b"arc-seal": 2}
    found = []
    for field in message.fields:
        kind = kinds.get(field.name.lower())
        if kind is not None:
            digits = (text.tag(field.value.partition(b";")[0] if kind == 0 else field.value, "i") or "0").strip()
            found.append((int(digits) if digits.isdigit() else 0, kind, field))
    return [field for _, _, field in sorted(found, key=lambda item: item[:2])]


# --- changes on the way

def _any_field(rng: random.Random, message: text.Message, *names: bytes) -> text.Field:
    fields = message.named(*names) if names else message.fields
    return rng.choice(fields or message.fields)


def _fold_more(rng: random.Random, message: text.Message) -> None:
    field = _any_field(rng, message)
    spaces = [i for i, c in enumerate(field.value) if c in b" \t" and field.value[i - 1:i] != b"\n"]
    if spaces:
        at = rng.choice(spaces)
        field.value = field.value[:at] + rng.choice([b"\r\n ", b"\t ", b"  ", b" \r\n\t"]) + field.value[at + 1:]


def _pad(rng: random.Random, message: text.Message) -> None:
    field = _any_field(rng, message)
    field.value = rng.choice([b" ", b"\t", b""]) + field.value + rng.choice([b" ", b"\t", b"\r\n ", b""])


def _rename(rng: random.Random, message: text.Message) -> None:
    field = _any_field(rng, message)
    field.name = rng.choice([field.name.upper(), field.name.lower(), field.name.swapcase()])


def _space_before_colon(rng: random.Random, message: text.Message) -> None:
    _any_field(rng, message).name += rng.choice([b" ", b"\t"])


def _unfold(rng: random.Random, message: text.Message) -> None:
    field = _any_field(rng, message)
    field.value = field.value.replace(b"\r\n", b"")


def _body_space(rng: random.Random, message: text.Message) -> None:
    lines = message.body.split(b"\r\n")
    at = rng.randrange(len(lines))
    lines[at] = rng.choice([lines[at] + b" ", lines[at] + b"\t ", lines[at].replace(b" ", b"  ", 1),
                            lines[at].rstrip(b" \t"),
                            lines[at].replace(b" ", b"\t", 1)])
    message.body = b"\r\n".join(lines)


def _body_end(rng: random.Random, message: text.Message) -> None:
    body = message.body
    message.body = rng.choice([body + b"\r\n", body + b"\r\n\r\n", body.rstrip(b"\r\n"), body + b" \r\n",
                               body + b"footer\r\n",
                               body + b"x", b"", body[:-1]])


def _body_octet(rng: random.Random, message: text.Message) -> None:
    letters = [i for i, c in enumerate(message.body) if chr(c).isalnum()]
    if letters:
        at = rng.choice(letters)
        message.body = message.body[:at] + b"#" + message.body[at + 1:]


def _header_octet(rng: random.Random, message: text.Message) -> None:
    field = _any_field(rng, message)
    letters = [i for i, c in enumerate(field.value) if chr(c).isalnum()]
    if letters:
        at = rng.choice(letters)
        field.value = field.value[:at] + rng.choice([b"x", b"0", b"A", b""]) + field.value[at + 1:]


def _add_field(rng: random.Random, message: text.Message) -> None:
    field = rng.choice([text.Field(b"X-Absent", b" now"), text.Field(b"Subject", b" another"),
                        text.Field(b"X-Many", b" 3"),
                        text.Field(b"From", b" Eve <eve@example.org>"),
                        text.Field(b"Received", b" by d.example; today"),
                        text.Field(b"X-New", b" unsigned"), text.Field(b"Cc", b" dave@example.net")])
    message.fields.insert(rng.choice([0, 0, len(message.fields), rng.randrange(len(message.fields))]), field)


def _remove_field(rng: random.Random, message: text.Message) -> None:
    if len(message.fields) > 1:
        message.fields.remove(_any_field(rng, message))


def _swap_fields(rng: random.Random, message: text.Message) -> None:
    a, b = rng.randrange(len(message.fields)), rng.randrange(len(message.fields))
    message.fields[a], message.fields[b] = message.fields[b], message.fields[a]


def _repeat_field(rng: random.Random, message: text.Message) -> None:
    at = rng.randrange(len(message.fields))
    field = message.fields[at]
    message.fields.insert(rng.choice([0, at]), text.Field(field.name, field.value))


def _fold_signature(rng: random.Random, message: text.Message) -> None:
    """White space inside the base64 text of b= (never signed) or bh= (signed under simple)."""
    field = _any_field(rng, message, b"dkim-signature", b"arc-seal", b"arc-message-signature")
    at = field.value.find(rng.choice([b"b=", b"bh="]))
    if at >= 0:
        field.value = _with_folds(rng, field.value, at + 4)


def _damage_signature(rng: random.Random, message: text.Message) -> None:
    field = _any_field(rng, message, b"dkim-signature", b"arc-seal", b"arc-message-signature")
    field.value = rng.choice([
        lambda v: v + b";", lambda v: v + b"; x=1", lambda v: v.replace(b"; ", b";", 1),
        lambda v: v.replace(b"=", b" =", 1),
        lambda v: v.replace(b"a=", b"A=", 1), lambda v: v.replace(b"relaxed", b"Relaxed", 1), lambda v: v + b"; t=0",
        lambda v: v.replace(b"sha256", b"SHA256", 1), lambda v: v.replace(b";", b" ;", 2), lambda v: b"",
        lambda v: v.replace(b"b=", b"b=\r\n ", 1), lambda v: v.replace(b"bh=", b"bh= ", 1),
        lambda v: v[:len(v) // 2].rstrip(b"\r\n"),
        lambda v: v.replace(b"d=", b"d=sub.", 1), lambda v: v.replace(b"s=", b"s=x", 1)])(field.value)


def _change_set(rng: random.Random, message: text.Message) -> None:
    """Something about the ARC sets."""
    kinds = (b"arc-seal", b"arc-message-signature", b"arc-authentication-results")
    if not message.named(*kinds):
        return
    field = _any_field(rng, message, *kinds)
    kind = rng.randrange(8)
    if kind == 0:
        message.fields.remove(field)
    elif kind == 1:
        message.fields.insert(0, text.Field(field.name, field.value))
    elif kind == 2:
        other = rng.choice([b"i=2", b"i=3", b"i=0", b"i=51", b"i=x", b"I=1", b"i = 1"])
        field.value = field.value.replace(b"i=1", other, 1)
    elif kind == 3:
        field.value = field.value.replace(b"cv=pass", rng.choice([b"cv=none", b"cv=fail", b"cv=PASS", b"cv="]), 1)
    elif kind == 4:
        _any_field(rng, message, kinds[2]).value += b"; dmarc=pass"
    elif kind == 5:
        newest = max((text.tag(f.value.replace(b";", b"; "), "i") or "0") for f in message.named(*kinds))
        for f in message.named(*kinds):
            if (text.tag(f.value, "i") or "0").strip() != newest and rng.random() < 0.5:
                message.fields.remove(f)
    elif kind == 6:
        fields = message.named(*kinds)
        rest = [f for f in message.fields if f not in fields]
        rng.shuffle(fields)
        message.fields = fields + rest
    else:
        message.fields = [f for f in message.fields if (text.tag(f.value,
                                                                 "i") or "").strip() != "1" or not f.is_named(*kinds)]


CHANGES: list[tuple[int, Callable[[random.Random, text.Message], None]]] = [
    (4, _fold_more), (3, _pad), (3, _rename), (1, _space_before_colon), (3, _unfold), (4, _body_space), (5, _body_end),
    (3, _body_octet), (4, _header_octet), (4, _add_field), (3, _remove_field), (2, _swap_fields), (2, _repeat_field),
    (4, _fold_signature), (4, _damage_signature)]
CHAIN_CHANGES = [(12, _change_set), *CHANGES]


def _change(rng: random.Random, message: text.Message, changes, steps: list[str]) -> None:
    _, functions = zip(*changes)
    function = rng.choices(functions, [weight for weight, _ in changes])[0]
    steps.append(function.__name__.strip("_"))
    function(rng, message)


# --- whole cases

def make_case(seed: int, number: int, shop: Workshop) -> Case:
    rng = random.Random(f"{seed}/{number}")
    author = rng.choice(DOMAINS[:5])
    case = Case(f"{seed}-{number}", _plain(rng, author), [], [])
    message = case.message
    for _ in range(rng.choices((0, 1, 2, 3), (5, 75, 15, 5))[0]):
        try:
            signer, fields = _sign(rng, message, shop, author)
        except (messages_opendkim.SigningError, dkim.DKIMException) as error:
            case.steps.append(f"not signed: {error}")
            continue
        case.signers.append(signer)
        message.fields[:0] = fields
    hops = rng.choices((0, 1, 2, 3), (65, 15, 12, 8))[0]
    for hop in range(1, hops + 1):
        try:
            case.signers.append("arc " + _seal(rng, message, shop, hop))
        except (messages_opendkim.SigningError, dkim.DKIMException) as error:
            case.steps.append(f"not sealed: {error}")
        if hop < hops and rng.random() < 0.3:
            _change(rng, message, CHANGES, case.steps)
        message.fields.insert(0, text.Field(b"Received", f" by hop{hop}.example; today".encode()))
    for _ in range(rng.choices((0, 1, 2), (25, 60, 15))[0]):
        _change(rng, message, CHAIN_CHANGES if hops else CHANGES, case.steps)
    return case
