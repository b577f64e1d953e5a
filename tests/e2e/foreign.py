"""What the programs beside assayd have in common that tests start: a folder, a port of the loopback interface, an end."""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

from mta import is_open

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
NOBODY = 65534


class Foreign:
    """A daemon in a folder of its own that anybody may write to."""

    def __init__(self, name, port):
        self.name = name
        self.port = port
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"assay-{name}-"))
        self.folder.chmod(0o777)
        self._process = None

    def start(self, command, **environment):
        """Returns when it listens; where it can be had it must start. All that it starts ends with it."""
        errors = self.folder / "stderr"
        with errors.open("wb") as stream:
            self._process = subprocess.Popen(command, env={"PATH": PATH, "LANG": "C", "HOME": str(self.folder), **environment},
                                             stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, start_new_session=True)
        deadline = time.monotonic() + 60
        while not is_open(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                told = errors.read_text(errors="replace")[-2000:] + self.log_text()[-2000:]
                self.stop()
                raise RuntimeError(f"{self.name} does not start: {told}")
            time.sleep(0.05)

    def log_text(self):
        log = self.folder / "log"
        return log.read_text(errors="replace") if log.exists() else ""

    def stop(self):
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def as_nobody(*options):
    """`options` where they are needed: for a program that root starts and that wants to be somebody else."""
    return list(options) if os.geteuid() == 0 else []
