#!/usr/bin/python3
"""What SpamAssassin makes on delivery of the messages that assayd stamped, by the recipes of docs/other-filters.md."""

import pathlib
import subprocess
import tempfile
import unittest

import daemon
import samples
import spamassassin
import unpacked
from recipes import recipe

PAGE = "other-filters.md"


class SpamAssassin(unittest.TestCase):
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

    def test_scores_what_was_found(self):
        configuration = recipe(PAGE, "SpamAssassin")
        for name, tests in (("fail-none", "ASSAY_DMARC_FAIL=4"), ("forged-results", "ASSAY_DMARC_FAIL=4"),
                            ("pass-all", "ASSAY_DMARC_PASS=-0.5"), ("none-unsigned", "none")):
            with self.subTest(name):
                self.assertIn(f"X-Spam-Status: No, tests={tests}\n", self.spamassassin(configuration, self.stamped(name)))

    def test_takes_the_default_mark_away_and_leaves_another(self):
        configuration = recipe(PAGE, "SpamAssassin")
        self.assertNotIn("X-Spam-Flag", self.spamassassin(configuration, self.stamped("fail-quarantine")))
        marked = daemon.Daemon(recipe(PAGE, "A mark that other filters leave alone"))
        self.addCleanup(marked.stop)
        self.assertIn("\nX-Assay-Quarantine: YES\n", self.spamassassin(configuration, self.stamped("fail-quarantine", marked)))


if __name__ == "__main__":
    daemon.run_tests()
