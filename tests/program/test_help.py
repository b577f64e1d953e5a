#!/usr/bin/python3
"""What --help and --version of both programs say: every verb ends with an example, exit statuses are told, versions too."""

import os
import pathlib
import re
import subprocess
import unittest

BIN = pathlib.Path(os.environ["ASSAY_BIN"])


def output(*command):
    done = subprocess.run([BIN / command[0], *command[1:]], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, ""), (command, done)
    return done.stdout


def verbs_below(*path):
    """The verbs that --help lists, each as the list of words up to it, and those below them."""
    listed = re.search(r"^Verbs:\n((?:  .*\n)+)", output("assay", *path, "--help"), re.M)
    for word in re.findall(r"^  (\S+)$", listed.group(1), re.M) if listed else []:
        yield [*path, word]
        yield from verbs_below(*path, word)


class Help(unittest.TestCase):
    def assert_ends_with_example(self, text, command):
        start, _, example = text.rpartition("\n\nExample")
        self.assertTrue(start, text[-300:])
        self.assertRegex(example, r"^s?:\n  ")
        self.assertNotIn("\n\n", example.strip())
        self.assertIn(command, example)

    def test_every_verb_ends_with_an_example(self):
        found = list(verbs_below())
        self.assertIn(["config", "check"], found)
        self.assertIn(["policy", "lint"], found)
        for path in found:
            with self.subTest(verb=path):
                self.assert_ends_with_example(output("assay", *path, "--help"), "assay " + " ".join(path))

    def test_the_programs_tell_their_exit_statuses(self):
        for program in ("assay", "assayd"):
            text = output(program, "--help")
            self.assert_ends_with_example(text, program)
            status = text[text.index("\nExit status"):]
            for number in ("0", "1", "2"):
                self.assertRegex(status, rf"\b{number} [a-z]", program)


class Version(unittest.TestCase):
    def assert_version(self, program, libraries):
        first, built, last = output(program, "--version").splitlines()
        self.assertRegex(first, rf"^{program} \d+\.\d+\.\d+$")
        sanitizers = os.environ.get("ASSAY_SANITIZE", "").replace(",", " and ") or "none"
        self.assertRegex(built, rf"^Built by (GNU|Clang) \d+\.\d+\S*, type \w*, sanitizers {sanitizers}$")
        self.assertEqual([entry.split()[0] for entry in re.sub(r" \(built with [^)]*\)", "", last).split(", ")], libraries)
        for name, package in (("OpenSSL", "libcrypto"), ("ldns", "ldns")):
            # What pkg-config says of the library that this build was made with.
            known = subprocess.run(["pkg-config", "--modversion", package], capture_output=True, text=True, check=False).stdout.strip()
            if known:
                self.assertIn(f"{name} {known}", last)

    def test_version(self):
        self.assert_version("assay", ["OpenSSL", "ldns", "libunbound"])
        self.assert_version("assayd", ["libmilter", "OpenSSL", "ldns", "libunbound"])


if __name__ == "__main__":
    unittest.main()
