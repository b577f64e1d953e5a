"""Generated SPF cases: mostly a valid record with one twist, so that a disagreement tells something; some with two."""
from __future__ import annotations

import dataclasses
import ipaddress
import json
import random
import re
import urllib.parse
from typing import Any, Callable

RECEIVER = "mx.receiver.example"
DOMAIN = "d.example.com"


@dataclasses.dataclass
class Case:
    id: str
    twist: str
    client: str
    helo: str  # as all text from mail and DNS here: U+0000 to U+00FF stand for octets
    mail_from: str | None  # None for the HELO identity
    records: list[tuple[str, str, Any]]  # name, type, value; a TXT value is the list of its strings

    def as_json(self) -> str:
        return json.dumps({"id": self.id, "client": self.client, "helo": self.helo, "mail_from": self.mail_from,
                           "receiver": RECEIVER, "zone": self.zone(), "records": self.records})

    def zone(self) -> str:
        """As tests/support/fake_resolver.h reads it."""
        return "".join(f"{name} {type_} {_data(type_, value)}\n" for name, type_, value in self.records)

    def dump(self) -> str:
        """For people: the case, and how to ask assay."""
        who = f"--helo {self.helo!r}" + ("" if self.mail_from is None else f" --mail-from {self.mail_from!r}")
        return f"{self.twist}: --client-ip {self.client} {who}\n{self.zone()}"


def _quoted(text: str) -> str:
    return '"' + "".join(c if " " <= c <= "~" and c not in '"\\' else f"\\{ord(c):03d}" for c in text) + '"'


def _data(type_: str, value: Any) -> str:
    if type_ == "TXT" and not isinstance(value, str):
        return " ".join(map(_quoted, value))
    return f"{value[0]} {value[1] or '.'}" if type_ == "MX" and not isinstance(value, str) else value


def reverse_name(client: str) -> str:
    address = ipaddress.ip_address(client)
    return (getattr(address, "ipv4_mapped", None) or address).reverse_pointer


class Builder:
    """One case in the making."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.records: list[tuple[str, str, Any]] = []
        self.is_v6 = rng.random() < 0.35
        n = rng.choice([1, 7, 77, 128, 200, 254])
        self.client = f"2001:db8::cafe:{n:x}" if self.is_v6 else f"192.0.2.{n}"
        self.local = rng.choice(["user", "strong-bad", "a.b.c", "x+tag", "first_last"])
        self.domain = DOMAIN
        self.helo = rng.choice(["mail.example.org", "mx.d.example.com", "helo.example.net"])
        self.mail_from: str | None = f"{self.local}@{self.domain}"
        self.terms: list[str] = []
        self.hosts = 0
        self.is_published = False

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def add(self, name: str, type_: str, value: Any) -> str:
        self.records.append((name.rstrip(".").lower(), type_, value))
        return name

    def txt(self, name: str, *strings: str) -> str:
        return self.add(name, "TXT", list(strings))

    def address(self, matches: bool) -> str:
        """Of the client's family."""
        if matches:
            address = ipaddress.ip_address(self.client)
            return str(getattr(address, "ipv4_mapped", None) or address)
        return f"2001:db8:{self.rng.randrange(1, 9)}::1" if self.is_v6 else f"198.51.100.{self.rng.randrange(1, 255)}"

    def a(self, name: str, matches: bool) -> str:
        self.add(name, "AAAA" if self.is_v6 else "A", self.address(matches))
        return name

    def name(self, prefix: str = "h") -> str:
        self.hosts += 1
        return f"{prefix}{self.hosts}.example.net"

    def host(self, matches: bool | None = None) -> str:
        """A new name with an address."""
        return self.a(self.name(), self.chance(0.3) if matches is None else matches)

    def qualifier(self) -> str:
        return self.rng.choice(["", "", "", "+", "-", "~", "?"])

    def sub_record(self, text: str | None = None) -> str:
        """A new name with a record of its own."""
        name = self.name("s")
        return self.txt(name, text or f"v=spf1 {self.term(False)} {self.qualifier()}all")

    def cidr(self) -> str:
        zero = "/0" if self.chance(0.2) else ""
        return self.rng.choice(["", "", "", "/24", "//64", "/28//96", "/32", "//128", "/1", "//1", zero])

    def term(self, deep: bool = True) -> str:
        """A valid directive whose names exist."""
        q, rng = self.qualifier(), self.rng
        kind = rng.choice(["ip4", "ip6", "a", "mx", "ptr", "exists"] + (["include"] * 2 if deep else []))
        if kind == "ip4":
            return q + rng.choice(["ip4:192.0.2.0/24", "ip4:198.51.100.7", "ip4:192.0.2.1", "ip4:203.0.113.0/25",
                                   "ip4:192.0.2.77/32", "ip4:192.0.2.129/25", "ip4:192.0.2.0/1"])
        if kind == "ip6":
            return q + rng.choice(["ip6:2001:db8::/32", "ip6:2001:db8:1::/48", "ip6:2001:db8::cafe:1", "ip6:2001::/16",
                                   "ip6:::ffff:192.0.2.1", "ip6:2001:DB8:0:0:0:0:CAFE:7/127"])
        if kind == "a":
            if self.chance(0.2):
                self.a(self.domain, self.chance(0.4))
                return q + "a" + self.cidr()
            return q + "a:" + self.host() + self.cidr()
        if kind == "mx":
            owner = self.domain if self.chance(0.2) else self.name("m")
            for preference in range(rng.choice([1, 1, 2, 3])):
                self.add(owner, "MX", (10 * preference, self.host()))
            return q + ("mx" if owner == self.domain else "mx:" + owner) + self.cidr()
        if kind == "ptr":
            self.add(reverse_name(self.client), "PTR", self.a(rng.choice(["mail.", ""]) + self.domain, True))
            return q + rng.choice(["ptr", "ptr:example.com", "ptr:example.org"])
        if kind == "exists":
            self.add(f"e{self.hosts}.example.net", "A", "127.0.0.2")
            return q + f"exists:e{self.hosts}.example.net"
        return q + "include:" + self.sub_record()

    def publish(self, text: str | None = None, *, tail: str | None = None) -> None:
        """The record of the domain: `text`, or the terms."""
        self.is_published = True
        if text is None:
            end = self.rng.choice(["-all", "-all", "~all", "?all", "+all", ""]) if tail is None else tail
            text = " ".join(["v=spf1", *self.terms, *filter(None, [end])])
        strings = [text]
        if self.chance(0.1) and len(text) > 20:
            cut = self.rng.randrange(len(text))
            strings = [text[:cut], text[cut:]]
        self.txt(self.domain, *strings)

    def insert(self, term: str, anywhere: bool = True) -> None:
        self.terms.insert(self.rng.randrange(len(self.terms) + 1) if anywhere else 0, term)

    def some_terms(self, most: int = 2) -> None:
        self.terms += [self.term() for _ in range(self.rng.randrange(most + 1))]


