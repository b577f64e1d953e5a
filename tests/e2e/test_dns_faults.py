#!/usr/bin/python3
"""DNS that is dead, slow, lying, truncating or looping: what becomes of a message that otherwise passes everything.

Each case sends a message of new names to two daemons, one with the default policy, one with `temperror: tempfail`, while its
DNS fails in one way. Then the server is set right, and both the same message and one of new names must pass everything within
five seconds. docs/dns-faults.md has the same table; what was measured is printed at the end.

What is expected follows from these rules:
 * a lookup that failed: spf=temperror (RFC 7208 sections 2.6.6, 4.4, 5), dkim=temperror (RFC 6376 section 6.1.2 step 2:
   TEMPFAIL), iprev=temperror (RFC 8601 section 2.7.3), arc=fail (RFC 8617 section 5.2.1: "All errors, including DNS failures,
   become unrecoverable and are considered permanent");
 * dmarc=temperror if its record cannot be looked up, or if what could have made it pass cannot; the policy of the domain's owner
   then does not apply (RFC 9989 section 5.3.6). dmarc=pass if SPF or DKIM passes and aligns, whatever failed beside it;
 * NXDOMAIN and NODATA are answers (RFC 2308): spf=none (RFC 7208 section 4.5), dkim=permerror (RFC 6376 section 6.1.2 step 3),
   arc=fail, dmarc=none (RFC 9989 section 4.10.1), iprev=permerror (RFC 8601 section 2.7.3);
 * a server that answers amiss has failed (RFC 1034 section 5.3.3 step 4d: "server failure or other bizarre contents"), and so
   have CNAMEs that do not end (RFC 1034 section 3.6.2: "CNAME loops signalled as an error");
 * a failed check is accepted by the default policy and deferred with temperror: tempfail (RFC 9989 section 4.10.1 allows both).
"""

import concurrent.futures
import dataclasses
import itertools
import os
import pathlib
import queue
import sys
import time
import typing
import unittest

from dns_stand import DOWN, MESSAGE_DEADLINE, Message, PASS, Stand, TIMEOUT, key_record, new_message, strings

DOCUMENTATION = pathlib.Path(__file__).resolve().parents[2] / "docs/dns-faults.md"
TRUST_ANCHOR = "/usr/share/dns/root.key"
RECOVERY = 5.0  # seconds
# A slow machine may be late by so much; a lookup without a deadline would be later.
LATE = 3.0
STANDS = 4

GONE = {"spf": "none no_record", "dkim": "permerror no_key", "arc": "fail key_failure", "dmarc": "none no_record",
        "iprev": "permerror"}

def everything(fault):
    return lambda message: message.records() + f"* ! {fault}\n"


def only(*names, fault="SERVFAIL"):
    """Faults of the names that these attributes of the message have."""
    return lambda message: message.records() + "".join(f"{getattr(message, name)} ! {fault}\n" for name in names)


@dataclasses.dataclass
class Case:
    name: str  # as docs/dns-faults.md has it
    expect: dict
    script: typing.Callable = Message.records
    break_server: typing.Callable = lambda server: None
    mend_server: typing.Callable = lambda server: None
    mended: typing.Callable = Message.records
    message: dict = dataclasses.field(default_factory=dict)
    least: float = 0  # seconds that the verdict must take

    @property
    def actions(self):
        """By the default policy, and with temperror: tempfail. Nothing fails DMARC here."""
        return ("accept", "tempfail" if self.expect["dmarc"].startswith("temperror") else "accept")


def aliases(target):
    """All that is asked is an alias, once; `target` gives the lines of what it leads to."""
    def script(message):
        lines = []
        for line in message.records().splitlines():
            name, rest = line.split(" ", 1)
            lines += [f"{name} 300 CNAME real.{name}", target(name, rest)]
        return "\n".join(lines) + "\n"
    return script


def chains(count):
    """All that is asked is an alias, `count` times."""
    def script(message):
        lines = []
        for line in message.records().splitlines():
            name, rest = line.split(" ", 1)
            names = [name, *(f"a{i}.{name}" for i in range(1, count)), f"end.{name}"]
            lines += [f"{a} 300 CNAME {b}" for a, b in zip(names, names[1:])] + [f"end.{name} {rest}"]
        return "\n".join(lines) + "\n"
    return script


