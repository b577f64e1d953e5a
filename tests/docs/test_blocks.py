#!/usr/bin/python3
"""Every block of code in README.md and docs/*.md is run or checked, by its kind.

Commands run in a sandbox (stand.py); block_kinds.py says what must hold of each kind. A block that nobody claims fails the test."""

import unittest

import blocks
from block_kinds import Kinds
from stand import Stand


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


if __name__ == "__main__":
    unittest.main()
