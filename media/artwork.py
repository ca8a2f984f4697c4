"""Pictures, drawn anew: no metadata, no profile, no second image survives, and every size that feeds need is made."""

from __future__ import annotations

import io
from functools import cache

from PIL import Image, ImageCms, ImageDraw, ImageOps, UnidentifiedImageError

from media.errors import MediaError

SIZES_PX = (1400, 600)
"""What is made of every picture: for podcast apps, and for our own pages."""
LEAST_PX = 1400
"""The side of the smallest square that podcast apps accept."""
COVER_PX = 320
"""The side of the picture inside a download."""
MOST_PIXELS = 60_000_000
"""More is refused before any of it is decoded; the best phone cameras give 50 million."""

_FORMATS = ("JPEG", "PNG", "WEBP")
_NEARLY_SQUARE = 4 / 3
"""Up to this ratio the edges are cut off; a longer picture is laid on paper, so that no writing is lost."""
_QUALITY = 85
PAPER = (251, 247, 240)
_GLOW = (246, 227, 207)
_TONES = ((189, 116, 67), (155, 127, 167), (243, 217, 164), None)
"""Ember and plum as they look on the glow, the sand of the help strip, and nothing."""
_CELLS = 4
_END, _SCAN, _JFIF, _JFIF_BYTES = 0xD9, 0xDA, 0xE0, 16
_OF_A_PICTURE = frozenset({0xDB, 0xC4, 0xC0, 0xC1, 0xC2, 0xDD, _SCAN})
_IN_A_SCAN = frozenset({0x00, *range(0xD0, 0xD8)})
_FINER = 3
"""Drawn so many times larger and made small, so that the rounds are smooth."""


class RefusedPictureError(MediaError):
    """The picture is not one we can take; `code` is not-a-picture, too-small or too-big."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def redraw(source: bytes, sizes_px: tuple[int, ...] = SIZES_PX) -> dict[int, bytes]:
    """The picture as square JPEGs in sRGB, one for each size, with nothing in them but the picture.

    Raises:
        RefusedPictureError: not a JPEG, PNG or WebP that can be read; smaller than 1400 points; or too large to open safely.
    """
    try:
        with Image.open(io.BytesIO(source), formats=_FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise RefusedPictureError("too-big")
            square = _square(_plain(image))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise RefusedPictureError("too-big") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise RefusedPictureError("not-a-picture") from error
    if square.width < LEAST_PX:
        raise RefusedPictureError("too-small")
    return {size: as_jpeg(square.resize((size, size), Image.Resampling.LANCZOS)) for size in sizes_px}


def is_drawn_here(content: bytes, size_px: int) -> bool:
    """Whether these bytes are a square JPEG as `redraw` writes them: nothing in it but the picture, and nothing behind it."""
    try:
        if not _has_only_a_picture(content):
            return False
        with Image.open(io.BytesIO(content), formats=("JPEG",)) as image:
            if image.size != (size_px, size_px) or image.mode != "RGB":
                return False
            image.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, OSError, ValueError, SyntaxError, IndexError):
        return False
    return True


def _has_only_a_picture(content: bytes) -> bool:
    """Source: ITU-T T.81, annex B: markers and their lengths; FF 00 and the restart markers stand inside a scan."""
    at, inside = 2, False
    while content[:2] == b"\xff\xd8" and at + 2 <= len(content):
        if inside and (content[at] != 0xFF or content[at + 1] in _IN_A_SCAN):
            step = content.find(b"\xff", at + 1 if content[at] != 0xFF else at + 2)
            at = step if step > 0 else len(content)
            continue
        marker = content[at + 1]
        if content[at] != 0xFF or marker == _END:
            return content[at] == 0xFF and at + 2 == len(content)
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        is_head = marker == _JFIF and length == _JFIF_BYTES and content[at + 4 : at + 9] == b"JFIF\0"
        if marker not in _OF_A_PICTURE and not is_head:
            return False
        at, inside = at + 2 + length, marker == _SCAN
    return False


def cover(source: bytes) -> bytes:
    """A picture of ours made small enough to travel inside every download: at most 40 kB or so."""
    with Image.open(io.BytesIO(source), formats=_FORMATS) as image:
        return as_jpeg(image.convert("RGB").resize((COVER_PX, COVER_PX), Image.Resampling.LANCZOS))


def pattern(show_id: str, size_px: int) -> bytes:
    """The calm picture of a show without artwork: the quarter rounds that our pages draw from its id, as a JPEG."""
    cell = size_px // _CELLS
    image = Image.new("RGB", (cell * _CELLS, cell * _CELLS), _GLOW)
    for index, letter in enumerate(show_id[: _CELLS * _CELLS]):
        tone = _TONES[(ord(letter) // 4 + index) % 4]
        if tone is not None:
            place = (index % _CELLS * cell, index // _CELLS * cell)
            image.paste(tone, place, _quarter(cell, (ord(letter) + index) % 4))
    return as_jpeg(image.resize((size_px, size_px)))


@cache
def _quarter(cell: int, turns: int) -> Image.Image:
    """A quarter of a round as large as a cell, its centre in the top left corner, turned clockwise: a smooth mask."""
    fine = cell * _FINER
    x, y = (fine if turns in {1, 2} else 0), (fine if turns in {2, 3} else 0)
    shape = Image.new("L", (fine, fine))
    ImageDraw.Draw(shape).ellipse((x - fine, y - fine, x + fine, y + fine), fill=255)
    return shape.resize((cell, cell), Image.Resampling.BOX)


def _plain(image: Image.Image) -> Image.Image:
    """Upright, opaque, sRGB."""
    profile = image.info.get("icc_profile")
    upright = ImageOps.exif_transpose(image)
    if upright.has_transparency_data:
        upright = upright.convert("RGBA")
        paper = Image.new("RGBA", upright.size, PAPER)
        upright = Image.alpha_composite(paper, upright).convert("RGB")
    return _in_srgb(upright, profile) if profile else upright.convert("RGB")


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    if image.mode not in {"RGB", "CMYK", "L"}:
        return image.convert("RGB")
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        drawn = ImageCms.profileToProfile(image, own, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        drawn = None  # a profile that does not fit is better ignored than the picture refused
    return drawn or image.convert("RGB")


def _square(image: Image.Image) -> Image.Image:
    short, long = sorted(image.size)
    if long <= short * _NEARLY_SQUARE:
        return ImageOps.fit(image, (short, short))
    return ImageOps.pad(image, (long, long), color=PAPER)


def as_jpeg(image: Image.Image) -> bytes:
    """The picture as a JPEG with nothing in it but the picture."""
    # A new image with the same points: what `info` carried along is left behind.
    drawn = Image.new("RGB", image.size)
    drawn.paste(image)
    out = io.BytesIO()
    drawn.save(out, "JPEG", quality=_QUALITY, optimize=True, progressive=True)
    return out.getvalue()
