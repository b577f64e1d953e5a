#!/usr/bin/python3
"""Installs the build into an empty folder and checks that everything is there. tests/systemd looks at what is there for systemd.

Usage: check_install.py CMAKE BUILD."""

import pathlib
import subprocess
import sys
import tempfile

EXPECTED = ["bin/assay", "sbin/assayd", "lib/systemd/system/assayd.service", "lib/sysusers.d/assay.conf", "lib/tmpfiles.d/assay.conf",
            "share/doc/assay/examples/assay.yaml", "share/assay/schema.json"]
ROOT = pathlib.Path(__file__).resolve().parents[2]
EXPECTED += [f"share/doc/assay/{name}" for name in ("README.md", "SECURITY.md")]
EXPECTED += [f"share/doc/assay/{path.relative_to(ROOT)}" for path in (ROOT / "docs").iterdir() if path.suffix in (".md", ".svg")]
EXAMPLES = ROOT / "config/examples"
EXPECTED += [f"share/doc/assay/examples/{path.relative_to(EXAMPLES)}" for path in EXAMPLES.rglob("*") if path.is_file()]


def main():
    cmake, build = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="assay-install-") as folder:
        prefix = pathlib.Path(folder)
        subprocess.run([cmake, "--install", build, "--prefix", prefix], check=True, stdout=subprocess.DEVNULL)
        found = sorted(str(path.relative_to(prefix)) for path in prefix.rglob("*") if path.is_file())
        if found != sorted(EXPECTED):
            print(f"installed: {found}\nexpected: {sorted(EXPECTED)}")
            return 1
        print(f"{len(found)} files are installed")
        return 0


if __name__ == "__main__":
    sys.exit(main())
