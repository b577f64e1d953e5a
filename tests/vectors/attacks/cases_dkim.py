"""Signatures that speak for somebody else, and results that nobody made."""

from suite import (ATTACKER_KEY, BANK_KEY, FORGED, GENUINE, HOMOGRAPH, PAPER, REPEATED, SIGNED, by_attacker, by_bank, case, message, seal,
                   sign_odd)

CEO = "From: Bank <ceo@bank.example>"
SIGNATURE = "v=1; a=ed25519-sha256; c=relaxed/relaxed; d=bank.example; s=s1; h=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b="


def plain(name):
    return message(CEO, name="dkim-" + name)


def forged(name, tries, text, results, expect=FORGED, **more):
    case("dkim-" + name, tries, text, expect, dkim=results, **more)


def odd(name, tries, results, *, expect=FORGED, origin="own", cut=None, author=CEO, case_args=None, **signature):
    """A message in the bank's name with a signature of the attacker's key."""
    text = sign_odd(message(author, name="dkim-" + name), seed=ATTACKER_KEY, **signature)
    forged(name, tries, text, results, expect, origin=origin, cut=cut, **(case_args or {}))


def build_names():
    for name, tries, d, results in [
            ("d-attacker", "The attacker's domain", "attacker.example", ["pass"]),
            ("d-victim", "The victim's domain, the attacker's key", "bank.example", ["fail"]),
            ("d-trailing-dot", "A dot behind d= (RFC 6376 section 3.5: no such domain-name)", "bank.example.", ["neutral"]),
            ("d-attacker-trailing-dot", "The same with the attacker's", "attacker.example.", ["neutral"]),
            ("d-quote", "A quote before the attacker's domain", "bank.example'a.attacker.example", ["neutral"]),
            ("d-paren", "A parenthesis", "bank.example(.attacker.example", ["neutral"]),
            ("d-comment", "A comment", "attacker.example (bank.example)", ["neutral"]),
            ("d-blank", "A blank inside", "bank.example .attacker.example", ["neutral"]),
            ("d-fold", "A fold inside", "bank.example\r\n .attacker.example", ["neutral"]),
            ("d-quoted", "In quotes", '"bank.example"', ["neutral"]),
            ("d-at", "With an '@'", "attacker.example@bank.example", ["neutral"]),
            ("d-empty", "Empty", "", ["neutral"]),
            ("d-empty-label", "An empty label", "bank..attacker.example", ["neutral"]),
            ("d-single-label", "A top-level domain, which has a key here", "example", ["neutral"]),
            ("d-suffix", "A public suffix: it may sign, and aligns with nobody below it", "suffix.example", ["pass"]),
            ("d-notbank", "A name that ends like the victim's", "notbank.example", ["pass"]),
            ("d-prefix", "A name that begins like the victim's", "bank.example.attacker.example", ["pass"]),
            ("d-alias", "A name whose key is a CNAME to the victim's", "alias.attacker.example", ["fail"]),
            ("d-domainkey", "A name below _domainkey", "s1._domainkey.attacker.example", ["pass"]),
            ("d-homograph", "Cyrillic letters", "b\u0430nk.example", ["pass"]),
            ("d-homograph-a-label", "The same as A-label", HOMOGRAPH, ["pass"]),
            ("d-wildcard", "A wildcard", "*.bank.example", ["neutral"]),
            ("d-254", "A name too long for DNS", "a." * 119 + "attacker.example", ["neutral"]),
            ("d-label-64", "A label too long for DNS", "a" * 64 + ".example", ["neutral"]),
    ]:
        odd(name, "d=: " + tries, results, d=d, origin="espoofer server_a4; " + PAPER + ", attack A4" if name == "d-quote" else "own")
    for name, tries, s, results in [
            ("s-dots", "Labels in s= stay below d=", "x._domainkey.attacker.example", ["permerror"]),
            ("s-trailing-dot", "A dot behind s=", "s1.", ["neutral"]),
            ("s-leading-dot", "A dot before s=", ".s1", ["neutral"]),
            ("s-empty-label", "An empty label", "s1..attacker", ["neutral"]),
            ("s-empty", "Empty", "", ["neutral"]),
            ("s-blank", "A blank", "selector._domainkey.attacker.example. x", ["neutral"]),
            ("s-slash", "A slash", "selector._domainkey.attacker.example/", ["neutral"]),
            ("s-backslash", "An escaped dot, as in zone files", "selector\\.x", ["neutral"]),
            ("s-escape", "An escaped NUL, as in zone files", "selector._domainkey.attacker.example.\\000", ["neutral"]),
            ("s-hash", "A '#'", "selector._domainkey.attacker.example.#", ["neutral"]),
            ("s-percent", "A percent sign", "%00", ["neutral"]),
            ("s-254", "So long that the name passes DNS's bound: never cut", "selector._domainkey.attacker.example." + "a." * 104 + "a", ["permerror"]),
            ("s-ideographic-dot", "Ideographic full stops stay below d=", "selector\u3002_domainkey\u3002attacker", ["permerror"]),
            ("s-wildcard", "A wildcard", "*", ["neutral"]),
    ]:
        odd(name, "s=: " + tries, results, d="bank.example", s=s)
    lost = {**FORGED, "dkim": ["neutral"]}
    odd("s-nul", "s=: a NUL cuts the question for the key, which then is the attacker's", ["neutral"], d="bank.example",
        s="selector._domainkey.attacker.example.\0.any", origin=f"{PAPER}, attack A3; espoofer server_a3", cut={**lost, "dkim": ["permerror"]})
    odd("d-nul", "d=: the same", ["neutral"], d="attacker.example\0.bank.example", cut={**lost, "dkim": ["permerror"]})
    odd("d-nul-victim", "d=: the same the other way round", ["neutral"], d="bank.example\0.attacker.example", cut={**lost, "dkim": ["permerror"]})
    for name, tries, i, results in [
            ("i-victim", "Another domain than d=", "ceo@bank.example", ["permerror"]),
            ("i-victim-label", "A name that only ends like d=", "ceo@bankattacker.example", ["permerror"]),
            ("i-two-at", "Two '@'", "ceo@bank.example@attacker.example", ["neutral"]),
            ("i-quoted-at", "A quoted '@'", '"ceo@bank.example"@attacker.example', ["pass"]),
            ("i-encoded-at", "An '@' in quoted-printable", "ceo=40bank.example@attacker.example", ["neutral"]),
            ("i-no-at", "No '@'", "attacker.example", ["neutral"]),
            ("i-trailing-dot", "A dot behind the domain", "ceo@attacker.example.", ["neutral"]),
            ("i-stamp", "Text that continues the field in which it is shown", "a(b=3Bdmarc=3Dpass=20header.from=3Dbank.example=3B@attacker.example",
             ["neutral"]),
    ]:
        odd(name, "i=: " + tries, results, d="attacker.example", tags=[("i", i)])


