#!/usr/bin/python3
"""Runs clang-tidy over the sources, the most recently changed first, until a time budget is used up; says which were left."""

import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def sources(build):
    """The compiled sources, by the commit that last changed them, newest first, then by name. Without the tests, whose
    macros clang-tidy would count as ours."""
    compiled = {os.path.relpath(entry["file"], ROOT) for entry in json.loads((build / "compile_commands.json").read_text())}
    log = subprocess.run(["git", "log", "--name-only", "--format="], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    rank = {}
    for line in log.splitlines():
        if line:
            rank.setdefault(line, len(rank))
    ours = [name for name in compiled if not name.startswith(("..", "build", "tests")) and (ROOT / name).stat().st_size > 0]
    return sorted(ours, key=lambda name: (rank.get(name, -1), name))


def check(build, name):
    done = subprocess.run(["clang-tidy", "-quiet", "-p", build, name], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--minutes", required=True, type=float)
    parser.add_argument("files", nargs="*", help="only these")
    arguments = parser.parse_args()
    deadline = time.monotonic() + arguments.minutes * 60
    build = arguments.build.resolve()
    names = arguments.files or sources(build)
    left, bad = [], []

    def work(name):
        if time.monotonic() > deadline:
            left.append(name)
            return
        status, text = check(build, name)
        if status != 0:
            bad.append(name)
            print(text, flush=True)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(work, names))
    print(f"clang-tidy: {len(names) - len(left)} of {len(names)} files checked, {len(bad)} with findings")
    if left:
        print("left for lack of time: " + " ".join(left))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
