"""Why implementations of SPF disagree: a predicate for each cause, about the case and the two answers.

docs/deviations.md tells of each cause, under its id, which rule decides and who follows it. The first predicate that holds
gives the cause, so that special ones stand before general ones.
"""
from __future__ import annotations

import dataclasses
import re
from typing import Any, Callable

import report
import spf_cases
import spf_peers

PYSPF = {"pyspf", "pyspf harsh"}
MACRO = re.compile(r"%\{([a-zA-Z])(\d*)([rR]?)([-.+,/_=]*)\}")
LIBSPF2_DEFAULT = "Please see http://www.openspf.org/Why"


@dataclasses.dataclass
class Difference:
    case: spf_cases.Case
    our: dict[str, Any]
    peer: str
    its: dict[str, Any]

    @property
    def is_applicable(self) -> bool:
        """pyspf, when harsh, warns of each void lookup; that is its result, or leaves out the include that it happened in."""
        return self.peer != "pyspf harsh" or (self.its["result"] != "ambiguous" and self.our["void_lookups"] == 0
                                              and not re.match(r"No \w+ records found", self.its["reason"])
                                              and not has_host_without_address(self))

    @property
    def kind(self) -> str | None:
        if self.our["result"] != self.its["result"]:
            return "result"
        if self.our["result"] == "fail" and self.our["explanation"] != self.its_explanation:
            return "explanation" if self.peer != "pyspf harsh" else None  # its warnings spoil the explanations
        return None

    @property
    def its_explanation(self) -> str:
        text = self.its["explanation"]
        return "" if text == spf_peers.DEFAULT_EXPLANATION or text.startswith(LIBSPF2_DEFAULT) else text

    @property
    def results(self) -> tuple[str, str]:
        return self.our["result"], self.its["result"]

    @property
    def records(self) -> list[str]:
        """The SPF records of the case."""
        texts = ["".join(value) for _, type_, value in self.case.records if type_ == "TXT" and value != "!TEMPFAIL"]
        return [text for text in texts if text.lower().startswith("v=spf1")]

    @property
    def terms(self) -> list[str]:
        return [term for text in self.records for term in text.split(" ")[1:] if term]

    @property
    def macros(self) -> list[tuple[str, str, str, str]]:
        """Letter, digits, "r" or "R", delimiters of each."""
        return [macro.groups() for term in self.terms for macro in MACRO.finditer(term)]

    @property
    def syntax_rule(self) -> str:
        """What assay finds wrong with the record; empty if that is not its answer."""
        if self.our["reason"] != "syntax_error":
            return ""
        return " ".join(step["outcome"] for step in self.our["trace"] if "syntax_error" in step["outcome"])

    def cause(self) -> str | None:
        """Explanations may also differ since other terms made both fail: then by a cause of results."""
        kinds = ["result"] if self.kind == "result" else ["explanation", "result"]
        for kind in kinds:
            for cause, peers, its_kind, holds in _RULES:
                if kind == its_kind and self.peer in peers and holds(self):
                    return cause.id
        return None

    def dump(self) -> str:
        trace = "\n".join(f"  {step['domain']} {step['term']} -> {step['outcome']}" for step in self.our["trace"])
        ours = {key: value for key, value in self.our.items() if key not in ("trace", "asked")}
        return f"{self.case.id} {self.case.dump()}assay: {ours}\n{trace}\n{self.peer}: {self.its}\n"


CAUSES: list[report.Cause] = []
_RULES: list[tuple[report.Cause, set[str], str, Callable[[Difference], bool]]] = []


def rule(peers: set[str], id_: str, section: str, summary: str,
         kind: str = "result") -> Callable[[Callable[[Difference], bool]], Callable[[Difference], bool]]:
    def register(holds: Callable[[Difference], bool]) -> Callable[[Difference], bool]:
        CAUSES.append(report.Cause(id_, "RFC " + section, summary))
        _RULES.append((CAUSES[-1], peers, kind, holds))
        return holds
    return register


def also(peers: set[str], id_: str,
         kind: str = "result") -> Callable[[Callable[[Difference], bool]], Callable[[Difference], bool]]:
    """One more predicate for a cause."""
    def register(holds: Callable[[Difference], bool]) -> Callable[[Difference], bool]:
        _RULES.append((next(cause for cause in CAUSES if cause.id == id_), peers, kind, holds))
        return holds
    return register


