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

    def analyze(self, *arguments):
        return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False, timeout=60)

    def test_systemd_can_start_it(self):
        program = set(re.findall(r"^Exec(?:Start|StartPre)=(/\S*/assayd) ", self.text, re.M))
        self.assertEqual(len(program), 1, program)
        program = program.pop()
        self.assertTrue((self.root / program[1:]).is_file(), program)
        here = self.root / "assayd.service"
        here.write_text(self.text.replace(program, f"{self.root}{program}"), encoding="utf-8")
        result = self.analyze("verify", "--man=no", here)
        self.assertEqual([line for line in result.stderr.splitlines() if "assayd" in line], [])

    def test_exposure(self):
        result = self.analyze("security", "--offline=true", f"--threshold={MOST_EXPOSURE}", "--no-pager", self.unit)
        print(result.stdout.strip().splitlines()[-1])
        self.assertEqual(result.returncode, 0, result.stdout)

    def test_nothing_is_open_without_a_reason(self):
        result = self.analyze("security", "--offline=true", "--json=short", self.unit)
        found = {entry["name"]: entry["description"] for entry in json.loads(result.stdout)
                 if entry["exposure"] not in (None, "0")}
        self.assertEqual({name: found[name] for name in found if name not in OPEN}, {})
        self.assertEqual(set(OPEN) - set(found), set(), "is closed now: take it from the list")

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
