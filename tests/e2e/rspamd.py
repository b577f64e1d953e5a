"""A throw-away rspamd: Debian's package, unpacked and never installed, with Debian's configuration and recipes on top of it,
serving a milter on a port of the loopback interface. Its DNS is no_dns.py."""

import shutil

import unpacked
from foreign import Foreign, as_nobody
from no_dns import NoDns

OWN_LIBRARIES = "usr/lib/rspamd"
# What keeps it on this host, and the one worker that is needed.
OWN_FILES = {
    "options.inc": 'dns {{ nameserver = ["127.0.0.1:{dns}:1"]; timeout = 1s; retransmits = 1; }}\ndisable_monitoring = true;\n'
                   'disable_hyperscan = true; url_tld = "{folder}/tld";\n',  # It compiles for half a minute otherwise.
    "logging.inc": 'type = "file"; filename = "{folder}/log"; level = "info";\n',
    "worker-proxy.inc": 'bind_socket = "127.0.0.1:{port}"; count = 1;\nupstream "local" {{ default = yes; self_scan = yes; }}\n',
    "worker-normal.inc": "enabled = false;\n",
    "worker-controller.inc": "enabled = false;\n",
    "worker-fuzzy.inc": "enabled = false;\n",
}


class Rspamd(Foreign):
    def __init__(self, build, port, files):
        """`files` are texts by the names they have in local.d."""
        root = unpacked.unpack(build, "rspamd", ["rspamd"], programs=["usr/bin/rspamd", "usr/lib/rspamd/librspamd-server.so"],
                               libraries=[OWN_LIBRARIES])
        super().__init__("rspamd", port)
        self.dns = NoDns()
        shutil.copytree(root / "etc/rspamd", self.folder / "etc")
        names = {"dns": self.dns.port, "folder": self.folder, "port": port}
        own = {name: text.format(**names) for name, text in OWN_FILES.items()}
        (self.folder / "etc/local.d").mkdir(exist_ok=True)
        for name, text in {**own, **files}.items():
            (self.folder / "etc/local.d" / name).write_text(text, encoding="utf-8")
        (self.folder / "tld").write_text("example\nnet\norg\n", encoding="ascii")
        share = root / "usr/share/rspamd"
        etc = self.folder / "etc"
        places = {"CONFDIR": etc, "LOCAL_CONFDIR": etc, "RUNDIR": self.folder, "DBDIR": self.folder, "LOGDIR": self.folder,
                  "SHAREDIR": share, "PLUGINSDIR": share / "plugins", "RULESDIR": share / "rules",
                  "LUALIBDIR": share / "lualib", "WWWDIR": share / "www"}
        self.start([root / "usr/bin/rspamd", "-f", *as_nobody("-u", "nobody", "-g", "nogroup"), "-c", etc / "rspamd.conf",
                    *(f"--var={name}={place}" for name, place in places.items())],
                   LD_LIBRARY_PATH=unpacked.library_path(root, OWN_LIBRARIES))

    def stop(self):
        super().stop()
        self.dns.close()
