"""Each micro-benchmark once: it runs, and not at all if a verdict is wrong. No time is judged."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
BENCH = pathlib.Path(os.environ["ASSAY_BIN"]) / "bench_micro"
GROUPS = {"body", "header", "dkim", "arc", "spf", "dmarc", "results", "policy", "message"}


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="assay-micro-") as name:
        folder = pathlib.Path(name)
        subprocess.run([HERE / "make_corpus", folder], check=True)
        command = [BENCH, folder, "--benchmark_min_time=0.0001", "--benchmark_format=json"]
        run = subprocess.run(command, text=True, capture_output=True)
        if run.returncode != 0:
            print(run.stderr)
            return 1
        names = [row["name"] for row in json.loads(run.stdout)["benchmarks"]]
        print("\n".join(names))
        if {name.split("/")[0] for name in names} != GROUPS:
            print("benchmarks are missing")
            return 1

        manifest = json.loads((folder / "manifest.json").read_text())
        manifest["messages"][7]["expect"]["dmarc"] = "temperror"
        (folder / "manifest.json").write_text(json.dumps(manifest))
        wrong = subprocess.run(command, text=True, capture_output=True)
        if wrong.returncode != 1 or "no speed is told" not in wrong.stderr or wrong.stdout:
            print("a wrong answer was not noticed")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
