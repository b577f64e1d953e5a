"""Messages sent through the milter protocol to a running assayd, for tests that look at its answer and its record."""

import milter


def zone_text(octets):
    """The character-strings of a zone file that hold these octets."""
    strings = [octets[start:start + 255] for start in range(0, len(octets), 255)] or [b""]
    return " ".join('"' + "".join(f"\\{octet:03d}" for octet in string) + '"' for string in strings)


class Sender:
    """A part of a test case; `daemon` is the daemon."""

    daemon = None

    def assert_field_is_sound(self, value):
        """What was added is printable, and every line after the first begins with white space."""
        for line in value.split(b"\n"):
            self.assertFalse(any(octet < 32 and octet != 9 or octet == 127 for octet in line), value)
        self.assertTrue(all(line[:1] in (b" ", b"\t") for line in value.split(b"\n")[1:]), value)

    def send(self, queue_id, fields, *, helo=b"client.example.org", mail_from=b"sender@example.org", parameters=(), ip=b"192.0.2.1",
             body=b"hello\r\nmore\r\n", through=None):
        """Sends a message on a connection of its own: the final answer and the record."""
        target = through or self.daemon
        with milter.Milter(target.port) as connection:
            connection.macro(b"i", queue_id.encode())
            connection.connect(ip)
            connection.helo(helo)
            answers = [connection.mail(mail_from, *parameters), connection.rcpt(), connection.headers(*fields)]
            self.assertTrue(all(answer.is_continue for answer in answers))
            for start in range(0, len(body), 7):
                if connection.body(body[start:start + 7]).kind == b"s":
                    break
            answer = connection.end()
        self.assertIn(answer.kind, (b"c", b"y"))
        for value in answer.inserted(b"Authentication-Results"):
            self.assert_field_is_sound(value)
        return answer, target.record_of(queue_id)
