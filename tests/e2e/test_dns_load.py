#!/usr/bin/python3
"""Many messages at once while DNS is silent, for all of them or for the names that an attacker chose.

ASSAY_MESSAGES sets their number (100), ASSAY_OUTAGE the seconds for which DNS is silent (6)."""

import concurrent.futures
import os
import pathlib
import time
import unittest

import daemon
import milter
import sanitizers
from dns_stand import DOWN, PASS, Stand, new_message

MESSAGES = int(os.environ.get("ASSAY_MESSAGES", "100"))
OUTAGE = float(os.environ.get("ASSAY_OUTAGE", "6"))
TIMEOUT, DEADLINE = 2.0, 4.0
RECOVERY = 5.0
LATE = 5.0  # seconds that a busy machine may take longer
MOST_MEMORY_KIB = 150 * 1024
SIGNATURES = 8  # of one message that are verified: limits.signatures


class Load(unittest.TestCase):
    def start(self, timeout, deadline):
        # The default policy alone: a second daemon would only halve the machine.
        self.stand = Stand(timeout=timeout, deadline=deadline, policies=("",))
        self.addCleanup(self.stand.close)
        self.server, self.daemon = self.stand.server, self.stand.daemons[0]

    def send(self, *messages):
        """All at once; their results, in order."""
        return [result for result, in self.stand.send(*messages)]

    def test_all_are_answered_in_an_outage_and_pass_after_it(self):
        self.start(TIMEOUT, DEADLINE)
        warm = [new_message() for _ in range(10)]
        self.stand.set_script("".join(message.records() for message in warm))
        self.send(*warm)
        before, = self.stand.resources()

        lost, found = [[new_message() for _ in range(MESSAGES)] for _ in range(2)]
        self.stand.set_script("".join(message.records() for message in lost + found))
        self.server.mute()
        begin = time.monotonic()
        results = self.send(*lost)
        files, threads = self.stand.resources()[0]
        memory = self.daemon.resident_kib()
        # rspamd#2499, OpenDMARC#30 and #231: an answer before the MTA loses its patience, and never one that is made up.
        self.assertEqual([result.action for result in results], ["accept"] * MESSAGES)
        for result in results:
            self.assertEqual(result.methods, DOWN)
        slowest = max(result.seconds for result in results)
        self.assertLess(slowest, DEADLINE + LATE)
        # Nothing is kept between them and their answers: the outage goes on, and so do they.
        while time.monotonic() - begin < OUTAGE:
            self.send(*[new_message() for _ in range(10)])

        self.server.unmute()
        begin = time.monotonic()
        while any(result.methods != PASS for result in self.send(*lost[:10], *found[:10])):
            self.assertLess(time.monotonic() - begin, RECOVERY + LATE)
        back = time.monotonic() - begin
        # Not more at a time than the faulty server has room for in its socket.
        for start in range(0, MESSAGES, 20):
            for result in self.send(*found[start:start + 20]):
                self.assertEqual(result.methods, PASS)
        after, = self.stand.settled_resources([before])
        print(f"\n{MESSAGES} messages at once while DNS was silent for {OUTAGE} s: slowest verdict {slowest:.2f} s (deadline "
              f"{DEADLINE} s), {memory} KiB, {files} files and {threads} threads, before {before}, after {after}; "
              f"back after {back:.2f} s")
        if not sanitizers.BUILT_WITH:  # They take more for all that is there.
            self.assertLess(memory, MOST_MEMORY_KIB)
        self.assertLessEqual(after[0], before[0])
        self.daemon.assert_sound(self)

    def test_senders_with_silent_servers_harm_nobody_else(self):
        """Each message of the attack has eight signatures with keys at servers that never answer. It wants the lookups of a
        forgery in the name of another domain to fail: what could not be checked is delivered by default."""
        self.start(timeout=20, deadline=20)
        honest = [new_message() for _ in range(20)]
        forged = [new_message(signed=False, sealed=False) for _ in range(20)]
        policies = "".join(f'_dmarc.{m.author} 300 TXT "v=DMARC1; p=reject"\n{m.author} 300 TXT "v=spf1 -all"\n' for m in forged)
        answered = "".join(f"*.{m.top} ! DELAY 0\n" for m in honest + forged) + "*.arpa ! DELAY 0\n"
        self.stand.set_script("* ! SILENCE\n_dmarc.example ! DELAY 0\n" + "".join(m.records() for m in honest) + policies +
                              answered)
        self.send(honest[0])
        files_before = self.stand.resources()[0][0]
        attackers = [self.attack(number) for number in range(MESSAGES)]
        daemon.until(lambda: self.server.count() > 8 * MESSAGES, what="the attack")
        files, threads = self.stand.resources()[0]
        slowest = 0
        for message, forgery in zip(honest[1:], forged):
            passed, refused = self.send(message, forgery)
            slowest = max(slowest, passed.seconds, refused.seconds)
            self.assertEqual(passed.methods, PASS)
            self.assertEqual((refused.record["dmarc"]["result"], refused.action), ("fail", "reject"))
        # Behind the attacker's questions it would be as long as those take.
        self.assertLess(slowest, LATE)
        print(f"\n{MESSAGES} messages of an attacker under way: {files} files, {files_before} before, and {threads} threads; "
              f"{len(honest) - 1} honest messages passed and as many forgeries were refused, in {slowest:.2f} s at most")
        for connection in attackers:
            connection.close()
        self.daemon.assert_sound(self)

    def test_nor_do_those_with_a_dozen_domains(self):
        """More questions than there are places, about twelve domains, by messages that are cut short: what they asked stays under
        way."""
        self.start(timeout=20, deadline=20)
        forged = [new_message(signed=False, sealed=False) for _ in range(5)]
        policies = "".join(f'_dmarc.{m.author} 300 TXT "v=DMARC1; p=reject"\n{m.author} 300 TXT "v=spf1 -all"\n'
                           f"*.{m.top} ! DELAY 0\n" for m in forged)
        self.stand.set_script("* ! SILENCE\n_dmarc.example ! DELAY 0\n*.arpa ! DELAY 0\n" + policies)
        for number in range(600):
            self.attack(number, domains=12).close()
        daemon.until(lambda: self.server.count() > 2000, what="the attack")
        for forgery in forged:
            refused, = self.send(forgery)
            self.assertEqual((refused.record["dmarc"]["result"], refused.action), ("fail", "reject"))
        self.daemon.assert_sound(self)

    def test_no_flood_about_a_domain_makes_its_checks_fail(self):
        """Forgeries that come at once, each with eight signatures in the name of the victim, whose keys do not exist: more
        questions about one domain than may be under way at a time. Its servers answer, a little late. Each forgery is refused,
        none is delivered as one that could not be checked."""
        self.start(timeout=20, deadline=20)
        victim = b"victim.example"
        self.stand.set_script('victim.example 300 TXT "v=spf1 -all"\n_dmarc.victim.example 300 TXT "v=DMARC1; p=reject"\n'
                              "*._domainkey.victim.example ! DELAY 300 NXDOMAIN\n")
        count = 200
        connections = [milter.Milter(self.daemon.port) for _ in range(count)]
        for number, connection in enumerate(connections):
            self.begin(connection, number, victim)

        def finish(numbered):
            number, connection = numbered
            connection.headers(*self.fields(number, victim))
            return connection.end()

        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            answers = list(pool.map(finish, enumerate(connections)))
        for connection in connections:
            connection.close()
        records = daemon.until(lambda: (found := self.daemon.records()) and len(found) == count and found, what="all records")
        self.assertEqual({record["dmarc"]["result"] for record in records}, {"fail"})
        self.assertEqual({answer.text[:10] for answer in answers}, {b"550 5.7.1 "})
        self.daemon.assert_sound(self)

    @staticmethod
    def begin(connection, number, domain):
        connection.connect(b"192.0.2.1", b"client." + domain)
        connection.helo(b"h%d.%s" % (number, domain))
        connection.mail(b"x@m%d.%s" % (number, domain))
        connection.rcpt()

    @staticmethod
    def fields(number, domain):
        """With the most signatures that are verified, each of a key of its own."""
        signature = b" v=1; a=rsa-sha256; d=%s; s=k%d; h=from; bh=" + b"A" * 43 + b"=; b=" + b"A" * 342 + b"=="
        return [(b"From", b" x@" + domain),
                *[(b"DKIM-Signature", signature % (domain, number * SIGNATURES + i)) for i in range(SIGNATURES)]]

    def attack(self, number, domains=4):
        """A message of the attacker whose lookups are under way."""
        domain = b"evil%d.example" % (number % domains)
        connection = milter.Milter(self.daemon.port)
        self.begin(connection, number, domain)
        self.assertTrue(connection.headers(*self.fields(number, domain)).is_continue)
        return connection

    def test_the_limit_of_files_is_raised(self):
        self.start(TIMEOUT, DEADLINE)
        limits = pathlib.Path(f"/proc/{self.daemon.pid}/limits").read_text(encoding="ascii").splitlines()
        soft, hard = next(line for line in limits if line.startswith("Max open files")).split()[3:5]
        self.assertEqual(int(soft), min(int(hard), max(65536, int(soft))))


if __name__ == "__main__":
    unittest.main()
