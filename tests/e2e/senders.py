"""Clients that send message after message through a Postfix, and what became of each."""

import collections
import concurrent.futures
import sys
import threading
import time

import daemon
import samples
from delivered import Delivered
from header_fields import FORGED

sys.path.insert(0, str(samples.FOLDER))
import make  # noqa: E402  pylint: disable=wrong-import-position

SENDERS = 6
IN_A_SESSION = 5  # messages at most
NUMBER = "X-Number"


class Senders:
    """Each message has a number, and a forged field. One that is deferred begins a new session, as it would later: for another message
    or, with `again`, for the same one until it is accepted."""

    def __init__(self, server, *, again=False):
        self._server = server
        self._again = again
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._count = 0
        self.replies = []  # (number, code, text)
        self._pool = concurrent.futures.ThreadPoolExecutor(SENDERS)
        self._tasks = [self._pool.submit(self._send_on) for _ in range(SENDERS)]

    def _next(self):
        with self._lock:
            self._count += 1
            return self._count

    def _send_on(self):
        text = make.sign(make.message("office@reject.example", name="kill"), "reject.example")
        number = None
        while not self._stopped.is_set() or number is not None:
            with self._server.session(client_ip=make.AUTHOR_IP, helo="mail.reject.example") as smtp:
                for _ in range(IN_A_SESSION):
                    number = number or self._next()
                    head = f"{NUMBER}: {number}\r\nAuthentication-Results:".encode() + FORGED[0] + b"\r\n"
                    code, reply = self._server.submit(smtp, "office@reject.example", ["postmaster@example.net"], head + text)
                    with self._lock:
                        self.replies.append((number, code, reply.decode()))
                    if code == 250 or not self._again:
                        number = None
                    if code != 250:
                        time.sleep(0.05)
                        break

    def accepted(self):
        with self._lock:
            return {number for number, code, _ in self.replies if code == 250}

    def sent(self):
        with self._lock:
            return self._count

    def refusals(self):
        """How often each answer came but 250: code and enhanced code."""
        with self._lock:
            return collections.Counter(f"{code} {reply.split()[0]}" for _, code, reply in self.replies if code != 250)

    def queue_ids(self):
        """Of what was accepted."""
        with self._lock:
            return {reply.split()[-1] for _, code, reply in self.replies if code == 250}

    def await_accepted(self, count):
        wanted = len(self.accepted()) + count
        daemon.until(lambda: len(self.accepted()) >= wanted or any(task.done() for task in self._tasks), 90,
                     f"{count} accepted messages")

    def stop(self):
        self._stopped.set()
        self._pool.shutdown()
        for task in self._tasks:
            task.result()


def assert_delivered_once(case, server, accepted):
    """What was accepted is in the mailbox once, with our field and no other of our name; nothing else is, or will be."""
    messages = [Delivered(text) for text in server.delivered(len(accepted), timeout=60)]
    # A second copy, or one that was deferred, would lie in the queue or come now.
    daemon.until(lambda: not queued(server), what="an empty queue")
    messages += [Delivered(text) for text in server.delivered(0)]
    numbers = collections.Counter(int(message.all(NUMBER)[0]) for message in messages)
    case.assertEqual(set(numbers), accepted)
    case.assertEqual(set(numbers.values()), {1})
    for message in messages:
        values = [b" ".join(value.split()) for value in message.all("Authentication-Results")]
        case.assertEqual(len(values), 1, values)
        case.assertRegex(values[0], rb"^mx\.example\.net; spf=pass .*dkim=pass .*dmarc=pass ")


def queued(server):
    return [path for name in ("maildrop", "incoming", "active", "deferred") for path in (server.queue / name).rglob("*")
            if path.is_file()]