def dname(message):
    """The key's name is below a DNAME (OpenDKIM#156)."""
    other = f"keys.{message.top}"
    return (message.records(without=[message.key_name]) + f"_domainkey.{message.author} 300 DNAME {other}\n"
            f"s1.{other} 300 TXT {strings(key_record())}\n")


def large(message):
    """Beside each record 60,000 octets of others."""
    more = "".join(f'{name} 300 TXT "{i:03d}{"x" * 197}"\n' for name in (message.spf_name, message.key_name, message.dmarc_name)
                   for i in range(0 if name == message.key_name else 280))
    return message.records() + more


def key_of(octets):
    """A key record of that length: most of it a note to people (OpenDKIM#434: a crash at 8 KB)."""
    def script(message):
        bare = key_record().replace("p=", "n=; p=")
        text = bare.replace("n=", "n=" + "x" * (octets - len(bare)))
        return message.records(without=[message.key_name]) + f"{message.key_name} 300 TXT {strings(text)}\n"
    return script


def many_strings(message):
    """Records of one octet to a string, and two strings without any octet between."""
    def shredded(text):
        return '"" "" '.join(f'"{octet}" ' for octet in text)
    return (message.records(without=[message.spf_name, message.key_name, message.seal_key_name, message.dmarc_name]) +
            f"{message.spf_name} 300 TXT {shredded(f'v=spf1 ip4:{message.ip} -all')}\n"
            f"{message.key_name} 300 TXT {shredded(key_record())}\n"
            f"{message.seal_key_name} 300 TXT {shredded(key_record(sealer=True))}\n"
            f"{message.dmarc_name} 300 TXT {shredded('v=DMARC1; p=reject')}\n")


def raw(kind, data):
    """Beside each good record one of these octets."""
    def script(message):
        names = (message.spf_name, message.key_name, message.seal_key_name, message.dmarc_name)
        more = "".join(f"{name} 300 {kind} {data}\n" for name in names)
        return message.records() + more + f"{message.reverse} 300 TYPE12 {data}\n"
    return script


def slow_includes(message):
    """SPF that leads on and on, each step within the time-out, all of them beyond the message's deadline."""
    lines = [message.records(without=[message.spf_name]), f'{message.spf_name} 300 TXT "v=spf1 include:s1.{message.top} -all"']
    for i in range(1, 9):
        lines.append(f's{i}.{message.top} 300 TXT "v=spf1 include:s{i + 1}.{message.top} -all"')
        lines.append(f"s{i}.{message.top} ! RECURSE 1200")
    return "\n".join([*lines, f's9.{message.top} 300 TXT "v=spf1 ip4:{message.ip} -all"']) + "\n"


def without_faults(script):
    return lambda message: "".join(line + "\n" for line in script(message).splitlines() if " ! " not in line)


def stop(server):
    server.stop()


def start(server):
    server.start()


def without_tcp(server):
    server.stop()
    server.start(tcp=False)


def with_tcp(server):
    server.stop()
    server.start()


