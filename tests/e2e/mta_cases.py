"""One table of messages for every MTA: what assayd finds, what becomes of the message, and what its reader gets.

Where MTAs differ for good reasons, a case says so for each (`differs`); docs/sendmail.md and docs/postfix.md explain them.
"""

import dataclasses
import sys

import loopback_clients
import samples
from header_fields import FOREIGN, FORGED
from delivered import parse

sys.path.insert(0, str(samples.FOLDER))
import make  # noqa: E402  pylint: disable=wrong-import-position

LOCAL_IP = "203.0.113.5"  # of a host in local.networks

# The daemon's settings. What shall become of a message can be told by its HELO.
SETTINGS = f"""\
local: {{networks: ["{loopback_clients.address(LOCAL_IP)}"]}}
policy:
  allow_discard: true
  rules:
    - {{name: watch, when: {{helo: watch.example.org}}, then: {{continue: {{name: X-Watched, value: by us}}}}}}
    - {{name: trap, when: {{helo: trap.example.org}}, then: {{quarantine: {{how: redirect, to: trap@example.net}}}}}}
    - {{name: on-hold, when: {{helo: hold.example.org}}, then: {{quarantine: {{how: hold}}}}}}
    - {{name: marked, when: {{helo: mark.example.org}}, then: {{quarantine: {{how: header, name: X-Suspect, value: "by rule"}}}}}}
    - {{name: refused, when: {{helo: refuse.example.org}}, then: {{reject: {{text: "100 % of it is refused, %s"}}}}}}
    - {{name: later, when: {{helo: later.example.org}}, then: {{tempfail: {{text: "come back from a better place"}}}}}}
    - {{name: dropped, when: {{helo: drop.example.org}}, then: discard}}
"""


@dataclasses.dataclass(frozen=True)
class Expected:
    """What an MTA and its reader see. An empty `reply` is any."""

    fate: str = "delivered"  # or held, refused, deferred, discarded
    code: int = 250
    reply: str = ""  # how the text of the reply begins
    decision: str = "accept by default"  # None: assayd is not asked
    stamp: tuple = ()  # what stands in our field, white space aside
    added: tuple = ()  # the (name, value) of further fields below ours, above Received
    left: bytes = None  # the message that is delivered below the MTA's own fields, in CR LF; None: as it was sent
    recipients: tuple = (b"postmaster",)  # local parts


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    text: bytes
    expected: Expected
    client: str = make.AUTHOR_IP
    helo: str = "mail.reject.example"
    mail_from: str = "office@reject.example"
    rcpt: tuple = ("postmaster@example.net",)
    login: str = None
    mail_args: tuple = ()
    differs: dict = dataclasses.field(default_factory=dict)  # by name of the MTA: Expected

    def expected_of(self, mta):
        return self.differs.get(mta, self.expected)

    def left_by(self, mta):
        """The fields and the body that the reader gets, with LF."""
        left = self.expected_of(mta).left
        return parse((self.text if left is None else left).replace(b"\r\n", b"\n"))


def _message(*extra, domain="reject.example", **more):
    return make.message(f"office@{domain}", name="mta", extra=extra, **more)


PASS = ("spf=pass smtp.helo=mail.reject.example", "spf=pass smtp.mailfrom=reject.example", "dmarc=pass (p=reject dis=accept rule=default)")
BY_DKIM = ("spf=fail smtp.mailfrom=reject.example", "dkim=pass (2048-bit key) header.d=reject.example", "dmarc=pass")

# All that a header may hold and hash differently if one octet is lost: no blank after the colon, several, a tab, folds, blanks
# at the end, empty values, octets beyond ASCII, those that Sendmail uses for its own ends (0x80 to 0x9F), 20 KB in folds.
EXACT = ["X-Bare:value", "X-Two:  value", "X-Tab:\tvalue", "X-Folds: a\r\n b\r\n\t c", "X-First:\r\n value", "X-End: value  ", "X-Empty:",
         "X-Blank: ", "X-Open: \"a (b", "X-Macro: $j ${client_addr} %s", "X-Utf-8: Grüße, 5 €", "X-C1: \x80\x9f",
         "X-Long: " + "\r\n ".join(["word " * 12] * 330)]
