"""Text as mail has it: wrapped paragraphs, HTML and base64, all of it from one random generator.

Each kind is made once as a pool of lines; a body is a run of lines out of a pool, so that a message of 25 MB costs no more than
copying it.
"""

from __future__ import annotations

import base64
import random

POOL_OCTETS = 192 * 1024
LINE = 72

# Common English words; the shorter and commoner first, as pick_word() prefers them.
WORDS = """
the of and to a in is that for it on with as was be at by this are from or have an not you which but they we all will one has can
more about if no out so what up said its other some time into only two may then do first any now such like our over man even most
made after also did many before must through years where much your way well down should because each just those people how too
little state good very make world still own see men work long get here between both life being under never day same another know
while last might us great old year off come since against go came right used take three states himself few house use during
without again place around however home small found mrs thought went say part once general high upon school every don does got
united left number course war until always away something fact water though public less put thing almost hand enough far took head
yet government system better set told nothing night end why called find going look asked later knew point next program city
business give group toward days young let room president side social given present several order national possible rather second
face per among form important often things looked early white case john large big four need within felt along children saw best
church ever least power development light thing seemed family interest want members mind country area others done turned open
invoice delivery meeting agenda attached schedule review proposal contract department customer account reference shipment
quarterly report measurement laboratory assay silver certificate signature result sample furnace standard
""".split()
NAMES = ("Alice Bob Carol Dave Erin Frank Grace Heidi Ivan Judy Karl Laura Mallory Nina Oscar Peggy Rupert Sybil Trent Victor "
         "Walter Yolanda Zoe").split()


def pick_word(rng: random.Random) -> str:
    return WORDS[int(len(WORDS) * rng.random() ** 2)]


def sentence(rng: random.Random) -> str:
    words = [pick_word(rng) for _ in range(rng.randint(4, 18))]
    if len(words) > 9 and rng.random() < 0.6:
        words[rng.randint(2, 6)] += ","
    return words[0].capitalize() + " " + " ".join(words[1:]) + rng.choice("....?!")


def wrap(text: str, width: int = LINE) -> list[str]:
    """As textwrap does, but fast: `text` has single spaces, or two behind a full stop, which stay inside a line."""
    lines = []
    while len(text) > width:
        cut = text.rfind(" ", 0, width + 1)
        lines.append(text[:cut].rstrip())
        text = text[cut + 1:].lstrip()
    lines.append(text)
    return lines


def paragraphs(rng: random.Random) -> list[str]:
    """Plain text: paragraphs, quotations, lists, and some flowed lines with a space at their end (RFC 3676)."""
    lines: list[str] = []
    octets = 0
    while octets < POOL_OCTETS:
        gap = "  " if rng.random() < 0.3 else " "
        block = wrap(gap.join(sentence(rng) for _ in range(rng.randint(1, 6))))
        kind = rng.random()
        if kind < 0.15:
            block = ["> " + line for line in block]
        elif kind < 0.25:
            block = [("  * " if at == 0 else "    ") + line for at, line in enumerate(block)]
        elif kind < 0.40:
            block = [line + " " for line in block[:-1]] + block[-1:]
        block.append("")
        lines += block
        octets += sum(len(line) + 2 for line in block)
    return lines


def html(rng: random.Random) -> list[str]:
    """Indented HTML, as newsletters have it."""
    lines: list[str] = []
    octets = 0
    while octets < POOL_OCTETS:
        indent = "  " * rng.randint(2, 9)
        block = [f'{indent}<td align="left" style="font-family:Arial,sans-serif;font-size:14px;color:#3c3c3c">']
        block += [f"{indent}  {line}" for line in wrap(" ".join(sentence(rng) for _ in range(rng.randint(1, 4))))]
        if rng.random() < 0.5:
            block.append(f'{indent}  <a href="https://www.example.com/{rng.randrange(1 << 32):08x}?id={rng.randrange(10 ** 6)}">'
                         f"{pick_word(rng)}</a><br />")
        block.append(f"{indent}</td>")
        lines += block
        octets += sum(len(line) + 2 for line in block)
    return lines


def attachment(rng: random.Random) -> list[str]:
    encoded = base64.b64encode(rng.randbytes(POOL_OCTETS)).decode()
    return [encoded[at:at + 76] for at in range(0, len(encoded) - 76, 76)]


class Pool:
    """Lines to cut bodies from."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = [line.encode() + b"\r\n" for line in lines]
        self.whole = b"".join(self.lines)

    def cut(self, rng: random.Random, octets: int) -> bytes:
        """About `octets` octets of whole lines, at least one line."""
        out = []
        at = rng.randrange(len(self.lines))
        left = octets
        while left >= len(self.whole):
            out.append(self.whole)
            left -= len(self.whole)
        while left > 0:
            out.append(self.lines[at % len(self.lines)])
            left -= len(out[-1])
            at += 1
        return b"".join(out) or self.lines[at]


class Text:
    """Everything that bodies are cut from."""

    def __init__(self, seed: str) -> None:
        rng = random.Random(f"{seed}/text")
        self.plain = Pool(paragraphs(rng))
        self.html = Pool(html(rng))
        self.attachment = Pool(attachment(rng))

    def subject(self, rng: random.Random) -> str:
        words = " ".join(pick_word(rng) for _ in range(rng.randint(2, 9)))
        return ("Re: " if rng.random() < 0.3 else "") + words.capitalize()

    def body(self, rng: random.Random, octets: int, kind: str, boundary: str) -> bytes:
        """A body of about `octets` octets; `kind` is plain, alternative or mixed."""
        if kind == "plain":
            return self.plain.cut(rng, octets)
        mark = f"--{boundary}\r\n".encode()
        head = "Content-Type: {}; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
        share = 0.4 if kind == "alternative" else 0.05
        out = [mark, head.format("text/plain").encode(), self.plain.cut(rng, int(octets * share)),
               mark, head.format("text/html").encode(), b"<html><body><table>\r\n",
               self.html.cut(rng, int(octets * (0.5 if kind == "alternative" else 0.15))), b"</table></body></html>\r\n"]
        if kind == "mixed":
            out += [mark, b'Content-Type: application/pdf; name="report.pdf"\r\nContent-Transfer-Encoding: base64\r\n'
                          b'Content-Disposition: attachment; filename="report.pdf"\r\n\r\n',
                    self.attachment.cut(rng, int(octets * 0.8))]
        return b"".join(out) + f"--{boundary}--\r\n".encode()
