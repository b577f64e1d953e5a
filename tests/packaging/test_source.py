#!/usr/bin/python3
"""The source archive, and what the packages' files say of versions: all of them the one of CMakeLists.txt."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
VERSION = re.search(r"^project\(assay VERSION (\S+) ", (ROOT / "CMakeLists.txt").read_text(encoding="utf-8"), re.M).group(1)
SPEC = ROOT / "packaging/assay.spec"


def run(*command, **options):
    return subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, timeout=120, **options)


class Versions(unittest.TestCase):
    def test_the_changelog_of_debian(self):
        revision = re.search(r"CPACK_DEBIAN_PACKAGE_RELEASE (\d+)\)", (ROOT / "packaging/CMakeLists.txt").read_text(encoding="utf-8")).group(1)
        first = (ROOT / "packaging/debian/changelog").read_text(encoding="utf-8").splitlines()[0]
        self.assertTrue(first.startswith(f"assay ({VERSION}-{revision}) "), first)

    def test_the_spec(self):
        text = SPEC.read_text(encoding="utf-8")
        self.assertEqual(re.search(r"^Version: +(\S+)$", text, re.M).group(1), VERSION)
        self.assertRegex(text, rf"%changelog\n\* .* - {re.escape(VERSION)}-1\n")

    def test_rpm_reads_the_spec(self):
        if not shutil.which("rpmspec"):
            print("skipped: there is no rpmspec (package rpm)", flush=True)
            self.skipTest("no rpmspec")
        parsed = run("rpmspec", "--parse", SPEC)
        self.assertEqual((parsed.returncode, parsed.stderr), (0, ""))
        self.assertIn(f"\nSource0:        assay-{VERSION}.tar.xz\n", parsed.stdout)


class Source(unittest.TestCase):
    def test_it_is_whole_and_configures_without_git(self):
        if not shutil.which("git") or run("git", "-C", ROOT, "rev-parse").returncode != 0:
            self.skipTest("these files are no clone: nothing to make an archive of")
        with tempfile.TemporaryDirectory(prefix="assay-source-") as folder:
            made = [run(ROOT / "packaging/make-source", f"{folder}/{name}") for name in ("one", "two")]
            self.assertEqual([done.returncode for done in made], [0, 0], made)
            one, two = (pathlib.Path(done.stdout.strip()) for done in made)
            self.assertEqual(one.name, f"assay-{VERSION}.tar.xz")
            self.assertEqual(one.read_bytes(), two.read_bytes())
            self.assertEqual(run("tar", "-C", folder, "-xf", one).returncode, 0)
            tree = pathlib.Path(folder) / f"assay-{VERSION}"
            tracked = set(run("git", "-C", ROOT, "ls-tree", "-r", "--name-only", "-z", "HEAD").stdout.split("\0")) - {""}
            self.assertEqual({str(path.relative_to(tree)) for path in tree.rglob("*") if not path.is_dir()}, tracked)
            # Without a word of where it came from.
            environment = {**os.environ, "GIT_DIR": "/nonexistent"}
            done = run("cmake", "-S", tree, "-B", f"{folder}/build", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=RelWithDebInfo", env=environment)
            self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
