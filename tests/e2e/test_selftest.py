#!/usr/bin/python3
"""`assay selftest`: finds nothing wrong with assayd, whatever its configuration, and finds the fault of filters that have one."""

import collections
import json
import os
import pathlib
import re
import socket
import subprocess
import unittest

import broken_filters
import daemon
import sanitizers

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs/selftest.md"


def run(*arguments):
    return subprocess.run([daemon.BIN / "assay", "selftest", *arguments], capture_output=True, text=True, check=False,
                          timeout=300)


def report(*arguments, status):
    done = run("--json", *arguments)
    assert done.stdout, f"exit status {done.returncode}: {done.stderr}"
    told = json.loads(done.stdout)
    assert done.returncode == status, f"exit status {done.returncode}: {told['stopped']} {wrong(told)} {done.stderr}"
    return told


def wrong(told):
    return {case["name"]: " | ".join(case["mismatches"]) for case in told["cases"] if not case["ok"]}


def names(told, *beginnings):
    return {case["name"] for case in told["cases"] if case["name"].startswith(beginnings)}


class Sound(unittest.TestCase):
    maxDiff = None

    def assert_all_well(self, running, *arguments):
        told = report("--socket", running.socket, *arguments, status=0)
        self.assertEqual((wrong(told), told["stopped"], told["not_tried"]), ({}, None, 0))
        self.assertEqual(told["ok"], len(told["cases"]))
        self.assertGreater(told["ok"], 60)
        running.assert_sound(self)
        return told

    def test_the_default_policy(self):
        with daemon.Daemon() as running:
            told = self.assert_all_well(running)
            self.assertEqual(told["authserv_id"], "mx.example.net")
            # Each case with a queue id of its own, by which the records can be told from those of mail.
            records = running.records()
            self.assertEqual([record["queue_id"] for record in records if not record["queue_id"].startswith("selftest-")], [])
            known = {"selftest-" + case["name"] for case in told["cases"]}
            self.assertEqual({re.sub(r"\.\d+$", "", record["queue_id"]) for record in records}, known)
            self.assertEqual({record["client"]["ip"] for record in records}, {"192.0.2.1", "2001:db8::1", None})

    def test_decisions_by_the_configuration(self):
        for bad_from, more in (("reject", ""), ("accept", "limits: {exceeded: accept, header_bytes: 100KiB}\n"),
                               ("tempfail", "limits: {exceeded: tempfail, header_bytes: 16MiB}\n"), ("discard", ""),
                               ("reject", "mode: monitor\n")):
            settings = f"policy: {{bad_from: {bad_from}, allow_discard: true}}\nauthserv_aliases: [old.example.net]\n" + more
            with self.subTest(settings), daemon.Daemon(settings) as running:
                told = self.assert_all_well(running, "--config", running.config)
                self.assertIn("results-aliases", names(told, "results-"))

    def test_forms_of_quarantine(self):
        for how in ("hold", "reject", "redirect, to: trap@example.net", "header, name: X-Bad, value: very"):
            settings = f"policy: {{bad_from: quarantine, quarantine: {{how: {how}}}}}\n"
            with self.subTest(how), daemon.Daemon(settings) as running:
                self.assert_all_well(running, "--config", running.config)

    def test_users_that_are_verified(self):
        with daemon.Daemon("local: {networks: [], authenticated: verify}\n") as running:
            self.assert_all_well(running)

    def test_a_name_in_a_labels(self):
        with daemon.Daemon(authserv_id="xn--mnchen-3ya.example") as running:
            told = self.assert_all_well(running)
            self.assertIn("results-u-labels", names(told, "results-"))

    def test_another_configuration_than_the_one_in_force(self):
        with daemon.Daemon("policy: {bad_from: accept}\n") as running:
            # The defaults refuse what this daemon lets in.
            other = running.folder / "other.yaml"
            other.write_text("authserv_id: mx.example.net\nlocal: {networks: []}\n")
            told = report("--socket", running.socket, "--config", other, status=1)
            bad = wrong(told)
            self.assertEqual(set(bad), {case["name"] for case in told["cases"] if "policy.bad_from" in case["expected"]})
            self.assertIn("policy.bad_from asks for reject, and it is: accepted", bad["from-twice"])

    def test_own_rules_are_not_compared(self):
        rules = "policy: {rules: [{name: all-good, when: {dmarc: permerror}, then: quarantine}]}\n"
        with daemon.Daemon(rules) as running:
            told = self.assert_all_well(running, "--config", running.config)
            self.assertRegex(" ".join(told["notes"]), "rules of your own")

    def test_clients_that_are_local(self):
        with daemon.Daemon("local: {networks: [192.0.2.0/24]}\n") as running:
            told = report("--socket", running.socket, status=1)
            self.assertIn("local.networks", told["stopped"])
            self.assertEqual([case["name"] for case in told["cases"]], ["daemon-harmless"])
            done = run("--socket", running.socket, "--config", running.config)
            self.assertEqual(done.returncode, 2)
            self.assertIn("local.networks holds 192.0.2.1", done.stderr)

    def test_a_policy_that_refuses_all(self):
        with daemon.Daemon("policy: {rules: [{name: nobody, when: {spf: none}, then: reject}]}\n") as running:
            told = report("--socket", running.socket, status=1)
            self.assertIn("a harmless message is refused", told["stopped"])

    def test_dead_dns(self):
        # A port where nothing answers. Names in .invalid need no server, so the rest is tried all the same.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hole:
            hole.bind(("127.0.0.1", 0))
            dns = f"dns: {{forward: ['127.0.0.1@{hole.getsockname()[1]}'], timeout: 500ms, message_deadline: 1s}}\n"
            with daemon.Daemon(dns) as running:
                told = report("--socket", running.socket, status=1)
                self.assertEqual(set(wrong(told)), {"daemon-dns"})
                self.assertIn("DNS does not answer", wrong(told)["daemon-dns"])
                self.assertIsNone(told["stopped"])

    def test_one_case_alone(self):
        with daemon.Daemon() as running:
            told = report("--socket", running.socket, "--filter", "upper-case", status=0)
            self.assertEqual([case["name"] for case in told["cases"]], ["daemon-harmless", "results-upper-case"])


