"""A mailbox that an MTA delivers to by LMTP (RFC 2033): it keeps what was sent, octet for octet."""

import contextlib
import socketserver
import threading
import time


class _Conversation(socketserver.StreamRequestHandler):
    timeout = 60

    def handle(self):
        with contextlib.suppress(OSError):
            self._answer("220 mailbox")
            recipients = []
            while line := self.rfile.readline():
                verb = line.split(b":")[0].strip().upper()
                if verb.startswith(b"LHLO"):
                    self._answer("250-mailbox", "250-8BITMIME", "250-SMTPUTF8", "250-PIPELINING", "250 ENHANCEDSTATUSCODES")
                elif verb == b"RCPT TO":
                    recipients.append(line.split(b"<", 1)[1].rpartition(b">")[0])
                    self._answer("250 2.1.5 ok")
                elif verb == b"DATA":
                    self._answer("354 go on")
                    text = self._text()
                    self.server.mailbox.keep([(recipient, text) for recipient in recipients])
                    self._answer(*["250 2.0.0 kept"] * len(recipients))
                    recipients = []
                elif verb == b"QUIT":
                    self._answer("221 2.0.0 bye")
                    return
                else:  # MAIL, RSET, NOOP
                    recipients = []
                    self._answer("250 2.0.0 ok")

    def _answer(self, *lines):
        self.wfile.write("".join(line + "\r\n" for line in lines).encode())

    def _text(self):
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                raise ConnectionError("ended in the middle of a message")
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    mailbox = None


class LmtpMailbox:
    """Listens on a port of the loopback interface from when it is made to close()."""

    def __init__(self):
        self._kept = []  # (recipient, text)
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Conversation)
        self._server.mailbox = self
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def keep(self, deliveries):
        with self._lock:
            self._kept += deliveries

    def take(self, count, timeout):
        """Waits for `count` copies, takes all that there are out and returns them as (recipient, text in CR LF)."""
        deadline = time.monotonic() + timeout
        while True:
            with self._lock:
                if len(self._kept) >= count or time.monotonic() > deadline:
                    kept, self._kept = self._kept, []
                    return kept
            time.sleep(0.02)
