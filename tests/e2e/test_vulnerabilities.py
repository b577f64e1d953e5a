#!/usr/bin/python3
"""Attacks that other programs of this kind fell to, each sent through the milter protocol to a running assayd.

A test is named after the vulnerability and tells what happened there and why it cannot here. docs/vulnerabilities.md lists them.
The messages are our own; sizes stand around the buffers of those programs.
"""

import itertools
import pathlib
import re
import sys
import tempfile
import unittest
import urllib.parse

import authres

import daemon
import dns_stand
import samples
from header_fields import NAMES, fields_of
from sender import Sender, zone_text
from test_attacks import passing_authors

sys.path.insert(0, str(samples.FOLDER))
import make  # noqa: E402  pylint: disable=wrong-import-position

ATTACKER = "attacker.example"
ATTACKER_IP = "198.51.100.66"
AUTHOR_IP = make.AUTHOR_IP.encode()
RESULTS = b"Authentication-Results"
KEY = b"v=DKIM1; k=rsa; p=" + make.public_rsa(make.RSA_AUTHOR).encode()
RECORD_OCTETS = 8192  # The most that is read of a record.
NAME_OCTETS = 253  # RFC 7208 section 7.3: of a domain name in a query.


def record(name, octets):
    return f"{name}. TXT {zone_text(octets)}"


def filled(octets, text, pad=b"x"):
    """`text` with padding behind it, `octets` long."""
    assert len(text) <= octets
    return text + pad * (octets - len(text))


# ---- SPF macros ---------------------------------------------------------------------------------------------------

# Domains below macro.example, local parts, and macro-strings that `exists:` holds.
MACROS = [
    # libspf2 reversed into a buffer measured for something else: long names, many labels, one label, few kept.
    *[(domain, "joe", "%{" + letters + "}.ok.example")
      for domain in ("a.b.c", ".".join("abcdefghijklmnopqrstuvwxyz" * 4), "a" * 63 + "." + "b" * 63, "x-y.z-y")
      for letters in ("dr", "d1r", "d2r", "d9r", "d127r", "d128r", "d999r", "dr-", "d2r.-", "d1r+,/_=-.", "D", "or", "O2r")],
    *[("l", local, "%{" + letters + "}.ok.example")
      for local in ("joe", "a-b-c-d", "-".join("abcdefghij" * 3), "x" * 63)
      for letters in ("l", "L", "lr-", "l1r-", "L2r-", "l99r-")],
    # Literal text behind so many macros that a buffer of 511 octets with a head of 4 for each is full.
    *[(f"n{count}", "joe", "%{d}." * count + "ok.example") for count in (1, 10, 50, 51, 84, 85, 86, 126, 127, 128, 129, 500)],
    *[(f"s{count}", "joe", "%{d3}" * count + ".ok.example") for count in (1, 2, 3)],
    # The bounds of literal text.
    *[(f"t{octets}", "joe", ".".join(["y" * 9] * 60)[:octets].rstrip(".") + "z.%{d1r}.ok.example")
      for octets in (200, 230, 236, 237, 238, 239, 240, 253, 254, 255, 256, 257, 507, 508, 509, 510, 511, 512)],
]
# No macro-string by RFC 7208 section 7.1: 1*DIGIT of a transformer is not zero, and what is open is closed.
MALFORMED_MACROS = ["%", "%{", "%{d", "%{d1", "%{d1r", "%{}", "%{x}", "%{1}", "%{r1d}", "%{d0}", "%{d0r}", "%{d-1}", "%{drr}",
                    "%{d.r}", "%{dr", "%(d)", "%d", "%{d}%", "%%%", "%{c}", "%{r}", "%{t}", "%{d}" * 127 + "%{",
                    "%{" + "d" * 300 + "}"]
EXPLANATIONS = {
    # libspf2 kept 4 octets less than it took for the literal text of an explanation.
    **{f"e{octets}": "x" * octets for octets in (1, *range(251, 258), 496, 499, 500, 501, 507, 508, 511, 512, 4096, 8192)},
    **{f"m{count}": "%{d}" * count + "end" for count in (1, 26, 27, 28, 126, 127, 128, 129)},
    **{f"p{count}": "%%%_%-" * count for count in (1, 84, 85, 86, 125, 126)},
    "upper": "%{L} of %{O}",
}

# Macros of the local part.
LOCAL_PARTS = ("L", "S", "L1r", "Lr-", "l", "s")


def macro_name(domain):
    return f"{domain}.macro.example"


def expanded(domain, local, text):
    """What RFC 7208 section 7.3 makes of a macro-string, written down from there: the letters, the transformers, "%%", "%_",
    "%-"."""
    values = {"d": domain, "o": domain, "l": local, "s": f"{local}@{domain}"}

    def value(macro):
        if macro[1] is None:
            return {"%%": "%", "%_": " ", "%-": "%20"}[macro[0]]
        parts = re.split(f"[{re.escape(macro[4] or '.')}]", values[macro[1].lower()])
        parts = parts[::-1] if macro[3] else parts
        joined = ".".join(parts[-int(macro[2]):] if macro[2] else parts)
        return urllib.parse.quote(joined, safe="-._~") if macro[1].isupper() else joined

    return re.sub(r"%(?:\{([A-Za-z])(\d*)(r?)([-.+,/_=]*)\}|[%_-])", value, text)


def cut(name):
    """RFC 7208 section 7.3: labels are removed at the left until it fits."""
    while len(name) > NAME_OCTETS:
        name = name.partition(".")[2]
    return name


def can_be_asked(name):
    return all(0 < len(label) < 64 for label in name.split("."))


def macro_records():
    """Each record passes by its macro-string alone: what it must expand to has an address."""
    lines = []
    names = set()
    for index, (domain, local, text) in enumerate(MACROS):
        own = macro_name(f"{domain}.i{index}")
        lines.append(record(own, f"v=spf1 exists:{text} -all".encode()))
        target = cut(expanded(own, local, text))
        if can_be_asked(target) and target not in names:
            names.add(target)
            lines.append(f"{target}. A 127.0.0.2")
    lines += [record(macro_name(f"bad{index}"), f"v=spf1 exists:{text}.ok.example -all".encode())
              for index, text in enumerate(MALFORMED_MACROS)]
    for name, text in EXPLANATIONS.items():
        lines.append(record(macro_name(name), f"v=spf1 -all exp=text.{macro_name(name)}".encode()))
        lines.append(record(f"text.{macro_name(name)}", text.encode()))
    for index, letters in enumerate(LOCAL_PARTS):
        lines.append(record(macro_name(f"high{index}"), f"v=spf1 exists:%{{{letters}}}.high.example -all".encode()))
        lines.append(record(macro_name(f"high-exp{index}"), f"v=spf1 -all exp=text.high{index}.example".encode()))
        lines.append(record(f"text.high{index}.example", f"%{{{letters}}} is not ours".encode()))
    lines.append("*.high.example. A 127.0.0.2")
    return lines


