"""A throw-away Sendmail: Debian's packages, unpacked and never installed, in a chroot of its own with its queue, its aliases and
its configuration, on a port of the loopback interface. What it delivers to its own users goes to a mailbox by LMTP.

Debian's Sendmail knows nothing like XCLIENT: loopback_clients.py tells how a client gets its address.

Starting it takes root, for the chroot; the daemon then runs as a user that exists in there alone.
"""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import threading
import time

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
MODIFY_MAILER_FLAGS(`LOCAL', `+z')dnl by LMTP
MODIFY_MAILER_FLAGS(`LOCAL', `-w')dnl to users without an account, too
LOCAL_DOMAIN(`example.net')dnl
FEATURE(`nocanonify')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`no_default_msa')dnl
DAEMON_OPTIONS(`Family=inet, Name=MTA, Port={port}, Addr=127.0.0.1')dnl
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
}


def unpack(build):
    """The root of an unpacked Sendmail below the folder `build`."""
    return unpacked.unpack(build, "sendmail", ["sendmail-bin", "sendmail-cf", "sendmail-base", "m4"], programs=[BINARY, "usr/bin/m4"])


def _copy(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy(source, target)


def _libraries(root):
    """The files that the dynamic linker loads for Sendmail, by the path at which it looks for them in a chroot."""
    environment = {"PATH": "/usr/bin:/bin", "LD_LIBRARY_PATH": unpacked.library_path(root)}
    listed = subprocess.run(["ldd", root / BINARY], env=environment, capture_output=True, text=True, check=True).stdout
    for line in listed.splitlines():
        if found := re.match(r"\s*(?:\S+ => )?(/\S+)", line):
            path = pathlib.Path(found[1])
            is_linker = path.name.startswith("ld-linux")
            yield path.resolve(), (str(path)[1:] if is_linker else f"usr/lib/{path.name}")


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

    def __init__(self, build, lines, *, aliases=""):
        """`lines` go into sendmail.mc, among them INPUT_MAIL_FILTER(...); `aliases` is the text of its aliases file."""
        if os.geteuid() != 0:
            raise Unavailable("Sendmail's chroot takes root")
        self.root = unpack(build)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="assay-sendmail-"))
        self.queue = self.folder / "var/spool/mqueue"
        self._process = None
        self._mailbox = LmtpMailbox()
        self._syslog = None
        try:
            self._make_chroot(aliases)
            self._syslog = _Syslog(self.folder / "dev/log")
            self._configure(lines)
            self._run("-bi", "-O", "RunAsUser=root")
            self._start()
        except BaseException:
            self.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _make_chroot(self, aliases):
        self.folder.chmod(0o755)
        _copy(self.root / BINARY, self.folder / "usr/sbin/sendmail")
        for source, place in _libraries(self.root):
            _copy(source, self.folder / place)
        (self.folder / "lib").symlink_to("usr/lib")
        for name, text in {**ETC, "mail/aliases": aliases}.items():
            path = self.folder / "etc" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        for place in ("var/spool/mqueue", "var/lib/sendmail", "var/run/sendmail/mta"):
            (self.folder / place).mkdir(parents=True)
            os.chown(self.folder / place, USER_ID, USER_ID)
        self.queue.chmod(0o700)
        # A file in its place will do: a device cannot be made, or not be opened, everywhere.
        (self.folder / "dev").mkdir()
        (self.folder / "dev/null").touch()
        (self.folder / "dev/null").chmod(0o666)

    def _configure(self, lines):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        text = PROTOTYPE_MC
        for name, value in {"mailbox_port": self._mailbox.port, "port": self.port, "lines": lines}.items():
            text = text.replace("{" + name + "}", str(value))
        (self.folder / "etc/mail/sendmail.mc").write_text(text)
        made = subprocess.run([self.root / "usr/bin/m4", f"-D_CF_DIR_={self.root}/usr/share/sendmail/cf/",
                               self.folder / "etc/mail/sendmail.mc"], capture_output=True, check=False)
        if made.returncode != 0 or b"ERROR" in made.stderr:
            raise AssertionError(f"m4 refuses the sendmail.mc: {made.stderr.decode(errors='replace')}")
        (self.folder / "etc/mail/sendmail.cf").write_bytes(made.stdout)

    def _command(self, *arguments):
        return ["chroot", self.folder, "/usr/sbin/sendmail", "-C", "/etc/mail/sendmail.cf", *arguments]

    def _run(self, *arguments):
        done = subprocess.run(self._command(*arguments), env={"PATH": "/usr/sbin"}, capture_output=True, text=True, check=False,
                              timeout=60)
        if done.returncode != 0:
            raise AssertionError(f"sendmail {' '.join(arguments)}: {done.stdout}{done.stderr}{self.log_text()}")

    def _start(self):
        # A session of its own: it forks for each connection, and all of them end with it.
        self._process = subprocess.Popen(self._command("-bD"), env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}, stdin=subprocess.DEVNULL,
                                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
        deadline = time.monotonic() + 30
        while not is_listening(self.port):
            if self._process.poll() is not None:
                raise Unavailable(f"Sendmail does not start: {self._process.stderr.read().decode(errors='replace')}{self.log_text()}")
            if time.monotonic() > deadline:
                raise Unavailable(f"Sendmail does not answer: {self.log_text()}")
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
        if self._syslog is not None:
            self._syslog.close()
        self._mailbox.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log_text(self):
        return "" if self._syslog is None else self._syslog.text()

    @contextlib.contextmanager
    def session(self, *, client_ip=None, helo="client.example.org"):
        """An SMTP session from the address that stands for `client_ip`; without one from 127.0.0.1."""
        source = "127.0.0.1" if client_ip is None else loopback_clients.address(client_ip)
        smtp = smtplib.SMTP("127.0.0.1", self.port, local_hostname=helo, timeout=60, source_address=(source, 0))
        try:
            smtp.command_encoding = "latin-1"  # Addresses are sent as the octets that a test gives.
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
