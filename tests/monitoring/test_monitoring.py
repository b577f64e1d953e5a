#!/usr/bin/python3
"""monitoring/ and docs/monitoring.md, with Debian's own Prometheus and Alertmanager and an assayd under load.

The rules, the alerts by promtool's own tests, the example configurations, the metrics as promtool lints them; each query of the
dashboard and of an alert has data; and a burst of mail that forges one of our domains ends as one text message."""

import json
import math
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

import programs
import stand_ins
from programs import daemon

try:
    import yaml
except ImportError as error:
    daemon.skip(str(error))
import dns_stand  # needs python3-dkim
import milter

ROOT = pathlib.Path(__file__).resolve().parents[2]
MONITORING = ROOT / "monitoring"
RULES = MONITORING / "prometheus/assay.rules.yml"
DASHBOARD = MONITORING / "grafana/assay.json"
PAGE = (ROOT / "docs/monitoring.md").read_text(encoding="utf-8")
# What a label may be in a text message: a long host name with its port, the longest built-in rule, a number as it is printed.
LONGEST = {"$labels.instance": "mx-inbound-01.example.net:9893", "$labels.rule": "policy.published.quarantine",
           "$labels.bound": "connections", "$labels.outcome": "refused", "$value": "1h 12m 13s"}

PROGRAMS = programs.unpack()


def rules():
    loaded = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    return [rule for group in loaded["groups"] for rule in group["rules"]]


def dashboard_queries():
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return [(panel["title"], target["expr"]) for panel in panels for target in panel.get("targets", [])]


def compared(expression):
    """The expressions that an alert compares with something: they have values while all is well, too. What looks back a day
    looks back seconds here."""
    expression = re.sub(r"\[1d:10m\] offset 10m", "[10s:1s]", expression)
    expression = re.sub(r"^absent\((.*)\)$", r"\1", expression)
    sides = [side for part in re.split(r"\s+and\s+", expression) for side in re.split(r"\s+(?:==|>|<)\s+", part)]
    return [re.sub(r"^5 \* ", "", side) for side in sides if not re.fullmatch(r"[0-9.]+", side)]


def run(program, *arguments, **options):
    return subprocess.run([PROGRAMS / program, *arguments], capture_output=True, text=True, check=False, timeout=60, **options)