MALFORMED = """a: a:com a:com. a:1.2.3.4 a:example a/33 a/032 a//129 a/24//064 a/ a// a/24// a/24/64 a///64 a:/24 mx: mx/33
mx//129 mx:com ptr: ptr:com ptr/24 ptr:example.com/24 ip4 ip4: ip4:1.2.3 ip4:1.2.3.4.5 ip4:1.2.3.256 ip4:01.2.3.4
ip4:1.2.3.4/33 ip4:1.2.3.4/ ip4:1.2.3.4/08 ip4:1.2.3.4//32 ip4:1.2.3.4:25 ip4:1.2.3.4/-1 ip4:2001:db8::1 ip4:1.2.3.4/24/8
ip6 ip6: ip6:192.0.2.1 ip6:2001:db8::1/129 ip6:2001:db8::1/ ip6:2001:db8::1/064 ip6:2001:db8:::1 ip6:1:2:3:4:5:6:7
ip6:1:2:3:4:5:6:7:8:9 ip6:[2001:db8::1] ip6:2001:db8::g ip6:2001:db8::1%eth0 ip6:2001:db8::1//64 ip6:::1.2.3 ip6:12345::
include include: include:com include:example.com/24 exists exists: exists:com exists:example.com/24 all: all:x all/8 all.
all- -all+ --all +-all !all redirect: redirect:example.com -redirect=example.com redirect= redirect=com redirect=a..
exp= exp=com exp:example.com -exp=example.com exp=%{c}.example.com foo foo:bar foo/24 1foo=bar _x=y =x -foo=bar a:%{d
a:%{x}.example.com a:%d.example.com a:%{d0}.example.com a:%{}.example.com a:%{dd}.example.com a:%{d*}.example.com a:%
exists:%{t}.example.com exists:%{r}.example.com exists:%{c}.example.com exists:%{i}} exists:%(i).example.com a:%{d}com.
exists:%{dr2}.example.com exists:%{2d}.example.com x=%{x} x=% x=%{d x=%a x=%{c} ip4=:1 include:%{d a:foo-.example.-com
a:example.com- a:example.com: a:example.com, a:example.com:8080 a:exa\x80mple.com a\t -all, +all; ipv4:1.2.3.4 ip:1.2.3.4
mx:example.com/24/64 a:%{d}/ a:%{d}x a:.com. a:example.c_m exists:%{d}.c%20m exists:%%.com- all=%{x} all:= a:example.com\x07
""".replace("\n", " ").split(" ")
MALFORMED.remove("")

