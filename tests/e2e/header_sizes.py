"""Headers at the bounds of assayd and one beyond them, whatever brings them: test_headers.py through the milter protocol alone,
test_postfix.py through a real Postfix."""

import functools
import itertools
import sys

import daemon
import samples
from header_fields import FOREIGN, FORGED, NAMES, fields_of

sys.path.insert(0, str(samples.FOLDER))
import make  # noqa: E402  pylint: disable=wrong-import-position

RESULTS = b"Authentication-Results"
HEADER_OCTETS = 1 << 20  # limits.header_bytes: all fields with their line ends
HEADER_FIELDS = 10_000
FORGED_FIELDS = 100
# Of one field with its name and colon: more Postfix cuts off as soon as it has a milter, whatever header_size_limit says
# (KLUDGE_HEADER_LIMIT in its cleanup_message.c).
POSTFIX_FIELD = 60_000
FILL = b"X-Fill"
# What each kind of excess is answered with.
REFUSED = {"reject": (552, b"5.3.4"), "tempfail": (452, b"4.3.4")}
# Of 200 KB, our name at its start and at its end.
LONG_FORGED = [b" mx.example.net; dmarc=pass (" + b"x" * 200_000 + b")", b" (" + b"x" * 200_000 + b") mx.example.net; dmarc=pass"]


def octets(fields):
    """How limits.header_bytes counts them: with colon and line end, each fold's line end two octets."""
    return sum(len(name) + len(value) + value.count(b"\n") + 3 for name, value in fields)


def cut(fields):
    """As Postfix shows them to a milter."""
    return [(name, value[:POSTFIX_FIELD - len(name) - 1]) for name, value in fields]


@functools.lru_cache
def signed(count, size):
    """A message of reject.example with `count` further fields of `size` octets, signed over as many of them as a signature may
    name: its fields and its body."""
    text = make.message("office@reject.example", name="sizes", extra=[f"{FILL.decode()}: " + "y" * size] * count)
    text = make.sign(text, "reject.example", headers=[*make.SIGNED, *[FILL.lower()] * min(count, 400)])
    head, body = text.split(b"\r\n\r\n", 1)
    return fields_of(head + b"\r\n\r\n"), body


