"""What a program tells by --help, read into its parts."""

import dataclasses
import re
import subprocess

HEADING = re.compile(r"[A-Z][A-Za-z ]{0,30}:")
EXAMPLES = re.compile(r"Examples?:")
# An entry begins in the third column; its text is indented further, or follows after two spaces.
ENTRY = re.compile(r"  (?P<name>\S+(?: \S+)*)(?:\s{2,}(?P<text>\S.*))?")
# Stands below verbs that have others: the manual has SEE ALSO for it.
POINTER = re.compile(r"`assay (\S+ )?VERB --help`")


@dataclasses.dataclass
class Entry:
    """An option, an argument or a verb."""

    name: str
    text: str


@dataclasses.dataclass
class Help:
    description: str
    usage: str
    lists: dict  # heading: entries
    paragraphs: list  # what stands below the lists, each a list of lines
    examples: list  # lines

    @property
    def verbs(self):
        return [entry.name for entry in self.lists.get("Verbs", [])]


def ask(program, words):
    """The help of a verb of the program, or of the program itself."""
    done = subprocess.run([program, *words, "--help"], capture_output=True, text=True, check=True, timeout=60)
    return "".join(line.rstrip() + "\n" for line in done.stdout.splitlines())  # CLI11 2.4 ends a default with a space.


def read(text):
    description, _, rest = text.partition("\nUsage: ")
    if not rest:
        raise ValueError(f"no usage in the help: {text[:200]}")
    usage, _, rest = rest.partition("\n")
    result = Help(" ".join(description.split()), usage, {}, [], [])
    for block in re.split(r"\n(?:[ \t]*\n)+", rest.strip("\n")):
        _read_block(block.split("\n"), result)
    return result


def _read_block(lines, result):
    if EXAMPLES.fullmatch(lines[0]):
        result.examples = [line.removeprefix("  ") for line in lines[1:]]
    elif HEADING.fullmatch(lines[0]):
        result.lists[lines[0].rstrip(":")] = _entries(lines[1:])
    elif not POINTER.match(lines[0]):
        result.paragraphs.append(lines)


def _entries(lines):
    entries = []
    for line in lines:
        entry = ENTRY.fullmatch(line)
        if entry:
            entries.append(Entry(entry["name"], entry["text"] or ""))
        elif line.startswith("   ") and entries:
            entries[-1].text = f"{entries[-1].text} {line.strip()}".strip()
        else:
            raise ValueError(f"no entry of a list of the help: {line!r}")
    return entries
