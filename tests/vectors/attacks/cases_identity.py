"""Who sent the message: HELO, MAIL FROM, and the records of DMARC."""

from suite import BANK_IP, FORGED, HOMOGRAPH, OWN, PAPER, case, from_bank, message

CEO = "From: Bank <ceo@bank.example>"


def forged(name, tries, *, author=CEO, expect=FORGED, **more):
    """A message in the bank's name."""
    case("identity-" + name, tries, message(author, name="identity-" + name), expect, **more)


def build_identity():
    forged("plain", "The attacker's own envelope passes SPF, and aligns with nothing")
    forged("helo-victim", "HELO is the victim's", helo="bank.example", spf_helo="fail")
    forged("helo-pass-mailfrom-fail", "HELO passes, MAIL FROM is the victim's: no pass may be made of the two", mail_from="ceo@bank.example", spf="fail",
           origin=f"{PAPER}, section 4.1, HELO/MAIL FROM confusion")
    forged("nonexistent-subdomain", "MAIL FROM of a subdomain that does not exist", mail_from="any@mailfrom.notexist.bank.example", spf="none",
           origin=f"{PAPER}, attack A1; espoofer server_a1")
    forged("helo-nonexistent", "Both without a record", helo="notexist.bank.example", mail_from="any@notexist.bank.example", spf="none", spf_helo="none")
    forged("paren-mailfrom", "A parenthesis, so that some take MAIL FROM for empty and check HELO", mail_from="(any@bank.example", spf="none",
           origin=f"{PAPER}, attack A2; espoofer server_a2")
    forged("null-sender", "The null sender: SPF checks postmaster@HELO (RFC 7208 section 2.4), the attacker's", mail_from="")
    forged("null-sender-victim-helo", "The null sender and the victim's HELO", mail_from="", helo="bank.example", spf="fail", spf_helo="fail")
    forged("null-sender-no-helo", "The null sender and a HELO that is no domain", mail_from="", helo="[203.0.113.66]", spf="none", spf_helo="none")
    forged("at-alone", "A reverse-path of '@' is not the null sender", mail_from="@", spf="none")
    forged("no-domain", "A reverse-path without a domain is not the null sender", mail_from="postmaster", spf="none")
    forged("quote-injection", "A quote, then the attacker's domain", mail_from="any@bank.example'@any.attacker.example", spf="none",
           origin=f"{PAPER}, figure 5(f); espoofer server_a6")
    forged("paren-injection", "A parenthesis between two domains", mail_from="any@bank.example(a.attacker.example", spf="none",
           origin=f"{PAPER}, attack A5; espoofer server_a5")
    forged("route", "A source route that names the victim", mail_from="@bank.example,@any.example:'any@attacker.example",
           origin="espoofer server_a7")
    forged("route-reverse", "A source route that names the attacker", mail_from="@attacker.example:any@bank.example", spf="fail")
    forged("quoted-at", "A quoted '@' in the local part", mail_from='"any@bank.example"@attacker.example')
    forged("quoted-angle", "A quoted '>' in the local part", mail_from='"any@bank.example> "@attacker.example')
    forged("quoted-at-reverse", "The attacker's name quoted", mail_from='"any@attacker.example"@bank.example', spf="fail")
    # None of these is a path of RFC 5321 section 4.1.2, nor is "(any@bank.example". The sender of these vectors does not say what an MTA
    # made of them (Postfix: the last '@' counts), so that they name nobody: SPF is none, of no domain that a rule could see.
    forged("two-at", "Two '@', of which one reader takes the first and another the last", mail_from="any@bank.example@attacker.example",
           spf="none")
    forged("two-at-reverse", "The other way round", mail_from="any@attacker.example@bank.example", spf="none")
    forged("bracket-inside", "A bracket closed within the path", mail_from="<any@bank.example>@attacker.example", spf="none")
    forged("comment-behind", "The victim's address in a comment behind the path", mail_from="any@attacker.example>(any@bank.example",
           spf="none")
    forged("comment-behind-null", "The victim's address in a comment behind the null path", mail_from=">(any@bank.example", spf="none")
    forged("not-ascii", "A local part that is not ASCII", mail_from="\u00e4ny@attacker.example", mail_args=["SMTPUTF8"])
    forged("homograph", "MAIL FROM in Cyrillic letters", mail_from="any@b\u0430nk.example", mail_args=["SMTPUTF8"])
    forged("prefix", "MAIL FROM begins like the victim's domain", mail_from="any@bank.example.attacker.example")
    forged("look-alike", "MAIL FROM ends like the victim's domain", mail_from="any@notbank.example")
    forged("borrowed-spf", "The attacker's record includes the victim's", mail_from="any@borrowed.attacker.example")
    forged("alias", "The attacker's name is a CNAME of the victim's", mail_from="any@alias.attacker.example", spf="fail")
    forged("underscore", "MAIL FROM of a name in the victim's zone", mail_from="any@_dmarc.bank.example", spf="none")
    forged("stamp-injection", "MAIL FROM that continues the field in which it is shown", mail_from='any@"; dmarc=pass header.from=bank.example; x="',
           spf="none")
    forged("stamp-injection-helo", "HELO that does", helo="a; dmarc=pass header.from=bank.example", spf_helo="none")
    forged("stamp-comment-helo", "HELO that opens a comment", helo="mx.attacker.example(", spf_helo="none")
    # The bank sends, but from elsewhere.
    genuine = message(CEO, name="identity-bank-null-sender")
    from_bank("identity-bank-null-sender", "A bounce of the bank: the null sender aligns by HELO", genuine, mail_from="")
    case("identity-bank-helo-only", "The bank's HELO passes, MAIL FROM is another's: HELO aligns nothing (RFC 9989 section 4.4.2)",
         message(CEO, name="identity-bank-helo-only"), FORGED, ip=BANK_IP, helo="mx.bank.example", spf="fail")


