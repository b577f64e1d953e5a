"""The programs of a benchmark, on loopback: a DNS server, assayd, the milter that does nothing, and the load client."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
# The folder with the built programs.
BIN = pathlib.Path(os.environ.get("ASSAY_BIN", HERE.parents[1] / "build/release/bin"))
SKIPPED = 77  # exit status of a test that cannot run here


def free_port() -> int:
    """A port that neither TCP nor UDP uses now."""
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            with contextlib.suppress(OSError):
                udp.bind(tcp.getsockname())
                return tcp.getsockname()[1]


def show(text: str) -> None:
    """Progress, for whoever watches."""
    print(text, file=sys.stderr, flush=True)


class Server:
    """A program in the foreground that listens on a TCP port; `cpus` is a list for taskset, None: all."""

    def __init__(self, name: str, command: list, port: int, *, cpus: str | None = None) -> None:
        self.name = name
        self.port = port
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"assay-bench-{name}-"))
        self.output = self.folder / "output"
        self._process: subprocess.Popen | None = None
        if command:
            self.start(command, cpus)

    def start(self, command: list, cpus: str | None) -> None:
        prefix = ["taskset", "-c", cpus] if cpus else []
        try:
            with self.output.open("wb") as output:
                self._process = subprocess.Popen([*prefix, *map(str, command)], stdin=subprocess.DEVNULL, stdout=output, stderr=output)
            self._wait_until_it_listens()
        except BaseException:
            self.stop()
            raise

    def _wait_until_it_listens(self, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while True:
            if self._process.poll() is not None:
                raise RuntimeError(f"{self.name} ended with {self._process.returncode}: {self.output.read_text(errors='replace')}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} does not listen after {seconds} s")
            time.sleep(0.02)

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def socket(self) -> str:
        return f"inet:{self.port}@127.0.0.1"

    def stop(self) -> None:
        """Kills it: what is measured is over, and a drain would take its time."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Dns(Server):
    """The zone of a corpus. `delay` is in milliseconds; `silent` lists names that, with all below them, get no answer."""

    def __init__(self, zone: pathlib.Path, *, delay: float = 0, silent: tuple[str, ...] = (), cpus: str | None = None) -> None:
        port = free_port()
        command = [BIN / "bench_slow_dns", "--zone", zone, "--port", port, "--delay", delay]
        for name in silent:
            command += ["--silent", name]
        super().__init__("dns", command, port, cpus=cpus)


class NullMilter(Server):
    """libmilter with assayd's negotiation, and nothing else."""

    def __init__(self, *, cpus: str | None = None) -> None:
        port = free_port()
        super().__init__("null", [BIN / "bench_null_milter", f"inet:{port}@127.0.0.1"], port, cpus=cpus)


class Assayd(Server):
    """assayd that verifies everything and lets everything pass, with its log in a file; asks the DNS server on `dns_port`.

    `settings` are further top-level keys of the configuration, as JSON values.
    """

    def __init__(self, dns_port: int, *, cpus: str | None = None, settings: dict | None = None) -> None:
        super().__init__("assayd", [], free_port())
        values = {
            "authserv_id": "mx.example.net",
            "listen": self.socket,
            "mode": "monitor",
            "dns": {"forward": [f"127.0.0.1@{dns_port}"]},
            "local": {"networks": []},
            "log": {"target": str(self.folder / "log")},
            "metrics": "off",
            **(settings or {}),
        }
        config = self.folder / "assay.yaml"
        config.write_text("".join(f"{key}: {json.dumps(value)}\n" for key, value in values.items()))
        self.start([BIN / "assayd", "--foreground", "--config", config], cpus)


def load(server: Server | list[Server], corpus: pathlib.Path, *, cpus: str | None = None, **options) -> dict:
    """What bench_load reports; `options` are its own, with _ for -. Raises if an answer is wrong or anything failed.

    The null milter's answers are not compared, for it gives none.
    """
    servers = server if isinstance(server, list) else [server]
    command = ["taskset", "-c", cpus] if cpus else []
    command += [BIN / "bench_load", "--corpus", corpus, "--json"]
    for one in servers:
        command += ["--socket", one.socket, "--pid", one.pid]
    if all(isinstance(one, NullMilter) for one in servers):
        command.append("--unchecked")
    for name, value in options.items():
        command.append("--" + name.replace("_", "-"))
        if value is not True:
            command.append(value)
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, timeout=900)
    if done.returncode not in (0, 1) or not done.stdout:
        raise RuntimeError(f"bench_load: {done.stderr}{done.stdout}")
    report = json.loads(done.stdout)
    if not report["ok"]:
        raise RuntimeError(f"{servers[-1].name}: {report['wrong']} wrong answers, failures {report['failures']}, {report['idle_lost']} idle "
                           f"sessions lost: {'; '.join(report['examples'])}")
    return report


def make_corpus(folder: pathlib.Path, **options) -> pathlib.Path:
    """Writes a corpus to `folder`; `options` are those of make_corpus."""
    command = [HERE / "make_corpus", folder]
    for name, value in options.items():
        command += ["--" + name.replace("_", "-"), value]
    subprocess.run([str(word) for word in command], stdout=subprocess.DEVNULL, check=True)
    return folder


def spread(values: list[float]) -> float:
    """Half the distance between the quartiles, as a share of the median: how far to trust it."""
    if len(values) < 4:
        return (max(values) - min(values)) / 2 / statistics.median(values) if statistics.median(values) else 0.0
    quartiles = statistics.quantiles(values, n=4)
    return (quartiles[2] - quartiles[0]) / 2 / quartiles[1] if quartiles[1] else 0.0
