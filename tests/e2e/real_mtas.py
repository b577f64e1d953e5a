"""Postfix and Sendmail beside each other: both with one assayd and the samples' zone, and what happened to a message, told in one
way for both. Clients have the addresses of loopback_clients.py: Sendmail sees them connect, Postfix is told by XCLIENT."""

import contextlib
import dataclasses

import daemon
import loopback_clients
import postfix
import samples
import sendmail
from delivered import Delivered

# Fields that an MTA writes for itself above or beside what it was given.
OWN = (b"return-path", b"x-original-to", b"delivered-to", b"received")


@dataclasses.dataclass(frozen=True)
class Happened:
    """What became of a message."""

    code: int
    reply: str
    fate: str
    record: dict  # None: assayd was not asked to decide
    message: Delivered  # None: not delivered
    recipients: tuple  # their local parts: Sendmail delivers to its users without a domain

    @property
    def decision(self):
        return None if self.record is None else f"{self.record['decision']['action']} by {self.record['decision']['rule']}"

    @property
    def row(self):
        """What is the same for every MTA."""
        names = () if self.message is None else tuple(name.decode() for name in self.above_trace)
        return self.code, self.fate, self.decision, *self.results, names, self.recipients

    @property
    def results(self):
        if self.record is None:
            return (None,) * 3
        signatures = ",".join(one["result"] for one in self.record["dkim"])
        return self.record["spf"]["mailfrom"]["result"], signatures, self.record["dmarc"]["result"]

    @property
    def above_trace(self):
        """The names of the fields that stand above the MTA's Received, its own aside."""
        names = [name for name in self.message.names() if name not in OWN[:3]]
        return names[:names.index(b"received")]


class RealMta:
    """One of the two, with a daemon that others may use as well."""

    def __init__(self, name, server, running):
        self.name = name
        self.server = server
        self._running = running

    def send(self, text, *, client, helo, mail_from, rcpt, login=None, mail_args=(), decides=True, copies=1):
        """Without `decides` the MTA itself refuses the message; `copies` are waited for if it is delivered."""
        before = len(self._running.records())
        held = len(self.server.held())
        with self._session(client, helo, login) as smtp:
            code, reply = self.server.submit(smtp, mail_from, rcpt, text, mail_args=mail_args)
        return self._happened(code, reply, held, copies, self._record(before) if decides else None)

    def _record(self, before):
        return daemon.until(lambda: self._running.records()[before:], what=f"{self.name}: a record")[-1]

    def _happened(self, code, reply, held, count, record):
        """Waits for what the reply promises; `held` messages were on hold before."""
        copies = []
        if code == 250 and record["decision"]["action"] == "discard":
            fate = "discarded"
        elif code == 250 and record["decision"]["quarantine"] == "hold":
            daemon.until(lambda: len(self.server.held()) > held, what=f"{self.name}: a message on hold")
            fate = "held"
        elif code == 250:
            copies = self._deliveries(count)
            assert copies, f"{self.name} delivers nothing: {self.server.log_text()[-3000:]}"
            fate = "delivered"
        else:
            fate = "refused" if code // 100 == 5 else "deferred"
        return Happened(code, reply.decode(errors="replace"), fate, record, Delivered(copies[0][1]) if copies else None,
                        tuple(sorted(recipient.partition(b"@")[0] for recipient, _ in copies)))

    def _deliveries(self, count):
        return self.server.deliveries(count)

    def _session(self, client, helo, login):
        return self.server.session(client_ip=loopback_clients.address(client), helo=helo, **({"login": login} if login else {}))

    def leftovers(self):
        """What was delivered although nobody waits for it any more."""
        return self.server.deliveries(1, 0.5)


def filter_lines(running, name="assay"):
    return f"INPUT_MAIL_FILTER(`{name}', `S={running.socket}, F=T, T=S:30s;R:30s;E:5m')dnl\n"


@contextlib.contextmanager
def both(running, *, sendmail_lines="", postfix_settings=None):
    """Both MTAs in front of a daemon."""
    with contextlib.ExitStack() as stack:
        yield [RealMta("Postfix", stack.enter_context(postfix.Postfix(daemon.BUILD, running.postfix_socket, settings=postfix_settings)),
                       running),
               RealMta("Sendmail", stack.enter_context(sendmail.Sendmail(daemon.BUILD, filter_lines(running) + sendmail_lines,
                                                                         logins=("joe",))), running)]


def zone_file(case):
    return loopback_clients.zone_file(case, samples.ZONE)
