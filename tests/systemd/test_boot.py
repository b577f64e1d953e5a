#!/usr/bin/python3
"""The installed unit under a real systemd: what the daemon may not do, that it needs none of that, and that it comes back."""

import contextlib
import json
import os
import pathlib
import re
import resource
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

import container
import installed
from installed import daemon

import milter
import samples
import supervisor

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "bench"))
import servers  # noqa: E402  pylint: disable=wrong-import-position

FOLDER = "var/spool/postfix/assay"
RECORDS = "var/log/assay/decisions.json"
# Beside the samples' names: a record too long for a UDP packet of 1,232 octets (EDNS), and a name for each of many messages.
CONNECTIONS = 500
ADDRESSES = [f"ip4:203.0.{number // 256}.{number % 256}" for number in range(130)]
ZONE = f""". 300 IN SOA ns.example. hostmaster.example. 1 3600 600 86400 300
{samples.ZONE.read_text(encoding="ascii")}
long.example. TXT "v=spf1 " {" ".join(f'"{address} "' for address in ADDRESSES)} "ip4:192.0.2.77 -all"
""" + "".join(f'own{number}.example. TXT "v=spf1 ip4:192.0.2.1 -all"\n' for number in range(CONNECTIONS))
# A system call that is not in the filter ends the process here, while the unit lets it fail: nothing that is needed stays hidden.
KILL = "[Service]\nSystemCallErrorNumber=kill\n"


BOX = DNS = None


def setUpModule():
    """One container for all: the programs are installed in it as README.md tells, and a DNS server answers on loopback."""
    global BOX, DNS  # pylint: disable=global-statement
    try:
        BOX = unittest.enterModuleContext(container.Container())
    except container.Unavailable as why:
        daemon.skip(str(why))
    folder = pathlib.Path(unittest.enterModuleContext(tempfile.TemporaryDirectory(prefix="assay-boot-")))
    installed.install(folder / "stage")
    subprocess.run(["cp", "-a", f"{folder}/stage/.", BOX.root], check=True)
    # Debian's Postfix brings this group.
    BOX.run("groupadd", "--system", "--force", "postfix")
    for kind, command in (("sysusers", ["systemd-sysusers"]), ("tmpfiles", ["systemd-tmpfiles", "--create"])):
        BOX.run(*command, "/" / installed.find(folder / "stage", f"{kind}.d/assay.conf").relative_to(folder / "stage"))
    (BOX.root / "etc/assay").mkdir(exist_ok=True)
    (folder / "zone").write_text(ZONE, encoding="ascii")
    DNS = unittest.enterModuleContext(servers.Dns(folder / "zone", delay=50))


class Boot(unittest.TestCase):
    """The daemon in a container, started by `systemctl start`."""

    maxDiff = None

    box = None
    dns = None

    @classmethod
    def setUpClass(cls):
        cls.box, cls.dns = BOX, DNS
        cls.port, cls.metrics_port = servers.free_port(), servers.free_port()

    def setUp(self):
        self.drop_in(KILL)
        self.addCleanup(self.box.run, "systemctl", "stop", "assayd", check=False)

    def drop_in(self, text):
        folder = self.box.root / "etc/systemd/system/assayd.service.d"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "test.conf").write_text(text)
        self.box.run("systemctl", "daemon-reload")

    def configure(self, listen, more="", log=f"{{format: json, target: /{RECORDS}}}"):
        (self.box.root / "etc/assay/assay.yaml").write_text(
            f"authserv_id: mx.example.net\nlisten: {listen}\nlocal: {{networks: []}}\nlog: {log}\ncontrol: off\n"
            f"dns: {{forward: [127.0.0.1@{self.dns.port}]}}\nmetrics: {{listen: '127.0.0.1:{self.metrics_port}'}}\n{more}")

    def start(self, listen=None, more="", **options):
        self.configure(listen or f"inet:{self.port}@127.0.0.1", more, **options)
        with contextlib.suppress(FileNotFoundError):
            (self.box.root / RECORDS).unlink()
        result = self.box.run("systemctl", "start", "assayd", check=False)
        self.assertEqual(result.returncode, 0, self.journal())
        return self.box.process_of("assayd")

    def journal(self):
        return self.box.run("journalctl", "--no-pager", "--unit=assayd", "--lines=20", check=False).stdout

    def lines(self, path=RECORDS):
        found = self.box.root / path
        return [json.loads(line) for line in found.read_text(encoding="utf-8").splitlines()] if found.exists() else []

    def assert_unharmed(self, pid):
        """It is still the process that was started, and no system call was missing."""
        self.assertEqual(self.box.process_of("assayd"), pid, self.journal())
        self.assertEqual(self.box.properties("assayd", "NRestarts", "SubState"), {"NRestarts": "0", "SubState": "running"})

    def assert_ended_well(self):
        self.assertEqual(self.box.properties("assayd", "Result", "ExecMainStatus", "NRestarts"),
                         {"Result": "success", "ExecMainStatus": "0", "NRestarts": "0"}, self.journal())

    def send_samples(self, socket):
        for entry in samples.load():
            result = samples.send(daemon.BIN / "assay-mta", socket, entry)
            self.assertEqual(samples.differences(entry, result), [], entry["name"])


