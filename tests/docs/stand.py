"""A sandbox in which the commands of the documents run: a root of its own for the paths that they name, a running assayd with records of
the sample messages, files of the names that they use, and nothing else on PATH than what is listed here."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))

import daemon  # noqa: E402  pylint: disable=wrong-import-position
import milter  # noqa: E402  pylint: disable=wrong-import-position
import samples  # noqa: E402  pylint: disable=wrong-import-position
import stand_ins  # noqa: E402  pylint: disable=wrong-import-position

BIN = daemon.BIN
# Run as they are. What is neither here nor among the stand-ins is not found, and the test fails.
TOOLS = ["bash", "cat", "cp", "env", "false", "grep", "head", "install", "jq", "ls", "mkdir", "mv", "rm", "sed", "sha256sum", "sort", "tail",
         "tee", "timeout", "true", "uniq", "wc", "zcat", "gzip"]
# The roots of absolute paths that documents name.
OURS = re.compile(r"(?<![\w./])/(?=etc/|usr/share/doc/assay/config/examples|var/log/assay|run/assay|var/spool/postfix/assay)")
QUEUE_ID = re.compile(r"assay explain (?:--\S+ )*([0-9A-Za-z]{6,20})\b")
SECONDS = 30
MAX_SHOWN = 2000

# The configuration that commands find; the partner of README.md and docs/policy-test.md.
CONFIG = """authserv_id: mx.example.net
local: {networks: []}
policy:
  rules:
    - name: partner-invoices
      when: {from_domain: example.com, client_ip: 192.0.2.0/24}
      then: accept
"""
CASES = """config: assay.yaml
cases:
  - name: from the partner's network
    facts: {from_domain: example.com, dmarc: fail, client_ip: 192.0.2.17}
    expect: {action: accept, rule: partner-invoices}
