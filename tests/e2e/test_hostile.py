#!/usr/bin/python3
"""Octets that no honest client sends, wherever the client or its DNS chooses them: a verdict and a record, no fault."""

import unittest

import daemon
from sender import Sender, zone_text

# All but NUL, which the protocol cannot carry, and LF, which separates the lines of a field.
OCTETS = [octet for octet in [*range(1, 32), 127, *range(128, 256)] if octet != 10]


def hostile_zone():
    all_octets = bytes(octet for octet in range(1, 256))
    lines = ["$TTL 300", "$ORIGIN ."]
    for name, text in [
        ("spf", b"v=spf1 include:" + all_octets[:100] + b" -all"),
        ("spf-exp", b"v=spf1 exp=text.hostile.example -all"),
        ("text", all_octets[:200]),
        ("spf-high", b"v=spf1 a:" + bytes(range(128, 255)) + b" -all"),
        ("_dmarc", b"v=DMARC1; p=reject; rua=" + bytes(range(128, 250))),
        ("_dmarc.two", b"v=DMARC1; p=" + bytes(range(1, 90))),
        ("key._domainkey", b"v=DKIM1; n=" + bytes(range(128, 250)) + b"; p=AAAA"),
        ("bad._domainkey", all_octets[:250]),
    ]:
        lines.append(f"{name}.hostile.example. TXT {zone_text(text)}")
    lines += [f"{name}.hostile.example. A 192.0.2.1" for name in ("two", "spf")]
    return "\n".join(lines) + "\n"


class Hostile(Sender, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = daemon.Daemon()
        zone = cls.daemon.folder / "hostile.zone"
        zone.write_text(hostile_zone())
        cls.daemon.zone.append(str(zone))
        cls.daemon.write_config()
        cls.daemon.reload()
        daemon.until(lambda: any("in force" in text for text in cls.daemon.messages()), what="the reload")

    @classmethod
    def tearDownClass(cls):
        cls.daemon.stop()

    def signature(self, domain, selector):
        return (b"DKIM-Signature", b" v=1; a=rsa-sha256; d=" + domain + b"; s=" + selector + b"; h=from; bh=AAAA; b=BBBB")

    def test_each_octet_everywhere(self):
        for octet in OCTETS:
            with self.subTest(octet=octet):
                odd = bytes([octet])
                fields = [self.signature(b"a" + odd + b".example", b"s" + odd), (b"From", b" A" + odd + b" <a" + odd + b"@b" + odd + b".example>"),
                          (b"List-Id", b" <" + odd + b".example>"), (b"Authentication-Results", b" x" + odd + b"; spf=pass"),
                          (b"ARC-Seal", b" i=1; d=" + odd + b"; s=x; cv=none; a=rsa-sha256; b=AAAA"), (b"Subject", b" " + odd)]
                self.send(f"OCTET{octet}", fields, helo=b"h" + odd + b".example", mail_from=b"m" + odd + b"@e" + odd + b".example")
        self.daemon.assert_sound(self)

    def test_all_octets_at_once(self):
        odd = bytes(OCTETS)
        fields = [self.signature(odd, odd), (b"From", b" " + odd), (b"From", odd), (odd.replace(b":", b""), odd),
                  (b"Authentication-Results", odd)]
        self.send("ALL", fields, helo=odd, mail_from=odd, parameters=(odd, b"SMTPUTF8"))
        self.send("ALL-NULL", fields, helo=odd, mail_from=b"", parameters=(odd,))
        self.daemon.assert_sound(self)

    def test_dns_text_chosen_by_the_sender(self):
        for name in (b"spf", b"spf-exp", b"spf-high", b"two"):
            domain = name + b".hostile.example"
            for selector in (b"key", b"bad"):
                queue_id = f"DNS-{name.decode()}-{selector.decode()}"
                self.send(queue_id, [self.signature(b"hostile.example", selector), (b"From", b" a@" + domain)], helo=domain,
                          mail_from=b"a@" + domain, ip=b"198.51.100.1")
        self.daemon.assert_sound(self)

    def test_names_that_are_no_names(self):
        for i, domain in enumerate([b"a" * 64 + b".example", b"a." * 130 + b"example", b".", b"..", b"-", b"[192.0.2.1]", b"[IPv6:2001:db8::1]",
                                    b"a..b.example", b"%{i}.example", b"xn--.example", b"xn--a-\xff.example", b'"quoted"', b"@", b"a@b@c",
                                    b"<>", b" ", b"", "ä.example".encode(), b"\xc3", b"1.2.3.4"]):
            with self.subTest(domain=domain):
                self.send(f"NAME{i}", [self.signature(domain, domain), (b"From", b" a@" + domain)], helo=domain, mail_from=b"a@" + domain)
        self.daemon.assert_sound(self)

    def test_clients_without_an_internet_address(self):
        for i, ip in enumerate((None, b"2001:db8::1", b"::ffff:192.0.2.1")):
            _, record = self.send(f"CLIENT{i}", [(b"From", b" a@plain.example")], ip=ip)
            self.assertEqual(record["client"]["ip"] is None, ip is None)
        self.daemon.assert_sound(self)


if __name__ == "__main__":
    unittest.main()