# ---- the other records --------------------------------------------------------------------------------------------

# Sizes of DMARC records and keys: around a character-string, OpenDMARC's buffers, a page, and the most that is read.
RECORD_SIZES = (254, 255, 256, 257, 511, 512, 513, 1023, 1024, 1079, 1080, 1081, 4095, 4096, 4097, RECORD_OCTETS - 1,
                RECORD_OCTETS)
ODD_POLICIES = [
    b"v=DMARC1; p=reject; sp=reject; rf=mailto:postmaster@odd.example; pct=100; ri=86400",
    b"v=DMARC1; p=reject; rf=; pct=; ri=; fo=; rua=; ruf=; adkim=; aspf=",
    b"v=DMARC1; p=reject; rf; pct; ri",
    b"v=DMARC1; p=reject;;;;; ; ;",
    b"v=DMARC1; p=reject; =; =x; x=; ==",
    b"v=DMARC1;p=reject",
    b"v=DMARC1 ; p = reject ; rua = mailto:a@odd.example!10m , mailto:b@odd.example!",
    b"v=DMARC1; p=reject; rua=mailto:" + b"," * 3000,
    b"v=DMARC1; p=reject; pct=99999999999999999999; ri=-1; fo=" + b"0:1:d:s:" * 100,
    b"v=DMARC1; p=reject; \x80\xff\x01; rua=<feedback>&amp;</feedback>",
]
PTR_NAMES = ["a.bc", "abcdefg.hijkl", "x" * 63 + ".example", ".".join(["y" * 63] * 3 + ["z" * 61])]
Z_SIZES = (1, 4095, 4096, 32_766, 32_767, 32_768, 32_769, 65_534, 65_535, 65_536, 200_000)


def zone():
    lines = [
        "$TTL 300",
        "$ORIGIN .",
        f"{ATTACKER}. A {ATTACKER_IP}",
        record(ATTACKER, f"v=spf1 ip4:{ATTACKER_IP} -all".encode()),
        record(f"s1._domainkey.{ATTACKER}", KEY),
        # Whatever name below is asked about: it may send from anywhere, and has the attacker's key.
        f"*.wild.{ATTACKER}. A {ATTACKER_IP}",
        record(f"*.wild.{ATTACKER}", b"v=spf1 +all"),
        record(f"*.wild.{ATTACKER}", KEY),
    ]
    for octets in (*RECORD_SIZES, RECORD_OCTETS + 1):
        lines.append(record(f"_dmarc.s{octets}.rua.example", filled(octets, b"v=DMARC1; p=reject; rua=mailto:")))
        key = b"v=DKIM1; k=rsa; n=" + b"n" * (octets - len(KEY) - len(b" n=;")) + b";" + KEY[len(b"v=DKIM1; k=rsa;"):]
        if octets > len(KEY) + 4:
            assert len(key) == octets
            lines.append(record(f"s1._domainkey.s{octets}.key.example", key))
            lines.append(record(f"_dmarc.s{octets}.key.example", b"v=DMARC1; p=reject"))
    lines += [record(f"_dmarc.p{index}.odd.example", text) for index, text in enumerate(ODD_POLICIES)]
    for index, name in enumerate(PTR_NAMES):
        lines += [f"{index + 1}.113.0.203.in-addr.arpa. PTR {name}.", f"{name}. A 203.0.113.{index + 1}",
                  record(name, b"v=spf1 ptr a/32 -all")]
    lines += [record("v6.example", b"v=spf1 ip6:2001:db8::/32 ip6:::1 -all"),
              record("v6-short.example", b"v=spf1 ip6:2001:db8:: ip6:: ip6:::: -all"),
              record("v6-mapped.example", b"v=spf1 ip4:192.0.2.1 -all")]
    return "\n".join(lines + macro_records()) + "\n"


class Page(unittest.TestCase):
    """docs/vulnerabilities.md, whose last column names tests."""

    def test_it_names_every_test_here_and_none_that_is_not_there(self):
        folder = pathlib.Path(__file__).resolve().parent
        page = (folder.parents[1] / "docs/vulnerabilities.md").read_text(encoding="utf-8")
        rows = [line.split("|")[1:-1] for line in page.splitlines() if line.startswith("|") and not set(line) <= set("|- ")][1:]
        named = set()
        for row in rows:
            self.assertEqual(len(row), 4, row)
            tests = re.findall(r"`(\w+)(?:\.py::(\w+))?`", row[3])
            self.assertNotEqual(tests, [], row)
            for file, function in tests:
                file, function = (file, function) if function else ("test_vulnerabilities", file)
                self.assertIn(f"    def {function}(self):\n", (folder / f"{file}.py").read_text(encoding="utf-8"))
                named.add((file, function))
        methods = [*dir(Vulnerabilities), *dir(BrokenDns)]
        ours = {("test_vulnerabilities", name) for name in methods if name.startswith("test_")}
        self.assertEqual(ours - named, set())


