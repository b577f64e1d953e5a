#!/usr/bin/python3
"""systemd's watchdog is fed while assayd works, and no longer when its DNS thread stands still or a callback hangs."""

import tempfile
import time
import unittest

import daemon
import faults
import milter
import supervisor


def setUpModule():
    if not faults.STAND_STILL_LIBRARY.is_file():
        daemon.skip("no library that makes a thread stand still: a build with sanitizers has none")


class Watchdog(unittest.TestCase):
    SECONDS = 1

    def setUp(self):
        self.stand_still = faults.StandStill(self.enterContext(tempfile.TemporaryDirectory(prefix="assay-watchdog-")))

    def start(self, **options):
        # A server that nobody asks: zone files would need no DNS thread.
        settings = f"dns: {{forward: ['127.0.0.1@{daemon.free_port()}'], message_deadline: 10ms}}\n"
        running = supervisor.Supervised(settings, environment=self.stand_still.environment, **options)
        self.addCleanup(running.stop)
        self.addCleanup(self.stand_still.go_on)
        return running

    def await_fed(self, running):
        fed = len(running.notices.times("WATCHDOG"))
        daemon.until(lambda: len(running.notices.times("WATCHDOG")) >= fed + 3, what="food")

    def assert_starves(self, running, least, why):
        """From now on it is fed for `least` seconds, as it should, then not, for longer than the watchdog would wait, and again when
        all goes on."""
        begin = time.monotonic()
        daemon.until(lambda: self.stand_still.standing == 1, what="what stands still")
        stuck = daemon.until(lambda: running.messages("error"), what="the log's word")
        self.assertRegex(stuck[0], rf"^stuck: {why}.*; the watchdog is not fed$")
        time.sleep(self.SECONDS)
        last = running.notices.times("WATCHDOG")[-1]
        self.assertGreater(last, begin + least - 1.5)
        self.assertLess(last, time.monotonic() - self.SECONDS)
        self.stand_still.go_on()
        self.await_fed(running)
        self.assertRegex(running.messages("info")[-1], f"^works again, after {why}")

    def test_fed_while_all_goes_well(self):
        running = self.start(watchdog=self.SECONDS)
        self.await_fed(running)
        times = running.notices.times("WATCHDOG")
        # Well before it barks, so that one that comes late is none too many.
        self.assertLess(max(after - before for before, after in zip(times, times[1:])), self.SECONDS / 2)
        # Through a drain, too.
        with milter.Milter(running.port) as connection:
            connection.connect()
            connection.helo()
            connection.mail()
            running.drain()
            daemon.until(lambda: running.notices.all("STOPPING"), what="the drain")
            self.await_fed(running)

    def test_not_fed_where_nobody_asked(self):
        running = self.start(watchdog=self.SECONDS)
        self.await_fed(running)
        for environment in ({}, {"WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "1"}):
            other = supervisor.Supervised(environment=environment)
            self.addCleanup(other.stop)
            self.await_fed(running)
            self.assertEqual(other.notices.all("WATCHDOG"), [])

    def test_the_dns_thread_stands_still(self):
        running = self.start(watchdog=self.SECONDS)
        self.await_fed(running)
        self.stand_still.at("dns")
        self.assert_starves(running, 5, "the DNS thread has stood still for 5 s")

    def test_a_callback_hangs(self):
        running = self.start(watchdog=self.SECONDS)
        with milter.Milter(running.port) as connection, milter.Milter(running.port) as idle:
            idle.connect()
            connection.connect()
            connection.helo()
            self.await_fed(running)
            self.stand_still.at("callback")
            connection.write(b"M", b"<x@example.com>\0")
            self.assert_starves(running, 10, "a callback has run for 10 s")
            self.assertTrue(connection.answer().is_continue)


if __name__ == "__main__":
    unittest.main()
