"""Debian packages fetched and unpacked into a folder, never installed."""

import contextlib
import fcntl
import pathlib
import re
import shutil
import subprocess


class Unavailable(Exception):
    """A program cannot be had or started here; says why."""


def _download(package, folder):
    """The .deb of `package`. The package lists may be missing altogether on a small machine."""
    # An own folder that apt's download user may write to.
    command = ["apt-get", "download", "-q", package]
    for attempt in ("as is", "after an update"):
        if subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False).returncode == 0:
            return next(folder.glob(package.split(":")[0] + "_*.deb"))
        if attempt == "as is":
            subprocess.run(["apt-get", "update", "-q"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    raise Unavailable(f"apt-get download {package} fails")


def library_path(root, *more):
    """LD_LIBRARY_PATH for the programs of an unpacked tree; `more` are further folders below it."""
    multiarch = sorted(str(path) for top in ("usr/lib", "lib") for path in (root / top).glob("*-linux-*") if path.is_dir())
    return ":".join([*(str(root / folder) for folder in more), *multiarch])


def _libraries_are_missing(root, programs, libraries):
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
    seen, waiting = set(packages), list(packages)
    while waiting:
        name = waiting.pop(0)
        try:
            deb = _download(name, folder)
        except Unavailable:
            if name in packages:
                raise
            continue  # A library that the host may have; whether it does is looked at below.
        subprocess.run(["dpkg", "-x", deb, root], check=True)
        if not waiting and _libraries_are_missing(root, programs, libraries):
            found = {library for deb in folder.glob("*.deb") for library in _library_packages_of(deb)}
            waiting = sorted(found - seen)
            seen |= found
    if _libraries_are_missing(root, programs, libraries):
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