ODD_BUT_VALID = """a:H.EXAMPLE.NET A:h.example.net. MX:h.example.net. a:h.example.net/0 a:h.example.net//0 ip4:192.0.2.1/0
Ip4:192.0.2.0/24 iP6:2001:DB8::/32 ip6:::/0 ip6:2001:db8::192.0.2.1 ip6:::ffff:192.0.2.0/120 ip6:1:2:3:4:5:6:7::
ip6:::2:3:4:5:6:7:8
foo=bar foo= x-y_z.0=bar x=%{d} x=%_%%%- X=a:b/c foo=bar:baz ip4=1.2.3.4 include=foo a=b all=x default=-all op=x moo=%{l1r-+}
EXISTS:%{d} exists:%{D} exists:%{ir}.%{v}.arpa.h.example.net exists:h.example.net. exists:%{d}. a:%{d} mx:%{d} ptr:%{d}
a:%{d2}.x-y.1-2 a:1.2.3.4.1-2 a:xn--p1ai.xn--p1ai a:h.example.net:80.com a:x.y.0x a:_spf.h.example.net a:foo.c0m a:foo!bar.com
exists:%{i}.h.example.net exists:%{h}.h.example.net exists:%{s}.h.example.net exists:%{o}.h.example.net exists:a%%b.h.example.net
exists:%{l}.h.example.net exists:a%_b.h.example.net exists:a%-b.h.example.net exists:%{d999}.h.example.net exists:%%.com
a:foo/24.h.example.net a:foo//64.h.example.net/32 mx:foo,bar.h.example.net exists:h.example.net/24.com exists:%{i}%{d}
+all ?all ~all -ALL +A ?MX exp=h.example.net redirect=s.example.net Redirect=s.example.net EXP=h.example.net a:1.com
""".split()


Twist = Callable[[Builder], None]
TWISTS: dict[str, tuple[int, Twist]] = {}


def twist(weight: int) -> Callable[[Twist], Twist]:
    def register(function: Twist) -> Twist:
        TWISTS[function.__name__] = (weight, function)
        return function
    return register


def standard_names(b: Builder) -> None:
    """The names that ODD_BUT_VALID speaks of."""
    b.a("h.example.net", b.chance(0.5))
    b.add("h.example.net", "MX", (10, b.host(b.chance(0.5))))
    b.txt("h.example.net", "It is %{i}, %{d} and %{s}.")
    b.txt("s.example.net", b.rng.choice(["v=spf1 -all", "v=spf1 +all", "v=spf1 exp=h.example.net -all", "v=spf1"]))


@twist(10)
def plain(b: Builder) -> None:
    b.some_terms(4)


@twist(10)
def malformed_term(b: Builder) -> None:
    b.some_terms()
    b.insert(b.rng.choice(MALFORMED))


@twist(12)
def odd_term(b: Builder) -> None:
    b.some_terms(1)
    standard_names(b)
    b.insert(b.rng.choice(ODD_BUT_VALID))
    if b.chance(0.3):
        b.insert(b.rng.choice(ODD_BUT_VALID))


@twist(3)
def white_space(b: Builder) -> None:
    b.some_terms()
    text = " ".join(["v=spf1", *b.terms, "-all"])
    where = b.rng.choice([i for i, c in enumerate(text) if c == " "])
    b.publish(b.rng.choice([text[:where] + "   " + text[where:], text + " ", text + "   ", " " + text, "v=spf1",
                            text[:where] + "\t" + text[where + 1:], text + "\t", text[:where] + "\r\n" + text[where:],
                            text.replace(" ", "\t", 1), text[:where] + "\0" + text[where + 1:], "v=spf1 ", text + "\n",
                            text[:where] + "\xa0" + text[where + 1:]]))


@twist(3)
def letter_case(b: Builder) -> None:
    b.some_terms(3)
    text = " ".join(["v=spf1", *b.terms, "-all"])
    b.publish(b.rng.choice([text.upper(), text.title(), "V=SPF1" + text[6:], text.swapcase()]))


@twist(4)
def which_record(b: Builder) -> None:
    b.some_terms(1)
    text = " ".join(["v=spf1", *b.terms, "-all"])
    others = ["v=spf10 +all", "v=spf1+all", "v=spf", "spf2.0/pra +all", "spf2.0/mfrom,pra -all", "v=spf2 -all", "hello",
              "", "v=DMARC1; p=none", "\xe4\xf6\xfc", "v=spf1.0 +all", " v=spf1 -all", '"v=spf1 +all"', "v=spf1\t+all"]
    chosen = [b.rng.choice(others) for _ in range(b.rng.randrange(3))]
    chosen += [text] * b.rng.choice([0, 1, 1, 1, 2])
    if b.chance(0.2):
        chosen.append(b.rng.choice(["v=spf1 +all", "V=spf1 ?all", "v=spf1"]))
    b.rng.shuffle(chosen)
    for one in chosen:
        b.txt(b.domain, one)
    b.is_published = True


@twist(3)
def strings(b: Builder) -> None:
    b.some_terms()
    text = " ".join(["v=spf1", *b.terms, "-all"])
    cuts = sorted(b.rng.sample(range(len(text) + 1), b.rng.choice([1, 2, 3])))
    b.txt(b.domain, *(text[i:j] for i, j in zip([0, *cuts], [*cuts, len(text)])))
    b.is_published = True


@twist(3)
def odd_octets(b: Builder) -> None:
    b.some_terms()
    text = " ".join(["v=spf1", *b.terms, b.rng.choice(["x=y -all", "a:foo.example.com -all", "-all"])])
    where = b.rng.randrange(3, len(text) + 1)
    octet = chr(b.rng.choice([0, 1, 7, 27, 31, 127, 128, 160, 0xC3, 0xE9, 255, 34, 92, 123, 126]))
    b.publish(text[:where] + octet + text[where:])