def build_shapes():
    odd("h-without-from", "h= without From (RFC 6376 section 5.4)", ["permerror"], d="attacker.example", headers=(b"to", b"subject"))
    odd("h-empty", "h= without a name", ["neutral"], d="attacker.example", headers=())
    odd("h-from-colon", "h= names 'from ' with an inner blank", ["neutral"], d="attacker.example", headers=(b"fr om",))
    odd("d-twice", "d= twice (RFC 6376 section 3.2)", ["neutral"], d="attacker.example", tags=[("d", "bank.example")])
    odd("s-twice", "s= twice", ["neutral"], d="bank.example", tags=[("s", "s1")])
    odd("d-upper", "D= is an unknown tag", ["pass"], d="attacker.example", tags=[("D", "bank.example")])
    odd("v-two", "v= twice", ["neutral"], d="attacker.example", tags=[("v", "2")])
    odd("empty-element", "';;' is no tag-list", ["neutral"], d="attacker.example; ", tags=())
    forged("no-b", "Everything but a signature", b"DKIM-Signature: " + SIGNATURE.encode() + b"\r\n" + plain("no-b"), ["neutral"])
    forged("unknown-algorithm", "a=none", b"DKIM-Signature: " + SIGNATURE.replace("ed25519-sha256", "none-none").encode() + b"AAAA\r\n" +
           plain("unknown-algorithm"), ["neutral"])
    # Genuine signatures of the bank on something else.
    signed = by_bank(plain("replay"))
    genuine = {**GENUINE, "dkim": ["pass"]}
    forged("replay-body", "The bank's signature above another body", signed.replace(b"confirm", b"send us"), ["fail"],
           {**FORGED, "action": "quarantine", "rule": "policy.indirect", "indirect": ["signed_headers"]})
    forged("replay-from", "The bank's signature above another From", signed.replace(b"ceo@bank", b"cfo@bank"), ["fail"])
    first, rest = signed.split(b"\r\nFrom:", 1)
    forged("replay-second-from", "A second From field above the one that is signed", first + b"\r\nFrom: <first@attacker.example>\r\nFrom:" + rest, ["pass"],
           REPEATED)
    forged("replay-second-from-top", "The same at the very top", b"From: <first@attacker.example>\r\n" + signed, ["pass"], REPEATED)
    forged("replay-second-from-below", "The same below, where the signature looks first", signed.replace(b"\r\nTo:", b"\r\nFrom: <first@attacker.example>\r\nTo:"),
           ["fail"], REPEATED)
    over = by_bank(plain("oversigned"), headers=[*SIGNED, b"from", b"subject"])
    forged("replay-oversigned", "A second Subject above an oversigned one", over.replace(b"\r\nFrom:", b"\r\nSubject: Urgent\r\nFrom:", 1), ["fail"])
    length = by_bank(plain("length"), length=True)
    forged("replay-length", "Text below a body that is signed with l=", length + b"Send money.\r\n", ["policy"],
           {**FORGED, "action": "quarantine", "rule": "policy.indirect", "indirect": ["signed_headers"]})
    zero = sign_odd(plain("length-zero"), seed=BANK_KEY, d="bank.example", body_length=0)
    forged("replay-length-zero", "l=0 and another body", zero.replace(b"confirm", b"send us"), ["policy"],
           {**FORGED, "action": "quarantine", "rule": "policy.indirect", "indirect": ["signed_headers"]})
    forged("replay-whole", "The bank's message as it is, sent on by somebody: still the bank's", by_bank(plain("whole")), ["pass"], genuine)
    forged("replay-d-changed", "The bank's signature with d= of the attacker: i= still names the bank",
           signed.replace(b"d=bank.example", b"d=attacker.example"), ["permerror"])
    forged("nine", "Eight of the attacker's signatures above the bank's: the aligned one is among those verified",
           nine(), ["pass"] * 7 + ["policy", "pass"], genuine)
    forged("nine-forged", "The same without the bank's", nine(False), ["pass"] * 8 + ["policy"])
    forged("subdomain-signer", "The attacker signs for a subdomain of its own name that looks like the bank's",
           by_attacker(plain("subdomain-signer"), "bank.example.attacker.example"), ["pass"])
    forged("suffix-sibling", "A sibling below a public suffix (psd=y)",
           by_attacker(message("From: <ceo@bank.suffix.example>", name="dkim-suffix-sibling"), "attacker.suffix.example"), ["pass"],
           {**FORGED, "author": "bank.suffix.example"})
    forged("suffix-parent", "The public suffix itself signs", by_attacker(message("From: <ceo@bank.suffix.example>", name="dkim-suffix-parent"),
           "suffix.example"), ["pass"], {**FORGED, "author": "bank.suffix.example"})
    forged("strict-subdomain", "Strict alignment: a signature of the parent for a subdomain",
           by_bank(message("From: <ceo@mx.strict.example>", name="dkim-strict-subdomain"), "strict.example"), ["pass"],
           {**FORGED, "author": "mx.strict.example"})


