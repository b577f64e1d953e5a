"""The MTA's side of the milter protocol, step by step, for conversations that assay-mta does not have: odd orders, pauses,
hostile octets. All texts are octets. The protocol is described in mta/wire.h."""

import contextlib
import socket
import struct

ACTIONS = 0x1FF  # what Postfix 3.7 offers
STEPS = 0x1FFFFF
NO_REPLY = {b"C": 0x1000, b"H": 0x2000, b"M": 0x4000, b"R": 0x8000, b"T": 0x10000, b"U": 0x20000, b"N": 0x40000, b"B": 0x80000,
            b"L": 0x80}
LEFT_OUT = {b"C": 0x1, b"H": 0x2, b"M": 0x4, b"R": 0x8, b"B": 0x10, b"L": 0x20, b"N": 0x40, b"U": 0x100, b"T": 0x200}
LEADING_SPACE = 0x100000


class Lost(Exception):
    """The filter closed the connection."""


def connect(address, timeout=60):
    """`address` is a port of 127.0.0.1, or the path of a unix socket."""
    if isinstance(address, int):
        made = socket.create_connection(("127.0.0.1", address), timeout)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made
    made = socket.socket(socket.AF_UNIX)
    try:
        made.settimeout(timeout)
        made.connect(str(address))
    except BaseException:
        made.close()
        raise
    return made


class Answer:
    """A final answer: `kind` is its octet (b"c" continue, b"y" reply code ...), `edits` the packets before it."""

    def __init__(self, kind, text=b"", edits=()):
        self.kind = kind
        self.text = text.rstrip(b"\0")
        self.edits = list(edits)

    def inserted(self, name):
        """Values of inserted fields of that name."""
        values = []
        for kind, data in self.edits:
            if kind == b"i":
                field, value = data[4:].split(b"\0")[:2]
                if field.lower() == name.lower():
                    values.append(value)
        return values

    def removed(self):
        """(name, number) of the fields removed, in the order asked."""
        found = []
        for kind, data in self.edits:
            if kind == b"m":
                name, value = data[4:].split(b"\0")[:2]
                if value == b"":
                    found.append((name, struct.unpack(">I", data[:4])[0]))
        return found

    def edited(self, fields):
        """Those fields after the edits, made in their order as an MTA makes them."""
        left = list(fields)
        for kind, data in self.edits:
            number = struct.unpack(">I", data[:4])[0] if kind in b"im" else 0
            if kind == b"i":
                left.insert(number, tuple(data[4:].split(b"\0")[:2]))
            elif kind == b"m":
                name, value = data[4:].split(b"\0")[:2]
                assert value == b"", value
                places = [place for place, field in enumerate(left) if field[0].lower() == name.lower()]
                del left[places[number - 1]]
        return left

    @property
    def is_continue(self):
        return self.kind in (b"c", b"a")


class Milter:
    """One connection to a filter."""

    def __init__(self, address, *, version=6, actions=ACTIONS, steps=STEPS, timeout=60):
        self._socket = connect(address, timeout)
        self._macros = {}
        try:
            self.write(b"O", struct.pack(">III", version, actions, steps))
            kind, data = self.read()
            assert kind == b"O", kind
        except BaseException:
            self.close()
            raise
        self.version, self.actions, self.steps = struct.unpack(">III", data[:12])
        self.macro_lists = data[12:]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._socket.close()

    def hang_up(self):
        """Ends the connection by a reset, as a client does that crashes with octets unread."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def finish_writing(self):
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def send(self, octets):
        """Octets as they stand, which need be no packet."""
        try:
            self._socket.sendall(octets)
        except OSError as error:
            raise Lost(str(error)) from error

    def rest(self):
        """All packets until the filter closes the connection."""
        packets = []
        with contextlib.suppress(Lost):
            while True:
                packets.append(self.read())
        return packets

    def write(self, command, data=b""):
        try:
            self._socket.sendall(struct.pack(">I", len(data) + 1) + command + data)
        except OSError as error:
            raise Lost(str(error)) from error

    def _exactly(self, count):
        octets = b""
        while len(octets) < count:
            try:
                more = self._socket.recv(count - len(octets))
            except ConnectionError as error:
                raise Lost(str(error)) from error
            if not more:
                raise Lost("closed")
            octets += more
        return octets

    def read(self):
        length = struct.unpack(">I", self._exactly(4))[0]
        assert 1 <= length <= 1 << 20, length
        packet = self._exactly(length)
        return packet[:1], packet[1:]

    def answer(self):
        edits = []
        while True:
            kind, data = self.read()
            if kind in b"himq+-2eb":
                edits.append((kind, data))
            elif kind != b"p":
                return Answer(kind, data, edits)

    def event(self, command, data=b""):
        """Sends an event if the filter wants it, and reads its answer if there is one."""
        if self._macros and command in b"CHMRTNE":
            pairs = b"".join(name + b"\0" + value + b"\0" for name, value in self._macros.items())
            self.write(b"D", command + pairs)
        if self.steps & LEFT_OUT.get(command, 0):
            return Answer(b"c")
        self.write(command, data)
        if self.steps & NO_REPLY.get(command, 0):
            return Answer(b"c")
        return self.answer()

    def macro(self, name, value):
        self._macros[name] = value

    def connect(self, ip=b"192.0.2.1", name=b"client.example.org", port=25):
        if ip is None:
            return self.event(b"C", name + b"\0U")
        family = b"6" if b":" in ip else b"4"
        return self.event(b"C", name + b"\0" + family + struct.pack(">H", port) + ip + b"\0")

    def helo(self, name=b"client.example.org"):
        return self.event(b"H", name + b"\0")

    def mail(self, address=b"sender@example.org", *parameters):
        return self.event(b"M", b"\0".join([b"<" + address + b">", *parameters]) + b"\0")

    def rcpt(self, address=b"postmaster@example.net"):
        return self.event(b"R", b"<" + address + b">\0")

    def data(self):
        return self.event(b"T")

    def header(self, name, value):
        """`value` is what follows the colon, with its white space."""
        if not self.steps & LEADING_SPACE and value[:1] == b" ":
            value = value[1:]
        return self.event(b"L", name + b"\0" + value + b"\0")

    def headers(self, *fields):
        for name, value in fields:
            answer = self.header(name, value)
            if not answer.is_continue:
                return answer
        return self.event(b"N")

    def body(self, octets):
        return self.event(b"B", octets)

    def end(self):
        return self.event(b"E")

    def abort(self):
        self.write(b"A")

    def quit(self):
        with contextlib.suppress(Lost):
            self.write(b"Q")
        self.close()

    def message(self, fields, body=b"hello\r\n", *, mail_from=b"sender@example.org", queue_id=None, rcpt=b"postmaster@example.net",
                chunk=65535):
        """A whole message from MAIL to its end; returns the answer that decides."""
        if queue_id is not None:
            self.macro(b"i", queue_id)
        for step in (lambda: self.mail(mail_from), lambda: self.rcpt(rcpt), self.data, lambda: self.headers(*fields)):
            answer = step()
            if not answer.is_continue:
                self.abort()
                return answer
        for start in range(0, len(body), chunk):
            answer = self.body(body[start:start + chunk])
            if answer.kind == b"s":
                break
            if not answer.is_continue:
                self.abort()
                return answer
        return self.end()
