"""One run of a peer under a load, and what of it is kept."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import subprocess
import threading

from compare_answers import Tally
from compare_peers import Running
from compare_processes import resident
from compare_table import Figure

# bench_load's own patience with one message: one that takes longer is a stall, and is told as a failure.
MESSAGE_SECONDS = 30
# With the whole of a load.
LOAD_SECONDS = 300
SAMPLE_SECONDS = 0.05


@dataclasses.dataclass
class Series:
    """All runs of one peer in one scenario."""

    peer: str
    tally: Tally
    figures: dict[str, list[float]] = dataclasses.field(default_factory=dict)
    troubles: list[str] = dataclasses.field(default_factory=list)

    def add(self, **values: float) -> None:
        for name, value in values.items():
            self.figures.setdefault(name, []).append(value)

    def figure(self, name: str) -> Figure:
        return Figure(tuple(self.figures.get(name, ())))


class ResidentPeak:
    """The most memory that processes have resident while the context lasts, octets, added up."""

    def __init__(self, running: Running) -> None:
        self._pids = running.pids()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.peak = resident(self._pids)

    def _watch(self) -> None:
        while not self._over.wait(SAMPLE_SECONDS):
            self.peak = max(self.peak, resident(self._pids))

    def __enter__(self) -> ResidentPeak:
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._over.set()
        self._thread.join()


@dataclasses.dataclass(frozen=True)
class Load:
    """What bench_load is to send."""

    binaries: pathlib.Path
    folder: pathlib.Path  # for its answers
    corpus: pathlib.Path
    manifest: dict
    connections: int
    per_connection: int
    messages: int
    warm_up: int = 0


def _bench_load(load: Load, running: Running, messages: int) -> tuple[dict, dict]:
    """Its report, and the answers."""
    answers = load.folder / "answers.json"
    answers.unlink(missing_ok=True)
    command = [load.binaries / "bench_load", "--corpus", load.corpus, "--connections", load.connections, "--per-connection",
               load.per_connection, "--messages", messages, "--warm-up", 0, "--seconds", LOAD_SECONDS, "--timeout", MESSAGE_SECONDS,
               "--unchecked", "--answers", answers, "--json"]
    for address in running.sockets:
        command += ["--socket", address]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, timeout=LOAD_SECONDS * 2)
    if done.returncode not in (0, 1) or not done.stdout:
        return {"messages": 0, "failures": {f"bench_load: {done.stderr.strip()[-200:]}": 1}}, {}
    return json.loads(done.stdout), json.loads(answers.read_text())


def run(load: Load, running: Running, series: Series) -> bool:
    """Sends the load and adds what was seen to `series`. False: the peer is no longer as it was, and must be started anew."""
    if load.warm_up:
        _bench_load(load, running, load.warm_up)
    before = running.usage()
    with ResidentPeak(running) as peak:
        report, answers = _bench_load(load, running, load.messages)
    after = running.usage()
    trouble = [running.trouble()] if running.trouble() else []
    trouble += [f"{count} messages {what}" for what, count in sorted(report["failures"].items())]
    if trouble:
        series.troubles.append("; ".join(trouble))
    count = report["messages"]
    if count:
        series.tally.add_all(load.manifest, answers)
        series.add(cpu_ms=(after.cpu - before.cpu) * 1000 / count, rate=report["messages_per_second"],
                   session_ms=load.connections * 1000 / report["messages_per_second"],
                   end_p50=report["ms_from_end"]["p50"], end_p99=report["ms_from_end"]["p99"],
                   mail_p50=report["ms_from_mail"]["p50"], mail_p99=report["ms_from_mail"]["p99"],
                   rss=after.rss, pss=after.pss, growth=peak.peak - before.rss, kept=after.rss - before.rss,
                   client_cpu_ms=report["client_cpu_us_per_message"] / 1000, stalled=sum(report["failures"].values()))
    return not running.trouble()
