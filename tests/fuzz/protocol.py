#!/usr/bin/python3
"""Talks to a running assayd as a broken or hostile MTA would: valid conversations with packets lost, repeated, swapped, changed,
cut, with wrong lengths and wrong commands, many connections at a time, closed wherever it pleases.

    ASSAY_BIN=build/asan/bin tests/fuzz/protocol.py --seconds 600 --seed 1

Best on a build with the preset "asan". Batches follow from the seed alone. After each, assayd must give samples of tests/vectors
their verdicts, hold no message, descriptor or thread more than before, and have written no internal error; a report of a
sanitizer, an answer that is none, or a message that goes on without our Authentication-Results ends the run. --batch N repeats
batch N."""

import argparse
import concurrent.futures
import contextlib
import itertools
import os
import pathlib
import random
import re
import socket
import struct
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))

import daemon  # noqa: E402  pylint: disable=wrong-import-position
import milter  # noqa: E402  pylint: disable=wrong-import-position
import samples  # noqa: E402  pylint: disable=wrong-import-position
import sanitizers  # noqa: E402  pylint: disable=wrong-import-position
import test_metrics  # noqa: E402  pylint: disable=wrong-import-position

THREADS = 12  # connections at a time
CONNECTIONS = 150  # of one batch
ANSWER_SECONDS = 20  # a sanitizer and a busy machine make assayd slow
# Commands up to the end of a message, in the order of SMTP; macros (D) may stand anywhere.
IN_ORDER = rb"OCH?(MR+T?L*NB*E)+"
COMMANDS = b"OCHMRDTLNBEAQKU"
EDITS = b"him+-2qe"
FINAL = b"acrtyds4"
REST_SECONDS = 60
FEW_DESCRIPTORS = 60  # of a daemon at rest
SPARE = 4  # descriptors that come and go: the log, /metrics
# All samples take a while; these tell a forgery from genuine mail, with and without a signature.
PROOF = ("fail-reject", "pass-dkim-only", "pass-spf-only", "fail-quarantine", "forged-results")


# Rules of all kinds of edits, for whatever a mutation makes true.
RULES = """\
policy:
  rules:
    - {name: marked, when: {from_domain: monitor.example}, then: {continue: {tag: marked, name: X-Marked, value: "1"}}}
"""


class Wrong(Exception):
    """What assayd must not do."""


# ---- conversations ------------------------------------------------------------------------------------------------

def negotiation(version=6, actions=milter.ACTIONS, steps=milter.STEPS):
    return (b"O", struct.pack(">III", version, actions, steps))


def macros(command, *pairs):
    return (b"D", command + b"".join(name + b"\0" + value + b"\0" for name, value in pairs))


def message_packets(dice, entry, queue_id):
    """A sample's message from MAIL to its end, as packets."""
    header, _, body = entry["path"].read_bytes().replace(b"\r\n", b"\n").partition(b"\n\n")
    packets = [macros(b"M", (b"i", queue_id), (b"{mail_addr}", entry["mail_from"].encode())),
               (b"M", b"\0".join([b"<" + entry["mail_from"].encode() + b">", *map(str.encode, entry["mail_args"])]) + b"\0")]
    for address in entry["rcpt"]:
        packets += [macros(b"R", (b"{rcpt_addr}", address.encode())), (b"R", b"<" + address.encode() + b">\0")]
    packets.append((b"T", b""))
    for field in re.split(rb"\n(?![ \t])", header):
        name, _, value = field.partition(b":")
        packets.append((b"L", name + b"\0" + value + b"\0"))
    packets.append((b"N", b""))
    body = body.replace(b"\n", b"\r\n")
    chunk = dice.choice((1, 7, 100, 65535)) if len(body) < 2000 else 65535
    packets += [(b"B", body[start:start + chunk]) for start in range(0, len(body), chunk)]
    packets.append((b"E", b""))
    return packets


def conversation(dice, entries, number):
    """All of a connection, well formed."""
    entry = dice.choice(entries)
    family = b"6" if ":" in entry["client_ip"] else b"4"
    packets = [negotiation(), macros(b"C", (b"j", b"mx.example.net"), (b"{daemon_name}", b"smtpd")),
               (b"C", b"client.example\0" + family + struct.pack(">H", 25) + entry["client_ip"].encode() + b"\0"),
               macros(b"H", (b"{tls_version}", b"TLSv1.3")), (b"H", entry["helo"].encode() + b"\0")]
    for message in range(dice.choice((1, 1, 1, 2, 3))):
        packets += message_packets(dice, dice.choice(entries), b"F%dM%d" % (number, message))
        if dice.random() < 0.1:
            packets.append((b"A", b""))
    packets.append((dice.choice((b"Q", b"K")), b""))
    return packets


