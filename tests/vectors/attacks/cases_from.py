"""What stands in the From field, or looks like one."""

from suite import (FORGED, GENUINE, MISSING, NO_DOMAIN, OWN, PAPER, REPEATED, UNPARSABLE, BASE, bad_from, by_attacker, by_bank, case,
                   from_bank, message, octets)

FIRST = "From: <first@attacker.example>"
CEO = "From: <ceo@bank.example>"


def field(name, tries, value, expect, **more):
    """A case with one From field of that value."""
    case("from-" + name, tries, message(octets("From: ") + octets(value), name="from-" + name), expect, **more)


def lines(name, tries, author, expect, *, top=(), extra=(), **more):
    """A case with these lines where the From field stands."""
    case("from-" + name, tries, message(*author, name="from-" + name, top=top, extra=extra), expect, **more)


def build_fields():
    lines("twice-attacker-first", "Two From fields: the filter may read one, the reader the other", [FIRST, CEO], REPEATED,
          origin=f"{PAPER}, figure 6(a); espoofer server_a8")
    lines("twice-victim-first", "The same, the other way round", [CEO, FIRST], REPEATED)
    lines("twice-same-domain", "Two From fields of one domain", ["From: <a@attacker.example>", "From: <b@attacker.example>"], REPEATED,
          origin="espoofer client_a1")
    lines("twice-identical", "The same From field twice", [FIRST, FIRST], REPEATED)
    lines("twice-apart", "The second From field is the last of the header", [FIRST], REPEATED, extra=[CEO])
    for name in ("FROM", "from", "fRoM"):
        lines(f"twice-{'-'.join(str(ord(c)) for c in name[:2])}", f"The second field is spelt {name}", [FIRST, f"{name}: <ceo@bank.example>"],
              REPEATED)
    lines("space-first-line", "A blank before the first From: the header ends there for an MTA", [" " + FIRST, CEO], MISSING,
          origin=f"{PAPER}, section 5.1; espoofer server_a9")
    lines("space-before-colon", "A blank before the colon of the second", [FIRST, "From : <ceo@bank.example>"], REPEATED,
          origin=f"{PAPER}, figure 6(c); espoofer server_a10")
    lines("space-before-colon-alone", "A blank before the colon of the only one", ["From : <ceo@bank.example>"], FORGED)
    lines("tab-before-colon", "A tab before the colon of the second", [FIRST, "From\t: <ceo@bank.example>"], REPEATED)
    lines("fold-before-colon", "A fold before the colon: no field, so that the header ends", ["From\r\n : <first@attacker.example>", CEO],
          MISSING, origin=f"{PAPER}, figure 6(b); espoofer server_a11")
    lines("without-colon", "A line without a colon ends the header", ["X-A: b", "From ceo@bank.example", FIRST], MISSING)
    lines("empty-then-second", "An empty From field, then a second one", ["From:", CEO], REPEATED)
    lines("body", "After an empty line it is text", ["X-A: b", "", FIRST], MISSING)
    lines("sender", "Sender names the victim: no reader may take it for From", [FIRST], OWN, extra=["Sender: <ceo@bank.example>"],
          origin=f"{PAPER}, figure 6(d); espoofer server_a12")
    lines("sender-alone", "Sender and no From", ["Sender: <ceo@bank.example>"], MISSING)
    lines("folded-sender", "A From field that is none, and Sender", ["From\r\n : <first@attacker.example>", "Sender: <ceo@bank.example>"], MISSING,
          origin="espoofer server_a12")
    lines("resent-from", "Resent-From names the victim", [FIRST], OWN, extra=["Resent-From: <ceo@bank.example>"],
          origin=f"{PAPER}, section 5.1; espoofer server_a13")
    lines("resent-from-alone", "Resent-From and no From", ["Resent-From: <ceo@bank.example>"], MISSING)
    lines("reply-to", "Reply-To names the victim", [FIRST], OWN, extra=["Reply-To: <ceo@bank.example>"])
    lines("x-from", "Fields whose names only end or begin so", [FIRST], OWN, extra=["X-From: <ceo@bank.example>", "From-: <ceo@bank.example>"])
    lines("control-in-name", "A control character before the name ends the header", ["X-A: b", b"\x0b" + CEO.encode(), FIRST], MISSING)
    lines("no-break-space-in-name", "So does a character that is not ASCII", ["X-A: b", "From\u00a0: <ceo@bank.example>", FIRST], MISSING)
    lines("bare-cr", "Behind a CR alone, which some readers take for a line end (RFC 5322 section 2.2)", ["X-A: b\rFrom: <ceo@bank.example>", FIRST],
          REPEATED)
    lines("bare-cr-below", "The same below the visible one", [FIRST, "X-A: b\rfrom : <ceo@bank.example>"], REPEATED)
    lines("bare-cr-alone", "Only behind a CR", ["X-A: b\rFrom: <ceo@bank.example>"], MISSING)
    lines("bare-lf", "Behind a LF alone, which an MTA takes for a line end", ["X-A: b\nFrom: <ceo@bank.example>", FIRST], REPEATED)
    lines("fold-in-subject", "In a fold of another field it is text", ["X-A: b\r\n From: <ceo@bank.example>", FIRST], OWN)
    field("bare-cr-inside", "A CR alone inside the field", "<first@attacker.example>\r, <ceo@bank.example>", UNPARSABLE)
    # NUL: libmilter ends a value there, so that the daemon sees what stands before it. Postfix delivers no more than that (docs/from-field.md).
    lines("nul-in-other-field", "Behind a NUL it is text", ["X-A: b\0From: <ceo@bank.example>", FIRST], OWN, cut=OWN)
    lines("nul-in-name", "A NUL in the name ends the header", ["X-A: b", "From\0: <ceo@bank.example>", FIRST], MISSING, cut=MISSING)
    field("nul-after-victim", "A NUL behind the victim's address", "<ceo@bank.example>\0, <first@attacker.example>", UNPARSABLE, cut=FORGED)
    field("nul-after-attacker", "A NUL behind the attacker's address", "<first@attacker.example>\0, <ceo@bank.example>", UNPARSABLE, cut=OWN)
    field("nul-in-domain", "A NUL in the domain", "<ceo@bank.example\0.attacker.example>", UNPARSABLE, cut=UNPARSABLE)


