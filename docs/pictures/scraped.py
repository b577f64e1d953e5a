"""assayd under mixed load, and the Prometheus that scrapes it.

The mail is that of tests/vectors: genuine mail, forgeries of all kinds, forged results, broken signatures, ARC chains. Its stream swells
and ebbs; there is a wave of forgeries, DNS that answers slowly and then not at all, and a reload."""

import concurrent.futures
import contextlib
import dataclasses
import json
import math
import pathlib
import random
import shutil
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
for folder in ("e2e", "soak", "monitoring"):
    sys.path.insert(0, str(ROOT / "tests" / folder))

import daemon  # noqa: E402  pylint: disable=wrong-import-position
import dns_script  # noqa: E402  pylint: disable=wrong-import-position
import faulty  # noqa: E402  pylint: disable=wrong-import-position
import hostile  # noqa: E402  pylint: disable=wrong-import-position
import milter  # noqa: E402  pylint: disable=wrong-import-position
import programs  # noqa: E402  pylint: disable=wrong-import-position
import samples  # noqa: E402  pylint: disable=wrong-import-position

ATTACKS = samples.FOLDER.parent / "attacks"
SCRAPE_SECONDS = 5
# Messages a second: of the ordinary stream, and of forgeries in their wave.
RATE, WAVE = 12, 16
SENDERS = 150
# What happens when, as shares of the whole time.
WAVE_OF_FORGERIES = (0.20, 0.36)
SLOW_DNS = (0.46, 0.54)
SILENT_DNS = (0.64, 0.70)
RELOAD = 0.82
SETTINGS = """authserv_id: mx.example.net
local: {{networks: [], domains: [bank.example]}}
dns: {{forward: ["{dns}"], timeout: 3s, message_deadline: 6s}}
metrics: {{listen: "127.0.0.1:{port}"}}
policy:
  temperror: tempfail
  rules:
    - {{name: unsigned, when: {{dkim: none, spf: [none, softfail, fail]}}, then: quarantine, observe: true}}
"""
PROMETHEUS = """global: {{scrape_interval: {seconds}s}}
scrape_configs:
  - job_name: assay
    static_configs: [{{targets: ["127.0.0.1:{port}"], labels: {{instance: mx.example.net}}}}]
"""


@dataclasses.dataclass
class Source:
    """A Prometheus, and the time that it knows something of."""
    prometheus: programs.Prometheus
    start: float
    end: float

    def series(self, expression):
        """[(labels, [(time, value)])]; of a value that is no number there is no point."""
        expression = expression.replace("$instance", ".*").replace("$__rate_interval", f"{4 * SCRAPE_SECONDS}s")
        answer = self.prometheus.get("/api/v1/query_range", query=expression, start=self.start, end=self.end, step=SCRAPE_SECONDS)
        return [(each["metric"], [(at, float(value)) for at, value in each["values"] if math.isfinite(float(value))])
                for each in answer["data"]["result"]]


class Mail:
    """Sends the vectors, some of them more often than others."""

    def __init__(self, running):
        self._running = running
        self._random = random.Random(1)
        genuine, forged, odd = [], [], []
        for entry in hostile.load_attacks(samples.load(), samples.FOLDER):
            (genuine if entry["expect"]["action"] == "accept" else odd).append(entry)
        for entry in hostile.load_attacks(json.loads((ATTACKS / "attacks.json").read_text(encoding="utf-8")), ATTACKS):
            is_genuine = entry["name"].startswith("genuine") or entry["expect"]["dmarc"] == "pass"
            (genuine if is_genuine else forged).append(entry)
        self._kinds = (genuine, forged, odd)
        self._pool = concurrent.futures.ThreadPoolExecutor(SENDERS)
        self._under_way = threading.Semaphore(SENDERS)

    def send(self, *, in_wave):
        genuine, forged, odd = self._kinds
        self._submit(self._random.choice(forged if in_wave else self._random.choices((genuine, forged, odd), (82, 6, 12))[0]))

    def _submit(self, entry):
        if self._under_way.acquire(blocking=False):  # pylint: disable=consider-using-with
            self._pool.submit(self._send, entry).add_done_callback(lambda _: self._under_way.release())

    def _send(self, entry):
        with milter.Milter(self._running.port) as connection:
            connection.connect(entry["client_ip"].encode(), entry["helo"].encode())
            connection.helo(entry["helo"].encode())
            connection.message(entry["fields"], entry["body"], mail_from=entry["mail_from"].encode())
            connection.quit()

    def close(self):
        self._pool.shutdown()


def is_in(share, span):
    return span[0] <= share < span[1]


def drive(running, server, records, seconds):
    """The load, from its begin to its end."""
    mail = Mail(running)
    pulse = random.Random(2)
    begin = time.monotonic()
    script = ""
    has_reloaded = False
    try:
        while (share := (time.monotonic() - begin) / seconds) < 1:
            wanted = "* ! DELAY 250" if is_in(share, SLOW_DNS) else "* ! SILENCE" if is_in(share, SILENT_DNS) else ""
            if wanted != script:
                server.set_script(f"{records}\n{wanted}")
                script = wanted
            if share > RELOAD and not has_reloaded:
                running.reload()
                has_reloaded = True
            in_wave = is_in(share, WAVE_OF_FORGERIES)
            rate = RATE * (1 + 0.5 * math.sin(5 * math.pi * share)) + (WAVE if in_wave else 0)
            mail.send(in_wave=in_wave and pulse.random() < WAVE / rate)
            time.sleep(pulse.expovariate(rate))
    finally:
        mail.close()


@contextlib.contextmanager
def run(minutes):
    """A Source, once the load is over."""
    found = programs.unpack()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="assay-picture-"))
    port = daemon.free_port()
    records = dns_script.script_of(samples.ZONE, ATTACKS / "zone")
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        server = stack.enter_context(faulty.FaultyDns(records))
        running = daemon.Daemon(SETTINGS.format(dns=server.address, port=port), zone=())
        stack.callback(running.stop)
        configuration = folder / "prometheus.yml"
        configuration.write_text(PROMETHEUS.format(seconds=SCRAPE_SECONDS, port=port), encoding="utf-8")
        prometheus = programs.Prometheus(found, configuration, folder)
        stack.callback(prometheus.stop)
        daemon.until(lambda: prometheus.query('up{job="assay"}') == [1], what="the first scrape")
        start = time.time()
        drive(running, server, records, minutes * 60)
        # What lies before has no rate yet.
        yield Source(prometheus, start + 4 * SCRAPE_SECONDS, time.time())
