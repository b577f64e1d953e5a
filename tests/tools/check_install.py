#!/usr/bin/python3
"""Installs the build into an empty folder and checks that everything is there, and that the documents' links lead to it. tests/systemd
looks at what is there for systemd.

Usage: check_install.py CMAKE BUILD."""

import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/docs"))
import links  # noqa: E402  pylint: disable=wrong-import-position

EXPECTED = ["bin/assay", "sbin/assayd", "lib/sysusers.d/assay.conf", "lib/tmpfiles.d/assay.conf",
            *(f"lib/systemd/system/{name}" for name in ("assayd.service", "assayd@.service", "assayd.socket")),
            "share/assay/schema.json"]
for PROGRAM in ("assay", "assayd"):
    EXPECTED += [f"share/bash-completion/completions/{PROGRAM}", f"share/zsh/vendor-completions/_{PROGRAM}",
                 f"share/fish/vendor_completions.d/{PROGRAM}.fish"]
DOCUMENTS = ("README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "packaging/README.md",
             "config/assay.yaml", "systemd/assay.logrotate")
EXPECTED += [f"share/doc/assay/{name}" for name in DOCUMENTS]
EXPECTED += [f"share/doc/assay/{path.relative_to(ROOT)}" for path in (ROOT / "docs").rglob("*") if path.suffix in (".md", ".svg", ".png")]
EXAMPLES = ROOT / "config/examples"
MONITORING = ["alertmanager/alertmanager.yml", "grafana/assay.json", "prometheus/assay.rules.yml", "prometheus/prometheus.yml"]
EXPECTED += [f"share/assay/monitoring/{name}" for name in MONITORING]
EXPECTED += [f"share/doc/assay/{path.relative_to(ROOT)}" for path in EXAMPLES.rglob("*") if path.is_file()]


def manual_pages(build):
    """tests/docs looks at which there are."""
    return [f"share/man/{path.parent.name}/{path.name}" for path in (pathlib.Path(build) / "docs/man/pages").glob("man*/*")]


def install(cmake, build, *arguments, destination=""):
    """Installs, with a DESTDIR or without."""
    subprocess.run([cmake, "--install", build, *arguments], check=True, stdout=subprocess.DEVNULL, env={**os.environ, "DESTDIR": destination})


def prefix_problems(cmake, build, folder):
    """DESTDIR is where files lie for now, the prefix what they know of it; and a list of all is left, for who uninstalls."""
    install(cmake, build, "--prefix", "/opt/assay", "--component", "Unspecified", destination=folder)
    root = pathlib.Path(folder) / "opt/assay"
    found = {f"/opt/assay/{path.relative_to(root)}" for path in root.rglob("*") if path.is_file()}
    listed = set((pathlib.Path(build) / "install_manifest_Unspecified.txt").read_text(encoding="utf-8").splitlines())
    if found != listed or len(found) != len(EXPECTED):
        yield f"installed, but not in the manifest, or the other way round: {sorted(found ^ listed)}"
    for unit in root.glob("lib/systemd/system/*"):
        text = unit.read_text(encoding="utf-8")
        if folder in text or ("ExecStart=" in text and "\nExecStart=/opt/assay/sbin/assayd " not in text):
            yield f"{unit.name} does not start /opt/assay/sbin/assayd"


def main():
    cmake, build = sys.argv[1:]
    EXPECTED.extend(manual_pages(build))
    with tempfile.TemporaryDirectory(prefix="assay-install-") as folder:
        problems = list(prefix_problems(cmake, build, folder))
        if problems:
            print("\n".join(problems))
            return 1
    with tempfile.TemporaryDirectory(prefix="assay-install-") as folder:
        prefix = pathlib.Path(folder)
        install(cmake, build, "--prefix", prefix)
        found = sorted(str(path.relative_to(prefix)) for path in prefix.rglob("*") if path.is_file())
        if found != sorted(EXPECTED):
            print(f"installed: {found}\nexpected: {sorted(EXPECTED)}")
            return 1
        documents = prefix / "share/doc/assay"
        broken = list(links.broken(documents, documents.rglob("*.md")))
        if broken:
            print("links of installed documents that lead nowhere:", *broken, sep="\n")
            return 1
        print(f"{len(found)} files are installed")
        return 0


if __name__ == "__main__":
    sys.exit(main())
