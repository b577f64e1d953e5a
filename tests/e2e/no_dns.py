"""A DNS server on the loopback interface that knows no name, and remembers what it was asked: programs beside assayd that would
ask the real DNS ask this one."""

import contextlib
import socket
import threading

import dns.flags
import dns.message
import dns.rcode


class NoDns:
    def __init__(self, place=("127.0.0.1", 0)):
        self._asked = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(place)
        self._socket.settimeout(0.1)
        self.port = self._socket.getsockname()[1]
        self._closed = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while not self._closed:
            with contextlib.suppress(socket.timeout):
                packet, client = self._socket.recvfrom(65535)
                question = dns.message.from_wire(packet)
                self._asked.append(question.question[0].name.to_text(omit_final_dot=True).lower())
                self._socket.sendto(self.respond(question).to_wire(), client)

    def respond(self, question):
        response = dns.message.make_response(question, recursion_available=True)
        response.set_rcode(dns.rcode.NXDOMAIN)
        return response

    def asked(self):
        """The names so far, in small letters."""
        return list(self._asked)

    def close(self):
        self._closed = True
        self._thread.join()
        self._socket.close()