LIBSPF2, MAIL_SPF = {"libspf2"}, {"Mail::SPF"}
ALL = PYSPF | LIBSPF2 | MAIL_SPF
RESULTS = {"pass", "fail", "softfail", "neutral"}


def values(d: Difference, owner: str) -> dict[str, str]:
    """What the macro letters stand for in a record of `owner`; not %{p}."""
    sender = d.case.mail_from or f"postmaster@{d.case.helo}"
    local, _, domain = sender.rpartition("@")
    is_v4 = spf_cases.reverse_name(d.case.client).endswith("in-addr.arpa")
    return {"s": f"{local or 'postmaster'}@{domain}", "l": local or "postmaster", "o": domain, "d": owner,
            "h": d.case.helo, "v": "in-addr" if is_v4 else "ip6", "i": "0.0.0.0" if is_v4 else ".".join("0" * 32)}


def any_macro(d: Difference, holds: Callable[[str | None, str, str, str, str], bool]) -> bool:
    """Whether a macro of an SPF record holds: value (None for %{p}), letter, digits, r, delimiters."""
    for owner, type_, strings in d.case.records:
        text = "".join(strings) if type_ == "TXT" else ""
        if text.lower().startswith("v=spf1"):
            known = values(d, owner)
            for letter, digits, reverse, delimiters in (macro.groups() for macro in MACRO.finditer(text)):
                if holds(known.get(letter.lower()), letter, digits, reverse, delimiters):
                    return True
    return False


# Identities and clients.

@rule(LIBSPF2, "spf-loopback", "7208 section 4", "a client on loopback passes without a check")
def loopback(d: Difference) -> bool:
    return d.case.client in ("127.0.0.1", "::1") and d.its["result"] == "pass"


@rule(ALL, "spf-domain-not-checkable", "7208 section 4.3", "a domain that is no multi-label name is looked up")
def domain_not_checkable(d: Difference) -> bool:
    return d.our["reason"] == "invalid_domain"


@rule(PYSPF, "spf-trailing-dot", "7208 section 4.3", "a domain with a dot at its end is taken for malformed")
def trailing_dot(d: Difference) -> bool:
    sender = d.case.mail_from or "@" + d.case.helo
    return d.its["result"] == "none" and sender.endswith(".") and not sender.endswith("..")


@also(LIBSPF2, "spf-trailing-dot")
def trailing_dot_of_target(d: Difference) -> bool:
    return (d.case.mail_from or "@" + d.case.helo).endswith(".") and any(re.match(r"[-+~?]?ptr$", t) for t in d.terms)


@rule(PYSPF, "spf-at-sign-in-local-part", "5321 section 4.1.2", "the address is split at its first '@'")
def at_sign(d: Difference) -> bool:
    return (d.case.mail_from or "").count("@") > 1


def has_no_local_part(d: Difference) -> bool:
    return not d.case.mail_from or d.case.mail_from.startswith("@")


@rule(PYSPF | MAIL_SPF, "spf-no-local-part", "7208 section 4.3", "%{s} of a sender without local part has no postmaster")
def no_local_part(d: Difference) -> bool:
    return has_no_local_part(d) and any_macro(d, lambda _v, letter, *_: letter in "sS")


@rule(ALL, "spf-local-part-not-ascii", "8616 section 4", "a local part that is not ASCII gets into names")
def local_part_not_ascii(d: Difference) -> bool:
    local = (d.case.mail_from or "").rpartition("@")[0]
    return not local.isascii() and any_macro(d, lambda _v, letter, *_: letter.lower() in "sl")


@rule(MAIL_SPF, "spf-ip6-matches-ip4", "7208 section 5", "an ip6 network that holds the mapped address matches IPv4")
def ip6_matches_ip4(d: Difference) -> bool:
    is_v4 = spf_cases.reverse_name(d.case.client).endswith("in-addr.arpa")
    return is_v4 and any(re.match(r"[-+~?]?ip6:(::/\d\d?$|::ffff|0:0:0:0:0:)", term.lower()) for term in d.terms)


@rule(LIBSPF2, "spf-zero-octet", "7208 section 4.5", "a record ends at its first octet 0")
def zero_octet(d: Difference) -> bool:
    return any("\0" in text for text in d.records)


@rule(LIBSPF2, "spf-mapped-client", "7208 section 5", "an IPv4-mapped client is taken for IPv6")
def mapped_client(d: Difference) -> bool:
    return d.case.client.lower().startswith("::ffff:")


# Syntax.

