"""The picture beside a link: everything fits, and nothing is in it but what may be seen."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from media import artwork, cards

SQUARE = artwork.pattern("abcdefghjkmnpqrs", 600)
PAPER = artwork.PAPER


def drawn(title: str, under: str = "") -> Image.Image:
    with Image.open(io.BytesIO(cards.card(SQUARE, title, under))) as image:
        image.load()
        return image


def inked(image: Image.Image) -> tuple[int, int, int, int] | None:
    """The box of what is dark on the right half, where the words are."""
    words = image.crop((600, 0, 1200, 630)).convert("L").point(lambda tone: 255 if tone < 140 else 0)
    return words.getbbox()


@pytest.mark.parametrize(
    "title",
    ["Bread", "What helped me through the first week of many", "Donaudampfschifffahrtsgesellschaftskapitänsmütze",
     "word " * 60, "Που είναι η βοήθεια", "Где найти помощь", "x" * 150],
)  # fmt: skip
def test_every_title_stays_inside(title: str) -> None:
    image = drawn(title, "A show with a long name · A station with a name of its own")

    box = inked(image)
    assert image.size == cards.CARD_PX
    assert box is not None
    assert box[0] > 0
    assert box[2] <= 600 - 60
    assert box[1] > 40
    assert box[3] < 590


@pytest.mark.parametrize("title", ["שלום", "مرحبا", "日本語", "hello 😀"])
def test_what_our_letters_cannot_write_is_left_out(title: str) -> None:
    assert drawn(title, "Peer Radio").tobytes() == drawn("Peer Radio").tobytes()


def test_without_words_it_is_only_a_picture() -> None:
    assert inked(drawn("")) is None


def test_the_same_words_give_the_same_bytes_and_nothing_is_hidden_in_them() -> None:
    first = cards.card(SQUARE, "Bread", "Peer Radio")

    assert first == cards.card(SQUARE, "Bread", "Peer Radio")
    assert b"Bread" not in first
    assert b"Exif" not in first
