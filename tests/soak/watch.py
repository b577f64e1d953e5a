"""What the daemon takes while it soaks: memory, descriptors, threads, looked at once a second; and the picture of it."""

import dataclasses
import pathlib
import statistics
import threading
import time

INTERVAL = 1.0


@dataclasses.dataclass(frozen=True)
class Sample:
    at: float  # the wall clock
    resident_kib: int
    descriptors: int
    threads: int
    messages: int
    phase: str  # "load", "ebb", "rest"


def look(pid):
    """(resident KiB, descriptors, threads) of a process."""
    process = pathlib.Path(f"/proc/{pid}")
    status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    return int(status["VmRSS"].split()[0]), len(list((process / "fd").iterdir())), int(status["Threads"])


class Watch:
    """Looks at `pid` until stop(). `messages` tells how many there were so far, `phase` is set from outside."""

    def __init__(self, pid, messages):
        self.samples = []
        self.phase = "start"
        self._pid = pid
        self._messages = messages
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._stop.wait(INTERVAL):
            try:
                taken = look(self._pid)
                self.samples.append(Sample(time.time(), *taken, self._messages(), self.phase))
            except OSError:
                return  # The daemon has ended; who waits for it says so.

    def stop(self):
        self._stop.set()
        self._thread.join()

    def resident(self, phase):
        """(seconds since the first sample, MiB) while in that phase."""
        return [(sample.at - self.samples[0].at, sample.resident_kib / 1024) for sample in self.samples if sample.phase == phase]


def quarters(points, whole):
    """The means of the values in each quarter of `whole` seconds; None where there is no point."""
    means = []
    for number in range(4):
        values = [value for at, value in points if number * whole / 4 <= at < (number + 1) * whole / 4]
        means.append(statistics.mean(values) if values else None)
    return means


def draw(path, title, samples, faults, reloads, excused):
    """The picture; needs python3-matplotlib."""
    import matplotlib  # pylint: disable=import-outside-toplevel
    matplotlib.use("agg")
    from matplotlib import pyplot  # pylint: disable=import-outside-toplevel
    start = samples[0].at
    at = [sample.at - start for sample in samples]
    figure, axes = pyplot.subplots(4, 1, sharex=True, figsize=(11, 9), height_ratios=(3, 2, 2, 2))
    memory, counts, rate, temporary = axes
    memory.plot(at, [sample.resident_kib / 1024 for sample in samples], color="C0", linewidth=1)
    memory.set_ylabel("resident, MiB")
    memory.set_title(title)
    counts.plot(at, [sample.threads for sample in samples], color="C1", linewidth=1, label="threads")
    counts.plot(at, [sample.descriptors for sample in samples], color="C2", linewidth=1, label="descriptors")
    counts.legend(loc="upper left", ncols=2)
    rates = [(later.messages - earlier.messages) / (later.at - earlier.at) for earlier, later in zip(samples, samples[1:])]
    rate.plot(at[1:], rates, color="C4", linewidth=1)
    rate.set_ylabel("messages a second")
    temporary.hist([when - start for when in excused], bins=max(int(at[-1]), 1), range=(0, at[-1]), color="C3")
    temporary.set_ylabel("temporary errors\na second")
    temporary.set_xlabel("seconds; red: DNS fails, grey: no mail, ticks below: reloads")
    temporary.plot([when - start for when in reloads], [0] * len(reloads), "|", color="black", markersize=6, clip_on=False)
    for axis in axes:
        axis.set_ylim(bottom=0)
        axis.grid(alpha=0.3)
        for _, begin, end in faults:
            axis.axvspan(begin - start, end - start, color="red", alpha=0.12, linewidth=0)
        for earlier, later in zip(samples, samples[1:]):
            if later.phase in ("ebb", "rest"):
                axis.axvspan(earlier.at - start, later.at - start, color="grey", alpha=0.25, linewidth=0)
    axes[0].set_xlim(0, at[-1])
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