@twist(5)
def cidr(b: Builder) -> None:
    bits = b.rng.randrange(33)
    bits6 = b.rng.choice([0, 1, 8, 31, 32, 63, 64, 96, 112, 120, 121, 127, 128])
    near = str(ipaddress.ip_address(int(ipaddress.ip_address("192.0.2.1")) ^ (1 << b.rng.randrange(32))))
    near6 = str(ipaddress.ip_address(int(ipaddress.ip_address("2001:db8::cafe:1")) ^ (1 << b.rng.randrange(128))))
    b.client = "2001:db8::cafe:1" if b.is_v6 else "192.0.2.1"
    kind = b.rng.choice(["ip", "a", "mx", "mixed"])
    if kind == "ip":
        b.insert(f"ip6:{near6}/{bits6}" if b.is_v6 else f"ip4:{near}/{bits}")
    else:
        host = b.add("c.example.net", "AAAA" if b.is_v6 else "A", near6 if b.is_v6 else near)
        if kind == "mixed":  # the other family, too
            b.add(host, "A" if b.is_v6 else "AAAA", near if b.is_v6 else near6)
        b.add(host, "MX", (0, host))
        lengths = b.rng.choice([f"/{bits}//{bits6}", f"/{bits}", f"//{bits6}"])
        b.insert(("mx:" if kind == "mx" else "a:") + host + lengths)


# Macros.

LETTERS = "slodiphv"


def macro(b: Builder, letters: str = LETTERS) -> str:
    letter = b.rng.choice(letters)
    letter = letter.upper() if b.chance(0.2) else letter
    digits = b.rng.choice(["", "", "", "1", "1", "2", "2", "3", "9", "128", "01"])
    reverse = "R" if b.chance(0.03) else b.rng.choice(["", "", "r"])
    delimiters = b.rng.choice(["", "", "", "", "-", ".", "+", "_", ".-", "=", ".+_"]) if b.chance(0.97) else ",/"
    return f"%{{{letter}{digits}{reverse}{delimiters}}}"


def expand(b: Builder, text: str) -> str:
    """What the macros of `text` give at the domain; for letters whose value is known here."""
    address = ipaddress.ip_address(b.client)
    address = getattr(address, "ipv4_mapped", None) or address
    values = {"s": f"{b.local}@{b.domain}", "l": b.local, "o": b.domain, "d": b.domain, "h": b.helo,
              "v": "in-addr" if address.version == 4 else "ip6", "p": "unknown",
              "i": str(address) if address.version == 4 else ".".join(address.exploded.replace(":", ""))}

    def value(match: re.Match[str]) -> str:
        letter, digits, reverse, delimiters = match.groups()
        parts = re.split("[" + re.escape(delimiters or ".") + "]", values[letter.lower()])
        parts = parts[::-1] if reverse else parts
        joined = ".".join(parts[-int(digits or 999):])
        return urllib.parse.quote(joined, safe="-._~") if letter.isupper() else joined

    return re.sub(r"%\{([a-zA-Z])(\d*)([rR]?)([-.+,/_=]*)\}", value, text).lower()


@twist(14)
def macros(b: Builder) -> None:
    b.some_terms(1)
    b.local = b.rng.choice([b.local, "strong-bad", "a-b_c+d.e", "=x/y,z", "UPPER.Case", "ends.with-", "-begins"])
    b.mail_from = f"{b.local}@{b.domain}"
    target = ".".join(macro(b) for _ in range(b.rng.choice([1, 1, 2, 3]))) + b.rng.choice([".m.example.net", ".m.Example.NET."])
    name = expand(b, target)
    kind = b.rng.choice(["exists", "exists", "a", "mx", "include", "redirect", "ptr"])
    if "\0" not in name and b.chance(0.8) and not any(c in name for c in " #"):
        if kind in ("include", "redirect"):
            b.txt(name, f"v=spf1 {b.qualifier()}all")
        elif kind == "mx":
            b.add(name, "MX", (10, b.host()))
        else:
            b.add(name, "A", "192.0.2.1" if kind == "exists" or b.is_v6 else b.address(True))
            if b.is_v6:
                b.a(name, True)
    if b.chance(0.3):
        validated_name(b)
    if kind == "redirect":
        b.insert(f"redirect={target}")
        b.publish(tail="")
    else:
        b.insert(f"{b.qualifier()}{kind}:{target}")


def validated_name(b: Builder) -> None:
    """PTR records of the client: validated ones and others."""
    for name in b.rng.sample([b.domain, "mail." + b.domain, "other.example.org", "bad.example.com", "example.com"],
                             b.rng.choice([1, 1, 2, 3])):
        b.add(reverse_name(b.client), "PTR", name)
        if b.chance(0.7):
            b.a(name, b.chance(0.7))


