"""The log of the daemon while it is rotated: every record is counted, those of attacks are kept, complaints are told apart."""

import collections
import json
import re


class LogReader:
    """Rotates and reads `path`. A file that was moved gets lines until the daemon has reopened its log, so it is read one
    rotation later, and removed."""

    def __init__(self, path):
        self._path = path
        self._moved = []
        self._rotations = 0
        self.records = 0
        self.attacks = {}  # by queue id: the record
        self.complaints = collections.Counter()  # lines of the levels warn and error, numbers left out
        self.internal_errors = 0

    def rotate(self):
        """Moves the log; whoever calls makes the daemon reopen it afterwards."""
        if not self._path.exists():
            return
        self._rotations += 1
        moved = self._path.with_name(f"log.{self._rotations}")
        self._path.rename(moved)
        self._moved.append(moved)
        while len(self._moved) > 1:
            self._read(self._moved.pop(0))

    def read_the_rest(self):
        """When nothing more is written."""
        for path in [*self._moved, self._path]:
            if path.exists():
                self._read(path)
        self._moved = []

    def _read(self, path):
        with path.open("rb") as lines:
            for line in lines:
                # Each line must be JSON in valid UTF-8, whatever was in the mail.
                entry = json.loads(line.decode())
                if "decision" in entry:
                    self.records += 1
                    if (entry["queue_id"] or "").startswith("ATTACK"):
                        self.attacks[entry["queue_id"]] = entry
                elif entry["level"] in ("warning", "warn", "error"):
                    self.internal_errors += "internal error" in entry["message"]
                    self.complaints[entry["level"] + ": " + re.sub(r"\d+", "N", entry["message"])[:150]] += 1
        path.unlink()
