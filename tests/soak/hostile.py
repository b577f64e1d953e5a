"""Clients that no honest MTA is: they send attacks, vanish, drip, say nothing, send nonsense. Whoever answers them as a filter must
goes on doing so for everybody else."""

import collections
import random
import re
import socket
import struct
import threading
import time

import milter

# Connections that say next to nothing, at a time, and that send their message octet by octet.
IDLERS = 30
DRIPS = 20
# All but NUL, which the protocol cannot carry, and LF, which separates the lines of a field.
OCTETS = bytes(octet for octet in [*range(1, 32), 127, *range(128, 256)] if octet != 10)
SIGNATURE = b" v=1; a=rsa-sha256; d=%s; s=%s; h=from; bh=AAAA; b=BBBB"
OVER = (1 << 20) + 1  # limits.header_bytes, and one


def packet(command, data=b""):
    return struct.pack(">I", len(data) + 1) + command + data


def dripped_message():
    """All packets of one message, in one piece."""
    return b"".join([
        packet(b"O", struct.pack(">III", 6, milter.ACTIONS, milter.STEPS)), packet(b"C", b"slow.example\0004\0\x19198.51.100.9\0"),
        packet(b"H", b"slow.example\0"), packet(b"M", b"<slow@author1.example>\0"), packet(b"R", b"<a@rcpt.example>\0"),
        packet(b"L", b"From\0 slow@author1.example\0"), packet(b"N"), packet(b"B", b"slow\r\n"), packet(b"E"), packet(b"Q")])


