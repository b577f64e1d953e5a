#!/usr/bin/python3
"""What Sieve and SpamAssassin make of the messages that assayd stamped, by the recipes of docs/other-filters.md."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import daemon
import samples
import spamassassin
import unpacked
from recipes import recipe

PAGE = "other-filters.md"
NOBODY = 65534


class OtherFilters(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="assay-filters-")))
        cls.folder.chmod(0o777)
        cls.running = daemon.Daemon()
        cls.addClassCleanup(cls.running.stop)

    def stamped(self, name, running=None):
        """A sample as an MTA with assayd delivers it."""
        entry = next(entry for entry in samples.load() if entry["name"] == name)
        result = samples.send(daemon.BIN / "assay-mta", (running or self.running).socket, entry)
        self.assertEqual(result["disposition"], "accept")
        head = "".join(f"{field}:{value}\n" for field, value in result["header"])
        path = self.folder / f"{name}.eml"
        body = entry["path"].read_text(encoding="utf-8").partition("\n\n")[2]
        path.write_text(f"Return-Path: <{entry['mail_from']}>\n{head}\n{body}", encoding="utf-8")
        path.chmod(0o644)
        return path

    def sieve(self, script, message):
        """The folder that Dovecot's Sieve stores a message in; None for the inbox."""
        own = "usr/lib/dovecot"
        try:
            root = unpacked.unpack(daemon.BUILD, "dovecot", ["dovecot-sieve", "dovecot-core"], programs=["usr/bin/sieve-test"],
                                   libraries=[own])
        except unpacked.Unavailable as why:
            self.skipTest(str(why))
        path = self.folder / "script.sieve"
        path.write_text(script, encoding="utf-8")
        # Settings in the environment, in the place of a doveconf that would look for /etc/dovecot.
        user = NOBODY if os.geteuid() == 0 else os.geteuid()
        settings = {"DOVECONF_ENV": "1", "MAIL_UID": str(user), "MAIL_GID": str(NOBODY if user == NOBODY else os.getegid()),
                    "MAIL_LOCATION": f"maildir:{self.folder}/mail", "BASE_DIR": f"{self.folder}/run", "LOG_PATH": "/dev/stderr",
                    "MAIL_PLUGIN_DIR": f"{root}/{own}/modules", "LD_LIBRARY_PATH": unpacked.library_path(root, own),
                    "HOME": str(self.folder)}
        done = subprocess.run([root / "usr/bin/sieve-test", path, message], env=settings, capture_output=True, text=True, check=False,
                              timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        actions = re.findall(r"store message in folder: (.*)", done.stdout)
        self.assertEqual(len(actions), 1, done.stdout)
        return None if actions == ["INBOX"] else actions[0]

    def test_sieve_by_the_mark(self):
        script = recipe(PAGE, "Dovecot Sieve")
        self.assertEqual(self.sieve(script, self.stamped("fail-quarantine")), "Junk")
        self.assertIsNone(self.sieve(script, self.stamped("pass-all")))

    def test_sieve_by_results(self):
        script = recipe(PAGE, "Dovecot Sieve, by results")
        self.assertEqual(self.sieve(script, self.stamped("fail-none")), "Junk")
        self.assertIsNone(self.sieve(script, self.stamped("pass-all")))
        # Of the forged fields none is left; the one of another host does not count.
        self.assertEqual(self.sieve(script, self.stamped("forged-results")), "Junk")

    def spamassassin(self, configuration, message):
        """The message that SpamAssassin gives back."""
        rules = spamassassin.write_rules(self.folder, configuration)
        (self.folder / "prefs").touch()
        try:
            command = spamassassin.command(spamassassin.unpack(daemon.BUILD), "usr/bin/spamassassin", rules)
        except unpacked.Unavailable as why:
            self.skipTest(str(why))
        done = subprocess.run([*command, f"--prefspath={self.folder}/prefs", message],
                              env={"PATH": "/usr/bin:/bin", "HOME": str(self.folder), "LANG": "C"}, capture_output=True, text=True,
                              check=False, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_spamassassin_scores_what_was_found(self):
        configuration = recipe(PAGE, "SpamAssassin")
        for name, tests in (("fail-none", "ASSAY_DMARC_FAIL=4"), ("forged-results", "ASSAY_DMARC_FAIL=4"),
                            ("pass-all", "ASSAY_DMARC_PASS=-0.5"), ("none-unsigned", "none")):
            with self.subTest(name):
                self.assertIn(f"X-Spam-Status: No, tests={tests}\n", self.spamassassin(configuration, self.stamped(name)))

    def test_spamassassin_takes_the_default_mark_away_and_leaves_another(self):
        configuration = recipe(PAGE, "SpamAssassin")
        self.assertNotIn("X-Spam-Flag", self.spamassassin(configuration, self.stamped("fail-quarantine")))
        marked = daemon.Daemon(recipe(PAGE, "A mark that other filters leave alone"))
        self.addCleanup(marked.stop)
        self.assertIn("\nX-Assay-Quarantine: YES\n", self.spamassassin(configuration, self.stamped("fail-quarantine", marked)))


if __name__ == "__main__":
    daemon.run_tests()
