"""Recipes of the documentation, as they stand there."""

import pathlib
import re

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
README = DOCS.parent / "README.md"


def blocks(page, heading):
    """The blocks of code under that heading of a page."""
    text = (DOCS / page).read_text(encoding="utf-8")
    section = re.split(r"^##+ ", text.partition(f"\n### {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    found = re.findall(r"^```\w*\n(.*?)^```$", section, flags=re.MULTILINE | re.DOTALL)
    assert found, f"{page} has no code under '{heading}'"
    return found


def recipe(page, heading):
    """The first of them."""
    return blocks(page, heading)[0]


def replaced(text, *pairs):
    """`text` with parts of it replaced by what holds in a test; each must be there."""
    for documented, here in pairs:
        assert documented in text, f"'{documented}' is not in:\n{text}"
        text = text.replace(documented, here)
    return text


def main_cf(text):
    """The settings of lines for main.cf."""
    return dict(line.split(" = ", 1) for line in text.splitlines())
