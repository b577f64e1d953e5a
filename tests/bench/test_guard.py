"""The guard itself: it fails when a message costs more than 10 % above the baseline, and passes below that."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

GUARD = pathlib.Path(__file__).resolve().parent / "guard"
SKIPPED = 77


def main() -> int:
    built = subprocess.run([pathlib.Path(os.environ["ASSAY_BIN"]) / "bench_guard_run"], check=True, text=True, capture_output=True)
    if json.loads(built.stdout)["build"] != "optimized":
        print(f"skipped: {built.stdout.strip()}")
        return SKIPPED
    if shutil.which("valgrind") is None:
        print("skipped: valgrind is not installed")
        return SKIPPED
    wrong = []
    with tempfile.TemporaryDirectory(prefix="assay-guard-") as folder:
        baseline = pathlib.Path(folder, "guard.json")

        def guard(status: int, words: str, *options: str, **environment: str) -> None:
            """Runs the guard on one message and compares its exit status, and words that it must print."""
            command = [GUARD, "--baseline", baseline, "--only", "unsigned", *options]
            run = subprocess.run(command, text=True, capture_output=True, env={**os.environ, **environment})
            print(f"$ guard {' '.join(options)}: {run.returncode}\n{run.stdout}{run.stderr}")
            if run.returncode != status or words not in run.stdout + run.stderr:
                wrong.append(f"guard {' '.join(options)}: {run.returncode}, not {status} with \"{words}\"")

        def measured(*options: str) -> dict:
            guard(0, "written", "--update", *options)
            return json.loads(baseline.read_text())

        burdened = measured("--burden", "10000")["messages"]["unsigned"]["instructions"]
        made = measured()
        cost = made["messages"]["unsigned"]["instructions"]
        percent = 10000 * cost / 100 / (burdened - cost)  # the burden that is one percent
        guard(0, "nothing grew")
        guard(0, "nothing grew", "--burden", str(int(9.5 * percent)))
        guard(1, "instructions grew by", "--burden", str(int(10.5 * percent)))

        def with_baseline(change) -> None:
            other = json.loads(json.dumps(made))
            change(other)
            baseline.write_text(json.dumps(other))

        with_baseline(lambda b: b["messages"]["unsigned"].update(allocations=made["messages"]["unsigned"]["allocations"] * 100 // 112))
        guard(1, "allocations grew by")
        with_baseline(lambda b: b["messages"]["unsigned"].update(instructions=cost * 2))
        guard(0, "--update keeps it so")
        with_baseline(lambda b: b["messages"]["unsigned"].update(sha256="0"))
        guard(1, "not the message of the baseline")
        with_baseline(lambda b: b["messages"].clear())
        guard(1, "not the message of the baseline")
        with_baseline(lambda b: b["environment"].update(compiler="1.0"))
        guard(SKIPPED, "the baseline is for compiler '1.0'")
        with_baseline(lambda b: None)
        guard(SKIPPED, "valgrind is not installed", PATH=folder)
        guard(2, "is not built", "--bin", folder)
    print("\n".join(wrong) or "the guard guards")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
