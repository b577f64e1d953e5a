"""Filters that have, each, one fault that a filter of mail may have: what `assay selftest` must find. They speak the filter's
side of the milter protocol (mta/wire.h) and read of mail no more than the fault needs."""

import re
import socketserver
import struct
import threading
import time

ID = "mx.example.net"
RESULTS = b"authentication-results"
ADD_AND_CHANGE = 0x11  # SMFIF_ADDHDRS | SMFIF_CHGHDRS
NO_REPLY_TO_FIELDS = 0x80
LEADING_SPACE = 0x100000


class Message:
    """What the MTA sent of one message."""

    def __init__(self):
        self.fields = []

    def values(self, name):
        return [value for field, value in self.fields if field.lower() == name]


class Filter:
    """Without a fault as far as results go: removes what claims its name or is not plain, stamps at the top, and says none."""

    def __init__(self, connection):
        self.connection = connection
        self.helo = b""
        self.login = b""
        self.message = Message()

    # What a fault changes.

    def is_forged(self, value):
        head = value.split(b";")[0]
        is_plain = re.fullmatch(rb"\s*[A-Za-z0-9.-]+(\s+1)?\s*", head)
        return not is_plain or head.split()[0].rstrip(b".").lower() == ID.encode()

    def numbers_to_remove(self):
        """Of the results fields, counted from 1, in the order in which they are to go."""
        values = self.message.values(RESULTS)
        return [number for number, value in reversed(list(enumerate(values, 1))) if self.is_forged(value)]

    def results(self):
        authors = re.findall(rb"@([\w.-]+)", b" ".join(self.message.values(b"from")))
        return "spf=none; dmarc=none header.from=" + (authors[0].decode() if authors else "x.invalid")

    def stamp(self):
        if self.login:
            return f" {ID}; auth=pass smtp.auth=x"
        return f" {ID}; {self.results()}"

    def add_stamp(self):
        self.write(b"i", struct.pack(">I", 0) + b"Authentication-Results\0" + self.stamp().encode() + b"\0")

    def reset(self):
        self.message = Message()
        self.login = b""

    def end(self):
        for number in self.numbers_to_remove():
            self.write(b"m", struct.pack(">I", number) + b"Authentication-Results\0\0")
        self.add_stamp()
        self.write(b"c")

    # The protocol.

    def write(self, kind, data=b""):
        self.connection.sendall(struct.pack(">I", len(data) + 1) + kind + data)

    def handle(self, kind, data):
        if kind == b"O":
            self.write(b"O", struct.pack(">III", 6, ADD_AND_CHANGE, NO_REPLY_TO_FIELDS | LEADING_SPACE))
        elif kind == b"D":
            words = data[1:].split(b"\0")
            if data[:1] == b"M":
                self.login = dict(zip(words[::2], words[1::2])).get(b"{auth_authen}", b"")
        elif kind == b"L":
            name, value = data.split(b"\0")[:2]
            self.message.fields.append((name, value))
        elif kind == b"A":
            self.reset()
        elif kind == b"E":
            self.end()
            self.reset()
        else:
            if kind == b"M":
                self.message = Message()
            if kind == b"H":
                self.helo = data.rstrip(b"\0")
            self.write(b"c")


class RemovesNothing(Filter):
    def numbers_to_remove(self):
        return []


class AcceptsEverything(Filter):
    def end(self):
        self.write(b"c")


class RemovesTheFirst(Filter):
    def numbers_to_remove(self):
        return super().numbers_to_remove()[-1:]


class RemovesFromTheTop(Filter):
    def numbers_to_remove(self):
        return list(reversed(super().numbers_to_remove()))


class KnowsOneSpelling(Filter):
    """As OpenDMARC did before 1.4.2: what it cannot parse, or in another case, stays."""

    def is_forged(self, value):
        return value.startswith(b" " + ID.encode() + b";")


class RemovesAllResults(Filter):
    def is_forged(self, value):
        return True


class SaysPass(Filter):
    def results(self):
        return "dmarc=pass header.from=bank.invalid"


class SaysPassInAComment(Filter):
    def results(self):
        return super().results() + " (spf=pass)"


class AddsAtTheBottom(Filter):
    def add_stamp(self):
        self.write(b"h", b"Authentication-Results\0" + self.stamp().encode() + b"\0")


class AddsTwo(Filter):
    def add_stamp(self):
        super().add_stamp()
        super().add_stamp()


class CopiesHelo(Filter):
    def results(self):
        return super().results() + "; spf=none smtp.helo=" + self.helo.decode("latin-1")


class TrustsAnyChain(Filter):
    def results(self):
        return super().results() + ("; arc=pass" if self.message.values(b"arc-seal") else "")


class KeepsTheLogin(Filter):
    """A user of one message is the user of the next."""

    def handle(self, kind, data):
        known = self.login
        super().handle(kind, data)
        self.login = self.login or known


class ForgetsTheReset(Filter):
    """Fields of a message that was reset count among those of the next."""

    def handle(self, kind, data):
        if kind == b"M":
            self.write(b"c")
        elif kind != b"A":
            super().handle(kind, data)


class RefusesEverything(Filter):
    def end(self):
        self.write(b"y", b"550 5.7.1 no\0")


class FallsOver(Filter):
    """Closes the connection at a header of more than 64 KB, as libmilter does by itself."""

    def handle(self, kind, data):
        if kind == b"L" and len(data) > 65_535:
            raise ConnectionAbortedError
        super().handle(kind, data)


class Closes(Filter):
    def end(self):
        raise ConnectionAbortedError


class Stalls(Filter):
    def end(self):
        time.sleep(60)


class OnlyProgresses(Filter):
    def end(self):
        while True:
            self.write(b"p")
            time.sleep(0.2)


class WithoutDns(Filter):
    def results(self):
        return "spf=temperror; dmarc=temperror header.from=x.invalid"


class TakesAllForLocal(Filter):
    def results(self):
        return "none"


class Serving:
    """A filter of that class on a port of its own."""

    def __init__(self, kind):
        class Handler(socketserver.BaseRequestHandler):
            def exactly(self, count):
                octets = b""
                while len(octets) < count:
                    more = self.request.recv(count - len(octets))
                    if not more:
                        raise ConnectionAbortedError
                    octets += more
                return octets

            def handle(self):
                behaviour = kind(self.request)
                try:
                    while True:
                        length = struct.unpack(">I", self.exactly(4))[0]
                        packet = self.exactly(length)
                        if packet[:1] == b"Q":
                            return
                        behaviour.handle(packet[:1], packet[1:])
                except ConnectionError:
                    return

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            block_on_close = False

        self._server = Server(("127.0.0.1", 0), Handler)
        self.socket = f"inet:{self._server.server_address[1]}@127.0.0.1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