def nine(with_bank=True):
    text = plain("nine")
    if with_bank:
        text = by_bank(text)
    for _ in range(8 if with_bank else 9):
        text = by_attacker(text)
    return text


def build_dkim():
    build_names()
    build_shapes()


def build_arc():
    claims = "spf=pass smtp.mailfrom=bank.example; dkim=pass header.d=bank.example; dmarc=pass header.from=bank.example"
    quarantined = {**FORGED, "arc": "pass", "action": "quarantine", "rule": "policy.indirect", "indirect": ["arc_origin"]}
    case("arc-untrusted", "A chain of the attacker's that claims dmarc=pass: evidence of an indirect flow at most, never a pass",
         seal(message(CEO, name="arc-untrusted"), "attacker.example", results=claims), quarantined)
    case("arc-untrusted-two-authors", "The same with two authors", seal(message("From: <a@attacker.example>, <ceo@bank.example>", name="arc-two"),
         "attacker.example", results=claims), quarantined)
    broken = seal(message(CEO, name="arc-broken"), "attacker.example", results=claims)
    case("arc-broken", "The same, changed after it was sealed: proves nothing", broken.replace(b"confirm", b"send us"), FORGED, arc="fail")
    case("arc-results-alone", "An ARC-Authentication-Results field alone", b"ARC-Authentication-Results: i=1; mx.example.net; dmarc=pass header.from=bank.example\r\n"
         + message(CEO, name="arc-results-alone"), FORGED, arc="fail")
    case("arc-victim", "A chain in the bank's name with the attacker's key", seal(message(CEO, name="arc-victim"), "bank.example", results=claims),
         FORGED, arc="fail")


