#!/usr/bin/python3
"""The RPM, made by Debian's rpmbuild of the source archive and the spec, with macros as RHEL 9 has them (rhel9.macros): what the spec
packages is what the Debian package has, but for what is the distribution's; and what rpmlint says of it.

In ctest %build is left out, for it takes minutes: %install takes the programs of this build. `test_rpm.py --compile` runs it, too. In
neither do the requirements of the spec (--nodeps): the libraries are Debian's."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import deb
from deb import daemon

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
COMPILE = "--compile" in sys.argv
# Below, where a file lies on Debian and where on RHEL.
ELSEWHERE = {"/usr/share/zsh/vendor-completions/": "/usr/share/zsh/site-functions/",
             "/usr/share/doc/assay/copyright": "/usr/share/licenses/assay/LICENSE"}
DEBIAN_ALONE = {"/usr/share/doc/assay/README.Debian", "/usr/share/doc/assay/changelog.gz", "/usr/share/doc/assay/changelog.Debian.gz",
                "/usr/share/lintian/overrides/assay"}
# rpmbuild's links to programs by their build id; and a folder that is made when the package is installed.
RPM_ALONE = re.compile(r"/usr/lib/\.build-id/.*|/var/log/assay")
# What rpmlint may say, and why. Debian's knows no distribution's rules.
RPMLINT = {
    "wrong-file-end-of-line-encoding": "messages have the line ends of the mail",
    "unstripped-binary-or-object": "only with --compile: RHEL's rpmbuild moves the symbols to assay-debuginfo",
    "non-standard-uid": "the log's folder is the daemon's",
    "non-standard-dir-perm": "and not for everybody to read",
    "postin-without-ghost-file-creation": "systemd-tmpfiles makes it",
    "missing-dependency-to-logrotate": "by default the log is in the journal",
    "no-manual-page-for-binary": "it looks for pages compressed by bzip2; those of RHEL are by gzip", "manpage-not-compressed": "the same",
    "no-url-tag": "the project has no address of its own", "invalid-url": "the archive is made by packaging/make-source",
    "no-packager-tag": "whoever builds it", "no-signature": "whoever builds it",
    "no-group-tag": "long out of use", "no-buildroot-tag": "long out of use",
    "invalid-license": "the name is SPDX's", "incoherent-version-in-changelog": "the changelog names no distribution",
}


def run(*command, seconds=120, **options):
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, timeout=seconds, **options)
    assert done.returncode == 0, f"{command[0]}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout


def macros():
    """Those of RHEL 9; and in place of a build this one, with zsh's files where the spec has CMake put them."""
    given = (HERE / "rhel9.macros").read_text(encoding="utf-8")
    if not COMPILE:
        zsh = "%{buildroot}%{_datadir}/zsh"
        given += (f"%cmake ln -s {daemon.BUILD} %{{_vpath_builddir}}; :\n%cmake_build :\n"
                  f"%cmake_install DESTDIR=%{{buildroot}} cmake --install {daemon.BUILD} --strip --prefix %{{_prefix}} && "
                  f"mv {zsh}/vendor-completions {zsh}/site-functions\n")
    return given


def make_package(folder):
    """Of the commit that is checked out, and the spec as it is."""
    run(ROOT / "packaging/make-source", folder / "SOURCES")
    (folder / "macros").write_text(macros(), encoding="utf-8")
    usual = run("rpm", "--showrc").partition("\nMacro path: ")[2].partition("\n")[0]
    run("rpmbuild", "-bb", "--nodeps", f"--macros={usual}:{folder}/macros", "--define", f"_topdir {folder}", ROOT / "packaging/assay.spec",
        seconds=3600 if COMPILE else 120, env={**os.environ, "LC_ALL": "C.UTF-8"})
    made, = (folder / "RPMS").rglob("assay-[0-9]*.rpm")
    return made


class Rpm(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        for program, package in (("rpmbuild", "rpm"), ("git", "git")):
            if not shutil.which(program):
                daemon.skip(f"there is no {program} (package {package})")
        if subprocess.run(["git", "-C", ROOT, "rev-parse"], capture_output=True, check=False).returncode != 0:
            daemon.skip("these files are no clone: nothing to make an archive of")
        deb.require()
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="assay-rpm-")))
        cls.package = make_package(cls.folder)

    def query(self, form):
        return run("rpm", "--query", "--package", self.package, "--queryformat", f"[{form}\n]").splitlines()

    def test_it_has_what_the_debian_package_has(self):
        listed = run("dpkg-deb", "--contents", deb.make_package(self.folder, 1))
        debian = set(re.findall(r"^[^d].* \.(/\S+)(?: -> .*)?$", listed, re.M)) - DEBIAN_ALONE
        for here, there in ELSEWHERE.items():
            debian = {path.replace(here, there) for path in debian}
        modes = (line.split(" ") for line in self.query("%{FILEMODES:perms} %{FILENAMES}"))
        ours = {path for mode, path in modes if not mode.startswith("d") and not RPM_ALONE.fullmatch(path)}
        self.assertIn("/usr/sbin/assayd", ours)
        self.assertEqual(sorted(ours), sorted(debian))

    def test_what_an_administrator_edits_is_kept(self):
        flags = dict(line.split(" ") for line in self.query("%{FILENAMES} %{FILEFLAGS:fflags}"))
        # c: configuration, n: noreplace.
        self.assertEqual({path: kind for path, kind in flags.items() if "c" in kind},
                         {"/etc/assay/assay.yaml": "cn", "/etc/logrotate.d/assay": "cn"})

    def test_its_scripts_are_shell(self):
        scripts = run("rpm", "--query", "--package", "--scripts", self.package)
        parts = re.split(r"^(\w+) scriptlet \(using /bin/sh\):\n", scripts, flags=re.M)
        self.assertEqual(parts[1::2], ["preinstall", "postinstall", "preuninstall", "postuninstall"])
        for name, script in zip(parts[1::2], parts[2::2]):
            self.assertNotIn("%", script, name)  # A macro that nobody knows.
            run("sh", "-n", "-c", script)

    def test_rpmlint(self):
        if not shutil.which("rpmlint"):
            print("skipped: there is no rpmlint (package rpmlint)", flush=True)
            self.skipTest("no rpmlint")
        done = subprocess.run(["rpmlint", self.package, ROOT / "packaging/assay.spec"], capture_output=True, text=True, check=False,
                              timeout=120)
        said = set(re.findall(r": [EW]: (\S+)", done.stdout))
        self.assertEqual({word: done.stdout for word in said - set(RPMLINT)}, {})


if __name__ == "__main__":
    unittest.main(argv=[word for word in sys.argv if word != "--compile"])