@rule(ALL, "spf-macro-upper-case-r", "7208 section 7.1", "R is not taken for r")
def upper_case_r(d: Difference) -> bool:
    return any("R" in reverse for _, _, reverse, _ in d.macros)


@rule(LIBSPF2, "spf-macro-delimiters", "7208 section 7.1", "',' and '/' are no delimiters")
def macro_delimiters(d: Difference) -> bool:
    return d.its["result"] == "permerror" and any(set(",/") & set(delimiters) for *_, delimiters in d.macros)


@rule(LIBSPF2, "spf-macro-many-parts", "7208 section 7.3", "a number above 128 is an error")
def macro_many_parts(d: Difference) -> bool:
    return d.its["result"] == "permerror" and any(int(digits or 0) > 128 for _, digits, _, _ in d.macros)


@rule(LIBSPF2, "spf-prefix-zero", "7208 section 5.6", "a prefix length of 0 is an error")
def prefix_zero(d: Difference) -> bool:
    return d.its["result"] == "permerror" and any(re.search(r"/0(//\d+)?$", term) for term in d.terms)


@rule(LIBSPF2, "spf-long-domain-spec", "7208 section 4.6.1", "a literal above 255 octets is an error")
def long_domain_spec(d: Difference) -> bool:
    return d.its["result"] == "permerror" and any(len(term) > 255 for term in d.terms)


@rule(LIBSPF2, "spf-modifier-name", "7208 section 4.6.1", "'.' in the name of a modifier is an error")
def modifier_name(d: Difference) -> bool:
    return d.its["result"] == "permerror" and any(re.match(r"[A-Za-z][\w-]*\.[\w.-]*=", term) for term in d.terms)


@rule(PYSPF, "spf-repeated-unknown-modifier", "7208 section 6", "an unknown modifier may stand only once")
def repeated_unknown_modifier(d: Difference) -> bool:
    names = [term.split("=")[0] for term in d.terms if re.match(r"[A-Za-z][\w.-]*=", term)]
    return d.its["result"] == "permerror" and any(names.count(name) > 1 for name in names)


@rule(PYSPF, "spf-modifier-case", "7208 section 4.6.1", "redirect and exp are known in lower case alone")
def modifier_case(d: Difference) -> bool:
    modifiers = ("redirect=", "exp=")
    return any(term.lower().startswith(modifiers) and not term.startswith(modifiers) for term in d.terms)


LAX = {  # cause -> rule, summary, peers, what assay says of such a term
    "spf-lax-octets": ("7208 section 4.6.1", "octets that a record cannot hold are let pass", LIBSPF2 | PYSPF,
                       "not a visible US-ASCII character"),
    "spf-lax-domain-end": ("7208 section 7.1", "a domain need not end in a top-level label", LIBSPF2,
                           "a domain must end in a top-level label"),
    "spf-lax-macro": ("7208 section 7.1", "a malformed macro is let pass", ALL,
                      "unknown macro letter|c, r and t are for|at least one part|malformed macro|'%' must be followed"),
    "spf-lax-prefix-length": ("7208 section 12", "a leading zero in a prefix length is let pass", LIBSPF2,
                              "prefix length"),
    "spf-lax-repeated-modifier": ("7208 section 6", "redirect and exp may stand twice", LIBSPF2,
                                  "may stand only once stands twice"),
    "spf-lax-name": ("7208 section 4.6.1", "redirect: is taken for redirect=", LIBSPF2,
                     '"[-+~?]?redirect:.*unknown mechanism'),
}


def _add_lax_rule(id_: str, section: str, summary: str, peers: set[str], what: str) -> None:
    @rule(peers, id_, section, summary)
    def lax(d: Difference) -> bool:
        return re.search(what, d.syntax_rule) is not None


for _id, (_section, _summary, _peers, _what) in LAX.items():
    _add_lax_rule(_id, _section, _summary, _peers, _what)


@also(MAIL_SPF, "spf-lax-domain-end")
def prefix_without_domain(d: Difference) -> bool:
    return re.search(r'"[-+~?]?(a|mx):/\d.*a domain must end', d.syntax_rule, re.I) is not None


# DNS.

def asks_ptr(d: Difference) -> bool:
    return (any(re.match(r"[-+~?]?ptr(:|$)", term, re.I) for term in d.terms)
            or any(letter.lower() == "p" for letter, *_ in d.macros))


def asks_mx(d: Difference) -> bool:
    return any(re.match(r"[-+~?]?mx([:/]|$)", term, re.I) for term in d.terms)


