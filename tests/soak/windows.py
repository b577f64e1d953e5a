"""When DNS failed, and which messages may show it."""

import time

# So long after a fault a message may still be told of it, seconds: a failure is kept for 1 s (RFC 9520, resolver/cache.h), libunbound
# holds a server's silence against it for 3 s (resolver/unbound_config.cpp), and one for a machine that has other work.
AFTERMATH = 5.0


class Windows:
    """The times of the faults, by the wall clock."""

    def __init__(self):
        self._times = []

    def begin(self, name, now=None):
        self._times.append([name, now or time.time(), None])

    def end(self, now=None):
        self._times[-1][2] = now or time.time()

    def excuse(self, began, ended):
        """The name of the fault during which, or just after which, something was under way; "" if there was none."""
        for name, start, end in self._times:
            if ended >= start and (end is None or began <= end + AFTERMATH):
                return name
        return ""

    def now(self):
        """The fault that is on, with a mark in its aftermath."""
        if not self._times:
            return ""
        name, _, end = self._times[-1]
        if end is None:
            return name
        return f"after {name}" if time.time() < end + AFTERMATH else ""

    def times(self):
        """(name, start, end) of each."""
        return [(name, start, end or time.time()) for name, start, end in self._times]