@unittest.skipIf(sanitizers.BUILT_WITH == "thread", "these filters have no thread of assayd's: the other sanitizers look at `assay`")
class Faulty(unittest.TestCase):
    maxDiff = None

    def look(self, kind, *arguments):
        with broken_filters.Serving(kind) as serving:
            return report("--socket", serving.socket, "--limit", "20", *arguments, status=1)

    def results_wrong(self, kind):
        return wrong(self.look(kind, "--filter", "results-"))

    def test_the_filter_that_the_others_are_made_of(self):
        # It has no fault that the cases about results could find, so what they find in the others is the fault.
        with broken_filters.Serving(broken_filters.Filter) as serving:
            for part in ("results-", "session-"):
                report("--socket", serving.socket, "--filter", part, status=0)

    def test_removes_nothing(self):
        bad = self.results_wrong(broken_filters.RemovesNothing)
        self.assertTrue({"results-plain", "results-many", "results-200-kb", "results-everywhere"} <= set(bad))
        self.assertFalse({"results-foreign", "results-alike", "results-in-comment"} & set(bad))
        self.assertIn('a field that claims to be "mx.example.net" is left: " mx.example.net; dmarc=pass', bad["results-plain"])
        self.assertIn("51 such fields", bad["results-many"])

    def test_accepts_everything(self):
        bad = wrong(self.look(broken_filters.AcceptsEverything, "--authserv-id", "mx.example.net"))
        self.assertIn("no Authentication-Results field was added", bad["daemon-harmless"])
        self.assertIn("is left", bad["results-upper-case"])

    def test_removes_the_first(self):
        self.assertEqual(set(self.results_wrong(broken_filters.RemovesTheFirst)), {"results-many", "results-everywhere"})

    def test_removes_from_the_top(self):
        bad = self.results_wrong(broken_filters.RemovesFromTheTop)
        self.assertEqual(set(bad), {"results-many", "results-everywhere"})
        self.assertIn("removes field 1 before field 2", bad["results-everywhere"])

    def test_knows_one_spelling(self):
        bad = self.results_wrong(broken_filters.KnowsOneSpelling)
        self.assertFalse({"results-plain", "results-many", "results-foreign", "results-5-kb"} & set(bad))
        self.assertTrue({"results-upper-case", "results-comment-before", "results-quoted", "results-version",
                         "results-fold-before", "results-no-space", "results-trailing-dot", "results-empty",
                         "results-comment-open"} <= set(bad))

    def test_removes_all_results(self):
        bad = self.results_wrong(broken_filters.RemovesAllResults)
        self.assertEqual(set(bad), {"results-many", "results-everywhere", "results-foreign", "results-alike"})
        self.assertIn("another host's field is gone", bad["results-foreign"])

    def test_says_pass(self):
        told = self.look(broken_filters.SaysPass)
        self.assertEqual(set(wrong(told)), names(told, ""))
        self.assertIn("it says dmarc=pass, and nothing is proven", wrong(told)["from-sender"])
        bad = self.results_wrong(broken_filters.SaysPassInAComment)
        self.assertIn("it says spf=pass", bad["results-plain"])

    def test_stamps_where_it_should_not(self):
        self.assertIn("does not stand at the top", self.results_wrong(broken_filters.AddsAtTheBottom)["results-plain"])
        self.assertIn("2 Authentication-Results fields were added", self.results_wrong(broken_filters.AddsTwo)["results-plain"])

    def test_reads_authors_otherwise(self):
        # The filter judges the first address that it finds in any From field.
        bad = wrong(self.look(broken_filters.Filter, "--filter", "from-"))
        self.assertIn("dmarc=none, not permerror", bad["from-twice"])
        self.assertIn("dmarc is about attacker.invalid, not attacker.invalid and bank.invalid", bad["from-two-addresses"])
        self.assertIn("dmarc is about bank.invalid, not attacker.invalid", bad["from-display-name"])
        self.assertNotIn("from-sender", bad)

    def test_copies_words(self):
        bad = wrong(self.look(broken_filters.CopiesHelo, "--filter", "words-"))
        self.assertIn("it says dmarc=pass", bad["words-helo"])
        self.assertIn("control characters", bad["words-helo-lines"])
        self.assertNotIn("words-mail-from", bad)

    def test_trusts_any_chain(self):
        bad = wrong(self.look(broken_filters.TrustsAnyChain, "--filter", "arc-"))
        self.assertIn("it says arc=pass", bad["arc-claim"])
        self.assertNotIn("arc-claim-alone", bad)

    def test_state_that_leaks(self):
        bad = wrong(self.look(broken_filters.KeepsTheLogin, "--filter", "session-"))
        self.assertEqual(set(bad), {"session-login-then-none", "session-login-reset", "session-login-lost"})
        self.assertIn("it says auth=pass", bad["session-login-then-none"])
        bad = wrong(self.look(broken_filters.ForgetsTheReset, "--filter", "session-"))
        self.assertEqual(set(bad), {"session-login-reset", "session-login-lost"})
        self.assertIn("is left", bad["session-login-reset"])

    def test_falls_over(self):
        told = self.look(broken_filters.FallsOver)
        self.assertIn("the connection was lost", wrong(told)["size-field"])
        self.assertIn("the connection was lost", wrong(told)["results-200-kb-comment"])

    def test_closes_or_stalls(self):
        for kind, text in ((broken_filters.Closes, "the connection was lost"), (broken_filters.Stalls, "no answer in time"),
                           (broken_filters.OnlyProgresses, "no answer in time")):
            with self.subTest(kind), broken_filters.Serving(kind) as serving:
                told = report("--socket", serving.socket, "--limit", "1", status=1)
                self.assertIn(text, wrong(told)["daemon-harmless"])
                self.assertIn("does not answer", told["stopped"])
                self.assertLess(len(told["cases"]), 4)
                self.assertGreater(told["not_tried"], 60)

    def test_stops_where_more_would_tell_nothing(self):
        self.assertIn("a harmless message is refused", self.look(broken_filters.RefusesEverything)["stopped"])
        self.assertIn("local.networks", self.look(broken_filters.TakesAllForLocal)["stopped"])
        told = self.look(broken_filters.WithoutDns)
        self.assertIn("DNS does not answer", told["stopped"])
        self.assertLess(len(told["cases"]), 5)


