"""Debian's packages, unpacked into a folder and never installed: programs to measure beside, with the libraries they need."""

from __future__ import annotations

import fcntl
import os
import pathlib
import shutil
import subprocess

# A library's name begins so; these do, too, and are none.
NOT_LIBRARIES = ("libjs-",)


class Unavailable(Exception):
    """A program cannot be had or started here; says why."""


def _output(command: list, **keywords) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False, **keywords).stdout


def _is_installed(package: str) -> bool:
    return _output(["dpkg-query", "-W", "-f", "${db:Status-Status}", package]) == "installed"


def _download(package: str, folder: pathlib.Path) -> pathlib.Path:
    """The .deb of `package`. The package lists may be missing altogether on a small machine."""
    for attempt in ("as is", "after an update"):
        done = subprocess.run(["apt-get", "download", "-q", package], cwd=folder, capture_output=True, check=False)
        if done.returncode == 0:
            return next(folder.glob(package + "_*.deb"))
        if attempt == "as is":
            subprocess.run(["apt-get", "update", "-q"], capture_output=True, check=False)
    raise Unavailable(f"apt-get download {package} fails")


def libraries_of(depends: str) -> list[str]:
    """The library packages in a Depends field; of alternatives the first."""
    names = [entry.split("|")[0].split()[0].split(":")[0] for entry in depends.split(",") if entry.strip()]
    return [name for name in names if name.startswith("lib") and not name.startswith(NOT_LIBRARIES)]


class Packages:
    """The packages named, below `folder`; unpacked once, whoever comes first."""

    def __init__(self, folder: pathlib.Path, names: tuple[str, ...]) -> None:
        self.root = folder.resolve()
        self.root.mkdir(parents=True, exist_ok=True)
        self.versions: dict[str, str] = {}
        with self.root.with_name(self.root.name + ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for name in names:
                self.versions[name] = self._unpack(name)

    def _unpack(self, package: str) -> str:
        """Unpacks `package` and the libraries that are not installed, unless that is done; returns its version."""
        done = self.root / "packages" / f"{package}.version"
        if done.exists():
            return done.read_text()
        if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
            raise Unavailable(f"there is no apt-get to fetch {package} with")
        folder = self.root / "packages"
        folder.mkdir(exist_ok=True)
        folder.chmod(0o777)  # apt's download user writes there
        wanted, seen = [package], {package}
        while wanted:
            deb = _download(wanted.pop(), folder)
            subprocess.run(["dpkg", "-x", deb, self.root], check=True)
            depends = _output(["dpkg", "-f", deb, "Depends"])
            missing = [name for name in libraries_of(depends) if name not in seen and not _is_installed(name)]
            seen.update(missing)
            wanted += missing
        version = _output(["dpkg", "-f", next(folder.glob(package + "_*.deb")), "Version"]).strip()
        done.write_text(version)
        return version

    def program(self, path: str) -> pathlib.Path:
        return self.root / path

    def environment(self) -> dict[str, str]:
        """For its programs: they find the unpacked libraries and speak no local language."""
        folders = [*sorted((self.root / "usr/lib").glob("*-linux-*")), self.root / "usr/lib/rspamd"]
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C", "TZ": "UTC", "HOME": "/nonexistent",
                "LD_LIBRARY_PATH": os.pathsep.join(str(folder) for folder in folders if folder.is_dir())}
