"""A bare Debian 12 (minbase, systemd and logrotate) in the build folder, made once from the package archives that this host uses."""

import fcntl
import pathlib
import shutil
import subprocess

SUITE = "bookworm"
PACKAGES = "systemd,systemd-sysv,logrotate"


class Unavailable(Exception):
    """It cannot be had here; says why."""


def root(build):
    """The folder that holds it. Nothing may be written there: tests lay something over it."""
    folder = pathlib.Path(build).resolve() / "bare-debian"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = folder / "complete"
        if not made.exists() or made.read_text(encoding="utf-8") != PACKAGES:
            _make(folder)
            made.write_text(PACKAGES, encoding="utf-8")
    return folder / "root"


def fetch_dependencies(folder, package):
    """Puts the packages that the .deb needs where apt in that root looks for them first; then it needs no network."""
    inside = folder / "tmp" / package.name
    shutil.copy(package, inside)
    try:
        # Its sandbox would be a user that may not read the folders of this host.
        _run("chroot", folder, "apt-get", "--quiet", "--yes", "--option", "APT::Sandbox::User=root", "--option",
             "APT::Keep-Downloaded-Packages=true", "--no-install-recommends", "--download-only", "install", f"/tmp/{package.name}")
    finally:
        inside.unlink()


def _make(folder):
    if shutil.which("mmdebstrap") is None:
        raise Unavailable("there is no mmdebstrap (package mmdebstrap)")
    sources, options = folder / "sources.list", folder / "apt.conf"
    sources.write_text(_run("apt-get", "indextargets", "--format", "deb $(REPO_URI) $(CODENAME) $(COMPONENT)", "Created-By: Packages",
                            "Origin: Debian"), encoding="utf-8")
    if f" {SUITE} main" not in sources.read_text(encoding="utf-8"):
        raise Unavailable(f"apt of this host has no {SUITE} of Debian (or needs an apt-get update)")
    # How this host reaches the archives.
    options.write_text("".join(line + "\n" for line in _run("apt-config", "dump", "Acquire").splitlines()
                               if "IndexTargets" not in line and not line.endswith('"";')), encoding="utf-8")
    shutil.rmtree(folder / "root", ignore_errors=True)
    _run("mmdebstrap", "--mode=root", "--variant=minbase", f"--include={PACKAGES}", "--skip=cleanup/apt/lists",
         f"--aptopt={options}", "--dpkgopt=force-unsafe-io", SUITE, folder / "root", sources)


def _run(*command):
    done = subprocess.run([*map(str, command)], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=300,
                          env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"})
    if done.returncode != 0:
        raise Unavailable(f"{command[0]}: exit status {done.returncode}: {(done.stdout + done.stderr)[-500:]}")
    return done.stdout