class Usage(unittest.TestCase):
    def complaint(self, *arguments):
        done = run(*arguments)
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
        return done.stderr

    def test_sockets_that_cannot_be_reached(self):
        free = daemon.free_port()
        self.assertIn("nobody listens there", self.complaint("--socket", f"inet:{free}@127.0.0.1"))
        self.assertIn("there is no such socket", self.complaint("--socket", "unix:/nonexistent/assay.sock"))
        self.assertIn("Postfix writes inet:HOST:PORT", self.complaint("--socket", f"inet:127.0.0.1:{free}"))
        self.assertIn("inet:PORT@HOST", self.complaint("--socket", "8893"))
        self.assertIn("--socket", self.complaint())
        self.assertIn("--limit: \"0\"", self.complaint("--socket", f"inet:{free}@127.0.0.1", "--limit", "0"))

    def test_a_socket_without_permission(self):
        if os.geteuid() == 0:
            # The same program as nobody, who may not write to a socket of root's.
            with daemon.Daemon() as running:
                path = running.folder / "closed.sock"
                with socket.socket(socket.AF_UNIX) as listening:
                    listening.bind(str(path))
                    listening.listen(1)
                    path.chmod(0o600)
                    command = [daemon.BIN / "assay", "selftest", "--socket", f"unix:{path}"]
                    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, user=65534,
                                          group=65534)
                self.assertEqual(done.returncode, 2)
                self.assertIn("run this as a member of the group", done.stderr)

    def test_a_configuration_that_is_not_valid(self):
        with daemon.Daemon() as running:
            broken = running.folder / "broken.yaml"
            broken.write_text("mode: sometimes\n")
            self.assertIn("broken.yaml:1:7", self.complaint("--socket", running.socket, "--config", broken))


