#!/usr/bin/python3
"""Every block of code in README.md and docs/*.md is run or checked, by its kind; every link leads somewhere, and to every page.

Commands run in a sandbox (stand.py); block_kinds.py says what must hold of each kind. A block that nobody claims fails the test."""

import re
import unittest

import blocks
from block_kinds import Kinds
from stand import Stand

LINK = re.compile(r"\[[^\]]*\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]*))?\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


def without_code(text):
    return re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(path):
    """The names that GitHub gives to the headings of a page."""
    for heading in HEADING.findall(without_code(path.read_text(encoding="utf-8"))):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        yield re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


class Blocks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stand = Stand([page.read_text(encoding="utf-8") for page in blocks.PAGES])
        cls.addClassCleanup(cls.stand.stop)

    def test_every_block(self):
        kinds = Kinds(self.stand)
        found = blocks.all_blocks()
        self.assertGreater(len(found), 50)
        for block in found:
            with self.subTest(block=str(block)):
                try:
                    kinds.check(block)
                except AssertionError as error:
                    self.fail(f"{block}: {error}\n{block.text}")

    def test_a_wrong_block_is_found(self):
        kinds = Kinds(self.stand)
        for tag, text in (("sh", "assay config chekc /etc/assay/assay.yaml\n"), ("sh", "assay verify --explian message.eml\n"),
                          ("sh", "reboot\n"), ("sh", "systemctl reload asayd\n"), ("sh", "cmake --preset fast\n"), ("sh", "./run --twice\n"),
                          ("yaml", "polcy: {}\n"), ("yaml", "policy: {bad_from: perhaps}\n"),
                          ("yaml", "cases: [{name: a, facts: {dmarc: fail}, expect: {action: accept}}]\n"), ("", "Something new\n"),
                          ("", "smtpd_militers = x\n"), ("", "INPUT_MAIL_FILTER(`assay', `S=x)dnl\n"), ("json", "{'a': 1}\n"),
                          ("promql", "rate(assay_no_such_metric[5m])\n"), ("cobol", "x\n"), ("", "$ assay verify none.eml\n")):
            with self.subTest(text=text), self.assertRaises((AssertionError, ValueError)):
                kinds.check(blocks.Block("README.md", 1, tag, text))

    def test_an_open_block_is_found(self):
        with self.assertRaises(ValueError):
            blocks.read("```sh\nassay --help\n", "page")


class Links(unittest.TestCase):
    def test_every_link_leads_somewhere(self):
        for page in blocks.PAGES:
            for target, anchor in LINK.findall(without_code(page.read_text(encoding="utf-8"))):
                path = (page.parent / target).resolve() if target else page
                self.assertTrue(path.exists(), f"{page.name}: {target}")
                if anchor and path.suffix == ".md":
                    self.assertIn(anchor, set(anchors(path)), f"{page.name}: {target}#{anchor}")

    def test_every_page_is_named(self):
        """In the index, or in the list of the README."""
        named = set()
        for page in (blocks.ROOT / "docs/index.md", blocks.ROOT / "README.md"):
            named |= {(page.parent / target).resolve() for target, _ in LINK.findall(page.read_text(encoding="utf-8")) if target}
        self.assertEqual(set(blocks.PAGES) - named - {blocks.ROOT / "README.md"}, set())


if __name__ == "__main__":
    unittest.main()
