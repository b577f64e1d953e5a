"""The orders of tests/faults: which call in a running daemon shall fail (fail_nth.cpp), and what shall stand still (stand_still.cpp)."""

import mmap
import os
import pathlib
import struct

LIBRARY = pathlib.Path(os.environ.get("ASSAY_FAULTS_LIBRARY", ""))
STAND_STILL_LIBRARY = pathlib.Path(os.environ.get("ASSAY_STAND_STILL_LIBRARY", ""))
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

    @property
    def calls(self):
        """Of the kind that is armed, since it was."""
        return struct.unpack(_FORMAT, self._orders[:])[3]

    def disarm(self):
        """Returns how many calls there were since, and how many of them failed."""
        self._orders[:4] = bytes(4)
        return struct.unpack(_FORMAT, self._orders[:])[3:]


class StandStill:
    """`environment` is for the daemon in which something shall."""

    WHERE = {"nowhere": 0, "dns": 1, "callback": 2}

    def __init__(self, folder):
        path = pathlib.Path(folder) / "stand-still"
        path.write_bytes(bytes(8))
        with path.open("r+b") as file:
            self._orders = mmap.mmap(file.fileno(), 0)
        self.environment = {"LD_PRELOAD": str(STAND_STILL_LIBRARY), "ASSAY_STAND_STILL": str(path)}

    def at(self, where):
        """From now on whatever comes there stands still, until it is told to go on."""
        self._orders[:4] = struct.pack("<I", self.WHERE[where])

    def go_on(self):
        self.at("nowhere")

    @property
    def standing(self):
        """Threads that stand still now."""
        return struct.unpack("<I", self._orders[4:])[0]
