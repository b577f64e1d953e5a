"""DKIM, ARC and DMARC of generated messages: assay against dkimpy, Mail::DKIM, OpenDKIM and authheaders."""
from __future__ import annotations

import multiprocessing
import pathlib
import queue
import tempfile
import time
from collections import Counter
from typing import Callable

import messages_cases as cases
import messages_causes as causes
import messages_keys as keys
import messages_opendkim
import messages_peers as peers
import messages_signers as signers
from report import Report

HERE = pathlib.Path(__file__).resolve().parent
# Programs of the build folder, see run.
DRIVERS = ["assay", "differential_messages"]
# One case in so many goes through the command, too: a process each.
COMMAND_EVERY = 50
PROGRESS_EVERY = 20


class Comparison:
    """One process's share of the cases."""

    def __init__(self, folder: pathlib.Path, build: pathlib.Path, keep: pathlib.Path | None) -> None:
        made = keys.make_keys(build / "differential-keys")
        chosen = keys.selectors(made)
        self.zone = keys.make_zone(chosen)
        files = keys.write_zone(self.zone, folder)
        self.keep = keep
        self.perl = signers.Perl(str(HERE / "messages_mail_dkim.pl"), str(files["json"]))
        self.assay = peers.Assay(build, files)
        self.dkimpy = peers.Dkimpy(self.zone)
        self.mail_dkim = peers.MailDkim(self.perl)
        self.opendkim = peers.OpenDkim(files["json"])
        self.authheaders = peers.AuthHeaders(self.dkimpy)
        self.shop = cases.Workshop(made, chosen, self.opendkim.library, self.perl, 0)
        self.report = Report("messages", causes.CAUSES)
        self.made: Counter[str] = Counter()
        self.results: Counter[str] = Counter()  # of assay

    def close(self) -> None:
        self.assay.close()
        self.perl.close()
        self.opendkim.library.close()

    def run(self, seed: int, number: int) -> None:
        # OpenDKIM's clock cannot be set; every margin of the cases is an hour or more.
        self.shop.now = int(time.time())
        case = cases.make_case(seed, number, self.shop)
        octets = case.message.octets()
        found = self.assay.verify(octets, self.shop.now)
        self.made.update(case.signers or ["unsigned"])
        self.results.update(f"signature {one['status']}" for one in found["dkim"])
        self.results[f"chain {found['arc']['status']}"] += 1
        facts = causes.Facts(case.message, self.zone, self.shop.now)
        self._compare_signatures(case, facts, found, octets)
        self._compare_dmarc(case, facts, found, octets)
        if number % COMMAND_EVERY == 0 and not facts.asks_failing_name():
            self._compare_command(case, found, octets)

    def _compare_signatures(self, case: cases.Case, facts: causes.Facts, found: dict, octets: bytes) -> None:
        ours = peers.Assay.signatures(found)
        fields = case.message.named(b"dkim-signature")
        if len(ours) != len(fields):
            self.report.fail(f"case {case.id}: {len(fields)} signatures, {len(ours)} results")
        mail_dkim, mail_dkim_chain = self.mail_dkim.verify(case.message)
        theirs = {"dkimpy": self.dkimpy.signatures(octets, len(fields)), "Mail::DKIM": mail_dkim}
        try:
            theirs["OpenDKIM"] = self.opendkim.signatures(case.message)
        except messages_opendkim.Crashed:
            self.report.crashed("OpenDKIM")
        for peer, answers in theirs.items():
            for position, (mine, answer) in enumerate(zip(ours, answers)):
                if peer == "OpenDKIM" and facts.has_several_records(fields[position]):
                    self.report.not_applicable(peer)  # Its lookup function can give one record.
                    continue
                if answer is None:
                    answer = ("unusable", "not taken as a signature")
                question = causes.SignatureQuestion(peer, facts, fields[position], mine, answer)
                self._note(case, peer, mine, answer, causes.same_signature_result(mine[0], answer[0]),
                           lambda q=question: causes.cause_of_signature(q))
        self._compare_chains(case, facts, found["arc"], mail_dkim_chain, octets)

    def _compare_chains(self, case: cases.Case, facts: causes.Facts, found: dict, mail_dkim: peers.Answer,
                        octets: bytes) -> None:
        mine = found["status"], f"{found['reason']} {found['failed_instance']} {found['detail']}"
        dkimpy, oldest = self.dkimpy.chain(octets)
        for peer, answer in (("dkimpy ARC", dkimpy), ("Mail::DKIM ARC", mail_dkim)):
            question = causes.ChainQuestion(peer, facts, mine, answer)
            self._note(case, peer, mine, answer, mine[0] == answer[0], lambda q=question: causes.cause_of_chain(q))
        if mine[0] == dkimpy[0] == "pass":
            # Both pass; "pass" and "fail" are then what each says of the first older message signature that differs.
            ours = found["oldest_pass"]
            passes_more = max(ours, 1) < max(oldest, 1)
            results = ("pass", "fail") if passes_more else ("fail", "pass")
            words = [(result, f"oldest-pass {value}") for result, value in zip(results, (ours, oldest))]
            question = causes.ChainQuestion("dkimpy ARC", facts, *words)
            self._note(case, "dkimpy oldest-pass", *words, ours == oldest, lambda: causes.cause_of_chain(question))

    def _compare_dmarc(self, case: cases.Case, facts: causes.Facts, found: dict, octets: bytes) -> None:
        # authheaders builds on dkimpy: where the two differ about the signature, DMARC is not the same question.
        if (not facts.is_same_dmarc_question()
                or (peers.Assay.signatures(found)[0][0] == "pass") != (self.dkimpy.signatures(octets,
                                                                                              1)[0][0] == "pass")):
            self.report.not_applicable("authheaders")
            return
        mine, answer = (found["dmarc"], ""), self.authheaders.dmarc(octets)
        if answer[0] == "error":
            self.report.crashed("authheaders")
            return
        self._note(case, "authheaders", mine, answer, mine[0] == answer[0],
                   lambda: causes.cause_of_dmarc(facts, mine[0], answer[0]))

    def _note(self, case: cases.Case, peer: str, mine: peers.Answer, answer: peers.Answer, is_same: bool,
              explain: Callable[[], str | None]) -> None:
        if is_same:
            self.report.agree(peer)
            return
        cause = explain()
        words = f"assay: {mine[0]} ({mine[1]}); {peer}: {answer[0]} ({answer[1]})"
        self.report.disagree(peer, case.id, cause, f"{words}\n{case.signers} {case.steps}\n{case.message.octets()!r}")
        if self.keep:
            folder = self.keep / (cause or "unexplained")
            folder.mkdir(exist_ok=True)
            (folder / f"{case.id}.eml").write_bytes(case.message.octets())
            with open(folder / f"{case.id}.txt", "a", encoding="utf-8") as file:
                print(words, case.signers, case.steps, sep="\n", file=file)

    def _compare_command(self, case: cases.Case, found: dict, octets: bytes) -> None:
        shown = self.assay.verify_by_command(octets, self.shop.now)
        by_command = [one["result"] for one in shown["dkim"]], shown["arc"]["result"], shown["dmarc"]["result"]
        by_library = [one["status"] for one in found["dkim"]], found["arc"]["status"], found["dmarc"]
        if by_command != by_library:
            self.report.fail(f"case {case.id}: the command says {by_command}, the library {by_library}")


