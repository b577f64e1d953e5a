#!/usr/bin/python3
"""MTAs that vanish, stall, speak out of order, or not the protocol at all: nothing unverified is accepted, the daemon and the
messages of others go on, and nothing stays behind. Prints a table of what became of each."""

import contextlib
import resource
import socket
import struct
import time
import unittest

import daemon
import delivered
import milter
import samples
import sanitizers
import test_metrics

ENTRIES = {entry["name"]: entry for entry in samples.load()}
STAMP = b"Authentication-Results"
FORGED = b"Authentication-Results\0 mx.example.net; dmarc=pass\0"

# The events of one message, as packets. What is not a str is a packet as it stands.
EVENTS = {
    "C": (b"C", b"client.example.org\0" + b"4" + struct.pack(">H", 25) + b"198.51.100.7\0"),
    "H": (b"H", b"client.example.org\0"),
    "M": (b"M", b"<office@plain.example>\0"),
    "R": (b"R", b"<postmaster@example.net>\0"),
    "T": (b"T", b""),
    "L": (b"L", b"From\0 office@plain.example\0"),
    "F": (b"L", FORGED),
    "N": (b"N", b""),
    "B": (b"B", b"hello\r\n"),
    "E": (b"E", b""),
    "A": (b"A", b""),
    "K": (b"K", b""),  # the connection ends, another follows on the same socket
    "U": (b"U", b"XYZZY\0"),
    "O": (b"O", struct.pack(">III", 6, milter.ACTIONS, milter.STEPS)),
    "D": (b"D", b"Mi\0FAULTS\0"),
}


def packet(name):
    command, data = EVENTS[name]
    return struct.pack(">I", len(data) + 1) + command + data


# Orders that no MTA should use; the last event is the end of a message. "none": the filter gives no answer, so that the MTA's
# default action applies. "stamped": accepted, verified, and without the forged field. (What libmilter cannot take in its state
# it ignores.)
ORDERS = [
    ("a message", "CHMRLFNBE", "stamped"),
    ("no HELO", "CMRLFNBE", "stamped"),
    ("no CONNECT", "MRLFNBE", "stamped"),
    ("HELO twice", "CHHMRLFNBE", "stamped"),
    ("MAIL twice", "CHMRMRLFNBE", "stamped"),
    ("MAIL again in mid-header", "CHMRLFMRLFNBE", "stamped"),
    ("DATA shown", "CHMRTLFNBE", "stamped"),
    ("two messages", "CHMRLNEMRLFNBE", "stamped"),
    ("abort, then a message", "CHMRLFNBAMRLFNBE", "stamped"),
    ("abort twice, then a message", "CHMRLAAMRLFNBE", "stamped"),
    ("no body", "CHMRLFNE", "stamped"),
    ("unknown SMTP command between", "CHUMRLFNBE", "stamped"),
    ("no header at all", "CHMRNBE", "550"),
    ("end straight after RCPT", "CHMRE", "deferred or refused"),
    ("body straight after RCPT", "CHMRBE", "deferred or refused"),
    ("end without MAIL", "CHE", "none"),
    ("end first of all", "E", "none"),
    ("end without RCPT", "CHMLFNBE", "none"),
    ("RCPT before MAIL", "CHRLFNBE", "none"),
    ("header before RCPT", "CHMLFE", "none"),
    ("end of header twice", "CHMRLFNNBE", "none"),
    ("header after its end", "CHMRLNFBE", "none"),
    ("header after the body", "CHMRLNBFE", "none"),
    ("body without end of header", "CHMRLFBE", "none"),
    ("end without end of header", "CHMRLFE", "none"),
    ("RCPT after the header", "CHMRLFNRBE", "none"),
    ("HELO in mid-message", "CHMRLFHNBE", "none"),
    ("CONNECT in mid-message", "CHMRLFCNBE", "none"),
    ("negotiation in mid-message", "CHMRLFONBE", "none"),
    ("unknown SMTP command in mid-message", "CHMRULFNBE", "none"),
    ("abort, then the end", "CHMRLFNAE", "none"),
    ("end twice", "CHMRLFNBEE", "none"),
    ("new connection on the socket", "CHMRLFNBEKCHMRLFNBE", "none"),
    ("new connection before the first message", "CHKCHMRLFNBE", "stamped"),
]