@twist(4)
def long_expansion(b: Builder) -> None:
    labels = b.rng.choice([3, 4, 5, 8])
    b.local = ".".join("l" * b.rng.choice([10, 30, 62, 63, 64]) for _ in range(labels))
    b.mail_from = f"{b.local}@{b.domain}"
    target = b.rng.choice(["%{l}.%{d}", "%{l}.%{l}.x.example.net", "%{lr}.x.example.net", "%{L}.%{s}.example.net", "%{l}"])
    name = expand(b, target)
    while len(name) > 253:
        name = name.split(".", 1)[1] if "." in name else ""
    if name:
        b.add(name, "A", "192.0.2.1")
        if b.is_v6:
            b.a(name, True)
    b.insert(b.rng.choice(["exists:", "a:", "mx:", "include:", "ptr:"]) + target)


@twist(7)
def explanation(b: Builder) -> None:
    b.some_terms(1)
    texts = ["No %{i}", "See %{c} at %{r}", "%{S} is bad", "%{l} %{o} %{d} %{h} %{v}", "100%% sure%_%-", "%{p} sent it",
             "%{x}", "%{", "100%", "p\xe4h", "tab\there", "", "%{d2} %{dr} %{l-} %{lr-.}", "%{i}.", "%{D}. trailing. ",
             "It's %{s}", "x" * 300, "%{s}%{s}%{s}" * 20, "v=spf1 -all", "%{h2r}", "%{cr}", "%{d}" * 5, "a  b", "%{T0}"]
    b.txt("x.example.net", *b.rng.choice([[b.rng.choice(texts)], [b.rng.choice(texts)], ["two ", b.rng.choice(texts)]]))
    trouble = b.rng.choice(["", "", "", "two", "missing", "tempfail", "alias", "macro"])
    target = "x.example.net"
    if trouble == "two":
        b.txt(target, "another")
    elif trouble == "missing":
        target = b.rng.choice(["nx.example.net", "example.net", "b..example.net"])
    elif trouble == "tempfail":
        target = b.add("xt.example.net", "TXT", "!TEMPFAIL")
    elif trouble == "alias":
        target = "xa.example.net"
        b.add(target, "CNAME", "x.example.net")
    elif trouble == "macro":
        target = b.rng.choice(["%{o2}.example.net", "x.%{d2r}", "%{v}.x.example.net"])
        b.txt(expand(b, target), "found by %{d}")
    place = b.rng.choice(["own", "own", "included", "redirected", "both"])
    if place in ("own", "both"):
        b.insert("exp=" + target)
    if place in ("included", "both"):
        b.insert(b.qualifier() + "include:" + b.sub_record(f"v=spf1 exp={target} -all"))
    if place == "redirected":
        b.insert("redirect=" + b.sub_record(f"v=spf1 exp={target} -all"))
    b.publish(tail="" if place == "redirected" else "-all")


# DNS.

@twist(4)
def term_limit(b: Builder) -> None:
    """9 to 12 terms that ask."""
    count = b.rng.choice([9, 10, 10, 11, 11, 12])
    style = b.rng.choice(["a", "include", "nested", "mixed", "redirect", "p"])
    if style == "a":
        b.terms = [f"a:{b.host(False)}" for _ in range(count)]
    elif style == "include":
        b.terms = [f"include:{b.sub_record('v=spf1 ?all')}" for _ in range(count)]
    elif style == "nested":
        name = b.sub_record("v=spf1 +all")
        for _ in range(count - 1):
            name = b.sub_record(f"v=spf1 include:{name} -all")
        b.terms = [f"include:{name}"]
    elif style == "redirect":
        name = b.sub_record("v=spf1 +all")
        for _ in range(count - 1):
            name = b.sub_record(f"v=spf1 redirect={name}")
        b.terms = [f"redirect={name}"]
        b.publish(tail="")
        return
    elif style == "p":
        validated_name(b)
        b.add("p.example.net", "A", "127.0.0.1")
        b.terms = ["exists:%{p}.p.example.net"] + [f"a:{b.host(False)}" for _ in range(count - 2)]
    else:
        host = b.host(False)
        b.add(host, "MX", (1, host))
        b.terms = [b.rng.choice([f"a:{host}", f"mx:{host}", f"a:{host}", f"include:{b.sub_record('v=spf1 ?all')}"])
                   for _ in range(count)]
    b.terms += b.rng.choice([[], ["ip4:192.0.2.0/24", "ip6:2001:db8::/32"], ["foo=bar"]])
    b.publish(tail=b.rng.choice(["+all", "-all", "redirect=" + b.sub_record("v=spf1 +all")]))


@twist(5)
def void_limit(b: Builder) -> None:
    """1 to 4 answers without records."""
    count = b.rng.choice([1, 2, 2, 3, 3, 4])
    for i in range(count):
        name = f"v{i}.example.net" if b.chance(0.5) else b.add(f"v{i}.example.net", "NONE", "")
        kind = b.rng.choice(["a", "a", "mx", "exists", "ptr", "mxhost", "alias", "wrong type"])
        if kind == "ptr":
            b.terms.append("ptr:" + name)
        elif kind == "mxhost":
            for j in range(b.rng.choice([1, 2])):
                b.add(f"w{i}.example.net", "MX", (j, f"{j}.{name}"))
            b.terms.append(f"mx:w{i}.example.net")
        elif kind == "alias":
            b.add(f"w{i}.example.net", "CNAME", name)
            b.terms.append(f"a:w{i}.example.net")
        elif kind == "wrong type":
            b.add(f"w{i}.example.net", "A" if b.is_v6 else "AAAA", "192.0.2.1" if b.is_v6 else "2001:db8::1")
            b.terms.append(f"a:w{i}.example.net")
        else:
            b.terms.append(f"{kind}:{name}")
    b.some_terms(1)


