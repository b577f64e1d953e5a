#!/usr/bin/env python3
"""Checks docs/limits.md, the tables of every bound that mail, a client, DNS or a configuration can run into.

Columns: Bound, Default, Why, Beyond it, Test. The first cell names what holds the bound, in backquotes: a key of the
configuration (`limits.signatures`), a constant (`FILE:NAME`), or both. Its default there must be the one that the document states; words behind
the number are its unit. Test is as in docs/rfc-coverage.md, or "-" with a reason. Every constant `kMax...` of the folders below,
every member of `struct Limits` and every key of `limits` must be named. Prints one line per fault and exits 1 if there is any.
"""

from __future__ import annotations

import pathlib
import re
import sys

import yaml
from check_rfc_coverage import Tests, cells_of

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENT = "docs/limits.md"
FOLDERS = ("verify", "resolver", "policy", "observe", "milter", "config")
UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "ms": 0.001, "s": 1, "m": 60, "h": 3600}
HEAD = ["Bound", "Default", "Why", "Beyond it", "Test"]

IDENTIFIER = re.compile(r"[a-z_]+(\.[a-z_]+)+|[\w/.]+:\w+")
NAMED = re.compile(r"`([^`]+)`")
NUMBER = re.compile(r"(\d[\d,]*)\s*([A-Za-z]+)?")
CONSTANT = re.compile(r"\bconstexpr\b[^;()]*?\b(kMax\w*)\s*(?:=|\{)")
MEMBER = re.compile(r"^  (?:std::size_t|unsigned|std::chrono::seconds) (\w+)\s*(?:=|\{)", re.M)


def number(text: str) -> float | None:
    """The number at the start of `text`, with its unit."""
    match = NUMBER.match(text)
    return float(match[1].replace(",", "")) * UNITS.get(match[2] or "", 1) if match else None


def value_in_code(root: pathlib.Path, name: str) -> float | None:
    """What FILE:NAME is set to in the source: a number, or a shifted one."""
    file, _, constant = name.partition(":")
    path = root / file
    source = path.read_text(encoding="utf-8") if path.is_file() else ""
    match = re.search(rf"\b{constant}\s*(?:=\s*([^;]+)|{{([^;]+)}});", source)
    if not match:
        return None
    kind = re.search(rf"(\w+) {constant}\b", source)
    text = re.sub(r"std::size_t\{(\w+)\}", r"\1", match[1] or match[2]).replace("'", "")
    text = re.sub(r"\b(\d+)U\b", r"\1", text)
    if not re.fullmatch(r"[\d\s<*]+", text):
        return None
    scale = 0.001 if kind and kind[1] == "milliseconds" else 1
    return float(eval(text)) * scale  # noqa: S307: digits, '<' and '*' alone


def value_in_configuration(settings: dict, key: str) -> object:
    for part in key.split("."):
        if not isinstance(settings, dict) or part not in settings:
            return None
        settings = settings[part]
    return settings


class Document:
    def __init__(self, root: pathlib.Path):
        self.root = root
        self.settings = yaml.safe_load((root / "config/assay.yaml").read_text(encoding="utf-8"))
        self.tests = Tests(root)
        self.named: set[str] = set()
        self.rows = 0

    def default_faults(self, name: str, default: str) -> list[str]:
        self.named.add(name)
        if ":" in name:
            found = value_in_code(self.root, name)
            if found is None:
                return [f"no constant {name} with a plain number"]
            stated = number(default)
        else:
            value = value_in_configuration(self.settings, name)
            if value is None:
                return [f"no key {name} in config/assay.yaml"]
            if isinstance(value, list):
                is_stated = all(str(item) in default.replace(",", "") for item in value)
                return [] if is_stated else [f"{name} is {value}, not {default}"]
            found, stated = number(str(value)), number(default)
        return [] if found == stated else [f"{name} is {found:g}, not {default}"]

    def row_faults(self, cells: list[str]) -> list[str]:
        self.rows += 1
        if len(cells) != len(HEAD):
            return [f"{len(cells)} columns, not {len(HEAD)}"]
        bound, default, why, beyond, test = cells
        names = [name for name in NAMED.findall(bound) if IDENTIFIER.fullmatch(name)]
        found = [] if names or NAMED.search(bound) or NAMED.search(why) else ["names no bound"]
        for name in names:
            found += self.default_faults(name, default)
        told = {"why": why, "what is beyond it": beyond}
        found += [f"{names[0] if names else 'a row'} lacks {what}" for what, cell in told.items() if not cell]
        if not re.fullmatch(r"- \(.+\)", test):
            found += self.tests.faults(test)
        return found

    def faults(self, text: str) -> list[str]:
        found = []
        for line_number, line in enumerate(text.splitlines(), 1):
            cells = cells_of(line)
            if cells is None:
                # What is listed outside of tables counts as named: constants that bound nothing from outside.
                self.named |= {name for name in NAMED.findall(line) if ":" in name}
            elif cells != HEAD:
                found += [f"{DOCUMENT}:{line_number}: {fault}" for fault in self.row_faults(cells)]
        return found + [f"{DOCUMENT}: {name} is missing" for name in self.must_be_named() if name not in self.named]

    def must_be_named(self) -> list[str]:
        names = []
        for folder in FOLDERS:
            for path in sorted((self.root / folder).rglob("*.[ch]*")):
                text = path.read_text(encoding="utf-8")
                names += [f"{path.relative_to(self.root)}:{name}" for name in sorted(set(CONSTANT.findall(text)))]
        limits = (self.root / "verify/limits.h").read_text(encoding="utf-8")
        names += [f"verify/limits.h:{name}" for name in MEMBER.findall(limits)]
        names += [f"limits.{key}" for key in self.settings["limits"] if key != "exceeded"]
        return names


def main() -> int:
    document = Document(ROOT)
    faults = document.faults((ROOT / DOCUMENT).read_text(encoding="utf-8"))
    print(f"{document.rows} bounds")
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults or not document.rows else 0


if __name__ == "__main__":
    sys.exit(main())
