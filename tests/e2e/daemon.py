"""A running assayd with a configuration of its own, its records, and the paths of the programs under test."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import milter
import samples
import sanitizers

# The folder with assayd, assay and assay-mta.
BIN = pathlib.Path(os.environ.get("ASSAY_BIN", pathlib.Path(__file__).resolve().parents[2] / "build/release/bin"))
# Where fetched packages are unpacked.
BUILD = BIN.parent
SKIPPED = 77


def skip(reason):
    """Ends the test program; ctest reports it as skipped."""
    print(f"skipped: {reason}", flush=True)
    sys.exit(SKIPPED)


def run_tests():
    """unittest.main(), but ctest hears of it if a test was skipped."""
    result = unittest.main(exit=False).result
    if not result.wasSuccessful():
        sys.exit(1)
    if result.skipped:
        skip("; ".join(sorted({why for _, why in result.skipped})))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(condition, timeout=20, what="the condition"):
    """Waits until `condition()` is true and returns its value."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come about within {timeout} s")
        time.sleep(0.02)


def assay(*arguments, status=0):
    """What the tool prints as JSON, if it ends with that status."""
    done = subprocess.run([BIN / "assay", *arguments], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == status, f"{arguments}: exit status {done.returncode}: {done.stdout}{done.stderr}"
    return json.loads(done.stdout)


class Daemon:
    """assayd in the foreground. `settings` is YAML text that replaces or adds top-level keys; `zone` names zone files.

    With `whole`, that text is the configuration as it stands, and what the test itself needs is a drop-in beside it.
    `environment` is added to that of the test; `max_files` is RLIMIT_NOFILE, soft and hard. It serves on a port, or, with
    `unix`, on a socket in its folder that anybody may connect to; `address` is what milter.Milter takes.
    """

    def __init__(self, settings="", *, zone=(samples.ZONE,), authserv_id="mx.example.net", whole=None, environment=None,
                 max_files=None, unix=False):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="assay-e2e-"))
        self.folder.chmod(0o755)
        if unix:
            self.port, self.address = None, self.folder / "milter.sock"
            self.socket = self.postfix_socket = f"unix:{self.address}"
        else:
            self.port = self.address = free_port()
            self.socket = f"inet:{self.port}@127.0.0.1"
            self.postfix_socket = f"inet:127.0.0.1:{self.port}"
        self.log = self.folder / "log"
        self.errors = self.folder / "stderr"
        self.config = self.folder / "assay.yaml"
        self.zone = [str(path) for path in zone]
        if whole is None:
            self.write_config(settings, authserv_id=authserv_id)
        else:
            (self.folder / "assay.d").mkdir()
            (self.folder / "assay.d/50-test.yaml").write_text("".join(f"{key}: {value}\n" for key, value in self._own_values().items()))
            self.replace_config(whole)
        self._environment = {**os.environ, **(environment or {})}
        self._max_files = max_files
        self._process = None
        self._log_inode, self._log_read, self._log_objects = None, 0, []  # what was read of the log
        self._torn = 0  # octets of the line behind that, which a killed daemon left
        try:
            self.start()
        except BaseException:
            self.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _own_values(self):
        """The settings without which a test's daemon would meet another, or ask the real DNS."""
        return {
            "listen": self.socket,
            **({"socket": "{mode: 0666}"} if self.port is None else {}),
            "dns": f"{{zones: {json.dumps(self.zone)}}}",
            "log": f"{{format: json, target: {self.log}}}",
            "metrics": "off",
            "control": f"unix:{self.folder}/control.sock",
        }

    def config_text(self, settings="", *, authserv_id="mx.example.net"):
        values = {"authserv_id": authserv_id, "local": "{networks: []}", **self._own_values()}
        replaced = {line.split(":")[0] for line in settings.splitlines() if line and not line[0].isspace()}
        return "".join(f"{key}: {value}\n" for key, value in values.items() if key not in replaced) + settings

    def write_config(self, settings="", *, authserv_id="mx.example.net"):
        self.replace_config(self.config_text(settings, authserv_id=authserv_id))

    def replace_config(self, text):
        # Written aside and moved: a reload reads the old file or the new one.
        aside = self.folder / "assay.yaml.new"
        aside.write_text(text, encoding="utf-8")
        aside.rename(self.config)

    def start(self):
        """Also after kill(): with the configuration as it is, and the same log."""
        command = [BIN / "assayd", "--foreground", "--config", self.config]
        if self._max_files is not None:
            command = ["prlimit", f"--nofile={self._max_files}:{self._max_files}", *command]
        self._spawn(command)

        def serves():
            if self._process.poll() is not None:
                raise AssertionError(f"assayd ended with {self._process.returncode}: {self.errors.read_text()}{self.log_text()}")
            return self._serves()

        until(serves, what="assayd's socket")

    def _spawn(self, command, **passed):
        """`passed` are arguments for Popen."""
        with self.errors.open("wb") as errors:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, env=self._environment,
                                             **passed)

    def _serves(self):
        """Whether the process that was just started takes connections by now."""
        with contextlib.suppress(OSError):
            milter.connect(self.address).close()
            return True
        return False

    @property
    def pid(self):
        return self._process.pid

    def is_running(self):
        return self._process.poll() is None

    def log_text(self):
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""

    def _objects(self):
        """What the log holds so far. Each line must be JSON in valid UTF-8: one that is not is a failure here."""
        if not self.log.exists():
            return []
        with self.log.open("rb") as log:
            status = os.fstat(log.fileno())
            if status.st_ino != self._log_inode or status.st_size < self._log_read:
                self._log_inode, self._log_read, self._log_objects = status.st_ino, 0, []
            log.seek(self._log_read)
            text = log.read()
            if 0 < self._torn < len(text):
                assert text[self._torn:self._torn + 1] == b"\n", f"glued to a torn line: {text[:1000]}"
                text = text[self._torn + 1:]
                self._log_read += self._torn + 1
                self._torn = 0
            # What stands behind the last line end is being written.
            lines = text.rpartition(b"\n")[0]
        if lines:
            self._log_objects += [json.loads(line) for line in lines.decode().split("\n")]
            self._log_read += len(lines) + 1
        return self._log_objects

    def records(self):
        """The decision records so far."""
        return [entry for entry in self._objects() if "decision" in entry]

    def messages(self, level=None):
        """The other log lines so far, as texts."""
        return [entry["message"] for entry in self._objects() if "message" in entry and level in (None, entry["level"])]

    def record_of(self, queue_id):
        """The decision record of the message with that queue id."""
        def find():
            found = [record for record in self.records() if record["queue_id"] == queue_id]
            return found[0] if len(found) == 1 else None

        return until(find, what=f"the record of {queue_id}")

    def assert_sound(self, case):
        """The process lives and its catch barrier caught nothing."""
        case.assertTrue(self.is_running(), self.errors.read_text())
        case.assertEqual([text for text in self.messages() if "internal error" in text], [])

    def reload(self):
        self._process.send_signal(signal.SIGUSR1)

    def drain(self):
        self._process.send_signal(signal.SIGUSR2)

    def kill(self, cut=0):
        """SIGKILL, as the kernel sends it for want of memory; start() begins anew. The last `cut` octets of the log are taken for
        not written; no more than its last line."""
        self._process.kill()
        self._process.wait()
        self._objects()
        os.truncate(self.log, self.log.stat().st_size - cut)
        left = self.log.read_bytes()
        self._log_read = left.rfind(b"\n") + 1
        self._torn = len(left) - self._log_read

    def wait(self, timeout=40):
        return self._process.wait(timeout)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def threads(self):
        return len(os.listdir(f"/proc/{self.pid}/task"))

    def processor_seconds(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_kib(self):
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise AssertionError("no VmRSS")

    def stop(self):
        """Ends the daemon, if no test did; one that ended otherwise than it was told to, or with a sanitizer's report, fails the test."""
        if self._process is not None and self._process.poll() is None:
            self.drain()
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                print("assayd is killed: a message was still in flight after 15 s", file=sys.stderr)
                self._process.kill()
                self._process.wait()
                self._process = None
        errors = self.errors.read_text(errors="replace") if self.errors.exists() else ""
        shutil.rmtree(self.folder, ignore_errors=True)
        sanitizers.check()
        if self._process is not None and self._process.returncode != 0:
            raise AssertionError(f"assayd ended with {self._process.returncode}: {errors}")