@twist(3)
def mx_limit(b: Builder) -> None:
    count = b.rng.choice([9, 10, 10, 11, 12])
    hit = b.rng.randrange(count + 3)
    for i in range(count):
        b.add("mm.example.net", "MX", (i, b.a(f"x{i}.example.net", i == hit)))
    if b.chance(0.15):
        b.add("mm.example.net", "MX", (99, ""))
    b.insert(b.qualifier() + "mx:mm.example.net")


@twist(3)
def ptr_limit(b: Builder) -> None:
    count = b.rng.choice([9, 10, 10, 11, 12])
    hit = b.rng.randrange(count + 2)
    for i in range(count):
        name = f"p{i}.example.com"
        b.add(reverse_name(b.client), "PTR", name)
        if b.chance(0.8):
            b.a(name, b.chance(0.1) if i != hit else True)
    b.insert(b.qualifier() + b.rng.choice(["ptr:example.com", "ptr", f"ptr:p{hit}.example.com"]))


@twist(4)
def pointer(b: Builder) -> None:
    b.some_terms(1)
    validated_name(b)
    if b.chance(0.15):
        b.add(reverse_name(b.client), "PTR", b.rng.choice(["", "_x.example.com", "l" * 63 + ".example.com"]))
    if b.chance(0.4):
        b.insert(b.rng.choice(["exists:%{p}.p.example.net", "exists:%{p2}.p.example.net", "a:%{p}", "include:%{p}"]))
        for name in ("unknown", b.domain, "mail." + b.domain, "example.com"):
            if b.chance(0.5):
                b.add(name + ".p.example.net", "A", "127.0.0.2")
    else:
        b.insert(b.qualifier() + b.rng.choice(["ptr", "ptr:example.com", "ptr:EXAMPLE.org", "ptr:xample.com", "ptr:%{d2}"]))


@twist(3)
def loops(b: Builder) -> None:
    b.some_terms(1)
    style = b.rng.choice(["self", "redirect self", "mutual", "redirect mutual", "macro", "include then redirect"])
    if style == "self":
        b.insert("include:" + b.domain)
    elif style == "macro":
        b.insert("include:%{d}")
    elif style == "mutual":
        b.insert("include:" + b.sub_record(f"v=spf1 include:{b.domain} -all"))
    elif style == "include then redirect":
        b.insert("include:" + b.sub_record(f"v=spf1 redirect={b.domain}"))
    else:
        b.insert("redirect=" + (b.domain if style == "redirect self" else b.sub_record(f"v=spf1 redirect={b.domain}")))
        b.publish(tail="")


@twist(4)
def aliases(b: Builder) -> None:
    length = b.rng.choice([1, 2, 7, 8, 9, 11, -1, -2])
    kind = b.rng.choice(["a", "mx", "mxhost", "exists", "include", "redirect", "record", "exp"])
    end = b.name("end")
    if length > 0:
        names = [f"c{i}.example.net" for i in range(length)] + [end]
    else:
        names = [f"c{i}.example.net" for i in range(-length)] + ["c0.example.net"]
    if kind == "record":
        names[0] = b.domain
        names = names[:-1] + [b.domain] if length < 0 else names
    for name, target in zip(names, names[1:]):
        b.add(name, "CNAME", target)
    b.a(end, b.chance(0.6))
    if kind == "exists":
        b.add(end, "A", "127.0.0.2")
    b.add(end, "MX", (0, end))
    b.txt(end, "v=spf1 ?all" if kind != "exp" else "because %{d}")
    if kind == "record":
        b.is_published = True
    elif kind == "mxhost":
        b.add("mh.example.net", "MX", (0, names[0]))
        b.insert("mx:mh.example.net")
    elif kind in ("redirect", "exp"):
        b.insert(f"{kind}={names[0]}")
        b.publish(tail="" if kind == "redirect" else "-all")
    else:
        b.insert(f"{kind}:{names[0]}")