# ---- mutations ----------------------------------------------------------------------------------------------------

def junk(dice, most):
    size = dice.choice((0, 1, 2, 3, 4, 5, 12, 13, dice.randrange(most + 1)))
    alphabet = dice.choice((bytes(range(256)), b"\0", b"%s%n", b"\r\n :;=<>()@", b"a"))
    return bytes(dice.choice(alphabet) for _ in range(size))


def changed(dice, data):
    """A packet's data with some octets changed."""
    octets = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 8))):
        at = dice.randrange(len(octets) + 1)
        what = dice.randrange(6)
        if what == 0 and octets:
            octets[at % len(octets)] = dice.randrange(256)
        elif what == 1:
            octets[at:at] = junk(dice, 40)
        elif what == 2:
            del octets[at:at + dice.choice((1, 2, 10, 1000))]
        elif what == 3:
            octets = octets.rstrip(b"\0")
        elif what == 4:
            octets[at:at] = octets[:dice.choice((1, 100, 10000))]
        else:
            octets[at:at] = b"\0" * dice.choice((1, 2, 50))
    return bytes(octets)


def odd_packet(dice):
    """A packet out of nowhere."""
    return dice.choice((
        lambda: (bytes([dice.randrange(256)]), junk(dice, 300)),
        lambda: (bytes([dice.choice(COMMANDS)]), junk(dice, 300)),
        lambda: negotiation(dice.choice((0, 1, 2, 3, 4, 5, 6, 7, 0xFFFFFFFF)), dice.getrandbits(32), dice.getrandbits(32)),
        lambda: (b"C", b"x\0" + dice.choice((b"U", b"L", b"4", b"6", b"\0")) + struct.pack(">H", dice.getrandbits(16)) +
                 dice.choice((b"/tmp/socket\0", b"192.0.2.1", b"IPv6:::1\0", b"999.1.1.1\0", b"\0", junk(dice, 50)))),
        lambda: macros(bytes([dice.choice(COMMANDS)]), *[(junk(dice, 20), junk(dice, 2000)) for _ in range(dice.randrange(4))]),
        # Names without a value.
        lambda: (b"D", bytes([dice.choice(COMMANDS)]) + b"i\0" * dice.choice((1, 3, 9, 101))),
        lambda: (b"L", b"Authentication-Results\0" + junk(dice, 200) + b"mx.example.net; dmarc=pass\0"),
        lambda: (b"L", junk(dice, 100) + b"\0" + junk(dice, 5000) + b"\0"),
        lambda: (b"M", b"<" + junk(dice, 3000) + b">\0" + junk(dice, 50)),
        lambda: (b"B", junk(dice, 3000) * dice.choice((1, 20))),
    ))()


def mutated(dice, packets):
    packets = list(packets)
    for _ in range(dice.choice((0, 1, 1, 1, 2, 3, 6))):
        if not packets:
            break
        at = dice.randrange(len(packets))
        what = dice.randrange(9)
        if what == 0:
            del packets[at]
        elif what == 1:
            packets[at:at] = [packets[at]] * dice.choice((1, 1, 20, 300))
        elif what == 2:
            other = dice.randrange(len(packets))
            packets[at], packets[other] = packets[other], packets[at]
        elif what == 3:
            packets.insert(at, odd_packet(dice))
        elif what == 4:
            packets[at] = (bytes([dice.choice(COMMANDS)]), packets[at][1])
        elif what == 5:
            start = dice.randrange(len(packets))
            packets[at:at] = packets[start:start + dice.randrange(1, 8)]
        elif what == 6:
            packets[at:] = packets[:at:-1]
        else:
            packets[at] = (packets[at][0], changed(dice, packets[at][1]))
    return packets


def octets_of(dice, packets):
    """The packets as they are sent; sometimes the length of one is wrong."""
    parts = [struct.pack(">I", len(data) + 1) + command + data for command, data in packets]
    if parts and dice.random() < 0.15:
        at = dice.randrange(len(parts))
        wrong = dice.choice((0, 1, 2, 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, 1 << 20, (1 << 20) + 1, 65536, len(parts[at]) - 3,
                             len(parts[at]) + 5, dice.getrandbits(32)))
        parts[at] = struct.pack(">I", wrong) + parts[at][4:]
    if parts and dice.random() < 0.1:
        at = dice.randrange(len(parts))
        parts[at:] = [parts[at][:dice.randrange(len(parts[at]) + 1)]]
    return parts


# ---- what assayd answers ------------------------------------------------------------------------------------------

