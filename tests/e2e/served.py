"""A real Postfix with an assayd of its own behind it, and what became of a message on either side."""

import dataclasses
import re

import daemon
import postfix
from delivered import Delivered

QUARANTINE_FIELD = "X-Spam-Flag"


def require():
    """Ends the test program with a reason if Postfix cannot be had here."""
    try:
        postfix.Postfix(daemon.BUILD, "").stop()
    except postfix.Unavailable as why:
        daemon.skip(str(why))


@dataclasses.dataclass
class Outcome:
    """What the client was told, what the mailbox got, and what was recorded."""

    code: int
    reply: str
    messages: list
    record: dict

    @property
    def decision(self):
        return self.record["decision"]

    @property
    def message(self):
        """The one that was delivered."""
        assert len(self.messages) == 1, f"{len(self.messages)} messages were delivered: {self.code} {self.reply}"
        return self.messages[0]

    @property
    def decision_in_stamp(self):
        """The words of the comment behind dmarc= that tell the decision."""
        comment = re.search(r"\bdmarc=\w+ \(([^()]*)\)", self.message.stamp)
        words = comment.group(1).split() if comment else []
        return [word for word in words if word.split("=")[0] in ("dis", "rule", "would", "by")]


class Served:
    """Postfix and assayd, running. The arguments are those of daemon.Daemon, in whose place `make` may be, and `main_cf` for Postfix."""

    def __init__(self, settings="", *, main_cf=None, make=daemon.Daemon, **options):
        self.daemon = make(settings, **options)
        try:
            self.postfix = postfix.Postfix(daemon.BUILD, self.daemon.postfix_socket, settings=main_cf)
        except BaseException:
            self.daemon.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.postfix.stop()
        self.daemon.stop()

    def send(self, text, *, mail_from, client_ip=None, helo="client.example.org", rcpt=("postmaster@example.net",), login=None,
             copies=None):
        """Sends one message, and waits for its record and for the `copies` that are delivered (one to each recipient)."""
        before = len(self.daemon.records())
        with self.postfix.session(client_ip=client_ip, helo=helo, login=login) as smtp:
            code, reply = self.postfix.submit(smtp, mail_from, rcpt, text)
        records = daemon.until(lambda: self.daemon.records()[before:], what=f"the record of a message that got {code} {reply!r}")
        assert len(records) == 1, records
        if copies is None:
            copies = len(rcpt) if code == 250 else 0
        messages = [Delivered(octets) for octets in self.postfix.delivered(copies)]
        assert len(messages) == copies, f"{len(messages)} of {copies} messages were delivered: {self.postfix.log_text()}"
        if code == 250:
            # The record can be looked up by what the client was told.
            assert reply.decode().endswith(" " + records[0]["queue_id"]), (reply, records[0]["queue_id"])
        return Outcome(code, reply.decode("utf-8", "replace"), messages, records[0])

    def reload(self, text):
        """Puts `text`, a whole configuration, in the place of the present one, and has it read."""
        before = len(self.daemon.messages("info"))
        self.daemon.replace_config(text)
        self.daemon.reload()
        daemon.until(lambda: any("in force" in line for line in self.daemon.messages("info")[before:]), what="the reload")