NUMBER = struct.pack
# Packets that are none: (name, octets after the negotiation). Each ends the connection, or is ignored.
MALFORMED = [
    ("length 0", NUMBER(">I", 0) + packet("C")),
    ("length -1", NUMBER(">I", 0xFFFFFFFF) + b"C" + b"x" * 100),
    ("length -2^31", NUMBER(">I", 0x80000000) + b"C" + b"x" * 100),
    ("length 2^31-1", NUMBER(">I", 0x7FFFFFFF) + b"C" + b"x" * 100),
    ("a packet of 16 MiB and one octet", NUMBER(">I", (16 << 20) + 2) + b"B" + b"x" * 1000),
    ("an unknown command", NUMBER(">I", 1) + b"Z"),
    ("a NUL for a command", NUMBER(">I", 1) + b"\0"),
    ("CONNECT with nothing", NUMBER(">I", 1) + b"C"),
    ("CONNECT without NUL", NUMBER(">I", 5) + b"Chost"),
    ("CONNECT without family", NUMBER(">I", 6) + b"Chost\0"),
    ("CONNECT without port", NUMBER(">I", 7) + b"Chost\0004"),
    ("CONNECT with half a port", NUMBER(">I", 8) + b"Chost\0004\0"),
    ("CONNECT without address", NUMBER(">I", 9) + b"Chost\0004\0\x19"),
    ("CONNECT, address without NUL", NUMBER(">I", 18) + b"Chost\0004\0\x19192.0.2.1"),
    ("CONNECT, no address of IPv4", NUMBER(">I", 17) + b"Chost\0004\0\x19a.b.c.d\0"),
    ("CONNECT, no address of IPv6", NUMBER(">I", 13) + b"Chost\0006\0\x19:::\0"),
    ("CONNECT, unknown family", NUMBER(">I", 13) + b"Chost\0X\0\x19abc\0"),
    ("CONNECT, path of 200 octets", NUMBER(">I", 210) + b"Chost\0L\0\0" + b"/" * 200 + b"\0"),
    ("HELO without NUL", packet("C") + NUMBER(">I", 5) + b"Hhost"),
    ("MAIL with nothing", packet("C") + NUMBER(">I", 1) + b"M"),
    ("MAIL without NUL", packet("C") + NUMBER(">I", 4) + b"M<x>"),
    ("RCPT without NUL", packet("C") + packet("M") + NUMBER(">I", 4) + b"R<x>"),
    ("header with nothing", packet("C") + packet("M") + packet("R") + NUMBER(">I", 1) + b"L"),
    ("header without value", packet("C") + packet("M") + packet("R") + NUMBER(">I", 6) + b"LFrom\0"),
    ("header without NULs", packet("C") + packet("M") + packet("R") + NUMBER(">I", 9) + b"LFrom x@y"),
    ("macro with nothing", NUMBER(">I", 1) + b"D"),
    ("macro without pairs", NUMBER(">I", 2) + b"DC"),
    ("macro for no command", NUMBER(">I", 6) + b"D?i\0a\0"),
    ("macro without NUL", NUMBER(">I", 5) + b"DMi=a"),
    ("body of no octet", packet("C") + packet("M") + packet("R") + packet("L") + packet("N") + NUMBER(">I", 1) + b"B"),
]


