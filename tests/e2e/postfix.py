#!/usr/bin/python3
"""A throw-away Postfix: Debian's package, unpacked and never installed, on a port of the loopback interface, with its
queue in a temporary folder and every message delivered to one maildir.

As a program it serves until it is ended: postfix.py --build FOLDER --milter SOCKET [--port 2525]
Postfix only runs when started by root.
"""

import argparse
import contextlib
import grp
import os
import pathlib
import pwd
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import tempfile
import time

import unpacked
from delivered import Delivered
from mta import Mta, is_listening
from unpacked import Unavailable


OWN_LIBRARIES = "usr/lib/postfix"


def unpack(build):
    """The root of an unpacked Postfix below the folder `build`."""
    programs = ["usr/lib/postfix/sbin/smtpd", "usr/lib/postfix/sbin/cleanup"]
    return unpacked.unpack(build, "postfix", ["postfix"], programs=programs, libraries=[OWN_LIBRARIES])


def library_path(root):
    return unpacked.library_path(root, OWN_LIBRARIES)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _first_existing(lookup, names, avoid=()):
    for name in names:
        with contextlib.suppress(KeyError):
            entry = lookup(name)
            if name not in avoid:
                return entry
    raise Unavailable(f"none of these exists here: {', '.join(names)}")


MASTER_CF = """\
127.0.0.1:{port} inet n - {chroot} - - smtpd
cleanup    unix  n - n - 0 cleanup
qmgr       unix  n - n 300 1 qmgr
rewrite    unix  - - n - - trivial-rewrite
bounce     unix  - - n - 0 bounce
defer      unix  - - n - 0 bounce
trace      unix  - - n - 0 bounce
verify     unix  - - n - 1 verify
flush      unix  n - n 1000? 0 flush
proxymap   unix  - - n - - proxymap
error      unix  - - n - - error
retry      unix  - - n - - error
discard    unix  - - n - - discard
virtual    unix  - n n - - virtual
anvil      unix  - - n - 1 anvil
scache     unix  - - n - 1 scache
showq      unix  n - n - - showq
postlog    unix-dgram n - n - 1 postlogd
"""


