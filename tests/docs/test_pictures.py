#!/usr/bin/python3
"""The picture of the terminal in README.md shows what is printed now, and both are small.

After a change of what `assay verify --explain` prints: docs/pictures/make verify."""

import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs/pictures"
sys.path.insert(0, str(PICTURES))

import terminal  # noqa: E402  pylint: disable=wrong-import-position

MAX_OCTETS = 150_000
TIME = re.compile(r"judged as of \S+")


class Terminal(unittest.TestCase):
    def test_the_picture_shows_what_is_printed(self):
        printed = re.sub(r"\x1b\[[0-9;]*m", "", terminal.printed())
        lines = [part for line in f"$ {terminal.COMMAND}\n{printed}".splitlines()
                 for part in (line[at:at + terminal.COLUMNS] for at in range(0, len(line), terminal.COLUMNS))]
        shown = terminal.text_of(PICTURES / "verify.svg")
        # Blank lines are no text.
        self.assertEqual([TIME.sub("", line).rstrip() for line in shown], [TIME.sub("", line).rstrip() for line in lines if line.strip()])

    def test_it_is_the_command_of_the_documents(self):
        for page in ("README.md", "docs/verify.md", "docs/quickstart.md"):
            self.assertIn(terminal.COMMAND, (ROOT / page).read_text(encoding="utf-8"), page)

    def test_it_fetches_nothing_and_names_no_folder_of_the_machine(self):
        text = (PICTURES / "verify.svg").read_text(encoding="utf-8")
        self.assertNotIn("http", text.replace('xmlns="http://www.w3.org/2000/svg"', ""))
        self.assertNotIn(str(ROOT), text)

    def test_pictures_are_small(self):
        for name in ("verify.svg", "dashboard.png"):
            self.assertLessEqual((PICTURES / name).stat().st_size, MAX_OCTETS, name)


if __name__ == "__main__":
    unittest.main()
