"""A DNS server on the loopback interface, at the port that a resolv.conf means, that knows one name: an alias of a host with an
address. Takes root."""

import dns.message
import dns.rdatatype
import dns.rrset

import no_dns

ADDRESS = "127.53.0.1"  # of the server; no resolver of the host has it


class AliasDns(no_dns.NoDns):
    def __init__(self, alias, target):
        self._alias, self._target = f"{alias}.", f"{target}."
        super().__init__((ADDRESS, 53))

    def respond(self, question):
        asked = question.question[0]
        if asked.name.to_text().lower() not in (self._alias, self._target):
            return super().respond(question)
        response = dns.message.make_response(question, recursion_available=True)
        if asked.name.to_text().lower() == self._alias:
            response.answer.append(dns.rrset.from_text(self._alias, 300, "IN", "CNAME", self._target))
        if asked.rdtype == dns.rdatatype.A:
            response.answer.append(dns.rrset.from_text(self._target, 300, "IN", "A", "192.0.2.77"))
        return response
