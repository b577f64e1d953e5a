"""libopendkim by way of ctypes: signs and verifies messages, with keys from a function instead of DNS.

    messages_opendkim.py ZONE    works for a Process, ZONE being JSON: {name: [TXT record, ...] or "FAIL"}

The library writes beyond its memory for some lists of h=, hence a process of its own.
"""
from __future__ import annotations

import ctypes
import json
import pathlib
import pickle
import subprocess
import sys
from typing import Callable

import messages_text as text

OK = 0
CALLBACK_CONTINUE, CALLBACK_TRY_AGAIN, CALLBACK_NOT_FOUND = 0, 2, 3
OPERATION_SET = 1
OPTION_FLAGS, OPTION_OVERSIGN, OPTION_FIXED_TIME, OPTION_LIFETIME = 0, 5, 8, 11
FLAG_PASSED, BODY_MATCHES = 0x04, 0
CANONICALIZATIONS = {"simple": 0, "relaxed": 1}
ALGORITHMS = {"rsa-sha256": 1, "ed25519-sha256": 2}
# DKIM_SIGERROR_*: the signature was checked and is bad; its key could not be asked for.
ERRORS_FAIL = {0, 28}
ERRORS_TEMPORARY = {24}
ERROR_UNKNOWN = -1

_lib = ctypes.CDLL("libopendkim.so.11")
_lib.dkim_init.restype = ctypes.c_void_p
_lib.dkim_init.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
_lib.dkim_options.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t]
_lib.dkim_sign.restype = ctypes.c_void_p
_lib.dkim_sign.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p,
                           ctypes.c_char_p, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_ssize_t,
                           ctypes.POINTER(ctypes.c_int)]
_lib.dkim_verify.restype = ctypes.c_void_p
_lib.dkim_verify.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.POINTER(ctypes.c_int)]
_lib.dkim_header.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
_lib.dkim_eoh.argtypes = [ctypes.c_void_p]
_lib.dkim_body.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
_lib.dkim_eom.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
_lib.dkim_free.argtypes = [ctypes.c_void_p]
_lib.dkim_geterror.restype = ctypes.c_char_p
_lib.dkim_geterror.argtypes = [ctypes.c_void_p]
_lib.dkim_set_signer.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
_lib.dkim_getsighdr.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_size_t]
_lib.dkim_getsiglist.argtypes = [ctypes.c_void_p, ctypes.POINTER(ctypes.POINTER(ctypes.c_void_p)),
                                 ctypes.POINTER(ctypes.c_int)]
_lib.dkim_sig_process.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
for _name, _type in (("getflags", ctypes.c_uint), ("getbh", ctypes.c_int), ("geterror", ctypes.c_int),
                     ("getselector", ctypes.c_char_p), ("getdomain", ctypes.c_char_p)):
    getattr(_lib, f"dkim_sig_{_name}").restype = _type
    getattr(_lib, f"dkim_sig_{_name}").argtypes = [ctypes.c_void_p]
_lib.dkim_sig_geterrorstr.restype = ctypes.c_char_p
_lib.dkim_sig_geterrorstr.argtypes = [ctypes.c_int]
_lib.dkim_sig_gettagvalue.restype = ctypes.c_char_p
_lib.dkim_sig_gettagvalue.argtypes = [ctypes.c_void_p, ctypes.c_bool, ctypes.c_char_p]

_KeyLookup = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.POINTER(ctypes.c_char),
                              ctypes.c_size_t)


class TryAgain(Exception):
    """Raised by a key lookup: DNS failed for now."""


class SigningError(Exception):
    pass


class Crashed(SigningError):
    """The library died twice of the same message, in a new process the second time."""


