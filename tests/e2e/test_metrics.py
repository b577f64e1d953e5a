#!/usr/bin/python3
"""The metrics endpoint: what is counted, the comparison of DMARC with RFC 7489, and whether the daemon is healthy and ready."""

import collections
import contextlib
import pathlib
import socket
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

import daemon
import faulty
import milter

# For RFC 9989 the record at the name between applies; for RFC 7489 only one at the Organizational Domain would.
ZONE = """\
$ORIGIN example.
@                  3600 IN SOA ns hostmaster 1 3600 600 86400 300
_dmarc.b.corp      3600 IN TXT "v=DMARC1; p=reject"
_dmarc.plain       3600 IN TXT "v=DMARC1; p=none"
_dmarc.site        3600 IN TXT "v=DMARC1; p=reject"
_dmarc.brand       3600 IN TXT "v=DMARC1; p=none"
"""


def read(port, path="/metrics"):
    """The series of an endpoint: {'name{label="value"}': value}."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))}


def ask(port, path, method="GET"):
    """Status and text of an answer."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


class Metrics(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="assay-metrics-")
        self.addCleanup(scratch.cleanup)
        self.zone = pathlib.Path(scratch.name) / "zone"
        self.zone.write_text(ZONE, encoding="ascii")
        self.port = daemon.free_port()

    def start(self, settings=""):
        running = daemon.Daemon(f"metrics: {{listen: '127.0.0.1:{self.port}'}}\n{settings}", zone=(self.zone,))
        self.addCleanup(running.stop)
        return running

    def send(self, running, authors):
        with milter.Milter(running.port) as connection:
            connection.connect(b"198.51.100.7")
            connection.helo()
            for number, author in enumerate(authors):
                connection.message([(b"From", b" x@" + author.encode())], mail_from=b"x@elsewhere.example", queue_id=b"Q%d" % number)
        return [running.record_of(f"Q{number}") for number in range(len(authors))]

    def test_what_is_counted_is_what_is_recorded(self):
        running = self.start("dmarc: {compare_psl: true}\n")
        self.assertEqual(read(self.port)['assay_messages_total{action="accept"}'], 0)
        records = self.send(running, ["a.b.corp.example", "plain.example", "plain.example", "nothing.example"])
        answers = [record["dmarc"]["rfc7489"] for record in records]
        self.assertEqual([record["dmarc"]["result"] for record in records], ["fail", "fail", "fail", "none"])
        self.assertEqual([answer["result"] for answer in answers], ["none", "fail", "fail", "none"])
        self.assertEqual([answer["differs"] for answer in answers], [["result", "policy", "org_domain"], [], [], []])
        self.assertEqual((answers[0]["org_domain"], answers[0]["treewalk_org_domain"]), ("corp.example", "b.corp.example"))
        # The field and the decision are those of RFC 9989 alone.
        self.assertEqual([record["decision"]["action"] for record in records], ["reject", "accept", "accept", "accept"])
        self.assertIn("dmarc=fail", records[0]["authentication_results"])

        series = read(self.port)
        for name, label, values in (
                ("assay_messages_total", "action", [record["decision"]["action"] for record in records]),
                ("assay_dmarc_results_total", "result", [record["dmarc"]["result"] for record in records]),
                ("assay_dmarc_rfc7489_differences_total", "kind", [kind for answer in answers for kind in answer["differs"]])):
            counted = {key: value for key, value in series.items() if key.startswith(name + "{") and value}
            self.assertEqual(counted, {f'{name}{{{label}="{word}"}}': count for word, count in collections.Counter(values).items()})
        self.assertEqual([value for name, value in series.items() if name.startswith("assay_build_info{version=")], [1])
        running.assert_sound(self)

    def test_without_the_comparison_there_is_none(self):
        running = self.start()
        record, = self.send(running, ["a.b.corp.example"])
        self.assertIsNone(record["dmarc"]["rfc7489"])
        self.assertEqual(read(self.port)['assay_dmarc_rfc7489_differences_total{kind="result"}'], 0)

    def test_other_paths_are_not_found(self):
        self.start()
        for path in ("/", "/etc/passwd", "/metricsx", "/metrics/x", "/healthz/x", "//metrics/../etc"):
            with self.subTest(path=path):
                self.assertEqual(ask(self.port, path)[0], 404)
        self.assertEqual(ask(self.port, "/metrics", "POST")[0], 405)
        self.assertEqual(ask(self.port, "/healthz", "HEAD"), (200, ""))
        self.assertEqual(read(self.port)["assay_log_lost_lines_total"], 0)

    def test_clients_that_say_nothing_do_not_keep_others_out(self):
        """Ten of them, when none but they were served, would take up to a second each in turn."""
        self.start()
        with contextlib.ExitStack() as stack:
            for _ in range(10):
                stack.enter_context(socket.create_connection(("127.0.0.1", self.port)))
            half = stack.enter_context(socket.create_connection(("127.0.0.1", self.port)))
            half.sendall(b"GET /metrics HTTP/1.1\r\n")
            begun = time.monotonic()
            self.assertEqual(ask(self.port, "/healthz")[0], 200)
            self.assertLess(time.monotonic() - begun, 4)

    def test_what_methods_rules_and_forgeries_count(self):
        running = self.start("authserv_id: mx.site.example\nlocal: {networks: [203.0.113.0/24], domains: [brand.example]}\npolicy:\n  rules:\n"
                             "    - {name: watched, when: {from_domain: plain.example}, then: reject, observe: true}\n"
                             "    - {name: unused, when: {from_domain: nobody.example}, then: reject}\n")
        rule = 'assay_decisions_total{{action="{}",rule="{}"}}'
        self.assertEqual(read(self.port)[rule.format("reject", "unused")], 0)
        forged = (b"Authentication-Results", b" mx.site.example; dmarc=pass")

        def send(author, *fields, client=b"198.51.100.7"):
            with milter.Milter(running.port) as connection:
                connection.connect(client)
                connection.helo()
                connection.message([*fields, (b"From", b" x@" + author)], mail_from=b"x@elsewhere.example", queue_id=b"Q" + author)
            return running.record_of("Q" + author.decode())

        records = [send(b"site.example", forged, forged), send(b"a.site.example"), send(b"brand.example"), send(b"plain.example"),
                   send(b"nothing.example")]
        # DMARC fails for all but the last: RFC 9989 section 4.10.1 and 5.3.5.
        self.assertEqual([record["dmarc"]["result"] for record in records], ["fail"] * 4 + ["none"])
        send(b"local.site.example", forged, client=b"203.0.113.5")  # Local mail is not verified: not counted below.
        series = daemon.until(lambda: (found := read(self.port))['assay_decisions_total{action="accept",rule="local"}'] == 1 and found)
        for name, count in {'assay_own_domain_forged_total{action="reject"}': 2, 'assay_own_domain_forged_total{action="accept"}': 1,
                            'assay_forged_fields_total{kind="authentication_results"}': 2, 'assay_forged_fields_total{kind="added"}': 0,
                            'assay_would_decisions_total{action="reject",rule="watched"}': 1, rule.format("reject", "unused"): 0,
                            rule.format("reject", "policy.published.reject"): 2, rule.format("accept", "policy.published.none"): 2,
                            rule.format("accept", "default"): 1, 'assay_dkim_results_total{result="none"}': 5,
                            'assay_arc_results_total{result="none"}': 5, 'assay_iprev_results_total{result="permerror"}': 5,
                            'assay_spf_results_total{identity="mailfrom",result="none"}': 5, "assay_end_of_message_seconds_count": 6,
                            "assay_message_seconds_count": 6}.items():
            with self.subTest(series=name):
                self.assertEqual(series[name], count)
        running.assert_sound(self)

    def test_a_reload_counts_and_tells_its_configuration(self):
        running = self.start()

        def fingerprint():
            return [name for name in read(self.port) if name.startswith("assay_configuration_info{fingerprint=")]

        before = fingerprint()
        running.replace_config("mode: monitr\n")
        running.reload()
        daemon.until(lambda: read(self.port)['assay_reloads_total{outcome="refused"}'] == 1, what="the refusal")
        self.assertEqual(fingerprint(), before)
        running.write_config(f"metrics: {{listen: '127.0.0.1:{self.port}'}}\npolicy:\n  rules: "
                             "[{name: late, when: {from_domain: a.example}, then: reject}]\n")
        running.reload()
        daemon.until(lambda: read(self.port)['assay_reloads_total{outcome="done"}'] == 1, what="the reload")
        self.assertEqual(len(fingerprint()), 1)
        self.assertNotEqual(fingerprint(), before)
        self.assertEqual(read(self.port)['assay_decisions_total{action="reject",rule="late"}'], 0)

    def test_a_reload_whose_log_cannot_be_opened_is_told_of_until_it_can(self):
        running = self.start()

        def reload(log, outcome, reloads):
            running.write_config(f"metrics: {{listen: '127.0.0.1:{self.port}'}}\nlog: {log}\nauthserv_id: {outcome}{reloads}.example\n")
            running.reload()
            daemon.until(lambda: sum(value for name, value in read(self.port).items() if name.startswith("assay_reloads_total")) == reloads,
                         what=f"reload {reloads}")
            series = read(self.port)
            status = daemon.assay("status", "--json", "--socket", running.folder / "control.sock", status=outcome != "done")
            self.assertEqual([name for name, value in series.items() if name.startswith("assay_last_reload") and value],
                             [f'assay_last_reload{{outcome="{outcome}"}}'])
            self.assertIn(f'assay_configuration_info{{fingerprint="{status["configuration"]["settings"]}"}}', series)
            self.assertEqual((status["reload"]["outcome"], status["reload"]["ok"]), (outcome, outcome == "done"))
            return status

        first = daemon.assay("status", "--json", "--socket", running.folder / "control.sock")
        missing = running.folder / "missing/log"
        self.assertEqual(first["log"], {"target": str(running.log), "format": "json", "lost_lines": 0})
        for reloads in (1, 2):  # The second time it is the configuration in force that says so.
            status = reload(f"{{format: text, target: {missing}}}", "partly", reloads)
            self.assertEqual(status["log"], first["log"])
            self.assertNotEqual(status["configuration"], first["configuration"])
            problem, = status["problems"]
            for word in ("in part", f"log: cannot open the log file {missing}: No such file or directory", f"to {running.log}."):
                self.assertIn(word, problem)
            record, = self.send(running, ["plain.example"])
            self.assertIn(f"partly{reloads}.example;", record["authentication_results"])
            running.log.unlink()  # As logrotate does: the log that is still in use is opened anew.
        refused = reload("{format: txt}", "refused", 3)
        self.assertEqual((refused["log"], refused["configuration"]), (status["log"], status["configuration"]))
        self.assertIn("log.format", refused["problems"][0])
        missing.parent.mkdir()
        mended = reload(f"{{format: text, target: {missing}}}", "done", 4)
        self.assertEqual((mended["log"], mended["problems"]), ({"target": str(missing), "format": "text", "lost_lines": 0}, []))
        self.assertIn(f"reload: configuration {mended['configuration']['settings']} is in force", missing.read_text())

    def test_it_is_not_ready_while_it_drains(self):
        running = self.start("stop_timeout: 30s\n")
        self.assertEqual(ask(self.port, "/healthz"), (200, "ok\n"))
        daemon.until(lambda: ask(self.port, "/readyz") == (200, "ok\n"), what="readiness")
        with milter.Milter(running.port) as connection:
            connection.connect(b"198.51.100.7")
            connection.helo()
            self.assertTrue(connection.mail().is_continue)
            running.drain()
            status, text = daemon.until(lambda: (told := ask(self.port, "/readyz"))[0] == 503 and told, what="the drain")
            self.assertIn("draining", text)
            self.assertEqual(ask(self.port, "/healthz")[0], 200)
            connection.abort()
        self.assertEqual(running.wait(), 0)

    def test_it_is_not_ready_while_dns_is_silent(self):
        """DNS is silent after five seconds without an answer, and answers again with the first."""
        with faulty.FaultyDns("plain.example 1 TXT \"v=spf1 -all\"\n") as server:
            running = self.start(f"dns: {{forward: ['{server.address}'], timeout: 300ms, message_deadline: 400ms}}\n")
            self.send(running, ["plain.example"])
            self.assertEqual(ask(self.port, "/readyz")[0], 200)
            self.assertGreater(read(self.port)["assay_dns_answer_seconds_count"], 0)
            server.mute()
            begin = time.monotonic()
            numbers = iter(range(10, 1000))

            def one_more():
                self.send_from(running, f"n{next(numbers)}.example")
                return ask(self.port, "/readyz")

            status, text = daemon.until(lambda: (told := one_more())[0] == 503 and told, what="the silence")
            self.assertGreaterEqual(time.monotonic() - begin, 5)
            self.assertIn("no DNS server has answered", text)
            self.assertEqual(ask(self.port, "/healthz")[0], 200)
            self.assertGreater(read(self.port)["assay_dns_failing_seconds"], 4.9)
            daemon.until(lambda: any("nothing but failures" in text for text in running.messages()), what="the warning")
            server.unmute()
            # A question from before may still time out after the first answer.
            daemon.until(lambda: one_more()[0] == 200 and read(self.port)["assay_dns_failing_seconds"] == 0, what="readiness")
            daemon.until(lambda: "dns: a server answers again" in running.messages(), what="the all-clear")

    def send_from(self, running, author):
        with milter.Milter(running.port) as connection:
            connection.connect(b"198.51.100.7")
            connection.helo()
            connection.message([(b"From", b" x@" + author.encode())], mail_from=b"x@" + author.encode())

    def test_scrapes_and_mail_at_once(self):
        running = self.start()
        failures = []

        def scrape():
            try:
                for _ in range(20):
                    read(self.port)
            except Exception as error:  # pylint: disable=broad-except
                failures.append(error)

        threads = [threading.Thread(target=scrape) for _ in range(3)]
        for thread in threads:
            thread.start()
        for number in range(30):
            self.send_from(running, f"m{number}.example")
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        daemon.until(lambda: read(self.port)['assay_messages_total{action="accept"}'] == 30, what="all messages")
        running.assert_sound(self)

    def test_counters_outlive_a_reload_and_a_new_address_waits_for_the_next_start(self):
        running = self.start()
        self.send(running, ["plain.example"])
        other = daemon.free_port()
        running.write_config(f"metrics: {{listen: '127.0.0.1:{other}'}}\n")
        running.reload()
        daemon.until(lambda: any("in force" in text for text in running.messages()), what="the reload")
        self.assertIn("reload: metrics.listen changed; that takes effect at the next start", running.messages())
        self.assertEqual(read(self.port)['assay_messages_total{action="accept"}'], 1)
        with socket.socket() as probe:
            self.assertNotEqual(probe.connect_ex(("127.0.0.1", other)), 0)

    def test_a_port_in_use_refuses_the_start(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", self.port))
            taken.listen()
            with self.assertRaisesRegex(AssertionError, f"metrics.listen: cannot serve on 127.0.0.1:{self.port}: is the port in use"):
                self.start()


if __name__ == "__main__":
    unittest.main()