def has_host_without_address(d: Difference) -> bool:
    """Whether a host of an MX, or a name of the client, has no address: a void lookup, though none of a term."""
    pointer = spf_cases.reverse_name(d.case.client)
    address = "A" if pointer.endswith("in-addr.arpa") else "AAAA"
    names = {value[1] for _, type_, value in d.case.records if type_ == "MX" and value != "!TEMPFAIL" and asks_mx(d)}
    names |= {value for name, type_, value in d.case.records
              if (name, type_) == (pointer, "PTR") and value != "!TEMPFAIL" and asks_ptr(d)}
    zone = spf_peers.Zone(d.case.records)
    for name in names:
        try:
            if not zone.lookup(name, address):
                return True
        except spf_peers.TemporaryFailure:
            pass
    return False


@rule(ALL, "spf-ptr-failure", "7208 section 5.5", "a DNS failure while names are validated is a temperror")
def ptr_failure(d: Difference) -> bool:
    pointer = spf_cases.reverse_name(d.case.client)
    names = {pointer} | {value for name, type_, value in d.case.records if (name, type_) == (pointer, "PTR")}
    failing = {name for name, _, value in d.case.records if value == "!TEMPFAIL"}
    return d.its["result"] == "temperror" and asks_ptr(d) and bool(names & failing)


@rule(LIBSPF2, "spf-ptr-limit", "7208 section 4.6.4", "more than ten PTR names are an error")
def ptr_limit(d: Difference) -> bool:
    pointer = (spf_cases.reverse_name(d.case.client), "PTR")
    names = [value for name, type_, value in d.case.records if (name, type_) == pointer]
    return d.its["result"] == "permerror" and asks_ptr(d) and len(names) > 10


@rule(LIBSPF2 | MAIL_SPF, "spf-mx-limit-late", "7208 section 4.6.4", "of more than ten MX hosts, ten are asked")
def mx_limit_late(d: Difference) -> bool:
    return d.our["reason"] == "too_many_mx_hosts"


@rule(PYSPF | LIBSPF2, "spf-mx-limit-null", "7505 section 3", "the root name counts as a host of an MX")
def mx_limit_null(d: Difference) -> bool:
    exchanges = [value[1] for _, type_, value in d.case.records if type_ == "MX" and value != "!TEMPFAIL"]
    return d.its["result"] == "permerror" and "" in exchanges and len(exchanges) > 10


@rule(LIBSPF2, "spf-no-void-limit", "7208 section 4.6.4", "void lookups have no limit")
def no_void_limit(d: Difference) -> bool:
    return d.our["reason"] == "too_many_void_lookups"


@rule(PYSPF | MAIL_SPF, "spf-void-lookups-of-a-term", "7208 section 4.6.4", "each void lookup counts, not each term")
def void_lookups_of_a_term(d: Difference) -> bool:
    return d.its["result"] == "permerror" and "oid" in d.its["reason"] and (asks_mx(d) or asks_ptr(d))


@rule(ALL, "spf-p-macro-counts", "7208 section 4.6.4", "%{p} does not count as a term that asks DNS")
def p_macro_counts(d: Difference) -> bool:
    return d.our["reason"] == "too_many_lookups" and any(letter in "pP" for letter, *_ in d.macros)


@rule(LIBSPF2, "spf-term-limit-at-end", "7208 section 4.6.4", "the eleventh term is an error only if a term follows it")
def term_limit_at_end(d: Difference) -> bool:
    return d.our["reason"] == "too_many_lookups" and d.our["lookups"] == 11


@rule(PYSPF | MAIL_SPF, "spf-unused-redirect-counts", "7208 section 4.6.4", "a redirect that is not followed counts")
def unused_redirect_counts(d: Difference) -> bool:
    return ("limit (10)" in d.its["reason"] or "Too many DNS" in d.its["reason"]) and any(
        term.startswith("redirect=") for term in d.terms)


@rule(PYSPF | LIBSPF2, "spf-recursion", "7208 section 4.6.4", "a record that names itself is an error at once")
def recursion(d: Difference) -> bool:
    def names_itself(owner: str, text: str) -> bool:
        return re.search(rf"(include:|redirect=)(%\{{[dop]\}}|{re.escape(owner)})( |$)", text, re.I) is not None
    return d.its["result"] == "permerror" and any(
        names_itself(name, "".join(value)) for name, type_, value in d.case.records if type_ == "TXT")


