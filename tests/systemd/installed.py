"""This build, installed below an empty folder."""

import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
import daemon  # noqa: E402  pylint: disable=wrong-import-position

CMAKE = os.environ.get("ASSAY_CMAKE", "cmake")


def install(folder):
    """Installs as packages are made: below `folder` lies what would lie below /. Returns the path of the unit there."""
    environment = {**os.environ, "DESTDIR": str(folder)}
    subprocess.run([CMAKE, "--install", daemon.BUILD], env=environment, check=True, stdout=subprocess.DEVNULL)
    return find(folder, "systemd/system/assayd.service")


def find(folder, end):
    """The one installed file whose path ends so."""
    found = [path for path in pathlib.Path(folder).rglob(pathlib.Path(end).name) if str(path).endswith("/" + end)]
    assert len(found) == 1, (end, found)
    return found[0]
