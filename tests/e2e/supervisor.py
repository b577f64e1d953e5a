"""What systemd does for assayd, by its protocols and without it: holds the listening socket and passes it (sd_listen_fds(3)), hears how
the daemon fares (sd_notify(3)), asks for a sign of life (sd_watchdog_enabled(3)), and starts it again."""

import contextlib
import fcntl
import pathlib
import socket
import tempfile
import threading
import time

import daemon
import milter

# The numbers of the descriptors that follow, then the command. The shell's own number is that of what it becomes.
_PASS = """
number=3
for descriptor in $1; do eval "exec $number<&$descriptor"; number=$((number + 1)); done
for descriptor in $1; do eval "exec $descriptor<&-"; done
export LISTEN_FDS=$((number - 3)) LISTEN_PID=$$
shift
exec "$@"
"""


def passing(descriptors, command):
    """The command that runs `command` with these descriptors passed, and what Popen must be told for it."""
    # Above all that the shell gives away.
    assert all(descriptor >= 10 for descriptor in descriptors), descriptors
    return (["bash", "-c", _PASS, "bash", " ".join(map(str, descriptors)), *command], {"pass_fds": descriptors})


def high(made):
    """The same socket under a number that passing() takes."""
    with made:
        return socket.socket(fileno=fcntl.fcntl(made.fileno(), fcntl.F_DUPFD_CLOEXEC, 100))


def listener(address, backlog=1024):
    """A listening socket at a port of 127.0.0.1, or at a path."""
    if isinstance(address, int):
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(("127.0.0.1", address))
    else:
        made = socket.socket(socket.AF_UNIX)
        made.bind(str(address))
    made.listen(backlog)
    return high(made)


class Notices:
    """The socket that NOTIFY_SOCKET names, and what came by it: (time, {name: value}) in order."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="assay-notify-")
        path = pathlib.Path(self._folder.name) / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        path.chmod(0o666)
        self.environment = {"NOTIFY_SOCKET": str(path)}
        self._lock = threading.Lock()
        self._all = []
        self._thread = threading.Thread(target=self._hear, daemon=True)
        self._thread.start()

    def _hear(self):
        while True:
            try:
                text = self._socket.recv(65536)
            except OSError:
                return
            if not text:
                return
            notice = dict(line.split("=", 1) for line in text.decode().splitlines())
            with self._lock:
                self._all.append((time.monotonic(), notice))

    def all(self, name=None):
        """Those that came so far, or the values of one name."""
        with self._lock:
            found = [notice for _, notice in self._all]
        return found if name is None else [notice[name] for notice in found if name in notice]

    def times(self, name):
        """When each with that name came (time.monotonic())."""
        with self._lock:
            return [when for when, notice in self._all if name in notice]

    def close(self):
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RD)
        self._socket.close()
        self._thread.join(10)
        self._folder.cleanup()


class Supervised(daemon.Daemon):
    """A daemon.Daemon whose socket is ours: it is open from before the first start to stop(), whatever becomes of the process. With
    `watchdog`, seconds, it is asked for signs of life."""

    def __init__(self, settings="", *, watchdog=None, environment=None, **options):
        self.notices = Notices()
        self.listener = None
        self._starts = 0
        environment = {**self.notices.environment, **(environment or {})}
        if watchdog is not None:
            environment["WATCHDOG_USEC"] = str(round(watchdog * 1e6))
        super().__init__(settings, environment=environment, **options)

    def _own_values(self):
        return {**super()._own_values(), "listen": "fd:3"}

    def _spawn(self, command, **passed):
        if self.listener is None:
            self.listener = listener(self.address)
            if self.port is None:
                self.address.chmod(0o666)
        self._starts = len(self.notices.times("READY"))
        command, more = passing([self.listener.fileno()], command)
        super()._spawn(command, **more, **passed)

    def _serves(self):
        return len(self.notices.times("READY")) > self._starts

    def restart(self, timeout=40):
        """Drains and starts again, as `systemctl restart` does; returns how long nobody accepted, about."""
        self.drain()
        assert self.wait(timeout) == 0, self.errors.read_text()
        ended = time.monotonic()
        self.start()
        return time.monotonic() - ended

    def stop(self):
        super().stop()
        if self.listener is not None:
            self.listener.close()
        self.notices.close()


class Callers:
    """Connects again and again, as an MTA does that has a message just then, and waits for the filter's offer."""

    PAUSE = 0.02

    def __init__(self, address):
        self._address = address
        self._stopped = threading.Event()
        self.answered = self.lost = self.refused = 0
        self.longest = 0.0  # seconds for an offer
        self._thread = threading.Thread(target=self._call_on)
        self._thread.start()

    def _call_on(self):
        while not self._stopped.wait(self.PAUSE):
            begin = time.monotonic()
            try:
                milter.Milter(self._address).close()
                self.answered += 1
            except (ConnectionRefusedError, BlockingIOError):
                self.refused += 1
            except (milter.Lost, OSError):
                self.lost += 1  # Accepted by a process that was killed.
            self.longest = max(self.longest, time.monotonic() - begin)

    def stop(self):
        self._stopped.set()
        self._thread.join()
