"""A throw-away Sendmail: Debian's packages, unpacked and never installed, in a chroot of its own with its queue, its aliases and
its configuration, on a port of the loopback interface. What it delivers to its own users goes to a mailbox by LMTP.

Debian's Sendmail knows nothing like XCLIENT: loopback_clients.py tells how a client gets its address.

Starting it takes root, for the chroot; the daemon then runs as a user that exists in there alone.
"""

import contextlib
import os
import pathlib
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import threading
import time

import chroot
import loopback_clients
import unpacked
from lmtp_mailbox import LmtpMailbox
from mta import Mta, is_listening
from unpacked import Unavailable

BINARY = "usr/libexec/sendmail/sendmail"
USER_ID = 8888  # of smmta, which no host needs to have

# What a host would have in its sendmail.mc besides the lines under test. {placeholders} are filled in; quotes are m4's.
PROTOTYPE_MC = """\
include(_CF_DIR_`m4/cf.m4')dnl
include(_CF_DIR_`debian/autoconf.m4')dnl
OSTYPE(`debian')dnl
DOMAIN(`debian-mta')dnl
define(`confDOMAIN_NAME', `mx.example.net')dnl
define(`confSERVICE_SWITCH_FILE', `/etc/mail/service.switch')dnl
define(`confRUN_AS_USER', `smmta:smmta')dnl
define(`confCONTROL_SOCKET_NAME', `')dnl
define(`confHOST_STATUS_DIRECTORY', `')dnl
define(`confTO_IDENT', `0')dnl
define(`confLOG_LEVEL', `14')dnl
define(`ALIAS_FILE', `/etc/mail/aliases')dnl
define(`LOCAL_MAILER_PATH', `[IPC]')dnl
define(`LOCAL_MAILER_ARGS', `TCP [127.0.0.1] {mailbox_port}')dnl
MODIFY_MAILER_FLAGS(`LOCAL', `+zX')dnl by LMTP, dots doubled
MODIFY_MAILER_FLAGS(`LOCAL', `-w')dnl to users without an account, too
LOCAL_DOMAIN(`example.net')dnl
{names}
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`no_default_msa')dnl
{daemons}
define(`confAUTH_MECHANISMS', `PLAIN')dnl
TRUST_AUTH_MECH(`PLAIN')dnl
{lines}
MAILER_DEFINITIONS
MAILER(`local')dnl
MAILER(`smtp')dnl
"""
ETC = {
    "passwd": f"root:x:0:0::/:/bin/false\nsmmta:x:{USER_ID}:{USER_ID}::/:/bin/false\nmail:x:8:8::/:/bin/false\n",
    "group": f"root:x:0:\nsmmta:x:{USER_ID}:\nmail:x:8:\n",
    "hosts": "127.0.0.1 localhost\n",
    "nsswitch.conf": "hosts: files\npasswd: files\ngroup: files\n",  # No question leaves this host.
    "mail/service.switch": "hosts files\naliases files\n",
    "sasl2/Sendmail.conf": "pwcheck_method: saslauthd\nsaslauthd_path: /run/saslauthd/mux\nmech_list: PLAIN\n",
}


def unpack(build):
    """The root of an unpacked Sendmail below the folder `build`."""
    packages = ["sendmail-bin", "sendmail-cf", "sendmail-base", "m4", "libsasl2-modules"]
    return unpacked.unpack(build, "sendmail", packages, programs=[BINARY, "usr/bin/m4"])


