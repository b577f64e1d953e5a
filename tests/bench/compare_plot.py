"""Draws the figures of a comparison as one SVG, small enough for a README."""

from __future__ import annotations

import importlib.util
import pathlib
from typing import Callable

from compare_runs import Series
from compare_table import Figure, megabytes

OWN, FLOOR, OTHER = "#2166ac", "#999999", "#d6a05c"
INCHES_A_PANEL = 2.6
LABELS = {"null": "null milter", "opendkim": "opendkim (DKIM alone)", "opendmarc": "opendmarc (no DKIM)"}


def can_draw() -> bool:
    return importlib.util.find_spec("matplotlib") is not None


def _color(peer: str) -> str:
    return OWN if peer == "assayd" else FLOOR if peer == "null" else OTHER


def _panel(axes, title: str, series: list[Series], figure_of: Callable[[Series], Figure], digits: int) -> None:
    """Bars of medians, with a line from the least to the most; a peer without a figure has none."""
    for at, one in enumerate(series):
        figure = figure_of(one)
        if not figure:
            axes.text(0, at, " no figure", va="center", fontsize=8)
            continue
        spread = [[figure.median - min(figure.values)], [max(figure.values) - figure.median]]
        axes.barh(at, figure.median, color=_color(one.peer), xerr=spread, error_kw={"linewidth": 0.8, "ecolor": "#333333"})
        axes.text(max(figure.values), at, f" {figure.median:,.{digits}f}", va="center", fontsize=8)
    axes.set_yticks(range(len(series)), [LABELS.get(one.peer, one.peer) for one in series], fontsize=8)
    axes.invert_yaxis()
    axes.set_title(title, fontsize=9, loc="left")
    axes.tick_params(axis="x", labelsize=7)
    axes.margins(x=0.18)
    axes.spines[["top", "right"]].set_visible(False)


def draw(path: pathlib.Path, results: dict[str, dict[str, Series]]) -> None:
    """One panel for each question that `results` (by scenario and peer) answers."""
    import matplotlib
    matplotlib.use("svg")
    from matplotlib import pyplot
    pyplot.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "assay", "font.family": "sans-serif"})

    panels = []
    if load := results.get("load"):
        panels += [("CPU of the daemons, ms a message", load, lambda one: one.figure("cpu_ms"), 2),
                   ("messages a second", load, lambda one: one.figure("rate"), 0)]
    if cold := next((found for name, found in results.items() if name.startswith("cold-")), None):
        panels.append(("MAIL FROM to verdict, 20 ms a DNS answer, cold, ms", cold, lambda one: one.figure("mail_p50"), 0))
    if large := results.get("large"):
        panels.append(("20 messages of 25 MB in flight, MB more memory", large,
                       lambda one: Figure(tuple(megabytes(value) for value in one.figure("growth").values)), 0))
    columns = 2 if len(panels) > 1 else 1
    rows = -(-len(panels) // columns)
    figure, grid = pyplot.subplots(rows, columns, figsize=(4.6 * columns, INCHES_A_PANEL * rows), squeeze=False)
    for axes in grid.flat[len(panels):]:
        axes.remove()
    for axes, (title, by_peer, figure_of, digits) in zip(grid.flat, panels):
        _panel(axes, title, [one for one in by_peer.values() if one.figures or one.troubles], figure_of, digits)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
