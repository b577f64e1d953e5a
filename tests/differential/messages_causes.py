"""Why an implementation answers otherwise: rules over properties of the case, tried in order.

A rule holds for some peers and for one direction of the disagreement. Its property is read from the message and the
zone, never from what assay says. docs/deviations.md tells more about each cause.
"""
from __future__ import annotations

import dataclasses
import functools
import re
from typing import Callable

from dkim.canonicalization import CanonicalizationPolicy

import messages_text as text
from messages_keys import Zone
from report import Cause

NOT_PASS = {"fail", "unusable", "not pass", "temperror"}
PASS = {"pass"}
UNUSABLE = {"unusable"}
DKIMPY, MAIL_DKIM, OPENDKIM = "dkimpy", "Mail::DKIM", "OpenDKIM"
ALL = {DKIMPY, MAIL_DKIM, OPENDKIM}

# RFC 6376 section 3.2. A value is visible octets with white space and folds between them.
_FWS = r"(?:(?:[ \t]*\r\n)?[ \t]+)?"
_VALUE = r"(?:[\x21-\x3a\x3c-\x7e\x80-\xff]+(?:[ \t\r\n]+[\x21-\x3a\x3c-\x7e\x80-\xff]+)*)?"
_TAG = rf"{_FWS}[A-Za-z][A-Za-z0-9_]*{_FWS}={_FWS}{_VALUE}{_FWS}"
TAG_LIST = re.compile(rf"{_TAG}(?:;{_TAG})*(?:;{_FWS})?", re.ASCII)
# Seconds; Limits::clock_skew.
CLOCK_SKEW = 300
EMPTY = text.Field(b"", b"")
NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*")
# RFC 6376 section 3.5; only what the generator varies is told apart.
VALUES = {
    "v": re.compile(r"[0-9]+"),
    "a": re.compile(r"[A-Za-z][A-Za-z0-9]*-[A-Za-z][A-Za-z0-9]*"),
    "c": re.compile(r"[A-Za-z][A-Za-z0-9-]*(?:/[A-Za-z][A-Za-z0-9-]*)?"),
    "d": re.compile(rf"{NAME.pattern[:-1]}+"),
    "s": NAME, "i": re.compile(rf"(?:[^ \t\r\n\"@=]|=[0-9A-F]{{2}})*@{NAME.pattern}"),
    "q": re.compile(r"[A-Za-z][A-Za-z0-9/-]*(?::[A-Za-z][A-Za-z0-9/-]*)*"),
    "l": re.compile(r"[0-9]{1,76}"), "t": re.compile(r"[0-9]{1,76}"), "x": re.compile(r"[0-9]{1,76}"),
}
BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})")


class Facts:
    """What is true of a whole message."""

    def __init__(self, message: text.Message, zone: Zone, now: int) -> None:
        self.message = message
        self.zone = zone
        self.now = now

    def asks_failing_name(self) -> bool:
        names = (f"{text.tag(f.value, 's')}._domainkey.{text.tag(f.value, 'd')}" for f in self.message.fields
                 if f.is_named(b"dkim-signature", b"arc-seal", b"arc-message-signature"))
        return any(self.zone.texts(name) is None for name in names)

    def has_several_records(self, field: text.Field) -> bool:
        return len(Signature(self, field).records) > 1

    def has_bare_line_end(self) -> bool:
        rest = self.message.octets().replace(b"\r\n", b"")
        return b"\r" in rest or b"\n" in rest

    def has_space_before_colon(self) -> bool:
        return any(field.name != field.name.strip() for field in self.message.fields)

    def has_form_feed(self) -> bool:
        return any(c in field.value for field in self.message.fields for c in (b"\x0b", b"\x0c"))

    def has_eight_bit_signature(self) -> bool:
        return any(not field.value.isascii() for field in self.message.named(b"dkim-signature"))

    def ends_in_line(self) -> bool:
        return not self.message.body or self.message.body.endswith(b"\r\n")

    def is_same_dmarc_question(self) -> bool:
        """authheaders looks at the topmost signature alone, and knows another reading of odd From fields."""
        senders = self.message.named(b"from")
        return (len(senders) == 1 and len(self.message.named(b"dkim-signature")) == 1 and not self.asks_failing_name()
                and re.fullmatch(rb" Alice <alice@[a-z.]+>", senders[0].value) is not None)


