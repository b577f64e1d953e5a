"""A throw-away amavis: Debian's packages, unpacked and never installed, on a port of the loopback interface, with SpamAssassin
(spamassassin.py) inside. It hands back to another port."""

import os

import spamassassin
import unpacked
from foreign import NOBODY, Foreign

PACKAGES = ["amavisd-new", "libarchive-zip-perl", "libberkeleydb-perl", "libconvert-binhex-perl", "libconvert-tnef-perl",
            "libconvert-uulib-perl", "libcrypt-openssl-bignum-perl", "libcrypt-openssl-random-perl",
            "libcrypt-openssl-rsa-perl", "libidn12", "libio-socket-ssl-perl", "libio-stringy-perl",
            "libmail-authenticationresults-perl", "libmail-dkim-perl", "libmailtools-perl", "libmime-tools-perl",
            "libnet-dns-perl", "libnet-ip-perl", "libnet-libidn-perl", "libnet-server-perl", "libnet-snmp-perl",
            "libnet-ssleay-perl", "libtimedate-perl", "libunix-syslog-perl"]
# What a host would have in /etc/amavis besides the recipe.
OWN = """\
$MYHOME = $TEMPBASE = $db_home = $helpers_home = '{var}'; $QUARANTINEDIR = undef; $pid_file = '{var}/pid';
$lock_file = '{var}/lock'; $unix_socketname = undef; $enable_db = 0;
$daemon_user = 'nobody'; $daemon_group = '{group}'; $max_servers = 1; $do_syslog = 0; $LOGFILE = '{var}/log'; $log_level = 2;
$myhostname = 'mx.example.net'; $mydomain = 'example.net'; @local_domains_maps = ( [ '.example.net' ] );
$inet_socket_bind = '127.0.0.1'; $inet_socket_port = {port}; $forward_method = $notify_method = 'smtp:[127.0.0.1]:{back}';
@bypass_virus_checks_maps = (1); @bypass_banned_checks_maps = (1); @bypass_header_checks_maps = (1); @decoders = ();
$sa_local_tests_only = 1; $sa_siteconfigpath = $sa_configpath = '{rules}'; $sa_tag_level_deflt = undef;
"""


class Amavis(Foreign):
    def __init__(self, build, port, back, recipe, rules):
        """Mail comes in on `port` and goes to `back`; `recipe` is the text of /etc/amavis/conf.d/50-user, `rules` SpamAssassin's."""
        if os.geteuid() != 0:
            raise unpacked.Unavailable("amavis must be started by root, to become nobody")
        root = unpacked.unpack(build, "amavis", PACKAGES)
        super().__init__("amavis", port)
        self.folder.chmod(0o755)  # It reads no configuration that it could write.
        self.var = self.folder / "var"
        self.var.mkdir()
        os.chown(self.var, NOBODY, NOBODY)
        names = {"var": self.var, "port": port, "back": back, "group": NOBODY,
                 "rules": spamassassin.write_rules(self.folder, rules)}
        (self.folder / "conf").write_text("use strict;\n" + OWN.format(**names) + recipe + "\n1;\n", encoding="utf-8")
        library = [path for tree in (root, spamassassin.unpack(build))
                   for path in (tree / "usr/share/perl5", *tree.glob("usr/lib/*/perl5/*"))]
        # It starts itself anew, without options of perl.
        program = self.folder / "amavisd"
        text = (root / "usr/sbin/amavisd").read_text(encoding="utf-8")
        paths = ", ".join(repr(str(path)) for path in library)
        program.write_text(f"#!/usr/bin/perl -T\nuse lib ({paths});\n{text}", encoding="utf-8")
        program.chmod(0o755)
        defaults = root / "etc/amavis/conf.d/20-debian_defaults"
        self.start([program, "-c", defaults, "-c", self.folder / "conf", "foreground"],
                   LD_LIBRARY_PATH=unpacked.library_path(root))

    def log_text(self):
        log = self.var / "log"
        return log.read_text(errors="replace") if log.exists() else ""
