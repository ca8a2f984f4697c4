"""What wrote a stored feed. Other software, or a station with another name, writes other bytes from the same rows."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

from radio.settings import Settings

_ROOM = Path(__file__).resolve().parent
_BESIDE = ("core/text.py", "catalogue/vocabulary")
"""What else decides about a byte, beside this room: the cleaning of text, the names of kinds and tags."""


def made_by(settings: Settings) -> str:
    """The name of this writer: the same for the same software and settings, on every machine. 32 characters.

    It is made of the source, so that nobody has to remember to count a version up.
    """
    told = (settings.public_url, settings.station_name, settings.language, str(settings.tz), settings.websub_hub)
    return hashlib.sha256(repr((_software(), told, bool(settings.podping_url))).encode()).hexdigest()[:32]


def files() -> list[Path]:
    """The files whose change is a change of the writer; not what Python makes of them."""
    places = (_ROOM, *(_ROOM.parent / each for each in _BESIDE))
    found = [path for place in places for path in ((place,) if place.is_file() else place.rglob("*"))]
    return sorted(path for path in found if path.is_file() and path.suffix != ".pyc")


@cache
def _software() -> str:
    found = hashlib.sha256(f"feedgen {version('feedgen')}, lxml {version('lxml')}".encode())
    for path in files():
        found.update(str(path.relative_to(_ROOM.parent)).encode() + path.read_bytes())
    return found.hexdigest()
