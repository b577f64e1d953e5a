"""Text as the macros of man(7) take it."""

import re
import textwrap

COLUMNS = 100
# `a command`, or an option in running text.
LITERAL = re.compile(r"`([^`]+)`|(?<![\w-])(--[a-z][a-z-]*)")


def escaped(text):
    """No hyphen becomes another sign, no back-slash an escape."""
    return text.replace("\\", "\\e").replace("-", "\\-")


def guarded(line):
    """No line of text is a request."""
    return "\\&" + line if line.startswith((".", "'")) else line


def words(text):
    """Running text: literals are bold."""
    parts, end = [], 0
    for literal in LITERAL.finditer(text):
        parts += [escaped(text[end:literal.start()]), bold(literal[1] or literal[2])]
        end = literal.end()
    return "".join(parts) + escaped(text[end:])


def bold(text):
    return f"\\fB{escaped(text)}\\fR"


def italic(text):
    return f"\\fI{escaped(text)}\\fR"


def filled(text):
    """A paragraph, as lines."""
    return [guarded(line) for line in textwrap.wrap(words(text), COLUMNS, break_long_words=False, break_on_hyphens=False)]


def verbatim(lines):
    """Lines that stay as they are, indented."""
    return [".RS 4", ".nf", *(guarded(escaped(line)) for line in lines), ".fi", ".RE"]


def sections(text):
    """A page or a part of one by its sections: {name: lines}. What stands before the first is left out."""
    found, lines = {}, []
    for line in text.splitlines():
        if line.startswith(".SH "):
            lines = found.setdefault(line[4:].strip().strip('"'), [])
        elif not line.startswith('.\\"'):
            lines.append(line)
    return found
