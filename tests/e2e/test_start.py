#!/usr/bin/python3
"""How assayd starts, and how it refuses to: exit status, and words where whoever started it looks."""

import contextlib
import grp
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import unittest

import daemon
import milter
import sanitizers


class Start(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="assay-start-")
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        self.log = self.folder / "log"

    def command(self, listen, *options, log=None, extra=""):
        config = self.folder / "assay.yaml"
        config.write_text(f"authserv_id: mx.example.net\nlisten: {listen}\ndns: {{zones: []}}\nmetrics: off\ncontrol: off\n"
                          f"log: {{target: {log or self.log}}}\n{extra}")
        return [daemon.BIN / "assayd", "--config", config, *options]

    def run_to_end(self, *arguments, **keywords):
        return subprocess.run(self.command(*arguments, **keywords), capture_output=True, text=True, timeout=30, check=False)

    @contextlib.contextmanager
    def foreground(self, listen, **keywords):
        process = subprocess.Popen(self.command(listen, "--foreground", **keywords), stderr=subprocess.PIPE, text=True)
        try:
            daemon.until(lambda: process.poll() is not None or (self.log.exists() and " serves on " in self.log.read_text()),
                         what="the start")
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGUSR2)
            process.communicate(timeout=30)

    def test_a_port_in_use_is_told_to_whoever_started_it(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            listen = f"inet:{taken.getsockname()[1]}@127.0.0.1"
            for options in ([], ["--foreground"]):
                with self.subTest(options=options):
                    result = self.run_to_end(listen, *options)
                    self.assertEqual(result.returncode, 1)
                    self.assertIn(f"cannot open {listen}: Address already in use: another program serves there", result.stderr)
                    self.assertIn("8893 is OpenDMARC's usual port, too", result.stderr)
                    self.assertIn("Address already in use", self.log.read_text())

    def test_a_log_that_cannot_be_opened(self):
        for options in ([], ["--foreground"]):
            result = self.run_to_end(f"inet:{daemon.free_port()}@127.0.0.1", *options, log=self.folder / "none/log")
            self.assertEqual(result.returncode, 1)
            self.assertIn("cannot open the log file", result.stderr)

    def test_a_socket_on_the_command_line_is_checked(self):
        for options in (["--check"], ["--foreground"], []):
            result = self.run_to_end("inet:1@127.0.0.1", *options, "--listen", "garbage")
            self.assertEqual(result.returncode, 1, result.stderr)
            self.assertIn('--listen: "garbage" is not a socket', result.stderr)

    def test_errors_of_the_file_name_their_line_in_the_background_too(self):
        for options in (["--check"], ["--foreground"], []):
            result = self.run_to_end("inet:1@127.0.0.1", *options, extra="mod: enforce\n")
            self.assertEqual(result.returncode, 1)
            self.assertIn('assay.yaml:7:1: mod: unknown key; did you mean "mode"?', result.stderr)

    def test_a_comparison_without_its_list_refuses_the_start(self):
        # The list's folder is hidden by an empty one, in a mount namespace that only the daemon sees.
        hide = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
                'mount -t tmpfs none /usr/share/publicsuffix && exec "$@"', "sh"]
        if subprocess.run([*hide, "true"], capture_output=True, check=False).returncode != 0:
            self.skipTest("no mount namespace may be made here")
        for options in (["--check"], ["--foreground"]):
            command = self.command("inet:1@127.0.0.1", *options, extra="dmarc: {compare_psl: true}\n")
            result = subprocess.run([*hide, *command], capture_output=True, text=True, timeout=30, check=False)
            self.assertEqual(result.returncode, 1)
            self.assertIn("dmarc.compare_psl: the public suffix list /usr/share/publicsuffix/public_suffix_list.dafsa cannot be "
                          "read: No such file or directory; install the package publicsuffix", result.stderr)

    @unittest.skipUnless(os.geteuid() == 0, "only root can start it as root, and as somebody else")
    def test_root_is_warned_of(self):
        self.folder.chmod(0o777)
        program = shutil.copy(daemon.BIN / "assayd", self.folder)  # Another user may not reach the build.
        for user, warnings in ((0, 1), (65534, 0)):
            command = [program, *self.command(f"inet:{daemon.free_port()}@127.0.0.1", "--foreground")[1:]]
            with subprocess.Popen(command, user=user, group=user, extra_groups=[]) as process:
                daemon.until(lambda: self.log.exists() and " serves on " in self.log.read_text(), what="the start")
                process.send_signal(signal.SIGUSR2)
                self.assertEqual(process.wait(30), 0)
            self.assertEqual(self.log.read_text().count("warning assayd runs as root"), warnings, self.log.read_text())
            self.log.unlink()

    def test_the_background(self):
        port = daemon.free_port()
        result = self.run_to_end(f"inet:{port}@127.0.0.1")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        # The status says that it serves: no waiting is needed.
        with milter.Milter(port) as connection:
            self.assertTrue(connection.connect().is_continue)
        self.assertEqual(stop_by_config(self.folder / "assay.yaml"), 1)

    def test_the_background_has_no_stderr(self):
        result = self.run_to_end(f"inet:{daemon.free_port()}@127.0.0.1", log="stderr")
        self.assertEqual(result.returncode, 0)
        self.assertIn("log.target is stderr", result.stderr)
        self.assertEqual(stop_by_config(self.folder / "assay.yaml"), 1)

    def test_standard_files_that_are_closed_become_nothing_else(self):
        """A socket that got the number of one would be lost where the background takes over, or be sent the log."""
        port = daemon.free_port()
        command = self.command(f"inet:{port}@127.0.0.1")
        self.assertEqual(subprocess.run(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *command], check=False, timeout=30).returncode, 0)
        with milter.Milter(port) as connection:
            self.assertTrue(connection.connect().is_continue)
        self.assertEqual(stop_by_config(self.folder / "assay.yaml"), 1)

    def test_a_unix_socket_gets_its_mode_and_group(self):
        group = grp.getgrgid(os.getgid()).gr_name
        path = self.folder / "socket"
        with self.foreground(f"unix:{path}", extra=f"socket: {{mode: 0620, group: {group}}}\n"):
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o620)
            self.assertEqual(path.stat().st_gid, os.getgid())

    def test_a_unix_socket_in_use_is_not_taken(self):
        path = self.folder / "socket"
        with self.foreground(f"unix:{path}") as first:
            inode = path.stat().st_ino
            result = self.run_to_end(f"unix:{path}", "--foreground")
            self.assertEqual(result.returncode, 1)
            self.assertIn("another process serves on it", result.stderr)
            self.assertEqual(path.stat().st_ino, inode)
            self.assertIsNone(first.poll())

    def test_a_unix_socket_left_behind_is_replaced(self):
        path = self.folder / "socket"
        with self.foreground(f"unix:{path}") as first:
            first.kill()
            first.wait()
        self.assertTrue(path.is_socket())
        self.log.unlink()
        with self.foreground(f"unix:{path}") as second:
            self.assertIsNone(second.poll())

    def test_a_file_in_the_place_of_the_socket_stays(self):
        path = self.folder / "file"
        path.write_text("mine")
        result = self.run_to_end(f"unix:{path}", "--foreground")
        self.assertEqual(result.returncode, 1)
        self.assertIn("what stands there is no socket: move it away", result.stderr)
        self.assertEqual(path.read_text(), "mine")

    def test_a_unix_socket_without_its_folder(self):
        result = self.run_to_end(f"unix:{self.folder}/none/socket", "--foreground")
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"there is no folder {self.folder}/none that the daemon's user can reach: make it", result.stderr)

    @unittest.skipUnless(os.geteuid() == 0, "only root can start it as somebody else")
    def test_a_unix_socket_in_a_folder_of_somebody_else(self):
        self.folder.chmod(0o777)
        (self.folder / "roots").mkdir(0o755)
        program = shutil.copy(daemon.BIN / "assayd", self.folder)  # Another user may not reach the build.
        command = [program, *self.command(f"unix:{self.folder}/roots/socket", "--foreground")[1:]]
        result = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, user=65534, group=65534, extra_groups=[])
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"Permission denied: the daemon's user must be able to write to {self.folder}/roots", result.stderr)

    @unittest.skipIf(sanitizers.BUILT_WITH, "a sanitizer that gets no memory ends the process; only malloc can refuse it")
    def test_a_reload_without_memory_for_a_resolver_leaves_the_daemon_alone(self):
        port = daemon.free_port()
        with self.foreground(f"inet:{port}@127.0.0.1") as process:
            size = int(pathlib.Path(f"/proc/{process.pid}/statm").read_text().split()[0]) * resource.getpagesize()
            limits = resource.prlimit(process.pid, resource.RLIMIT_AS, (size + (1 << 20), resource.RLIM_INFINITY))
            config = self.folder / "assay.yaml"
            config.write_text(config.read_text().replace("zones: []", "timeout: 1s"))
            process.send_signal(signal.SIGUSR1)
            before = re.search(r" serves on .*(configuration \w+)", self.log.read_text())[1]
            daemon.until(lambda: "reload: broke off" in self.log.read_text() or process.poll() is not None, what="the end of the reload")
            self.assertIsNone(process.poll())
            self.assertIn(f"reload: broke off, {before} is in force\n", self.log.read_text())
            resource.prlimit(process.pid, resource.RLIMIT_AS, limits)
            process.send_signal(signal.SIGUSR1)
            daemon.until(lambda: "reload: configuration " in self.log.read_text(), what="the reload")
            self.assertNotIn(f"reload: {before} is in force", self.log.read_text())


def stop_by_config(config):
    """Stops the daemon that runs with that file; says how many did."""
    found = 0
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if str(config).encode() in (entry / "cmdline").read_bytes().split(b"\0"):
                    os.kill(int(entry.name), signal.SIGUSR2)
                    daemon.until(lambda path=entry: not path.exists() or " Z " in (path / "stat").read_text(), what="the end")
                    found += 1
    return found


if __name__ == "__main__":
    unittest.main()
