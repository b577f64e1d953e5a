"""The engine benchmark in its shortest form: all answers right, and no speed told where one is wrong. No time is judged."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
BENCH = pathlib.Path(os.environ["ASSAY_BIN"]) / "bench_engine"


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="assay-engine-") as name:
        folder = pathlib.Path(name)
        subprocess.run([HERE / "make_corpus", folder, "--messages", "60", "--unique", "20", "--failing", "30"], check=True)
        command = [BENCH, folder, "--rounds", "1", "--milliseconds", "0", "--json", folder / "result.json"]
        right = subprocess.run(command, text=True, capture_output=True)
        print(right.stdout, right.stderr)
        if right.returncode != 0 or "all 60 verdicts are right" not in right.stdout:
            return 1
        rows = json.loads((folder / "result.json").read_text())["rows"]
        if {row["size"] for row in rows} != {"2k", "10k", "100k"} or not all(row["allocations"] > 0 for row in rows):
            print("rows are missing")
            return 1

        manifest = json.loads((folder / "manifest.json").read_text())
        manifest["messages"][7]["expect"]["spf"] = "neutral"
        (folder / "manifest.json").write_text(json.dumps(manifest))
        wrong = subprocess.run(command, text=True, capture_output=True)
        print(wrong.stdout, wrong.stderr)
        if wrong.returncode != 1 or "no speed is told" not in wrong.stdout or "engine us" in wrong.stdout:
            print("a wrong answer was not noticed")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
