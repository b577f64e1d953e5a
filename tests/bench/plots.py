"""Line plots as SVG: by python3-matplotlib if it is installed, else by gnuplot."""

from __future__ import annotations

import pathlib
import shutil
import subprocess

Series = dict[str, list[tuple[float, float]]]


def tool() -> str:
    """What draws: "matplotlib", "gnuplot", or "" if neither is installed."""
    try:
        import matplotlib  # noqa: F401
        return "matplotlib"
    except ImportError:
        return "gnuplot" if shutil.which("gnuplot") else ""


def draw(path: pathlib.Path, title: str, x: str, y: str, series: Series, *, log_x: bool = False) -> bool:
    """Draws `series` by name; False if nothing can draw here."""
    by = {"matplotlib": _matplotlib, "gnuplot": _gnuplot}.get(tool())
    if by is None:
        return False
    by(path, title, x, y, series, log_x)
    return True


def _matplotlib(path, title, x, y, series, log_x):
    import matplotlib
    matplotlib.use("svg")
    import matplotlib.pyplot as plt
    figure, axes = plt.subplots(figsize=(7, 4.5))
    for name, points in series.items():
        axes.plot(*zip(*sorted(points)), marker="o", label=name)
    axes.set(title=title, xlabel=x, ylabel=y, xscale="log" if log_x else "linear")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(path)
    plt.close(figure)


def _gnuplot(path, title, x, y, series, log_x):
    quoted = [text.replace('"', "'") for text in (title, x, y, str(path))]
    lines = ["set terminal svg size 700,450 noenhanced", f'set output "{quoted[3]}"', f'set title "{quoted[0]}"', f'set xlabel "{quoted[1]}"',
             f'set ylabel "{quoted[2]}"', "set yrange [0:*]", "set grid", "set key outside bottom horizontal"]
    if log_x:
        lines.append("set logscale x")
    names = [name.replace('"', "'") for name in series]
    lines.append("plot " + ", ".join(f'"-" using 1:2 with linespoints title "{name}"' for name in names))
    for points in series.values():
        lines += [f"{at} {value}" for at, value in sorted(points)] + ["e"]
    subprocess.run(["gnuplot"], input="\n".join(lines) + "\n", text=True, check=True)
