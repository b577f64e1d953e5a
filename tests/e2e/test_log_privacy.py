#!/usr/bin/python3
"""log.redact and log.sample: what the running daemon writes and tells, and what can still be done with it."""

import json
import pathlib
import re
import subprocess
import tempfile
import unittest

import daemon
import milter

ZONE = """\
$ORIGIN example.
@                  3600 IN SOA ns hostmaster 1 3600 600 86400 300
_dmarc.strict      3600 IN TXT "v=DMARC1; p=reject"
fwd                3600 IN TXT "v=spf1 exists:%{l}.spf.fwd.example -exp=why.fwd.example -all"
why.fwd            3600 IN TXT "ask %{s}"
"""
# The local parts of every address that the messages below hold.
SECRET = re.compile(r"secret", re.I)

# (HELO, MAIL FROM, RCPT TO, login, header fields)
SIGNATURE = (b"v=1; a=rsa-sha256; d=strict.example; s=s1; i=%s@strict.example; h=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; "
             b"b=AAAA")
SEALED = (b" i=1; mx.example.org; spf=pass smtp.mailfrom=secret@fwd.example smtp.rcptto=secret2@example.org; dkim=pass"
          b" header.i=secret@strict.example; auth=pass smtp.auth=secretlogin")
MESSAGES = [
    (b"mx.fwd.example", b"secret@fwd.example", b"secret.to@example.net", None, [(b"From", b" Secret <secret@strict.example>")]),
    (b"secret@helo.example", b"SRS0=ab=cd=strict.example=secret@fwd.example", b"secret+tag@example.net", None,
     [(b"From", b" \"Secret One\" <\"secret one\"@strict.example>"), (b"DKIM-Signature", b" " + SIGNATURE % b"secret"),
      (b"DKIM-Signature", b" " + SIGNATURE % b"\"=73ecret secret\""), (b"List-Id", b" <secret@lists.example>"),
      (b"List-Post", b" <mailto:secret@lists.example>"), (b"ARC-Authentication-Results", SEALED)]),
    (b"mx.fwd.example", b"list-owner+secret=strict.example@fwd.example", b"secret", b"secretlogin", [(b"From", b" secret@strict.example")]),
    (b"mx.fwd.example", b"\"secret@one\"@fwd.example", b"\"secret\\ two\"@example.net", b"secret@strict.example",
     [(b"From", b" secret@strict.example, secret (secret) @other.example")]),
    (b"mx.fwd.example", b"s\xc3\xa9cret.secret@b\xc3\xbccher.example", b"secret@b\xc3\xbccher.example", None,
     [(b"From", b" secret <secret\xff@strict.example")]),
    (b"mx.fwd.example", b"secret@one@two", b"secret two@example.net", None, [(b"From", b" secret, secret@"), (b"From", b" <secret>")]),
    (b"mx.helo.example", b"", b"secret@example.net", None, [(b"From", b" undisclosed secret:;")]),
]


def run(*arguments, **more):
    return subprocess.run([daemon.BIN / "assay", *arguments], capture_output=True, text=True, check=False, timeout=60, **more)


