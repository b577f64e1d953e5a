"""Relative links of Markdown pages, as GitHub and readers of files follow them."""

import re

LINK = re.compile(r"\[[^\]]*\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]*))?\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


def without_code(text):
    return re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(path):
    """The names that GitHub gives to the headings of a page."""
    for heading in HEADING.findall(without_code(path.read_text(encoding="utf-8"))):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        yield re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


def links(page):
    """The path of each link of a page and its anchor, or ""."""
    for target, anchor in LINK.findall(without_code(page.read_text(encoding="utf-8"))):
        yield (page.parent / target).resolve() if target else page, anchor


def broken(root, pages):
    """The links of pages below `root` that lead to nothing there."""
    root = root.resolve()
    for page in pages:
        for path, anchor in links(page.resolve()):
            if not (path.exists() and path.is_relative_to(root)):
                yield f"{page}: {path}"
            elif anchor and path.suffix == ".md" and anchor not in set(anchors(path)):
                yield f"{page}: {path}#{anchor}"
