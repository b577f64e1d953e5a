#!/usr/bin/python3
"""kill -9 of assayd behind a loaded Postfix: what was accepted is delivered once, stamped, and without forged fields; all other
mail is deferred; and mail flows again as soon as the daemon does.
"""

import collections
import concurrent.futures
import json
import sys
import threading
import time
import unittest

import daemon
import samples
import served
from delivered import Delivered
from header_fields import FORGED

sys.path.insert(0, str(samples.FOLDER))
import make  # noqa: E402  pylint: disable=wrong-import-position

SENDERS = 6
IN_A_SESSION = 5  # messages at most
DOWN = [1.5, 1.5] + 10 * [0]  # seconds without a daemon, after each kill
ACCEPTED = 25  # messages before and after each kill
NUMBER = "X-Number"

setUpModule = served.require  # pylint: disable=invalid-name


class Senders:
    """Clients that each send message after message; one that is deferred begins a new session, as it would later."""

    def __init__(self, server):
        self._server = server
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._count = 0
        self.replies = {}  # of each number (code, text)
        self._pool = concurrent.futures.ThreadPoolExecutor(SENDERS)
        self._tasks = [self._pool.submit(self._send_on) for _ in range(SENDERS)]

    def _send_on(self):
        text = make.sign(make.message("office@reject.example", name="kill"), "reject.example")
        while not self._stopped.is_set():
            with self._server.session(client_ip=make.AUTHOR_IP, helo="mail.reject.example") as smtp:
                for _ in range(IN_A_SESSION):
                    with self._lock:
                        self._count += 1
                        number = self._count
                    head = f"{NUMBER}: {number}\r\nAuthentication-Results:".encode() + FORGED[0] + b"\r\n"
                    code, reply = self._server.submit(smtp, "office@reject.example", ["postmaster@example.net"], head + text)
                    with self._lock:
                        self.replies[number] = code, reply.decode()
                    if code != 250:
                        time.sleep(0.05)
                        break

    def accepted(self):
        with self._lock:
            return {number for number, (code, _) in self.replies.items() if code == 250}

    def await_accepted(self, count):
        wanted = len(self.accepted()) + count
        daemon.until(lambda: len(self.accepted()) >= wanted or any(task.done() for task in self._tasks), 90,
                     f"{count} accepted messages")

    def stop(self):
        self._stopped.set()
        self._pool.shutdown()
        for task in self._tasks:
            task.result()


class KillBehindPostfix(unittest.TestCase):
    def test_mail_is_accepted_and_stamped_or_deferred(self):
        for unix in (True, False):
            with self.subTest(unix=unix), served.Served(main_cf={"milter_default_action": "tempfail"}, unix=unix) as both:
                self.kill_under_load(both.daemon, both.postfix)

    def kill_under_load(self, running, server):
        senders = Senders(server)
        flowing = []
        try:
            for seconds in DOWN:
                senders.await_accepted(ACCEPTED)
                running.kill()
                time.sleep(seconds)
                running.start()
                begin = time.monotonic()
                senders.await_accepted(1)
                flowing.append(time.monotonic() - begin)
            senders.await_accepted(ACCEPTED)
        finally:
            senders.stop()
        running.assert_sound(self)

        accepted = senders.accepted()
        others = collections.Counter(f"{code} {reply.split()[0]}" for code, reply in senders.replies.values() if code != 250)
        # Postfix's word for a filter that is gone. That a message was deferred is not left to luck: all are while there is none.
        self.assertEqual(set(others), {"451 4.7.1"}, others)
        messages = [Delivered(text) for text in server.delivered(len(accepted), timeout=60)]
        # A second copy, or one that was deferred, would lie in the queue or come now.
        daemon.until(lambda: not self.queued(server), what="an empty queue")
        messages += [Delivered(text) for text in server.delivered(0)]
        numbers = collections.Counter(int(message.all(NUMBER)[0]) for message in messages)
        self.assertEqual(set(numbers), accepted)
        self.assertEqual(set(numbers.values()), {1})
        for message in messages:
            values = [b" ".join(value.split()) for value in message.all("Authentication-Results")]
            self.assertEqual(len(values), 1, values)
            self.assertRegex(values[0], rb"^mx\.example\.net; spf=pass .*dkim=pass .*dmarc=pass ")

        # The log goes on; what was written is whole but for the line at each kill.
        records, broken = set(), 0
        for line in running.log.read_bytes().splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                broken += 1
            else:
                records |= {entry["queue_id"]} if "decision" in entry else set()
        self.assertLessEqual(broken, len(DOWN))
        queue_ids = {reply.split()[-1] for code, reply in senders.replies.values() if code == 250}
        at_end = server.log_text().count(": milter-reject: END-OF-MESSAGE from ")
        kind, _, _ = running.socket.partition(":")
        print(f"{kind}: {len(DOWN)} kills, {max(DOWN)} s without a daemon at most: {len(accepted)} messages accepted, each "
              f"delivered once with our field; {sum(others.values())} deferred, {at_end} of them at their end; mail flowed again "
              f"{max(flowing):.2f} s after the daemon at most; {len(queue_ids - records)} accepted without a record, {broken} "
              f"torn lines", flush=True)

    @staticmethod
    def queued(server):
        return [path for name in ("maildrop", "incoming", "active", "deferred") for path in (server.queue / name).rglob("*")
                if path.is_file()]


if __name__ == "__main__":
    unittest.main()