# Values after the colon of an Authentication-Results field, with an octet sequence that only the message can have. RFC 8601 section 5.
FORGED_RESULTS = [
    " mx.example.net; dmarc=pass header.from=bank.example",
    "mx.example.net; dmarc=pass",
    " MX.Example.NET 1; dmarc=pass",
    ' "mx.example.net"; dmarc=pass',
    ' "mx\\.example.net"; dmarc=pass',
    " (c (nested) \\) x) mx.example.net (y); dmarc=pass",
    "\r\n mx.example.net; dmarc=pass",
    "\r\n\tmx.example.net\r\n ;\r\n dmarc=pass",
    " mx.example.net/1; dmarc=pass",
    " mx.example.net garbage; dmarc=pass",
    " mx.example.net",
    " mx.example.net.; dmarc=pass",
    " mx.example.net 2; dmarc=pass",
    " other.example 2; dmarc=pass",
    " ; dmarc=pass",
    "",
    " =?utf-8?Q?mx=2Eexample=2Enet?=; dmarc=pass",
    " \uff4dx.example.net; dmarc=pass",
    " mx\u3002example\u3002net; dmarc=pass",
    " mx.exa\u00admple.net; dmarc=pass",
    " mx.example.net\u200b; dmarc=pass",
    " other.example\r mx.example.net; dmarc=pass",
    " (unclosed mx.example.net; dmarc=pass",
    " other.example (mx.example.net); dmarc=pass",
    ' "other.example" mx.example.net; dmarc=pass',
]
FOREIGN_RESULTS = [
    " other.example; dmarc=pass header.from=bank.example",
    " mx.example.net.attacker.example; dmarc=pass",
    " xmx.example.net; dmarc=pass",
    ' "other.example" 1; dmarc=pass',
    " other.example; dmarc=pass (mx.example.net)",
]


def build_results():
    names = ["Authentication-Results", "authentication-results", "AUTHENTICATION-RESULTS", "aUTHENTICATION-rESULTS"]
    for number, value in enumerate(FORGED_RESULTS, 1):
        name = f"results-forged-{number:02}"
        case(name, "A field that claims our name, or that nobody can read: removed", message("From: <ceo@open.example>", name=name,
             top=[names[number % len(names)] + ":" + value]), {**FORGED, "author": "open.example", "policy": "none", "action": "accept",
             "rule": "policy.published.none", "results_kept": 0})
    for number, value in enumerate(FOREIGN_RESULTS, 1):
        name = f"results-foreign-{number:02}"
        case(name, "Another host's field: stays", message("From: <ceo@open.example>", name=name, top=[names[number % len(names)] + ":" + value]),
             {**FORGED, "author": "open.example", "policy": "none", "action": "accept", "rule": "policy.published.none", "results_kept": 1})
    every = [names[i % len(names)] + ":" + value for i, value in enumerate(FORGED_RESULTS + FOREIGN_RESULTS)]
    case("results-all", "All of them in one message", message("From: <ceo@open.example>", name="results-all", top=every),
         {**FORGED, "author": "open.example", "policy": "none", "action": "accept", "rule": "policy.published.none",
          "results_kept": len(FOREIGN_RESULTS)})
