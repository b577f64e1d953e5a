"""Internationalized mail: RFC 8616 (SPF, DKIM, DMARC), RFC 6531 (SMTPUTF8), RFC 6532 (header)."""

from suite import ATTACKER_KEY, BANK_KEY, FORGED, GENUINE, NO_DOMAIN, UNPARSABLE, case, from_bank, message, octets, sign_odd

U = "b\u00fccher.example"
A = "xn--bcher-kva.example"
U_NFD = "bu\u0308cher.example"
SELECTOR = "schl\u00fcssel"
SELECTOR_A = SELECTOR.encode("idna").decode()
UTF8 = ["SMTPUTF8"]
AUTHOR = {"author": A}


def own(name, tries, author, *, d, s="s1", tags=(), results=("pass",), expect=GENUINE, mail_from="b\u00fcro@" + U, mail_args=UTF8, stamp=(), helo=None):
    """A message of the bookshop's, signed by its key."""
    text = sign_odd(message(octets("From: ") + octets(author), name="eai-" + name), seed=BANK_KEY, d=d, s=s, tags=tags)
    from_bank("eai-" + name, tries, text, {**expect, "dkim": list(results)}, author=A, mail_from=mail_from, mail_args=mail_args, stamp=stamp,
              helo=helo or "mx." + A)


def forged(name, tries, author, expect, *, d=A, s="s1", tags=(), results=("fail",), **more):
    text = sign_odd(message(octets("From: ") + octets(author), name="eai-" + name), seed=ATTACKER_KEY, d=d, s=s, tags=tags)
    case("eai-" + name, tries, text, {**expect, "dkim": list(results)}, **more)


def build_same():
    office = "B\u00fcro <b\u00fcro@" + U + ">"
    own("all-u", "U-labels everywhere, UTF-8 local parts", office, d=U, s=SELECTOR, tags=[("i", "b\u00fcro@" + U)],
        stamp=['header.s="' + SELECTOR + '"', "header.i=b\u00fcro@" + A, "header.d=" + A, "smtp.mailfrom=" + A, "header.from=" + A])
    own("all-u-not-smtputf8", "The same without SMTPUTF8: judged alike, written in ASCII", office, d=U, s=SELECTOR, tags=[("i", "b\u00fcro@" + U)],
        mail_from="buero@" + A, mail_args=[], stamp=["header.s=" + SELECTOR_A, "header.i=@" + A, "header.d=" + A, "header.from=" + A])
    own("u-from-a-d", "U-labels in From, A-labels in d= and s= (RFC 8616 section 5: they remain valid)", office, d=A, s=SELECTOR_A)
    own("a-from-u-d", "A-labels in From, U-labels in d=", "office@" + A, d=U)
    own("a-from-a-d", "A-labels in both", "office@" + A, d=A, mail_from="office@" + A, mail_args=[])
    own("a-upper", "A-labels in capitals", "office@XN--BCHER-KVA.Example", d="Xn--Bcher-Kva.EXAMPLE", mail_from="office@XN--BCHER-KVA.EXAMPLE", mail_args=[])
    own("nfd-d", "d= decomposed: the hash is over what stands there", office, d=U_NFD)
    own("nfd-from", "From decomposed", "b\u00fcro@" + U_NFD, d=U)
    own("nfd-mail-from", "MAIL FROM decomposed", office, d=U, mail_from="b\u00fcro@" + U_NFD)
    own("upper", "Capitals in U-labels", "b\u00fcro@B\u00dcCHER.example", d="B\u00dcCHER.example", mail_from="b\u00fcro@B\u00dcCHER.EXAMPLE")
    own("ideographic-dot", "An ideographic full stop", "b\u00fcro@b\u00fccher\u3002example", d="b\u00fccher\u3002example", mail_from="b\u00fcro@b\u00fccher\uff0eexample")
    own("i-u-d-a", "i= in U-labels, d= in A-labels", office, d=A, tags=[("i", "@" + U)])
    own("i-a-d-u", "The other way round", office, d=U, tags=[("i", "b\u00fcro@mx." + A)], stamp=["header.i=b\u00fcro@mx." + A])
    own("i-quoted-printable", "i= in dkim-quoted-printable", office, d=U, tags=[("i", "b=C3=BCro@" + U)])
    own("i-quoted", "A quoted UTF-8 local part", office, d=U, tags=[("i", '"b\u00fcro"@' + U)])
    own("helo-u", "HELO in U-labels, which RFC 8616 section 4 forbids: the same name", office, d=U, helo="mx." + U)
    own("helo-u-null-sender", "The null sender and HELO in U-labels", office, d="other.example", results=("permerror",), mail_from="", helo="mx." + U)
    own("spf-alone", "SPF alone, MAIL FROM in U-labels", office, d="other.example", results=("permerror",))
    own("subdomain-u", "A subdomain in U-labels", office, d="other.example", results=("permerror",), mail_from="b\u00fcro@b\u00fccher." + U)
    own("display-u", "UTF-8 in the display name alone, no SMTPUTF8", "B\u00fcro <office@" + A + ">", d=A, mail_from="office@" + A, mail_args=[])
    own("local-part-scripts", "Local parts in other scripts", "\u9280\u884c.\u0431\u0430\u043d\u043a@" + U, d=U, mail_from="\u9280\u884c@" + U)