"""
OTHERS = {
    "opendkim.conf": "Mode sv\nSocket inet:8891@localhost\n",
    "opendmarc.conf": "AuthservID mx.example.net\nRejectFailures true\n",
    "openarc.conf": "Mode v\n",
    "opendmarc/ignore.hosts": "127.0.0.1\n",
    "postfix-policyd-spf-python/policyd-spf.conf": "debugLevel = 1\nHELO_reject = Fail\n",
}


class Stand:
    def __init__(self, pages):
        # `limits` and `policy` as by default, so that assay selftest finds what it expects.
        self.daemon = daemon.Daemon("local: {networks: []}\nmetrics: {listen: 127.0.0.1:%d}\n" % (port := daemon.free_port()))
        self._metrics = f"127.0.0.1:{port}"
        self.folder = self.daemon.folder / "sandbox"
        self.work = self.folder / "work"
        self._send_mail(QUEUE_ID.findall("\n".join(pages)))
        self._make_roots()
        self._make_work()
        self._make_path()
        self._kept = self.daemon.folder / "kept"
        for name in ("etc", "work"):
            shutil.copytree(self.folder / name, self._kept / name, symlinks=True)

    def renew(self):
        """What a block wrote is gone for the next."""
        for name in ("etc", "work"):
            shutil.rmtree(self.folder / name)
            shutil.copytree(self._kept / name, self.folder / name, symlinks=True)

    def stop(self):
        self.daemon.stop()

    def rewritten(self, text):
        """With the sandbox's paths, and the sockets of its daemon."""
        return OURS.sub(f"{self.folder}/", text).replace("inet:8893@127.0.0.1", self.daemon.socket).replace("127.0.0.1:9893", self._metrics)

    def run(self, script):
        """Runs a script of the documents; what it printed. An AssertionError if it failed."""
        done = subprocess.run(["/usr/bin/bash", "-euo", "pipefail", "-c", self.rewritten(script)], cwd=self.work, env=self.environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=SECONDS)
        if done.returncode != 0:
            raise AssertionError(f"exit status {done.returncode}\n{(done.stdout + done.stderr)[-MAX_SHOWN:]}")
        return done.stdout

    def _send_mail(self, queue_ids):
        entries = samples.load()
        named = [(queue_id, entries[0]) for queue_id in dict.fromkeys(queue_ids)]
        for queue_id, entry in [(entry["name"], entry) for entry in entries] + named:
            with milter.Milter(self.daemon.address) as client:
                client.connect(entry["client_ip"].encode())
                client.helo(entry["helo"].encode())
                header, _, body = entry["path"].read_bytes().replace(b"\r\n", b"\n").partition(b"\n\n")
                fields = [tuple(field.split(b":", 1)) for field in re.split(rb"\n(?![ \t])", header)]
                client.message(fields, body.replace(b"\n", b"\r\n"), mail_from=entry["mail_from"].encode(), queue_id=queue_id.encode())
            self.daemon.record_of(queue_id)

    def _make_roots(self):
        etc = self.folder / "etc"
        zones = f"dns: {{zones: {json.dumps(self.daemon.zone)}}}\n"
        for name in ("assay/assay.yaml", "assay/new.yaml", "assay/old.yaml"):
            self.write(etc / name, CONFIG + zones)
        self.write(etc / "assay/cases.yaml", CASES)
        self.write(etc / "assay/partners", "example.net\n*.example.org\n")
        self.write(etc / "assay/partner-networks", "192.0.2.0/24\n")
        (etc / "assay/assay.d").mkdir()
        for name, text in OTHERS.items():
            self.write(etc / name, text)
        log = self.folder / "var/log/assay"
        for name in ("decisions.json", "decisions.json.1", "records.json"):
            self.write(log / name, "".join(json.dumps(record) + "\n" for record in self.daemon.records()))
        shutil.copytree(ROOT / "config/examples", self.folder / "usr/share/doc/assay/config/examples")
        (self.folder / "run/assay").mkdir(parents=True)
        (self.folder / "run/assay/control.sock").symlink_to(self.daemon.folder / "control.sock")
        shutil.copy(samples.ZONE, self.folder / "zone")

    def _make_work(self):
        self.work.mkdir()
        shutil.copytree(ROOT / "config/examples", self.work / "config/examples")
        for name in ("assay.yaml", "new.yaml", "old.yaml", "cases.yaml"):
            shutil.copy(self.folder / "etc/assay" / name, self.work)
        for name in ("message.eml", "mail.eml"):
            shutil.copy(samples.FOLDER / "dkim-tampered.eml", self.work / name)
        shutil.copy(samples.FOLDER / "pass-all.eml", self.work / "as-sent.eml")
        shutil.copy(samples.ZONE, self.work / "example.com.zone")
        # The partner's of the examples.
        shutil.copy(ROOT / "config/examples/messages/partner-invoice.eml", self.work / "invoice.eml")
        shutil.copy(ROOT / "config/examples/messages/zone", self.work)
        shutil.copy(self.folder / "var/log/assay/decisions.json", self.work)

    def _make_path(self):
        path = self.folder / "bin"
        path.mkdir()
        for name in TOOLS:
            (path / name).symlink_to(shutil.which(name) or f"/nowhere/{name}")
        for name in stand_ins.STAND_INS:
            self._stand_in(path / name)
        (path / "assayd").symlink_to(daemon.BIN / "assayd")
        for name in ("run", "test", "tests/tools/install-packages"):
            self._stand_in(self.work / name)
        # A build that is not installed yet.
        self._stand_in(self.work / "build/release/bin/assay")
        (self.work / "build/release/bin/assayd").symlink_to(daemon.BIN / "assayd")
        self.environment = {"PATH": str(path), "HOME": str(self.work), "LC_ALL": "C.UTF-8", "ASSAY_DOCS_ROOT": str(ROOT),
                            "ASSAY_DOCS_FOLDER": str(self.folder), "ASSAY_DOCS_ASSAY": str(daemon.BIN / "assay"),
                            **{name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}}

    @staticmethod
    def _stand_in(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(pathlib.Path(stand_ins.__file__).resolve())

    @staticmethod
    def write(path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
