"""A throw-away Dovecot: Debian's packages, unpacked and never installed, in a chroot, since it starts its programs by paths that
are built in. It takes mail by LMTP on a port of the loopback interface, and stores it in a maildir for each user."""

import os
import time

import chroot
import unpacked
from foreign import NOBODY, Foreign

OWN = "usr/lib/dovecot"
LIBRARIES = [OWN, f"{OWN}/modules/old-stats"]
# Its master looks for those of all services, whether any of these runs or not.
SERVICES = ("aggregator", "anvil", "auth", "config", "dict", "director", "dns-client", "doveadm-server", "indexer",
            "indexer-worker", "ipc", "lmtp", "log", "old-stats", "replicator", "script", "stats", "tcpwrap")
PROGRAMS = ["usr/sbin/dovecot", "usr/bin/doveconf", *(f"{OWN}/{name}" for name in SERVICES)]
PLUGINS = [f"{OWN}/modules/{name}" for name in ("lib90_sieve_plugin.so", "libssl_iostream_openssl.so")]
CONFIGURATION = """\
protocols = lmtp
listen = 127.0.0.1
ssl = no
log_path = /log
default_internal_user = dovecot
default_login_user = dovenull
default_internal_group = dovecot
auth_mechanisms = plain
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home=/mail/%n allow_all_users=yes
}}
first_valid_uid = 8
mail_location = maildir:~/Maildir
lda_mailbox_autocreate = yes
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {port}
  }}
}}
protocol lmtp {{
  mail_plugins = sieve
}}
{plugin}"""


MASTER = "lmtp unix - - n - - lmtp\n"  # of Postfix


def unpack(build):
    return unpacked.unpack(build, "dovecot", ["dovecot-core", "dovecot-lmtpd", "dovecot-sieve"], programs=[*PROGRAMS, *PLUGINS],
                           libraries=LIBRARIES)


class Dovecot(Foreign):
    def __init__(self, build, port, plugin, scripts):
        """`plugin` is what a recipe adds to the configuration; `scripts` are Sieve scripts by their path."""
        if os.geteuid() != 0:
            raise unpacked.Unavailable("Dovecot's chroot takes root")
        root = unpack(build)
        super().__init__("dovecot", port)
        self.folder.chmod(0o755)
        chroot.add_programs(self.folder, root, [*PROGRAMS, *PLUGINS], LIBRARIES)
        users = {"root": 0, "mail": 8, "dovecot": NOBODY, "dovenull": NOBODY - 1}
        for name, text in {"etc/passwd": "".join(f"{name}:x:{number}:{number}::/:/bin/false\n" for name, number in users.items()),
                           "etc/group": "".join(f"{name}:x:{number}:\n" for name, number in users.items()),
                           "etc/hosts": "127.0.0.1 localhost\n",
                           "etc/nsswitch.conf": "hosts: files\npasswd: files\ngroup: files\n",
                           "etc/dovecot/dovecot.conf": CONFIGURATION.format(port=port, plugin=plugin), **scripts}.items():
            chroot.write(self.folder / name.lstrip("/"), text)
        for name in ("run/dovecot", "var/lib/dovecot", "mail", "tmp"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        os.chown(self.folder / "mail", 8, 8)
        (self.folder / "var/run").symlink_to("../run")
        self.last_folder = None
        self.start(["chroot", self.folder, "/usr/sbin/dovecot", "-F"])

    def deliveries(self, count=1, timeout=30):
        """Waits for `count` messages, takes them out and returns them as (user, octets); last_folder is where the last was."""
        deadline = time.monotonic() + timeout
        while len(files := list((self.folder / "mail").glob("*/Maildir/**/new/*"))) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        found = []
        for path in files:
            self.last_folder = path.parents[1].name.lstrip(".")
            found.append((path.relative_to(self.folder / "mail").parts[0].encode(), path.read_bytes().replace(b"\r\n", b"\n")))
            path.unlink()
        return found
