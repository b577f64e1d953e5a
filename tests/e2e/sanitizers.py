"""What sanitizers report of the programs that a test runs, wherever their stderr goes: each report fails the test. Programs that were
built without them report nothing."""

import atexit
import os
import pathlib
import shutil
import tempfile
import unittest

# What this build has: "", "address,undefined" or "thread".
BUILT_WITH = os.environ.get("ASSAY_SANITIZE", "")

_FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="assay-sanitizers-"))
# At most so many octets of a report are shown: the first ones tell what it is.
_MAX_SHOWN = 20_000


def _collect():
    for variable in ("ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"):
        given = os.environ.get(variable)
        os.environ[variable] = ":".join(filter(None, [given, f"log_path={_FOLDER}/report"]))


def check():
    """Raises what was reported since the last call."""
    texts = []
    for path in sorted(_FOLDER.iterdir()):
        texts.append(path.read_text(encoding="utf-8", errors="replace")[:_MAX_SHOWN])
        path.unlink()
    if texts:
        raise AssertionError("a sanitizer reports:\n" + "\n".join(texts))


_collect()
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)
# The programs that no test waits for with check() are looked at when all tests are through.
unittest.addModuleCleanup(check)
