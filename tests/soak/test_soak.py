#!/usr/bin/python3
"""The soak's own judgement: what it must call wrong, it does."""

import importlib.machinery
import importlib.util
import pathlib
import sys
import types
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
_LOADER = importlib.machinery.SourceFileLoader("soak_run", str(HERE / "run"))
run = importlib.util.module_from_spec(importlib.util.spec_from_loader("soak_run", _LOADER))
_LOADER.exec_module(run)

import hostile  # noqa: E402  pylint: disable=wrong-import-position
import watch  # noqa: E402  pylint: disable=wrong-import-position
import windows  # noqa: E402  pylint: disable=wrong-import-position


class WindowsTest(unittest.TestCase):
    def test_only_what_was_under_way_while_dns_failed_or_just_after_is_excused(self):
        times = windows.Windows()
        times.begin("silence", 100)
        times.end(110)
        late = 110 + windows.AFTERMATH
        for began, ended, excused in ((98, 99.9, False), (98, 100, True), (105, 106, True), (109, 130, True), (late, late + 1, True),
                                      (late + 0.1, late + 1, False)):
            with self.subTest(began=began, ended=ended):
                self.assertEqual(bool(times.excuse(began, ended)), excused)

    def test_a_fault_that_lasts_excuses(self):
        times = windows.Windows()
        times.begin("servfail", 100)
        self.assertEqual(times.excuse(200, 201), "servfail")
        self.assertEqual(times.excuse(90, 99), "")


class LoadTest(unittest.TestCase):
    def judged(self, **more):
        times = windows.Windows()
        times.begin("silence", 100)
        times.end(110)
        load = run.Load(types.SimpleNamespace(windows=times), None, 1, pathlib.Path("/"))
        load.judge({"file": "x", "began": 101, "ended": 102, "outcome": "accept", "problem": "spf", "despite_temperror": "", **more})
        return len(load.excused), len(load.mismatches)

    def test_a_temporary_error_is_right_while_dns_fails_and_wrong_at_any_other_time(self):
        self.assertEqual(self.judged(), (1, 0))
        self.assertEqual(self.judged(outcome="tempfail"), (1, 0))
        self.assertEqual(self.judged(began=50, ended=51), (0, 1))

    def test_another_wrong_answer_is_never_right(self):
        self.assertEqual(self.judged(despite_temperror="dmarc: 'none' where 'fail' is right"), (0, 1))
        self.assertEqual(self.judged(outcome="reject"), (0, 1))
        self.assertEqual(self.judged(outcome="discard"), (0, 1))


class AttackTest(unittest.TestCase):
    EXPECT = {"spf": "pass", "spf_helo": "pass", "dkim": ["fail"], "arc": "none", "indirect": [], "dmarc": "fail", "reason": None,
              "author": "bank.example", "policy": "reject", "action": "reject", "rule": "policy.published.reject"}

    def judged(self, *, fault="", stamp="", kind=b"y", **found):
        said = {**self.EXPECT, **found}
        record = {"spf": {"mailfrom": {"result": said["spf"]}, "helo": {"result": said["spf_helo"]}},
                  "dkim": [{"result": result} for result in said["dkim"]], "arc": {"result": said["arc"]}, "indirect": said["indirect"],
                  "dmarc": {"result": said["dmarc"], "reason": said["reason"], "domain": said["author"], "policy": said["policy"]},
                  "decision": {"action": said["action"], "rule": said["rule"]}, "authentication_results": stamp}
        return run.judge_attack(record, types.SimpleNamespace(kind=kind), self.EXPECT, fault)

    def test_what_is_expected_is_right(self):
        self.assertEqual(self.judged(), "")

    def test_while_dns_works_every_difference_is_wrong(self):
        for key, value in (("spf", "temperror"), ("dkim", []), ("rule", "rules.x"), ("author", "other.example")):
            self.assertNotEqual(self.judged(**{key: value}), "")

    def test_while_dns_fails_no_result_passes_or_goes_that_does_not_anyway(self):
        self.assertEqual(self.judged(fault="silence", spf="temperror", dmarc="temperror", action="tempfail"), "")
        for key, value in (("dmarc", "pass"), ("dmarc", "none"), ("dkim", ["pass"]), ("arc", "pass"), ("spf", "none")):
            self.assertNotEqual(self.judged(fault="silence", **{key: value}), "", (key, value))

    def test_a_stamp_that_passes_somebody_else_is_wrong_at_any_time(self):
        for fault in ("", "silence"):
            self.assertNotEqual(self.judged(fault=fault, stamp="mx.example.net; dmarc=pass header.from=bank.example"), "")

    def test_the_answer_must_be_what_the_record_says(self):
        self.assertNotEqual(self.judged(kind=b"c"), "")


class PartsTest(unittest.TestCase):
    def test_a_message_is_taken_apart_as_postfix_does(self):
        self.assertEqual(hostile.split(b"A: b\r\n c\r\nX :y\r\n\r\nbody\r\n"), ([(b"A", b" b\n c"), (b"X", b"y")], b"body\r\n"))
        self.assertEqual(hostile.split(b"A: b\r\nno field\r\n\r\nbody"), ([(b"A", b" b")], b"no field\r\n\r\nbody\r\n"))
        self.assertEqual(hostile.split(b"A: b\n"), ([(b"A", b" b")], b""))

    def test_quarters(self):
        self.assertEqual(watch.quarters([(0, 1), (24.9, 3), (25, 7), (80, 9)], 100), [2, 7, None, 9])


if __name__ == "__main__":
    unittest.main()
