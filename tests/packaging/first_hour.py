#!/usr/bin/python3
"""The first hour with assay, from source, on a Debian 12 where nothing is but systemd: a clone of this checkout, the commands that
docs/install.md has for it, Postfix with the lines of docs/quickstart.md, a genuine and a forged message. Prints what each step took.

By hand, as root; it compiles everything, and needs some 3 GB in the build folder. Not part of ctest."""

import argparse
import pathlib
import subprocess
import sys
import tempfile
import time

import bare_debian

ROOT = pathlib.Path(__file__).resolve().parents[2]
for folder in ("docs", "systemd"):
    sys.path.insert(0, str(ROOT / "tests" / folder))
import blocks  # noqa: E402  pylint: disable=wrong-import-position
import container  # noqa: E402  pylint: disable=wrong-import-position

CLONE = "root/assay"
# The DNS of the samples, which the daemon may read there, and nobody is local: XCLIENT says from where the messages come.
CONFIG = """authserv_id: mx.example.net
dns: {zones: [/etc/assay/zone]}
local: {networks: []}
"""
SEND = f"python3 /{CLONE}/tests/e2e/send.py --port 25 --mail-from office@reject.example"
SAMPLES = f"/{CLONE}/tests/vectors/samples"


def section(page, heading):
    """The blocks of a page below a heading."""
    text = (ROOT / page).read_text(encoding="utf-8")
    start = text.index(f"\n## {heading}\n")
    return [block.text for block in blocks.read(text[start:text.find("\n## ", start + 1)], page)]


def commands():
    """To build, and to install; as root, so without sudo."""
    lines = section("docs/install.md", "From source")[0].replace("sudo ", "").splitlines(keepends=True)
    start = next(number for number, line in enumerate(lines) if line.startswith("cmake --install"))
    return "".join(lines[:start]), "".join(lines[start:])


def step(name, work):
    print(f"=== {name}", flush=True)
    start = time.monotonic()
    work()
    print(f"=== {name}: {(time.monotonic() - start) / 60:.1f} minutes", flush=True)


def in_folder(root, script):
    """Runs a script in that root, out of the way of others, with the network of this host."""
    mounts = 'mount -t proc proc "$1/proc"; mount --rbind /dev "$1/dev"; exec chroot "$1" /bin/bash -euxo pipefail -c "$2"'
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive",
                   "CMAKE_BUILD_PARALLEL_LEVEL": "2"}
    subprocess.run(["nice", "-n", "15", "unshare", "--mount", "--propagation", "private", "sh", "-ec", mounts, "sh", root, script],
                   check=True, stdin=subprocess.DEVNULL, env=environment)


def serve(root, install):
    """What is installed, under a systemd of its own, and what Postfix makes of two messages."""
    with container.Container(root, private_network=True) as box:
        def run(script, check=True):
            print(f"+ {script.strip()}", flush=True)
            done = box.run("bash", "-euo", "pipefail", "-c", script, check=check, timeout=300)
            print(done.stdout + done.stderr, end="", flush=True)
            return done

        step("install", lambda: run(f"cd /{CLONE}\n{install}"))
        run("systemctl is-active assayd && assay status")
        (box.root / "etc/assay/assay.yaml").write_text(CONFIG, encoding="utf-8")
        run(f"cp {SAMPLES}/zone /etc/assay; assay config check /etc/assay/assay.yaml && systemctl reload assayd && assay status")
        lines = next(block for block in section("docs/quickstart.md", "3. Tell the MTA") if block.startswith("smtpd_milters"))
        with (box.root / "etc/postfix/main.cf").open("a", encoding="utf-8") as file:
            file.write(f"{lines}smtpd_authorized_xclient_hosts = 127.0.0.1\nmydestination = example.net\nlocal_recipient_maps =\n")
        run("systemctl restart postfix")
        genuine = run(f"{SEND} --client-ip 192.0.2.10 --helo mail.reject.example {SAMPLES}/pass-all.eml", check=False)
        forged = run(f"{SEND} --client-ip 198.51.100.7 {SAMPLES}/fail-reject.eml", check=False)
        run("journalctl --no-pager --unit=assayd")
        run("assay selftest --socket inet:8893@127.0.0.1 --config /etc/assay/assay.yaml | tail -n 3")
        assert genuine.stdout.startswith("250 "), genuine.stdout
        assert forged.stdout.startswith("550 5.7.1 "), forged.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help="the folder that holds the bare Debian, or will")
    folder = parser.parse_args().build
    build, install = commands()
    with tempfile.TemporaryDirectory(prefix="first-hour-", dir=folder) as name:
        root = pathlib.Path(name) / "root"
        step("a bare Debian", lambda: subprocess.run(["cp", "-a", bare_debian.root(folder), root], check=True))
        # "From a clone": git is there, and so is Postfix, which does not serve yet.
        step("git and Postfix", lambda: in_folder(root, "apt-get -qq update; apt-get -qq install --no-install-recommends git postfix"))
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", ROOT, root / CLONE], check=True)
        step("packages and build", lambda: in_folder(root, f"chown -R root: /{CLONE}; cd /{CLONE}\n{build}"))
        serve(root, install)


if __name__ == "__main__":
    main()
