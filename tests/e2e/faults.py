"""The orders of tests/faults/fail_nth.cpp: which call in a running daemon shall fail."""

import mmap
import os
import pathlib
import struct

LIBRARY = pathlib.Path(os.environ.get("ASSAY_FAULTS_LIBRARY", ""))
KINDS = {"memory": 1, "digest": 2, "signature": 3}
_FORMAT = "<IIQQQ"


class Faults:
    """`environment` is for the daemon that shall meet them."""

    def __init__(self, folder):
        path = pathlib.Path(folder) / "faults"
        path.write_bytes(bytes(struct.calcsize(_FORMAT)))
        with path.open("r+b") as file:
            self._orders = mmap.mmap(file.fileno(), 0)
        self.environment = {"LD_PRELOAD": str(LIBRARY), "ASSAY_FAULTS": str(path)}

    def arm(self, kind, nth, *, from_then_on=False):
        """The nth call of that kind from now on fails, and with `from_then_on` all after it, until disarm()."""
        # The kind last: it makes the rest count.
        self._orders[4:] = struct.pack("<IQQQ", from_then_on, nth, 0, 0)
        self._orders[:4] = struct.pack("<I", KINDS[kind])

    def disarm(self):
        """Returns how many calls there were since, and how many of them failed."""
        self._orders[:4] = bytes(4)
        return struct.unpack(_FORMAT, self._orders[:])[3:]