class Vulnerabilities(Sender, unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="assay-vulnerabilities-")
        cls.addClassCleanup(folder.cleanup)
        path = pathlib.Path(folder.name) / "zone"
        path.write_text(zone(), encoding="ascii")
        cls.zones = (samples.ZONE, path)
        cls.daemon = daemon.Daemon("arc: {trusted_sealers: [lists.example.org]}\n", zone=cls.zones)
        cls.numbers = itertools.count()

    @classmethod
    def tearDownClass(cls):
        cls.daemon.stop()

    def tearDown(self):
        self.daemon.assert_sound(self)

    def attack(self, fields, *, mail_from=f"joe@{ATTACKER}", helo=f"mail.{ATTACKER}", ip=ATTACKER_IP, **more):
        """The final answer and the record of a message from the attacker's host."""
        octets = [text if isinstance(text, bytes) else text.encode() for text in (mail_from, helo, ip)]
        return self.send(f"V{next(self.numbers)}", fields, mail_from=octets[0], helo=octets[1], ip=octets[2], **more)

    def assert_refused(self, answer, sent, *, is_signed=False):
        """By its DMARC policy, or for its From field; `is_signed` by the victim, as it was."""
        self.assertEqual((answer.kind, answer.text[:10]), (b"y", b"550 5.7.1 "), sent)
        self.assertEqual(sent["decision"]["action"], "reject")
        if not is_signed:
            self.assert_nobody_passes(sent)

    def assert_nobody_passes(self, sent):
        """Read by another implementation, the field gives the victim no pass."""
        self.assertNotEqual(sent["dmarc"]["result"], "pass")
        for result in self.results(sent):
            self.assertNotEqual((result.method, result.result), ("dmarc", "pass"))
            for one in result.properties if result.result == "pass" else ():
                self.assertNotRegex(one.value, r"^(.*@)?(.*\.)?(reject|monitor)\.example$")

    def results(self, sent):
        """The results of the field as python-authres reads them, which takes ASCII alone."""
        field = "Authentication-Results: " + re.sub(r"[^\x00-\x7f]", "u", " ".join(sent["authentication_results"].split()))
        return authres.AuthenticationResultsHeader.parse(field).results

    @staticmethod
    def split(text):
        """The fields and the body of a message."""
        head, body = text.split(b"\r\n\r\n", 1)
        return fields_of(head + b"\r\n\r\n"), body

    def stamp(self, answer):
        values = answer.inserted(RESULTS)
        self.assertEqual(len(values), 1)
        return b" ".join(values[0].split()).decode()

    # ---- OpenDMARC ------------------------------------------------------------------------------------------------

    def test_cve_2019_16378(self):
        """OpenDMARC to 1.3.2 judged the first address of a From field alone: one of the attacker's before the victim's made a
        pass. RFC 9989 section 11.5 wants each domain judged and the strictest answer; what cannot be read for certain is
        refused."""
        victim = "ceo@reject.example"
        own = f"joe@{ATTACKER}"
        several = [f"{own}, {victim}", f"{victim}, {own}", f"{own},{victim}", f"Joe <{own}>, The CEO <{victim}>",
                   f"{own},\r\n {victim}", f'"{victim}" <{own}>, <{victim}>', f"{own}, , {victim}", f"{own},\t, {victim}",
                   f"Us: {own}, {victim};", f"({victim}) {own}, {victim}", ", ".join([own] * 50 + [victim])]
        unreadable = [f"<{own}> <{victim}>", f"{own}; {victim}", f"{own} {victim}", f"<{own}>,<{victim}"]
        for value in several + unreadable:
            with self.subTest(value[:80]):
                fields, body = self.split(make.sign(make.message(value, name="several"), ATTACKER))
                answer, sent = self.attack(fields, body=body)
                # The attacker is who he is: it helps him nothing.
                self.assertEqual((sent["spf"]["mailfrom"]["result"], [one["result"] for one in sent["dkim"]]), ("pass", ["pass"]))
                self.assertEqual((sent["dmarc"]["result"], sent["dmarc"]["reason"]),
                                 ("fail", "not_aligned") if value in several else ("permerror", "from_unparsable"))
                self.assert_refused(answer, sent)
        for first, second in ((own, victim), (victim, own)):
            answer, sent = self.attack([(b"From", b" " + first.encode()), (b"Subject", b" x"), (b"from", b" " + second.encode())])
            self.assertEqual((sent["dmarc"]["result"], sent["dmarc"]["reason"]), ("permerror", "from_repeated"))
            self.assert_refused(answer, sent)

    def test_cve_2021_34555(self):
        """The cure of CVE-2019-16378 in OpenDMARC 1.4.1 compared the domains of all addresses, and one without a domain was a
        null pointer. Here an address without a domain is a From field that cannot be judged (RFC 9989 section 5.3.1):
        refused."""
        victim = "ceo@reject.example"
        # RFC 5322 section 4.4 lets list elements be empty: there is one author, whose policy it is.
        one_author = [f"{victim},", f",{victim}", f"(), {victim}", f"Us:;, {victim}", f"{victim}" + "," * 60_000]
        no_author = ["Us:;, Them:;"]
        unreadable = [f"{victim}, nobody", f"nobody, {victim}", "nobody, nobody", f"{victim}, <>", f"<>, {victim}", "<>, <>",
                      f"{victim}, @", "@, @", f"{victim}, @reject.example", f"{victim}, ceo@", "a@, b@", f'"a@b", {victim}',
                      f"{victim}, [192.0.2.1]",
                      *[f"{victim}" + ", x" * count for count in (2, 3, 4, 7, 8, 15, 16, 63, 64, 1000)],
                      *["," * count for count in (1, 2, 63, 64, 255, 256, 4095, 60_000)]]
        for value in one_author + no_author + unreadable:
            with self.subTest(value[:60]):
                answer, sent = self.attack([(b"From", b" " + value.encode())])
                self.assertEqual((sent["dmarc"]["result"], sent["dmarc"]["reason"]),
                                 ("fail", "not_aligned") if value in one_author else
                                 ("permerror", "from_without_domain" if value in no_author else "from_unparsable"))
                self.assert_refused(answer, sent)

    def test_cve_2019_20790(self):
        """policyd-spf 2.0.2 wrote one result, that of HELO where MAIL FROM had none; OpenDMARC to 1.3.2 and 1.4 took it for the
        domain of MAIL FROM. Here both identities are results with properties of their own (RFC 8601 section 2.7.2), DMARC is
        given the one of MAIL FROM (RFC 9989 section 4.4.2), and no result comes from a field."""
        fields = [(b"Received-SPF", f" Pass (helo) identity=helo; helo={ATTACKER}; envelope-from=ceo@reject.example".encode()),
                  (RESULTS, b" mx.example.net; spf=pass smtp.mailfrom=reject.example"), (b"From", b" ceo@reject.example")]
        for mail_from, expected in (("any@nowhere.reject.example", "none"), ("ceo@reject.example", "fail"),
                                    ("ceo@mail.reject.example", "fail"), ("(any@reject.example", "none"), ("", "pass"),
                                    ("reject.example", "none")):
            with self.subTest(mail_from):
                answer, sent = self.attack(fields, mail_from=mail_from, helo=ATTACKER)
                self.assertEqual(sent["spf"]["helo"]["result"], "pass")
                self.assertEqual(sent["spf"]["mailfrom"]["result"], expected)
                self.assertEqual(sent["dmarc"]["result"], "fail")
                self.assert_refused(answer, sent)
                of_helo = [one for result in self.results(sent) for one in result.properties if one.name == "helo"]
                self.assertEqual([one.value for one in of_helo], [ATTACKER])

    def test_cve_2020_12272(self):
        """OpenDKIM and policyd-spf wrote domains as they came, OpenDMARC to 1.4.0 read them up to a parenthesis, a quote or a
        semicolon: example.net(.example.com of the attacker's was example.net. Stalwart's mail-auth before 0.9.1 let line ends
        through. Here no result is read from a field, and what is written is encoded: another reader finds the whole name or
        none, and no result that is not ours."""
        for text in (b"reject.example(", b"reject.example)", b"reject.example(a)", b'reject.example"', b"reject.example'",
                     b"reject.example;", b"reject.example; dmarc=pass (",
                     b"reject.example;dmarc=pass header.from=reject.example;x=",
                     b"reject.example\\", b"reject.example ", b"reject.example\t", b"reject.example,", b"<reject.example>",
                     b"@reject.example,@any.example:x", b'"reject.example"', b"reject.example\r\n\tdmarc=pass",
                     b"reject.example\n dmarc=pass", b"reject.example\r", b"reject.example%",
                     b"reject.example\xc2\xa0", b"reject.example\xe3\x80\x82", b"reject.example/", b"reject.example="):
            name = text + b".wild." + ATTACKER.encode()
            for place in ("mail_from", "helo", "d", "s", "i"):
                for author in (b"reject.example", b"monitor.example"):
                    with self.subTest(text=text, place=place, author=author):
                        domain = name.replace(b"reject.example", author)
                        tags = {"d": ATTACKER.encode(), "s": b"s1", "i": b"@" + ATTACKER.encode()}
                        if place in tags:
                            tags[place] = (b"x@" if place == "i" else b"") + domain
                        signature = b" v=1; a=rsa-sha256; c=relaxed/relaxed; h=from; bh=AAAA; b=BBBB; " + b"; ".join(
                            tag.encode() + b"=" + value for tag, value in tags.items())
                        fields = [(b"DKIM-Signature", signature), (b"From", b" ceo@" + author)]
                        answer, sent = self.attack(fields,
                                                   mail_from=b"any@" + domain if place == "mail_from" else f"joe@{ATTACKER}",
                                                   helo=domain if place == "helo" else f"mail.{ATTACKER}")
                        self.assertEqual(sent["dmarc"]["result"], "fail")
                        self.assertEqual(sent["dmarc"]["domain"], author.decode())
                        self.assert_nobody_passes(sent)
                        # spf twice (or once, if HELO is no name), one signature, dmarc, arc, iprev: and nothing else.
                        methods = [result.method for result in self.results(sent)]
                        self.assertIn(methods, ([*["spf"] * count, "dkim", "dmarc", "arc", "iprev"] for count in (1, 2)))
                        if author == b"reject.example":
                            self.assert_refused(answer, sent)
                        # Nor by a reader that looks for words and knows no quotes.
                        self.assertEqual(passing_authors(sent["authentication_results"]), [])

    def test_cve_2020_12460(self):
        """libopendmarc to 1.4.0-beta1 read an aggregate report that did not end with a NUL, and wrote one octet behind it.
        assayd reads no reports: one that arrives is mail. What it reads from DMARC's DNS is a record of any size, which no NUL
        ends either: up to 8192 octets the policy is found; a longer one is a record that cannot be used, and the field says
        so."""
        for octets in (*RECORD_SIZES, RECORD_OCTETS + 1):
            with self.subTest(octets):
                answer, sent = self.attack([(b"From", f" ceo@s{octets}.rua.example".encode())])
                if octets <= RECORD_OCTETS:
                    self.assertEqual((sent["dmarc"]["result"], sent["dmarc"]["policy"]), ("fail", "reject"))
                    self.assert_refused(answer, sent)
                else:
                    self.assertEqual((sent["dmarc"]["result"], sent["dmarc"]["reason"]), ("permerror", "unusable_record"))
                    self.assertIn("dmarc=permerror", self.stamp(answer))
        report = b"<?xml version=\"1.0\"?><feedback><record>" + b"<row>" * 500 + b"<" * 1080
        for size in (0, 1, 1079, 1080, 1081, len(report)):
            text = make.message("noreply-dmarc@reject.example", name="report",
                                extra=["Content-Type: application/gzip; name=r.xml.gz"],
                                body=report[:size].decode())
            fields, body = self.split(make.sign(text, "reject.example"))
            answer, sent = self.attack(fields, body=body, ip=AUTHOR_IP)
            self.assertEqual(([one["result"] for one in sent["dkim"]], sent["dmarc"]["result"]), (["pass"], "pass"))
            self.assertIn("dmarc=pass", self.stamp(answer))

    def test_opendmarc_441(self):
        """OpenDMARC to 1.4.2 and develop in 2026 writes the results of an Authentication-Results field into 16 places on the
        stack, however many there are. Here a field of somebody else's is read up to its name and stays, one under our name
        goes."""
        for results in (15, 16, 17, 18, 32, 100, 1000, 10_000):
            for properties in (0, 15, 16, 17):
                one = b"; x=pass" + b" header.d=a.example" * properties
                rest = one * min(results, 800_000 // len(one))
                for name, is_ours in ((b" mx.example.net", True), (b" other.example", False)):
                    with self.subTest(results=results, properties=properties, ours=is_ours):
                        fields = [(RESULTS, name + rest), (b"From", b" a@monitor.example")]
                        if len(rest) < 300_000:
                            fields += [(b"ARC-Authentication-Results", b" i=1; a.example" + rest), (b"Received-SPF", rest)]
                        answer, sent = self.attack(fields)
                        self.assertEqual(answer.removed(), [(RESULTS, 1)] if is_ours else [])
                        self.assertEqual(sent["dmarc"]["result"], "fail")
                        self.assertNotIn("x=pass", self.stamp(answer))

    def test_opendmarc_443(self):
        """OpenDMARC's own SPF copies 256 octets of any domain, short as it may be; the name of a PTR record took it there. Here
        a name has its length. The shortest and the longest (253 octets, RFC 1035 section 2.3.4) pass by their PTR record."""
        for index, name in enumerate(PTR_NAMES):
            with self.subTest(name):
                _, sent = self.attack([(b"From", b" a@" + name.encode())], mail_from=f"a@{name}", helo=name,
                                      ip=f"203.0.113.{index + 1}")
                self.assertEqual([sent["spf"][identity]["result"] for identity in ("mailfrom", "helo")], ["pass", "pass"])
                self.assertEqual(sent["spf"]["mailfrom"]["mechanism"], "ptr")
                self.assertEqual((sent["iprev"]["result"], sent["iprev"]["name"]), ("pass", name))
                _, sent = self.attack([(b"From", b" a@" + name.encode())], mail_from=f"a@{name}", helo=name)
                self.assertEqual([sent["spf"][identity]["result"] for identity in ("mailfrom", "helo")], ["fail", "fail"])
        longer = "y" + PTR_NAMES[-1]
        _, sent = self.attack([(b"From", b" a@monitor.example")], mail_from=f"a@{longer}", helo=longer)
        self.assertEqual(sent["spf"]["mailfrom"]["result"], "none")

    def test_opendmarc_62_78(self):
        """Records found in the wild ended OpenDMARC to 1.4.0: rf= with a URI, tags without a value. RFC 9989 section 4.7: what
        is wrong behind v= and p= is ignored, so that each of these still refuses a forgery."""
        for index, text in enumerate(ODD_POLICIES):
            with self.subTest(text[:60]):
                answer, sent = self.attack([(b"From", f" ceo@p{index}.odd.example".encode())])
                self.assertEqual((sent["dmarc"]["result"], sent["dmarc"]["policy"]), ("fail", "reject"))
                self.assert_refused(answer, sent)

    def test_opendmarc_183_222_242(self):
        """OpenDMARC 1.4.1 ended at an ARC-Seal without "=", and at tokens of 512 octets and more, such as the b= of a key of
        3072 bits. Here they make a chain that fails (RFC 8617 section 5.2), which changes no DMARC result."""
        shapes = [b"x", b"i=1; none", b"(null)=pass", b"i=1; (null)=pass", b"", b";", b"=", b"i", b"i=", b"i=1", b"i=99999999999",
                  b"i=1;i=1", *[b"i=1; b=" + b"A" * octets for octets in (510, 511, 512, 513, 514, 2047, 2048, 2049, 60_000)],
                  *[b"i=1; cv=none; a=rsa-sha256; d=a.example; s=s; b=" + b"A" * octets for octets in (511, 512, 2048)]]
        for shape in shapes:
            for names in ([b"ARC-Seal"], [b"ARC-Authentication-Results"], [b"ARC-Message-Signature"],
                          [b"ARC-Seal", b"ARC-Message-Signature", b"ARC-Authentication-Results"]):
                with self.subTest(shape=shape[:40], names=names):
                    answer, sent = self.attack([*[(name, b" " + shape) for name in names], (b"From", b" ceo@reject.example")])
                    self.assertEqual((sent["arc"]["result"], sent["dmarc"]["result"]), ("fail", "fail"))
                    self.assert_refused(answer, sent)

    def test_opendmarc_274(self):
        """OpenDMARC 1.4.2 went past the end of an address in an ip6: mechanism without a colon at its end, or of the client
        ::1. Here an address is 16 octets (RFC 7208 section 5.6), or a syntax error."""
        for client, domain, expected in (("2001:db8::1", "v6.example", "pass"), ("::1", "v6.example", "pass"),
                                         ("::2", "v6.example", "fail"),
                                         ("2001:db9::1", "v6.example", "fail"), ("::1", "v6-short.example", "permerror"),
                                         ("2001:db8::", "v6-short.example", "permerror"),
                                         ("::ffff:192.0.2.1", "v6-mapped.example", "pass")):
            with self.subTest(client=client, domain=domain):
                _, sent = self.attack([(b"From", b" a@monitor.example")], mail_from=f"a@{domain}", ip=client)
                self.assertEqual(sent["spf"]["mailfrom"]["result"], expected)

    # ---- OpenDKIM -------------------------------------------------------------------------------------------------

    def test_cve_2022_48521(self):
        """OpenDKIM to 2.11.0-beta2 asked the MTA to remove forged fields first to last; each that went gave the next ones other
        numbers, so that every second one stayed. Here the highest number goes first. All patterns of seven, removed as an MTA
        removes them: what stays is what is not ours."""
        for pattern in itertools.product((False, True), repeat=7):
            values = [f" {'mx' if is_forged else 'other'}.example.net; x=pass".encode() + b" (%d)" % index
                      for index, is_forged in enumerate(pattern)]
            fields = [(NAMES[index % 4], value) for index, value in enumerate(values)]
            answer, _ = self.attack([(b"From", b" a@monitor.example"), *fields])
            left = list(values)
            for name, number in answer.removed():
                self.assertEqual(name.lower(), RESULTS.lower())
                del left[number - 1]
            self.assertEqual(left, [value for value, is_forged in zip(values, pattern) if not is_forged])

    def test_opendkim_433(self):
        """OpenDKIM (with DiagnosticDirectory) copies z= of any length into 32768 octets. Here nothing is made of z=, which is
        for diagnosis alone (RFC 6376 section 3.5), and the signature over it passes."""
        for octets in Z_SIZES:
            with self.subTest(octets):
                copied = filled(octets, b"From:joe=40reject.example|Subject:"[:octets], b"=20y")[:octets].rstrip(b"=2")
                text = make.message("office@reject.example", name="z")
                signed = make.sign(text, "reject.example", tags=[(b"z", copied or b"F")])
                fields, body = self.split(signed)
                answer, sent = self.attack(fields, body=body)
                self.assertEqual(([one["result"] for one in sent["dkim"]], sent["dmarc"]["result"]), (["pass"], "pass"))
                self.assertIn("dmarc=pass", self.stamp(answer))

    def test_opendkim_434_forged_field_over_4_kb(self):
        """OpenDKIM to 2.11 kept a field in 4096 octets to look whose it is: a longer forged one was cut, could not be read, and
        stayed. Here a field is read as long as it is, and one that cannot be read goes, too (RFC 8601 section 5)."""
        for octets in (4090, *range(4094, 4099), 8191, 8192, 8193, 32_767, 32_768, 65_535, 65_536, 65_537, 600_000):
            for form, value in (("id first", filled(octets,
                                                    b" mx.example.net; dmarc=pass header.from=reject.example (")[:-1] + b")"),
                                ("id last", b" (" + b"c" * (octets - 31) + b") mx.example.net; dmarc=pass"),
                                ("many results", filled(octets, b" mx.example.net",
                                                        b"; spf=pass smtp.mailfrom=reject.example")[:octets]),
                                ("blanks", b" " * (octets - 28) + b"mx.example.net ; dmarc=pass"),
                                ("folds", b"\n " * ((octets - 28) // 2) + b"mx.example.net ; dmarc=pass"),
                                ("unclosed", filled(octets, b" (mx.example.net; dmarc=pass"))):
                with self.subTest(octets=octets, form=form):
                    answer, sent = self.attack([(RESULTS, b" other.example; spf=pass"), (RESULTS, value),
                                                (b"From", b" a@monitor.example")])
                    self.assertEqual(answer.removed(), [(RESULTS, 2)])
                    self.assertEqual(sent["dmarc"]["result"], "fail")

    def test_opendkim_434_key_over_8_kb(self):
        """OpenDKIM with libunbound copied 8192 octets of an answer and read as many as there were. Exim to 4.80 (CVE-2012-5671)
        wrote the text of a key behind its buffer. Here a key of up to 8192 octets verifies, and a longer one is a key that
        cannot be used (permerror): a forged or genuine message then has no DKIM pass."""
        for octets in RECORD_SIZES + (RECORD_OCTETS + 1,):
            if octets <= len(KEY) + 4:
                continue
            with self.subTest(octets):
                domain = f"s{octets}.key.example"
                fields, body = self.split(make.sign(make.message(f"office@{domain}", name="key"), domain))
                answer, sent = self.attack(fields, body=body)
                self.assertEqual([one["result"] for one in sent["dkim"]], ["pass" if octets <= RECORD_OCTETS else "permerror"])
                if octets > RECORD_OCTETS:
                    self.assert_refused(answer, sent)

    def test_opendkim_139(self):
        """OpenDKIM 2.11 ended by an assertion at a domain in UTF-8. Here U-labels are looked up as A-labels (RFC 8616 section
        3), and what is no U-label is a name without a key."""
        domain = "b\u00fccher.example"
        text = make.message(f"b\u00fcro@{domain}", name="utf8", subject="Pr\u00fcfung")
        fields, body = self.split(make.sign(text, domain))
        answer, sent = self.attack(fields, body=body, mail_from=f"b\u00fcro@{domain}", helo=f"mail.{domain}", ip=AUTHOR_IP,
                                   parameters=(b"SMTPUTF8",))
        self.assertEqual(([one["result"] for one in sent["dkim"]], sent["dmarc"]["result"]), (["pass"], "pass"))
        self.assertIn("dmarc=pass", self.stamp(answer))
        for name in ("\u03ba\u03bb\u03b1\u03c1\u03b1-\u03c3\u03c9\u03bb\u03b9\u03c2.\u03b5\u03c5", "\u00fc" * 300 + ".example",
                     "xn--\u00fc.example", "\u202e.example",
                     "\u3002", "\u00fc.\u00fc." * 60 + "example", "\udcff\udcfe.example", "\udcc3.example"):
            octets = name.encode("utf-8", "surrogateescape")
            for parameters in ((), (b"SMTPUTF8",)):
                signature = b" v=1; a=rsa-sha256; h=from; bh=AAAA; b=BBBB; d=" + octets + b"; s=" + octets + b"; i=@" + octets
                answer, sent = self.attack([(b"DKIM-Signature", signature), (b"From", b" a@reject.example")],
                                           mail_from=b"a@" + octets,
                                           helo=octets, parameters=parameters)
                self.assertNotIn("pass", [one["result"] for one in sent["dkim"]])
                self.assert_refused(answer, sent)

    def test_opendkim_271(self):
        """OpenDKIM verifies and asks DNS for as many signatures as there are. Here limits.signatures of them (8), and the
        others are reported as policy, not as absent: the author's own, aligned, is verified first wherever it stands."""
        genuine, body = self.split(make.sign(make.message("office@reject.example", name="flood"), "reject.example"))
        for count in (7, 8, 9, 200, 1000):
            flood = [(b"DKIM-Signature",
                      f" v=1; a=rsa-sha256; d=d{number}.attacker.example; s=s1; h=from; bh={'A' * 43}=; b={'B' * 344}".encode())
                     for number in range(count)]
            for fields in (flood + genuine, genuine[:1] + flood + genuine[1:]):
                with self.subTest(count):
                    answer, sent = self.attack(fields, body=body)
                    results = [one["result"] for one in sent["dkim"]]
                    # The record shows a hundred.
                    self.assertEqual((len(results), results.count("pass")), (min(100, count + 1), 1))
                    self.assertEqual(results.count("policy"), max(0, len(results) - 8))
                    self.assertEqual(sent["dmarc"]["result"], "pass")
                    # 8 keys; SPF for two identities, DMARC and iprev of one message.
                    self.assertLess(sent["dns"]["queries"], 8 + 20)
                    self.assertLess(len(self.stamp(answer)), 10_000)

    # ---- OpenARC --------------------------------------------------------------------------------------------------

    def test_openarc_45(self):
        """OpenARC of 2026 (with PermitAuthenticationOverrides) writes down the chain of a message that had an
        ARC-Authentication-Results of a further instance alone, and takes the missing signature for one. A set is three fields
        or the chain fails (RFC 8617 section 5.2): then nothing of it is written as passing, and the sealer that is trusted
        moves nothing."""
        sealed = make.seal(make.message("office@reject.example", name="arc"), "lists.example.org",
                           results="dmarc=pass header.from=reject.example; spf=pass smtp.mailfrom=reject.example; "
                                   "dkim=pass header.d=reject.example", chain="none")
        fields, body = self.split(sealed)
        answer, sent = self.attack(fields, body=body)
        self.assertEqual((sent["arc"]["result"], sent["decision"]["action"]), ("pass", "accept"), "the trusted chain as it is")
        further = {b"ARC-Authentication-Results": b" i=%d; lists.example.org; dmarc=pass header.from=reject.example; arc=pass",
                   b"ARC-Message-Signature": b" i=%d; a=rsa-sha256; d=lists.example.org; s=arc; h=from; bh=AAAA; b=BBBB",
                   b"ARC-Seal": b" i=%d; a=rsa-sha256; cv=pass; d=lists.example.org; s=arc; b=BBBB"}
        for instance in (2, 3, 50, 51, 1):
            for count in (1, 2):
                for names in itertools.combinations(further, count):
                    with self.subTest(instance=instance, names=names):
                        more = [(name, further[name] % instance) for name in names]
                        answer, sent = self.attack(more + fields, body=body)
                        self.assertEqual(sent["arc"]["result"], "fail")
                        self.assertNotIn("arc=pass", sent["authentication_results"])
                        self.assert_refused(answer, sent)
        for missing in further:
            with self.subTest(missing=missing):
                answer, sent = self.attack([field for field in fields if field[0] != missing], body=body)
                self.assertEqual(sent["arc"]["result"], "fail")
                self.assert_refused(answer, sent)

    # ---- libspf2 --------------------------------------------------------------------------------------------------

    def spf(self, domain, local="joe", **more):
        """The result of MAIL FROM."""
        _, sent = self.attack([(b"From", b" a@monitor.example")],
                              mail_from=(local if isinstance(local, bytes) else local.encode())
                              + b"@" + domain.encode(), **more)
        return sent["spf"]["mailfrom"]

    def test_cve_2021_33913_and_2023_42118(self):
        """libspf2 to 1.2.10 mixed up two lengths where a macro reverses labels and wrote behind its buffer (33913); to 1.2.11
        it counted below zero where literal text stands behind many macros (42118). Here a macro expands into a string that
        grows. Each record passes by nothing but the right expansion, written down from the RFC, and which is cut to 253 octets
        at the left (RFC 7208 section 7.3); a name that cannot be asked matches nothing."""
        passes = 0
        for index, (domain, local, text) in enumerate(MACROS):
            own = macro_name(f"{domain}.i{index}")
            with self.subTest(domain=domain[:20], local=local[:20], text=text[:40], octets=len(text)):
                expected = "pass" if can_be_asked(cut(expanded(own, local, text))) else "fail"
                passes += expected == "pass"
                self.assertEqual(self.spf(own, local)["result"], expected)
        self.assertGreater(passes, 80, "most of these names can be asked")
        for index, text in enumerate(MALFORMED_MACROS):
            with self.subTest(text[:40]):
                self.assertEqual(self.spf(macro_name(f"bad{index}"))["result"], "permerror")

    def test_cve_2021_33912(self):
        """libspf2 to 1.2.10 wrote "%ffffffe4" for an octet above 127 where it had room for "%e4": an upper-case macro and a
        local part that is not ASCII. RFC 8616 section 4: with such a local part a macro of it matches nothing, so that the
        record fails; an ASCII local part passes."""
        for index, letters in enumerate(LOCAL_PARTS):
            for local in (b"\xff", b"\xff" * 2, b"\x80" * 63, b"\xff" * 64, "\u00e4".encode() * 32, b"a" * 60 + b"\xff",
                          b"\xe4-\xe4-\xe4", b"\xff" * 255,
                          b"\xff" * 4000):
                with self.subTest(letters=letters, local=local[:8], octets=len(local)):
                    for parameters in ((), (b"SMTPUTF8",)):
                        self.assertEqual(self.spf(macro_name(f"high{index}"), local, parameters=parameters)["result"], "fail")
                        self.assertEqual(self.spf(macro_name(f"high-exp{index}"), local, parameters=parameters)["result"], "fail")
            self.assertEqual(self.spf(macro_name(f"high{index}"), "joe")["result"], "pass")

    def test_cve_2021_20314(self):
        """libspf2 to 1.2.10 took 4 octets of its stack too many for the literal text of an explanation. Here an explanation is
        a string of which 500 octets are kept: the daemon survives each, and `assay spf` shows the right text."""
        for name, text in EXPLANATIONS.items():
            domain = macro_name(name)
            with self.subTest(name):
                self.assertEqual(self.spf(domain)["result"], "fail")
                shown = daemon.assay("spf", "--json", "--zone", str(self.zones[1]), "--client-ip", ATTACKER_IP, "--mail-from",
                                     f"joe@{domain}")
                self.assertEqual((shown["result"], shown["explanation"]), ("fail", expanded(domain, "joe", text)[:500]))

    # ---- Exim -----------------------------------------------------------------------------------------------------

    def test_cve_2020_28025(self):
        """Exim to 4.94.1 compared as many octets as the hash has with a bh= of the message that may be shorter, and read behind
        it. A bh= of any other length than the hash is a signature that cannot be processed, never one that verifies."""
        fields, body = self.split(make.sign(make.message("office@reject.example", name="bh"), "reject.example"))
        whole = re.search(rb"bh=([^;]*);", fields[0][1]).group(1)
        for value in (b"", b"QQ==", b"QUFB", whole[:4], whole[:40], whole[:-4], whole + b"AAAA", whole * 2, b"A" * 28,
                      b"A" * 88, b"A" * 4096, b"A" * 100_000,
                      b"=", b"====", whole[:-1], b"\xff"):
            for algorithm in (b"rsa-sha256", b"rsa-sha512", b"rsa-sha1", b"ed25519-sha256"):
                with self.subTest(value=value[:12], octets=len(value), algorithm=algorithm):
                    odd = fields[0][1].replace(b"bh=" + whole, b"bh=" + value).replace(b"a=rsa-sha256", b"a=" + algorithm)
                    self.assertNotEqual(odd, fields[0][1])
                    answer, sent = self.attack([(fields[0][0], odd), *fields[1:]], body=body)
                    # RFC 8601 section 2.7.1: what cannot "be processed" is neutral; rsa-sha1 must not be (RFC 8301 section 3.1).
                    self.assertEqual([one["result"] for one in sent["dkim"]],
                                     ["permerror" if algorithm == b"rsa-sha1" else "neutral"])
                    self.assert_refused(answer, sent)

    # ---- what no program is at fault for --------------------------------------------------------------------------

    def test_dkim_length_tag(self):
        """l= leaves the end of a body unsigned: whoever gets such a message adds a page of his own above the fold (BIMI logos
        were shown for such mail in 2024). RFC 6376 section 8.2 warns of it: with text behind l= the signature is policy, no
        pass, whatever its size; l= of the whole body is as good as none."""
        text = make.message("office@reject.example", name="length")
        head, body = make.sign(text, "reject.example", length=True).split(b"\r\n\r\n", 1)
        self.assertRegex(head, rb"; l=\d+;")
        fields = fields_of(head + b"\r\n\r\n")
        answer, sent = self.attack(fields, body=body)
        self.assertEqual(([one["result"] for one in sent["dkim"]], sent["dmarc"]["result"]), (["pass"], "pass"))
        for added in (b"x", b"x\r\n", b"\r\n\r\nx", b"<html>" * 100_000):
            with self.subTest(added[:10]):
                answer, sent = self.attack(fields, body=body + added)
                self.assertEqual(([one["result"] for one in sent["dkim"]], sent["dmarc"]["result"]), (["policy"], "fail"))
                # Its author did sign the header, as that of a message that a list changed: it is not delivered as genuine.
                self.assertEqual((sent["decision"]["action"], sent["indirect"]), ("quarantine", ["signed_headers"]))
                self.assertEqual(answer.inserted(b"X-Spam-Flag"), [b" YES"])

    def test_dkim_replay_with_a_second_field(self):
        """A genuine message is sent again with a further From or Subject: the signature covers one, the reader sees the other
        (RFC 6376 section 8.15). From may stand once (RFC 5322 section 3.6), so that a second one is refused wherever it stands.
        A second Subject is the signer's to prevent, by naming it once more in h=: then it does not verify."""
        text = make.message("office@reject.example", name="replay")
        fields, body = self.split(make.sign(text, "reject.example"))
        for name in (b"From", b"from", b"FROM"):
            for place in range(len(fields) + 1):
                answer, sent = self.attack([*fields[:place], (name, b" ceo@other.example"), *fields[place:]], body=body)
                self.assertEqual((sent["dmarc"]["result"], sent["dmarc"]["reason"]), ("permerror", "from_repeated"))
                self.assert_refused(answer, sent, is_signed=True)
        fields, body = self.split(make.sign(text, "reject.example", headers=[*make.SIGNED, b"subject", b"from"]))
        for place in range(len(fields) + 1):
            answer, sent = self.attack([*fields[:place], (b"Subject", b" another"), *fields[place:]], body=body)
            self.assertEqual([one["result"] for one in sent["dkim"]], ["fail"])
            self.assert_refused(answer, sent)


class BrokenDns(unittest.TestCase):
    """Messages of authors whose SPF record lets nobody send, so that all hangs on their keys: for a daemon that accepts what
    could not be checked, and one that defers it."""

    numbers = itertools.count()

    @classmethod
    def setUpClass(cls):
        cls.stand = dns_stand.Stand(timeout=0.3, deadline=0.6)

    @classmethod
    def tearDownClass(cls):
        cls.stand.close()

    def tearDown(self):
        for running in self.stand.daemons:
            running.assert_sound(self)

    def message(self):
        return dns_stand.Message(next(self.numbers), sealed=False)

    def answer_key(self, message, lines):
        """The DNS of the message, with those lines in place of its key."""
        own = [f'{message.spf_name} 300 TXT "v=spf1 -all"\n', *[f"{message.key_name} {line}\n" for line in lines]]
        self.stand.set_script(message.records(without=(message.spf_name, message.key_name)) + "".join(own))

    def send(self, message):
        """The results of both daemons."""
        results, = self.stand.send(message)
        return results

    def assert_passes(self, message):
        """It may be a while until a server that failed is asked again."""
        daemon.until(lambda: all(result.methods["dkim"] == "pass" for result in self.send(message)), what="a key")

    def test_opendkim_149(self):
        """OpenDKIM leaves the sockets of questions that are not answered (bogus or late answers, two threads at one resolver)
        until it can accept no connection any more. Here libunbound owns them, each question ends, and so do its socket and its
        thread's part in it."""
        self.assert_passes_now()
        before = self.stand.resources()
        faults = ("SILENCE", "SERVFAIL", "WRONGID SILENCE", "TRUNCATE TCPSILENCE", "TRUNCATE TCPCLOSE", "GARBAGE", "OTHERNAME",
                  "DELAY 700")
        for number in range(40):
            message = self.message()
            self.answer_key(message, [f"! {faults[number % len(faults)]}",
                                      f"300 TXT {dns_stand.strings(dns_stand.key_record())}"])
            self.send(message)
        after = self.stand.settled_resources(before)
        for (files, threads), (files_before, threads_before) in zip(after, before):
            self.assertLessEqual(files, files_before)
            self.assertLessEqual(threads, threads_before + 10)  # libmilter keeps some
        self.assert_passes_now()

    def assert_passes_now(self):
        message = self.message()
        self.answer_key(message, [f"300 TXT {dns_stand.strings(dns_stand.key_record())}"])
        self.assert_passes(message)

    def test_opendkim_176(self):
        """OpenDKIM 2.11 logged a time-out of DNS as a temporary failure and accepted the message as unsigned; the DMARC filter
        behind it then applied p=reject. Here a signature whose key is not at hand is temperror, DMARC is temperror with it (RFC
        9989 section 5.3.6), and no policy is applied: the message is accepted so stamped, or deferred, as policy.temperror says.
        The key is asked for again when the message comes again."""
        message = self.message()
        self.answer_key(message, ["! SILENCE"])
        accepted, deferred = self.send(message)
        for result in (accepted, deferred):
            self.assertEqual((result.methods["spf"], result.methods["dkim"].split()[0]), ("fail", "temperror"))
            self.assertEqual(result.methods["dmarc"].split()[0], "temperror")
        self.assertEqual((accepted.action, accepted.answer.kind), ("accept", b"c"))
        self.assertIn("dkim=temperror", accepted.stamp)
        self.assertIn("dmarc=temperror", accepted.stamp)
        self.assertEqual(accepted.answer.inserted(b"X-Spam-Flag"), [])
        self.assertEqual((deferred.action, deferred.answer.kind, deferred.answer.text[:3]), ("tempfail", b"y", b"451"))
        self.answer_key(message, [f"300 TXT {dns_stand.strings(dns_stand.key_record())}"])
        self.assert_passes(message)

    def test_opendkim_434_over_tcp(self):
        """The same answer of more than 8192 octets as it came there: two texts of one name, over UDP truncated, over TCP whole.
        Here each of three texts may be the key (RFC 6376 section 6.1.2 leaves it open), whatever the size of the answer."""
        key = dns_stand.key_record()
        padded = {octets: "v=DKIM1; n=" + "n" * (octets - len(key) - 4) + key[len("v=DKIM1"):] for octets in (8131, 8192, 16_000)}
        for texts, expected in ((["x" * 8131, "x" * 8192], "permerror"), ([padded[8131], padded[8192]], "pass"),
                                ([padded[16_000], padded[16_000]], "permerror"), (["x" * 16_000, padded[8131]], "pass"),
                                ([f"{number}" * 8192 for number in range(7)], "permerror")):
            with self.subTest([len(text) for text in texts]):
                message = self.message()
                self.answer_key(message, ["! TRUNCATE", *[f"300 TXT {dns_stand.strings(text)}" for text in texts]])
                for result in self.send(message):
                    self.assertEqual(result.methods["dkim"].split()[0], expected)
                    self.assertEqual(result.methods["dmarc"].split()[0], "pass" if expected == "pass" else "fail")
                    self.assertEqual(result.answer.kind, b"c" if expected == "pass" else b"y")

    def test_cve_2008_2469(self):
        """libspf2 to 1.2.7 took the length octet of a string in a TXT record for granted and copied beyond the record. Here
        such an answer is none: what hangs on it is temperror, never a pass, and never "no record"."""
        for data in ("ff", "ff6161", "05616161", "0561616161", "03616161ff", "ff" * 200, "0176ff" + "61" * 254, "c00c"):
            for what in ("key", "spf", "dmarc"):
                with self.subTest(data=data[:12], what=what):
                    message = self.message()
                    name = {"key": message.key_name, "spf": message.spf_name, "dmarc": message.dmarc_name}[what]
                    self.stand.set_script(message.records(without=(name,)) + f"{name} 300 TYPE16 {data}\n")
                    for result in self.send(message):
                        method = "dkim" if what == "key" else what
                        self.assertEqual(result.methods[method].split()[0], "temperror")


if __name__ == "__main__":
    unittest.main()
