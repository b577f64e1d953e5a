"""Debian packages fetched and unpacked into a folder, never installed."""

import contextlib
import fcntl
import pathlib
import re
import shutil
import subprocess


class Unavailable(Exception):
    """A program cannot be had or started here; says why."""


def _download(packages, folder):
    """Fetches the .debs of `packages` into `folder`. The package lists may be missing altogether on a small machine."""
    # An own folder that apt's download user may write to.
    command = ["apt-get", "download", "-q", *packages]
    for attempt in ("as is", "after an update"):
        done = subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode == 0:
            return
        if attempt == "as is":
            subprocess.run(["apt-get", "update", "-q"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    raise Unavailable(f"apt-get download {' '.join(packages)} fails: {done.stderr.strip()[-300:]}")


def _offered(packages):
    """Those of `packages` that can be fetched: a dependency may name what another package provides."""
    told = subprocess.run(["apt-cache", "policy", *packages], env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"}, capture_output=True,
                          text=True, check=True).stdout
    return re.findall(r"^(\S+):\n  Installed: .*\n  Candidate: (?!\(none\))", told, flags=re.MULTILINE)


def library_path(root, *more):
    """LD_LIBRARY_PATH for the programs of an unpacked tree; `more` are further folders below it."""
    multiarch = sorted(str(path) for top in ("usr/lib", "lib") for path in (root / top).glob("*-linux-*") if path.is_dir())
    return ":".join([*(str(root / folder) for folder in more), *multiarch])


def _libraries_are_missing(root, programs, libraries):
    if not programs:
        return False
    environment = {"PATH": "/usr/bin:/bin", "LD_LIBRARY_PATH": library_path(root, *libraries)}
    found = subprocess.run(["ldd", *(root / program for program in programs)], env=environment, capture_output=True, text=True,
                           check=False)
    return "not found" in found.stdout


def _library_packages_of(deb):
    depends = subprocess.run(["dpkg", "-f", deb, "Depends"], capture_output=True, text=True, check=True).stdout
    return [name for name in re.findall(r"(?:^|,)\s*(lib[a-z0-9.+-]+)", depends) if name != "libc6"]


def _unpack_into(root, packages, programs, libraries):
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        raise Unavailable(f"there is no apt-get to fetch {packages[0]} with")
    shutil.rmtree(root, ignore_errors=True)
    folder = root / "packages"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    seen, wanted = set(packages), packages
    while wanted:
        known = set(folder.glob("*.deb"))
        _download(wanted, folder)
        for deb in set(folder.glob("*.deb")) - known:
            subprocess.run(["dpkg", "-x", deb, root], check=True)
        if not _libraries_are_missing(root, programs, libraries):
            break
        found = {library for deb in folder.glob("*.deb") for library in _library_packages_of(deb)} - seen
        seen |= found
        wanted = _offered(sorted(found)) if found else []
    else:
        raise Unavailable(f"a library of {packages[0]} is missing")
    (root / "complete").touch()


def unpack(build, name, packages, *, programs=(), libraries=()):
    """The folder `name` below `build` with those packages, and with the packages of the libraries that `programs` need where the
    host has none; unpacked once, whichever of several tests comes first. `libraries` are the tree's own folders of them."""
    root = pathlib.Path(build).resolve() / name
    root.parent.mkdir(parents=True, exist_ok=True)
    with root.with_name(name + ".lock").open("w") as lock, contextlib.closing(lock):
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (root / "complete").exists():
            _unpack_into(root, packages, programs, libraries)
    return root
