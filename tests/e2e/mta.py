"""What the tests' real MTAs have in common: how mail is handed to them."""

import contextlib
import smtplib
import socket


def is_listening(port):
    """Whether an SMTP server greets on that port of the loopback interface, be it to refuse all mail."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as probe:
        return len(probe.recv(3)) == 3
    return False


def is_open(port):
    """Whether anything listens on that port of the loopback interface."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5):
        return True
    return False


class Mta:
    """An MTA that a test started. stop() is its own, and so is session(), since each learns of the client's address in another way."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def submit(self, smtp, mail_from, rcpt, text, *, mail_args=(), helo=None):
        """Sends `text` (octets in CR LF); returns the SMTP reply of the first command that fails, else of the message."""
        if helo is not None or smtp.ehlo_resp is None:  # Sendmail makes a client wait that greets it again and again.
            code, reply = smtp.ehlo(helo or "")
            if code // 100 != 2:
                return code, reply
        octets = lambda address: address.encode("utf-8").decode("latin-1")
        commands = [f"MAIL FROM:<{octets(mail_from)}>" + "".join(" " + arg for arg in mail_args)]
        commands += [f"RCPT TO:<{octets(address)}>" for address in rcpt]
        for command in commands:
            code, reply = smtp.docmd(command)
            if code // 100 != 2:
                return code, reply
        try:
            return smtp.data(text)
        except smtplib.SMTPDataError as error:
            return error.smtp_code, error.smtp_error