@rule(LIBSPF2, "spf-redirect-in-order", "7208 section 6.1", "redirect is followed where it stands, before later terms")
def redirect_in_order(d: Difference) -> bool:
    return any(re.search(r" redirect=\S+ +[^ ]", text, re.I) for text in d.records)


# Macros.

@rule(LIBSPF2, "spf-macro-all-parts", "7208 section 7.3", "a macro that keeps all parts loses an octet")
def macro_all_parts(d: Difference) -> bool:
    def loses(value: str | None, _letter: str, digits: str, _reverse: str, delimiters: str) -> bool:
        parts = 1 if value is None else len(re.split("[" + re.escape(delimiters or ".") + "]", value))
        return digits != "" and int(digits) >= parts
    return any_macro(d, loses)


@rule(LIBSPF2, "spf-macro-counts-dots", "7208 section 7.3", "right-hand parts are counted by dots, whatever the delimiters")
def macro_counts_dots(d: Difference) -> bool:
    return any_macro(d, lambda value, _letter, digits, _reverse, delimiters: bool(digits and delimiters)
                     and "." not in delimiters and (value is None or "." in value))


@rule(LIBSPF2, "spf-macro-marks", "7208 section 7.3", "\"!*'()\" are not URL-escaped")
def macro_marks(d: Difference) -> bool:
    return any_macro(d, lambda value, letter, *_: letter.isupper() and re.search(r"[!*'()]", value or "") is not None)


@rule(PYSPF, "spf-macro-rejoined", "7208 section 7.3", "parts are joined with the delimiter that split them")
def macro_rejoined(d: Difference) -> bool:
    return any_macro(d, lambda value, letter, _digits, _reverse, delimiters: letter.lower() not in "sl" and any(
        c != "." and (value is None or c in value) for c in delimiters))


@rule(MAIL_SPF, "spf-macro-only-delimiters", "7208 section 7.3", "delimiters without a number or r do nothing")
def macro_only_delimiters(d: Difference) -> bool:
    return any_macro(d, lambda value, _letter, digits, reverse, delimiters: not digits and not reverse and any(
        c != "." and (value is None or c in value) for c in delimiters))


@rule(MAIL_SPF, "spf-macro-not-escaped", "7208 section 7.3", "letters in upper case do not URL-escape in a domain-spec")
def macro_not_escaped(d: Difference) -> bool:
    return any_macro(d, lambda value, letter, *_: letter.isupper() and re.search(r"[^\w.~-]", value or "") is not None)


@rule(PYSPF | LIBSPF2, "spf-long-expansion", "7208 section 7.3", "a name above 253 octets loses one label, or none")
def long_expansion(d: Difference) -> bool:
    def octets(owner: str, term: str) -> int:
        known = values(d, owner)
        full = MACRO.sub(lambda macro: known.get(macro[1].lower(), "") * (3 if macro[1].isupper() else 1), term)
        return len(full.split(":", 1)[-1])
    return any(octets(name, term) > 253 for name, type_, value in d.case.records if type_ == "TXT"
               for term in "".join(value).split(" ") if MACRO.search(term))


@rule(MAIL_SPF, "spf-long-label", "7208 section 7.3", "a label above 63 octets is cut, not dropped")
def long_label(d: Difference) -> bool:
    labels = [label for value in values(d, "").values() for label in value.split(".")]
    labels += [label for term in d.terms for label in term.split(".")]
    return any(len(label) > 63 for label in labels)


@rule(PYSPF, "spf-mx-all-hosts", "7208 section 5.4", "all hosts of an MX are asked before any is compared")
def mx_all_hosts(d: Difference) -> bool:
    hosts = {value[1] for _, type_, value in d.case.records if type_ == "MX" and value != "!TEMPFAIL"}
    failing = {name for name, type_, value in d.case.records if value == "!TEMPFAIL" and type_ in ("A", "AAAA", "*")}
    return d.its["result"] == "temperror" and bool(hosts & failing)


@rule(PYSPF, "spf-domain-of-digits", "7208 section 7.1", "<domain> itself must end in a top-level label")
def domain_of_digits(d: Difference) -> bool:
    domain = (d.case.mail_from or "@" + d.case.helo).rpartition("@")[2]
    return d.its["result"] == "permerror" and re.search(r"\.\d+$", domain) is not None