class Files(unittest.TestCase):
    """What can be told without a daemon."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="assay-monitoring-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_prometheus_takes_the_files(self):
        for command in (("check", "rules", RULES), ("check", "config", MONITORING / "prometheus/prometheus.yml")):
            done = run("promtool", *command)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertNotIn("WARNING", done.stdout + done.stderr)

    def test_alertmanager_takes_the_file_and_pages_by_text_message(self):
        path = MONITORING / "alertmanager/alertmanager.yml"
        done = run("amtool", "check-config", path)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for severity, receiver in (("page", "pager"), ("ticket", "mail")):
            done = run("amtool", "config", "routes", "test", f"--config.file={path}", "alertname=AssayX", f"severity={severity}")
            self.assertEqual(done.stdout.split(), [receiver])

    def test_no_secret_stands_in_a_file(self):
        text = (MONITORING / "alertmanager/alertmanager.yml").read_text(encoding="utf-8")
        self.assertEqual(re.findall(r"^\s*(?!#)(\S*(?:password|credentials|token|secret)):", text, re.M), [])
        self.assertEqual(len(re.findall(r"^\s*\S*(?:password|credentials)_file: /", text, re.M)), 2)

    def test_each_alert_fires_on_its_trouble_alone(self):
        stripped = yaml.safe_load(RULES.read_text(encoding="utf-8"))
        for rule in stripped["groups"][0]["rules"]:
            del rule["annotations"]  # Words, which promtool would compare.
        (self.folder / "rules.yml").write_text(yaml.safe_dump(stripped), encoding="utf-8")
        cases = yaml.safe_load((pathlib.Path(__file__).parent / "alerts.yml").read_text(encoding="utf-8"))
        cases["rule_files"] = [str(self.folder / "rules.yml")]
        (self.folder / "alerts.yml").write_text(yaml.safe_dump(cases), encoding="utf-8")
        done = run("promtool", "test", "rules", self.folder / "alerts.yml")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        tried = [(case["alertname"], bool(case["exp_alerts"])) for test in cases["tests"] for case in test["alert_rule_test"]]
        for rule in rules():
            self.assertIn((rule["alert"], True), tried)
            self.assertIn((rule["alert"], False), tried)

    def test_each_alert_says_what_to_do_in_a_text_message(self):
        for rule in rules():
            with self.subTest(alert=rule["alert"]):
                self.assertIn(rule["labels"]["severity"], ("page", "ticket"))
                text = rule["annotations"]["summary"]
                for name, value in LONGEST.items():
                    text = re.sub(r"\{\{ " + re.escape(name) + r"(?: \| [^}]+)? \}\}", value, text)
                self.assertNotIn("{{", text)
                self.assertLessEqual(len(text), stand_ins.MOST_OF_A_TEXT)
                self.assertTrue(text.isascii())
                self.assertTrue(rule["annotations"]["runbook"].endswith(f"docs/monitoring.md#{rule['alert'].lower()}"))
                self.assertIn(f"\n### {rule['alert']}\n", PAGE)

    def test_the_page_has_no_alert_that_is_gone(self):
        self.assertEqual(sorted(re.findall(r"^### (Assay\w+)$", PAGE, re.M)), sorted(rule["alert"] for rule in rules()))

    def test_the_dashboard_holds_together(self):
        board = json.loads(DASHBOARD.read_text(encoding="utf-8"))
        panels = board["panels"]
        self.assertEqual(len({panel["id"] for panel in panels}), len(panels))
        taken = set()
        for panel in panels:
            place = panel["gridPos"]
            self.assertLessEqual(place["x"] + place["w"], 24)
            squares = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
            self.assertFalse(squares & taken, panel["title"])
            taken |= squares
            self.assertTrue(panel["type"] == "row" or panel["description"], panel["title"])
        variables = {variable["name"] for variable in board["templating"]["list"]}
        self.assertEqual(set(re.findall(r"\$\{?(\w+)", DASHBOARD.read_text())) - {"__rate_interval", "__all"}, variables)


class Load:
    """Mail of all kinds, a little of it each moment, until it is stopped."""

    def __init__(self, running):
        self._running = running
        self._messages = [dns_stand.new_message() for _ in range(4)]
        self.errors = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def records(self):
        """Its DNS, of which no answer is kept for long."""
        return "".join(message.records() for message in self._messages).replace(" 300 ", " 1 ")

    def start(self):
        self._thread.start()

    def stop(self):
        self._stop.set()
        self._thread.join()

    def _run(self):
        try:
            while not self._stop.wait(0.1):
                for message in self._messages:
                    dns_stand.send(self._running, message)
        except Exception as error:  # pylint: disable=broad-except
            self.errors.append(error)


class Watched(unittest.TestCase):
    """assayd under load, Prometheus that scrapes it, Alertmanager, and what that pages."""

    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("Alertmanager needs chroot, which is root's")
        self.folder = programs.inside()
        self.addCleanup(shutil.rmtree, self.folder)
        self.server = dns_stand.faulty.FaultyDns()
        self.addCleanup(self.server.close)
        self.port = daemon.free_port()
        self.running = daemon.Daemon(
            "authserv_id: mx.site.example\n"
            f"metrics: {{listen: '127.0.0.1:{self.port}'}}\ndns: {{forward: ['{self.server.address}']}}\n"
            "policy: {rules: [{name: watched, when: {dkim: pass}, then: reject, observe: true}]}\n")
        self.addCleanup(self.running.stop)
        self.load = Load(self.running)
        self.server.set_script(self.load.records() + '_dmarc.site.example 60 TXT "v=DMARC1; p=reject"\n')
        self.load.start()
        self.addCleanup(self.load.stop)

    def start_alertmanager(self):
        """The example, but for the addresses of what it talks to, its secrets, and how long it waits for more of a group."""
        token, password = "a-token-of-the-gateway", "a password"
        self.gateway = stand_ins.SmsGateway(token)
        self.addCleanup(self.gateway.close)
        self.mail = stand_ins.MailServer("alertmanager@example.net", password)
        self.addCleanup(self.mail.close)
        for name, secret in (("token", token), ("password", password)):
            (self.folder / name).write_text(secret, encoding="ascii")  # Without a line end: Alertmanager 0.25 sends it along.
            (self.folder / name).chmod(0o600)
        text = (MONITORING / "alertmanager/alertmanager.yml").read_text(encoding="utf-8")
        for old, new in (("https://sms-gateway.example.net/", f"http://127.0.0.1:{self.gateway.port}/"),
                         ("credentials_file: /etc/prometheus/sms-gateway.token", f"credentials_file: {programs.as_seen(self.folder)}/token"),
                         ("smtp_auth_password_file: /etc/prometheus/smtp.password", f"smtp_auth_password_file: {programs.as_seen(self.folder)}/password"),
                         ("mail.example.net:587\"", f"127.0.0.1:{self.mail.port}\"\n  smtp_require_tls: false"),
                         ("group_wait: 30s", "group_wait: 1s")):
            self.assertEqual(text.count(old), 1, old)
            text = text.replace(old, new)
        (self.folder / "alertmanager.yml").write_text(text, encoding="utf-8")
        alertmanager = programs.Alertmanager(self.folder / "alertmanager.yml", self.folder)
        self.addCleanup(alertmanager.stop)
        return alertmanager

    def start_prometheus(self, alertmanager):
        """The example, but for ports, and in a hurry."""
        text = (MONITORING / "prometheus/prometheus.yml").read_text(encoding="utf-8")
        for old, new in (("interval: 15s", "interval: 1s"), ("127.0.0.1:9093", f"127.0.0.1:{alertmanager.port}"),
                         ('targets: ["127.0.0.1:9893"]', f'targets: ["127.0.0.1:{self.port}"]'), ("- assay.rules.yml", f"- {RULES}")):
            self.assertIn(old, text)
            text = text.replace(old, new)
        (self.folder / "prometheus.yml").write_text(text, encoding="utf-8")
        prometheus = programs.Prometheus(PROGRAMS, self.folder / "prometheus.yml", self.folder)
        self.addCleanup(prometheus.stop)
        return prometheus

    def metrics(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=20) as answer:
            return answer.read().decode()

    def check_metrics(self):
        """promtool finds nothing, each family is on the page and none on it is gone."""
        text = self.metrics()
        done = run("promtool", "check", "metrics", input=text)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))
        families = re.findall(r"^# TYPE (\S+)", text, re.M)
        self.assertEqual(sorted(set(re.findall(r"^\| `(assay_\w+)", PAGE, re.M))), sorted(families))

    def check_queries(self, prometheus):
        queries = [(title, expression.replace("$__rate_interval", "20s").replace("$instance", ".*"))
                   for title, expression in dashboard_queries()]
        queries += [(rule["alert"], side) for rule in rules() for side in compared(rule["expr"])]
        self.assertGreater(len(queries), 50)

        def without_value():
            return [(title, query) for title, query in queries if not any(not math.isnan(value) for value in prometheus.query(query))]

        # The first scrapes are of a daemon without mail: what divides by its rate needs two more.
        deadline = time.monotonic() + 20
        while without_value() and time.monotonic() < deadline:
            time.sleep(0.5)
        self.assertEqual(without_value(), [])

    def forge(self, count):
        for number in range(count):
            with milter.Milter(self.running.port) as connection:
                connection.connect(b"198.51.100.66", b"unknown.example")
                connection.helo(b"unknown.example")
                answer = connection.message([(b"From", b" Chief <chief@site.example>"), (b"Subject", b" %d" % number)],
                                            mail_from=b"x@attacker.example")
                self.assertEqual(answer.text[:3], b"550", answer.text)

    def test_from_a_burst_of_forgeries_to_one_text_message(self):
        alertmanager = self.start_alertmanager()
        prometheus = self.start_prometheus(alertmanager)
        daemon.until(lambda: prometheus.query('up{job="assay"}') == [1], what="the first scrape")
        self.check_metrics()
        self.check_queries(prometheus)
        # Rates of a minute's mail are no trouble; what waits for minutes may be pending.
        self.assertEqual([name for name, state in prometheus.alerts().items() if state == "firing"], [])
        self.assertEqual((self.gateway.texts, self.mail.mails), ([], []))

        begin = time.monotonic()
        self.forge(30)
        daemon.until(lambda: self.gateway.texts, what="the text message")
        print(f"a text message {time.monotonic() - begin:.1f} s after the first forgery: {self.gateway.texts[0]}")
        self.assertRegex(self.gateway.texts[0], rf"^assayd on 127\.0\.0\.1:{self.port}: .* forge a sender of our own domains$")
        daemon.until(lambda: self.mail.mails, what="the mail")
        self.assertIn("<postmaster@example.net>", self.mail.mails[0][0])
        self.assertIn("AssayOwnDomainForged", self.mail.mails[0][1])
        # It goes on; nobody is called again for it.
        for _ in range(4):
            self.forge(5)
            time.sleep(1)
        self.assertEqual(prometheus.alerts().get("AssayOwnDomainForged"), "firing")
        self.assertEqual((len(self.gateway.texts), self.gateway.refused, len(self.mail.mails)), (1, [], 1))
        self.assertEqual(self.load.errors, [])
        self.running.assert_sound(self)


class StandIn(unittest.TestCase):
    """The gateway refuses what a gateway would."""

    def test_gateway(self):
        gateway = stand_ins.SmsGateway("right")
        self.addCleanup(gateway.close)
        whole = {"version": "4", "status": "firing", "alerts": [{}], "commonAnnotations": {"summary": "x" * stand_ins.MOST_OF_A_TEXT}}

        def post(body, token="right", path="/alertmanager", kind="application/json"):
            request = urllib.request.Request(f"http://127.0.0.1:{gateway.port}{path}", json.dumps(body).encode(), method="POST",
                                             headers={"Authorization": f"Bearer {token}", "Content-Type": kind})
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:
                    return answer.status
            except urllib.error.HTTPError as error:
                with error:
                    return error.code

        self.assertEqual(post(whole), 200)
        self.assertEqual(post(whole, token="wrong"), 401)
        self.assertEqual(post(whole, path="/"), 404)
        self.assertEqual(post(whole, kind="text/plain"), 415)
        for key, value in (("version", "3"), ("status", "resolved"), ("alerts", []), ("alerts", [{}, {}]), ("commonAnnotations", {}),
                           ("commonAnnotations", {"summary": "x" * (stand_ins.MOST_OF_A_TEXT + 1)}),
                           ("commonAnnotations", {"summary": "caf\u00e9"})):
            self.assertEqual(post({**whole, key: value}), 400, (key, value))
        self.assertEqual(len(gateway.texts), 1)


if __name__ == "__main__":
    unittest.main()