class OpenDkim:
    """One library handle. `lookup(selector, domain)` gives the key record or None, or raises TryAgain."""

    def __init__(self, lookup: Callable[[str, str], bytes | None]) -> None:
        self._handle = _lib.dkim_init(None, None)
        self._callback = _KeyLookup(self._on_lookup)  # kept: C holds no reference
        self._lookup = lookup
        self._unavailable: set[tuple[str, str]] = set()
        _lib.dkim_set_key_lookup.argtypes = [ctypes.c_void_p, _KeyLookup]
        _lib.dkim_set_key_lookup(self._handle, self._callback)

    @staticmethod
    def _name(signature: int) -> tuple[str, str]:
        return ((_lib.dkim_sig_getselector(signature) or b"").decode("latin-1"),
                (_lib.dkim_sig_getdomain(signature) or b"").decode("latin-1"))

    def _on_lookup(self, _dkim, signature, buffer, size) -> int:
        selector, domain = self._name(signature)
        try:
            record = self._lookup(selector, domain)
        except TryAgain:
            self._unavailable.add((selector, domain))
            return CALLBACK_TRY_AGAIN
        if record is None:
            return CALLBACK_NOT_FOUND
        record = record[:size - 1] + b"\0"
        ctypes.memmove(buffer, record, len(record))
        return CALLBACK_CONTINUE

    def _set(self, option: int, value) -> None:
        _lib.dkim_options(self._handle, OPERATION_SET, option, ctypes.byref(value), ctypes.sizeof(value))

    def _feed(self, dkim: int, message: text.Message) -> None:
        """Raises SigningError if the library does not take the message."""
        for field in message.fields:
            raw = field.raw()
            self._check(_lib.dkim_header(dkim, raw, len(raw)), dkim, "header")
        status = _lib.dkim_eoh(dkim)
        if message.body:
            _lib.dkim_body(dkim, message.body, len(message.body))
        if status not in (OK, 14):
            self._check(status, dkim, "end of header")

    @staticmethod
    def _check(status: int, dkim: int, where: str) -> None:
        if status != OK:
            raise SigningError(f"{where}: status {status}, {(_lib.dkim_geterror(dkim) or b'').decode('latin-1')}")

    def sign(self, message: text.Message, *, key: bytes, selector: str, domain: str, algorithm: str,
             canonicalization: tuple[str, str], now: int, length: int = -1, lifetime: int = 0,
             oversign: tuple[str, ...] = (), identity: str = "") -> text.Field:
        """The DKIM-Signature field. Which fields are signed is the library's choice; `oversign` adds names."""
        names = (ctypes.c_char_p * (len(oversign) + 1))(*(name.encode() for name in oversign), None)
        _lib.dkim_options(self._handle, OPERATION_SET, OPTION_OVERSIGN, names, ctypes.sizeof(ctypes.c_void_p))
        self._set(OPTION_FIXED_TIME, ctypes.c_uint64(now))
        self._set(OPTION_LIFETIME, ctypes.c_uint64(lifetime))
        status = ctypes.c_int(0)
        header, body = (CANONICALIZATIONS[name] for name in canonicalization)
        dkim = _lib.dkim_sign(self._handle, b"test", None, key, selector.encode(), domain.encode(), header, body,
                              ALGORITHMS[algorithm], length, ctypes.byref(status))
        if not dkim:
            raise SigningError(f"dkim_sign: status {status.value}")
        try:
            if identity:
                _lib.dkim_set_signer(dkim, identity.encode())
            self._feed(dkim, message)
            self._check(_lib.dkim_eom(dkim, None), dkim, "end of message")
            buffer = ctypes.create_string_buffer(8192)
            self._check(_lib.dkim_getsighdr(dkim, buffer, len(buffer), 16), dkim, "field")
        finally:
            _lib.dkim_free(dkim)
            self._set(OPTION_FIXED_TIME, ctypes.c_uint64(0))  # Verifying would use it, too.
        value = b" " + buffer.value.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        return text.Field(b"DKIM-Signature", value)

    def verify(self, message: text.Message) -> list[dict]:
        """For each signature that the library took: its b= value, class and reason."""
        status = ctypes.c_int(0)
        dkim = _lib.dkim_verify(self._handle, b"test", None, ctypes.byref(status))
        try:
            try:
                self._feed(dkim, message)
            except SigningError as error:
                refused = str(error)
            else:
                refused = ""
                _lib.dkim_eom(dkim, None)
            signatures = ctypes.POINTER(ctypes.c_void_p)()
            count = ctypes.c_int(0)
            if _lib.dkim_getsiglist(dkim, ctypes.byref(signatures), ctypes.byref(count)) != OK:
                return []
            return [self._result(dkim, signatures[i], refused) for i in range(count.value)]
        finally:
            _lib.dkim_free(dkim)

    def _result(self, dkim: int, signature: int, refused: str) -> dict:
        _lib.dkim_sig_process(dkim, signature)  # The library itself stops at the first that passes.
        value = _lib.dkim_sig_gettagvalue(signature, False, b"b") or b""
        error = _lib.dkim_sig_geterror(signature)
        passed = _lib.dkim_sig_getflags(signature) & FLAG_PASSED
        if passed and _lib.dkim_sig_getbh(signature) == BODY_MATCHES and error == 0:
            result = "pass"
        elif error in ERRORS_TEMPORARY or error == ERROR_UNKNOWN and self._name(signature) in self._unavailable:
            result = "temperror"
        else:
            result = "fail" if error in ERRORS_FAIL else "unusable"
        words = (_lib.dkim_sig_geterrorstr(error) or b"").decode("latin-1")
        return {"b": b"".join(value.split()), "class": result, "detail": refused or f"{error} {words}"}


class Process:
    """An OpenDkim in a process that is started again when it dies."""

    def __init__(self, zone: pathlib.Path) -> None:
        self._command = [sys.executable, "-B", __file__, str(zone)]
        self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=subprocess.DEVNULL)

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()

    def _ask_once(self, job: tuple) -> tuple | None:
        try:
            pickle.dump(job, self._process.stdin)
            self._process.stdin.flush()
            return pickle.load(self._process.stdout)
        except (EOFError, OSError, pickle.UnpicklingError):
            self._process.kill()
            self._process.wait()
            self._start()
            return None

    def _ask(self, *job) -> object:
        # Memory that an earlier message spoiled may be what it dies of: once more, afresh.
        answer = self._ask_once(job) or self._ask_once(job)
        if answer is None:
            raise Crashed("libopendkim died")
        result, error = answer
        if error:
            raise SigningError(error)
        return result

    def sign(self, message: text.Message, **options) -> text.Field:
        return self._ask("sign", message, options)

    def verify(self, message: text.Message) -> list[dict]:
        return self._ask("verify", message, {})


def main() -> None:
    records = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))

    def lookup(selector: str, domain: str) -> bytes | None:
        found = records.get(f"{selector}._domainkey.{domain}".lower().rstrip("."), [])
        if isinstance(found, str):
            raise TryAgain
        return found[0].encode("latin-1") if found else None

    library = OpenDkim(lookup)
    while True:
        try:
            method, message, options = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        try:
            answer = getattr(library, method)(message, **options), ""
        except SigningError as error:
            answer = None, str(error)
        pickle.dump(answer, sys.stdout.buffer)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
