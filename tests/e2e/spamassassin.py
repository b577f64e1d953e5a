"""A throw-away SpamAssassin: Debian's packages, unpacked and never installed, with the configuration of a recipe alone and no
DNS. As spamd it serves on a port of the loopback interface; a spamass-milter, which runs spamc, asks it, in a chroot."""

import os

import chroot
import unpacked
from foreign import NOBODY, Foreign, as_nobody

PACKAGES = ["spamassassin", "spamd", "libhtml-parser-perl", "libsocket6-perl", "libsys-hostname-long-perl", "libnet-dns-perl",
            "libnetaddr-ip-perl", "libhttp-date-perl", "libmail-dkim-perl", "libio-string-perl", "libhtml-tagset-perl",
            "libtimedate-perl", "liberror-perl", "libnet-ip-perl", "libmail-authenticationresults-perl"]
MILTER, SPAMC = "usr/sbin/spamass-milter", "usr/bin/spamc"


def unpack(build):
    return unpacked.unpack(build, "spamassassin", PACKAGES)


def command(root, program, rules):
    """Runs a program of the tree with the rules of a folder."""
    library = [root / "usr/share/perl5", *root.glob("usr/lib/*/perl5/*")]
    return ["perl", "-T", *(f"-I{path}" for path in library), root / program, "--local", f"--siteconfigpath={rules}",
            f"--configpath={rules}"]


def write_rules(folder, configuration):
    """A folder below `folder` with `configuration`, and a header that tells which tests hit."""
    rules = folder / "rules"
    rules.mkdir(exist_ok=True)
    (rules / "check.pre").write_text("loadplugin Mail::SpamAssassin::Plugin::Check\n", encoding="ascii")
    (rules / "local.cf").write_text(configuration + "add_header all Status _YESNO_, tests=_TESTSSCORES_\n", encoding="utf-8")
    return rules


class Spamd(Foreign):
    def __init__(self, build, port, configuration):
        root = unpack(build)
        super().__init__("spamd", port)
        rules = write_rules(self.folder, configuration)
        self.start([*command(root, "usr/sbin/spamd", rules), "--listen=127.0.0.1", f"--port={port}", "--nouser-config",
                    "--max-children=1", f"--syslog={self.folder}/log", f"--helper-home-dir={self.folder}",
                    *as_nobody("--username=nobody")])


class SpamassMilter(Foreign):
    """It starts /usr/bin/spamc, whose name is built in: hence the chroot."""

    def __init__(self, build, port, spamd_port):
        if os.geteuid() != 0:
            raise unpacked.Unavailable("spamass-milter's chroot takes root")
        root = unpacked.unpack(build, "spamass-milter", ["spamass-milter", "spamc"], programs=[MILTER, SPAMC])
        super().__init__("spamass-milter", port)
        chroot.add_programs(self.folder, root, [MILTER, SPAMC])
        for name, text in {"passwd": f"nobody:x:{NOBODY}:{NOBODY}::/:/bin/false\n", "hosts": "127.0.0.1 localhost\n",
                           "nsswitch.conf": "hosts: files\npasswd: files\n"}.items():
            chroot.write(self.folder / "etc" / name, text)
        self.start(["chroot", f"--userspec={NOBODY}:{NOBODY}", self.folder, "/" + MILTER, "-p", f"inet:{port}@127.0.0.1", "--", "-d", "127.0.0.1", "-p", str(spamd_port)])
