"""What `assay verify --explain` prints on a terminal, as SVG: its text stays text, in the colours that it has there."""

import html
import io
import os
import pathlib
import pty
import re
import shlex
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("ASSAY_BIN", ROOT / "build/release/bin"))
EXAMPLES = ROOT / "config/examples"
COMMAND = """assay verify --explain --config partner.yaml --zone messages/zone --client-ip 198.51.100.7 \\
    --helo mail.example.org --mail-from billing@example.com messages/partner-invoice.eml"""
COLUMNS = 120
# Of one character, in the picture's units: rich's height, and the width that most fonts have at that.
HEIGHT, WIDTH = 20, 12.04
# rich's own form without its fonts, which a browser would fetch from elsewhere, and a clip path for each line.
FORM = """<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: {char_height}px; }}
.{unique_id}-title {{ font-family: sans-serif; font-size: 18px; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/></clipPath>
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def printed():
    """What the command prints on a terminal, with its escape sequences."""
    words = shlex.split(COMMAND.replace("\\\n", ""))
    master, slave = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    with subprocess.Popen([BIN / words[0], *words[1:]], cwd=EXAMPLES, stdin=subprocess.DEVNULL, stdout=slave, env=environment) as process:
        os.close(slave)
        octets = b""
        try:
            while more := os.read(master, 65536):
                octets += more
        except OSError:  # So Linux tells that nobody writes any more.
            pass
    os.close(master)
    if process.returncode != 0:
        raise SystemExit(f"{COMMAND}: exit status {process.returncode}")
    return octets.decode().replace("\r\n", "\n")


def draw(path):
    from rich.console import Console  # pylint: disable=import-outside-toplevel
    from rich.terminal_theme import TerminalTheme  # pylint: disable=import-outside-toplevel
    from rich.text import Text  # pylint: disable=import-outside-toplevel

    theme = TerminalTheme((22, 24, 29), (204, 208, 216), [(22, 24, 29), (240, 101, 101), (115, 201, 121), (229, 181, 80), (97, 160, 239),
                                                          (198, 120, 221), (86, 182, 194), (204, 208, 216)])
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    story = Text.assemble(("$ ", "bold"), COMMAND + "\n", Text.from_ansi(printed()))
    for line in story.split("\n"):
        # As a terminal breaks lines: where they end.
        for piece in line.divide(range(COLUMNS, len(line), COLUMNS)):
            console.print(piece, no_wrap=True, overflow="ignore", crop=False)
    text = console.export_svg(title="assay verify --explain", theme=theme, code_format=FORM, font_aspect_ratio=WIDTH / HEIGHT, unique_id="assay")
    text = re.sub(r"<text [^>]*>\n</text>", "", text)
    text = re.sub(r' clip-path="url\(#assay-line-\d+\)"', "", text)
    text = re.sub(r'x="([0-9.]+)" y="([0-9.]+)" textLength="[0-9.]+"([^>]*)>((?:&#160;)+)', unindented, text)
    path.write_text(re.sub(r"[ \t]+\n", "\n", text).replace("</text><text", "</text>\n<text"), encoding="utf-8")


def unindented(found):
    """A text that begins with blanks, begun behind them: some programs drop them."""
    blanks = found[4].count("&#160;")
    words = found.string[found.end():found.string.index("<", found.end())]
    length = len(html.unescape(words))
    return f'x="{float(found[1]) + blanks * WIDTH:g}" y="{found[2]}" textLength="{length * WIDTH:g}"{found[3]}>'


def text_of(path):
    """The lines that such a picture shows; those without text are left out."""
    lines = {}
    for x, y, words in re.findall(r'<text class="assay-r\d+" x="([0-9.]+)" y="([0-9.]+)"[^>]*>([^<]*)</text>', path.read_text(encoding="utf-8")):
        words = html.unescape(words).replace("\xa0", " ")
        lines[float(y)] = lines.get(float(y), "").ljust(round(float(x) / WIDTH)) + words
    return [line for _, line in sorted(lines.items())]