class Rights(Boot):
    def test_it_has_none(self):
        pid = self.start()
        status = dict(re.findall(r"^(\w+):\s*(.*)$", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M))
        user = int(self.box.run("id", "--user", "assay").stdout)
        self.assertNotEqual(user, 0)
        self.assertEqual(set(status["Uid"].split()), {str(user)})
        self.assertEqual(set(status["Gid"].split()), {self.box.run("id", "--group", "assay").stdout.strip()})
        self.assertEqual({name: int(status[name], 16) for name in status if re.fullmatch("Cap(Inh|Prm|Eff|Bnd|Amb)", name)},
                         dict.fromkeys(("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"), 0))
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
        # A container cannot give more descriptors than it has.
        files = min(65536, resource.prlimit(self.box.leader, resource.RLIMIT_NOFILE)[1])
        limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
        self.assertRegex(limits, rf"(?m)^Max open files +{files} +{files} ")
        self.assertRegex(limits, r"(?m)^Max core file size +0 +0 ")

    def test_its_file_system(self):
        pid = self.start()
        mounts = {}  # The last one at a path hides those before. In /run/host lies what this container has from its host.
        for line in pathlib.Path(f"/proc/{pid}/mountinfo").read_text().splitlines():
            path, options = line.split()[4:6]
            if not path.startswith(("/run/host/", "/dev", "/proc", "/sys/")):
                mounts[path] = options.split(",")
        writable = {path for path, options in mounts.items() if "rw" in options}
        runnable = {path for path, options in mounts.items() if "noexec" not in options and "ro" not in options}
        # Nothing is both ...
        self.assertEqual(writable - runnable, {f"/{FOLDER}", "/run/assay", "/var/log/assay", "/tmp", "/var/tmp"})
        programs = {path for path in runnable if not re.match(r"/usr/(local/)?lib(64)?$", path)}
        self.assertEqual({pathlib.Path(path).name for path in programs}, {"assayd", "kill"})
        # ... for systemd 252 makes the latter read-only no more; they belong to root.
        found = self.box.run("setpriv", "--reuid=assay", "--regid=assay", "--clear-groups",
                             "find", *runnable, "-writable", "!", "-type", "l")
        self.assertEqual(found.stdout, "")
        self.assertEqual({path for path, options in mounts.items() if "noexec" not in options} - runnable,
                         {"/run/systemd/incoming"})  # Empty, read-only: by it systemd would mount things later.

    def intruder(self, unit):
        """What tests/systemd/intruder.py could do when started by that unit."""
        report = self.box.root / "var/log/assay/report"
        report.unlink(missing_ok=True)
        (self.box.root / "etc/systemd/system/intruder.service").write_text(unit)
        self.box.run("systemctl", "daemon-reload")
        self.box.run("systemctl", "start", "intruder")
        return json.loads(report.read_text())

    def test_what_an_intruder_may_do(self):
        root = self.box.root
        (root / "usr/lib/intruder.py").write_text((HERE / "intruder.py").read_text())
        (root / "srv/open").mkdir(exist_ok=True)
        (root / "srv/open").chmod(0o1777)
        for place in ("home", "tmp"):
            (root / place / "marker").write_text("x")
            (root / place / "marker").chmod(0o644)
        python = pathlib.Path("/usr/bin/python3").resolve()
        service = f"ExecStart={python} -B /usr/lib/intruder.py /var/log/assay/report\nType=oneshot\nRestart=no\n"
        # Any user of the host, then the daemon's unit with another program in its place.
        free = self.intruder(f"[Service]\nUser=assay\n{service}")
        self.assertEqual(free["denied"], {})
        unit = self.box.run("systemctl", "cat", "assayd").stdout.replace(KILL, "")
        unit = re.sub(r"^(Exec(StartPre|Start|Reload)|Type|Restart)=.*\n", "", unit, flags=re.M)
        bound = self.intruder(unit.replace("[Service]\n", f"[Service]\n{service}ExecPaths={python}\n"))
        self.assertEqual(bound["possible"], ["its own folder", "a socket for DNS"])


