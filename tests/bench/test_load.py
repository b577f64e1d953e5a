#!/usr/bin/python3
"""What the load client and the servers around it must do: right answers are told from wrong ones. No time is asserted."""

import json
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

import dns.exception
import dns.flags
import dns.message
import dns.query
import servers


class SlowDnsTest(unittest.TestCase):
    """Expected: what the zone file of the corpus says, and RFC 2308 of what it does not."""

    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="assay-bench-load-"))
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        zone = folder / "zone"
        zone.write_text("$TTL 300\n. IN SOA ns.test. root.test. 1 3600 900 604800 60\na.b.test. IN A 192.0.2.1\n"
                        "alias.test. IN CNAME a.b.test.\nlong.test. IN TXT " + " ".join(['"' + "x" * 250 + '"'] * 6) + "\n")
        cls.dns = cls.enterClassContext(servers.Dns(zone, delay=20, silent=("lost.test",)))

    def ask(self, name, kind="A", way=dns.query.udp, timeout=5):
        return way(dns.message.make_query(name, kind, use_edns=0), "127.0.0.1", port=self.dns.port, timeout=timeout)

    def test_answers(self):
        for way in (dns.query.udp, dns.query.tcp):
            for name, kind, rcode, answers, authorities in (("A.b.TEST", "A", 0, 1, 0), ("a.b.test", "TXT", 0, 0, 1), ("b.test", "A", 0, 0, 1),
                                                            ("no.test", "A", 3, 0, 1), ("alias.test", "A", 0, 2, 0), ("alias.test", "CNAME", 0, 1, 0)):
                with self.subTest(name=name, kind=kind, way=way.__name__):
                    found = self.ask(name, kind, way)
                    self.assertEqual((found.rcode(), len(found.answer), len(found.authority)), (rcode, answers, authorities))

    def test_what_is_too_long_for_udp_comes_over_tcp(self):
        self.assertTrue(self.ask("long.test", "TXT").flags & dns.flags.TC)
        self.assertEqual(len(self.ask("long.test", "TXT", dns.query.tcp).answer[0][0].strings), 6)

    def test_no_answer_comes_early(self):
        self.assertGreaterEqual(self.ask("a.b.test").time, 0.02)

    def test_silent_names(self):
        for name in ("lost.test", "x.LOST.test"):
            with self.assertRaises(dns.exception.Timeout):
                self.ask(name, timeout=0.2)
        self.assertEqual(self.ask("notlost.test").rcode(), 3)


class LoadTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="assay-bench-load-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.corpus = servers.make_corpus(cls.folder / "corpus", messages=60, sizes="2k:2,10k:2,100k:1", failing=30, arc=30)
        cls.dns = cls.enterClassContext(servers.Dns(cls.corpus / "zone"))
        cls.assayd = cls.enterClassContext(servers.Assayd(cls.dns.port))
        cls.null = cls.enterClassContext(servers.NullMilter())

    def changed_corpus(self, name, change):
        """The corpus with another manifest."""
        folder = self.folder / name
        folder.mkdir()
        (folder / "messages").symlink_to(self.corpus / "messages")
        manifest = json.loads((self.corpus / "manifest.json").read_text())
        change(manifest["messages"])
        (folder / "manifest.json").write_text(json.dumps(manifest))
        return folder

    def run_load(self, *arguments):
        command = [servers.BIN / "bench_load", "--json", *arguments]
        return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, timeout=120)

    def test_all_answers_are_right(self):
        for connections, per_connection in ((1, 1), (10, 10), (50, 1)):
            with self.subTest(connections=connections):
                report = servers.load(self.assayd, self.corpus, connections=connections, per_connection=per_connection, messages=180)
                self.assertEqual((report["messages"], report["right"]), (180, 180))
                self.assertEqual(report["outcomes"], {"accept": 180})

    def test_idle_sessions_stay(self):
        report = servers.load(self.assayd, self.corpus, idle=300, messages=60)
        self.assertEqual((report["right"], report["idle_lost"]), (60, 0))

    def test_an_open_loop_sends_all(self):
        self.assertEqual(servers.load(self.assayd, self.corpus, rate=200, messages=100)["right"], 100)

    def test_chunks_of_the_body_change_nothing(self):
        for chunk in (1000, 4097):
            self.assertEqual(servers.load(self.assayd, self.corpus, chunk=chunk, messages=60)["right"], 60)

    def test_milters_in_turn(self):
        for chain in ([self.null, self.assayd], [self.assayd, self.null]):
            self.assertEqual(servers.load(chain, self.corpus, per_connection=3, messages=120)["right"], 120)

    def test_the_null_milter_says_nothing(self):
        report = servers.load(self.null, self.corpus, messages=60)
        self.assertEqual((report["messages"], report["right"]), (60, 0))
        done = self.run_load("--socket", self.null.socket, "--corpus", self.corpus, "--messages", 60, "--warm-up", 0)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(json.loads(done.stdout)["wrong"], 60)

    def test_one_wrong_answer_is_found(self):
        def with_other_result(method):
            def change(messages):
                messages[7]["expect"][method] = "neutral"
            return change

        def with_another_signature(messages):
            signed = next(message for message in messages if message["expect"]["dkim"])
            signed["expect"]["dkim"][0]["domain"] = "other.example"

        cases = {method: with_other_result(method) for method in ("spf", "spf_helo", "arc", "dmarc", "iprev")}
        for name, change in {**cases, "dkim": with_another_signature}.items():
            with self.subTest(method=name):
                corpus = self.changed_corpus(name, change)
                done = self.run_load("--socket", self.assayd.socket, "--corpus", corpus, "--messages", 60, "--warm-up", 0)
                self.assertEqual(done.returncode, 1, done.stdout)
                report = json.loads(done.stdout)
                self.assertEqual((report["wrong"], report["right"]), (1, 59))
                others = ",".join({"spf", "spf_helo", "dkim", "arc", "dmarc", "iprev"} - {name})
                done = self.run_load("--socket", self.assayd.socket, "--corpus", corpus, "--messages", 60, "--methods", others)
                self.assertEqual(done.returncode, 0, done.stdout)

    def test_each_wrong_answer_is_told(self):
        def change(messages):
            messages[7]["expect"]["spf"] = "neutral"

        corpus, wrong = self.changed_corpus("told", change), self.folder / "wrong"
        began = time.time()
        self.run_load("--socket", self.assayd.socket, "--corpus", corpus, "--messages", 60, "--warm-up", 0, "--wrong", wrong)
        told = [json.loads(line) for line in wrong.read_text().splitlines()]
        self.assertEqual([(entry["file"], entry["outcome"]) for entry in told], [("messages/000007.eml", "accept")])
        self.assertRegex(told[0]["problem"], "'neutral' is right")
        self.assertEqual(told[0]["despite_temperror"], told[0]["problem"])
        self.assertTrue(began < told[0]["began"] < told[0]["ended"] < time.time(), told)

    def test_a_temporary_error_is_told_from_other_wrong_answers(self):
        # No DNS: nothing but temporary errors, and chains that cannot be checked.
        wrong = self.folder / "wrong"
        settings = {"dns": {"forward": [f"127.0.0.1@{servers.free_port()}"], "timeout": "100ms", "message_deadline": "200ms"}}
        with servers.Assayd(0, settings=settings) as alone:
            self.run_load("--socket", alone.socket, "--corpus", self.corpus, "--messages", 60, "--warm-up", 0, "--wrong", wrong)
        told = [json.loads(line) for line in wrong.read_text().splitlines()]
        self.assertGreater(len(told), 50)
        self.assertEqual({entry["despite_temperror"] for entry in told}, {""}, told)

    def test_nobody_there(self):
        done = self.run_load("--socket", f"inet:{servers.free_port()}@127.0.0.1", "--corpus", self.corpus, "--messages", 10)
        self.assertEqual(done.returncode, 1)
        self.assertIn("unreachable", json.loads(done.stdout)["failures"])

    def test_a_daemon_that_ends_is_told(self):
        with servers.NullMilter() as victim:
            command = [servers.BIN / "bench_load", "--json", "--unchecked", "--socket", victim.socket, "--pid", victim.pid, "--corpus",
                       self.corpus, "--messages", "1000000", "--seconds", "20"]
            client = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True)
            with self.assertRaises(subprocess.TimeoutExpired):
                client.wait(0.5)
            victim.stop()
            out, _ = client.communicate(timeout=60)
        self.assertEqual(client.returncode, 1)
        self.assertTrue(json.loads(out)["daemons"][0]["ended"])


if __name__ == "__main__":
    unittest.main()