@twist(7)
def failures(b: Builder) -> None:
    b.some_terms(1)
    q = b.qualifier()
    kind = b.rng.choice(["record", "include", "redirect", "a", "mx", "mxhost", "ptr", "ptrname", "exists", "p",
                         "exp", "all types"])
    bad = b.rng.choice([False, True, True])
    name = "t.example.net"
    if kind == "record":
        b.add(b.domain, b.rng.choice(["TXT", "*", "A"]), "!TEMPFAIL")
        b.is_published = b.records[-1][1] != "A" or b.chance(0.5)
        return
    wanted = "AAAA" if b.is_v6 else "A"
    other = "A" if b.is_v6 else "AAAA"
    if kind == "include" or kind == "redirect":
        b.add(name, "TXT" if bad else "A", "!TEMPFAIL")
        if not bad:
            b.txt(name, "v=spf1 ?all")
        b.insert(f"{q}include:{name}" if kind == "include" else f"redirect={name}")
        b.publish(tail="" if kind == "redirect" else None)
        return
    if kind in ("a", "exists"):
        b.add(name, wanted if kind == "a" and bad else "A" if kind == "exists" and bad else other, "!TEMPFAIL")
        b.insert(f"{q}{kind}:{name}")
    elif kind == "mx":
        b.add(name, "MX" if bad else "TXT", "!TEMPFAIL")
        b.insert(f"{q}mx:{name}")
    elif kind == "mxhost":
        hosts = [b.host(), name]
        b.rng.shuffle(hosts)
        for i, host in enumerate(hosts):
            b.add("mh.example.net", "MX", (i, host))
        b.add(name, wanted if bad else other, "!TEMPFAIL")
        b.insert(f"{q}mx:mh.example.net")
    elif kind in ("ptr", "p"):
        b.add(reverse_name(b.client), "PTR", "!TEMPFAIL")
        if b.chance(0.5):
            b.add("unknown.p.example.net", "A", "127.0.0.2")
        b.insert(q + ("ptr" if kind == "ptr" else "exists:%{p}.p.example.net"))
    elif kind == "ptrname":
        for one in b.rng.sample(["t.example.com", b.domain, "m." + b.domain], 2):
            b.add(reverse_name(b.client), "PTR", one)
            if b.chance(0.5):
                b.add(one, wanted, "!TEMPFAIL")
            else:
                b.a(one, True)
        b.insert(q + b.rng.choice(["ptr", "ptr:example.com", "exists:%{p}.p.example.net"]))
    elif kind == "exp":
        b.add(name, "TXT", "!TEMPFAIL")
        b.insert(f"exp={name}")
    else:
        b.add(name, "*", "!TEMPFAIL")
        b.insert(q + b.rng.choice(["a:", "mx:", "exists:", "include:", "ptr:"]) + name)


@twist(6)
def nothing_there(b: Builder) -> None:
    """Names that do not exist, or exist without the type that is asked."""
    b.some_terms(1)
    name = b.rng.choice(["nx.example.net", b.add("nodata.example.net", "NONE", ""), "below.h.example.net",
                         b.txt("text.example.net", "just text"), b.add("a.example.net", "A", "198.51.100.9")])
    kind = b.rng.choice(["a", "mx", "exists", "include", "ptr", "redirect", "record", "exp"])
    if kind == "record":
        b.is_published = True
        if b.chance(0.5):
            b.add(b.domain, b.rng.choice(["NONE", "A"]), "192.0.2.1")
        b.mail_from = f"{b.local}@{b.domain}"
    elif kind in ("redirect", "exp"):
        b.insert(f"{kind}={name}")
        b.publish(tail=b.rng.choice(["", "-all", "~all"]) if kind == "redirect" else "-all")
    else:
        b.insert(f"{b.qualifier()}{kind}:{name}")


@twist(2)
def null_mx(b: Builder) -> None:
    b.add("n.example.net", "MX", (0, ""))
    if b.chance(0.4):
        b.add("n.example.net", "MX", (10, b.host()))
    if b.chance(0.5):
        b.a("n.example.net", True)
    b.insert("mx:n.example.net" + b.cidr())


@twist(4)
def names(b: Builder) -> None:
    """Targets that are hardly names, or none."""
    b.some_terms(1)
    long = ".".join(["n" * 49] * 5)  # 249 octets
    target = b.rng.choice(["l" * 63 + ".example.net", "l" * 64 + ".example.net", "a..example.net", ".example.net",
                           long + ".com", long + ".comm", long + ".example.com", "..com", "a.example.net..", "_x._y.com",
                           "-.example.net", "%{l}..example.net", "*.example.net", "a_b.example.net", "x.example.net."])
    kind = b.rng.choice(["a", "mx", "exists", "include", "ptr", "redirect", "exp"])
    stripped = target.rstrip(".").lower()
    if b.chance(0.7) and "%" not in target:
        b.a(stripped, b.chance(0.7))
        b.add(stripped, "A", "127.0.0.2") if kind == "exists" else None
        b.add(stripped, "MX", (1, b.host()))
        b.txt(stripped, "v=spf1 ?all" if kind != "exp" else "because %{d}")
    if kind in ("redirect", "exp"):
        b.insert(f"{kind}={target}")
        b.publish(tail="" if kind == "redirect" else "-all")
    else:
        b.insert(f"{b.qualifier()}{kind}:{target}")


# Identities and clients.

