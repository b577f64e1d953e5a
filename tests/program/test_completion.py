#!/usr/bin/python3
"""The completion of both programs in a real shell: test_completion.py bash|zsh|fish. What the shell would insert, as it says itself."""

import os
import pathlib
import pty
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

BIN = pathlib.Path(os.environ["ASSAY_BIN"])
SHELL = sys.argv.pop(1)
SKIPPED = 77
PATIENCE = 60  # seconds

# The program of the name is a function that writes its arguments to a file, one a line; a key inserts all completions of a word.
START = {
    "bash": (["bash", "--noprofile", "--norc", "-i"], "source {script}\n", b"\x1b*"),
    "zsh": (["zsh", "-f", "-i"],
            "autoload -U compinit; compinit -u -D; source {script}; insert_all() {{ _main_complete; compstate[insert]=all; }}; "
            "zle -C insert-all complete-word insert_all; bindkey '^Xa' insert-all\n", b"\x18a"),
}


def completions(script, line, folder):
    """The words into which the shell turns the last word of `line`."""
    program = line.split()[0]
    if SHELL == "fish":
        done = subprocess.run(["fish", "--no-config", "--command", f"source {script}; complete --do-complete '{line}'"], cwd=folder,
                              capture_output=True, text=True, check=False, timeout=PATIENCE, env={**os.environ, "HOME": str(folder)})
        assert (done.returncode, done.stderr) == (0, ""), done
        return {word.split("\t")[0].rstrip("/") for word in done.stdout.splitlines()}
    command, setup, key = START[SHELL]
    with tempfile.TemporaryDirectory(prefix="assay-completion-") as place:
        result = pathlib.Path(place) / "result"
        controller, terminal = pty.openpty()
        shell = subprocess.Popen(command, cwd=folder, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True,
                                 env={**os.environ, "INPUTRC": "/dev/null", "TERM": "dumb", "HOME": place, "PS1": "", "HISTFILE": ""})
        os.close(terminal)
        try:
            os.write(controller, (f"{program}() {{ printf '%s\\n' \"$@\" > {result}.new; mv {result}.new {result}; }}\n"
                                  + setup.format(script=script)).encode())
            os.write(controller, line.encode() + key + b"\n")
            until = time.monotonic() + PATIENCE
            while not result.exists():
                assert time.monotonic() < until and shell.poll() is None, os.read(controller, 65536).decode(errors="replace")
                time.sleep(0.02)
            given = line.split()[1:] if line.endswith(" ") else line.split()[1:-1]
            words = result.read_text(encoding="utf-8").splitlines()
            assert words[:len(given)] == given, words
            return {word.rstrip("/") for word in words[len(given):]}
        finally:
            shell.kill()
            shell.wait()
            os.close(controller)


class Completion(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="assay-completion-")))
        cls.scripts = {}
        for program, argument in (("assay", "completion"), ("assayd", "--completion")):
            script = cls.folder / f"script-{program}"
            script.write_bytes(subprocess.run([BIN / program, argument, SHELL], check=True, capture_output=True, timeout=60).stdout)
            subprocess.run([SHELL, "-n", script], check=True, timeout=60)
            cls.scripts[program] = script
        cls.empty = cls.folder / "place"
        for path in ("a.eml", "b.zone", "under/c.eml"):
            (cls.empty / path).parent.mkdir(parents=True, exist_ok=True)
            (cls.empty / path).write_text("")

    def complete(self, line):
        return completions(self.scripts[line.split()[0]], line, self.empty)

    def test_verbs(self):
        verbs = self.complete("assay ")
        self.assertLessEqual({"verify", "spf", "config", "policy", "selftest", "completion"}, verbs)
        self.assertNotIn("a.eml", verbs)
        self.assertEqual(self.complete("assay ver"), {"verify"})
        self.assertEqual(self.complete("assay config "), {"check", "show", "reference", "schema", "example", "migrate"})
        self.assertEqual(self.complete("assay policy l"), {"lint"})

    def test_options(self):
        self.assertLessEqual({"--client-ip", "--zone", "--explain", "--dump-canonical", "--help"},
                             {word.rstrip("=") for word in self.complete("assay verify --")})
        self.assertEqual(self.complete("assay verify --exp"), {"--explain"})
        # Of that verb, not of another, nor of the program.
        self.assertEqual({word.rstrip("=") for word in self.complete("assay policy suggest --m")}, {"--min"})
        # The value of an option is no verb.
        self.assertEqual(self.complete("assay verify --helo spf --exi"), {"--exit-code"})
        self.assertLessEqual({"--config", "--check", "--foreground"}, {word.rstrip("=") for word in self.complete("assayd --")})

    def test_files(self):
        everything = {"a.eml", "b.zone", "under"}
        for line in ("assay verify ", "assay verify --zone ", "assay config check ", "assay policy test --config ", "assayd --config "):
            with self.subTest(line=line):
                self.assertEqual(self.complete(line), everything)
        self.assertEqual(self.complete("assay verify --json a"), {"a.eml"})
        self.assertEqual(self.complete("assay verify --dump-canonical "), {"under"})
        # Nothing is known of a name or an address.
        self.assertEqual(self.complete("assay verify --helo "), set())

    def test_shells(self):
        shells = {"bash", "zsh", "fish"}
        for line in ("assay completion ", "assayd --completion "):
            with self.subTest(line=line):
                self.assertEqual(self.complete(line), shells)
                self.assertEqual(self.complete(line + "z"), {"zsh"})

    def test_the_installed_one_is_the_printed_one(self):
        for program, script in self.scripts.items():
            installed = BIN.parent / "completions" / f"{program}.{SHELL}"
            self.assertEqual(installed.read_bytes(), script.read_bytes())


if __name__ == "__main__":
    if not shutil.which(SHELL):
        print(f"skipped: there is no {SHELL} (package {SHELL})")
        sys.exit(SKIPPED)
    unittest.main()
