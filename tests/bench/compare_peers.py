"""The programs that are compared, each configured to verify and to do nothing else, and the DNS server that all of them ask.

A peer is a function that starts its daemons and returns them as `Running`. What each is configured to do, and what not:
  null                libmilter with assayd's negotiation and nothing else: the floor
  assayd              as installed, with a record of each message to a file; local.networks empty
  opendkim            Mode v
  opendmarc           SPFSelfValidate: evaluates SPF itself; takes DKIM results from Authentication-Results fields
  opendkim+opendmarc  both, one after the other, as in smtpd_milters; opendmarc reads what opendkim wrote
  rspamd              one proxy worker process for each core, in milter mode and scanning itself, with the modules spf, dkim, dmarc,
                      arc and the one that writes Authentication-Results
No peer but assayd logs its messages. None refuses one: what is compared is the finding.
"""

from __future__ import annotations

import dataclasses
import pathlib
import socket
import time
from typing import Callable

from compare_packages import Packages, Unavailable
from compare_processes import Process, Usage, descendants, until

AUTHSERV_ID = "mx.example.net"
START_SECONDS = 120
SETTLE_SECONDS = 0.5
PACKAGES = ("nsd", "opendkim", "opendmarc", "rspamd", "publicsuffix")


@dataclasses.dataclass(frozen=True)
class Place:
    """Where things are, for one start of a peer."""

    folder: pathlib.Path  # its own, empty
    packages: Packages
    binaries: pathlib.Path  # assayd, bench_null_milter ...
    dns: tuple[str, int]  # address and port
    has_resolv_conf: bool  # /etc/resolv.conf names that server
    cores: int


class Running:
    """The daemons of one peer, in the order in which the MTA asks them."""

    def __init__(self, processes: list[Process], sockets: list[str]) -> None:
        self.processes = processes
        self.sockets = sockets
        self._settle()
        for process in processes:
            process.note_workers()

    def _settle(self) -> None:
        """Waits until none of them works any more: rspamd compiles patterns and starts its workers after it listens."""
        deadline = time.monotonic() + START_SECONDS
        cpu = -1.0
        while (now := self.usage(memory=False).cpu) > cpu and time.monotonic() < deadline:
            cpu = now
            time.sleep(SETTLE_SECONDS)

    def usage(self, *, memory: bool = True) -> Usage:
        return sum((process.usage(memory=memory) for process in self.processes), Usage())

    def pids(self) -> list[int]:
        return [pid for process in self.processes for pid in descendants(process.pid)]

    def trouble(self) -> str:
        return "; ".join(text for text in (process.trouble() for process in self.processes) if text)

    def stop(self) -> None:
        for process in self.processes:
            process.stop()

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_) -> None:
        self.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _socket(place: Place, name: str) -> pathlib.Path:
    """A path for a socket, where none is now. Over TCP, Nagle's algorithm would hold back the second packet of an answer."""
    path = place.folder / f"{name}.sock"
    path.unlink(missing_ok=True)
    return path


