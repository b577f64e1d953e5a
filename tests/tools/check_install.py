#!/usr/bin/python3
"""Installs the build into an empty folder and checks that everything is there and that systemd can start what it finds.

Usage: check_install.py CMAKE BUILD. Exit status 77 without systemd-analyze."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

EXPECTED = ["bin/assay", "sbin/assayd", "lib/systemd/system/assayd.service", "lib/sysusers.d/assay.conf", "lib/tmpfiles.d/assay.conf",
            "share/doc/assay/examples/assay.yaml", "share/assay/schema.json"]
EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "config/examples"
EXPECTED += [f"share/doc/assay/examples/{path.relative_to(EXAMPLES)}" for path in EXAMPLES.rglob("*") if path.is_file()]


def syscalls_of(group):
    """The names of a set of system calls of systemd; sets inside it stay names that begin with @."""
    text = subprocess.run(["systemd-analyze", "syscall-filter", group], check=True, capture_output=True, text=True).stdout
    return {line.strip() for line in text.splitlines()[1:] if line.strip() and not line.strip().startswith("#")}


def is_allowed(unit, call_set):
    """Whether the last line of the unit's filter that speaks of the set allows it."""
    allowed = False
    for line in re.findall(r"^SystemCallFilter=(.*)$", unit, re.M):
        names = set(line.lstrip("~").split())
        if any(name == call_set or call_set in syscalls_of(name) for name in names):
            allowed = not line.startswith("~")
    return allowed


def main():
    cmake, build = sys.argv[1:]
    if not shutil.which("systemd-analyze"):
        print("skipped: there is no systemd-analyze")
        return 77
    with tempfile.TemporaryDirectory(prefix="assay-install-") as folder:
        prefix = pathlib.Path(folder)
        subprocess.run([cmake, "--install", build, "--prefix", prefix], check=True, stdout=subprocess.DEVNULL)
        found = sorted(str(path.relative_to(prefix)) for path in prefix.rglob("*") if path.is_file())
        if found != sorted(EXPECTED):
            print(f"installed: {found}\nexpected: {sorted(EXPECTED)}")
            return 1
        unit = (prefix / "lib/systemd/system/assayd.service").read_text()
        # The unit names the folder that CMake was configured for; here the program lies elsewhere.
        started = set(re.findall(r"^Exec(?:Start|StartPre)=(/\S*/)assayd ", unit, re.M))
        if len(started) != 1 or "@CMAKE" in unit:
            print(f"the unit starts assayd from {started}")
            return 1
        # chown(2) gives a unix socket to the MTA's group.
        if not is_allowed(unit, "@chown"):
            print("the unit's SystemCallFilter does not allow @chown, which socket.group needs")
            return 1
        verified = prefix / "assayd.service"
        verified.write_text(unit.replace(started.pop(), f"{prefix}/sbin/"))
        result = subprocess.run(["systemd-analyze", "verify", "--man=no", verified], capture_output=True, text=True, check=False)
        complaints = [line for line in result.stderr.splitlines() if "assayd.service" in line]
        print("\n".join(complaints) or "the unit is sound")
        return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
