#!/usr/bin/python3
"""Every link of every document leads somewhere, and to every page. What is installed is tried by tests/tools/check_install.py, the
Debian package by tests/packaging."""

import os
import pathlib
import tempfile
import unittest

import blocks
import links

# Of builds, and of nobody.
NOT_OURS = {"build", ".git"}


def documents():
    for folder, below, files in os.walk(blocks.ROOT):
        below[:] = [name for name in below if name not in NOT_OURS]
        yield from (pathlib.Path(folder) / name for name in files if name.endswith(".md"))


class Links(unittest.TestCase):
    def test_every_link_leads_somewhere(self):
        found = list(documents())
        self.assertLessEqual(set(blocks.PAGES), set(found))
        self.assertEqual(list(links.broken(blocks.ROOT, found)), [])

    def test_a_broken_link_is_found(self):
        with tempfile.TemporaryDirectory(prefix="assay-links-") as name:
            folder = pathlib.Path(name)
            page = folder / "root/page.md"
            page.parent.mkdir()
            (folder / "outside.md").write_text("# Outside\n")
            (page.parent / "other.md").write_text("# One heading, [two](page.md)\n")
            for text, sound in (("[a](other.md)", True), ("[a](other.md#one-heading-two) [b](#here)", True), ("```\n[a](none.md)\n```", True),
                                ("[a](https://example.com/none)", True), ("[a](none.md)", False), ("![a](none.svg)", False),
                                ("[a](other.md#three)", False), ("[b](#there)", False), ("[a](../outside.md)", False)):
                page.write_text(f"# Here\n\n{text}\n")
                with self.subTest(text=text):
                    self.assertEqual(list(links.broken(page.parent, [page])) == [], sound)

    def test_every_page_is_named(self):
        """In the index, or in the list of the README."""
        named = {path for page in (blocks.ROOT / "docs/index.md", blocks.ROOT / "README.md") for path, _ in links.links(page)}
        self.assertEqual(set(blocks.PAGES) - named, set())


if __name__ == "__main__":
    unittest.main()
