"""The blocks of code in README.md and docs/*.md."""

import dataclasses
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"(?P<indent> *)```(?P<tag>\S*)$")


@dataclasses.dataclass
class Block:
    page: str
    line: int  # of its first line
    tag: str
    text: str

    def __str__(self):
        return f"{self.page}:{self.line}"

    @property
    def first(self):
        return self.text.partition("\n")[0]


def read(text, page):
    """The blocks of a page; a fence that nothing closes is an error."""
    found, start, lines = [], None, []
    for number, line in enumerate(text.splitlines(), 1):
        fence = FENCE.match(line)
        if start is None:
            if fence:
                start, lines = (number + 1, fence), []
        elif line.strip() == "```":
            indent = len(start[1]["indent"])
            found.append(Block(page, start[0], start[1]["tag"], "".join(f"{text[indent:]}\n" for text in lines)))
            start = None
        else:
            lines.append(line)
    if start is not None:
        raise ValueError(f"{page}:{start[0]}: no fence closes the block")
    return found


def all_blocks():
    return [block for page in PAGES for block in read(page.read_text(encoding="utf-8"), page.relative_to(ROOT).as_posix())]
