"""Processes under measurement: started, watched and ended, with what /proc says of each and of all that it started."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import re
import resource
import signal
import subprocess
import time
from typing import Callable

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
SIGNALS = {number.value: number.name for number in signal.Signals}
# rspamd's workers log that themselves.
_FATAL_SIGNAL = re.compile(r"caught fatal signal \d+\(([^)]*)\)")
# A daemon that a load keeps busy with this many messages at once needs no more files.
OPEN_FILES = 65536


@dataclasses.dataclass(frozen=True)
class Usage:
    """What a process and its descendants have used so far, and hold now."""

    cpu: float = 0.0  # seconds, of children that have ended, too
    rss: int = 0  # octets, added up: pages that processes share count for each
    pss: int = 0  # octets, shared pages counted by parts

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.cpu + other.cpu, self.rss + other.rss, self.pss + other.pss)


def parse_stat(text: str) -> tuple[int, float]:
    """The parent and the CPU seconds (own, and of children waited for) in the text of /proc/PID/stat."""
    fields = text[text.rindex(")") + 2:].split()  # the name before may hold anything
    return int(fields[1]), sum(int(value) for value in fields[11:15]) / TICKS


def parse_kib(text: str, name: str) -> int:
    """Octets in the line `name` of /proc/PID/status or smaps_rollup; 0 if there is none."""
    for line in text.splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    return 0


def _read(path: str) -> str:
    with contextlib.suppress(OSError):
        return pathlib.Path(path).read_text(errors="replace")
    return ""


def descendants(pid: int) -> list[int]:
    """`pid` and every process below it."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (text := _read(f"/proc/{entry}/stat")):
            children.setdefault(parse_stat(text)[0], []).append(int(entry))
    found = [pid]
    for parent in found:
        found += children.get(parent, [])
    return found


def usage(pid: int, *, memory: bool = True) -> Usage:
    total = Usage()
    for process in descendants(pid):
        if text := _read(f"/proc/{process}/stat"):
            rss = parse_kib(_read(f"/proc/{process}/status"), "VmRSS") if memory else 0
            pss = parse_kib(_read(f"/proc/{process}/smaps_rollup"), "Pss") if memory else 0
            total += Usage(parse_stat(text)[1], rss, pss)
    return total


def parse_busy(text: str) -> float:
    """CPU seconds that all processes of the machine have used, from the text of /proc/stat."""
    user, nice, system, _, _, interrupts, soft_interrupts = (int(value) for value in text.split("\n", 1)[0].split()[1:8])
    return (user + nice + system + interrupts + soft_interrupts) / TICKS


class Others:
    """How much of the machine processes have that this one did not start: noise in what is measured."""

    def __init__(self) -> None:
        self._begin = self._look()

    @staticmethod
    def _look() -> tuple[float, float]:
        return time.monotonic(), parse_busy(_read("/proc/stat")) - usage(os.getpid(), memory=False).cpu

    def share(self) -> float:
        """Of all CPU time since the beginning, 0 to 1."""
        then, now = self._begin, self._look()
        return max(0.0, (now[1] - then[1]) / ((now[0] - then[0]) * (os.cpu_count() or 1)))


def resident(pids: list[int]) -> int:
    """Octets that these processes have resident, added up; cheap enough to ask often."""
    texts = (_read(f"/proc/{pid}/statm") for pid in pids)
    return sum(int(text.split()[1]) for text in texts if text) * PAGE


def describe_end(returncode: int) -> str:
    return f"killed by {SIGNALS.get(-returncode, -returncode)}" if returncode < 0 else f"ended with status {returncode}"


def _more_files() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(OPEN_FILES, most), most))


class Process:
    """One program in the foreground; what it prints goes to `log`."""

    def __init__(self, name: str, command: list, log: pathlib.Path, environment: dict[str, str] | None = None) -> None:
        self.name = name
        self.log = log
        with log.open("wb") as out:
            self._process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                             process_group=0, preexec_fn=_more_files)
        self._workers: set[int] = set()

    @property
    def pid(self) -> int:
        return self._process.pid

    def note_workers(self) -> None:
        """Remembers which children it has now that it is ready: one that is gone later has crashed."""
        self._workers = set(descendants(self.pid)) - {self.pid}

    def trouble(self) -> str:
        """What befell the process since it was ready; empty: it is as it was."""
        returncode = self._process.poll()
        if returncode is not None:
            return f"{self.name} {describe_end(returncode)}"
        lost = self._workers - set(descendants(self.pid))
        if lost:
            signals = ", ".join(_FATAL_SIGNAL.findall(self.log.read_text(errors="replace")))
            return f"{self.name} lost {len(lost)} of {len(self._workers)} worker processes" + (f" ({signals})" if signals else "")
        return ""

    def usage(self, *, memory: bool = True) -> Usage:
        return usage(self.pid, memory=memory)

    def log_end(self, octets: int = 600) -> str:
        return self.log.read_text(errors="replace")[-octets:] if self.log.exists() else ""

    def stop(self) -> None:
        """Kills it and its children: what is measured is over, and libmilter takes seconds to end."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def until(condition: Callable[[], object], seconds: float) -> bool:
    """Whether `condition()` came about within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