def _listens(path: pathlib.Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def _started(process: Process, path: pathlib.Path) -> Process:
    if not until(lambda: _listens(path) or process.trouble(), START_SECONDS) or process.trouble():
        why = process.trouble() or f"no socket after {START_SECONDS} s"
        process.stop()
        raise Unavailable(f"{process.name} does not start: {why}: {process.log_end()}")
    return process


def _settings(values: dict[str, object]) -> str:
    return "".join(f"{name} {value}\n" for name, value in values.items())


NSD_CONF = """\
server:
    ip-address: {address}@{port}
    server-count: 1
    username: ""
    chroot: ""
    pidfile: ""
    zonesdir: "{folder}"
    xfrdfile: ""
    zonelistfile: ""
    xfrdir: "{folder}"
    cookie-secret-file: ""
    database: ""
    rrl-ratelimit: 0
    rrl-whitelist-ratelimit: 0
remote-control:
    control-enable: no
zone:
    name: "."
    zonefile: "{zone}"
"""


def start_nsd(folder: pathlib.Path, packages: Packages, zone: pathlib.Path, address: str, port: int) -> Process:
    """nsd, which answers from `zone` alone."""
    config = folder / "nsd.conf"
    config.write_text(NSD_CONF.format(address=address, port=port, folder=folder, zone=zone))
    process = Process("nsd", [packages.program("usr/sbin/nsd"), "-d", "-c", config], folder / "nsd.log", packages.environment())

    def answers() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((address, port)) == 0 or bool(process.trouble())

    if not until(answers, START_SECONDS) or process.trouble():
        process.stop()
        raise Unavailable(f"nsd does not start: {process.log_end()}")
    return process


def null(place: Place) -> Running:
    path = _socket(place, "null")
    process = Process("bench_null_milter", [place.binaries / "bench_null_milter", f"unix:{path}"], place.folder / "null.log")
    return Running([_started(process, path)], [f"unix:{path}"])


def assayd(place: Place) -> Running:
    path = _socket(place, "assayd")
    config = place.folder / "assay.yaml"
    config.write_text(f"authserv_id: {AUTHSERV_ID}\nlisten: unix:{path}\nmode: monitor\nlocal: {{networks: []}}\n"
                      f"dns: {{forward: ['{place.dns[0]}@{place.dns[1]}']}}\n"
                      f"log: {{target: {place.folder}/assay.log}}\nmetrics: off\n")
    process = Process("assayd", [place.binaries / "assayd", "--foreground", "--config", config], place.folder / "assayd.log")
    return Running([_started(process, path)], [f"unix:{path}"])


def _opendkim(place: Place) -> tuple[Process, str]:
    # libunbound asks no server on loopback addresses unless a file says so (ResolverConfiguration); OpenDKIM's threads read that
    # file all at the same time, and crash in its parser.
    if place.dns[0].startswith("127."):
        raise Unavailable("it can only ask a DNS server that has another address than 127.0.0.0/8")
    path = _socket(place, "opendkim")
    config = place.folder / "opendkim.conf"
    config.write_text(_settings({
        "Mode": "v", "Socket": f"local:{path}", "Background": "no", "Syslog": "no", "AuthservID": AUTHSERV_ID,
        "InternalHosts": "203.0.113.255", "AlwaysAddARHeader": "yes", "On-Default": "accept", "On-BadSignature": "accept",
        "On-DNSError": "accept", "On-KeyNotFound": "accept", "Nameservers": place.dns[0]}))
    process = Process("opendkim", [place.packages.program("usr/sbin/opendkim"), "-f", "-x", config], place.folder / "opendkim.log",
                      place.packages.environment())
    return _started(process, path), f"unix:{path}"


def _opendmarc(place: Place) -> tuple[Process, str]:
    if not place.has_resolv_conf:
        raise Unavailable("libspf2 and libopendmarc ask the servers of /etc/resolv.conf, which only a mount namespace can change")
    path = _socket(place, "opendmarc")
    config = place.folder / "opendmarc.conf"
    config.write_text(_settings({
        "Socket": f"local:{path}", "Background": "false", "Syslog": "false", "AuthservID": AUTHSERV_ID,
        "TrustedAuthservIDs": AUTHSERV_ID, "SPFIgnoreResults": "true", "SPFSelfValidate": "true", "RejectFailures": "false",
        "IgnoreHosts": place.folder / "none", "PublicSuffixList": _public_suffixes(place, "usr/share/publicsuffix/public_suffix_list.dat")}))
    (place.folder / "none").write_text("203.0.113.255\n")
    process = Process("opendmarc", [place.packages.program("usr/sbin/opendmarc"), "-f", "-c", config], place.folder / "opendmarc.log",
                      place.packages.environment())
    return _started(process, path), f"unix:{path}"


def _public_suffixes(place: Place, source: str) -> pathlib.Path:
    """The list of public suffixes at `source` and "example" beside: the corpus lives below that name, which no list has."""
    path = place.folder / "public_suffixes"
    path.write_text(place.packages.program(source).read_text(encoding="utf-8") + "\nexample\n", encoding="utf-8")
    return path


def opendkim(place: Place) -> Running:
    process, address = _opendkim(place)
    return Running([process], [address])


def opendmarc(place: Place) -> Running:
    process, address = _opendmarc(place)
    return Running([process], [address])


def chain(place: Place) -> Running:
    first, first_address = _opendkim(place)
    try:
        second, second_address = _opendmarc(place)
    except Unavailable:
        first.stop()
        raise
    return Running([first, second], [first_address, second_address])


RSPAMD_CONF = """\
options {{
  pidfile = "{folder}/rspamd.pid";
  tempdir = "{folder}";
  filters = "dkim,spf";
  local_addrs = [];
  cache_file = "{folder}/symbols.cache";
  hs_cache_dir = "{folder}/";
  url_tld = "{suffixes}";
  explicit_modules = [];
  dns {{ nameserver = ["{address}:{port}"]; timeout = 1s; sockets = 16; retransmits = 5; }}
  task_timeout = 8s;
  hostname = "{authserv_id}";
}}
logging {{ type = "console"; level = "error"; }}
worker "rspamd_proxy" {{
  bind_socket = "{socket} mode=0666";
  milter = yes;
  timeout = 120s;
  count = {workers};
  upstream "local" {{ default = yes; self_scan = yes; }}
}}
actions {{ reject = null; add_header = null; greylist = null; }}
modules {{ path = "{share}/plugins/spf.lua"; path = "{share}/plugins/dmarc.lua"; path = "{share}/plugins/arc.lua";
  path = "{share}/plugins/milter_headers.lua"; }}
spf {{ spf_cache_size = 2k; spf_cache_expire = 1d; }}
dkim {{ dkim_cache_size = 2k; dkim_cache_expire = 1d; time_jitter = 6h; trusted_only = false; skip_multi = false; }}
dmarc {{ }}
arc {{ sign_authenticated = false; sign_inbound = false; sign_local = false; }}
milter_headers {{ use = ["authentication-results"]; skip_local = false; skip_authenticated = false; }}
lua = "{folder}/none.lua";
"""


def rspamd(place: Place) -> Running:
    path = _socket(place, "rspamd")
    share = place.packages.program("usr/share/rspamd")
    config = place.folder / "rspamd.conf"
    suffixes = _public_suffixes(place, "usr/share/rspamd/effective_tld_names.dat")
    config.write_text(RSPAMD_CONF.format(folder=place.folder, share=share, suffixes=suffixes, address=place.dns[0], port=place.dns[1],
                                         socket=path, workers=place.cores, authserv_id=AUTHSERV_ID))
    (place.folder / "none.lua").write_text("")
    folders = {"CONFDIR": place.packages.program("etc/rspamd"), "LOCAL_CONFDIR": place.folder, "DBDIR": place.folder,
               "RUNDIR": place.folder, "LOGDIR": place.folder, "SHAREDIR": share, "PLUGINSDIR": share / "plugins", "RULESDIR": share / "rules",
               "LUALIBDIR": share / "lualib", "WWWDIR": share / "www"}
    variables = [argument for name, folder in folders.items() for argument in ("--var", f"{name}={folder}")]
    # -i: as the user that started it, which may be root.
    command = [place.packages.program("usr/bin/rspamd"), "-f", "-i", "-c", config, *variables]

    def start() -> Running:
        process = Process("rspamd", command, place.folder / "rspamd.log", place.packages.environment())
        return Running([_started(process, path)], [f"unix:{path}"])

    if not any(place.folder.glob("*.hsmp")):
        start().stop()  # compiles its patterns, and holds more memory than ever after
    return start()


PEERS: dict[str, Callable[[Place], Running]] = {
    "null": null,
    "assayd": assayd,
    "opendkim": opendkim,
    "opendmarc": opendmarc,
    "opendkim+opendmarc": chain,
    "rspamd": rspamd,
}