class Answers:
    """The octets that came back, read as packets. What is none, or must not be, is Wrong."""

    def __init__(self):
        self._octets = b""
        self._edits = []
        self.has_refused = False

    def add(self, octets):
        """Takes octets; returns the kinds of the packets that are complete now."""
        self._octets += octets
        kinds = b""
        while len(self._octets) >= 4:
            length = struct.unpack(">I", self._octets[:4])[0]
            if not 1 <= length <= 1 << 20:
                raise Wrong(f"an answer of {length} octets")
            if len(self._octets) < 4 + length:
                break
            kinds += self._see(self._octets[4:5], self._octets[5:4 + length])
            self._octets = self._octets[4 + length:]
        return kinds

    def _see(self, kind, data):
        if kind == b"O":
            return kind
        if kind in EDITS:
            self._edits.append((kind, data))
            if kind == b"i":
                name, value = data[4:].split(b"\0")[:2]
                lines = value.split(b"\n")
                controls = [octet for line in lines for octet in line if octet < 32 and octet != 9 or octet == 127]
                if controls or not re.fullmatch(rb"[!-9;-~]+", name):
                    raise Wrong(f"a header field with control characters: {data[:200]!r}")
                if any(line[:1] not in (b" ", b"\t") for line in lines[1:]):
                    raise Wrong(f"a header field whose line is no continuation: {data[:200]!r}")
            return b""
        if kind == b"p":
            return b""
        if kind not in FINAL:
            raise Wrong(f"an answer {kind!r} {data[:100]!r}")
        if kind == b"y" and not re.fullmatch(rb"[45]\d\d[ -][ -~\r\n]*\0?", data):
            raise Wrong(f"a reply {data[:200]!r}")
        self.has_refused = self.has_refused or kind not in b"cas"
        return kind

    def has_stamp(self):
        """Whether our Authentication-Results field was inserted since the last take_edits()."""
        return any(kind == b"i" and data[4:].startswith(b"Authentication-Results\0") and b"mx.example.net" in data
                   for kind, data in self._edits)

    def take_edits(self):
        edits, self._edits = self._edits, []
        return edits