CASES = [
    # OpenDKIM#149 (a socket lost for each failure), OpenDMARC#30 and #231 (the MTA gives up first), rspamd#2499 (hangs).
    Case("no server at the address (ICMP refuses)", DOWN, break_server=stop, mend_server=start),
    Case("the server is silent", DOWN, break_server=lambda server: server.mute(), mend_server=lambda server: server.unmute()),
    Case("each answer is late, within `dns.timeout`", PASS, everything("RECURSE 400"), least=0.3),
    Case("each answer comes after `dns.timeout`", DOWN, everything("RECURSE 8000"), least=0.5),
    Case("one after another, together beyond `dns.message_deadline`", {**PASS, "spf": "temperror dns_failure"}, slow_includes,
         mended=without_faults(slow_includes), least=MESSAGE_DEADLINE - 0.5),
    # OpenDKIM#49: SERVFAIL is no NXDOMAIN. OpenDKIM#176: what is deferred must be deferred, not only logged so.
    Case("SERVFAIL", DOWN, everything("SERVFAIL")),
    Case("REFUSED", DOWN, everything("REFUSED")),
    Case("FORMERR", DOWN, everything("FORMERR")),
    Case("NOTIMP", DOWN, everything("NOTIMP")),
    Case("NXDOMAIN for all", GONE, everything("NXDOMAIN")),
    # OpenDKIM#44: "reply truncated".
    Case("truncated, TCP answers", PASS, everything("TRUNCATE")),
    Case("truncated, TCP is refused", DOWN, everything("TRUNCATE"), without_tcp, with_tcp),
    Case("truncated, TCP is closed without an answer", DOWN, everything("TRUNCATE TCPCLOSE")),
    Case("truncated, TCP is silent", DOWN, everything("TRUNCATE TCPSILENCE")),
    Case("a wrong id first, then the right answer", PASS, everything("WRONGID")),
    Case("only answers with a wrong id", DOWN, everything("WRONGID SILENCE")),
    Case("answers from another port", DOWN, everything("OTHERSOURCE")),
    Case("answers to another question (name)", DOWN, everything("OTHERNAME")),
    Case("answers to another question (type)", DOWN, everything("OTHERTYPE")),
    Case("records of another name alone", GONE, everything("OTHEROWNER")),
    Case("records of another class alone", GONE, everything("CLASS 3")),
    Case("octets that are no answer", DOWN, everything("GARBAGE")),
    Case("more records promised than there are", DOWN, everything("COUNT 65535")),
    Case("fewer records promised than there are: none", GONE, everything("COUNT 0")),
    Case("a name that is a pointer to itself", DOWN, everything("NAMELOOP")),
    # OpenDMARC#103: a policy behind a CNAME. OpenDKIM#156: DNAME.
    Case("CNAMEs to good records", PASS, aliases(lambda name, rest: f"real.{name} {rest}")),
    Case("a DNAME above the key", PASS, dname),
    Case("CNAMEs to nothing", GONE, aliases(lambda name, rest: "")),
    Case("CNAMEs to what gives SERVFAIL", DOWN, aliases(lambda name, rest: f"real.{name} ! SERVFAIL\n{name} ! SERVFAIL")),
    Case("CNAMEs in a loop", DOWN, aliases(lambda name, rest: f"real.{name} 300 CNAME {name}")),
    Case("chains of 8 CNAMEs", PASS, chains(8)),
    Case("chains of 19 CNAMEs", DOWN, chains(19)),
    Case("60,000 octets of other TXT records beside", PASS, large),
    Case("a key record of 8,192 octets", PASS, key_of(8192)),
    # Our own bound (verify/dkim/tag_list.h), so that no sender chooses how much is read.
    Case("a key record of 60,000 octets", {**PASS, "dkim": "permerror key_syntax"}, key_of(60_000)),
    Case("TXT records of hundreds of strings, empty ones too", PASS, many_strings),
    Case("TXT and PTR records without any octet", DOWN, raw("TYPE16", "")),
    Case("TXT and PTR records that end too soon", DOWN, raw("TYPE16", "c8616263")),
    # One method's names.
    Case("SERVFAIL for the SPF record alone", {**PASS, "spf": "temperror dns_failure"}, only("spf_name")),
    Case("SERVFAIL for the key alone", {**PASS, "dkim": "temperror dns_failure"}, only("key_name")),
    Case("SERVFAIL for the sealer's key alone", {**PASS, "arc": "fail dns_failure"}, only("seal_key_name")),
    Case("SERVFAIL for the DMARC record alone", {**PASS, "dmarc": "temperror dns_failure"}, only("dmarc_name")),
    Case("SERVFAIL for the client's name alone", {**PASS, "iprev": "temperror"}, only("reverse")),
    Case("SERVFAIL for the SPF record and the key", {**PASS, "spf": "temperror dns_failure", "dkim": "temperror dns_failure",
                                                     "dmarc": "temperror dns_failure"}, only("spf_name", "key_name")),
    Case("SERVFAIL for the SPF record of a message without signatures",
         {**PASS, "spf": "temperror dns_failure", "dkim": "none", "arc": "none", "dmarc": "temperror dns_failure"},
         only("spf_name"), message={"signed": False, "sealed": False}),
    Case("every other question is lost", PASS, everything("FLAP")),
]


@dataclasses.dataclass
class Row:
    case: Case
    results: list
    seconds: float
    before: list
    after: list
    recovered: float
    problems: list


