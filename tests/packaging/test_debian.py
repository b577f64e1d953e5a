#!/usr/bin/python3
"""The life of the Debian package on a bare Debian 12 with a real systemd: installed by apt, at work, upgraded under a message in
flight, upgraded with a configuration that is refused, removed, purged. And what lintian says of it, and where its documents' links lead."""

import concurrent.futures
import gzip
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

import bare_debian
import deb

HERE = pathlib.Path(__file__).resolve().parent
for folder in ("docs", "e2e", "systemd"):
    sys.path.insert(0, str(HERE.parent / folder))
import container  # noqa: E402  pylint: disable=wrong-import-position
import daemon  # noqa: E402  pylint: disable=wrong-import-position
import links  # noqa: E402  pylint: disable=wrong-import-position
import milter  # noqa: E402  pylint: disable=wrong-import-position
import samples  # noqa: E402  pylint: disable=wrong-import-position

CONFIG = "etc/assay/assay.yaml"
INSTANCE = "assayd@second"
SOCKET = "run/assay/milter.sock"
CONTACT = "A. Packager <packager@example.com>"
# What a package that comes and goes may leave: what apt and dpkg keep for themselves, and the user.
LEFT = re.compile(r"/(var/(log|cache|lib/(apt|dpkg))|tmp|run|proc|sys|dev)(/|$)|/etc/(passwd|group|shadow|gshadow)-?$|/etc/ld.so.cache$")

FIRST = SECOND = None


def setUpModule():
    global FIRST, SECOND  # pylint: disable=global-statement
    deb.require()
    folder = pathlib.Path(unittest.enterModuleContext(tempfile.TemporaryDirectory(prefix="assay-packages-")))
    FIRST, SECOND = deb.make_package(folder, 1), deb.make_package(folder, 2, CONTACT)


class Contents(unittest.TestCase):
    def test_lintian(self):
        if not shutil.which("lintian"):
            print("skipped: there is no lintian (package lintian)", flush=True)
            self.skipTest("no lintian")
        done = subprocess.run(["lintian", "--allow-root", "--fail-on=error,warning", FIRST, SECOND], capture_output=True, text=True,
                              check=False, timeout=120)
        print(f"lintian:\n{done.stdout}", flush=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_contact(self):
        for package, contact in ((FIRST, deb.NO_CONTACT), (SECOND, CONTACT)):
            field = subprocess.run(["dpkg-deb", "--field", package, "Maintainer"], capture_output=True, text=True, check=True, timeout=60)
            self.assertEqual(field.stdout.strip(), contact)
            files = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], capture_output=True, check=True, timeout=60).stdout
            with tarfile.open(fileobj=io.BytesIO(files)) as archive:
                changelog = gzip.decompress(archive.extractfile("./usr/share/doc/assay/changelog.Debian.gz").read()).decode()
            self.assertIn(f"\n -- {contact}  ", changelog)

    def test_links_of_documents(self):
        with tempfile.TemporaryDirectory(prefix="assay-package-") as folder:
            subprocess.run(["dpkg-deb", "--extract", FIRST, folder], check=True, timeout=120)
            documents = pathlib.Path(folder) / "usr/share/doc/assay"
            pages = list(documents.rglob("*.md"))
            self.assertIn(documents / "docs/index.md", pages)
            self.assertEqual(list(links.broken(documents, pages)), [])