class Hostile:
    """Threads run between start() and pause(), and again after start()."""

    THREADS = 3

    def __init__(self, port, attacks, *, pause_between=0.02, seed=1):
        self._port = port
        self._attacks = attacks
        self._pause_between = pause_between
        self._random = random.Random(seed)
        self._threads = []
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.counts = collections.Counter()
        self.problems = []
        self.sent = {}  # by queue id: the attack, when it began, when it ended, the answer

    def start(self):
        self._stop.clear()
        jobs = [self._act] * self.THREADS + [self._idle, self._drip]
        self._threads = [threading.Thread(target=self._guarded, args=(job, self._random.random()), daemon=True) for job in jobs]
        for thread in self._threads:
            thread.start()

    def pause(self):
        """Ends all of it; nothing of theirs is in flight afterwards."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._threads = []

    def problem(self, text):
        with self._lock:
            self.problems.append(text)

    def _guarded(self, job, seed):
        try:
            job(random.Random(seed))
        except Exception as error:  # pylint: disable=broad-except
            self.problem(f"{job.__name__}: {type(error).__name__}: {error}")

    def _count(self, what):
        with self._lock:
            self.counts[what] += 1
            return self.counts[what]

    def _act(self, rng):
        ways = [self._attack] * 6 + [self._vanish] * 3 + [self._odd_octets, self._nonsense, self._oversized, self._reset]
        while not self._stop.wait(self._pause_between):
            rng.choice(ways)(rng)

    # What an honest filter must answer to.

    def _attack(self, rng):
        entry = rng.choice(self._attacks)
        queue_id = f"ATTACK{self._count('attacks')}"
        began = time.time()
        try:
            with milter.Milter(self._port) as connection:
                connection.connect(entry["client_ip"].encode())
                connection.helo(entry["helo"].encode())
                connection.macro(b"i", queue_id.encode())
                steps = [lambda: connection.mail(entry["mail_from"].encode(), *(text.encode() for text in entry["mail_args"]))]
                steps += [lambda address=address: connection.rcpt(address.encode()) for address in entry["rcpt"]]
                steps += [connection.data, lambda: connection.headers(*entry["fields"])]
                answer = None
                for step in steps:
                    answer = step()
                    if not answer.is_continue:
                        break
                else:
                    connection.body(entry["body"])
                    answer = connection.end()
                connection.quit()
        except (milter.Lost, OSError) as error:
            self.problem(f"{entry['name']}: {error or type(error).__name__}")
            return
        with self._lock:
            self.sent[queue_id] = (entry, began, time.time(), answer)

    def _odd_octets(self, _rng):
        self._count("octets of any kind")
        fields = [(b"DKIM-Signature", SIGNATURE % (OCTETS, OCTETS)), (b"From", b" " + OCTETS), (b"From", OCTETS),
                  (OCTETS.replace(b":", b""), OCTETS), (b"Authentication-Results", OCTETS)]
        self._must_answer(fields, b"cy", helo=OCTETS, mail_from=OCTETS)

    def _oversized(self, _rng):
        self._count("headers beyond the bound")
        self._must_answer([(b"From", b" a@author1.example"), (b"X", b" " + b"y" * OVER)], b"y")

    def _must_answer(self, fields, kinds, *, helo=b"client.example.org", mail_from=b"a@author1.example"):
        try:
            with milter.Milter(self._port) as connection:
                connection.connect(b"198.51.100.7")
                connection.helo(helo)
                answer = connection.message(fields, mail_from=mail_from)
                if answer.kind not in kinds:
                    self.problem(f"the answer is {answer.kind} {answer.text}")
        except (milter.Lost, OSError) as error:
            self.problem(f"a message without an answer: {error or type(error).__name__}")

    def _reset(self, _rng):
        self._count("messages given up")
        try:
            with milter.Milter(self._port) as connection:
                connection.connect(b"198.51.100.7")
                connection.mail(b"a@author2.example")
                connection.rcpt()
                connection.header(b"From", b" a@author2.example")
                connection.abort()
                connection.message([(b"From", b" a@author1.example")])
        except (milter.Lost, OSError) as error:
            self.problem(f"a message without an answer: {error or type(error).__name__}")

    # What may be cut off.

    def _vanish(self, rng):
        self._count("clients that vanish")
        fields = [(b"From", b" a@author%d.example" % rng.randrange(9)), (b"DKIM-Signature", SIGNATURE % (b"author1.example", b"s1"))]
        try:
            connection = milter.Milter(self._port)
            steps = [lambda: connection.connect(b"198.51.100.7"), connection.helo, lambda: connection.mail(b"a@author3.example"),
                     connection.rcpt, lambda: connection.headers(*fields), lambda: connection.body(b"x" * 65535)]
            for step in steps[:rng.randrange(len(steps) + 1)]:
                step()
            if rng.random() < 0.5:  # A reset instead of an end.
                connection.hang_up()
            elif rng.random() < 0.5:  # The end of the message was sent, and nobody waits for the answer.
                connection.write(b"E")
            connection.close()
        except (milter.Lost, OSError):
            pass

    def _nonsense(self, rng):
        self._count("nonsense")
        octets = rng.choice([rng.randbytes(200), b"\xff\xff\xff\xffO", b"\0\0\0\0", b"GET / HTTP/1.1\r\n\r\n", packet(b"O", b"\0"),
                             packet(b"E"), packet(b"D", b"C"), packet(b"L", b"no zero octet"), packet(b"M", b"")])
        try:
            with socket.create_connection(("127.0.0.1", self._port), 10) as connection:
                connection.sendall(octets)
                connection.settimeout(0.2)
                connection.recv(100)
        except OSError:
            pass

    def _idle(self, rng):
        idlers = collections.deque()
        while not self._stop.wait(0.1):
            try:
                while len(idlers) < IDLERS:
                    self._count("connections that say nothing")
                    connection = socket.create_connection(("127.0.0.1", self._port), 10)
                    connection.sendall(rng.choice([b"", b"\0\0", dripped_message()[:rng.randrange(17, 130)]]))
                    if rng.random() < 0.3:
                        connection.shutdown(socket.SHUT_WR)
                    idlers.append((time.monotonic() + rng.uniform(1, 8), connection))
            except OSError:
                pass
            while idlers and idlers[0][0] < time.monotonic():
                idlers.popleft()[1].close()
        for _, connection in idlers:
            connection.close()

    def _drip(self, rng):
        drips = []
        text = dripped_message()
        while not self._stop.wait(0.1):
            while len(drips) < DRIPS:
                self._count("messages octet by octet")
                drips.append([socket.create_connection(("127.0.0.1", self._port), 10), 0])
            for drip in list(drips):
                connection, at = drip
                try:
                    count = rng.randint(1, 8)
                    connection.sendall(text[at:at + count])
                    drip[1] += count
                except OSError as error:
                    self.problem(f"a message octet by octet: {error}")
                    drip[1] = len(text)
                if drip[1] >= len(text):
                    connection.close()
                    drips.remove(drip)
        for connection, _ in drips:
            connection.close()


def split(text):
    """A message as Postfix takes it apart (mta/message.cpp): its fields, values with LF, and its body."""
    lines = [line.removesuffix(b"\r") for line in text.removesuffix(b"\n").split(b"\n")]
    fields = []
    while lines and lines[0]:
        name = re.match(rb"([!-9;-~]+)[ \t]*:", lines[0])
        if lines[0][:1] in b" \t" and fields:
            fields[-1] = (fields[-1][0], fields[-1][1] + b"\n" + lines.pop(0))
        elif name:
            fields.append((name[1], lines.pop(0)[name.end():]))
        else:
            break
    else:
        lines = lines[1:]
    return fields, b"".join(line + b"\r\n" for line in lines)


def load_attacks(entries, folder):
    """The attack vectors as they go through the protocol."""
    attacks = []
    for entry in entries:
        fields, body = split((folder / entry["file"]).read_bytes())
        attacks.append({**entry, "fields": fields, "body": body})
    return attacks