class Docs(unittest.TestCase):
    def test_the_example_is_what_is_printed(self):
        blocks = re.findall(r"```\n\$ assay selftest [^\n]*\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
        self.assertEqual(len(blocks), 2)
        with daemon.Daemon("authserv_id: mx.example.net\n") as running:
            self.assert_lines(blocks[0], run("--socket", running.socket, "--config", running.config).stdout)
        with broken_filters.Serving(broken_filters.KnowsOneSpelling) as serving:
            self.assert_lines(blocks[1], run("--socket", serving.socket, "--filter", "results-").stdout)

    def assert_lines(self, block, printed):
        """The lines of `block` stand in `printed`, in their order, and "..." for those between."""
        def comparable(text):
            text = re.sub(r"inet:\d+@127\.0\.0\.1", "SOCKET", text)
            return re.sub(r"[\d.]+ s$", "T s", text, flags=re.MULTILINE).splitlines()

        lines = collections.deque(comparable(printed))
        may_skip = False
        for line in comparable(block):
            if line.strip() == "...":
                may_skip = True
                continue
            while may_skip and lines and lines[0] != line:
                lines.popleft()
            self.assertTrue(lines and lines.popleft() == line, f"{line!r} is not printed so:\n{printed}")
            may_skip = False
        self.assertFalse(lines and not may_skip, list(lines))


if __name__ == "__main__":
    unittest.main()