class Life(unittest.TestCase):
    """One after the other: each step begins where the one before it ended."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        try:
            lower = bare_debian.root(daemon.BUILD)
            bare_debian.fetch_dependencies(lower, FIRST)
            cls.box = cls.enterClassContext(container.Container(lower, private_network=True))
        except (bare_debian.Unavailable, container.Unavailable) as why:
            daemon.skip(str(why))
        for package in (FIRST, SECOND):
            shutil.copy(package, cls.box.root / "root")
        cls.sample = next(entry for entry in samples.load() if entry["name"] == "pass-all")
        for name in ("zone", cls.sample["file"]):
            shutil.copy(samples.FOLDER / name, cls.box.root / "srv")

    def apt(self, *arguments, check=True):
        return self.box.run("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet", "--yes", "--no-install-recommends", *arguments,
                            check=check, timeout=300)

    def files(self):
        found = self.box.run("find", "/", "-xdev", "-path", "/proc", "-prune", "-o", "-print").stdout.splitlines()
        return {path for path in found if not LEFT.match(path)}

    def state(self):
        return self.box.properties("assayd", "ActiveState", "UnitFileState")

    def assert_state(self, active, enabled):
        self.assertEqual(self.state(), {"ActiveState": active, "UnitFileState": enabled}, self.journal())

    def journal(self):
        return self.box.run("journalctl", "--no-pager", "--unit=assayd").stdout

    def send_sample(self, socket):
        """By assay-mta of this build, in the network of the container."""
        with tempfile.TemporaryDirectory(prefix="assay-packaging-") as place:
            mta = pathlib.Path(place) / "assay-mta"
            mta.write_text(f'#!/bin/sh\nexec nsenter --target={self.box.leader} --net "{daemon.BIN}/assay-mta" "$@"\n', encoding="utf-8")
            mta.chmod(0o755)
            return samples.differences(self.sample, samples.send(mta, socket, self.sample))

    def configure(self, text):
        """Adds to the configuration file, as an administrator does."""
        path = self.box.root / CONFIG
        with path.open("a", encoding="utf-8") as file:
            file.write(text)

    def said(self, words):
        return words in self.journal()

    def test_life(self):
        before = self.files()
        self.install()
        self.work_with_the_defaults()
        self.rotate_logs()
        self.add_an_instance()
        self.upgrade_under_a_message()
        self.upgrade_with_a_broken_file()
        self.stay_disabled()
        self.remove()
        self.purge(before)

    def install(self):
        result = self.apt("install", f"/root/{FIRST.name}")
        # There is no Postfix, and that is no failure.
        self.assertNotRegex(result.stdout + result.stderr, "(?i)failed to|warning")
        self.assert_state("active", "enabled")
        # The log is in the journal: nothing to rotate, and nothing to complain of.
        self.logrotate("/etc/logrotate.conf")
        pid = self.box.process_of("assayd")
        user = int(self.box.run("id", "--user", "assay").stdout)
        self.assertEqual(pathlib.Path(f"/proc/{pid}").stat().st_uid, user)
        self.assertEqual(pathlib.Path(f"/proc/{pid}/exe").readlink(), pathlib.Path("/usr/sbin/assayd"))
        self.assertEqual((self.box.root / "var/log/assay").stat().st_uid, user)
        self.assertEqual(self.box.run("assayd", "--check").returncode, 0)
        verified = self.box.run("systemd-analyze", "verify", "--man=no", "/usr/lib/systemd/system/assayd.service", check=False)
        self.assertEqual([line for line in verified.stderr.splitlines() if "assay" in line], [])

    def work_with_the_defaults(self):
        # No server answers in this network: a temporary error, and the message is delivered.
        self.configure("dns: {zones: [/srv/zone]}\nlocal: {networks: []}\nauthserv_id: mx.example.net\n")
        self.box.run("assay", "config", "check", f"/{CONFIG}")
        self.box.run("systemctl", "reload", "assayd")
        daemon.until(lambda: self.said("is in force"), what="the reload")
        self.assertEqual(self.send_sample("inet:8893@127.0.0.1"), [])
        command = ["assay", "verify", "--json", "--exit-code", "--config", f"/{CONFIG}", "--client-ip", self.sample["client_ip"], "--helo",
                   self.sample["helo"], "--mail-from", self.sample["mail_from"], f"/srv/{self.sample['file']}"]
        self.assertEqual(json.loads(self.box.run(*command).stdout)["dmarc"]["result"], "pass")
        result = self.box.run("assay", "selftest", "--socket", "inet:8893@127.0.0.1", "--config", f"/{CONFIG}", check=False)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def logrotate(self, *arguments):
        result = self.box.run("logrotate", "--state=/run/logrotate-of-test", *arguments)
        self.assertEqual(result.stdout + result.stderr, "")

    def rotate_logs(self):
        path = self.box.root / "var/log/assay/decisions.json"
        to_journal = (self.box.root / CONFIG).read_text(encoding="utf-8")
        self.configure("log: {format: json, target: /var/log/assay/decisions.json}\n")
        self.box.run("systemctl", "reload", "assayd")
        daemon.until(path.exists, what="the file")
        for _ in range(3):
            self.assertEqual(self.send_sample("inet:8893@127.0.0.1"), [])
            daemon.until(lambda: '"mail_from"' in path.read_text(encoding="utf-8"), what="a record in the file")
            self.logrotate("--force", "/etc/logrotate.d/assay")
            daemon.until(path.exists, what="a new file")
        self.assertEqual({file.name for file in path.parent.iterdir()},
                         {path.name, *(f"{path.name}.{end}" for end in ("1", "2.gz", "3.gz"))})
        result = self.box.run("sh", "-c", f"assay policy replay --json --config /{CONFIG} /var/log/assay/decisions.json*")
        self.assertEqual(json.loads(result.stdout)["messages"], 3)
        (self.box.root / CONFIG).write_text(to_journal, encoding="utf-8")
        self.box.run("systemctl", "reload", "assayd")

    def add_an_instance(self):
        (self.box.root / "etc/assay/second.yaml").write_text("listen: unix:/run/assay-second/milter.sock\nmetrics: off\ncontrol: off\n",
                                                             encoding="utf-8")
        self.box.run("systemctl", "enable", "--now", INSTANCE)

    def upgrade_under_a_message(self):
        instance = self.box.process_of(INSTANCE)
        self.configure(f"listen: unix:/{SOCKET}\nsocket: {{mode: 0666}}\n")
        self.box.run("systemctl", "restart", "assayd")
        old = self.box.process_of("assayd")
        with milter.Milter(self.box.root / SOCKET) as message:
            message.connect(self.sample["client_ip"].encode())
            message.helo(self.sample["helo"].encode())
            message.macro(b"i", b"UNDERWAY")
            message.mail(self.sample["mail_from"].encode())
            message.rcpt()
            message.data()
            # The configuration file was changed: none may be asked about, since no version of the package changed it.
            with concurrent.futures.ThreadPoolExecutor() as pool:
                upgrade = pool.submit(self.apt, "install", f"/root/{SECOND.name}")
                daemon.until(lambda: upgrade.done() or self.said("draining"), timeout=60, what="the drain")
                self.assertFalse(upgrade.done(), "the upgrade did not wait for the message")
                message.headers((b"From", b" " + self.sample["mail_from"].encode()))
                stamp = b" ".join(message.end().inserted(b"Authentication-Results"))
                self.assertIn(b"spf=pass", stamp)
                upgrade.result(timeout=120)
        self.assertRegex(self.box.run("dpkg-query", "--show", "assay").stdout, "-2$")
        for unit, before in (("assayd", old), (INSTANCE, instance)):
            self.assertNotIn(self.box.process_of(unit), (None, before), unit)
        self.assert_state("active", "enabled")
        self.assertEqual(self.send_sample(f"unix:{self.box.root / SOCKET}"), [])

    def upgrade_with_a_broken_file(self):
        pid = self.box.process_of("assayd")
        path = self.box.root / CONFIG
        sound = path.read_text(encoding="utf-8")
        self.configure("lissten: unix:/nowhere\n")
        result = self.apt("install", "--reinstall", f"/root/{SECOND.name}")
        for words in ("refuses the configuration", f"/{CONFIG}:", "lissten"):
            self.assertIn(words, result.stdout + result.stderr)
        self.assertEqual(self.box.process_of("assayd"), pid)
        self.assertEqual(self.send_sample(f"unix:{self.box.root / SOCKET}"), [])
        path.write_text(sound, encoding="utf-8")

    def stay_disabled(self):
        self.box.run("systemctl", "disable", "--now", "assayd")
        # Debian's Postfix brings this group: now there is a folder for the socket, and it hands the group on.
        self.box.run("groupadd", "--system", "postfix")
        self.apt("install", "--reinstall", f"/root/{SECOND.name}")
        self.assert_state("inactive", "disabled")
        folder = self.box.run("stat", "--format=%U:%G %a", "/var/spool/postfix/assay")
        self.assertEqual(folder.stdout.strip(), "assay:postfix 2750")
        self.box.run("systemctl", "enable", "--now", "assayd")

    def remove(self):
        (self.box.root / "var/log/assay/decisions.json").write_text("{}\n", encoding="utf-8")
        # By the socket that systemd holds: what connects while the package goes must start nothing.
        self.box.run("systemctl", "stop", "assayd")
        self.box.run("systemctl", "enable", "--now", "assayd.socket")
        self.box.run("systemctl", "start", "assayd")
        pid = self.box.process_of("assayd")
        self.apt("remove", "assay")
        for unit in ("assayd", INSTANCE):
            self.assertIsNone(self.box.process_of(unit), unit)
        self.assertFalse(pathlib.Path(f"/proc/{pid}").exists())
        # dpkg knows of it still, and Debian's helper for units whether it was enabled.
        mine = {path for path in self.files() if "assay" in path and
                not path.startswith(("/srv/", "/root/", "/var/lib/systemd/deb-systemd-helper-enabled/"))}
        links = {path for path in mine if path.startswith("/etc/systemd/system/")}
        self.assertEqual(mine - links, {"/etc/assay", f"/{CONFIG}", "/etc/assay/second.yaml", "/etc/logrotate.d/assay",
                                        "/var/spool/postfix/assay"})
        self.assertTrue((self.box.root / "var/log/assay/decisions.json").exists())
        self.logrotate("/etc/logrotate.conf")

    def purge(self, before):
        self.apt("purge", "assay")
        # What the administrator made stays until he takes it away.
        self.assertEqual(os.listdir(self.box.root / "etc/assay"), ["second.yaml"])
        shutil.rmtree(self.box.root / "etc/assay")
        self.apt("autoremove", "--purge")
        # Made with the folder for the socket, which is gone: it would be Postfix's.
        (self.box.root / "var/spool/postfix").rmdir()
        self.assertEqual(self.files() - before, set())
        self.assertEqual(before - self.files(), set())
        for path in ("etc/assay", "var/log/assay", "var/lib/systemd/deb-systemd-helper-enabled/assayd.service.dsh-also"):
            self.assertFalse((self.box.root / path).exists(), path)


if __name__ == "__main__":
    unittest.main()
