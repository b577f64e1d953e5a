#!/usr/bin/python3
"""What is installed for systemd, as its own tools judge it: the unit's hardening, the user, the folders. Starts nothing."""

import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import tempfile
import unittest

import installed
from installed import daemon

# Tenths, as `systemd-analyze security --threshold` takes it.
MOST_EXPOSURE = 15
# What `systemd-analyze security` may find open, and why it is. Whatever else it finds is a line lost from the unit.
OPEN = {
    "SystemCallFilter=~@privileged": "@chown, for socket.group; without capabilities it reaches the daemon's own groups alone",
    "RootDirectory=/RootImage=": "libraries and configuration are the host's",
    "RestrictAddressFamilies=~AF_UNIX": "the MTA's socket, the log, systemd itself",
    "RestrictAddressFamilies=~AF_(INET|INET6)": "DNS, the MTA's socket, metrics",
    "PrivateNetwork=": "DNS",
    "PrivateUsers=": "socket.group: the MTA's group would not exist for the daemon",
    "DeviceAllow=": "ProtectClock= adds the clock, readable; PrivateDevices= hides it",
    "IPAddressDeny=": "DNS servers may be anywhere; SECURITY.md tells when it can be set",
}


class Unit(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not shutil.which("systemd-analyze"):
            daemon.skip("there is no systemd-analyze (package systemd)")
        folder = tempfile.TemporaryDirectory(prefix="assay-unit-")
        cls.addClassCleanup(folder.cleanup)
        cls.root = pathlib.Path(folder.name)
        cls.unit = installed.install(cls.root)
        cls.text = cls.unit.read_text(encoding="utf-8")
        # All that is a service.
        cls.units = [cls.unit, installed.find(cls.root, "systemd/system/assayd@.service")]

    def analyze(self, *arguments):
        return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False, timeout=60)

    def test_systemd_can_start_it(self):
        program = set(re.findall(r"^Exec(?:Start|StartPre)=(/\S*/assayd) ", self.text, re.M))
        self.assertEqual(len(program), 1, program)
        program = program.pop()
        self.assertTrue((self.root / program[1:]).is_file(), program)
        here = self.root / "here"
        here.mkdir()
        for unit in self.unit.parent.iterdir():
            (here / unit.name).write_text(unit.read_text(encoding="utf-8").replace(program, f"{self.root}{program}"), encoding="utf-8")
        instance = (here / "assayd@.service").rename(here / "assayd@second.service")
        for unit in (here / "assayd.service", here / "assayd.socket", instance):
            result = self.analyze("verify", "--man=no", unit)
            self.assertEqual([line for line in result.stderr.splitlines() if "assayd" in line], [])

    def test_the_manual_pages_it_names_are_installed(self):
        for unit in self.unit.parent.iterdir():
            pages = re.findall(r"man:(\S+)\((\d)\)", unit.read_text(encoding="utf-8"))
            self.assertNotEqual(pages, [], unit.name)
            for name, section in pages:
                installed.find(self.root, f"man/man{section}/{name}.{section}")

    def test_exposure(self):
        for unit in self.units:
            result = self.analyze("security", "--offline=true", f"--threshold={MOST_EXPOSURE}", "--no-pager", unit)
            print(result.stdout.strip().splitlines()[-1])
            self.assertEqual(result.returncode, 0, result.stdout)

    def test_nothing_is_open_without_a_reason(self):
        for unit in self.units:
            result = self.analyze("security", "--offline=true", "--json=short", unit)
            found = {entry["name"]: entry["description"] for entry in json.loads(result.stdout)
                     if entry["exposure"] not in (None, "0")}
            self.assertEqual({name: found[name] for name in found if name not in OPEN}, {})
            self.assertEqual(set(OPEN) - set(found), set(), "is closed now: take it from the list")

    def test_an_instance_has_its_own(self):
        ours, theirs = (unit.read_text(encoding="utf-8").splitlines() for unit in self.units)
        differing = {(one, other) for one, other in zip(ours, theirs, strict=True) if one != other and not one.startswith("#")}
        program = re.search(r"^ExecStart=(\S+)", self.text, re.M)[1]
        self.assertEqual(differing, {
            (ours[1], ours[1] + " (%i)"),
            (f"ExecStartPre={program} --check", f"ExecStartPre={program} --check --config /etc/assay/%i.yaml"),
            (f"ExecStart={program} --foreground", f"ExecStart={program} --foreground --config /etc/assay/%i.yaml"),
            ("RuntimeDirectory=assay", "RuntimeDirectory=assay-%i"),
            *((line, line.replace("/run/assay ", "/run/assay-%i ")) for line in ours if line.startswith("NoExecPaths=")),
        })

    def test_the_socket_is_where_the_mta_looks(self):
        socket = installed.find(self.root, "systemd/system/assayd.socket").read_text(encoding="utf-8")
        listen, = re.findall(r"^ListenStream=(.*)$", socket, re.M)
        address, _, port = listen.rpartition(":")
        example = (installed.HERE.parents[1] / "config/assay.yaml").read_text(encoding="utf-8")
        self.assertIn(f"\nlisten: inet:{port}@{address}\n", example)

    def test_each_line_of_the_hardening_has_its_reason(self):
        block = self.text[self.text.index("# --- "):self.text.index("[Install]")]
        has_reason = False
        directives = 0
        for line in block.splitlines():
            if line.startswith("#"):
                # A headline is none.
                has_reason = not line.startswith("# --- ")
            elif not line:
                has_reason = False
            else:
                directives += 1
                self.assertTrue(has_reason, line)
        self.assertGreater(directives, 30)

    def test_the_user_and_the_folders(self):
        if os.geteuid() != 0:
            self.skipTest("only root can make folders that belong to others")
        root = self.root / "host"
        (root / "etc").mkdir(parents=True)
        (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
        # Where there is no Postfix, its folder is left out, and the other one made.
        for groups, status in (("root:x:0:\nadm:x:4:\n", (65,)), ("root:x:0:\nadm:x:4:\npostfix:x:1234:\n", (0,))):
            (root / "etc/group").write_text(groups)
            users, folders = (installed.find(self.root, f"{kind}.d/assay.conf") for kind in ("sysusers", "tmpfiles"))
            subprocess.run(["systemd-sysusers", f"--root={root}", users], check=True, capture_output=True)
            result = subprocess.run(["systemd-tmpfiles", f"--root={root}", "--create", folders], capture_output=True, text=True,
                                    check=False)
            self.assertIn(result.returncode, status, result.stderr)
        user = [line.split(":") for line in (root / "etc/passwd").read_text().splitlines() if line.startswith("assay:")]
        self.assertEqual(len(user), 1)
        self.assertNotEqual(int(user[0][2]), 0)
        self.assertTrue(user[0][6].endswith("/nologin"), user)
        # A socket in a folder with the setgid bit gets its group: the daemon needs not be a member of the MTA's.
        for path, gid, mode in (("var/spool/postfix/assay", 1234, 0o2750), ("var/log/assay", 4, 0o750)):
            found = (root / path).stat()
            self.assertEqual((found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)), (int(user[0][2]), gid, mode), path)


if __name__ == "__main__":
    unittest.main()
