#!/usr/bin/python3
"""Checks that the programs got what compiler and linker can do against a hole in them, as readelf sees it.

Usage: check_hardening.py BUILD-TYPE PROGRAM... Exit status 77 for a build that is not installed."""

import re
import subprocess
import sys


def missing(program):
    """What the program lacks."""
    text = subprocess.run(["readelf", "--wide", "--file-header", "--program-headers", "--dynamic", "--dyn-syms", program], check=True,
                          capture_output=True, text=True).stdout
    wanted = {
        "a position-independent program": r"Type: +DYN .*\n(?s:.*)\bFLAGS_1\b.*\bPIE\b",
        "tables that are read-only once it runs (RELRO)": r"\bGNU_RELRO\b",
        "all functions bound at the start (full RELRO)": r"\((FLAGS|FLAGS_1|BIND_NOW)\).*(BIND_NOW|NOW)",
        "a stack that is not executable": r"\bGNU_STACK\b.* RW ",
        "guards on the stack": r"\b__stack_chk_fail@",
        "checked copies (_FORTIFY_SOURCE)": r"\b__(mem|str|sn?printf|vsn?printf|fprintf|read|fd)\w*_chk@",
    }
    return [what for what, pattern in wanted.items() if not re.search(pattern, text)]


def main():
    build_type, *programs = sys.argv[1:]
    if build_type not in ("Release", "RelWithDebInfo"):
        print(f"skipped: a build of type {build_type or 'none'} or with sanitizers is not installed")
        return 77
    status = 0
    for program in programs:
        lacking = missing(program)
        print(f"{program}: " + ("lacks " + "; ".join(lacking) if lacking else "has all of it"))
        status |= bool(lacking)
    return status


if __name__ == "__main__":
    sys.exit(main())
