"""A copy of this host, booted by a systemd of its own in its own namespaces, for tests of units under the real thing.

The root is an overlay over /, so the programs are the host's and nothing is written to it; the network is the host's, so a test
reaches the daemons in it on loopback. Units that are enabled on the host are not: the container gets as far as basic.target.
Everything lives in a mount namespace and control groups of its own and is gone when it ends.

Or a copy of another root, and with a network that is nothing but a loopback interface of its own.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

from installed import daemon

_SCRIPT = """set -e
base=$1
mount -t tmpfs tmpfs "$base"
mkdir "$base/root" "$base/upper" "$base/work"
mount -t overlay overlay -o "lowerdir=$3,upperdir=$base/upper,workdir=$base/work" "$base/root"
exec systemd-nspawn --quiet --register=no --keep-unit --link-journal=no --machine="$2" --directory="$base/root" --console=pipe \
    --tmpfs=/etc/systemd/system $4 --boot systemd.unit=basic.target
"""


class Unavailable(Exception):
    """No systemd can be booted here; says why."""


class Container:
    def __init__(self, lower="/", *, private_network=False):
        self._lower = lower
        self._network = "--private-network" if private_network else ""
        for program in ("systemd-nspawn", "nsenter", "unshare"):
            if not shutil.which(program):
                raise Unavailable(f"there is no {program} (packages systemd-container and util-linux)")
        if os.geteuid() != 0:
            raise Unavailable("only root can boot a container")
        self._base = pathlib.Path(tempfile.mkdtemp(prefix="assay-container-"))
        self._groups = []
        self._process = None
        self._leader = None
        try:
            self._boot()
        except BaseException:
            self.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _boot(self):
        name = f"assay-test-{os.getpid()}"
        for hierarchy in self._hierarchies():
            group = hierarchy / name
            group.mkdir()
            self._groups.append(group)
        join = "".join(f"echo $$ > {group}/cgroup.procs\n" for group in self._groups)
        self._output = (self._base.parent / f"{name}.log").open("w+", encoding="utf-8", errors="replace")
        self._process = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", join + _SCRIPT, "sh", self._base, name, self._lower,
             self._network],
            stdin=subprocess.DEVNULL, stdout=self._output, stderr=subprocess.STDOUT)

        def booted():
            if self._process.poll() is not None:
                raise Unavailable(f"systemd-nspawn ended with {self._process.returncode}: {self._said()}")
            children = pathlib.Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
            if not children:
                return False
            self._leader = int(children[0])
            state = self.run("systemctl", "is-system-running", check=False)
            return state.stdout.strip() in ("running", "degraded")

        try:
            daemon.until(booted, timeout=120, what="the boot")
        except AssertionError as late:
            raise Unavailable(f"{late}: {self._said()}") from late

    @staticmethod
    def _hierarchies():
        """The control groups that systemd uses: the unified ones, and the named ones of old where they are still mounted."""
        top = pathlib.Path("/sys/fs/cgroup")
        found = [path for path in (top, top / "unified", top / "systemd") if (path / "cgroup.procs").exists()]
        if not found:
            raise Unavailable("there are no control groups")
        return found

    def _said(self):
        self._output.seek(0)
        return self._output.read()[-2000:]

    @property
    def leader(self):
        """Its systemd, as this host counts processes."""
        return self._leader

    @property
    def root(self):
        """The file system as the container sees it."""
        return pathlib.Path(f"/proc/{self._leader}/root")

    def run(self, *command, check=True, timeout=120):
        """Runs a command in it, as root."""
        enter = ["nsenter", "--target", str(self._leader), "--all", "--wdns=/"]
        result = subprocess.run([*enter, *map(str, command)], capture_output=True, text=True, check=False, timeout=timeout,
                                stdin=subprocess.DEVNULL)
        if check and result.returncode != 0:
            raise AssertionError(f"{command}: exit status {result.returncode}: {result.stdout}{result.stderr}")
        return result

    def process_of(self, unit):
        """The unit's main process, as this host counts processes; None if it does not run."""
        inside = self.properties(unit, "MainPID")["MainPID"]
        if inside == "0":
            return None
        for status in pathlib.Path("/proc").glob("[0-9]*/status"):
            try:
                numbers = next(line.split()[1:] for line in status.read_text().splitlines() if line.startswith("NSpid:"))
                same_namespace = os.readlink(status.parent / "ns/pid") == os.readlink(f"/proc/{self._leader}/ns/pid")
            except OSError:
                continue
            if same_namespace and numbers[-1] == inside:
                return int(status.parent.name)
        return None

    def properties(self, unit, *names):
        text = self.run("systemctl", "show", unit, f"--property={','.join(names)}").stdout
        return dict(line.split("=", 1) for line in text.splitlines())

    def stop(self):
        if self._process is not None:
            if self._leader is not None and self._process.poll() is None:
                os.kill(self._leader, signal.SIGRTMIN + 4)  # systemd powers off.
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                if self._leader is not None:
                    os.kill(self._leader, signal.SIGKILL)  # The whole namespace goes with it.
                self._process.kill()
                self._process.wait()
            self._output.close()
            os.unlink(self._output.name)
        for group in self._groups:
            for folder, _, _ in os.walk(group, topdown=False):
                os.rmdir(folder)
        self._base.rmdir()
