#!/usr/bin/env python3
"""Checks the tests: changes one condition of the code at a time and expects the test of that rule to fail.

mutations.json lists the changes. Each has
  name         what the changed code does, in one line
  rule         the RFC section that it breaks
  file         the file, from the root of the repository
  text         what stands there, exactly once
  replacement  what is put in its place
  target       the test binary
  test         the test case that must fail

Each change is applied to a copy of the tree under build/mutants, never to the tree itself; the binary is built and run.
"killed by" names the test; a change that no test notices SURVIVED, and one that only other tests notice is a fault, too:
the rule has lost its own test. Exit status 0 if every change was killed as expected, 1 if not.

  tests/tools/mutate.py               all changes; about 15 minutes on two idle cores
  tests/tools/mutate.py --only dkim   those whose name contains the word
  tests/tools/mutate.py --check       only whether each change still fits the tree (seconds; ctest runs it)
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIST = pathlib.Path(__file__).with_name("mutations.json")
WORK = ROOT / "build" / "mutants"
TEST_SECONDS = 180
KEYS = {"name", "rule", "file", "text", "replacement", "target", "test"}


def faults_of(mutation: dict, names: set[str]) -> list[str]:
    """What keeps a mutation from being applied."""
    if set(mutation) != KEYS or not all(isinstance(value, str) and value for value in mutation.values()):
        return ["needs exactly these keys, none empty: " + ", ".join(sorted(KEYS))]
    faults = []
    if mutation["name"] in names:
        faults.append("the name is not unique")
    file = ROOT / mutation["file"]
    count = file.read_text().count(mutation["text"]) if file.is_file() else 0
    if count != 1:
        faults.append(f"the text stands {count} times in {mutation['file']}")
    if mutation["replacement"] == mutation["text"]:
        faults.append("the replacement changes nothing")
    return faults


def check(mutations: list[dict]) -> bool:
    names: set[str] = set()
    good = True
    for mutation in mutations:
        for fault in faults_of(mutation, names):
            print(f"{mutation.get('name')}: {fault}")
            good = False
        names.add(mutation.get("name"))
    return good


def copy_tree() -> pathlib.Path:
    """The files of the repository, as they are now; a file that has not changed is left alone, for ninja's sake."""
    tree = WORK / "tree"
    listing = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True,
                             capture_output=True, text=True).stdout
    for name in filter(None, listing.split("\0")):
        source, copy = ROOT / name, tree / name
        if not source.is_file():
            copy.unlink(missing_ok=True)
        elif not copy.is_file() or copy.read_bytes() != source.read_bytes():
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(source.read_bytes())
            copy.chmod(source.stat().st_mode)
    return tree


def configure(tree: pathlib.Path) -> pathlib.Path:
    build = WORK / "build"
    # A replacement may leave a parameter unused.
    subprocess.run(["cmake", "-S", tree, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS=-O1",
                    "-DASSAY_WARNINGS_AS_ERRORS=OFF"], check=True, stdout=subprocess.DEVNULL)
    return build


def build_target(build: pathlib.Path, target: str) -> str:
    """Builds; the compiler's complaint, or nothing."""
    done = subprocess.run(["ninja", "-j", str(os.cpu_count()), "-C", build, target], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout[-3000:]


def failing_tests(tree: pathlib.Path, build: pathlib.Path, target: str) -> list[str]:
    """The test cases that fail, in their order."""
    try:
        done = subprocess.run([build / "bin" / target, "--reporter", "xml"], cwd=tree, capture_output=True, text=True,
                              errors="replace", timeout=TEST_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return [f"(not finished within {TEST_SECONDS} s)"]
    if done.returncode == 0:
        return []
    try:
        # Octets that tests print need not be characters of XML.
        report = ElementTree.fromstring(re.sub(r"[^\t\n\x20-\uD7FF\uE000-\uFFFD]", "?", done.stdout))
    except ElementTree.ParseError:
        return [f"(the binary ended with status {done.returncode})"]
    return [case.get("name", "") for case in report.iter("TestCase")
            if (result := case.find("OverallResult")) is not None and result.get("success") == "false"]


def try_mutation(mutation: dict, tree: pathlib.Path, build: pathlib.Path) -> bool:
    """Applies one, builds, runs, takes it back. Whether it was killed by the test that must."""
    file = tree / mutation["file"]
    original = file.read_text()
    file.write_text(original.replace(mutation["text"], mutation["replacement"]))
    try:
        complaint = build_target(build, mutation["target"])
        failing = [] if complaint else failing_tests(tree, build, mutation["target"])
    finally:
        file.write_text(original)
    print(f"{mutation['name']} ({mutation['rule']})")
    if complaint:
        print(f"  DOES NOT BUILD\n{complaint}")
    elif not failing:
        print("  SURVIVED")
    elif mutation["test"] in failing:
        print(f"  killed by {mutation['test']}" + (f" (and {len(failing) - 1} more)" if len(failing) > 1 else ""))
    else:
        print(f"  NOT KILLED BY {mutation['test']}\n  but by " + "\n     and ".join(failing))
    sys.stdout.flush()
    return mutation["test"] in failing


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only whether each change fits the tree")
    parser.add_argument("--only", default="", metavar="WORD", help="the changes whose name contains the word")
    options = parser.parse_args()
    mutations = json.loads(LIST.read_text())
    if not check(mutations):
        return 1
    if options.check:
        print(f"{len(mutations)} changes fit the tree")
        return 0
    chosen = [mutation for mutation in mutations if options.only in mutation["name"]]
    tree = copy_tree()
    build = configure(tree)
    for target in sorted({mutation["target"] for mutation in chosen}):
        if complaint := build_target(build, target):
            print(f"{target} does not build\n{complaint}")
            return 1
        if failing := failing_tests(tree, build, target):
            print(f"{target} fails without any change: {failing}")
            return 1
    killed = sum([try_mutation(mutation, tree, build) for mutation in chosen])
    print(f"{killed} of {len(chosen)} changes were killed by the test of their rule")
    return 0 if killed == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
