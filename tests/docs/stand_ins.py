#!/usr/bin/python3 -BI
"""Programs that the documents name and no test may run: each stand-in checks what can be checked of its arguments, and does nothing.

It runs under the name of the program that it stands in for. ASSAY_DOCS_ROOT is the source, ASSAY_DOCS_FOLDER the sandbox."""

# What few of them need is imported there: most of what a stand-in takes is its start.
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(os.environ.get("ASSAY_DOCS_ROOT", "."))
FOLDER = pathlib.Path(os.environ.get("ASSAY_DOCS_FOLDER", "."))
SYSTEMCTL = {"reload", "start", "stop", "restart", "enable", "disable", "edit", "status", "is-active", "daemon-reload", "show", "try-restart"}


def refuse(why):
    sys.exit(f"{pathlib.Path(sys.argv[0]).name}: {why}")


def words(arguments):
    return [word for word in arguments if not word.startswith("-")]


def run(program, *arguments):
    sys.exit(subprocess.run([program, *arguments], check=False).returncode)


def found_is_done(program, *arguments):
    """A program whose status 1 means that it found something."""
    status = subprocess.run([program, *arguments], check=False).returncode
    sys.exit(0 if status == 1 else status)


def sudo(*arguments):
    os.execvp(arguments[0], arguments)


def systemctl(*arguments):
    verb, *units = words(arguments)
    if verb not in SYSTEMCTL:
        refuse(f"is there a verb {verb}?")
    for unit in units:
        name = re.sub(r"@.*?(\.|$)", r"@\1", unit) if "@" in unit else unit
        name = name if name.endswith((".socket", ".service", ".timer")) else name + ".service"
        # Those of an MTA are not ours.
        if name not in ("postfix.service", "sendmail.service") and not list((ROOT / "systemd").glob(name + "*")) \
                and not list((ROOT / "systemd").glob(name.replace("@", "") + "*")):
            refuse(f"there is no unit {unit}")


def tells_options(script):
    """A script of the repository that names each option that it is given."""
    def check(*arguments):
        text = (ROOT / script).read_text(encoding="utf-8")
        for word in arguments:
            if not (word in text if word.startswith("-") else (ROOT / word).exists()):
                refuse(f"{script} knows no {word}")
    return check


def cmake(*arguments):
    import json  # pylint: disable=import-outside-toplevel

    presets = json.loads((ROOT / "CMakePresets.json").read_text(encoding="utf-8"))["configurePresets"]
    known = {preset["name"] for preset in presets}
    for option, value in zip(arguments, arguments[1:]):
        if option == "--preset" and value not in known:
            refuse(f"there is no preset {value}")
        if option in ("--install", "--build") and value != "--preset" and not re.fullmatch(r"build/\w+", value):
            refuse(f"{value} is no folder of a build")


def curl(*arguments):
    import urllib.request  # pylint: disable=import-outside-toplevel

    for address in words(arguments):
        with urllib.request.urlopen(address, timeout=10) as answer:
            sys.stdout.write(answer.read().decode())


def netcat(*arguments):
    """nc -U SOCKET: the first line of the answer."""
    import socket  # pylint: disable=import-outside-toplevel

    with socket.socket(socket.AF_UNIX) as client:
        client.connect(words(arguments)[-1])
        client.sendall(sys.stdin.buffer.read())
        sys.stdout.write(client.makefile().readline())


def assay(*arguments):
    """The tool itself, which may ask no DNS and finds the sandbox's daemon."""
    program, verb, given = os.environ["ASSAY_DOCS_ASSAY"], arguments[0] if arguments else "", set(arguments)
    more, command = [], [program]
    if verb in ("verify", "spf") and not given & {"--zone", "--dns", "--config"}:
        more = ["--zone", str(FOLDER / "zone")]
    elif verb in ("status", "top", "tail") and "--socket" not in given:
        more = ["--socket", str(FOLDER / "run/assay/control.sock")]
    elif verb == "explain" and not given & {"--records", "--socket"}:
        more = ["--records", str(FOLDER / "var/log/assay/decisions.json")]
    if verb == "tail":  # It waits for mail, and there is none.
        command = ["timeout", "--preserve-status", "--signal=INT", "0.5", program]
    status = subprocess.run([*command, *arguments, *more], check=False).returncode
    # Rules to suggest, problems to show: it did what it was asked to.
    fine = {"suggest": {1}, "tail": {130, -2}}.get(arguments[1] if verb == "policy" else verb, set())
    sys.exit(0 if status in fine else status)


def nothing(*_):
    pass


# Each with the reason why the program itself is not run, or what is special about it.
STAND_INS = {
    "assay": assay,  # asks no real DNS, and finds the sandbox's daemon
    "sudo": sudo,  # the sandbox needs no root
    "diff": lambda *arguments: found_is_done("/usr/bin/diff", *arguments),  # the documents want differences
    "systemctl": systemctl,  # needs a running systemd: tests/systemd
    "systemd-sysusers": nothing, "systemd-tmpfiles": nothing,  # change the host: tests/systemd
    "journalctl": nothing,  # the journal is the host's: tests/e2e/test_control.py
    "adduser": nothing, "apt": nothing, "dpkg-reconfigure": nothing,  # change the host: tests/packaging
    "cmake": cmake,  # this very build
    "cpack": nothing,  # tests/packaging
    "run": tells_options("run"), "test": tells_options("test"),  # minutes, and packages from the net: CI runs them
    "install-packages": tells_options("tests/tools/install-packages"),
    "postqueue": nothing, "postsuper": nothing, "mailq": nothing, "sendmail": nothing, "postfix": nothing,  # tests/e2e/test_recipes.py
    "curl": curl, "nc": netcat,  # need not be there
    # Filters behind assayd and monitors: tests/e2e/test_spamassassin.py, tests/monitoring
    "promtool": nothing, "amtool": nothing, "docker": nothing,
}

if __name__ == "__main__":
    STAND_INS[pathlib.Path(sys.argv[0]).name](*sys.argv[1:])
