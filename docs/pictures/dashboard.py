"""Draws the panels of monitoring/grafana/assay.json in their grid, with the answers that a Prometheus gives to their queries.

It knows of panels what ours use, and refuses the rest: rows, "stat" and "timeseries", a handful of units, thresholds, stacks, legends as
tables. Legends that are longer than their panel end with the number of those left out, the largest first."""

import dataclasses
import datetime
import io
import json
import math
import pathlib
import re

import matplotlib
from matplotlib import dates, pyplot, ticker
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
DASHBOARD = ROOT / "monitoring/grafana/assay.json"
FRONT_PAGE = ["At a glance", "Decisions", "Results", "DNS"]

# The grid has 24 columns; pixels.
GRID, COLUMN, UNIT, GAP = 24, 50, 29, 6
PAGE, PANEL, EDGE, TEXT, FAINT = "#111217", "#181b1f", "#2a2d33", "#d0d3da", "#8b9099"
COLOURS = {"green": "#73bf69", "orange": "#ff9830", "red": "#f2495c"}
PALETTE = ["#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#5fd0c5", "#37872d", "#fade2a", "#c4162a", "#a352cc"]
LEGEND_ROWS, LEGEND_ROW = 3, 15
LEGEND_HEIGHT = (LEGEND_ROWS + 1) * LEGEND_ROW + 4
LEGEND_NUMBER = 48  # The width of one.
CALCULATIONS = {"mean": lambda line: line.mean, "max": lambda line: max(line.values)}
LABEL = 65  # From one time below a graph to the next, at least.
DPI = 100
PICTURE_COLOURS = 96  # Of the file: a palette keeps it small.


@dataclasses.dataclass
class Line:
    name: str
    points: list  # (time, value)

    @property
    def values(self):
        return [value for _, value in self.points]

    @property
    def mean(self):
        return sum(self.values) / len(self.values)


def number(value):
    """With three digits."""
    if value == 0:
        return "0"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:,.0f}"


def scaled(value, steps):
    """The value by the largest of `steps`, (size, name), that it reaches."""
    size, name = next(((size, name) for size, name in steps if abs(value) >= size), steps[-1])
    return f"{number(value / size)} {name}" if value else "0"


UNITS = {
    "short": number,
    "ops": lambda value: f"{number(value)} /s" if value else "0",
    "percentunit": lambda value: f"{number(100 * value)} %",
    "s": lambda value: scaled(value, [(60, "min"), (1, "s"), (1e-3, "ms"), (1e-6, "us")]),
    "bytes": lambda value: scaled(value, [(1 << 20, "MiB"), (1 << 10, "KiB"), (1, "B")]),
}


def legend_name(form, labels):
    return re.sub(r"\{\{(\w+)\}\}", lambda found: labels.get(found[1], ""), form)


def lines_of(panel, source):
    lines = [Line(legend_name(target["legendFormat"], labels), points)
             for target in panel["targets"] for labels, points in source.series(target["expr"])]
    return [line for line in lines if line.points]


def axes_at(figure, place, height, *, inside=(0, 0, 0, 0)):
    """Axes over a panel's place in the grid, less so many pixels at its left, bottom, right and top."""
    width = GRID * COLUMN
    left, bottom, right, above = inside
    x, y = place["x"] * COLUMN + GAP / 2 + left, place["y"] * UNIT + GAP / 2 + above
    w, h = place["w"] * COLUMN - GAP - left - right, place["h"] * UNIT - GAP - above - bottom
    return figure.add_axes([x / width, 1 - (y + h) / height, w / width, h / height])


def draw_box(figure, panel, height):
    """The panel's ground and title; its axes count pixels, from the top."""
    place = panel["gridPos"]
    box = axes_at(figure, place, height)
    box.set(facecolor=PANEL, xlim=(0, place["w"] * COLUMN - GAP), ylim=(place["h"] * UNIT - GAP, 0), xticks=[], yticks=[])
    for spine in box.spines.values():
        spine.set(color=EDGE, linewidth=0.8)
    box.text(9, 15, panel["title"], color=TEXT, fontsize=9.5 if place["w"] > 4 else 8, weight="bold", va="center")
    return box


def draw_row(figure, panel, height):
    axes = axes_at(figure, panel["gridPos"], height)
    axes.axis("off")
    axes.text(0, 0.4, "▾  " + panel["title"], color=TEXT, fontsize=11, weight="bold", va="center", transform=axes.transAxes)


def threshold_colour(panel, value):
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    return COLOURS[[step["color"] for step in steps if step["value"] is None or value >= step["value"]][-1]]


def draw_stat(figure, panel, source, height):
    box = draw_box(figure, panel, height)
    place, lines = panel["gridPos"], lines_of(panel, source)
    unit = UNITS[panel["fieldConfig"]["defaults"]["unit"]]
    # The last value, and its name in its place where the panel says so.
    mode = panel["options"]["textMode"]
    for at, line in enumerate(lines):
        last = line.values[-1]
        y = 30 + (place["h"] * UNIT - GAP - 40) * (2 * at + 1) / (2 * len(lines))
        box.text((place["w"] * COLUMN - GAP) / 2, y, line.name if mode == "name" else unit(last), color=threshold_colour(panel, last),
                 ha="center", va="center", fontsize=13 if mode == "name" else 26)


def by_size(lines):
    """Their places, the largest first."""
    return sorted(range(len(lines)), key=lambda at: (-lines[at].mean, at))


def shorten(text, pixels):
    """Cuts a text that is wider than that."""
    while len(text.get_text()) > 1 and text.get_window_extent().width > pixels:
        text.set_text(text.get_text().rstrip("\u2026")[:-1] + "\u2026")