class HeaderSizes:
    """Tests of a class that has send(action, fields, body) for a daemon with that `limits.exceeded`: the code and the text of
    the reply, the fields that are left (None if it is not delivered), and the decision record."""

    numbers = itertools.count()

    @staticmethod
    def as_seen(fields):
        """The fields as the daemon sees them."""
        return fields

    def header(self, fill, forged, *, total=None, count=None, behind=()):
        """The fields of signed(*fill) with forged and foreign results above, amid and below them, and padding for `total`
        octets or `count` fields in all; `behind` stands below that."""
        fields = list(signed(*fill)[0])
        results = [(NAMES[number % len(NAMES)], value) for number, value in enumerate([FOREIGN[0], *forged, FOREIGN[1]])]
        fields = results + fields[:8] + results + fields[8:]
        if count is not None:
            fields += [(b"X-Pad", b" y")] * (count - len(fields) - len(results))
        if total is not None:
            left = total - octets(self.as_seen(fields + results))
            while left > 0:
                size = min(left, 50_000) if left < 50_000 or left > 50_100 else 40_000
                fields.append((b"X-Pad", b" " + b"y" * (size - len(b"X-Pad") - 4)))
                left -= size
        return fields + results + list(behind)

    def check(self, fields, body, *, bound=None):
        """Sends it under each of the three settings. `bound` is which one it passes, if any."""
        for action in ("reject", "tempfail", "accept"):
            with self.subTest(fields=len(fields), octets=octets(fields), exceeded=action):
                code, text, left, record = self.send(action, fields, body)
                self.assertEqual(record["exceeded"], bound)
                if bound is not None and action in REFUSED:
                    self.assertEqual((code, text[:5]), REFUSED[action])
                    self.assertEqual(left, None)
                    self.assertEqual((record["decision"]["action"], record["decision"]["rule"]), (action, "limits.exceeded"))
                    continue
                self.assertEqual(code, 250, text)
                values = [value for name, value in left if name.lower() == RESULTS.lower()]
                # Ours, on top of all, and what is another's.
                self.assertEqual(left[0][0], RESULTS)
                self.assertEqual(values[1:], [value for name, value in fields if value in FOREIGN])
                stamp = b" ".join(values[0].split()).decode()
                self.assertTrue(stamp.startswith("mx.example.net; "), stamp)
                if bound is None:
                    self.assertIn("dkim=pass", stamp)
                    self.assertIn("dmarc=pass", stamp)
                    self.assertEqual(record["decision"]["rule"], "default")
                else:
                    self.assertIn(f"dkim=permerror ({bound} exceeded)", stamp)
                    self.assertIn(f"dmarc=permerror ({bound} exceeded", stamp)
                    self.assertNotIn("pass", stamp)
                    self.assertEqual((record["decision"]["action"], record["decision"]["rule"]), ("accept", "limits.exceeded"))

    def test_octets_of_the_header(self):
        # A dozen fields of 59,000 octets that the signature covers.
        fill = (12, 59_000)
        body = signed(*fill)[1]
        for forged in ([FORGED[0]], [FORGED[0], FORGED[11], FORGED[16]]):
            self.check(self.header(fill, forged, total=HEADER_OCTETS), body)
            self.check(self.header(fill, forged, total=HEADER_OCTETS + 1), body, bound="header_octets")
            beyond = [(b"X-Pad", b" y" * 1000), (RESULTS, FORGED[0]), (RESULTS, FOREIGN[2]), (b"X-Pad", b" y")]
            self.check(self.header(fill, forged, total=HEADER_OCTETS + 1, behind=beyond), body, bound="header_octets")

    def test_forged_fields_of_200_kb(self):
        for forged in LONG_FORGED:
            body = signed(3, 1000)[1]
            self.check(self.header((3, 1000), [forged]), body)
            self.check(self.header((3, 1000), [forged], total=HEADER_OCTETS), body)
            self.check(self.header((3, 1000), [forged], total=HEADER_OCTETS + 1), body, bound="header_octets")

    def test_folds_count_two_octets(self):
        fields, body = signed(3, 1000)
        folds = (b"X-Folds", b"\n y" * 12_000)
        rest = HEADER_OCTETS - octets([*fields, folds]) - len(b"X-Pad: \r\n")
        pads = []
        while rest > 50_000:
            pads.append((b"X-Pad", b" " + b"y" * 40_000))
            rest -= octets(pads[-1:])
        for more, bound in ((0, None), (1, "header_octets")):
            self.check([*fields, folds, *pads, (b"X-Pad", b" " + b"y" * (rest + more))], body, bound=bound)

    def test_number_of_fields(self):
        fill = (1000, 5)
        body = signed(*fill)[1]
        for count in (5000, HEADER_FIELDS, HEADER_FIELDS + 1):
            self.check(self.header(fill, [FORGED[0], FORGED[14]], count=count), body,
                       bound="header_fields" if count > HEADER_FIELDS else None)
        beyond = [(RESULTS, FORGED[0]), (RESULTS, FOREIGN[2]), (b"X-Pad", b" y")] * 10
        self.check(self.header(fill, [FORGED[0]], count=HEADER_FIELDS + 1, behind=beyond), body, bound="header_fields")

    def test_number_of_forged_fields(self):
        fields, body = signed(3, 1000)
        for count in (FORGED_FIELDS, FORGED_FIELDS + 1):
            forged = [(NAMES[number % len(NAMES)], FORGED[number % 3]) for number in range(count)]
            mixed = forged[:50] + [(RESULTS, FOREIGN[0])] + list(fields) + [(RESULTS, FOREIGN[1])] + forged[50:]
            if count == FORGED_FIELDS:
                self.check(mixed, body)
                continue
            for action in ("reject", "tempfail", "accept"):
                with self.subTest(count=count, exceeded=action):
                    code, text, left, record = self.send(action, mixed, body)
                    self.assertEqual((code, text[:5], left), (552, b"5.3.4", None))
                    self.assertEqual((record["decision"]["action"], record["decision"]["rule"]), ("reject", "forged_results"))


def daemons():
    """A daemon for each setting of limits.exceeded."""
    return {action: daemon.Daemon(f"limits: {{exceeded: {action}}}\n") for action in ("reject", "tempfail", "accept")}
