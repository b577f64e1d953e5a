"""The verifiers. Each gives one answer for each DKIM-Signature field, top first, and one for the ARC chain.

An answer is (class, words). Classes of signatures: "pass", "fail" (does not verify), "unusable" (not verified), "not
pass" (the peer does not tell which of the two), "temperror"; None where the peer says nothing about the field. Classes
of chains: "none", "pass", "fail".
"""
from __future__ import annotations

import base64
import functools
import itertools
import json
import logging
import pathlib
import subprocess

import authheaders
import authheaders.dmarc_lookup
import authres
import dkim

import messages_opendkim
import messages_signers as signers
import messages_text as text
from messages_keys import Zone

Answer = tuple[str, str]
ASSAY_CLASSES = {"pass": "pass", "fail": "fail", "temperror": "temperror"}


class TemporaryFailure(Exception):
    """What a lookup raises in dkimpy where its own would raise an exception of the DNS library."""


class Assay:
    """The engine behind differential_messages, and the command."""

    def __init__(self, build: pathlib.Path, zone: dict[str, pathlib.Path]) -> None:
        self._process = subprocess.Popen([build / "bin" / "differential_messages", zone["fake"]], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE)
        self._command = [build / "bin" / "assay", "verify", "--json", "--zone", zone["master"]]

    def verify(self, message: bytes, now: int) -> dict:
        job = {"message": base64.b64encode(message).decode(), "now": now}
        self._process.stdin.write(json.dumps(job).encode() + b"\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def verify_by_command(self, message: bytes, now: int) -> dict:
        command = [*self._command, "--now", str(now), "-"]
        return json.loads(subprocess.run(command, input=message, capture_output=True, check=True).stdout)

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()

    @staticmethod
    def signatures(result: dict) -> list[Answer]:
        return [(ASSAY_CLASSES.get(one["status"], "unusable"),
                 f"{one['status']} {one['reason']} {one['detail']}".strip())
                for one in result["dkim"]]


class Dkimpy:
    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        logging.getLogger("dkimpy").setLevel(logging.CRITICAL)

    def lookup(self, name: bytes | str, timeout: int = 5) -> bytes | None:
        """The first record, as dkimpy's own lookups give it."""
        del timeout
        texts = self._zone.texts(name.decode("latin-1") if isinstance(name, bytes) else name)
        if texts is None:
            raise TemporaryFailure
        return texts[0].encode("latin-1") if texts else None

    def signatures(self, message: bytes, count: int) -> list[Answer]:
        return [self._signature(message, index) for index in range(count)]

    def _signature(self, message: bytes, index: int) -> Answer:
        try:
            passed = dkim.DKIM(message, minkey=1024).verify(index, dnsfunc=self.lookup)
        except TemporaryFailure:
            return "temperror", "temporary failure"
        except Exception as error:  # dkimpy lets exceptions of all kinds out
            return "not pass", f"{type(error).__name__}: {error}"
        return ("pass", "") if passed else ("not pass", "False")

    def chain(self, message: bytes) -> tuple[Answer, int | None]:
        """With the oldest-pass value (RFC 8617 section 5.2 step 5) of a chain that passes."""
        try:
            result, sets, words = dkim.arc_verify(message, dnsfunc=self.lookup, minkey=1024)
        except TemporaryFailure:
            return ("fail", "temporary failure"), None
        except Exception as error:  # as above
            return ("fail", f"{type(error).__name__}: {error}"), None
        # None: "the chain is terminated".
        answer = {b"pass": "pass", b"none": "none"}.get(result, "fail"), str(words)
        passing = list(itertools.takewhile(lambda one: one["ams-valid"], sets))  # the newest first
        oldest = passing[-1]["instance"] if passing else None
        return answer, (0 if oldest == 1 else oldest) if answer[0] == "pass" else None


class MailDkim:
    # Details of results that are "invalid" because DNS failed for now.
    TEMPORARY = "DNS error"

    def __init__(self, perl: signers.Perl) -> None:
        self._perl = perl

    def verify(self, message: text.Message) -> tuple[list[Answer | None], Answer]:
        fields = [base64.b64encode(field.raw() + b"\r\n").decode() for field in message.named(b"dkim-signature")]
        answer = self._perl.ask(message.octets(), work="verify", signatures=fields)
        if "error" in answer:
            return [("not pass", f"dies: {answer['error']}") for _ in fields], ("fail", f"dies: {answer['error']}")
        result, words = answer["arc"]
        chain = {"pass": "pass", "none": "none"}.get(result, "fail")
        return [self._class(*one) if one else None for one in answer["dkim"]], (chain, f"{result} {words}")

    def _class(self, result: str | None, words: str | None) -> Answer:
        if result == "invalid" and self.TEMPORARY in (words or ""):
            return "temperror", words or ""
        return {"pass": "pass", "fail": "fail"}.get(result or "", "unusable"), words or ""


class OpenDkim:
    def __init__(self, zone: pathlib.Path) -> None:
        self.library = messages_opendkim.Process(zone)

    def signatures(self, message: text.Message) -> list[Answer | None]:
        """By the value of b=, since the library leaves out fields that it cannot read."""
        found = self.library.verify(message)
        answers: list[Answer | None] = []
        for field in message.named(b"dkim-signature"):
            value = text.without_space(text.tag(field.value, "b") or "").encode("latin-1")
            at = next((i for i, one in enumerate(found) if one["b"] == value), None)
            one = found.pop(at) if at is not None else None
            answers.append((one["class"], one["detail"]) if one else None)
        return answers


class AuthHeaders:
    def __init__(self, dkimpy: Dkimpy) -> None:
        self._dkimpy = dkimpy
        # It reads the Public Suffix List for each question.
        remembering = functools.lru_cache(authheaders.dmarc_lookup.get_org_domain)
        authheaders.get_org_domain = authheaders.dmarc_lookup.get_org_domain = remembering

    def _lookup(self, name: str | bytes, timeout: int = 5) -> str | bytes | None:
        """DMARC asks with text and wants text."""
        found = self._dkimpy.lookup(name, timeout)
        return found.decode("latin-1") if found is not None and isinstance(name, str) else found

    def dmarc(self, message: bytes) -> Answer:
        try:
            field = authheaders.authenticate_message(message, "mx.example", spf=False, dkim=True, arc=False, dmarc=True,
                                                     dnsfunc=self._lookup)
            results = authres.AuthenticationResultsHeader.parse(field).results
        except Exception as error:  # the library lets exceptions of all kinds out
            return "error", f"{type(error).__name__}: {error}"
        found = [one.result for one in results if one.method == "dmarc"]
        return (found[0], "") if found else ("error", "no result")