class Faults(unittest.TestCase):
    maxDiff = None
    rows = []

    @classmethod
    def setUpClass(cls):
        cls.metrics_port = daemon.free_port()
        cls.daemon = daemon.Daemon(f"metrics: {{listen: '127.0.0.1:{cls.metrics_port}'}}\n")
        cls.good = cls.enterClassContext(milter.Milter(cls.daemon.port))
        cls.good.connect()
        cls.good.helo()
        cls.good_message()
        cls.idle = cls.daemon.descriptors()

    @classmethod
    def tearDownClass(cls):
        cls.good.close()
        cls.daemon.stop()
        width = max(len(row[0]) for row in cls.rows)
        print(f"\n{'what':{width}}  {'answer':28}  {'ms':>6}  descriptors  in flight")
        for what, answer, elapsed, descriptors, in_flight in cls.rows:
            print(f"{what:{width}}  {answer:28}  {elapsed * 1000:6.0f}  {descriptors:11}  {in_flight:9}")

    @classmethod
    def good_message(cls):
        """A message of another connection, which must not notice anything."""
        answer = cls.good.message([(b"From", b" office@plain.example"), (STAMP, b" mx.example.net; dmarc=pass")])
        assert len(answer.inserted(STAMP)) == 1 and answer.removed() == [(STAMP, 1)], answer.edits

    def in_flight(self):
        return int(test_metrics.read(self.metrics_port)["assay_messages_in_flight"])

    @contextlib.contextmanager
    def row(self, what):
        """Runs a case, whose answer is what it appends to the list; afterwards nothing of it may be left."""
        begun = time.monotonic()
        answers = []
        yield answers
        elapsed = time.monotonic() - begun
        daemon.until(lambda: self.in_flight() == 0, what=f"{what}: no message in flight")
        self.good_message()
        # The metrics' connection may be open for a moment.
        daemon.until(lambda: self.daemon.descriptors() <= self.idle, what=f"{what}: no descriptor left over")
        self.rows.append((what, " ".join(answers), elapsed, self.daemon.descriptors() - self.idle, self.in_flight()))
        self.daemon.assert_sound(self)

    def replies(self, order):
        """All that the filter says to these events, until it has seen the end of the connection."""
        with milter.Milter(self.daemon.port) as connection:
            with contextlib.suppress(milter.Lost):
                for name in order:
                    connection.send(packet(name))
                connection.write(b"Q")
            return connection.rest()

    def test_orders(self):
        for what, order, expected in ORDERS:
            with self.subTest(what), self.row(what) as answers:
                # The answer to the last event is what comes on top of those to the others.
                before = self.replies(order[:-1])
                last = self.replies(order)[len(before):]
                edits = [data for kind, data in last if kind in b"him"]
                final = [(kind, data) for kind, data in last if kind not in b"him"]
                self.assertLessEqual(len(final), 1, last)
                if not final:
                    answer = "none"
                elif final[0][0] == b"y":
                    answer = final[0][1][:3].decode()
                else:
                    self.assertEqual(final[0][0], b"c", last)
                    self.assertTrue(any(STAMP + b"\0" in data and b"mx.example.net;" in data for data in edits), last)
                    self.assertTrue(any(data == NUMBER(">I", 1) + b"Authentication-Results\0\0" for data in edits), last)
                    answer = "stamped"
                answers.append(answer)
                if expected == "deferred or refused":
                    self.assertIn(answer[:1], "45")
                else:
                    self.assertEqual(answer, expected, last)

    def test_vanishing_in_every_state(self):
        order = "CHMDRLFNBE"
        for count in range(len(order) + 1):
            state = f"after {order[:count] or 'the negotiation'}"
            for how in ("FIN", "RST", "in mid-packet", "in mid-length"):
                if count == len(order) and how.startswith("in"):
                    continue
                with self.subTest(state, how=how), self.row(f"{state}: {how}") as answers:
                    connection = milter.Milter(self.daemon.port)
                    for name in order[:count]:
                        connection.send(packet(name))
                    if how == "in mid-length":
                        connection.send(packet(order[count])[:2])
                    elif how == "in mid-packet":
                        connection.send(packet(order[count])[:-1])
                    if how == "FIN":
                        connection.close()
                    else:
                        connection.hang_up()
                    answers.append("nobody to answer")

    def test_malformed_packets(self):
        for what, octets in MALFORMED:
            with self.subTest(what), self.row(what) as answers:
                with milter.Milter(self.daemon.port) as connection:
                    with contextlib.suppress(milter.Lost):
                        connection.send(octets)
                        connection.send(packet("E"))
                        connection.write(b"Q")
                    connection.finish_writing()
                    packets = connection.rest()
                # At the very most MAIL, RCPT or a body chunk were answered. No end of message was.
                self.assertFalse([kind for kind, _ in packets if kind in b"him"], packets)
                answers.append(" ".join(kind.decode() for kind, _ in packets) or "closed")

    def test_the_largest_packet_is_read(self):
        with self.row("a packet of 16 MiB"):
            with milter.Milter(self.daemon.port) as connection:
                connection.connect()
                connection.mail()
                connection.rcpt()
                connection.headers((b"From", b" office@plain.example"))
                answer = connection.event(b"B", b"x" * (16 << 20))
                self.assertIn(answer.kind, (b"c", b"s"))
                self.assertEqual(len(connection.end().inserted(b"Authentication-Results")), 1)

    def verdict_of(self, name, queue_id, **offer):
        """The action and the DKIM, SPF and DMARC results of a sample over a connection of an MTA with that offer."""
        entry = ENTRIES[name]
        fields, body = delivered.parse(entry["path"].read_bytes().replace(b"\r\n", b"\n"))
        with milter.Milter(self.daemon.port, **offer) as connection:
            connection.connect(entry["client_ip"].encode())
            connection.helo(entry["helo"].encode())
            answer = connection.message(fields, body.replace(b"\n", b"\r\n"), mail_from=entry["mail_from"].encode(),
                                        queue_id=queue_id)
        record = self.daemon.record_of(queue_id.decode())
        return answer, (record["decision"]["action"], [signature["result"] for signature in record["dkim"]],
                        record["spf"]["mailfrom"]["result"], record["dmarc"]["result"])

    def test_mtas_that_offer_less(self):
        offers = [("everything", {}), ("version 2, 0x3f, 0x7f", {"version": 2, "actions": 0x3F, "steps": 0x7F}),
                  ("version 2, no bit at all", {"version": 2, "actions": 0x3F, "steps": 0}),
                  ("version 3", {"version": 3, "actions": 0x3F, "steps": 0x3FF}),
                  ("version 4", {"version": 4, "actions": 0x3F, "steps": 0x3FF})]
        offers += [(f"without action {1 << bit:#x}", {"actions": milter.ACTIONS & ~(1 << bit)}) for bit in range(9)]
        offers += [(f"without step {1 << bit:#x}", {"steps": milter.STEPS & ~(1 << bit)}) for bit in range(21)]
        for number, (what, offer) in enumerate(offers):
            for name in ("pass-simple", "pass-ed25519-rsa", "fail-reject"):
                with self.subTest(what, message=name), self.row(f"{what}: {name}") as answers:
                    answer, verdict = self.verdict_of(name, f"OFFER{number}-{name}".encode(), **offer)
                    expect = ENTRIES[name]["expect"]
                    if not offer.get("actions", milter.ACTIONS) & 0x1 and name != "fail-reject":
                        # It cannot be stamped.
                        self.assertEqual((verdict[0], answer.text[:4]), ("tempfail", b"451 "))
                    else:
                        self.assertEqual(verdict[0], expect["action"])
                    self.assertEqual(verdict[1:], (expect["dkim"], expect["spf"], expect["dmarc"]))
                    answers.append(verdict[0])

    def test_one_octet_at_a_time(self):
        with self.row("one octet at a time") as answers:
            with milter.Milter(self.daemon.port) as connection:
                for octet in b"".join(packet(name) for name in "CHMRLFNBE"):
                    connection.send(bytes([octet]))
                connection.write(b"Q")
                packets = connection.rest()
            self.assertEqual(packets[-1][0], b"c")
            self.assertTrue(any(kind == b"i" for kind, _ in packets))
            answers.append("stamped")

    def test_the_mta_vanishes_while_dns_is_waited_for(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            port = daemon.free_port()
            settings = (f"dns: {{forward: [127.0.0.1@{silent.getsockname()[1]}], timeout: 2s, message_deadline: 2s}}\n"
                        f"metrics: {{listen: '127.0.0.1:{port}'}}\n")
            with daemon.Daemon(settings) as running:
                for how in ("close", "hang_up"):
                    connection = milter.Milter(running.port)
                    for name in "CHMRLFNBE":
                        connection.send(packet(name))
                    daemon.until(lambda: test_metrics.read(port)["assay_messages_in_flight"] == 1, what="the message")
                    getattr(connection, how)()
                    daemon.until(lambda: test_metrics.read(port)["assay_messages_in_flight"] == 0, what="the end of the message")
                    running.assert_sound(self)

    def negotiated(self):
        """A new connection. libmilter (8.17.1) may count on one idle thread for two connections that come before the thread
        wakes. If it then waits in mid-packet of the first, the second is served when anything else happens, like one more."""
        for _ in range(3):
            with contextlib.suppress(TimeoutError):
                return milter.Milter(self.daemon.port, timeout=5)
        return milter.Milter(self.daemon.port, timeout=30)

    def test_ten_thousand_connections_that_stand_still(self):
        count, own = 10_000, 10_500
        if sanitizers.BUILT_WITH:  # A thread for one in ten costs them too much.
            count = 1_000
        needed = count + 8_384 + 200  # What the daemon keeps free for DNS, the log and the configuration.
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        if hard != resource.RLIM_INFINITY and hard < needed:
            self.skipTest(f"needs {needed} open files, and the hard limit is {hard}")
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(own, before[0]), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, before)
        threads, memory = self.daemon.threads(), self.daemon.resident_kib()
        with self.row(f"{count:,} connections that stand still") as answers, contextlib.ExitStack() as stack:
            for number in range(count):
                if number % 10 < 4:  # says nothing
                    stack.enter_context(contextlib.closing(socket.create_connection(("127.0.0.1", self.daemon.port), 30)))
                    continue
                connection = stack.enter_context(self.negotiated())
                if number % 10 == 9:  # stops in mid-packet
                    connection.send(packet("C")[:3])
            stack.enter_context(self.negotiated())
            begun = time.monotonic()
            self.good_message()
            first = time.monotonic() - begun
            begun = time.monotonic()
            with milter.Milter(self.daemon.port) as late:
                late.connect()
                self.assertTrue(late.message([(b"From", b" office@plain.example")]).is_continue)
            new = time.monotonic() - begun
            print(f"{count:,} connections stand still: {self.daemon.threads() - threads} threads and "
                  f"{(self.daemon.resident_kib() - memory) // 1024} MiB more; a message took {first * 1000:.0f} ms, one on a new "
                  f"connection {new * 1000:.0f} ms", flush=True)
            self.assertLess(max(first, new), 30)
            answers.append("others: verdict")


if __name__ == "__main__":
    unittest.main()