EXACT_NAMES = [field.split(":")[0].lower().encode() for field in EXACT]
DOTS = _message(body=".\r\n..\r\n.x\r\n\r\n") + "Ä\x80".encode("utf-8") + b"\x80\xff\r\n"
FORGED_AMONG = [FOREIGN[0], FORGED[0], FOREIGN[1], FORGED[4], FORGED[2], b"", FORGED[16], FOREIGN[2]]
RESULTS = b"Authentication-Results:"
SPACED = b"Authentication-Results : mx.example.net; dmarc=pass\r\nAuthentication-Results\t \t: mx.example.net; spf=pass\r\n"


def _with_results(values, text):
    return b"".join(RESULTS + value.replace(b"\n", b"\r\n") + b"\r\n" for value in values) + text


def _signed(text, **more):
    return make.sign(text, "reject.example", **more)


NO_FROM = Expected("refused", 550, "5.7.1 No usable From field: there is none", "reject by policy.bad_from")
LONG_NAME = b"From: (" + b"a" * 236 + b") ceo@reject.example.monitor.example\r\n"
LONG_LINE = _signed(_message("X-Line: " + "y" * 5000), headers=make.SIGNED + [b"x-line"])
UNENDED = _signed(_message() + b"last")

CASES = [
    Case("signed and sent by the author", _signed(_message()), Expected(stamp=(*PASS, "dkim=pass (2048-bit key)"))),
    Case("unsigned: SPF alone", _message(), Expected(stamp=(*PASS, "iprev=pass"))),
    Case("signed simple: every octet of the header counts", _signed(_message(*EXACT), canon=("simple", "simple"),
                                                                   headers=make.SIGNED + EXACT_NAMES),
         Expected(stamp=BY_DKIM), client=make.OTHER_IP),
    Case("signed simple: every octet of the body counts", _signed(DOTS, canon=("simple", "simple")), Expected(stamp=BY_DKIM),
         client=make.OTHER_IP, mail_args=("BODY=8BITMIME",)),
    Case("no end of line at the end", UNENDED, Expected(stamp=BY_DKIM, left=UNENDED + b"\r\n"), client=make.OTHER_IP),
    Case("the null sender", _message(), Expected(stamp=("spf=pass smtp.helo=mail.reject.example", "dmarc=pass")), mail_from=""),
    Case("forged results among others'", _with_results(FORGED_AMONG, _message()),
         Expected(stamp=PASS, left=_with_results(FOREIGN[:3], _message()))),
    Case("forged results, blanks before the colon", SPACED + _message(), Expected(stamp=PASS, left=_message())),
    Case("100 forged results", _with_results(FORGED[:1] * 100, _message()), Expected(stamp=PASS, left=_message())),
    Case("101 forged results", _with_results(FORGED[:1] * 101, _message()),
         Expected("refused", 552, "5.3.4 Too many fields that only this site may write", "reject by forged_results")),
    Case("a forgery, p=reject", _message(),
         Expected("refused", 550, "5.7.1 Email rejected per DMARC policy for reject.example", "reject by policy.published.reject"),
         client=make.OTHER_IP),
    Case("a forgery, p=quarantine", _message(domain="quarantine.example"),
         Expected(decision="quarantine by policy.published.quarantine", stamp=("dmarc=fail",), added=((b"X-Spam-Flag", b" YES"),)),
         client=make.OTHER_IP),
    Case("a forgery, p=none", _message(domain="monitor.example"),
         Expected(decision="accept by policy.published.none", stamp=("dmarc=fail",)), client=make.OTHER_IP),
    Case("a rule adds a field", _message(), Expected(stamp=("dmarc=pass",), added=((b"X-Watched", b" by us"),)), helo="watch.example.org"),
    Case("a rule marks it", _message(), Expected(decision="quarantine by marked", added=((b"X-Suspect", b" by rule"),)),
         helo="mark.example.org"),
    Case("a rule refuses it", _message(), Expected("refused", 550, "5.7.1 100 % of it is refused, %s", "reject by refused"),
         helo="refuse.example.org"),
    Case("a rule defers it", _message(), Expected("deferred", 451, "4.7.1 come back from a better place", "tempfail by later"),
         helo="later.example.org"),
    Case("a rule discards it", _message(), Expected("discarded", decision="discard by dropped"), helo="drop.example.org"),
    Case("a rule puts it on hold", _message(), Expected("held", decision="quarantine by on-hold"), helo="hold.example.org"),
    Case("a rule redirects it", _message(), Expected(decision="quarantine by trap", recipients=(b"trap",)), helo="trap.example.org",
         rcpt=("one@example.net", "TWO@EXAMPLE.NET", "three+x@example.net")),
    Case("two From fields", _message("From: other@plain.example"),
         Expected("refused", 550, "5.7.1 No usable From field: there is more than one", "reject by policy.bad_from")),
    Case("no From field", make.message(None, name="mta"), NO_FROM),
    Case("no header at all", b"only a body\r\nof two lines\r\n", NO_FROM),
    Case("a line that is none of a header", b"no field\r\n" + _message(), NO_FROM),
    Case("authenticated", _with_results(FORGED[:1], _message()), Expected(decision="accept by local", stamp=("auth=pass smtp.auth=joe",),
                                                                          left=_message()), client=make.OTHER_IP, login="joe"),
    Case("from a local network", _with_results(FORGED[:1], _message()),
         Expected(decision="accept by local", stamp=("none",), left=_message()), client=LOCAL_IP),
    # The differences.
    Case("a rule redirects it to a recipient of it", _message(), Expected(decision="quarantine by trap", recipients=(b"trap",)),
         helo="trap.example.org", rcpt=("one@example.net", "trap@example.net"),
         differs={"Postfix": Expected(decision="quarantine by trap", recipients=(b"trap", b"trap"))}),
    Case("SMTPUTF8", make.message("Büro <büro@bücher.example>", name="mta"), Expected(stamp=("dmarc=pass",)),
         mail_from="büro@bücher.example", helo="mail.xn--bcher-kva.example", mail_args=("SMTPUTF8",),
         differs={"Sendmail": Expected("refused", 555, "5.5.4 SMTPUTF8 parameter unrecognized", None)}),
    Case("a NUL in From", _message(domain="monitor.example").replace(b".example\r\n", b".example\0, ceo@reject.example\r\n", 1),
         Expected(stamp=("dmarc=pass",), left=_message(domain="monitor.example")), mail_from="office@monitor.example",
         differs={"Sendmail": Expected("refused", 554, "5.6.1 NUL byte not allowed", None)}),
    Case("neither Date nor Message-ID", b"From: office@reject.example\r\n\r\nbody\r\n", Expected(stamp=PASS),
         differs={"Sendmail": Expected(stamp=PASS, added=((b"Date", None), (b"Message-Id", None)))}),
    Case("a header of 40 KB", _message("X-Large: " + "\r\n ".join(["word " * 12] * 650)), Expected(stamp=PASS),
         differs={"Sendmail": Expected("refused", 552, "5.6.0 Headers too large (32768 max)", None)}),
    Case("a line of 5,000 octets in the header", LONG_LINE, Expected(stamp=BY_DKIM), client=make.OTHER_IP,
         differs={"Sendmail": Expected(stamp=BY_DKIM, left=LONG_LINE.replace(b"y" * 5000, b"y" * (2303 - len("X-Line: "))))}),
    Case("an author whom Sendmail would cut", LONG_NAME + make.message(None, name="mta"), Expected(stamp=("dmarc=pass",)),
         helo="mail.monitor.example", mail_from="office@monitor.example",
         differs={"Sendmail": Expected("refused", 550, "5.7.1 No usable From field", "reject by policy.bad_from")}),
]
