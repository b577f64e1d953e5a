"""The Debian package of this build."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))
import daemon  # noqa: E402  pylint: disable=wrong-import-position

CPACK = os.environ.get("ASSAY_CPACK", "cpack")
BUILD_TYPE = os.environ.get("ASSAY_BUILD_TYPE", "RelWithDebInfo")


def require():
    """Ends the test as skipped where no package can be made."""
    if os.environ.get("ASSAY_SANITIZE") or BUILD_TYPE not in ("Release", "RelWithDebInfo"):
        daemon.skip(f"a build of type {BUILD_TYPE or 'none'} or with sanitizers is not packaged")
    if not shutil.which("dpkg-shlibdeps"):
        daemon.skip("there is no dpkg-shlibdeps (package dpkg-dev)")


# What a package says where ASSAY_PACKAGE_CONTACT is empty. It is given to CPack, for the build at hand may have one.
NO_CONTACT = re.search(r'set\(CPACK_PACKAGE_CONTACT "(.*)"\)', (ROOT / "packaging/CMakeLists.txt").read_text(encoding="utf-8"))[1]


def make_package(folder, revision, contact=NO_CONTACT):
    """The .deb, without the package of its symbols, which takes long to pack."""
    given = (f"DEBIAN_PACKAGE_RELEASE={revision}", f"PACKAGE_CONTACT={contact}", "DEBIAN_DEBUGINFO_PACKAGE=OFF", "STRIP_FILES=ON")
    done = subprocess.run([CPACK, "--config", daemon.BUILD / "CPackConfig.cmake", "-B", folder,
                           *(word for setting in given for word in ("-D", f"CPACK_{setting}"))],
                          capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ("names nobody" in done.stderr) == (contact == NO_CONTACT), done.stderr
    found = list(folder.glob(f"assay_*-{revision}_*.deb"))
    assert len(found) == 1, found
    return found[0]