def _work(arguments: tuple, numbers: range, done: multiprocessing.Queue) -> None:
    build, seed, keep = arguments
    with tempfile.TemporaryDirectory() as folder:
        comparison = Comparison(pathlib.Path(folder), build, keep)
        count = 0
        for number in numbers:
            comparison.run(seed, number)
            count += 1
            if count % PROGRESS_EVERY == 0:
                done.put(PROGRESS_EVERY)
        comparison.close()
        done.put((comparison.report, comparison.made, comparison.results))


def compare(count: int, seed: int, jobs: int, build: pathlib.Path, keep: pathlib.Path | None,
            progress: Callable[[int], None]) -> Report:
    keys.make_keys(build / "differential-keys")
    report = Report("messages", causes.CAUSES)
    arguments = (build, seed, keep)
    done: multiprocessing.Queue = multiprocessing.Queue()
    processes = [multiprocessing.Process(target=_work, args=(arguments, range(job, count, jobs), done), daemon=True)
                 for job in range(jobs)]
    for process in processes:
        process.start()
    made: Counter[str] = Counter()
    results: Counter[str] = Counter()
    finished = counted = 0
    while finished < len(processes):
        try:
            item = done.get(timeout=5)
        except queue.Empty:
            if any(process.exitcode not in (None, 0) for process in processes):
                raise RuntimeError("a process of the comparison died") from None
            continue
        if isinstance(item, int):
            counted += item
            progress(counted)
        else:
            report.merge(item[0])
            made += item[1]
            results += item[2]
            finished += 1
    for process in processes:
        process.join()
    for what, counts in (("signed by", made), ("assay says", results)):
        print(f"{what}:", ", ".join(f"{word} {number}" for word, number in sorted(counts.items())))
    return report
