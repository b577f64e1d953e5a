#!/usr/bin/python3
"""docs/pictures/make can draw each panel of the dashboard as it stands now. Exit status 77 is a skip with its reason printed."""

import math
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "docs/pictures"))

try:
    import dashboard  # pylint: disable=wrong-import-position
except ImportError as missing:
    print(f"skipped: {missing} (tests/tools/packages-pictures.txt)")
    sys.exit(77)


class Dashboard(unittest.TestCase):
    def test_every_panel_can_be_drawn(self):
        class Source:
            """Answers every query by two series, one of them 0, and notes it."""
            start, end = 1_800_000_000, 1_800_000_600
            asked = []

            def series(self, expression):
                self.asked.append(expression)
                times = range(self.start, self.end, 20)
                return [({"action": "accept"}, [(at, 1 + math.sin(at / 50)) for at in times]), ({}, [(at, 0) for at in times])]

        panels, _ = dashboard.panels_of(["all"])
        with tempfile.TemporaryDirectory(prefix="assay-pictures-") as folder:
            path = pathlib.Path(folder) / "all.png"
            dashboard.draw(path, Source(), ["all"])
            self.assertEqual(path.read_bytes()[:4], b"\x89PNG")
        self.assertEqual(Source.asked, [target["expr"] for panel in panels for target in panel.get("targets", [])])

    def test_values_are_written_as_people_read_them(self):
        for unit, value, text in (("s", 0.0203, "20.3 ms"), ("s", 90, "1.5 min"), ("bytes", 1536, "1.5 KiB"), ("percentunit", 0.931, "93.1 %"),
                                  ("ops", 12, "12 /s"), ("short", 0, "0"), ("short", 48211, "48,211")):
            self.assertEqual(dashboard.UNITS[unit](value), text)

    def test_the_rows_of_the_picture_stand_below_each_other(self):
        panels, height = dashboard.panels_of(dashboard.FRONT_PAGE)
        self.assertEqual([panel["title"] for panel in panels if panel["type"] == "row"], dashboard.FRONT_PAGE)
        taken = {y for panel in panels for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])}
        self.assertEqual(taken, set(range(height)))


if __name__ == "__main__":
    unittest.main()