def run_case(stand, case):
    message = new_message(**case.message)
    before = stand.resources()
    told_before = [len(running.messages("warning")) for running in stand.daemons]
    stand.set_script(case.script(message))
    case.break_server(stand.server)
    try:
        results, = stand.send(message)
    finally:
        fresh = new_message()
        stand.set_script(case.mended(message) + fresh.records())
        case.mend_server(stand.server)
    problems = judge(case, results)
    recovered = recovery(stand, message, fresh, problems)
    after = stand.settled_resources(before)
    if any(a > b for pair in zip(after, before) for a, b in zip(*pair)):
        problems.append(f"files and threads: {before} before, {after} after")
    for running, told in zip(stand.daemons, told_before):
        # One line for each message and no flood beside (OpenDKIM#44: "reply truncated").
        problems += running.messages("warning")[told:] + running.messages("error") + running.errors.read_text().splitlines()
    return Row(case, results, max(result.seconds for result in results), before, after, recovered, problems)


def warm_stand(**options):
    """A stand whose daemons have had a first message."""
    stand = Stand(**options)
    warm = new_message()
    stand.set_script(warm.records())
    stand.send(warm)
    return stand


def judge(case, results):
    """What is not as expected."""
    problems = []
    for result, action in zip(results, case.actions):
        for method, expected in case.expect.items():
            if result.methods[method] != expected:
                problems.append(f"{method}: expected {expected}, got {result.methods[method]}")
        if result.action != action:
            problems.append(f"expected {action}, got {result.action}")
        # What the MTA was told is what the record says (OpenDKIM#176).
        told = "tempfail" if result.answer.kind == b"y" and result.answer.text.startswith(b"451 ") else "accept"
        if told != action:
            problems.append(f"expected {action}, the MTA was told {result.answer.kind} {result.answer.text}")
        if action == "accept":
            for method in ("spf", "arc", "dmarc", "iprev"):
                if f"{method}={case.expect[method].split()[0]}" not in result.stamp:
                    problems.append(f"{method}={case.expect[method]} is not in the field: {result.stamp}")
        if not case.least <= result.seconds <= MESSAGE_DEADLINE + LATE:
            problems.append(f"the verdict took {result.seconds:.2f} s")
    return problems


def recovery(stand, message, fresh, problems):
    """Seconds until both messages pass everything that they have."""
    begin = time.monotonic()
    while True:
        wrong = [result.methods for sent, results in zip((message, fresh), stand.send(message, fresh)) for result in results
                 if result.methods != {**PASS, **dict.fromkeys(sent.lacks, "none")}]
        seconds = time.monotonic() - begin
        if not wrong:
            break
        if seconds > RECOVERY + LATE:
            problems.append(f"not recovered after {seconds:.1f} s: {wrong[0]}")
            break
        time.sleep(0.1)
    return seconds


def print_table(rows):
    print(f"\ndns.timeout {TIMEOUT} s, dns.message_deadline {MESSAGE_DEADLINE} s; files and threads of both before, after")
    head = [*PASS, "default", "tempfail", "s", "files", "threads", "back s"]
    lines = [["DNS", *head]]
    for row in rows:
        counts = [" ".join(f"{before[i]}-{after[i]}" for before, after in zip(row.before, row.after)) for i in range(2)]
        lines.append([row.case.name, *row.results[0].methods.values(), *(result.action for result in row.results),
                      f"{row.seconds:.2f}", *counts, f"{row.recovered:.2f}"])
    widths = [max(map(len, column)) for column in zip(*lines)]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
    sys.stdout.flush()


def documented(cases):
    """The rows of the table in docs/dns-faults.md: one for each outcome, in the order of the cases."""
    faults = {}
    for case in cases:
        results = [case.expect[method] for method in ("spf", "dkim", "arc", "dmarc", "iprev")]
        cells = [f"`{result.split()[0]}`" for result in results] + [f"`{action}`" for action in case.actions]
        faults.setdefault(" | ".join(cells), []).append(case.name)
    return [f"| {'; '.join(names)} | {cells} |" for cells, names in faults.items()]