def build_macros():
    """RFC 8616 section 4: %{l} and %{s} never match a local part that is not ASCII; %{o} and %{d} are in A-labels."""
    failing = {**GENUINE, "spf": "fail"}
    own("macro-l-ascii", "exists:%{l} and an ASCII local part", "office@" + U, d=U, mail_from="buero@local." + U)
    own("macro-l-utf8", "exists:%{l} and one that is not", "office@" + U, d=U, mail_from="b\u00fcro@local." + U, expect=failing)
    own("macro-o", "exists:%{o} in A-labels", "office@" + U, d=U, mail_from="b\u00fcro@sender." + U)


def build_broken():
    office = "b\u00fcro@" + U
    for name, tries, d, results in [
            ("d-not-utf8", "d= that is not UTF-8", b"b\xfccher.example", "neutral"),
            ("d-overlong", "d= in an overlong form", b"b\xc0\xafcher.example", "neutral"),
            ("d-surrogate", "d= with a surrogate", b"\xed\xa0\x80.example", "neutral"),
            ("d-symbol", "A symbol (not IDNA2008)", "\u2603.example", "neutral"),
            ("d-emoji", "An emoji", "\U0001f600.example", "neutral"),
            ("d-joiner", "ZERO WIDTH JOINER without its context", "b\u00fcc\u200dher.example", "neutral"),
            ("d-bidi", "A label of both directions", "1\u05d0.example", "neutral"),
            ("d-rtl-override", "RIGHT-TO-LEFT OVERRIDE", "\u202eb\u00fccher.example", "neutral"),
            ("d-mark-first", "A combining mark first", "\u0308cher.example", "neutral"),
            ("d-mixed-label", "'xn--' and UTF-8 in one label", "xn--b\u00fccher.example", "neutral"),
            ("d-fake-a-label", "An A-label that nothing decodes: a name without a key", "xn--a.example", "permerror"),
            ("d-trailing-dot", "A dot behind it", U + ".", "neutral"),
            ("d-trailing-ideographic-dot", "An ideographic full stop behind it", U + "\u3002", "neutral"),
            ("d-fullwidth-semicolon", "FULLWIDTH SEMICOLON", "b\u00fccher.example\uff1b", "neutral"),
    ]:
        own(name, tries, office, d=d, results=(results,))
    own("s-not-utf8", "s= that is not UTF-8", office, d=U, s=b"schl\xfcssel", results=("neutral",))
    own("s-emoji", "s= an emoji", office, d=U, s="\U0001f511", results=("neutral",))
    own("i-not-utf8", "i= that is not UTF-8", office, d=U, tags=[("i", b"b\xfcro@" + octets(U))], results=("neutral",))
    own("i-foreign-u", "i= of another name in U-labels", office, d=U, tags=[("i", "@b\u00fcche.example")], results=("permerror",))
    own("i-not-utf8-encoded", "i= that is not UTF-8 when decoded", office, d=U, tags=[("i", "b=FCro@" + U)], results=("neutral",))
    for name, tries, author, expect in [
            ("from-not-utf8", "An author that is not UTF-8", b"office@b\xfccher.example", UNPARSABLE),
            ("from-local-not-utf8", "A local part that is not UTF-8", b"b\xfcro@" + octets(U), UNPARSABLE),
            ("from-surrogate", "A surrogate in the domain", b"office@\xed\xa0\x80.example", UNPARSABLE),
            ("from-emoji", "An emoji in the domain", "office@\U0001f600.example", NO_DOMAIN),
            ("from-joiner", "A joiner in the domain", "office@b\u00fcc\u200dher.example", NO_DOMAIN),
            ("from-mark-first", "A combining mark first", "office@\u0308cher.example", NO_DOMAIN),
            ("from-mixed-label", "'xn--' and UTF-8 in one label", "office@xn--b\u00fccher.example", NO_DOMAIN),
            ("from-label-64", "A label that is too long as A-label", "office@" + "\u00fc" * 58 + ".example", NO_DOMAIN),
    ]:
        own(name, tries, author, d=U, expect=expect)


def build_forged():
    bookshop = {**FORGED, "author": A}
    forged("forged-u", "The victim in U-labels", "ceo@" + U, bookshop)
    forged("forged-a", "The victim in A-labels", "ceo@" + A, bookshop, d=U)
    forged("forged-nfd", "The victim decomposed", "ceo@" + U_NFD, bookshop, d=U_NFD)
    forged("forged-soft-hyphen", "The victim with a soft hyphen", "ceo@b\u00fc\u00adcher.example", bookshop)
    forged("forged-display", "A display name of the victim's in U-labels, without quotes", f"ceo@{U} <first@attacker.example>", UNPARSABLE)
    forged("forged-twice", "The victim in both forms beside the attacker", f"ceo@{U}, ceo@{A}, first@attacker.example", bookshop)
    forged("forged-mail-from", "MAIL FROM in U-labels from elsewhere", "ceo@" + U, bookshop, mail_from="ceo@" + U, mail_args=UTF8, spf="fail")
    forged("forged-s-dots", "s= with ideographic full stops", "ceo@" + U, bookshop, d=U, s="selector\u3002_domainkey\u3002attacker", results=["permerror"])


def build_eai():
    build_same()
    build_macros()
    build_broken()
    build_forged()