def build_several():
    two = {**FORGED}
    field("two-attacker-first", "Two authors: the one that fails decides (RFC 9989 section 11.5)", "<first@attacker.example>, <ceo@bank.example>", two,
          origin=f"{PAPER}, figure 8(a); espoofer server_a14")
    field("two-victim-first", "The other way round", "<ceo@bank.example>, <second@attacker.example>", two)
    field("two-signed", "Two authors, the attacker's signature over both", "<first@attacker.example>, <ceo@bank.example>", two)
    text = by_attacker(message("From: <first@attacker.example>, <ceo@bank.example>", name="from-two-dkim"))
    case("from-two-dkim", "Two authors, signed by one of them", text, two, dkim=["pass"])
    field("two-no-blank", "No blank behind the comma", "ceo@bank.example,<second@attacker.example>", two,
          origin=f"{PAPER}, figure 8(e); espoofer server_a18")
    field("two-quarantine", "The second one asks for quarantine", "<first@attacker.example>, <ceo@shop.example>",
          {**two, "author": "shop.example", "policy": "quarantine", "action": "quarantine", "rule": "policy.published.quarantine"})
    field("two-none", "The second one asks for nothing: delivered, and said to fail", "<first@attacker.example>, <ceo@open.example>",
          {**two, "author": "open.example", "policy": "none", "action": "accept", "rule": "policy.published.none"},
          )
    field("two-one-account", "Two mailboxes of the attacker", "<attacker@attacker.example>, <admin@attacker.example>", OWN,
          origin="espoofer client_a2")
    five = [f"<a@d{i}.attacker.example>" for i in range(4)]
    field("five-domains", "Five domains are all judged; the victim is the last", ", ".join([*five, "<ceo@bank.example>"]), two)
    field("six-domains", "Six are more than are judged", ", ".join([*five, "<a@attacker.example>", "<ceo@bank.example>"]), bad_from("too_many_authors"))
    many = ",\r\n ".join(["a@attacker.example"] * 999)
    field("1000-mailboxes", "The victim is the last of 1,000 mailboxes", many + ",\r\n <ceo@bank.example>", two)
    field("1001-mailboxes", "The victim is the last of 1,001 mailboxes", many + ",\r\n a@attacker.example,\r\n <ceo@bank.example>", UNPARSABLE)
    field("group-empty", "A group without a member", "bank.example:;", NO_DOMAIN)
    field("group-empty-open", "The same without its end", "bank.example:", NO_DOMAIN)
    field("group-both", "Both in a group", "Us: <first@attacker.example>, <ceo@bank.example>;", two)
    field("group-victim", "The victim in a group, the attacker outside", "Us: <ceo@bank.example>;, <first@attacker.example>", two)
    field("group-open-victim", "A group without its end", "Us: <first@attacker.example>, <ceo@bank.example>", two)
    field("group-name-quoted", "A group whose name is the victim's address", '"ceo@bank.example": first@attacker.example;', OWN)
    field("group-name-bare", "The same without quotes", "ceo@bank.example: first@attacker.example;", UNPARSABLE)
    field("group-nested", "A group in a group", "a: b: ceo@bank.example;, first@attacker.example;", UNPARSABLE)
    field("group-then-text", "Text behind a group", "a: first@attacker.example; ceo@bank.example", UNPARSABLE)


