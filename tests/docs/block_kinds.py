"""What must hold of a block of code, by its kind. check() raises an AssertionError that says what does not."""

import configparser
import json
import re
import subprocess

import yaml

from blocks import ROOT
from stand import BIN, samples

# Keys at the top of files that are Prometheus' and Alertmanager's own: tests/monitoring gives them to those programs.
MONITORING_KEYS = {"groups", "scrape_configs", "rule_files", "alerting", "global", "route", "receivers"}
SYSTEMD_SECTIONS = {"Unit", "Service", "Socket", "Install"}
# Parameters of Postfix that the documents set; tests/e2e/test_recipes.py and test_postfix.py run a Postfix with them.
POSTFIX_PARAMETERS = {"smtpd_milters", "non_smtpd_milters", "milter_default_action", "message_reject_characters", "smtpd_forbid_bare_newline",
                      "smtpd_milter_maps", "milter_mail_macros", "milter_rcpt_macros", "strict_rfc821_envelopes", "content_filter"}
MASTER_SERVICE = re.compile(r"\S+ +(inet|unix|pass|fifo)( +[-yn0-9]+){5} +\w+( .*)?")
MC_LINE = re.compile(r"dnl .*|(define|[A-Z_]+)\((`[^']*'(, )?)+\)dnl")
METRIC = re.compile(r"\bassay_\w+")

# What a program prints, as an example: the beginning of its first line, and words in it that the program's source must hold.
SHOWN = {
    "docs/verify.md": [("Quarantined: ", ["nothing proves that the message is from ", "whose policy is", "It would have passed DMARC"])],
    "docs/replay.md": [("19,032 messages decided again", [" decided again", ", compared with ", "What happens to the messages",
                                                          "Observed rules, which do nothing yet"])],
    "docs/policy-test.md": [("own-domain.cases.yaml: ", ["FAIL", "expected ", "no case matches rule ", "and none gets that far"])],
    "docs/operating.md": [("warning control: ", ["cannot open", "do not work until it is mended"]),
                          ("assayd 0.1.0  pid ", ["in flight ", "since start", "busiest rules", "slow DNS names of 5 minutes"])],
    "docs/systemd.md": [("Status: ", ["serves on ", "NOT READY, ", "no DNS server has answered for "])],
}
# Fields that assayd writes are shown, too: their results are compared with what `assay verify` says of the sample that they are of.
FIELD = "Authentication-Results: "
# Checked by another test, which reads it from the page.
CLAIMED = [
    ("docs/other-filters.md", "loadplugin ", "tests/e2e/test_spamassassin.py"),
    ("docs/other-filters.md", "require ", "tests/e2e/test_dovecot.py"),
    ("docs/other-filters.md", "plugin {", "tests/e2e/test_dovecot.py"),
    ("docs/other-filters.md", "# spf.conf, ", "tests/e2e/test_rspamd.py"),
    ("docs/other-filters.md", "# regexp.conf", "tests/e2e/test_rspamd.py"),
    ("docs/other-filters.md", "$enable_dkim_verification", "tests/e2e/test_amavis.py"),
]


