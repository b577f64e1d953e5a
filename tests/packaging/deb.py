"""The Debian package of this build."""

import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import daemon  # noqa: E402  pylint: disable=wrong-import-position

CPACK = os.environ.get("ASSAY_CPACK", "cpack")
BUILD_TYPE = os.environ.get("ASSAY_BUILD_TYPE", "RelWithDebInfo")


def require():
    """Ends the test as skipped where no package can be made."""
    if os.environ.get("ASSAY_SANITIZE") or BUILD_TYPE not in ("Release", "RelWithDebInfo"):
        daemon.skip(f"a build of type {BUILD_TYPE or 'none'} or with sanitizers is not packaged")
    if not shutil.which("dpkg-shlibdeps"):
        daemon.skip("there is no dpkg-shlibdeps (package dpkg-dev)")


def make_package(folder, revision):
    """The .deb, without the package of its symbols, which takes long to pack."""
    done = subprocess.run([CPACK, "--config", daemon.BUILD / "CPackConfig.cmake", "-B", folder, "-D", f"CPACK_DEBIAN_PACKAGE_RELEASE={revision}",
                           "-D", "CPACK_DEBIAN_DEBUGINFO_PACKAGE=OFF", "-D", "CPACK_STRIP_FILES=ON"],
                          capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    found = list(folder.glob(f"assay_*-{revision}_*.deb"))
    assert len(found) == 1, found
    return found[0]