def build_syntax():
    for name, tries, value, *origin in [
            ("encoded-address", "An encoded word for an address", "=?utf-8?B?PGNlb0BiYW5rLmV4YW1wbGU+?=,<second@attacker.example>",
             f"{PAPER}, figure 8(b); espoofer server_a15"),
            ("route", "A source route", "<@attacker.example,@any.example:ceo@bank.example>", f"{PAPER}, figure 8(c); espoofer server_a16"),
            ("route-reverse", "A source route that names the victim", "<@bank.example:first@attacker.example>"),
            ("route-bare", "The same without brackets", "@bank.example:first@attacker.example"),
            ("quoted-pair", "A backslash before the comma", "<ceo@bank.example>\\,<second@attacker.example>",
             f"{PAPER}, figure 8(d); espoofer server_a17"),
            ("angle-then-text", "An address behind the brackets", "<any@attacker.example>ceo@bank.example",
             f"{PAPER}, figure 8(f); espoofer server_a19"),
            ("text-then-angle", "An address before the brackets", "ceo@bank.example<any@attacker.example>"),
            ("text-then-angle-space", "The same with a blank", "ceo@bank.example <any@attacker.example>"),
            ("two-angles", "Two in brackets", "<ceo@bank.example><first@attacker.example>"),
            ("two-angles-space", "The same with a blank", "<ceo@bank.example> <first@attacker.example>"),
            ("nested-angles", "Brackets in brackets", "<<ceo@bank.example>first@attacker.example>"),
            ("angle-open", "A bracket without its end", "<first@attacker.example"),
            ("angle-open-second", "The same before a second address", "<first@attacker.example, <ceo@bank.example>"),
            ("angle-closed-twice", "One end too many", "<first@attacker.example>>"),
            ("angle-empty-then", "Empty brackets first", "<>, <first@attacker.example>"),
            ("quote-open", "A quote without its end", '"ceo@bank.example <first@attacker.example>'),
            ("quote-open-late", "The same behind the address", '<first@attacker.example> "ceo@bank.example'),
            ("comment-open", "A comment without its end", "first@attacker.example (ceo@bank.example"),
            ("comment-closed", "An end without a comment", "ceo@bank.example) <first@attacker.example>"),
            ("comments-51-deep", "Comments too deep", "(" * 51 + ")" * 51 + " first@attacker.example"),
            ("two-at", "Two '@'", "ceo@bank.example@attacker.example"),
            ("two-at-reverse", "The other way round", "<first@attacker.example@bank.example>"),
            ("semicolon", "A semicolon between", "ceo@bank.example; first@attacker.example"),
            ("blank-between", "A blank between", "ceo@bank.example first@attacker.example"),
            ("quoted-at-obsolete", "A quoted '@' in an obsolete local part", '"ceo@bank.example".x@attacker.example'),
            ("tolerated-quoted-at", "A quoted '@' in the local part, in a field that is not RFC 5322", '[x] <"ceo@bank.example"@attacker.example>'),
            ("comment-in-brackets", "A comment that ends the brackets for some", "<ceo(@bank.example>)@attacker.example>"),
            ("comment-in-domain", "A comment in the domain", "<ceo@bank.example(x).attacker.example>"),
            ("blank-in-domain", "A blank in the domain (RFC 5322 section 4.4)", "<ceo@bank.example .attacker.example>"),
            ("fold-in-domain", "A fold in the domain", "<ceo@bank.example\r\n .attacker.example>"),
            ("bare-word", "A word that some read as an address", "ceo, <first@attacker.example>"),
            ("bare-quoted", "A quoted address that some read as one", '"ceo@bank.example", <first@attacker.example>'),
            ("bare-word-alone", "No '@' at all", "ceo"),
            ("encoded-local-part", "An encoded word as the local part (RFC 2047 section 5)",
             "=?utf-8?B?Y2VvQGJhbmsuZXhhbXBsZQ==?=@attacker.example"),
            ("encoded-local-part-nul", "The same with a NUL in it, as Mailsploit did",
             "=?utf-8?B?Y2VvQGJhbmsuZXhhbXBsZQ==?==?utf-8?Q?=00?=@attacker.example"),
            ("encoded-local-part-line", "The same with a line end in it",
             "=?utf-8?B?Y2VvQGJhbmsuZXhhbXBsZQ==?==?utf-8?Q?=0A?=@attacker.example"),
            ("vertical-tab", "A vertical tab", "<first@attacker.example>\x0b, <ceo@bank.example>"),
            ("escape", "An escape sequence", "\x1b[8m <first@attacker.example>"),
            ("delete", "A DEL", "<ceo@bank.example\x7f>"),
            ("ideographic-name", "An ideographic full stop in a bare display name", "ceo@bank\u3002example <first@attacker.example>"),
            ("rtl-override", "RIGHT-TO-LEFT OVERRIDE in the address", "<\u202emoc.knab@attacker.example>"),
            ("line-separator", "LINE SEPARATOR in the address", "<a\u2028b@attacker.example>"),
            ("latin-1", "An address that is not UTF-8", b"<c\xe9o@bank.example>"),
            ("empty-value", "Nothing", ""),
            # Perl's Email::Address searches for addresses where it cannot parse.
            ("comment-nested-address", "A comment in a comment, with an address", "(a (\\) <ceo@bank.example>)) <first@attacker.example>"),
            ("tolerated-quoted", "A quoted address in a field that is not RFC 5322", '"ceo@bank.example" [x] <first@attacker.example>'),
            ("tolerated-comment", "So a comment", "(ceo@bank.example) first@attacker.example."),
            ("tolerated-encoded", "So an encoded word", "=?utf-8?Q?ceo=40bank.example?= [x] <first@attacker.example>"),
            ("tolerated-group", "So a group without its end", 'Re: "ceo@bank.example" <first@attacker.example>'),
    ]:
        field(name, tries, value, UNPARSABLE, origin=origin[0] if origin else "own")
    for name, tries, value in [
            ("literal", "An address literal", "ceo@[192.0.2.10]"),
            ("literal-name", "A name in brackets", "ceo@[bank.example]"),
            ("encoded-domain", "An encoded word as the domain", "ceo@=?utf-8?Q?bank.example?="),
            ("domain-exclamation", "An octet that no name holds", "ceo@bank.example!attacker.example"),
            ("domain-slash", "The same", "ceo@bank.example/.attacker.example"),
            ("label-64", "A label of 64 octets", "ceo@" + "a" * 64 + ".attacker.example"),
            ("name-254", "A name of 254 octets", "ceo@" + "a." * 119 + "attacker.example"),
            ("fullwidth-at", "FULLWIDTH COMMERCIAL AT in the domain", "ceo@bank.example\uff20attacker.example"),
            ("fullwidth-solidus", "FULLWIDTH SOLIDUS in the domain", "ceo@bank.example\uff0f.attacker.example"),
            ("one-dot-leader", "ONE DOT LEADER: a dot inside a label", "ceo@bank\u2024example"),
            ("joiner", "ZERO WIDTH JOINER without its context", "ceo@ba\u200dnk.example"),
            ("symbol", "A symbol that IDNA2008 has not", "ceo@\u2603.example"),
            ("rtl-label", "Letters of both directions in one label (RFC 5893)", "ceo@1\u05d0.example"),
            ("one-bad-of-two", "One author without a domain spoils the field", "<first@attacker.example>, <ceo@[192.0.2.10]>"),
    ]:
        field(name, tries, value, NO_DOMAIN)
    none = {**BASE, "dmarc": "none", "reason": "no_record", "policy": None, "action": "accept", "rule": "default"}
    field("single-label", "A single label", "ceo@bank", {**none, "author": "bank"})
    field("top-level", "A top-level domain", "ceo@example", {**none, "author": "example"})
    field("trailing-dots", "Two dots behind the domain", "ceo@bank.example..", UNPARSABLE)
    for name, tries, value in [
            ("trailing-dot", "A dot behind the domain: the same name", "ceo@bank.example."),
            ("other-case", "The domain in other letters", "ceo@BANK.exAMPLE"),
            ("soft-hyphen", "A soft hyphen, which nobody sees", "ceo@ba\u00adnk.example"),
            ("fullwidth", "Full-width letters", "ceo@\uff42\uff41\uff4e\uff4b.example"),
            ("ideographic-dot", "An ideographic full stop", "ceo@bank\u3002example"),
            ("kelvin", "KELVIN SIGN for k", "ceo@ban\u212a.example"),
            ("display-of-attacker", "The display name is the attacker's, the address the victim's", '"first@attacker.example" <ceo@bank.example>'),
            ("comment-of-attacker", "So with a comment", "ceo@bank.example (first@attacker.example)"),
            ("folded", "A fold before the address", "Bank\r\n <ceo@bank.example>"),
            ("fold-first", "A fold before all", "\r\n ceo@bank.example"),
            ("empty-elements", "Empty elements of the list", ", ,ceo@bank.example,,"),
    ]:
        field(name, tries, value, FORGED)
    # The address is the attacker's. What a display name or a local part says, DMARC does not judge (RFC 9989 section 2.4).
    for name, tries, value in [
            ("display-quoted", "The victim's address as a quoted display name", '"ceo@bank.example" <first@attacker.example>'),
            ("display-quoted-angle", "With brackets", '"Bank <ceo@bank.example>" <first@attacker.example>'),
            ("display-encoded", "As an encoded word", "=?utf-8?Q?Bank_=3Cceo=40bank=2Eexample=3E?= <first@attacker.example>"),
            ("display-encoded-nul", "An encoded word with a NUL", "=?utf-8?Q?ceo=40bank=2Eexample=00?= <first@attacker.example>"),
            ("display-single-label", "A single label behind the '@'", "ceo@bank <first@attacker.example>"),
            ("comment-before", "The victim's address in a comment before", "(ceo@bank.example) first@attacker.example"),
            ("comment-after", "The same behind", "first@attacker.example (ceo@bank.example)"),
            ("comment-nested", "Comments in comments, with quoted parentheses", "(a (\\) x)) <first@attacker.example>"),
            ("comment-around-at", "Comments around the '@'", "first (x) @ (bank.example) attacker.example"),
            # The only way to write such a mailbox (RFC 5322 section 3.4.1).
            ("quoted-at", "A quoted '@' in the local part", '"ceo@bank.example"@attacker.example'),
            ("quoted-angle", "A quoted '>' in the local part", '<"ceo@bank.example>"@attacker.example>'),
            ("quoted-angle-pair", "The same by a quoted pair", '"ceo\\@bank.example\\> "@attacker.example'),
            ("quoted-comma", "A quoted comma", '"bank.example, ceo" <first@attacker.example>'),
            ("local-part-domain", "A local part that looks like a domain", "bank.example@attacker.example"),
            ("percent", "A percent sign in the local part", "ceo%bank.example@attacker.example"),
            ("bang", "A bang path", "bank.example!ceo@attacker.example"),
    ]:
        field(name, tries, value, OWN)
    none_at = lambda name: {**none, "author": name}
    field("underscore", "An underscore in the domain is a label like any other", "ceo@bank_example.attacker.example",
          {**OWN, "author": "bank_example.attacker.example"})
    field("prefix", "The victim's name in front of the attacker's", "ceo@bank.example.attacker.example",
          {**OWN, "author": "bank.example.attacker.example"})
    field("look-alike", "A name that ends like the victim's", "ceo@notbank.example", none_at("notbank.example"), dmarc="fail",
          reason="not_aligned", policy="none", rule="policy.published.none")
    field("fake-a-label", "An A-label that decodes to ASCII", "ceo@xn--bank-.example", none_at("xn--bank-.example"))
    field("fake-a-label-2", "An A-label that nothing decodes", "ceo@xn--a.example", none_at("xn--a.example"))