class _Saslauthd:
    """What the SASL library asks whether a login and its password are right (its protocol is four texts, each behind its length
    in two octets, and an answer of that form): they are if the password is the login."""

    def __init__(self, path, logins):
        path.parent.mkdir(parents=True)
        self._logins = [login.encode() for login in logins]
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(str(path))
        path.chmod(0o666)
        self._socket.listen()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                with connection, connection.makefile("rb") as stream:
                    login, password, _, _ = [stream.read(int.from_bytes(stream.read(2), "big")) for _ in range(4)]
                    answer = b"OK" if login in self._logins and password == login else b"NO"
                    connection.sendall(len(answer).to_bytes(2, "big") + answer)

    def close(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()


class _Syslog:
    """What the programs in a chroot write to /dev/log there."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        path.chmod(0o666)
        self._socket.settimeout(0.1)
        self._lines = []
        self._closed = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        while not self._closed:
            with contextlib.suppress(socket.timeout):
                self._lines.append(self._socket.recv(65536).decode(errors="replace").rstrip("\n\0"))

    def close(self):
        self._closed = True
        self._thread.join()
        self._socket.close()

    def text(self):
        return "".join(line + "\n" for line in list(self._lines))


class Sendmail(Mta):
    """A running Sendmail. Use as a context manager, or call stop()."""

    def __init__(self, build, lines, *, aliases="", logins=(), nameserver=None):
        """`lines` go into sendmail.mc, among them INPUT_MAIL_FILTER(...); {port} in them is the port that it serves. `aliases` is
        the text of its aliases file. `logins` may authenticate, each with itself as password. With
        a `nameserver` it asks that address, as Debian's own sendmail.mc has it: it looks up the names in addresses."""
        if os.geteuid() != 0:
            raise Unavailable("Sendmail's chroot takes root")
        self.root = unpack(build)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="assay-sendmail-"))
        self.queue = self.folder / "var/spool/mqueue"
        self._process = None
        self._mailbox = LmtpMailbox()
        self._syslog = None
        self._saslauthd = None
        try:
            self._make_chroot(aliases, nameserver)
            self._syslog = _Syslog(self.folder / "dev/log")
            self._saslauthd = _Saslauthd(self.folder / "run/saslauthd/mux", logins)
            self._configure(lines, "" if nameserver else "FEATURE(`nocanonify')dnl")
            self.run("-bi", "-O", "RunAsUser=root")
            self._start()
        except BaseException:
            self.stop()
            raise

    def _make_chroot(self, aliases, nameserver):
        self.folder.chmod(0o755)
        chroot.add_programs(self.folder, self.root, [BINARY])
        for plugin in self.root.glob("usr/lib/*/sasl2/libplain.so*"):
            chroot.copy(plugin.resolve(), self.folder / plugin.relative_to(self.root))
        etc = {**ETC, "mail/aliases": aliases}
        if nameserver:
            etc |= {"resolv.conf": f"nameserver {nameserver}\n", "nsswitch.conf": ETC["nsswitch.conf"].replace("files", "files dns", 1),
                    "mail/service.switch": ETC["mail/service.switch"].replace("files", "files dns", 1)}
        for name, text in etc.items():
            chroot.write(self.folder / "etc" / name, text)
        for place in ("var/spool/mqueue", "var/lib/sendmail", "var/run/sendmail/mta"):
            (self.folder / place).mkdir(parents=True)
            os.chown(self.folder / place, USER_ID, USER_ID)
        self.queue.chmod(0o700)

    def _configure(self, lines, names):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        text = PROTOTYPE_MC
        daemons = "" if "DAEMON_OPTIONS" in lines else "DAEMON_OPTIONS(`Family=inet, Name=MTA, Port={port}, Addr=127.0.0.1')dnl"
        for name, value in {"lines": lines, "names": names, "daemons": daemons, "mailbox_port": self._mailbox.port, "port": self.port}.items():
            text = text.replace("{" + name + "}", str(value))
        (self.folder / "etc/mail/sendmail.mc").write_text(text)
        made = subprocess.run([self.root / "usr/bin/m4", f"-D_CF_DIR_={self.root}/usr/share/sendmail/cf/",
                               self.folder / "etc/mail/sendmail.mc"], capture_output=True, check=False)
        if made.returncode != 0 or b"ERROR" in made.stderr:
            raise AssertionError(f"m4 refuses the sendmail.mc: {made.stderr.decode(errors='replace')}")
        (self.folder / "etc/mail/sendmail.cf").write_bytes(made.stdout)

    def _command(self, *arguments):
        return ["chroot", self.folder, "/" + BINARY, "-C", "/etc/mail/sendmail.cf", *arguments]

    def run(self, *arguments):
        """What sendmail prints with those arguments."""
        done = subprocess.run(self._command(*arguments), env={"PATH": "/usr/sbin"}, capture_output=True, text=True, check=False,
                              timeout=60)
        if done.returncode != 0:
            raise AssertionError(f"sendmail {' '.join(arguments)}: {done.stdout}{done.stderr}{self.log_text()}")
        return done.stdout

    def _start(self):
        # A session of its own: it forks for each connection, and all of them end with it.
        self._process = subprocess.Popen(self._command("-bD"), env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}, stdin=subprocess.DEVNULL,
                                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
        deadline = time.monotonic() + 30
        while not is_listening(self.port):
            if self._process.poll() is not None:
                raise Unavailable(f"Sendmail does not start: {self._process.stderr.read().decode(errors='replace')}{self.log_text()}")
            if time.monotonic() > deadline:
                raise Unavailable(f"Sendmail does not answer: {self.log_text()[-3000:]}")
            time.sleep(0.05)

    def stop(self):
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                pass
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process.stderr.close()
        for helper in (self._syslog, self._saslauthd):
            if helper is not None:
                helper.close()
        self._mailbox.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log_text(self):
        return "" if self._syslog is None else self._syslog.text()

    @contextlib.contextmanager
    def session(self, *, client_ip=None, helo="client.example.org", login=None, port=None):
        """An SMTP session from the address that stands for `client_ip`; without one from 127.0.0.1. `port` is another than the
        one for mail from others."""
        source = "127.0.0.1" if client_ip is None else loopback_clients.address(client_ip)
        smtp = smtplib.SMTP("127.0.0.1", port or self.port, local_hostname=helo, timeout=60, source_address=(source, 0))
        try:
            smtp.command_encoding = "latin-1"  # Addresses are sent as the octets that a test gives.
            if login is not None:
                smtp.ehlo()
                smtp.user, smtp.password = login, login
                smtp.auth("PLAIN", smtp.auth_plain)
            yield smtp
        finally:
            smtp.close()

    def deliveries(self, count=1, timeout=30):
        """Waits for `count` copies in the mailbox, takes them out and returns them as (recipient, octets with LF)."""
        return [(recipient, text.replace(b"\r\n", b"\n")) for recipient, text in self._mailbox.take(count, timeout)]

    def delivered(self, count=1, timeout=30):
        return [text for _, text in self.deliveries(count, timeout)]

    def held(self):
        """The queue files of quarantined messages."""
        return sorted(self.queue.glob("hf*"))