class Signature:
    """What is true of one DKIM-Signature field and its key."""

    def __init__(self, facts: Facts, field: text.Field) -> None:
        self.facts = facts
        self.field = field
        self.value = field.value.decode("latin-1")
        self.pairs = text.tags(field.value)
        self.tags: dict[str, str] = {}
        for name, value in self.pairs:
            self.tags.setdefault(name, value or "")

    def get(self, name: str, default: str = "") -> str:
        return self.tags.get(name, default)

    @functools.cached_property
    def is_tag_list(self) -> bool:
        names = [name for name, _ in self.pairs if name]
        return TAG_LIST.fullmatch(self.value) is not None and len(names) == len(set(names))

    def number(self, name: str) -> int | None:
        value = self.get(name)
        return int(value) if re.fullmatch(r"[0-9]{1,76}", value) else None

    @property
    def key_name(self) -> str:
        return f"{self.get('s')}._domainkey.{self.get('d')}"

    @property
    def records(self) -> list[str]:
        return self.facts.zone.texts(self.key_name) or []

    @property
    def record(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, value in text.tags((self.records or [""])[0].encode("latin-1")):
            found.setdefault(name, value or "")
        return found

    @functools.cached_property
    def is_key_tag_list(self) -> bool:
        names = [name for name, _ in text.tags(self.first_record.encode("latin-1")) if name]
        return TAG_LIST.fullmatch(self.first_record) is not None and len(names) == len(set(names))

    @property
    def first_record(self) -> str:
        return (self.records or [""])[0]

    def key_list(self, name: str) -> list[str]:
        return self.record.get(name, "").split(":")

    def has_malformed_key_list(self) -> bool:
        items = [item.strip() for name in "hst" if self.record.get(name) for item in self.key_list(name)]
        return not all(re.fullmatch(r"[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?|[*]", item) for item in items)

    def lookup_fails(self) -> bool:
        return self.facts.zone.texts(self.key_name) is None

    def canonical_length(self) -> int:
        body_name = (self.get("c").lower().partition("/")[2] or "simple").strip()
        name = body_name if body_name in ("simple", "relaxed") else "simple"
        body = re.sub(rb"(?<!\r)\n", b"\r\n", self.facts.message.body)
        body += b"" if self.facts.ends_in_line() else b"\r\n"
        return len(CanonicalizationPolicy.from_c_value(f"simple/{name}".encode()).canonicalize_body(body))

    def is_longer_than_body(self) -> bool:
        length = self.number("l")
        return length is not None and length > self.canonical_length()

    def has_malformed_value(self) -> bool:
        names = text.names_in_h(self.value.encode("latin-1"))
        return (any(name in self.tags and pattern.fullmatch(text.without_space(self.get(name)) if name == "i" else
                                                            self.get(name)) is None for name, pattern in VALUES.items())
                or any(BASE64.fullmatch(text.without_space(self.get(name))) is None for name in ("b", "bh"))
                or any(re.fullmatch(r"[\x21-\x39\x3c-\x7e]+", name) is None for name in names))

    def has_space_around_b(self) -> bool:
        """b= at the very start, white space between its name and "=", or around its value."""
        space = r"([ \t\r\n]*)"
        found = re.search(rf"(?:^|;){space}b{space}={space}[^; \t\r\n]*((?:[ \t\r\n]+[^; \t\r\n]+)*){space}",
                          self.value)
        return found is not None and (not found[1] or bool(found[2] or found[3] or found[5]))

    def signs_itself(self) -> bool:
        """Whether h= has enough DKIM-Signature to reach this one, counted from the bottom."""
        fields = self.facts.message.named(b"dkim-signature")
        mentions = text.names_in_h(self.value.encode("latin-1")).count("dkim-signature")
        return any(field is self.field for field in fields[len(fields) - min(mentions, len(fields)):])

    def has_more_from_than_signed(self) -> bool:
        signed = text.names_in_h(self.value.encode("latin-1")).count("from")
        return len(self.facts.message.named(b"from")) > signed > 0

    def ends_in_space(self) -> bool:
        return self.value != self.value.rstrip() and self.get("c", "simple").lower().startswith("simple")

    def has_malformed_neighbour(self) -> bool:
        fields = self.facts.message.named(b"dkim-signature")
        return any(not one.is_tag_list or not {"v", "a", "b", "bh", "d", "h", "s"} <= one.tags.keys()
                   or one.has_malformed_value() for one in (Signature(self.facts, field) for field in fields))

    def has_odd_case(self) -> bool:
        return any(value != value.lower() for value in (self.get("a"), self.get("c"), self.get("q")))

    def has_unknown_canonicalization(self) -> bool:
        return not set(self.get("c", "simple").lower().split("/")) <= {"simple", "relaxed"}

    def is_in_future(self) -> bool:
        return (self.number("t") or 0) > self.facts.now + CLOCK_SKEW

    def is_expired(self) -> bool:
        expires = self.number("x")
        return expires is not None and expires < self.facts.now

    def is_strict(self) -> bool:
        return "s" in [item.strip() for item in self.key_list("t")]

    def is_testing(self) -> bool:
        return "y" in [item.strip() for item in self.key_list("t")]

    def expires_before_signed(self) -> bool:
        return self.number("x") is not None and self.number("t") is not None and self.number("x") <= self.number("t")


@dataclasses.dataclass
class SignatureQuestion:
    peer: str
    facts: Facts
    field: text.Field
    mine: tuple[str, str]
    answer: tuple[str, str]


@dataclasses.dataclass
class ChainQuestion:
    peer: str
    facts: Facts
    mine: tuple[str, str]
    answer: tuple[str, str]


@dataclasses.dataclass(frozen=True)
class Rule:
    cause: Cause
    peers: set[str]
    mine: set[str]
    theirs: set[str]
    holds: Callable[[Signature], bool]
    is_for_chains: bool = False


RULES: list[Rule] = []


def _rule(identifier: str, rfc: str, summary: str, peers: set[str], mine: set[str], theirs: set[str],
          holds: Callable[[Signature], bool], is_for_chains: bool = False) -> None:
    RULES.append(Rule(Cause(identifier, rfc, summary), peers, mine, theirs, holds, is_for_chains))


def _key_rule(identifier: str, rfc: str, summary: str, peers: set[str], mine: set[str], theirs: set[str],
              holds: Callable[[Signature], bool]) -> None:
    _rule(identifier, rfc, summary, peers, mine, theirs, holds, is_for_chains=True)


def _message_rule(identifier: str, rfc: str, summary: str, peers: set[str], holds: Callable[[Signature], bool]) -> None:
    """Different octets are hashed, so that either side may be the one that verifies. There may be fewer than l= says."""
    _rule(identifier, rfc, summary, peers, PASS | {"temperror"}, {"fail", "unusable", "not pass"}, holds,
          is_for_chains=True)
    _rule(identifier, rfc, summary, peers, {"fail"}, PASS, holds, is_for_chains=True)
    _rule(identifier, rfc, summary, peers, UNUSABLE, PASS,
          lambda s: holds(s) and (s.is_testing() or s.is_longer_than_body()))


# --- neither verifies

_rule("dkim-order-of-checks", "RFC 6376 section 6.1", "the key cannot be asked for, and something else is wrong",
      ALL, NOT_PASS, NOT_PASS, lambda s: s.lookup_fails())
_rule("dkim-testing-key", "RFC 6376 section 3.6.1, t=", "a failed signature with a key in testing counts as absent",
      ALL, UNUSABLE, {"fail"}, lambda s: s.is_testing())
_rule("dkim-failure-kind", "RFC 8601 section 2.7.1", "both refuse it and name different reasons",
      ALL, {"fail", "unusable"}, {"fail", "unusable"}, lambda s: True)
_rule("dkim-no-ed25519", "RFC 8463", "Ed25519 is not known",
      {MAIL_DKIM}, PASS | {"temperror"}, {"unusable"}, lambda s: s.get("a").lower().startswith("ed25519"))

# --- assay is the stricter: the field

_rule("dkim-tag-list-syntax", "RFC 6376 section 3.2", "the field is no tag-list",
      ALL, UNUSABLE, PASS, lambda s: not s.is_tag_list, is_for_chains=True)
_rule("dkim-signature-version", "RFC 6376 section 3.5, v=", "v= is missing or not 1",
      {MAIL_DKIM}, UNUSABLE, PASS, lambda s: s.get("v") != "1")
_rule("dkim-value-syntax", "RFC 6376 section 3.5", "v=, a=, c=, d=, h=, i=, l=, q=, t=, x=, b= or bh= is malformed",
      ALL, UNUSABLE, PASS, lambda s: s.has_malformed_value())
_rule("dkim-unknown-canonicalization", "RFC 6376 section 3.4", "c= names a canonicalization of old drafts",
      {MAIL_DKIM}, UNUSABLE, PASS, lambda s: s.has_unknown_canonicalization(), is_for_chains=True)
_rule("dkim-from-not-signed", "RFC 6376 section 6.1.1", "h= does not list From",
      {DKIMPY, MAIL_DKIM}, UNUSABLE, PASS, lambda s: "from" not in text.names_in_h(s.value.encode("latin-1")))
_rule("dkim-query-methods", "RFC 6376 section 3.5, q=", "q= does not list dns/txt",
      {OPENDKIM, MAIL_DKIM}, UNUSABLE, PASS, lambda s: "q" in s.tags and "dns/txt" not in s.get("q").lower().split(":"))
_rule("dkim-expires-before-signed", "RFC 6376 section 3.5, x=", "x= is not after t=",
      {DKIMPY, MAIL_DKIM}, UNUSABLE, PASS, lambda s: s.expires_before_signed())
_rule("dkim-future-timestamp", "RFC 6376 section 3.5, t=", "t= is in the future",
      {DKIMPY, MAIL_DKIM}, UNUSABLE, PASS, lambda s: s.is_in_future())
_rule("dkim-expired", "RFC 6376 section 3.5, x=", "x= is past by less than ten hours",
      {DKIMPY}, UNUSABLE, PASS, lambda s: s.is_expired())
_rule("dkim-unsigned-body", "RFC 6376 section 8.2", "l= leaves octets of the body unsigned",
      ALL, UNUSABLE, PASS,
      lambda s: s.number("l") is not None and s.number("l") < s.canonical_length(), is_for_chains=True)
_rule("dkim-length-exceeds-body", "RFC 6376 section 3.5, l=", "l= is larger than the body",
      {DKIMPY, MAIL_DKIM}, UNUSABLE, PASS,
      lambda s: s.is_longer_than_body(), is_for_chains=True)

# --- assay is the stricter: the key record

_key_rule("dkim-key-tag-list", "RFC 6376 section 3.2", "the record is no tag-list",
          ALL, UNUSABLE, PASS, lambda s: not s.is_key_tag_list)
_key_rule("dkim-key-version-place", "RFC 6376 section 3.6.1, v=", "v= is not the first tag of the record",
          ALL, UNUSABLE, PASS, lambda s: "v" in s.record and not s.first_record.strip().startswith("v"))
_key_rule("dkim-key-empty-list", "RFC 6376 section 3.6.1", "h= or s= of the key is empty",
          {DKIMPY, MAIL_DKIM}, UNUSABLE, PASS, lambda s: s.record.get("h", "x") == "" or s.record.get("s", "x") == "")
_key_rule("dkim-key-list-syntax", "RFC 6376 section 3.6.1", "an item of h=, s= or t= of the key is no word",
          ALL, UNUSABLE, PASS, lambda s: s.has_malformed_key_list())
_key_rule("dkim-key-type-empty", "RFC 6376 section 3.6.1, k=", "k= of the key is empty",
          {MAIL_DKIM}, UNUSABLE, PASS, lambda s: s.record.get("k", "x") == "")
_key_rule("dkim-key-hash", "RFC 6376 section 3.6.1, h=", "h= of the key does not permit the hash",
          {DKIMPY}, UNUSABLE, PASS,
          lambda s: "h" in s.record and "sha256" not in [item.strip().lower() for item in s.key_list("h")])
_key_rule("dkim-key-type-of-signature", "RFC 6376 section 6.1.2", "k= of the key is not that of a=",
          {OPENDKIM}, UNUSABLE, PASS, lambda s: s.get("a").partition("-")[0] != s.record.get("k", "rsa"))
_rule("dkim-strict-key", "RFC 6376 section 3.6.1, t=", "t=s is not obeyed",
      {DKIMPY}, UNUSABLE, PASS, lambda s: s.is_strict())
_rule("dkim-key-list-space", "RFC 6376 section 3.6.1", "white space in t= of the key hides its s",
      {MAIL_DKIM}, UNUSABLE, PASS, lambda s: s.is_strict() and " " in s.record.get("t", ""))

_message_rule("dkim-space-before-colon", "RFC 5322 section 4.5", "white space between a field's name and its colon",
              ALL, lambda s: s.facts.has_space_before_colon())

# --- a peer is the stricter, or wrong: the key record

_key_rule("dkim-key-several-records", "RFC 6376 section 3.6.2.2", "several records at one name",
          {DKIMPY, MAIL_DKIM}, PASS, NOT_PASS, lambda s: len(s.records) > 1)
_key_rule("dkim-key-list-space", "RFC 6376 section 3.6.1", "white space in h= or s= of the key",
          {DKIMPY, MAIL_DKIM}, PASS, NOT_PASS, lambda s: any(" " in s.record.get(name, "") for name in "hs"))
_key_rule("dkim-key-words-case", "RFC 5234 section 2.3", "words of k= and h= match in any case",
          ALL, PASS, NOT_PASS, lambda s: any(s.record.get(name, "") != s.record.get(name, "").lower() for name in "kh"))
_key_rule("dkim-key-service-list", "RFC 6376 section 3.6.1, s=", "s= of the key lists several services",
          {DKIMPY}, PASS, NOT_PASS, lambda s: ":" in s.record.get("s", ""))
_key_rule("dkim-key-granularity", "RFC 6376 section 3.2", "g= of RFC 4871 is obeyed",
          {MAIL_DKIM}, PASS, NOT_PASS, lambda s: s.record.get("g", "*") != "*")
_key_rule("dkim-key-pkcs1", "RFC 6376 section 3.6.1, p=", "p= is an RSAPublicKey",
          {MAIL_DKIM, OPENDKIM}, PASS, NOT_PASS, lambda s: s.get("s") == "pkcs1")

# --- a peer is the stricter, or wrong: the field

_rule("dkim-malformed-neighbour", "RFC 6376 section 6.1", "one malformed DKIM-Signature spoils all of the message",
      {OPENDKIM}, PASS | {"temperror"}, {"unusable"}, lambda s: s.has_malformed_neighbour())
_rule("dkim-eight-bit", "RFC 8616 section 5", "a DKIM-Signature that is not ASCII spoils all of the message",
      {OPENDKIM}, PASS | {"temperror"}, {"unusable"}, lambda s: s.facts.has_eight_bit_signature())
_rule("dkim-keyword-case", "RFC 5234 section 2.3", "words of a=, c= or q= match in any case",
      {DKIMPY, MAIL_DKIM}, PASS, NOT_PASS, lambda s: s.has_odd_case(), is_for_chains=True)
_rule("dkim-query-methods", "RFC 6376 section 3.5, q=", "q= lists other methods besides dns/txt",
      {DKIMPY}, PASS, NOT_PASS, lambda s: ":" in s.get("q"))
_rule("dkim-space-around-b", "RFC 6376 section 3.7", "white space around b= is left in the hash",
      {DKIMPY, OPENDKIM}, PASS, NOT_PASS, lambda s: s.has_space_around_b())
_rule("dkim-space-at-end", "RFC 6376 section 3.4.1", "white space at the end of the field is left out of the hash",
      {DKIMPY}, PASS, NOT_PASS, lambda s: s.ends_in_space())
_rule("dkim-space-at-end", "RFC 6376 section 3.4.1", "white space added to the end of the field is not seen",
      {DKIMPY}, {"fail"}, PASS, lambda s: s.ends_in_space())
_rule("dkim-identity-spelling", "RFC 6376 section 3.5, i=", "i= holds white space or quoted-printable",
      {DKIMPY, MAIL_DKIM}, PASS, NOT_PASS, lambda s: re.search(r"[ \t\r\n=]", s.get("i")) is not None)
_rule("dkim-signs-dkim-signature", "RFC 6376 section 3.5, h=", "h= may mean the field itself",
      ALL, PASS, NOT_PASS, lambda s: s.signs_itself())
_rule("dkim-second-from", "RFC 6376 section 8.15", "an unsigned From field beside the signed one",
      {DKIMPY}, PASS, NOT_PASS, lambda s: s.has_more_from_than_signed(), is_for_chains=True)
_rule("dkim-small-timestamp", "RFC 6376 section 3.5, t=", "t= below 300 counts as in the future",
      {OPENDKIM}, PASS, {"unusable"}, lambda s: s.number("t") is not None and s.number("t") < CLOCK_SKEW)

# --- the message, beyond what SMTP lets through

_message_rule("dkim-bare-line-end", "RFC 6376 section 5.3", "a CR or LF alone in the message",
              ALL, lambda s: s.facts.has_bare_line_end())
_message_rule("dkim-form-feed", "RFC 6376 section 3.4.2", "VT or FF counts as white space",
              ALL, lambda s: s.facts.has_form_feed())
_message_rule("dkim-no-final-line-end", "RFC 6376 section 3.4.4", "the last line of the body has no line end",
              ALL, lambda s: not s.facts.ends_in_line())

# --- chains


class Chain:
    """What is true of the ARC sets of a message."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.messages = [Signature(facts, field) for field in facts.message.named(b"arc-message-signature")]
        self.seals = [Signature(facts, field) for field in facts.message.named(b"arc-seal")]

    @staticmethod
    def instance(signature: Signature) -> int:
        digits = signature.get("i").strip()
        return int(digits) if digits.isdigit() else 0

    def newest(self) -> int:
        return max([self.instance(one) for one in self.messages + self.seals], default=0)

    def older_messages(self) -> list[Signature]:
        return [one for one in self.messages if self.instance(one) != self.newest()]

    def newest_messages(self) -> list[Signature]:
        return [one for one in self.messages if self.instance(one) == self.newest()]

    def results(self) -> list[int]:
        """The instances of the ARC-Authentication-Results fields, 0 where there is none to read."""
        named = [text.tag(field.value.partition(b";")[0], "i") or "0"
                 for field in self.facts.message.named(b"arc-authentication-results")]
        return [int(digits) if digits.isdigit() else 0 for digits in named]

    def is_out_of_order(self) -> bool:
        columns = [self.results(), [self.instance(one) for one in self.messages],
                   [self.instance(one) for one in self.seals]]
        return any(column != sorted(column, reverse=True) for column in columns)

    def has_field_without_instance(self) -> bool:
        results = [text.tag(field.value.partition(b";")[0], "i") or ""
                   for field in self.facts.message.named(b"arc-authentication-results")]
        return not (all(digits.isdigit() for digits in results)
                    and all(self.instance(one) for one in self.messages + self.seals))

    def has_incomplete_set(self) -> bool:
        """A set in which one of the three fields is missing or repeated."""
        columns = [self.results(), [self.instance(one) for one in self.messages],
                   [self.instance(one) for one in self.seals]]
        return any(column.count(number) != 1 for column in columns for number in range(1, self.newest() + 1))

    def has_odd_instance(self) -> bool:
        """i= spelled otherwise than "i=1;"."""
        return any(re.search(r"(?:^| )i=[1-9][0-9]?;", one.value) is None for one in self.messages + self.seals)

    def has_bad_old_message(self) -> bool:
        """An older message signature that could not be verified whatever its hash."""
        return any({"a", "b", "bh", "d", "h", "s"} - one.tags.keys() or "arc-seal" in one.get("h").lower()
                   or one.get("a") != "rsa-sha256" or one.is_in_future() or one.is_expired()
                   for one in self.older_messages())


@dataclasses.dataclass(frozen=True)
class ChainRule:
    cause: Cause
    peers: set[str]
    mine: str
    theirs: str
    holds: Callable[[Chain], bool]


def _chain_rule(identifier: str, rfc: str, summary: str, peers: set[str], mine: str, theirs: str,
                holds: Callable[[Chain], bool]) -> None:
    CHAIN_RULES.append(ChainRule(Cause(identifier, rfc, summary), peers, mine, theirs, holds))


CHAIN_RULES: list[ChainRule] = []
_chain_rule("arc-order", "RFC 8617 section 5.1.1", "the sets do not stand in the order of their numbers",
            {DKIMPY}, "pass", "fail", lambda c: c.is_out_of_order())
_chain_rule("arc-old-message-signature", "RFC 8617 section 5.2 step 5", "an older ARC-Message-Signature is unusable",
            {DKIMPY, MAIL_DKIM}, "pass", "fail", lambda c: c.has_bad_old_message())
_chain_rule("arc-no-instance", "RFC 8617 section 5.2 step 3", "an ARC field without a readable instance is passed over",
            {DKIMPY}, "fail", "none", lambda c: c.has_field_without_instance())
_chain_rule("arc-no-instance", "RFC 8617 section 5.2 step 3", "an ARC field without a readable instance is passed over",
            {DKIMPY}, "fail", "pass", lambda c: c.has_field_without_instance())
_chain_rule("arc-incomplete-set", "RFC 8617 section 5.2 step 3", "a set lacks one of its fields, or has it twice",
            {MAIL_DKIM}, "fail", "pass", lambda c: c.has_incomplete_set())
_chain_rule("arc-seal-h", "RFC 8617 section 4.1.3", "an ARC-Seal has h=",
            {MAIL_DKIM}, "fail", "pass", lambda c: any("h" in one.tags for one in c.seals))
_chain_rule("arc-seal-expired", "RFC 8617 section 4.1.3", "x= in an ARC-Seal is obeyed",
            {DKIMPY, MAIL_DKIM}, "pass", "fail", lambda c: any(one.is_expired() for one in c.seals))
_chain_rule("arc-default-canonicalization", "RFC 8617 section 4.1.2", "an ARC-Message-Signature has no c=",
            {DKIMPY, MAIL_DKIM}, "pass", "fail", lambda c: any("c" not in one.tags for one in c.messages))
_chain_rule("arc-cv-case", "RFC 5234 section 2.3", "the words of cv= match in any case",
            {DKIMPY, MAIL_DKIM}, "pass", "fail",
            lambda c: any(one.get("cv") != one.get("cv").lower() for one in c.seals))
_chain_rule("arc-future-timestamp", "RFC 6376 section 3.5, t=", "t= is in the future",
            {MAIL_DKIM}, "fail", "pass", lambda c: any(one.is_in_future() for one in c.newest_messages() + c.seals))
# Tried last: it goes with anything that a set of our spelling has.
INSTANCE_SPELLING = ChainRule(Cause("arc-instance-spelling", "RFC 8617 section 4.1.2", "i= is not spelled i=1;"),
                              {DKIMPY, MAIL_DKIM}, "pass", "fail", lambda c: c.has_odd_instance())

DOMAIN_CASE = Cause("dmarc-domain-case", "RFC 9989 section 4.4", "strict alignment compares d= in its letter case")

CAUSES = list({rule.cause.id: rule.cause for rule in [*RULES, *CHAIN_RULES, INSTANCE_SPELLING]}.values()) + [DOMAIN_CASE]


def same_signature_result(mine: str, theirs: str) -> bool:
    return mine == theirs or theirs == "not pass" and mine in ("fail", "unusable")


def cause_of_signature(question: SignatureQuestion) -> str | None:
    signature = Signature(question.facts, question.field)
    for rule in RULES:
        if (question.peer in rule.peers and question.mine[0] in rule.mine and question.answer[0] in rule.theirs
                and rule.holds(signature)):
            return rule.cause.id
    return None


def _applies(rule: ChainRule, question: ChainQuestion, peer: str, chain: Chain) -> bool:
    results = question.mine[0], question.answer[0]
    return peer in rule.peers and (rule.mine, rule.theirs) == results and rule.holds(chain)


def cause_of_chain(question: ChainQuestion) -> str | None:
    """The rules of chains, then those about keys and messages, for each field of the chain."""
    peer = question.peer.removesuffix(" ARC")
    chain = Chain(question.facts)
    for rule in CHAIN_RULES:
        if _applies(rule, question, peer, chain):
            return rule.cause.id
    mine, theirs = (PASS if result != "fail" else {"fail", "unusable"}
                    for result in (question.mine[0], question.answer[0]))
    fields = chain.messages + chain.seals or [Signature(question.facts, EMPTY)]
    for rule in RULES:
        if (rule.is_for_chains and peer in rule.peers and mine & rule.mine and theirs & rule.theirs
                and any(rule.holds(one) for one in fields)):
            return rule.cause.id
    return INSTANCE_SPELLING.cause.id if _applies(INSTANCE_SPELLING, question, peer, chain) else None


def cause_of_dmarc(facts: Facts, mine: str, theirs: str) -> str | None:
    domain = text.tag(facts.message.named(b"dkim-signature")[0].value, "d") or ""
    return DOMAIN_CASE.id if (mine, theirs) == ("pass", "fail") and domain != domain.lower() else None
