#!/usr/bin/env python3
"""Migrates the configuration files that Debian installs for OpenDKIM, OpenDMARC and policyd-spf.

The packages are fetched with apt-get and unpacked into a temporary folder, never installed. Exits 77 (skipped) where
that cannot be done. The samples of the packages name more options than the files in /etc, as comments, which are tried
as lines, too.
"""

import gzip
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PACKAGES = ["opendkim", "opendmarc", "postfix-policyd-spf-python"]
FILES = {
    "--opendkim": ["etc/opendkim.conf", "usr/share/doc/opendkim/examples/opendkim.conf.sample"],
    "--opendmarc": ["etc/opendmarc.conf", "usr/share/doc/opendmarc/opendmarc.conf.sample.gz"],
    "--policyd-spf": [
        "etc/postfix-policyd-spf-python/policyd-spf.conf",
        "usr/share/doc/postfix-policyd-spf-python/policyd-spf.conf.commented.gz",
    ],
}
# "# Option value" and "# Option = value" in the samples; prose has more words or an article.
COMMENTED = re.compile(r"^#+\s*([A-Z][A-Za-z_-]+)(\s+|\s*=\s*)(\S+)$", re.MULTILINE)


def fetch(folder):
    """Unpacks the packages into `folder`; False if they cannot be had."""
    try:
        for package in PACKAGES:
            subprocess.run(["apt-get", "download", package], cwd=folder, check=True, capture_output=True, timeout=60)
        for archive in Path(folder).glob("*.deb"):
            subprocess.run(["dpkg", "-x", archive, folder], check=True, capture_output=True, timeout=60)
    except (OSError, subprocess.SubprocessError) as error:
        print("skipped: the packages cannot be fetched:", error)
        return False
    return True


def read(path):
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8", "replace")


def content_lines(text):
    return sum(1 for line in text.splitlines() if line.split("#", 1)[0].strip())


def migrate(assay, arguments, lines):
    """Checks one migration: exit status, that it loads, and that every line is told."""
    run = subprocess.run([assay, "config", "migrate", "--json", *arguments], capture_output=True, text=True, timeout=60)
    assert run.returncode in (0, 1), (arguments, run.stderr)
    answer = json.loads(run.stdout)
    assert len(answer["lines"]) == lines, (arguments, lines, len(answer["lines"]))
    check = subprocess.run(
        [assay, "config", "check", "-"], input=answer["yaml"], capture_output=True, text=True, timeout=60)
    assert check.returncode == 0, (arguments, check.stderr)
    return answer


def main():
    assay = sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="assay-migrate-") as folder:
        if not fetch(folder):
            return 77
        arguments, total = [], 0
        for option, (stock, sample) in FILES.items():
            text = read(Path(folder) / stock)
            answer = migrate(assay, [option, str(Path(folder) / stock)], content_lines(text))
            unknown = [line for line in answer["lines"] if line["status"] == "unknown"]
            assert not unknown, unknown
            arguments += [option, str(Path(folder) / stock)]
            total += content_lines(text)

            commented = read(Path(folder) / sample)
            whole = Path(folder) / ("sample" + option)
            lines = ["".join(match) for match in COMMENTED.findall(commented)]
            whole.write_text("\n".join([commented, *lines, ""]))
            answer = migrate(assay, [option, str(whole)], content_lines(whole.read_text()))
            print(option, "sample:", len(answer["lines"]), "lines,",
                  sorted({line["option"] for line in answer["lines"] if line["status"] == "unknown"}), "unknown")
        migrate(assay, arguments, total)
        print("stock files together:", total, "lines, all told")
    return 0


if __name__ == "__main__":
    sys.exit(main())
