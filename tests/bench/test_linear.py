"""The engine's cost grows in proportion to octets, header fields and signatures: counted instructions, so no time is judged.

For each of the three, what is added last may cost at most half more for each unit than what was added first. The kind of text varies
a little with the size; a cost that grew with the square would be 1.7 (signatures) to 10 times (octets) as much. Prints the counts.
"""

import importlib.machinery
import importlib.util
import os
import pathlib
import shutil
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ALLOWED = 1.5
SKIPPED = 77
SIGNED = ["--arc", "0", "--domains", "1", "--canonicalization", "relaxed/relaxed"]
# What grows, then three messages: how much of it each has, and its options.
SERIES = {
    "body octets": [(size, ["--sizes", name, "--signatures", "1", *SIGNED])
                    for size, name in ((10_000, "10k"), (100_000, "100k"), (1_000_000, "1m"))],
    "header fields": [(count, ["--sizes", "2k", "--signatures", "1", "--extra-fields", str(count), *SIGNED])
                      for count in (300, 900, 2700)],
    "signatures": [(count, ["--sizes", "2k", "--signatures", str(count), *SIGNED]) for count in (1, 2, 3)],
}


def load_guard():
    loader = importlib.machinery.SourceFileLoader("guard", str(HERE / "guard"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("guard", loader))
    loader.exec_module(module)
    return module


def main() -> int:
    guard = load_guard()
    binary = pathlib.Path(os.environ["ASSAY_BIN"]) / "bench_guard_run"
    build = guard.environment(binary)["build"]
    if build != "optimized" or shutil.which("valgrind") is None:
        print(f"skipped: {'valgrind is not installed' if build == 'optimized' else 'the build is ' + build}")
        return SKIPPED
    wrong = []
    for what, messages in SERIES.items():
        points = []
        for amount, options in messages:
            with tempfile.TemporaryDirectory(prefix="assay-linear-") as folder:
                guard.make_message(pathlib.Path(folder), "linear", options)
                counts, _ = guard.measure(binary, what, pathlib.Path(folder), 0)
            points.append((amount, counts["instructions"], counts["allocations"]))
            print(f"{what:14} {amount:8}: {counts['instructions']:9} instructions {counts['allocations']:6} allocations")
        (x0, y0, _), (x1, y1, _), (x2, y2, _) = points
        first, last = (y1 - y0) / (x1 - x0), (y2 - y1) / (x2 - x1)
        print(f"{what:14} one more costs {first:.2f} instructions, then {last:.2f}")
        if last > ALLOWED * first:
            wrong.append(f"{what}: the cost of one more grows from {first:.2f} to {last:.2f} instructions")
    print("\n".join(wrong) or "all three in proportion")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
