"""What pages and mails go to in these tests: an SMS gateway that checks the credential and the form of what it gets, and a mail
server that wants a login. Both on loopback, in threads of the test."""

import base64
import http.server
import json
import socketserver
import threading

MOST_OF_A_TEXT = 160  # GSM 03.38: characters of one text message


class _Served:
    def __init__(self, server):
        self._server = server
        self.port = server.server_address[1]
        self._thread = threading.Thread(target=server.serve_forever, daemon=True)
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def text_of(body):
    """The text message that Alertmanager's webhook (version 4) asks for; ValueError tells what is wrong with it."""
    try:
        asked = json.loads(body)
        if asked["version"] != "4" or asked["status"] != "firing" or len(asked["alerts"]) != 1:
            raise ValueError(f"version {asked['version']}, status {asked['status']}, {len(asked['alerts'])} alerts")
        text = asked["commonAnnotations"]["summary"]
    except (KeyError, TypeError) as error:
        raise ValueError(f"no webhook of Alertmanager: {error!r}") from error
    if not text or len(text) > MOST_OF_A_TEXT or not text.isascii() or not text.isprintable():
        raise ValueError(f"no text message: {text!r}")
    return text


class SmsGateway(_Served):
    """`texts` are those accepted, `refused` (status, reason) of all else."""

    def __init__(self, token):
        self.texts, self.refused = [], []
        gateway = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # noqa: N802  pylint: disable=invalid-name
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, reason = 200, ""
                if self.path != "/alertmanager":
                    status, reason = 404, self.path
                elif self.headers.get("Authorization") != f"Bearer {token}":
                    status, reason = 401, "the credential"
                elif self.headers.get_content_type() != "application/json":
                    status, reason = 415, self.headers.get_content_type()
                else:
                    try:
                        gateway.texts.append(text_of(body))
                    except ValueError as error:
                        status, reason = 400, str(error)
                if status != 200:
                    gateway.refused.append((status, reason))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        super().__init__(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler))


class MailServer(_Served):
    """`mails` are (recipient, text) of those taken from a client that logged in."""

    def __init__(self, user, password):
        self.mails = []
        mails = self.mails
        login = base64.b64encode(f"\0{user}\0{password}".encode()).decode()

        class Handler(socketserver.StreamRequestHandler):
            def say(self, text):
                self.wfile.write(text.encode() + b"\r\n")

            def read_text(self):
                self.say("354 go on")
                lines = iter(self.rfile.readline, b".\r\n")
                return b"".join(lines).decode(errors="replace")

            def handle(self):
                self.say("220 mail.example.net ESMTP")
                logged_in, recipient = False, ""
                for line in iter(self.rfile.readline, b""):
                    word, _, rest = line.decode().strip().partition(" ")
                    word = word.upper()
                    if word == "EHLO":
                        self.say("250-mail.example.net")
                        self.say("250 AUTH PLAIN")
                    elif word == "AUTH":
                        logged_in = rest == f"PLAIN {login}"
                        self.say("235 welcome" if logged_in else "535 no")
                    elif word == "QUIT":
                        self.say("221 bye")
                        return
                    elif not logged_in:
                        self.say("530 log in first")
                    elif word == "DATA":
                        mails.append((recipient, self.read_text()))
                        self.say("250 taken")
                    else:
                        recipient = rest if word == "RCPT" else recipient
                        self.say("250 yes")

        class Threads(socketserver.ThreadingTCPServer):
            daemon_threads = True

        super().__init__(Threads(("127.0.0.1", 0), Handler))
