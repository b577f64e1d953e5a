#!/usr/bin/python3
"""The manual pages: each program and verb has one, which tells every option of --help; assay.yaml(5) tells every key; and groff has nothing
to say against any of them."""

import functools
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

BIN = pathlib.Path(os.environ["ASSAY_BIN"])
MANUAL = pathlib.Path(os.environ["ASSAY_MANUAL"])
PAGES = sorted(MANUAL.glob("man*/*"))
SKIPPED = 77
MAX_NAME_COLUMNS = 110


def output(*command, check=True):
    done = subprocess.run(command, capture_output=True, text=True, check=check, timeout=60, env={**os.environ, "LC_ALL": "C.UTF-8"})
    return done.stdout + done.stderr


@functools.lru_cache(maxsize=None)
def rendered(page):
    return output("groff", "-man", "-Tascii", "-rLL=180n", "-P-cbou", page)


@functools.lru_cache(maxsize=None)
def verbs(*path):
    """The program and all verbs: the words up to each, and what its --help says."""
    return tuple(walk(*path))


def walk(*path):
    text = output(BIN / "assay", *path, "--help")
    yield path, text
    listed = re.search(r"^Verbs:\n((?:  .*\n)+)", text, re.M)
    for word in re.findall(r"^  (\S+)$", listed.group(1), re.M) if listed else []:
        yield from walk(*path, word)


def options(text):
    """Those that a help lists, with what stands for their values: `  -h,--help`, `  --zone FILE`, `  --check   Check ...`. A default
    (`FILE=/etc/...`) is left out."""
    for names, value in re.findall(r"^  (-\S*)(?: (\S+?)(?:=/\S*)?)?(?: \.\.\.)?(?:  .*)?$", text, re.M):
        for name in names.split(","):
            yield name, value


class Manual(unittest.TestCase):
    def assert_tells_options(self, page, text):
        told = list(options(text))
        self.assertIn(("--help", ""), told)
        self.assertEqual(len(told), len(re.findall(r"^  -", text, re.M)) + 1, "-h and --help stand on one line")
        listed = rendered(page).partition("\nOPTIONS\n")[2]
        for name, value in told:
            self.assertRegex(listed, rf"(?m)^ +(-\w, )?{name}{re.escape(' ' + value) if value else ''}(,| |$)", f"{page}: {name}")

    def test_every_verb_has_a_page_that_tells_its_options(self):
        expected = []
        for path, text in verbs():
            page = MANUAL / "man1" / ("-".join(["assay", *path]) + ".1")
            expected.append(page.name)
            with self.subTest(page=page.name):
                self.assert_tells_options(page, text)
                self.assertIn("assay " + " ".join(path), rendered(page).partition("\nSYNOPSIS\n")[2].split("\n\n")[0])
        self.assertIn("assay-policy-replay.1", expected)
        # Nor is there one of a verb that is gone.
        self.assertEqual(sorted(page.name for page in PAGES if page.suffix == ".1"), sorted(expected))

    def test_exit_statuses_and_examples_are_told(self):
        for path, text in verbs():
            page = rendered(MANUAL / "man1" / ("-".join(["assay", *path]) + ".1"))
            with self.subTest(verb=path):
                self.assertEqual("\nExit status" in text, "\nEXIT STATUS\n" in page)
                example = text.rpartition("\nExample")[2].splitlines()[1].strip()
                self.assertIn(example, page.partition("\nEXAMPLES\n")[2])
                for number in ("0", "2") if "\nExit status" in text else ():
                    self.assertRegex(page.partition("\nEXIT STATUS\n")[2], rf"(?m)^ +{number} +\w")

    def test_the_daemon_has_a_page_that_tells_its_options(self):
        page = MANUAL / "man8/assayd.8"
        self.assert_tells_options(page, output(BIN / "assayd", "--help"))
        for section in ("SIGNALS", "FILES", "EXIT STATUS"):
            self.assertIn(f"\n{section}\n", rendered(page))

    def test_every_key_is_told(self):
        keys = re.findall(r"^([a-z_.]+):", output(BIN / "assay", "config", "reference"), re.M)
        self.assertIn("dns.timeout", keys)
        page = rendered(MANUAL / "man5/assay.yaml.5")
        for key in keys:
            self.assertRegex(page, rf"(?m)^ +{re.escape(key)}(:|$| )", key)

    def test_groff_and_man_warn_of_nothing(self):
        for page in PAGES:
            self.assertEqual(output("groff", "-man", "-Tutf8", "-ww", "-z", page), "", page)
            if shutil.which("man"):
                done = subprocess.run(["man", "--warnings", "-l", page], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True,
                                      env={**os.environ, "LC_ALL": "C.UTF-8", "MANROFFSEQ": "", "MANWIDTH": "80"})
                self.assertEqual(done.stderr, b"", page)

    def test_names_are_short_and_references_lead_somewhere(self):
        known = {page.name for page in PAGES}
        for page in PAGES:
            text = rendered(page)
            name = re.search(r"\nNAME\n +(\S+) - (\S.*)\n\n", text)
            self.assertTrue(name, text[:400])
            self.assertEqual(name[1], page.stem)
            self.assertLessEqual(len(name[2]), MAX_NAME_COLUMNS, page)
            for reference, section in re.findall(r"\b(assay[a-z.-]*)\((\d)\)", text):
                # The head of a page is in capitals; what is not ours does not begin so.
                self.assertIn(f"{reference}.{section}", known, page)

    def test_no_line_is_lost(self):
        """What begins with a dot, or holds a back-slash, is text."""
        text = rendered(MANUAL / "man1/assay-verify.1")
        self.assertIn("--mail-from bounce@example.com mail.eml", text)
        self.assertIn("--helo mx.example.com \\\n", text)


if __name__ == "__main__":
    if not shutil.which("groff"):
        print("skipped: there is no groff (package groff-base)")
        sys.exit(SKIPPED)
    unittest.main()
