#!/usr/bin/env python3
"""Shows that check_rfc_coverage.py fails on what it is there to find."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import check_rfc_coverage as checker  # noqa: E402

CASES = r'''
TEST_CASE("part/unit: a rule (RFC 1 section 2)", "[x]") {
  const Row rows[] = {{"a row", 1}, {"a \"quoted\""
                                     " row", 2}};
}
TEST_CASE("part/unit: another, "
          "in two lines", "[x]") {}
const std::string kFolder = "tests/vectors/some/";
'''
HEAD = "| RFC | Keywords | Rows | Covered | Not met | Not applicable |\n|---|---|---|---|---|---|\n"
TITLE = "\n## RFC 1: a protocol\n\n| Section | Requirement | Source | Test |\n|---|---|---|---|\n"


class Check(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        root = pathlib.Path(self.folder.name)
        (root / "tests/vectors/some").mkdir(parents=True)
        (root / "tests/unit_test.cpp").write_text(CASES, encoding="utf-8")
        (root / "tests/test_more.py").write_text("class A:\n    def test_it(self):\n        pass\n", encoding="utf-8")
        (root / "tests/vectors/some/vectors.json").write_text('[{"name": "a-vector"}]', encoding="utf-8")
        (root / "unit.cpp").write_text("", encoding="utf-8")
        self.tests = checker.Tests(root)

    def tearDown(self) -> None:
        self.folder.cleanup()

    def faults(self, *rows: str, summary: str = "") -> list[str]:
        if not summary:
            _, counts = checker.check(TITLE + "\n".join(rows), self.tests)
            summary = "| RFC 1 | 5 | " + " | ".join(counts["RFC 1"].cells()) + " |\n"
        return checker.check(HEAD + summary + TITLE + "\n".join(rows), self.tests)[0]

    def assert_fault(self, fault: str, *rows: str) -> None:
        found = self.faults(*rows)
        self.assertEqual(len(found), 1, found)
        self.assertIn(fault, found[0])

    def test_good_rows(self) -> None:
        self.assertEqual(self.faults(
            "| 2 | A rule | `unit.cpp` | `part/unit: a rule (RFC 1 section 2)` › `a row` › `a \"quoted\" row` › `a-vector` |",
            "| 2.1 | Another | `unit.cpp` | `part/unit: another, in two lines`<br>`tests/test_more.py::test_it` |",
            "| 2.10 | A third. Not met: for a reason | `unit.cpp` | `part/unit: another, in two lines` |",
            "| A.1 | The signer's | not applicable | it is the signer's |"), [])

    def test_a_test_that_is_not_there(self) -> None:
        self.assert_fault("no test", "| 2 | A rule | `unit.cpp` | `part/unit: a rule` |")
        self.assert_fault("no test", "| 2 | A rule | `unit.cpp` | `tests/test_more.py::test_other` |")
        self.assert_fault("no test", "| 2 | A rule | `unit.cpp` | `tests/test_none.py::test_it` |")
        self.assert_fault("no row", "| 2 | A rule | `unit.cpp` | `part/unit: another, in two lines` › `no row` |")
        self.assert_fault("names no test", "| 2 | A rule | `unit.cpp` | |")
        self.assert_fault("names no test", "| 2 | A rule. Not met: so | `unit.cpp` | later |")

    def test_a_row_without_source_section_or_reason(self) -> None:
        test = "`part/unit: a rule (RFC 1 section 2)`"
        self.assert_fault("no file other.cpp", f"| 2 | A rule | `other.cpp` | {test} |")
        self.assert_fault("names no source", f"| 2 | A rule | unit.cpp | {test} |")
        self.assert_fault("is no section", f"| | A rule | `unit.cpp` | {test} |")
        self.assert_fault("stands after", f"| 10.1 | A rule | `unit.cpp` | {test} |", f"| 9 | A rule | `unit.cpp` | {test} |")
        self.assert_fault("no requirement", f"| 2 | | `unit.cpp` | {test} |")
        self.assert_fault("without a reason", "| 2 | A rule | not applicable | |")
        self.assert_fault("columns", f"| 2 | A rule | `unit.cpp` | {test} | more |")

    def test_counts_that_are_not_so(self) -> None:
        row = "| 2 | A rule | not applicable | it is the signer's |"
        self.assertIn("must end in 1 | 0 | 0 | 1", self.faults(row, summary="| RFC 1 | 5 | 1 | 1 | 0 | 0 |\n")[0])
        self.assertIn("no table for RFC 2",
                      self.faults(row, summary="| RFC 1 | 5 | 1 | 0 | 0 | 1 |\n| RFC 2 | 5 | 1 | 0 | 0 | 1 |\n")[0])
        self.assertIn("no rows for RFC 1", self.faults()[0])


if __name__ == "__main__":
    unittest.main()