class Faults(unittest.TestCase):
    maxDiff = None

    def test_the_documentation_says_the_same(self):
        lines = DOCUMENTATION.read_text(encoding="utf-8").splitlines()
        begin = lines.index(next(line for line in lines if line.startswith("| what DNS does")))
        table = list(itertools.takewhile(lambda line: line.startswith("|"), lines[begin + 2:]))
        self.assertEqual(table, documented(CASES))

    def test_each_fault(self):
        wanted = os.environ.get("ASSAY_FAULT", "")  # Part of a case's name, to try that case alone.
        stands = queue.SimpleQueue()

        def run(case):
            stand = stands.get()
            try:
                return run_case(stand, case)
            finally:
                stands.put(stand)

        with concurrent.futures.ThreadPoolExecutor(STANDS) as pool:
            try:
                for future in [pool.submit(warm_stand) for _ in range(STANDS)]:
                    stands.put(future.result())
                rows = list(pool.map(run, [case for case in CASES if wanted in case.name]))
                print_table(rows)
                for row in rows:
                    with self.subTest(row.case.name):
                        self.assertEqual(row.problems, [])
            finally:
                closing = []
                while not stands.empty():
                    stand = stands.get()
                    for running in stand.daemons:
                        running.assert_sound(self)
                    closing.append(pool.submit(stand.close))
                for future in closing:
                    future.result()


class Forwarders(unittest.TestCase):
    """Of two servers one fails, then both."""

    def setUp(self):
        self.stand = warm_stand(servers=2)
        self.addCleanup(self.stand.close)
        self.first, self.second = self.stand.servers

    def send(self, message):
        results, = self.stand.send(message)
        return results

    def test_while_one_fails_the_other_answers(self):
        for name, fault in (("silent", "* ! SILENCE\n"), ("SERVFAIL", "* ! SERVFAIL\n"), ("gone", None)):
            for failing, other in ((self.first, self.second), (self.second, self.first)):
                with self.subTest(name):
                    message = new_message()
                    other.set_script(message.records())
                    if fault is None:
                        failing.stop()
                    else:
                        failing.set_script(fault)
                    results = self.send(message)
                    failing.start()
                    # The next to fail is the one that answered: what libunbound holds against this one must be forgotten
                    # (infra-host-ttl, 3 s), as an outage of both is something else.
                    time.sleep(4)
                    for result in results:
                        self.assertEqual(result.methods, PASS)
                    print(f"one of two servers, {name}: all pass after {max(result.seconds for result in results):.2f} s")

    def test_both_come_back(self):
        outage = float(os.environ.get("ASSAY_OUTAGE", "8"))
        before = self.stand.resources()
        self.first.stop()
        self.second.mute()
        begin = time.monotonic()
        lost = []
        while not lost or time.monotonic() - begin < outage:
            lost.append(new_message())
            for result in self.send(lost[-1]):
                self.assertEqual(result.methods, DOWN)
                self.assertLess(result.seconds, MESSAGE_DEADLINE + LATE)
        fresh = new_message()
        self.stand.set_script(lost[-1].records() + fresh.records())
        self.first.start()
        self.second.unmute()
        problems = []
        seconds = recovery(self.stand, lost[-1], fresh, problems)
        self.assertEqual(problems, [])
        self.assertLessEqual(self.stand.settled_resources(before), before)
        print(f"both of two servers dead for {outage} s, {len(lost)} messages: all pass {seconds:.2f} s after")


class Dnssec(unittest.TestCase):
    def test_answers_without_signatures_are_bogus(self):
        """Whoever answers has none of the root's keys: a forger. (Good and changed signatures: tests/resolver.)"""
        if not pathlib.Path(TRUST_ANCHOR).exists():
            self.skipTest(f"no {TRUST_ANCHOR}: install dns-root-data")
        with Stand(dns=", dnssec: on") as stand:
            message = new_message()
            stand.set_script(message.records())
            results, = stand.send(message)
            bogus = {method: words.replace("dns_failure", "dnssec_bogus") for method, words in DOWN.items()}
            self.assertEqual([result.methods for result in results], [bogus] * 2)
            # RFC 4035 section 5.5: as SERVFAIL, so deferred where that is.
            self.assertEqual([result.action for result in results], ["accept", "tempfail"])


if __name__ == "__main__":
    unittest.main()