def draw_legend(box, panel, lines, colours, unit):
    """Names and what the panel wants to be told of each line, in two columns where there is room."""
    place, calculations = panel["gridPos"], panel["options"]["legend"]["calcs"]
    ends = [10 + LEGEND_NUMBER * at for at in reversed(range(len(calculations)))]  # From the right.
    columns = 2 if place["w"] >= 12 else 1
    width, begin = (place["w"] * COLUMN - GAP) / columns, place["h"] * UNIT - GAP - LEGEND_HEIGHT + LEGEND_ROW / 2
    order = by_size(lines)
    room = LEGEND_ROWS * columns
    shown = order if len(order) <= room else order[:room - 1]
    for cell in range(min(room, len(order))):
        x, y = cell // LEGEND_ROWS * width, begin + (1 + cell % LEGEND_ROWS) * LEGEND_ROW
        if cell % LEGEND_ROWS == 0:
            for word, right in zip(calculations, ends):
                box.text(x + width - right, begin, word, color=FAINT, fontsize=7, va="center", ha="right")
        if cell == len(shown):
            box.text(x + 26, y, f"and {len(order) - len(shown)} more", color=FAINT, fontsize=8, va="center")
            break
        line = lines[shown[cell]]
        box.plot([x + 10, x + 20], [y, y], color=colours[shown[cell]], linewidth=3, solid_capstyle="butt")
        shorten(box.text(x + 26, y, line.name, color=TEXT, fontsize=7.5, va="center"), width - 36 - LEGEND_NUMBER * len(ends))
        for word, right in zip(calculations, ends):
            box.text(x + width - right, y, unit(CALCULATIONS[word](line)), color=FAINT, fontsize=7.5, va="center", ha="right")


def draw_timeseries(figure, panel, source, height):
    box = draw_box(figure, panel, height)
    defaults = panel["fieldConfig"]["defaults"]
    unit = UNITS[defaults["unit"]]
    custom = defaults.get("custom", {})
    lines = lines_of(panel, source)
    axes = axes_at(figure, panel["gridPos"], height, inside=(62, LEGEND_HEIGHT + 20, 14, 30))
    axes.set_facecolor(PANEL)
    # The large ones differ in colour, however many there are.
    colours = [PALETTE[by_size(lines).index(at) % len(PALETTE)] for at in range(len(lines))]
    if not lines:
        axes.text(0.5, 0.5, "No data", color=FAINT, ha="center", transform=axes.transAxes)
    floor = {}
    for line, colour in zip(lines, colours):
        times = [datetime.datetime.fromtimestamp(at) for at, _ in line.points]
        if custom.get("stacking", {}).get("mode") == "normal":
            lower = [floor.get(at, 0) for at, _ in line.points]
            upper = [low + value for low, value in zip(lower, line.values)]
            floor.update({at: value for (at, _), value in zip(line.points, upper)})
            axes.fill_between(times, lower, upper, color=colour, alpha=custom["fillOpacity"] / 100, linewidth=0)
            # A line along the edge of what is nothing would hide the one below.
            axes.plot(times, [up if up > low else float("nan") for low, up in zip(lower, upper)], color=colour, linewidth=1)
        else:
            axes.plot(times, line.values, color=colour, linewidth=1.2)
    start, end = (datetime.datetime.fromtimestamp(at) for at in (source.start, source.end))
    axes.set_xlim(start, end)
    axes.set_ylim(bottom=defaults.get("min"), top=None if any(value for line in lines for value in line.values) else 1)
    labels = panel["gridPos"]["w"] * COLUMN / LABEL
    axes.xaxis.set_major_locator(dates.MinuteLocator(interval=math.ceil((end - start).total_seconds() / 60 / labels)))
    axes.xaxis.set_major_formatter(dates.DateFormatter("%H:%M"))
    axes.yaxis.set_major_locator(ticker.MaxNLocator(4))
    axes.yaxis.set_major_formatter(lambda value, _: unit(value))
    axes.tick_params(colors=FAINT, labelsize=8, length=0)
    axes.grid(color=EDGE, linewidth=0.7)
    for spine in axes.spines.values():
        spine.set_visible(False)
    draw_legend(box, panel, lines, colours, unit)


DRAWERS = {"stat": draw_stat, "timeseries": draw_timeseries}


def panels_of(rows):
    """The panels of those rows, or of all, moved up so that no gap is left."""
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    if unknown := set(rows) - {"all", *(panel["title"] for panel in panels if panel["type"] == "row")}:
        raise SystemExit(f"the dashboard has no row {', '.join(sorted(unknown))}")
    kept, moved, end, is_in = [], 0, 0, False
    for panel in panels:
        place = panel["gridPos"]
        if panel["type"] == "row":
            is_in = rows == ["all"] or panel["title"] in rows
            moved = place["y"] - end
        if is_in:
            kept.append({**panel, "gridPos": {**place, "y": place["y"] - moved}})
            end = max(end, place["y"] - moved + place["h"])
    return kept, end


def draw(path, source, rows):
    matplotlib.use("agg")
    pyplot.rcParams["font.family"] = "DejaVu Sans"
    panels, units = panels_of(rows)
    height = units * UNIT
    figure = pyplot.figure(figsize=(GRID * COLUMN / DPI, height / DPI), dpi=DPI, facecolor=PAGE)
    for panel in panels:
        if panel["type"] == "row":
            draw_row(figure, panel, height)
        else:
            DRAWERS[panel["type"]](figure, panel, source, height)
    whole = io.BytesIO()
    figure.savefig(whole, format="png", facecolor=PAGE)
    pyplot.close(figure)
    with Image.open(whole) as picture:
        picture.convert("RGB").quantize(PICTURE_COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(path, optimize=True)
