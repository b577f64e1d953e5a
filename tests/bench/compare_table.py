"""Figures of repeated runs: medians, ratios, tables."""

from __future__ import annotations

import dataclasses
import statistics


@dataclasses.dataclass(frozen=True)
class Figure:
    """One number of one peer, measured several times."""

    values: tuple[float, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.values)

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def text(self, digits: int = 2) -> str:
        """ "0.43 (0.41-0.48)": the median, the least and the most."""
        if not self.values:
            return "-"
        number = lambda value: f"{value:,.{digits}f}"
        if len(self.values) == 1:
            return number(self.values[0])
        return f"{number(self.median)} ({number(min(self.values))}-{number(max(self.values))})"


def ratio(figure: Figure, other: Figure) -> float | None:
    """The median of the ratios of runs that were made one after the other: what slows a machine for a while slows both."""
    pairs = [a / b for a, b in zip(figure.values, other.values) if b > 0]
    return statistics.median(pairs) if pairs else None


def ratio_text(figure: Figure, other: Figure) -> str:
    value = ratio(figure, other)
    return "-" if value is None else f"{value:.2f} x" if value < 10 else f"{value:.0f} x"


def table(head: list[str], rows: list[list[str]]) -> str:
    """Text in columns; the first is flush left, the others flush right."""
    widths = [max(len(row[at]) for row in [head, *rows]) for at in range(len(head))]
    cells = lambda row: (text.rjust(width) if at else text.ljust(width) for at, (text, width) in enumerate(zip(row, widths)))
    line = lambda row: "  ".join(cells(row)).rstrip()
    return "\n".join([line(head), line(["-" * width for width in widths]), *map(line, rows)])


def megabytes(octets: float) -> float:
    return octets / 1e6
