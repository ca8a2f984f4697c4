"""The picture that other sites show beside a link to us: a square of ours, and words when they may be said aloud."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from media.artwork import PAPER, as_jpeg

CARD_PX = (1200, 630)
"""What the usual sites show whole. Source: Open Graph's users; a ratio of 1.91."""

_FONT = Path(__file__).resolve().parent / "fonts" / "DejaVuSerif-Bold.ttf"
_MARGIN, _SQUARE, _GAP = 75, 480, 60
_INK, _QUIET = (33, 28, 22), (90, 81, 72)
_SIZES_PX, _SMALL_PX = (64, 56, 48, 42, 36), 30
_MOST_LINES = 5
_NOT_A_LETTER = "\U0010ffff"


def card(picture: bytes, title: str, under: str) -> bytes:
    """A JPEG of 1200 by 630 points: the square `picture`, beside it the title and one smaller line.

    Either text may be empty. One that our font cannot write is left out, rather than drawn as boxes; the other is then large.
    """
    image = Image.new("RGB", CARD_PX, PAPER)
    with Image.open(io.BytesIO(picture)) as square:
        image.paste(square.convert("RGB").resize((_SQUARE, _SQUARE), Image.Resampling.LANCZOS), (_MARGIN, _MARGIN))
    draw = ImageDraw.Draw(image)
    left = _MARGIN + _SQUARE + _GAP
    width = CARD_PX[0] - left - _MARGIN
    written = [text for text in (title, under) if text and _can_write(text)] + ["", ""]
    lines, size_px = _fitted(written[0], width)
    smaller = _cut(written[1], _font(_SMALL_PX), width)
    height = round(len(lines) * size_px * 1.25) + (_SMALL_PX + 30 if smaller else 0)
    top = (CARD_PX[1] - height) // 2
    for number, line in enumerate(lines):
        draw.text((left, top + round(number * size_px * 1.25)), line, font=_font(size_px), fill=_INK)
    if smaller:
        below = top + round(len(lines) * size_px * 1.25) + (30 if lines else 0)
        draw.text((left, below), smaller, font=_font(_SMALL_PX), fill=_QUIET)
    return as_jpeg(image)


@cache
def _font(size_px: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_FONT, size_px, layout_engine=ImageFont.Layout.BASIC)


def _can_write(text: str) -> bool:
    """Whether the font has every letter, and they go from left to right: Latin, Greek, Cyrillic and their neighbours."""
    font = _font(_SMALL_PX)
    missing = bytes(font.getmask(_NOT_A_LETTER))
    return all(letter.isspace() or bytes(font.getmask(letter)) != missing for letter in set(text))


def _fitted(title: str, width: int) -> tuple[list[str], int]:
    """The title in lines, as large as it fits; what is too long ends in an ellipsis."""
    for size_px in _SIZES_PX:
        lines = _wrapped(title, _font(size_px), width)
        if len(lines) <= _MOST_LINES - (size_px > 48) and all(_font(size_px).getlength(line) <= width for line in lines):
            return lines, size_px
    smallest = _font(_SIZES_PX[-1])
    lines = _wrapped(title, smallest, width)
    kept = [*lines[: _MOST_LINES - 1], " ".join(lines[_MOST_LINES - 1 :])]
    return [_cut(line, smallest, width) for line in kept if line], _SIZES_PX[-1]


def _wrapped(title: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    lines: list[str] = []
    for word in title.split():
        if lines and font.getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _cut(line: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    if font.getlength(line) <= width:
        return line
    while line and font.getlength(line + "…") > width:
        line = line[:-1]
    return line.rstrip() + "…"
