"""Pictures: drawn anew, so that nothing about the camera or the place goes with them."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from media import artwork

SECRET = "planted-place"


def picture(size: tuple[int, int], form: str = "JPEG", mode: str = "RGB", colour: object = "red", **options: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, colour).save(out, form, **options)  # type: ignore[arg-type]
    return out.getvalue()


def drawn(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def png_header_of(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b"\0"))
    )


def test_every_size_is_a_plain_square_jpeg() -> None:
    found = artwork.redraw(picture((3_000, 3_000)))

    assert set(found) == {1_400, 600}
    for size, content in found.items():
        image = drawn(content)
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (size, size))


def test_nothing_but_the_picture_survives() -> None:
    exif = Image.Exif()
    exif[0x010E] = SECRET
    exif.get_ifd(0x8825)[1] = "N"
    comment = PngInfo()
    comment.add_text("Comment", SECRET)
    comment.add_itxt("XML:com.adobe.xmp", SECRET)
    for source in (
        picture((1_400, 1_400), exif=exif, comment=SECRET.encode(), xmp=SECRET.encode()),
        picture((1_400, 1_400), "PNG", pnginfo=comment),
        picture((1_400, 1_400), "WEBP", exif=exif),
        picture((1_400, 1_400)) + SECRET.encode(),
    ):
        for content in artwork.redraw(source).values():
            assert SECRET.encode() not in content
            assert not set(drawn(content).info) & {"exif", "icc_profile", "comment", "xmp", "photoshop"}


def test_a_picture_taken_sideways_stands_upright() -> None:
    image = Image.new("RGB", (1_600, 1_400), "white")
    image.paste("black", (0, 0, 800, 1_400))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it a quarter clockwise to see it upright
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif)

    upright = drawn(artwork.redraw(out.getvalue(), sizes_px=(600,))[600])

    assert sum(upright.getpixel((300, 50))) < 60  # type: ignore[arg-type]
    assert sum(upright.getpixel((300, 550))) > 700  # type: ignore[arg-type]


def test_a_long_banner_is_laid_on_paper_and_not_cut() -> None:
    banner = drawn(artwork.redraw(picture((2_800, 700), colour="black"), sizes_px=(600,))[600])

    assert sum(banner.getpixel((300, 20))) > 700  # type: ignore[arg-type]
    assert sum(banner.getpixel((5, 300))) < 60  # type: ignore[arg-type]
    assert sum(banner.getpixel((594, 300))) < 60  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("mode", "form", "colour"),
    [
        ("CMYK", "JPEG", (0, 0, 0, 0)),
        ("L", "JPEG", 255),
        ("P", "PNG", 0),
        ("RGBA", "PNG", (0, 0, 0, 0)),
        ("I;16", "PNG", 65_535),
        ("1", "PNG", 1),
    ],
)
def test_any_kind_of_colour_is_understood(mode: str, form: str, colour: object) -> None:
    assert drawn(artwork.redraw(picture((1_400, 1_400), form, mode, colour))[600]).mode == "RGB"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not-a-picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not-a-picture"),
        (picture((1_500, 1_500), "GIF"), "not-a-picture"),
        (picture((1_500, 1_500), "TIFF"), "not-a-picture"),
        (picture((1_500, 1_500))[:2_000], "not-a-picture"),
        (picture((1_399, 1_399)), "too-small"),
        (picture((1_399, 1_800)), "too-small"),
        (png_header_of(40_000, 40_000), "too-big"),
        (png_header_of(9_000, 9_000), "too-big"),
    ],
)
def test_what_cannot_be_drawn_is_refused_by_a_reason(content: bytes, code: str) -> None:
    with pytest.raises(artwork.RefusedPictureError) as refused:
        artwork.redraw(content)
    assert refused.value.code == code


def test_a_show_without_a_picture_has_a_pattern_of_its_own() -> None:
    one, same, other = (artwork.pattern(show, 600) for show in ("0f3a9c1e77b24d0a", "0f3a9c1e77b24d0a", "91be03d2c4aa4f1e"))

    assert one == same
    assert one != other
    assert drawn(one).size == (600, 600)
    assert len(one) < 60_000


def test_what_was_drawn_here_is_known_again_and_nothing_can_hide_in_it() -> None:
    noise = Image.effect_noise((1_500, 1_500), 80).convert("RGB")
    out = io.BytesIO()
    noise.save(out, "PNG")
    for size, content in artwork.redraw(out.getvalue()).items():
        assert artwork.is_drawn_here(content, size)
        assert not artwork.is_drawn_here(content, size + 1)
        for changed in (
            content + SECRET.encode(),
            content[:-2],
            content[:-2] + b"x\xff\xd9" + SECRET.encode() + b"\xff\xd9",
            content[2:],
            b"",
        ):
            assert not artwork.is_drawn_here(changed, size)
        hidden = b"\xff\xfe\x00\x0f" + SECRET.encode()
        assert not artwork.is_drawn_here(content[:20] + hidden + content[20:], size)
    exif = Image.Exif()
    exif[0x010E] = SECRET
    for form, options in (("JPEG", {"exif": exif}), ("JPEG", {"comment": SECRET.encode()}), ("PNG", {}), ("WEBP", {})):
        assert not artwork.is_drawn_here(picture((600, 600), form, **options), 600)