class Kinds:
    def __init__(self, stand):
        self._stand = stand
        self._sources = None

    def check(self, block):
        kind = block.tag or self.kind_of(block)
        checker = getattr(self, "check_" + kind.replace("-", "_").replace(".", "_"), None)
        assert checker, f"there is no check for a block of the kind '{kind}'"
        self._stand.renew()
        checker(block)

    def kind_of(self, block):
        """Of a block that does not say it."""
        lines = [line for line in block.text.splitlines() if line.strip() and not line.startswith("#")]
        text = "\n".join(lines)
        if any(line.startswith("$ ") for line in lines):
            return "console"
        if lines[0].startswith("assay "):
            return "sh"
        if re.match(r"[a-z_]+ = ", lines[0]):
            return "main.cf"
        if MASTER_SERVICE.fullmatch(lines[0]):
            return "master.cf"
        if re.match(r"(dnl |(define|[A-Z_]+)\(`)", text):
            return "mc"
        if re.match(r"# /etc/assay/\w+$", block.first):
            return "names"
        return "shown"

    def check_sh(self, block):
        self._stand.run(block.text)

    def check_console(self, block):
        printed = "".join(self._stand.run(line[2:]) for line in block.text.splitlines() if line.startswith("$ "))
        # Cases of assay selftest have names, which must be right; what stands beside them is an example.
        known = set(re.findall(r"^  (?:ok|NOT) +(\S+)", printed, re.M))
        shown = set(re.findall(r"^  (?:ok|NOT) +(\S+)", block.text, re.M))
        assert shown <= known, f"there is no such case: {sorted(shown - known)}"

    def check_yaml(self, block):
        parsed = yaml.safe_load(self._stand.rewritten(block.text))
        if isinstance(parsed, dict) and MONITORING_KEYS & parsed.keys():
            assert block.page == "docs/monitoring.md", "a file of Prometheus stands where tests/monitoring does not look"
        elif isinstance(parsed, dict) and "cases" in parsed:
            self._check_file(block, "work/cases-of-block.yaml", ["policy", "test"])
        else:
            self._check_file(block, "etc/assay/block.yaml", ["config", "check"])

    def _check_file(self, block, name, verb):
        path = self._stand.folder / name
        self._stand.write(path, self._stand.rewritten(block.text))
        done = subprocess.run([BIN / "assay", *verb, path], capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr

    def check_names(self, block):
        name = block.first.removeprefix("# /etc/assay/")
        self._stand.write(self._stand.folder / "etc/assay" / name, block.text)
        self._stand.write(self._stand.folder / "etc/assay/block.yaml", f'arc: {{trusted_sealers: ["@{name}"]}}\n')
        self._stand.run("assay config check /etc/assay/block.yaml")

    def check_json(self, block):
        for text in [block.text] if block.text.startswith("{\n") else block.text.splitlines():
            json.loads(text)

    def check_ini(self, block):
        parser = configparser.ConfigParser(strict=False, delimiters="=", interpolation=None)
        parser.read_string(block.text)
        assert set(parser.sections()) <= SYSTEMD_SECTIONS, parser.sections()

    def check_prometheus(self, block):
        self.check_promql(block)

    def check_promql(self, block):
        """Its metrics are there; of a histogram its parts."""
        served = self._stand.run("curl http://127.0.0.1:9893/metrics")
        names = METRIC.findall(block.text)
        assert names, "it names no metric of ours"
        for name in names:
            assert re.search(rf"^(# TYPE )?{name}\b", served, re.M), f"there is no metric {name}"

    def check_main_cf(self, block):
        for line in block.text.splitlines():
            if not line.startswith("#"):
                name, _, value = line.partition(" = ")
                assert name in POSTFIX_PARAMETERS and value, f"not a parameter that a test of Postfix knows: {line}"

    def check_master_cf(self, block):
        for line in block.text.splitlines():
            assert MASTER_SERVICE.fullmatch(line) or re.fullmatch(r"  -o [a-z_]+=\S*", line), line

    def check_mc(self, block):
        for line in block.text.splitlines():
            assert MC_LINE.fullmatch(line), line

    def check_sieve(self, block):
        self.check_shown(block)

    def _check_field(self, block):
        """Each result of the field is among those of the list's message, as the sample has it."""
        entry = next(entry for entry in samples.load() if entry["name"] == "list-footer")
        printed = self._stand.run("assay verify --client-ip {client_ip} --helo {helo} --mail-from {mail_from} --json {path}".format(**entry))
        seen = json.loads(printed)["authentication_results"].split("; ")[1:]
        shown = " ".join(block.text.split()).split("; ")[1:]
        assert shown == seen, f"{shown}\n{seen}"

    def check_shown(self, block):
        if block.first.startswith(FIELD):
            self._check_field(block)
            return
        claim = next((path for page, start, path in CLAIMED if page == block.page and block.first.startswith(start)), None)
        if claim:
            text = (ROOT / claim).read_text(encoding="utf-8")
            assert block.page.rpartition("/")[2] in text, f"{claim} does not read {block.page}"
            return
        known = [words for start, words in SHOWN.get(block.page, []) if block.first.startswith(start)]
        assert known, "nobody claims this block: give it a tag, or list it in SHOWN or CLAIMED"
        for word in known[0]:
            assert word in self._source_text(), f"no program says '{word}'"

    def check_text(self, block):
        self.check_shown(block)

    def _source_text(self):
        if self._sources is None:
            folders = ("cli", "milter", "observe", "config", "policy", "resolver")
            text = "".join(path.read_text(encoding="utf-8") for folder in folders for path in sorted((ROOT / folder).glob("*.cpp")))
            # A literal may go on in the next line.
            self._sources = re.sub(r'"\s*\n\s*"', "", text)
        return self._sources
