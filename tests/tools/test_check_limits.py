#!/usr/bin/env python3
"""Shows that check_limits.py fails on what it is there to find."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import check_limits as checker  # noqa: E402

SOURCE = """
constexpr std::size_t kMaxThings = 1'000;
inline constexpr std::size_t kMaxRoom = std::size_t{4} << 20U;
inline constexpr std::chrono::seconds kMaxLife{24 * 3600};
"""
LIMITS = """struct Limits {
  std::size_t signatures = 8;
};
"""
ROWS = {"things": "| Things: `verify/a.cpp:kMaxThings` | 1,000 | enough | refused | `a: things` |",
        "room": "| Room: `verify/a.cpp:kMaxRoom` | 4 MiB | memory | refused | `a: things` |",
        "life": "| Life: `verify/a.cpp:kMaxLife` | 24 h | age | gone | - (it would take a day) |",
        "signatures": "| Signatures: `limits.signatures`, `verify/limits.h:signatures` | 8 | work | policy | `a: things` |"}


class Check(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        root = pathlib.Path(self.folder.name)
        for name in (*checker.FOLDERS, "tests"):
            (root / name).mkdir()
        (root / "verify/a.cpp").write_text(SOURCE, encoding="utf-8")
        (root / "verify/limits.h").write_text(LIMITS, encoding="utf-8")
        (root / "config/assay.yaml").write_text("limits:\n  signatures: 8\n", encoding="utf-8")
        (root / "tests/a_test.cpp").write_text('TEST_CASE("a: things", "[a]") {}', encoding="utf-8")
        self.root = root

    def tearDown(self) -> None:
        self.folder.cleanup()

    def faults(self, **changed: str) -> list[str]:
        return checker.Document(self.root).faults("\n".join({**ROWS, **changed}.values()))

    def test_a_true_document_has_no_fault(self) -> None:
        self.assertEqual(self.faults(), [])

    def test_another_default(self) -> None:
        for name, old, new in (("things", "1,000", "1,001"), ("room", "4 MiB", "4 KiB"), ("life", "24 h", "23 h"),
                               ("signatures", "| 8", "| 9")):
            self.assertTrue(self.faults(**{name: ROWS[name].replace(old, new)}), name)

    def test_a_bound_that_is_not_named(self) -> None:
        for name in ROWS:
            self.assertTrue(any("missing" in fault for fault in self.faults(**{name: ""})), name)

    def test_a_bound_that_is_not_in_the_code(self) -> None:
        self.assertTrue(self.faults(more="| `verify/a.cpp:kMaxGone` | 1 | why | what | `a: things` |"))
        self.assertTrue(self.faults(more="| `limits.gone` | 1 | why | what | `a: things` |"))

    def test_a_test_that_is_not_there(self) -> None:
        self.assertTrue(self.faults(things=ROWS["things"].replace("`a: things`", "`a: nothing`")))
        self.assertTrue(self.faults(things=ROWS["things"].replace("`a: things`", "-")))

    def test_a_row_that_tells_too_little(self) -> None:
        for cell in ("enough", "refused"):
            self.assertTrue(self.faults(things=ROWS["things"].replace(cell, " ")), cell)


if __name__ == "__main__":
    unittest.main()