def build_from():
    build_fields()
    build_several()
    build_syntax()


GENUINE_FIELDS = [
    "office@bank.example",
    "<office@bank.example>",
    " <office@bank.example> ",
    "Bank <office@bank.example>",
    '"Bank" <office@bank.example>',
    '"Bank, Inc." <office@bank.example>',
    '"Bank: Office" <office@bank.example>',
    '"Bank \\"The Best\\"" <office@bank.example>',
    '"office@bank.example" <office@bank.example>',
    '"<office@bank.example>" <office@bank.example>',
    "office@bank.example <office@bank.example>",
    "office@Bank.Example <office@bank.example>",
    "Sales @ Bank <office@bank.example>",
    "\"'joe@shop.example' via List\" <office@bank.example>",
    "office@bank.example (The Office)",
    "office@bank.example (The (nested) Office \\) )",
    "(The Office) office@bank.example",
    "office@bank.example (office@bank.example)",
    "Bank (the good one) <office@bank.example> (really)",
    "Pete <pete(his account)@bank.example(his host)>",
    "The Office <office @ bank.example>",
    "Dr. J. R. Banker Jr. <office@bank.example>",
    "J.R. <office@bank.example>",
    "[EXTERNAL] Bank <office@bank.example>",
    "Bank [no-reply] <office@bank.example>",
    "Bank & Sons! #1 {x} <office@bank.example>",
    "Bank's Office <office@bank.example>",
    "=?utf-8?Q?B=C3=A4nk=2C_Inc=2E?= <office@bank.example>",
    "=?utf-8?B?QsOkbms=?= =?utf-8?Q?_Office?= <office@bank.example>",
    "=?iso-8859-1?Q?B=E4nk?=\r\n =?iso-8859-1?Q?_Office?= <office@bank.example>",
    '"=?utf-8?Q?B=C3=A4nk?=" <office@bank.example>',
    "=?utf-8?Q?office=40bank=2Eexample?= <office@bank.example>",
    "B\u00e4nk <office@bank.example>",
    b"B\xe4nk <office@bank.example>",
    "\u9280\u884c <\u9280\u884c@bank.example>",
    "Bank\r\n <office@bank.example>",
    "\r\n Bank <office@bank.example>",
    "Bank\r\n \r\n\t<office@bank.example>",
    '"Bank\r\n Office" <office@bank.example>',
    "Office: Bank <office@bank.example>;",
    "Office: office@bank.example, ceo@bank.example;",
    "Office:;, office@bank.example",
    "Office: Bank <office@bank.example>",
    "Re: your order <office@bank.example>",
    "office@bank.example, ceo@bank.example",
    ",office@bank.example,",
    "office@bank.example.",
    "Bank <office@bank.example.>",
    "<office@BANK.EXAMPLE>",
    '"office hours"@bank.example',
    '"a,b"@bank.example',
    '"office"@bank.example',
    "first.last@bank.example",
    "first..last@bank.example",
    "first.@bank.example",
    "office+tag=x!#$%&'*/?^_`{|}~-@bank.example",
    "prvs=1234abcd=office@bank.example",
    "bounce+a=b.example@bank.example",
    "<o@bank.example>",
    "Bank <office@news.bank.example>",
]