class LogPrivacy(unittest.TestCase):
    def start(self, log, more=""):
        """A daemon whose `log` has these keys besides its file."""
        scratch = tempfile.TemporaryDirectory(prefix="assay-privacy-")
        self.addCleanup(scratch.cleanup)
        zone = pathlib.Path(scratch.name) / "zone"
        zone.write_text(ZONE, encoding="ascii")
        self.daemon = daemon.Daemon(zone=(zone,))
        self.addCleanup(self.daemon.stop)
        text = self.daemon.config_text(f"log: {{{log}, target: {self.daemon.log}}}\n{more}")
        self.daemon.replace_config(text)
        self.daemon.reload()
        daemon.until(lambda: "is in force" in self.daemon.log_text(), what="the reload")
        self.socket = str(self.daemon.folder / "control.sock")

    def send(self, number, helo, mail_from, rcpt, login, fields):
        with milter.Milter(self.daemon.port) as connection:
            connection.connect(b"198.51.100.7")
            connection.helo(helo)
            if login is not None:
                connection.macro(b"{auth_authen}", login)
            return connection.message(fields, mail_from=mail_from, rcpt=rcpt, queue_id=b"Q%d" % number)

    def send_all(self):
        return [self.send(number, *message) for number, message in enumerate(MESSAGES)]

    def assert_no_secret(self, text):
        found = SECRET.search(text)
        self.assertIsNone(found, found and text[max(0, found.start() - 200):found.end() + 50])

    def tail(self, *options):
        return subprocess.Popen([daemon.BIN / "assay", "tail", "--socket", self.socket, "--count", str(len(MESSAGES)), *options],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def test_no_local_part_is_in_the_log_or_on_the_control_socket(self):
        for form in ("json", "text"):
            with self.subTest(form=form):
                self.start(f"format: {form}, redact: local_parts")
                with self.tail("--json") as whole, self.tail() as lines:
                    daemon.until(lambda: json.loads(run("status", "--socket", self.socket, "--json").stdout)["control"]["tails"] == 2,
                                 what="the followers")
                    answers = self.send_all()
                    told = [client.communicate(timeout=20)[0] for client in (whole, lines)]
                for text in told:
                    self.assertEqual(len(text.splitlines()), len(MESSAGES))
                    self.assert_no_secret(text)
                daemon.until(lambda: self.daemon.log_text().count("198.51.100.7") >= len(MESSAGES), what="the records")
                self.assert_no_secret(self.daemon.log_text())
                self.assertIn("redacted@fwd.example", self.daemon.log_text())
                for verb in ("status", "top"):
                    self.assert_no_secret(run(verb, "--socket", self.socket, *(["--once"] if verb == "top" else ["--json"])).stdout)
                # The message gets the field that it always got.
                stamped = b"".join(b"".join(answer.inserted(b"Authentication-Results")) for answer in answers)
                self.assertIn(b"smtp.auth=secretlogin", stamped)
                self.assertTrue(self.daemon.is_running())
                self.daemon.stop()

    def test_records_are_as_whole_as_before(self):
        self.start("format: json, redact: local_parts", "local: {networks: [], authenticated: verify}\n")
        self.send_all()
        daemon.until(lambda: len(self.daemon.records()) == len(MESSAGES), what="the records")
        self.assertEqual({record["redacted"] for record in self.daemon.records()}, {"local_parts"})
        first, second = self.daemon.record_of("Q0"), self.daemon.record_of("Q1")
        self.assertEqual((first["mail_from"], first["rcpt"], first["from"]),
                         ("redacted@fwd.example", ["redacted@example.net"], ["redacted@strict.example"]))
        self.assertEqual((second["mail_from"], second["client"]["helo"]), ("SRS0=redacted@fwd.example", "[redacted]"))
        self.assertEqual([signature["identity"] for signature in second["dkim"]], ["redacted@strict.example"] * 2)
        told = run("explain", "Q0", "--socket", self.socket)
        self.assertEqual(told.returncode, 0, told.stderr)
        self.assertIn("redacted@fwd.example", told.stdout)
        self.assert_no_secret(told.stdout)

        # A policy without mailboxes is replayed as ever; one with some says what it cannot tell.
        config = self.daemon.folder / "new.yaml"
        config.write_text("policy: {rules: [{name: net, when: {rcpt_domain: example.org}, then: reject}]}\n", encoding="ascii")
        done = run("policy", "replay", "--config", config, "--json", self.daemon.log)
        self.assertEqual(done.returncode, 0, done.stderr)
        report = json.loads(done.stdout)
        self.assertEqual((report["incomplete"], report["malformed"]), (0, 0))
        self.assertEqual(report["messages"] + report["redacted"], len(MESSAGES))
        config.write_text("policy: {rules: [{name: box, when: {rcpt: somebody@example.net}, then: discard}], allow_discard: true}\n",
                          encoding="ascii")
        done = run("policy", "replay", "--config", config, "--json", self.daemon.log)
        report = json.loads(done.stdout)
        self.assertGreater(report["redacted"], 2)
        self.assertEqual(report["messages"] + report["redacted"], len(MESSAGES))

    def test_a_sample_of_ordinary_mail_is_logged_and_all_of_the_rest(self):
        self.start("format: json, sample: 5")
        plain = [(b"From", b" x@plain.example")]
        strict = [(b"From", b" x@strict.example")]
        count = 20
        for number in range(count):
            self.send(number, b"mx.example", b"x@elsewhere.example", b"a@example.net", None, plain)
        for number in range(3):
            self.send(count + number, b"mx.example", b"x@elsewhere.example", b"a@example.net", None, strict)
        daemon.until(lambda: len([r for r in self.daemon.records() if r["decision"]["action"] == "reject"]) == 3, what="the refusals")
        records = self.daemon.records()
        self.assertEqual([record["sample"] for record in records], [5] * (count // 5) + [1] * 3)
        status = json.loads(run("status", "--socket", self.socket, "--json").stdout)
        self.assertEqual((status["messages"]["accept"]["total"], status["messages"]["reject"]["total"]), (count, 3))
        missing = run("explain", "Q1", "--socket", self.socket)
        self.assertEqual(missing.returncode, 1)
        self.assertIn("log.sample", missing.stderr)
        config = self.daemon.folder / "new.yaml"
        config.write_text("policy: {}\n", encoding="ascii")
        report = json.loads(run("policy", "replay", "--config", config, "--json", self.daemon.log).stdout)
        self.assertEqual((report["messages"], report["unlogged"], report["changed"]), (count + 3, count - count // 5, 0))
        self.daemon.assert_sound(self)


if __name__ == "__main__":
    unittest.main()