class Work(Boot):
    def test_over_tcp(self):
        pid = self.start()
        self.assertIn("Seccomp:\t2", pathlib.Path(f"/proc/{pid}/status").read_text())
        self.send_samples(f"inet:{self.port}@127.0.0.1")
        # A record that only fits into an answer over TCP.
        with milter.Milter(self.port) as connection:
            connection.connect(b"192.0.2.77")
            connection.helo()
            answer = connection.message([(b"From", b" x@long.example")], mail_from=b"x@long.example", queue_id=b"LONG")
        self.assertIn(b"spf=pass", b" ".join(answer.inserted(b"Authentication-Results")))
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=10) as metrics:
            self.assertIn(b"assay_messages_total", metrics.read())
        said = self.box.properties("assayd", "StatusText", "WatchdogUSec", "WatchdogTimestampMonotonic")
        self.assertRegex(said["StatusText"], rf"^serves on inet:{self.port}@127\.0\.0\.1, configuration \w+: 0 messages in flight, ")
        self.assertEqual(said["WatchdogUSec"], "30s")
        daemon.until(lambda: self.box.properties("assayd", "WatchdogTimestampMonotonic").items() - said.items(), what="a sign of life")
        # Nothing to warn of, such as that it is root.
        self.assertEqual([line for line in self.lines() if line.get("level") in ("warning", "error")], [])
        self.assert_unharmed(pid)

    def test_an_instance_beside_it(self):
        pid = self.start()
        port = servers.free_port()
        (self.box.root / "etc/assay/second.yaml").write_text(
            f"authserv_id: mx.example.net\nlisten: inet:{port}@127.0.0.1\nlocal: {{networks: []}}\nmetrics: off\ncontrol: off\n"
            f"dns: {{forward: [127.0.0.1@{self.dns.port}]}}\nlog: {{format: json, target: /var/log/assay/second.json}}\n")
        self.addCleanup(self.box.run, "systemctl", "stop", "assayd@second", check=False)
        self.box.run("systemctl", "start", "assayd@second")
        for where in (port, self.port):
            self.send_samples(f"inet:{where}@127.0.0.1")
        self.assertEqual(len([line for line in self.lines("var/log/assay/second.json") if "decision" in line]), len(samples.load()))
        self.assertTrue((self.box.root / "run/assay-second").is_dir())
        self.box.run("systemctl", "stop", "assayd@second")
        self.assertFalse((self.box.root / "run/assay-second").exists())
        self.assert_unharmed(pid)

    def test_many_connections_at_once(self):
        pid = self.start()
        connections = []
        for number in range(CONNECTIONS):
            connection = milter.Milter(self.port)
            self.addCleanup(connection.close)
            connection.connect(b"192.0.2.1")
            connection.helo()
            connection.mail(b"x@own%d.example" % number)
            connection.rcpt()
            connection.data()
            self.assertTrue(connection.headers((b"From", b" x@own%d.example" % number)).is_continue)
            connections.append(connection)
        for connection in connections:
            connection.write(b"E")
        for connection in connections:
            self.assertIn(b"spf=pass", b" ".join(connection.answer().inserted(b"Authentication-Results")))
        # Once nothing is in flight the daemon gives memory back: it looks every five seconds.
        time.sleep(6)
        self.assert_unharmed(pid)

    def test_reload_log_and_drain(self):
        pid = self.start()
        (self.box.root / RECORDS).rename(self.box.root / (RECORDS + ".1"))
        self.configure(f"inet:{self.port}@127.0.0.1", "policy: {quarantine: {how: hold}}\ndmarc: {compare_psl: true}\n")
        self.box.run("systemctl", "reload", "assayd")
        daemon.until(lambda: any("is in force" in line.get("message", "") for line in self.lines() + self.lines(RECORDS + ".1")),
                     what="the reload")
        connection = milter.Milter(self.port)
        self.addCleanup(connection.close)
        connection.connect(b"192.0.2.1")
        connection.helo()
        connection.message([(b"From", b" x@own0.example")], mail_from=b"x@own0.example", queue_id=b"AFTER")
        daemon.until(lambda: any(line.get("queue_id") == "AFTER" for line in self.lines()), what="a record in the new file")
        # A message in flight is finished, new ones are deferred.
        connection.macro(b"i", b"LAST")
        connection.mail(b"x@own1.example")
        self.box.run("systemctl", "stop", "--no-block", "assayd")
        daemon.until(lambda: any("draining" in line.get("message", "") for line in self.lines()), what="the drain")
        connection.rcpt()
        connection.data()
        connection.headers((b"From", b" x@own1.example"))
        self.assertIn(b"spf=pass", b" ".join(connection.end().inserted(b"Authentication-Results")))
        daemon.until(lambda: self.box.process_of("assayd") is None, timeout=60, what="the end")
        self.assert_ended_well()

    def test_logs(self):
        for target in ("stderr", "journald", "syslog"):
            with self.subTest(target=target):
                pid = self.start(log=f"{{target: {target}}}")
                name = f"to-{target}.example"
                with milter.Milter(self.port) as connection:
                    connection.connect(b"192.0.2.1")
                    connection.helo()
                    connection.message([(b"From", b" x@" + name.encode())], queue_id=b"L")
                daemon.until(lambda wanted=name: wanted in self.box.run("journalctl", "--no-pager", "--since=-5min").stdout,
                             what=f"a line by {target}")
                self.assert_unharmed(pid)
                self.box.run("systemctl", "stop", "assayd")
                self.assert_ended_well()

    def test_over_a_unix_socket(self):
        socket = self.box.root / FOLDER / "assay.sock"
        # The folder is of the MTA's group, of which the daemon is no member.
        pid = self.start(f"unix:/{FOLDER}/assay.sock", "socket: {mode: 0660, group: postfix}\n")
        group = self.box.run("getent", "group", "postfix").stdout.split(":")
        found = socket.stat()
        self.assertEqual((found.st_gid, found.st_mode & 0o7777), (int(group[2]), 0o660))
        self.assertEqual(group[3].strip(), "")
        self.send_samples(f"unix:{socket}")
        self.assert_unharmed(pid)

    def test_as_a_member_of_the_group(self):
        # With a folder that does not hand down its group.
        folder = self.box.root / FOLDER
        folder.chmod(0o750)
        self.addCleanup(folder.chmod, 0o2750)
        self.box.run("usermod", "--append", "--groups", "postfix", "assay")
        self.addCleanup(self.box.run, "gpasswd", "--delete", "assay", "postfix")
        pid = self.start(f"unix:/{FOLDER}/assay.sock", "socket: {mode: 0660, group: postfix}\n")
        self.assertEqual((folder / "assay.sock").stat().st_gid, folder.stat().st_gid)
        self.assert_unharmed(pid)