@rule(LIBSPF2, "spf-p-macro-preference", "7208 section 7.3", "%{p} prefers no name")
def p_macro_preference(d: Difference) -> bool:
    pointer = spf_cases.reverse_name(d.case.client)
    count = sum(1 for name, type_, _ in d.case.records if (name, type_) == (pointer, "PTR"))
    return count > 1 and any(letter in "pP" for letter, *_ in d.macros)


# Explanations.

def explanation_texts(d: Difference) -> list[str]:
    """What an exp= may find: the TXT records that one names, and those that are not SPF's."""
    zone = spf_peers.Zone(d.case.records)
    texts = []
    for name in {term[4:] for term in d.terms if term.lower().startswith("exp=")}:
        try:
            texts += zone.lookup(name, "TXT")
        except spf_peers.TemporaryFailure:
            pass
    texts += [value for _, type_, value in d.case.records if type_ == "TXT" and value != "!TEMPFAIL"
              and not "".join(value).lower().startswith("v=spf1")]
    return ["".join(strings) for strings in texts]


def any_explanation_macro(d: Difference, holds: Callable[[str | None, str, str, str, str], bool]) -> bool:
    known = values(d, spf_cases.DOMAIN)
    return any(holds(known.get(macro[1].lower()), *macro.groups())
               for text in explanation_texts(d) for macro in MACRO.finditer(text))


@rule(ALL, "spf-explanation-length", "7208 section 6.2", "long explanations are cut elsewhere", "explanation")
def explanation_length(d: Difference) -> bool:
    return any(len(text) >= 253 for text in (d.our["explanation"], d.its["explanation"]))


@rule(ALL, "spf-explanation-octets", "7208 section 6.2", "octets outside explain-string are let pass", "explanation")
def explanation_octets(d: Difference) -> bool:
    return any(re.search(r"[^ -~]", text) for text in explanation_texts(d) + [d.case.mail_from or ""])


@rule(ALL, "spf-explanation-macro", "7208 section 6.2", "malformed macros are let pass", "explanation")
def explanation_macro(d: Difference) -> bool:
    def keeps_none(_value: str | None, _letter: str, digits: str, *_: str) -> bool:
        return digits != "" and int(digits) == 0
    rests = (MACRO.sub("", re.sub(r"%[%_-]", "", text)) for text in explanation_texts(d))
    return any_explanation_macro(d, keeps_none) or any("%" in rest for rest in rests)


@also(PYSPF, "spf-modifier-case", "explanation")
def explanation_modifier_case(d: Difference) -> bool:
    return any(term.lower().startswith("exp=") and not term.startswith("exp=") for term in d.terms)


@also(PYSPF | MAIL_SPF, "spf-no-local-part", "explanation")
def explanation_no_local_part(d: Difference) -> bool:
    return has_no_local_part(d) and any_explanation_macro(d, lambda _v, letter, *_: letter in "sS")


@rule(ALL, "spf-ipv6-case", "7208 section 7.3", "%{i} of an IPv6 client is in the other case", "explanation")
def ipv6_case(d: Difference) -> bool:
    return d.our["explanation"].lower() == d.its["explanation"].lower() and any_explanation_macro(
        d, lambda _value, letter, *_: letter in "iI")


@rule(ALL, "spf-domain-case", "7208 section 7.3", "%{d} and %{o} keep the letter case of MAIL FROM or HELO", "explanation")
def domain_case(d: Difference) -> bool:
    given = (d.case.mail_from or "").rpartition("@")[2] or d.case.helo
    return (d.our["explanation"].lower() == d.its["explanation"].lower() and given != given.lower()
            and any_explanation_macro(d, lambda _value, letter, *_: letter.lower() in "dos"))


@rule(LIBSPF2, "spf-explanation-several", "7208 section 6.2", "of several explanations, the first is taken", "explanation")
def explanation_several(d: Difference) -> bool:
    names = [name for name, type_, _ in d.case.records if type_ == "TXT"]
    return d.our["explanation"] == "" and len(set(names)) < len(names)


@rule(LIBSPF2, "spf-explanation-space", "7208 section 6.2", "a space in an explanation is lost", "explanation")
def explanation_space(d: Difference) -> bool:
    return any(" " in text for text in explanation_texts(d))


@also(MAIL_SPF, "spf-macro-only-delimiters", "explanation")
def explanation_only_delimiters(d: Difference) -> bool:
    return any_explanation_macro(d, lambda value, _letter, digits, reverse, delimiters: not digits and not reverse and any(
        c in (value or "") for c in delimiters))
