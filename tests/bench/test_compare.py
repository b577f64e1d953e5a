#!/usr/bin/python3
"""The parts of tests/bench/compare that need no peer: reading /proc and answers, judging them, medians and tables."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import compare_answers
import compare_packages
import compare_processes
import compare_table
from compare_table import Figure

OPENDKIM = (' mx.example.net;\n\tdkim=fail reason="signature verification failed; (bad" (2048-bit key; unprotected)\n\theader.d=a.example '
            'header.i=@a.example header.s=s1 header.b=uWMUiBVU;\n\tdkim=pass (1024-bit key) header.d=b.example;\n\tdkim-atps=neutral')
OPENDMARC = ("mx.example.net; spf=pass smtp.mailfrom=lists.example", "mx.example.net; dmarc=fail (p=reject dis=none) header.from=a.example")
RSPAMD = ('vm; dkim=fail ("body hash did not verify") header.d=a.example header.s=s1 header.b="iKI/PFi9"; spf=pass (vm: domain of '
          'x@lists.example designates 203.0.113.11 as permitted sender) smtp.mailfrom=x@lists.example; dmarc=fail reason="SPF not aligned '
          '(relaxed)" header.from=a.example (policy=reject); arc=reject ("signature check failed: fail, {[1] = sig:lists.example:reject}")')
ASSAYD = (" mx.example.net;\n spf=fail smtp.helo=mx.lists.example;\n spf=pass smtp.mailfrom=lists.example;\n dkim=fail (body_hash_mismatch, "
          "2048-bit key) header.d=a.example\n header.s=s1;\n dmarc=fail (p=reject dis=accept) header.from=a.example;\n arc=fail (i=1)")


def entry(kind="good", **expect):
    dkim = [{"domain": domain, "result": result} for domain, result in expect.pop("dkim", [])]
    return {"file": "1.eml", "kind": kind, "expect": {"spf": "pass", "dkim": dkim, "dmarc": "fail", "arc": "fail", **expect}}


class AnswersTest(unittest.TestCase):
    def test_what_each_peer_writes_is_read(self):
        expected = entry(dkim=[("a.example", "fail")])
        for values in ([RSPAMD], [ASSAYD]):
            self.assertEqual(compare_answers.differences(("spf", "dkim", "dmarc", "arc"), values, expected), {})
        self.assertEqual(compare_answers.differences(("spf", "dmarc"), list(OPENDMARC), expected), {})
        both = entry(dkim=[("b.example", "pass"), ("a.example", "fail")])
        self.assertEqual(compare_answers.differences(("dkim",), [OPENDKIM], both), {})

    def test_a_wrong_answer_is_told(self):
        for method, wanted in (("spf", "softfail"), ("dmarc", "pass"), ("arc", "pass")):
            found = compare_answers.differences((method,), [ASSAYD], entry(**{method: wanted}))
            self.assertEqual(list(found), [method])
        for signatures in ([], [("a.example", "pass")], [("b.example", "fail")], [("a.example", "fail"), ("a.example", "fail")]):
            self.assertIn("dkim", compare_answers.differences(("dkim",), [ASSAYD], entry(dkim=signatures)))

    def test_no_answer_is_wrong(self):
        self.assertEqual(set(compare_answers.differences(("spf", "dmarc"), [], entry())), {"spf", "dmarc"})

    def test_other_words_for_permerror_are_right_and_pass_is_not(self):
        expected = entry("expired", dkim=[("a.example", "permerror")])
        for word, is_right in (("fail", True), ("neutral", True), ("permerror", True), ("pass", False), ("temperror", False)):
            found = compare_answers.differences(("dkim",), [f"x; dkim={word} header.d=a.example"], expected)
            self.assertEqual(not found, is_right, word)

    def test_a_tally_counts_and_explains(self):
        tally = compare_answers.Tally("opendmarc")
        manifest = {"messages": [entry("spf_fail", spf="softfail")]}
        tally.add_all(manifest, {"1.eml": [[3, "accept", "x; spf=fail smtp.mailfrom=a.example"], [1, "accept", "x; spf=softfail smtp.mailfrom=a"],
                                           [1, "tempfail"], [1, "accept", "x; spf=pass smtp.mailfrom=a.example"]]})
        self.assertEqual((tally.messages, tally.right), (6, 1))
        self.assertEqual([line.endswith("unexplained") for line in tally.lines() if "spf fail where softfail" in line], [False])
        self.assertEqual([line.endswith("unexplained") for line in tally.lines() if "spf pass where softfail" in line], [True])
        self.assertTrue(any("outcome tempfail where accept" in line for line in tally.lines()))


class ProcessesTest(unittest.TestCase):
    def test_a_name_in_stat_may_hold_anything(self):
        ticks = compare_processes.TICKS
        text = "12 (a) R b (c) S 7 12 12 0 -1 4194560 1 2 3 4 100 20 3 4 20 0 1 0"
        self.assertEqual(compare_processes.parse_stat(text), (7, 127 / ticks))

    def test_what_the_machine_did(self):
        text = "cpu  100 20 30 4000 500 6 7 0 0 0\ncpu0 1 2 3 4 5 6 7 0 0 0\n"
        self.assertEqual(compare_processes.parse_busy(text), 163 / compare_processes.TICKS)
        self.assertTrue(0 <= compare_processes.Others().share())

    def test_lines_of_status(self):
        self.assertEqual(compare_processes.parse_kib("Name:\tx\nVmRSS:\t  12 kB\n", "VmRSS"), 12288)
        self.assertEqual(compare_processes.parse_kib("Name:\tx\n", "VmRSS"), 0)

    def test_children_count_and_a_lost_one_is_trouble(self):
        child = "import time; t = time.process_time()\nwhile time.process_time() - t < 0.2: pass\ntime.sleep(60)"
        parent = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {child!r}]).wait(); import time; time.sleep(60)"
        with tempfile.TemporaryDirectory() as folder:
            process = compare_processes.Process("p", [sys.executable, "-c", parent], pathlib.Path(folder) / "log")
            self.addCleanup(process.stop)
            self.assertTrue(compare_processes.until(lambda: process.usage().cpu >= 0.2, 30))
            process.note_workers()
            self.assertEqual((process.trouble(), len(compare_processes.descendants(process.pid))), ("", 2))
            self.assertGreater(process.usage().rss, process.usage().pss)
            self.assertGreater(compare_processes.resident(compare_processes.descendants(process.pid)), 1 << 20)
            os.kill(compare_processes.descendants(process.pid)[1], 9)
            self.assertTrue(compare_processes.until(process.trouble, 30))
            self.assertIn("lost 1 of 1", process.trouble())
            self.assertGreaterEqual(process.usage().cpu, 0.2)  # of the one that is gone, too

    def test_how_a_process_ended_is_told(self):
        with tempfile.TemporaryDirectory() as folder:
            for code, text in (("raise SystemExit(3)", "ended with status 3"), ("import os; os.kill(os.getpid(), 11)", "killed by SIGSEGV")):
                process = compare_processes.Process("p", [sys.executable, "-c", code], pathlib.Path(folder) / "log")
                self.addCleanup(process.stop)
                self.assertTrue(compare_processes.until(process.trouble, 30))
                self.assertEqual(process.trouble(), f"p {text}")


class TableTest(unittest.TestCase):
    def test_medians(self):
        self.assertEqual(Figure((3.0, 1.0, 2.0)).text(1), "2.0 (1.0-3.0)")
        self.assertEqual(Figure((1234.5,)).text(0), "1,234")
        self.assertEqual(Figure().text(), "-")

    def test_ratios_are_of_runs_side_by_side(self):
        # The machine was half as fast for the second pair.
        self.assertEqual(compare_table.ratio(Figure((2.0, 4.0, 2.0)), Figure((1.0, 2.0, 1.0))), 2.0)
        self.assertIsNone(compare_table.ratio(Figure((1.0,)), Figure()))
        self.assertEqual(compare_table.ratio_text(Figure((2.0,)), Figure((4.0,))), "0.50 x")

    def test_columns_line_up(self):
        self.assertEqual(compare_table.table(["", "n"], [["a", "10"], ["bcd", "9"]]), "      n\n---  --\na    10\nbcd   9")


class PackagesTest(unittest.TestCase):
    def test_libraries_of_a_package(self):
        depends = "adduser, libjs-jquery, libc6 (>= 2.34), libluajit-5.1-2 (>= 2.0.4+dfsg) | libluajit2-5.1-2, libfoo:any, perl:any"
        self.assertEqual(compare_packages.libraries_of(depends), ["libc6", "libluajit-5.1-2", "libfoo"])
        self.assertEqual(compare_packages.libraries_of(""), [])


if __name__ == "__main__":
    unittest.main()