class Restart(Boot):
    KILLS = 6  # More than systemd would allow by itself: five starts in ten seconds.

    def test_killed_again_and_again_under_load(self):
        socket = self.box.root / FOLDER / "assay.sock"
        pid = self.start(f"unix:/{FOLDER}/assay.sock", "socket: {mode: 0660, group: postfix}\n")
        sample = samples.load()[0]
        for number in range(self.KILLS):
            load = subprocess.Popen([daemon.BIN / "assay-mta", "--socket", f"unix:{socket}", "--brief", "--repeat", "100000",
                                     "--connections", "10", *samples.envelope_options(sample), sample["path"]],
                                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            self.addCleanup(load.wait)
            self.addCleanup(load.kill)
            for _ in range(20):
                self.assertNotEqual(load.stdout.readline(), b"")
            os.kill(pid, 9)
            load.stdout.close()
            before, pid = pid, daemon.until(
                lambda old=pid: self.box.properties("assayd", "ActiveState")["ActiveState"] == "active" and
                (new := self.box.process_of("assayd")) != old and new, timeout=60, what=f"start {number + 2}")
            self.assertNotEqual(pid, before)
        self.assertEqual(self.box.properties("assayd", "NRestarts"), {"NRestarts": str(self.KILLS)})
        self.send_samples(f"unix:{socket}")

    def test_a_broken_file_that_is_mended(self):
        self.configure("garbage")
        self.box.run("systemctl", "start", "--no-block", "assayd")
        daemon.until(lambda: int(self.box.properties("assayd", "NRestarts")["NRestarts"]) > 5, timeout=120, what="vain starts")
        self.configure(f"inet:{self.port}@127.0.0.1")
        daemon.until(lambda: self.box.properties("assayd", "ActiveState")["ActiveState"] == "active", timeout=60, what="a start")


class Socket(Boot):
    """systemd holds the socket."""

    def setUp(self):
        super().setUp()
        folder = self.box.root / "etc/systemd/system/assayd.socket.d"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "test.conf").write_text(f"[Socket]\nListenStream=\nListenStream=127.0.0.1:{self.port}\n")
        self.box.run("systemctl", "daemon-reload")
        self.addCleanup(self.box.run, "systemctl", "stop", "assayd.socket", check=False)  # Before the service.
        self.configure("fd:3")
        self.box.run("systemctl", "start", "assayd.socket")

    def test_restarts_and_a_kill_refuse_nobody(self):
        self.assertIsNone(self.box.process_of("assayd"))
        self.send_samples(f"inet:{self.port}@127.0.0.1")  # The first connection starts it.
        callers = supervisor.Callers(self.port)
        self.addCleanup(callers.stop)
        pids = {self.box.process_of("assayd")}
        for _ in range(2):
            self.box.run("systemctl", "restart", "assayd")
            pids.add(self.box.process_of("assayd"))
        self.assertEqual(len(pids), 3)
        self.assertEqual((callers.refused, callers.lost), (0, 0))
        os.kill(self.box.process_of("assayd"), 9)
        self.send_samples(f"inet:{self.port}@127.0.0.1")
        callers.stop()
        self.assertEqual(callers.refused, 0)
        self.assertLessEqual(callers.lost, 1)
        print(f"socket: 2 restarts, 1 kill -9: {callers.answered} connections answered, {callers.lost} lost, 0 refused, "
              f"{callers.longest:.2f} s for an offer at most", flush=True)

    def test_a_broken_file_leaves_the_socket_open(self):
        self.configure("garbage")
        with milter.connect(self.port) as waiting:
            waiting.sendall(b"\0\0\0\x0dO\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff")
            daemon.until(lambda: int(self.box.properties("assayd", "NRestarts")["NRestarts"]) >= 3, timeout=120, what="vain starts")
            self.configure("fd:3")
            waiting.settimeout(60)
            self.assertEqual(waiting.recv(5)[4:], b"O")
        self.assertEqual(self.box.properties("assayd.socket", "SubState"), {"SubState": "running"})


if __name__ == "__main__":
    unittest.main()