@twist(7)
def identity(b: Builder) -> None:
    b.some_terms(1)
    kind = b.rng.choice(["helo", "null", "null", "odd local", "odd local", "8-bit local", "domain", "helo domain", "no local"])
    if kind in ("helo", "null"):
        b.mail_from = None if kind == "helo" else ""
        b.helo = b.domain
    elif kind == "odd local":
        b.local = b.rng.choice(["a b", "a..b", "a%b", "%{d}", "a@b", "x\ty", "a\\b", "a\"b", "a(b", "a<b", "l" * 70, ".", "a/b",
                                "a$b", "a;b", "a|b", "a'b", "~a", "a:b", "a%%b", "x\x01y", "*"])
        b.mail_from = f"{b.local}@{b.domain}"
    elif kind == "8-bit local":
        b.local = b.rng.choice(["m\xc3\xbcller", "\xe4", "\xff", "\xd0\xb6"])
        b.mail_from = f"{b.local}@{b.domain}"
    elif kind == "no local":
        b.mail_from = f"@{b.domain}"
    else:
        domain = b.rng.choice(["localhost", "[192.0.2.1]", "l" * 64 + ".example.com", "a..example.com", ".example.com",
                               "D.Example.COM", "d.example.com.", "_d.example.com", "192.0.2.1", "example", "d.example.com..",
                               ".".join(["n" * 49] * 5) + ".com", ".".join(["n" * 49] * 5) + ".example.com",
                               "xn--bcher-kva.example",
                               "a-.example.com", "d.example.c", "1.2"])
        b.domain = domain.rstrip(".").lower()
        b.mail_from = f"{b.local}@{domain}"
        if kind == "helo domain":
            b.mail_from, b.helo = None, domain
    if b.chance(0.5):
        b.insert(b.rng.choice(["exists:%{l}.l.example.net", "exists:%{s}.l.example.net", "-exists:%{L}.l.example.net",
                               "include:%{l}.l.example.net", "exists:%{l1r-}.l.example.net", "a:%{o}",
                               "exists:%{h}.l.example.net"]))
        for local in ("postmaster", b.local):
            if b.chance(0.7) and not any(c in local for c in " \t#"):
                b.add(f"{local}.l.example.net".lower(), "A", "127.0.0.2")
                b.txt(f"{local}.l.example.net".lower(), "v=spf1 +all")


@twist(3)
def client(b: Builder) -> None:
    b.client = b.rng.choice(["::ffff:192.0.2.1", "::ffff:c000:201", "2001:db8::1", "::1", "127.0.0.1", "192.0.2.1", "0.0.0.0",
                             "255.255.255.255", "fe80::1", "::", "::192.0.2.1", "2001:DB8::CAFE:1"])
    b.is_v6 = ":" in b.client and "ffff" not in b.client
    b.some_terms(2)
    b.insert(b.rng.choice(["ip4:192.0.2.1", "ip6:::ffff:192.0.2.1", "ip4:0.0.0.0/0", "ip6:::/0", "exists:%{i}.i.example.net",
                           "exists:%{ir}.%{v}.i.example.net", "exp=x.example.net", "ip4:127.0.0.1", "ip6:::1", "ip6:::/96"]))
    b.add(expand(b, "%{i}.i.example.net"), "A", "127.0.0.2")
    b.add(expand(b, "%{ir}.%{v}.i.example.net"), "A", "127.0.0.2")
    b.txt("x.example.net", "%{c} %{i} %{v}")


@twist(4)
def modifiers(b: Builder) -> None:
    """redirect and exp where they should not be, or in numbers."""
    b.some_terms(1)
    target = b.sub_record(b.rng.choice(["v=spf1 -all", "v=spf1 +all", "v=spf1 ?all", "v=spf1 foo",
                                        "v=spf1 redirect=nx.example.net"]))
    extra = b.rng.choice([["redirect=" + target], ["redirect=" + target] * 2, ["exp=x.example.net"] * 2, ["exp=x.example.net"],
                          ["exp=x.example.net", "EXP=y.example.net"], ["redirect=" + target, "exp=x.example.net"],
                          ["foo=1", "foo=2"], ["redirect=" + target, "Redirect=" + target]])
    b.txt("x.example.net", "Because %{d}.")
    b.terms = extra + b.terms if b.chance(0.5) else b.terms + extra
    b.publish(tail=b.rng.choice(["", "", "-all", "?all"]))


def as_dns_has_it(records: list[tuple[str, str, Any]]) -> list[tuple[str, str, Any]]:
    """Without records of a type that fails, and without a second CNAME of a name."""
    failing = {(owner, type_) for owner, type_, value in records if value == "!TEMPFAIL"}
    kept: list[tuple[str, str, Any]] = []
    aliases: set[str] = set()
    for name, type_, value in records:
        if value != "!TEMPFAIL" and ((name, type_) in failing or (name, "*") in failing or type_ == "CNAME" and name in aliases):
            continue
        if type_ == "CNAME":
            aliases.add(name)
        kept.append((name, type_, value))
    return kept


def generate(seed: int, number: int) -> Case:
    """The case of this number: the same for the same arguments, whatever was generated before."""
    rng = random.Random(f"spf {seed} {number}")
    weights = [weight for weight, _ in TWISTS.values()]
    names = rng.choices(list(TWISTS), weights, k=1 if rng.random() < 0.85 else 2)
    builder = Builder(rng)
    for name in names:
        if not builder.is_published:
            TWISTS[name][1](builder)
    if not builder.is_published:
        builder.publish()
    return Case(f"{seed}/{number}", " and ".join(names), builder.client, builder.helo, builder.mail_from,
                as_dns_has_it(builder.records))
