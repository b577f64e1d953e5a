"""Debian's Prometheus and Alertmanager: fetched and unpacked below the build folder, never installed, run on loopback."""

import contextlib
import fcntl
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import daemon  # noqa: E402  pylint: disable=wrong-import-position

ROOT = daemon.BUILD.resolve() / "prometheus"
PACKAGES = ("prometheus", "prometheus-alertmanager")


def _download(folder):
    """The .deb files. The package lists may be missing altogether on a small machine."""
    for attempt in ("as is", "after an update"):
        done = subprocess.run(["apt-get", "download", "-q", *PACKAGES], cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return sorted(folder.glob("*.deb"))
        if attempt == "as is":
            subprocess.run(["apt-get", "update", "-q"], capture_output=True, check=False)
    daemon.skip(f"apt-get download {' '.join(PACKAGES)} fails: {done.stderr.strip()}")


def unpack():
    """The folder of their programs; unpacked once."""
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        daemon.skip("there is no apt-get to fetch Prometheus with")
    root = ROOT
    with root.with_name("prometheus.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (root / "complete").exists():
            shutil.rmtree(root, ignore_errors=True)
            packages = root / "packages"
            packages.mkdir(parents=True)
            packages.chmod(0o777)  # apt's download user writes there
            for package in _download(packages):
                subprocess.run(["dpkg", "-x", package, root], check=True)
                package.unlink()
            _add_libraries(root)
            (root / "complete").touch()
    return root / "usr/bin"


class Server:
    """One of the two, serving on a port of its own until it is stopped."""

    def __init__(self, command, ready, log):
        self.port = daemon.free_port()
        self._log = log.open("w")
        self._process = subprocess.Popen([*command, f"--web.listen-address=127.0.0.1:{self.port}"], stdin=subprocess.DEVNULL,
                                         stdout=self._log, stderr=self._log)

        def serves():
            if self._process.poll() is not None:
                raise AssertionError(f"{command[0]} ended: {log.read_text()}")
            with contextlib.suppress(OSError, urllib.error.HTTPError):
                urllib.request.urlopen(self.url(ready), timeout=5).close()
                return True
            return False

        try:
            daemon.until(serves, what=str(command[0]))
        except BaseException:
            self.stop()
            raise

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def get(self, path, **parameters):
        query = "?" + urllib.parse.urlencode(parameters) if parameters else ""
        with urllib.request.urlopen(self.url(path) + query, timeout=20) as answer:
            return json.load(answer)

    def stop(self):
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._log.close()


class Prometheus(Server):
    def __init__(self, programs, configuration, folder):
        super().__init__([programs / "prometheus", f"--config.file={configuration}", f"--storage.tsdb.path={folder / 'tsdb'}",
                          "--log.level=warn"], "/-/ready", folder / "prometheus.log")

    def query(self, expression):
        """The values of an instant query; an error of the expression is a failure."""
        try:
            answer = self.get("/api/v1/query", query=expression, time=f"{time.time():.3f}")
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(f"{expression}: {error.read().decode()}") from error
        result = answer["data"]["result"]
        if answer["data"]["resultType"] == "scalar":
            return [float(result[1])]
        return [float(sample["value"][1]) for sample in result]

    def alerts(self):
        """{name: state} of all that are pending or firing."""
        return {alert["labels"]["alertname"]: alert["state"] for alert in self.get("/api/v1/alerts")["data"]["alerts"]}


class Alertmanager(Server):
    """Its templates are named by where the package would put them, so it runs with the unpacked folder as its root. `folder` is
    `inside()` that; its paths are named by as_seen() in the configuration there."""

    def __init__(self, configuration, folder):
        super().__init__(["chroot", ROOT, "/usr/bin/prometheus-alertmanager", f"--config.file={as_seen(configuration)}",
                          f"--storage.path={as_seen(folder)}/alertmanager", "--cluster.listen-address=", "--log.level=warn"],
                         "/-/ready", folder / "alertmanager.log")


def inside():
    """A new folder below the root of Alertmanager."""
    (ROOT / "tmp").mkdir(exist_ok=True)
    return pathlib.Path(tempfile.mkdtemp(prefix="assay-monitoring-", dir=ROOT / "tmp"))


def as_seen(path):
    return pathlib.Path("/") / path.relative_to(ROOT)


def _add_libraries(root):
    """What the loader needs of this host to start Alertmanager below `root`."""
    found = subprocess.run(["ldd", root / "usr/bin/prometheus-alertmanager"], capture_output=True, text=True, check=True).stdout
    for library in re.findall(r"(/\S+) \(0x", found):
        target = root / library[1:]
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, target)