class Connection:
    """One connection of a batch, made from its own dice."""

    def __init__(self, port, seed, entries, number):
        self._dice = random.Random(seed)
        self._port = port
        self._packets = mutated(self._dice, conversation(self._dice, entries, number))
        self._parts = octets_of(self._dice, self._packets)
        self._is_polite = self._dice.random() < 0.6
        self._how_it_ends = self._dice.choice(("close", "close", "reset", "half", "wait"))
        self._answers = Answers()

    def run(self):
        with socket.create_connection(("127.0.0.1", self._port), ANSWER_SECONDS) as self._socket:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with contextlib.suppress(OSError):  # It may be closed at any time.
                self._talk()
                self._end()

    def _talk(self):
        if not self._is_polite:
            octets = b"".join(self._parts)
            pieces = self._dice.choice((1, 1, 5))
            for piece in range(pieces):
                self._send(octets[len(octets) * piece // pieces:len(octets) * (piece + 1) // pieces])
                self._receive(0)
            return
        sent = b""
        for part in self._parts:
            # Only where the MTA kept the order and nothing was refused: libmilter passes over the rest in silence, and what
            # comes then is the late answer to something else.
            sent += part[4:5] if part[4:5] != b"D" else b""
            if len(part) < 4 or struct.unpack(">I", part[:4])[0] != len(part) - 4:
                sent += b"?"
            is_end = part[4:5] == b"E" and re.fullmatch(IN_ORDER, sent) is not None and not self._answers.has_refused
            if is_end:
                self._answers.take_edits()
            self._send(part)
            if is_end:
                self._await_end()
            else:
                self._receive(0.003 if part[4:5] in b"OCHMRTNB" else 0)

    def _send(self, octets):
        """Sends all, reading what comes meanwhile, so that neither side waits for the other."""
        view = memoryview(octets)
        deadline = time.monotonic() + ANSWER_SECONDS
        while view:
            self._socket.settimeout(0.2)
            try:
                view = view[self._socket.send(view):]
            except TimeoutError:
                self._receive(0)
                if time.monotonic() > deadline:
                    raise Wrong("a connection whose octets nobody takes") from None

    def _receive(self, seconds):
        """The kinds of the answers that come until none comes for that time; raises ConnectionError once it is closed."""
        kinds = b""
        self._socket.settimeout(max(seconds, 0.0005))
        with contextlib.suppress(TimeoutError):
            while True:
                octets = self._socket.recv(65536)
                if not octets:
                    raise ConnectionError("closed")
                kinds += self._answers.add(octets)
        return kinds

    def _await_end(self):
        """The answer to the end of a message: it does not go on without our field. An answer to an earlier packet may come first,
        so it is wrong only if nothing else comes."""
        begin = time.monotonic()
        goes_on = False
        while True:
            kinds = self._receive(0.05)
            if self._answers.has_refused or self._answers.has_stamp():
                return
            goes_on = goes_on or b"c" in kinds or b"a" in kinds
            if time.monotonic() - begin > (ANSWER_SECONDS if goes_on else 1):
                break
        if goes_on:
            raise Wrong("a message that goes on without Authentication-Results")

    def _end(self):
        if self._how_it_ends == "reset":
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif self._how_it_ends == "half":
            self._socket.shutdown(socket.SHUT_WR)
            self._receive(0.05)
        elif self._how_it_ends == "wait":
            self._receive(0.3)


# ---- batches ------------------------------------------------------------------------------------------------------

class Fuzz:
    """A daemon under attack."""

    def __init__(self, seed, connections=CONNECTIONS):
        self._seed = seed
        self._connections = connections
        self._entries = samples.load()
        self._metrics_port = daemon.free_port()
        self.daemon = daemon.Daemon(f"metrics: {{listen: '127.0.0.1:{self._metrics_port}'}}\n{RULES}")
        self._most_threads = None
        self._most_descriptors = None

    def stop(self):
        self.daemon.stop()

    def _process(self, what):
        return len(os.listdir(f"/proc/{self.daemon.pid}/{what}"))

    def run(self, batch):
        """One batch, and the proof that nothing is left of it. Raises Wrong or AssertionError."""
        before = self._in_log()
        numbers = range(batch * self._connections, (batch + 1) * self._connections)
        with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
            for _ in pool.map(lambda number: self._connect(number), numbers):
                pass
        self._prove(batch)
        return self._in_log() - before

    def _connect(self, number):
        try:
            Connection(self.daemon.port, f"{self._seed}/{number}", self._entries, number).run()
        except OSError as error:
            if not self.daemon.is_running():
                raise Wrong(f"assayd ended in connection {number}: {self.daemon.errors.read_text(errors='replace')}") from error
            raise
        except Wrong as error:
            raise Wrong(f"connection {number}: {error}") from None

    def _in_log(self):
        return len(self.daemon.records())

    def _prove(self, batch):
        if not self.daemon.is_running():
            raise Wrong(f"assayd ended: {self.daemon.errors.read_text(errors='replace')}")
        sanitizers.check()
        faults = [text for text in self.daemon.messages() if "internal error" in text]
        if faults:
            raise Wrong(f"the catch barrier caught something: {faults[:5]}")
        for entry in self._entries:
            if entry["name"] in PROOF:
                found = samples.differences(entry, samples.send(daemon.BIN / "assay-mta", self.daemon.socket, entry))
                if found:
                    raise Wrong(f"after batch {batch}, {entry['name']}: {found}")
        daemon.until(lambda: test_metrics.read(self._metrics_port)["assay_messages_in_flight"] == 0, REST_SECONDS,
                     "an end of all messages in flight")
        # libmilter keeps threads for the next connections; after the first batch they and their stacks are there.
        if self._most_threads is None:
            daemon.until(lambda: self._process("fd") <= FEW_DESCRIPTORS, REST_SECONDS, "an end of all connections")
            self._most_threads, self._most_descriptors = self._process("task") + THREADS, self._process("fd") + SPARE
        daemon.until(lambda: self._process("fd") <= self._most_descriptors, REST_SECONDS, "an end of all connections")
        daemon.until(lambda: self._process("task") <= self._most_threads, REST_SECONDS, "an end of threads")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batch", type=int, help="only this one")
    arguments = parser.parse_args()
    fuzz = Fuzz(arguments.seed)
    begin = time.monotonic()
    batches = records = 0
    try:
        for batch in [arguments.batch] if arguments.batch is not None else itertools.count():
            records += fuzz.run(batch)
            batches += 1
            if time.monotonic() - begin > arguments.seconds:
                break
        fuzz.stop()
    except Exception as error:  # pylint: disable=broad-exception-caught
        print(f"batch {batch}, seed {arguments.seed}: {error}", file=sys.stderr)
        print(f"the daemon's files are in {fuzz.daemon.folder}; end it: kill {fuzz.daemon.pid}", file=sys.stderr)
        os._exit(1)  # Without the clean-up that removes them.
    print(f"{batches} batches, {batches * CONNECTIONS} connections, {records} messages judged, "
          f"{round(time.monotonic() - begin)} s: nothing found")
    return 0


if __name__ == "__main__":
    sys.exit(main())
