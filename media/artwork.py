"""Pictures drawn anew in the sizes that feeds and pages need: nothing about the camera or the place goes with them."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from media.errors import MediaError

SIZES_PX = (1400, 600, 160)
"""1400 is the least that podcast directories take. Source: Apple, Podcast artwork requirements."""
MOST_PIXELS = 60_000_000
MEDIA_TYPE = "image/jpeg"
EXTENSION = "jpg"

_FORMATS = ("JPEG", "PNG", "WEBP")
_QUALITY = 85


class RefusedPictureError(MediaError):
    """The picture cannot be taken; `code` is not-a-picture, too-small or too-big."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Artwork:
    """One picture, square, as JPEG in each of `SIZES_PX`; `sha256` is that of the largest."""

    sha256: str
    drawn: Mapping[int, bytes]


def draw(content: bytes) -> Artwork:
    """Draw a picture anew: upright, its middle square, white under what is transparent.

    Raises:
        RefusedPictureError: not a JPEG, PNG or WebP, under 1400 points on a side, or too large to open safely.
    """
    square = _square(_opened(content))
    drawn = {size: _jpeg(square, size) for size in SIZES_PX}
    return Artwork(hashlib.sha256(drawn[SIZES_PX[0]]).hexdigest(), drawn)


def _opened(content: bytes) -> Image.Image:
    try:
        picture = Image.open(io.BytesIO(content), formats=_FORMATS)
        if picture.width * picture.height > MOST_PIXELS:
            raise RefusedPictureError("too-big")
        if min(picture.size) < SIZES_PX[0]:
            raise RefusedPictureError("too-small")
        return ImageOps.exif_transpose(picture)
    except Image.DecompressionBombError as error:
        raise RefusedPictureError("too-big") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise RefusedPictureError("not-a-picture") from error


def _square(picture: Image.Image) -> Image.Image:
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    cut = picture.crop((left, top, left + side, top + side)).convert("RGBA")
    ground = Image.new("RGB", cut.size, "white")
    ground.paste(cut, mask=cut.getchannel("A"))
    return ground


def _jpeg(square: Image.Image, size_px: int) -> bytes:
    out = io.BytesIO()
    small = square.resize((size_px, size_px), Image.Resampling.LANCZOS)
    small.save(out, "JPEG", quality=_QUALITY, optimize=True)
    return out.getvalue()