class Postfix(Mta):
    """A running Postfix. Use as a context manager, or call stop()."""

    def __init__(self, build, milter, *, port=None, settings=None, services="", chroot=False):
        """`milter` in Postfix's notation (inet:HOST:PORT or unix:PATH), empty for none; `settings` go into main.cf, `services` into
        master.cf. With `chroot` smtpd runs in the queue's folder, as Debian's does."""
        if os.geteuid() != 0:
            raise Unavailable("Postfix must be started by root")
        self.root = unpack(build)
        self.port = port or free_port()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="assay-postfix-"))
        self.folder.chmod(0o755)  # the user that Postfix runs as must pass
        self.maildir = self.folder / "mail/inbox"
        self.log = self.folder / "log"
        self.queue = self.folder / "queue"
        self._process = None
        try:
            self._configure(milter, settings or {}, MASTER_CF.format(port=self.port, chroot="y" if chroot else "n") + services)
            self._start()
        except BaseException:
            self.stop()
            raise

    def _configure(self, milter, settings, services):
        # Any account will do that is neither root, nor nobody, nor shares its group with the mailbox owner.
        owner = _first_existing(pwd.getpwnam, ["postfix", "uucp", "news", "proxy", "daemon"])
        mailbox = _first_existing(pwd.getpwnam, ["mail", "games", "man"])
        setgid = _first_existing(grp.getgrnam, ["postdrop", "voice", "tape", "operator"])
        config = self.folder / "etc"
        config.mkdir()
        values = {
            "compatibility_level": "3.6",
            "queue_directory": self.queue,
            "data_directory": self.folder / "data",
            "daemon_directory": self.root / "usr/lib/postfix/sbin",
            "command_directory": self.root / "usr/sbin",
            "shlib_directory": self.root / "usr/lib/postfix",
            "meta_directory": config,
            "import_environment": f"MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ LANG=C POSTLOG_SERVICE POSTLOG_HOSTNAME "
                                  f"LD_LIBRARY_PATH={library_path(self.root)}",
            "maillog_file": self.log,
            "maillog_file_prefixes": self.folder,
            "mail_owner": owner.pw_name,
            "setgid_group": setgid.gr_name,
            "myhostname": "mx.example.net",
            "inet_interfaces": "127.0.0.1",
            "inet_protocols": "ipv4",
            "mynetworks": "127.0.0.0/8",
            "mydestination": "",
            "alias_maps": "",
            "alias_database": "",
            "virtual_mailbox_domains": "example.net",
            "virtual_mailbox_base": self.folder / "mail",
            "virtual_mailbox_maps": "static:inbox/",
            "virtual_minimum_uid": "1",
            "virtual_uid_maps": f"static:{mailbox.pw_uid}",
            "virtual_gid_maps": f"static:{mailbox.pw_gid}",
            "virtual_mailbox_limit": "0",
            "default_transport": "discard:",
            "relay_transport": "discard:",
            "disable_dns_lookups": "yes",
            "smtpd_peername_lookup": "no",
            "smtpd_relay_restrictions": "permit_sasl_authenticated, reject_unauth_destination",
            "smtpd_authorized_xclient_hosts": "127.0.0.1",
            "smtpd_client_event_limit_exceptions": "0.0.0.0/0",
            "smtpd_milters": milter,
            # Nobody's missing header fields are added: the real client is always local, whatever XCLIENT says.
            "local_header_rewrite_clients": "",
            "smtputf8_enable": "yes",
            "header_size_limit": "300000",
            "message_size_limit": "60000000",
            "in_flow_delay": "0",
            **settings,
        }
        (config / "main.cf").write_text("".join(f"{name} = {value}\n" for name, value in values.items()))
        (config / "master.cf").write_text(services)
        for name in ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace"):
            self._make(self.queue / name, 0o700, owner.pw_uid, 0)
        self._make(self.queue / "maildrop", 0o730, owner.pw_uid, setgid.gr_gid)
        self._make(self.queue / "public", 0o710, owner.pw_uid, setgid.gr_gid)
        self._make(self.queue / "pid", 0o755, 0, 0)
        self._make(self.folder / "data", 0o700, owner.pw_uid, owner.pw_gid)
        for name in ("", "new", "cur", "tmp"):
            self._make(self.maildir / name, 0o700, mailbox.pw_uid, mailbox.pw_gid)

    @staticmethod
    def _make(path, mode, uid, gid):
        path.mkdir(parents=True, exist_ok=True)
        os.chown(path, uid, gid)
        path.chmod(mode)

    def _start(self):
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LD_LIBRARY_PATH": library_path(self.root)}
        # -s: it does not detach; a session of its own, since it ends its process group when it ends.
        self._process = subprocess.Popen([self.root / "usr/lib/postfix/sbin/master", "-s", "-c", self.folder / "etc"],
                                         env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                         stderr=subprocess.PIPE, start_new_session=True)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise Unavailable(f"Postfix does not start: {self._process.stderr.read().decode(errors='replace')}{self.log_text()}")
            if is_listening(self.port):
                return
            time.sleep(0.05)
        raise Unavailable(f"Postfix does not answer: {self.log_text()}")

    def run(self, program, *arguments):
        """What one of Postfix's commands prints with those arguments."""
        command = [self.root / "usr/sbin" / program, "-c", self.folder / "etc", *arguments]
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LD_LIBRARY_PATH": library_path(self.root)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
        if done.returncode != 0:
            raise AssertionError(f"{program} {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def stop(self):
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
        if self._process is not None:
            self._process.stderr.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    @contextlib.contextmanager
    def session(self, *, client_ip=None, helo="client.example.org", login=None, name=None, port=None):
        """An SMTP session that claims to come from `client_ip` (XCLIENT); without one it is a local client's. `port` is another than
        the one for mail from others."""
        smtp = smtplib.SMTP("127.0.0.1", port or self.port, local_hostname=helo, timeout=60)
        try:
            # Addresses are sent as the octets that a test gives.
            smtp.command_encoding = "latin-1"
            if client_ip is not None:
                smtp.ehlo("tester")
                attributes = [f"ADDR={client_ip}", f"NAME={name or '[UNAVAILABLE]'}"] + ([f"LOGIN={login}"] if login else [])
                code, text = smtp.docmd("XCLIENT", " ".join(attributes))
                if code != 220:
                    raise AssertionError(f"XCLIENT: {code} {text!r}")
                smtp.ehlo_resp = None  # That client has not greeted yet.
            yield smtp
        finally:
            smtp.close()

    def delivered(self, count=1, timeout=30):
        """Waits for `count` messages in the maildir, takes them out and returns their octets."""
        deadline = time.monotonic() + timeout
        while True:
            files = sorted((self.maildir / "new").iterdir(), key=lambda path: path.stat().st_mtime_ns)
            if len(files) >= count or time.monotonic() > deadline:
                break
            time.sleep(0.02)
        texts = []
        for path in files:
            texts.append(path.read_bytes())
            path.unlink()
        return texts

    def deliveries(self, count=1, timeout=30):
        """The same as (recipient, octets)."""
        return [(Delivered(text).all("Delivered-To")[0].strip(), text) for text in self.delivered(count, timeout)]

    def held(self):
        """The queue files on hold."""
        return [path for path in (self.queue / "hold").rglob("*") if path.is_file()]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--milter", default="")
    parser.add_argument("--port", type=int, default=2525)
    arguments = parser.parse_args()
    stopped = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.append(True))
    try:
        with Postfix(arguments.build, arguments.milter, port=arguments.port) as postfix:
            print(f"Postfix listens on 127.0.0.1:{postfix.port}; mail for @example.net goes to {postfix.maildir}", flush=True)
            while not stopped:
                time.sleep(0.2)
    except Unavailable as why:
        print(f"postfix.py: {why}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
