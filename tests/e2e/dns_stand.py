"""Messages that pass everything, the DNS they need, and daemons that ask servers which can be made to fail."""

import concurrent.futures
import functools
import itertools
import os
import sys
import time

import daemon
import faulty
import milter
import samples
from header_fields import fields_of

sys.path.insert(0, str(samples.FOLDER))
import make  # noqa: E402  pylint: disable=wrong-import-position

TIMEOUT = 2.5
MESSAGE_DEADLINE = 5.0

# What each method says of a Message whose DNS answers.
PASS = {"spf": "pass", "dkim": "pass", "arc": "pass", "dmarc": "pass", "iprev": "pass"}
# And where no lookup succeeds.
DOWN = {"spf": "temperror dns_failure", "dkim": "temperror dns_failure", "arc": "fail dns_failure",
        "dmarc": "temperror dns_failure", "iprev": "temperror"}


@functools.lru_cache
def key_record(sealer=False):
    return "v=DKIM1; k=rsa; p=" + make.public_rsa(make.RSA_SEALER if sealer else make.RSA_AUTHOR)


def strings(text):
    """A record's text as character-strings."""
    return " ".join(f'"{text[i:i + 200]}"' for i in range(0, len(text), 200))


class Message:
    """A message of its own domain, so that nothing about it is in any cache: the author's domain sends it, signs it, and
    publishes p=reject; somebody has sealed it; the client's name leads back to its address. All names are below `top`."""

    def __init__(self, number, *, signed=True, sealed=True):
        self.top = f"m{number}.example"
        self.author, self.relay, self.client = f"author.{self.top}", f"relay.{self.top}", f"mail.author.{self.top}"
        self.ip = f"198.{18 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"
        self.reverse = ".".join(reversed(self.ip.split("."))) + ".in-addr.arpa"
        self.name = f"M{number}"
        self.sent = 0
        self.lacks = [method for method, has in (("dkim", signed), ("arc", sealed)) if not has]
        text = make.message(f"office@{self.author}", name=self.name)
        if signed:
            text = make.sign(text, self.author)
        if sealed:
            text = make.seal(text, self.relay, results=f"dkim=pass header.d={self.author}", chain="none")
        self.fields = fields_of(text)
        self.body = text.split(b"\r\n\r\n", 1)[1]

    @property
    def queue_id(self):
        return f"{self.name}T{self.sent}"

    # The names that each method asks for.
    @property
    def spf_name(self):
        return self.author

    @property
    def key_name(self):
        return f"s1._domainkey.{self.author}"

    @property
    def seal_key_name(self):
        return f"arc._domainkey.{self.relay}"

    @property
    def dmarc_name(self):
        return f"_dmarc.{self.author}"

    def records(self, *, without=()):
        """Lines of a script; those of the names in `without` are left out."""
        spf = f'"v=spf1 ip4:{self.ip} -all"'
        rows = [(self.spf_name, "TXT", spf), (self.client, "TXT", spf), (self.client, "A", self.ip),
                (self.reverse, "PTR", self.client), (self.key_name, "TXT", strings(key_record())),
                (self.seal_key_name, "TXT", strings(key_record(sealer=True))),
                (self.dmarc_name, "TXT", '"v=DMARC1; p=reject"')]
        return "".join(f"{name} 300 {kind} {data}\n" for name, kind, data in rows if name not in without)


_numbers = itertools.count(1)


def new_message(**options):
    """One whose names nobody has asked for."""
    return Message(next(_numbers), **options)


class Result:
    """What one daemon made of a message."""

    def __init__(self, answer, record, seconds):
        self.answer, self.record, self.seconds = answer, record, seconds

    @staticmethod
    def _words(outcome):
        return " ".join(filter(None, (outcome["result"], outcome.get("reason"))))

    @property
    def methods(self):
        """Result and reason of each method."""
        record = self.record
        dkim = " / ".join(self._words(signature) for signature in record["dkim"]) or "none"
        return {"spf": self._words(record["spf"]["mailfrom"]), "dkim": dkim, "arc": self._words(record["arc"]),
                "dmarc": self._words(record["dmarc"]), "iprev": record["iprev"]["result"]}

    @property
    def action(self):
        return self.record["decision"]["action"]

    @property
    def stamp(self):
        return b" ".join(self.answer.inserted(b"Authentication-Results")).decode()


def count(running, what):
    return len(os.listdir(f"/proc/{running.pid}/{what}"))


def send(running, message):
    """The answer to the message, and the seconds from its end to that."""
    with milter.Milter(running.address) as connection:
        connection.macro(b"i", message.queue_id.encode())
        connection.connect(message.ip.encode(), message.client.encode())
        connection.helo(message.client.encode())
        for step in (lambda: connection.mail(b"office@" + message.author.encode()), connection.rcpt, connection.data,
                     lambda: connection.headers(*message.fields)):
            answer = step()
            assert answer.is_continue, (answer.kind, answer.text)
        connection.body(message.body)
        begin = time.monotonic()
        answer = connection.end()
        seconds = time.monotonic() - begin
        connection.quit()
    return answer, seconds


class Stand:
    """Faulty servers, and daemons that forward to them: one with the default policy, one with temperror: tempfail."""

    POLICIES = ("", "policy: {temperror: tempfail}\n")

    def __init__(self, *, servers=1, dns="", timeout=TIMEOUT, deadline=MESSAGE_DEADLINE, policies=POLICIES, more=""):
        self.servers = [faulty.FaultyDns() for _ in range(servers)]
        self.server = self.servers[0]
        forward = ", ".join(f'"{server.address}"' for server in self.servers)
        times = f"timeout: {round(timeout * 1000)}ms, message_deadline: {round(deadline * 1000)}ms"
        dns = f"dns: {{forward: [{forward}], {times}{dns}}}\n"
        self.daemons = []
        try:
            for policy in policies:
                self.daemons.append(daemon.Daemon(dns + policy + more))
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for running in self.daemons:
            running.stop()
        for server in self.servers:
            server.close()

    def set_script(self, script):
        for server in self.servers:
            server.set_script(script)

    def send(self, *messages):
        """Sends the messages to all daemons, all at once; of each message the results of the daemons."""
        for message in messages:
            message.sent += 1
        sendings = [(running, message) for message in messages for running in self.daemons]
        with concurrent.futures.ThreadPoolExecutor(len(sendings)) as pool:
            answers = list(pool.map(lambda sending: send(*sending), sendings))
        records = [{} for _ in self.daemons]
        for of_daemon, running in zip(records, self.daemons):
            def all_are_there(of_daemon=of_daemon, running=running):
                of_daemon.update((record["queue_id"], record) for record in running.records())
                return all(message.queue_id in of_daemon for message in messages)

            daemon.until(all_are_there, what="a record of each message")
        results = [Result(answer, records[i % len(self.daemons)][message.queue_id], seconds)
                   for i, ((_, message), (answer, seconds)) in enumerate(zip(sendings, answers))]
        return [results[i:i + len(self.daemons)] for i in range(0, len(results), len(self.daemons))]

    def resources(self):
        """(open files, threads) of each daemon."""
        return [(count(running, "fd"), count(running, "task")) for running in self.daemons]

    def settled_resources(self, before, timeout=20):
        """As resources(), once they are down to `before` or the time is over. A question is given up after 2.3 time-outs."""
        deadline = time.monotonic() + timeout
        while True:
            now = self.resources()
            if all(a <= b for pair in zip(now, before) for a, b in zip(*pair)) or time.monotonic() > deadline:
                return now
            time.sleep(0.1)