# Genuine ones are seen, and are refused all the same; docs/from-field.md says why of each.
GENUINE_REFUSED = [
    ("Bank, Inc. <office@bank.example>", "an MTA that completes addresses makes the first word one of its own domain"),
    ("Office; Bank <office@bank.example>", "some readers separate addresses by semicolons"),
    ("<office@bank.example> Bank", "text behind an address"),
    ("office@bank.example Bank", "the same"),
    ("Bank office@bank.example", "text before an address without brackets"),
    ("Joe <joe@shop.example> via List <office@bank.example>", "two addresses, and no comma"),
    ("joe@shop.example via List <office@bank.example>", "an address of another domain in a display name without quotes"),
    ('"Bank <office@bank.example>', "a quote without its end"),
    ("Bank <office@bank.example", "a bracket without its end"),
    ("Bank <office@ bank . example>", "folding between the labels of a domain"),
]


def build_genuine():
    for number, value in enumerate(GENUINE_FIELDS, 1):
        name = f"genuine-{number:02}"
        author = "news.bank.example" if b"news." in octets(value) else "bank.example"
        text = by_bank(message(octets("From: ") + octets(value), name=name))
        from_bank(name, "A genuine From field", text, {**GENUINE, "dkim": ["pass"]}, author=author, helo="mx.bank.example", mail_from="office@bank.example")
    for number, (value, why) in enumerate(GENUINE_REFUSED, 1):
        name = f"refused-{number:02}"
        text = by_bank(message("From: " + value, name=name))
        from_bank(name, f"Refused although genuine: {why}", text, {**UNPARSABLE, "dkim": ["pass"]})
