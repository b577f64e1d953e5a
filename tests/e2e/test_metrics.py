#!/usr/bin/python3
"""The metrics endpoint, and the comparison of DMARC with RFC 7489 that it counts."""

import collections
import pathlib
import socket
import tempfile
import unittest
import urllib.error
import urllib.request

import daemon
import milter

# For RFC 9989 the record at the name between applies; for RFC 7489 only one at the Organizational Domain would.
ZONE = """\
$ORIGIN example.
@                  3600 IN SOA ns hostmaster 1 3600 600 86400 300
_dmarc.b.corp      3600 IN TXT "v=DMARC1; p=reject"
_dmarc.plain       3600 IN TXT "v=DMARC1; p=none"
"""


def read(port, path="/metrics"):
    """The series of an endpoint: {'name{label="value"}': value}."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))}


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
        with self.assertRaises(urllib.error.HTTPError) as caught:
            read(self.port, "/etc/passwd")
        self.assertEqual(caught.exception.code, 404)
        self.assertEqual(read(self.port)["assay_log_lost_lines_total"], 0)
        caught.exception.close()

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
