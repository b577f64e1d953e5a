#!/usr/bin/python3
"""Makes the manual pages: one for each program, one for each verb, and assay.yaml(5).

Names, options, exit statuses and examples are those that --help prints; keys are those of `assay config reference`. What neither says is
written by hand in PAGE.SECTION.in beside this script, in roff: each section there is appended to that of the same name, but for NAME and
SEE ALSO, which take its place. A verb that has none of these files has a page all the same.

Usage: make_pages.py --assay PROGRAM --assayd PROGRAM --version VERSION --bodies FOLDER PAGES."""

import argparse
import pathlib
import re
import shutil
import subprocess
import sys

import help_text
import roff

ORDER = ["NAME", "SYNOPSIS", "DESCRIPTION", "VERBS", "ARGUMENTS", "OPTIONS", "SIGNALS", "ENVIRONMENT", "FILES", "EXIT STATUS", "EXAMPLES",
         "SEE ALSO"]
REPLACED = ["NAME", "SEE ALSO"]
STATUS = re.compile(r"(?:^|; )([0-9]) ")


def page_name(words):
    return "-".join(["assay", *words])


def short(program, description):
    """What a page says of itself in its NAME, for whatis(1): the beginning of the description, without a full stop."""
    text = re.split(r"[.;:] |[.]$| \(", description.removeprefix(program + " "))[0]
    return text[0].lower() + text[1:] if text[1:2].islower() else text


def entry_name(name):
    """-h,--help or --zone FILE: literal but for what stands for a value."""
    option, _, value = name.partition(" ")
    if not option.startswith("-"):
        return roff.italic(name)
    names = ", ".join(roff.bold(part) for part in option.split(","))
    return names + (" " + roff.italic(value) if value else "")


def split_default(name):
    """--config FILE=/etc/assay/assay.yaml, but not --result METHOD=RESULT."""
    found = re.fullmatch(r"(.*?)=([^A-Z].*)", name)
    return found.groups() if found else (name, "")


def entry_lines(entries):
    lines = []
    for entry in entries:
        name, default = split_default(entry.name)
        text = f"{entry.text.rstrip('.')}. Default: {default}." if default else entry.text
        lines += [".TP", entry_name(name), *roff.filled(text)]
    return lines


def verb_lines(words, entries):
    lines = []
    for entry in entries:
        lines += [".TP", f"\\fB{roff.escaped(page_name([*words, entry.name]))}\\fR(1)", *roff.filled(entry.text)]
    return lines


def status_lines(text):
    """0 this; 1 that: as a list."""
    parts = STATUS.split(text)
    lines = roff.filled(parts[0].rstrip(":")) if parts[0] else []
    for number, meaning in zip(parts[1::2], parts[2::2]):
        lines += [".TP", f".B {number}", *roff.filled(meaning.rstrip(".") + ".")]
    return lines


def paragraph_lines(lines):
    """Indented lines stay as they are."""
    text = [line for line in lines if not line.startswith("  ")]
    kept = [line.strip() for line in lines if line.startswith("  ")]
    return [".PP", *roff.filled(" ".join(text)), *(roff.verbatim(kept) if kept else [])]


def usage_lines(program, words, usage):
    """[OPTIONS] MESSAGE: what is no word of the command stands for something."""
    rest = usage.split()[1 + len(words):]
    return [" ".join([roff.bold(" ".join([program, *words])), *(roff.italic(word) for word in rest)])]


def help_sections(program, words, text):
    """The sections of a page that --help tells."""
    told = help_text.read(text)
    found = {
        "NAME": [f"{roff.escaped('-'.join([program, *words]))} \\- {roff.escaped(short(program, told.description))}"],
        "SYNOPSIS": usage_lines(program, words, told.usage),
        "DESCRIPTION": roff.filled(told.description),
    }
    for heading, entries in told.lists.items():
        found[heading.upper()] = verb_lines(words, entries) if heading == "Verbs" else entry_lines(entries)
    for lines in told.paragraphs:
        head, _, rest = " ".join(lines).partition(": ")
        if head.startswith("Exit status"):
            found["EXIT STATUS"] = status_lines(rest)
        elif head == "Signals":
            found["SIGNALS"] = roff.filled(rest)
        else:
            found["DESCRIPTION"] += paragraph_lines(lines)
    if told.examples:
        found["EXAMPLES"] = roff.verbatim(told.examples)
    return found, told.verbs


def references(words, verbs):
    """SEE ALSO of a verb: what is above and below it, and the configuration."""
    above = [page_name(words[:count]) for count in range(len(words))]
    pages = [(name, 1) for name in above + [page_name([*words, verb]) for verb in verbs]] + [("assay.yaml", 5), ("assayd", 8)]
    return [f".BR {roff.escaped(name)} ({section})" + ("," if (name, section) != pages[-1] else "") for name, section in pages]


def merge(found, body):
    for name, lines in body.items():
        found[name] = lines if name in REPLACED else ([*found[name], ".PP"] if name in found else []) + lines
    return found


class Manual:
    def __init__(self, options):
        self._options = options
        self._bodies = {path.name.removesuffix(".in"): path for path in options.bodies.glob("*.in")}

    def write(self, name, section, found):
        body = self._bodies.pop(f"{name}.{section}", None)
        if body:
            merge(found, roff.sections(body.read_text(encoding="utf-8")))
        unknown = [title for title in found if title not in ORDER]
        # Headings that a program invents stand before FILES, as they come.
        order = ORDER[:6] + unknown + ORDER[6:]
        lines = [f'.TH {roff.escaped(name.upper())} {section} "" "assay {self._options.version}" assay']
        for title in order:
            if title in found:
                lines += [f'.SH "{title}"', *found[title]]
        path = self._options.pages / f"man{section}" / f"{name}.{section}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def write_verbs(self, words):
        """The page of a verb, and those of the verbs below it."""
        found, verbs = help_sections("assay", words, help_text.ask(self._options.assay, words))
        found["SEE ALSO"] = references(words, verbs)
        self.write(page_name(words), 1, found)
        for verb in verbs:
            self.write_verbs([*words, verb])

    def write_daemon(self):
        found, _ = help_sections("assayd", [], help_text.ask(self._options.assayd, []))
        self.write("assayd", 8, found)

    def write_keys(self):
        done = subprocess.run([self._options.assay, "config", "reference", "--man"], capture_output=True, text=True, check=True, timeout=60)
        self.write("assay.yaml", 5, roff.sections(done.stdout))

    def check_bodies(self):
        if self._bodies:
            sys.exit(f"make_pages.py: no page takes what is written by hand in {', '.join(sorted(self._bodies))}: is the verb gone?")


def main():
    parser = argparse.ArgumentParser()
    for name in ("--assay", "--assayd", "--bodies"):
        parser.add_argument(name, type=pathlib.Path, required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("pages", type=pathlib.Path)
    options = parser.parse_args()
    # Of a verb that is gone no page stays.
    shutil.rmtree(options.pages, ignore_errors=True)
    manual = Manual(options)
    manual.write_verbs([])
    manual.write_daemon()
    manual.write_keys()
    manual.check_bodies()


if __name__ == "__main__":
    main()