def build_dmarc():
    sub = lambda name, tries, author, **expect: case("dmarc-" + name, tries, message(f"From: <ceo@{author}>", name="dmarc-" + name),
                                                      {**FORGED, "author": author, **expect})
    sub("subdomain", "A subdomain without a record falls under the domain's", "any.bank.example")
    sub("deep-subdomain", "So does one of nine labels", "a.b.c.d.e.f.g.bank.example")
    sub("record-name", "The name of the record itself as the author's domain", "_dmarc.bank.example")
    sub("key-name", "The name of a key", "s1._domainkey.bank.example")
    sub("nonexistent", "np= for a subdomain that does not exist", "ghost.parent.example")
    sub("existing", "sp= for one that does", "mx.parent.example", policy="quarantine", action="quarantine", rule="policy.published.quarantine")
    sub("open", "p=none: delivered, and said to fail", "open.example", policy="none", action="accept", rule="policy.published.none")
    sub("alias", "A name of the attacker's whose record is a CNAME to the bank's: its own policy, and it is aligned with itself",
        "alias.attacker.example", dmarc="pass", reason=None, action="accept", rule="default")
    sub("homograph", "Cyrillic letters: another domain, the attacker's", HOMOGRAPH, policy="none", action="accept", rule="policy.published.none")
    case("dmarc-homograph-own", "The same with its own envelope: passes as what it is, never as the bank", message("From: <ceo@b\u0430nk.example>",
         name="dmarc-homograph-own"), {**OWN, "author": HOMOGRAPH}, mail_from=f"ceo@{HOMOGRAPH}", stamp=[f"header.from={HOMOGRAPH}"])
    sub("suffix-sibling", "A sibling below a public suffix (psd=y)", "bank.suffix.example")
    case("dmarc-suffix-sibling-spf", "The sibling's envelope passes; below psd=y it is another organization",
         message("From: <ceo@bank.suffix.example>", name="dmarc-suffix-sibling-spf"), {**FORGED, "author": "bank.suffix.example"},
         mail_from="joe@attacker.suffix.example")
    case("dmarc-strict-parent", "Strict alignment: the domain itself, from elsewhere", message("From: <ceo@strict.example>", name="dmarc-strict-parent"),
         {**FORGED, "author": "strict.example"})
    case("dmarc-transitional", "A name that IDNA2003 mapped to another: two domains", message("From: <ceo@fass.example>", name="dmarc-transitional"),
         {**FORGED, "author": "fass.example"}, mail_from="joe@fa\u00df.example", mail_args=["SMTPUTF8"])
    case("dmarc-attacker", "The attacker in its own name", message("From: <joe@attacker.example>", name="dmarc-attacker"), OWN)
