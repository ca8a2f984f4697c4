"""The sound in a parcel: taken byte for byte when it is exactly what we would have made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from media import fmp4, keys, mp3, tags
from media.grid import ticks_for
from media.profiles import Profile
from media.types import Db, Facts, Ingested, Loudness, Lufs, Rendition
from radio.core.text import plain
from radio.moving.parcel import ParcelError, Reader
from radio.station import station

_LONGEST_PEAKS = 24 * 3600 * 10 * 2
"""Two bytes for each 100 ms of a day."""


def lawful(reader: Reader, source: dict[str, Any], folder: Path, tell: Callable[[], None]) -> Ingested | None:
    """The renditions of an episode as files, if they are of our profiles and lie on the grid to the byte; None: of other profiles.

    Raises:
        ParcelError: they are not what the archive says, or break the law of the grid.
    """
    told = source["recording"]
    renditions = {str(each.get("profile")): each for each in _all(told.get("renditions")) if isinstance(each, dict)}
    profiles = station().profiles
    if any(renditions.get(each.name, {}).get("code") != each.code for each in profiles):
        return None
    n_samples = _whole(told.get("n_samples"))
    n_ticks = ticks_for(n_samples)
    if n_ticks != _whole(told.get("n_ticks")) or n_samples > station().settings.max_recording_hours * 3600 * 48_000:
        raise ParcelError("damaged-parcel")
    for each in profiles:
        _copy(reader, source["folder"], each, n_ticks, folder / f"{each.name}.{each.extension}", tell=tell)
    found = tuple(_sound(folder, renditions[each.name], each) for each in profiles)
    peaks = folder / "peaks.i8"
    peaks.write_bytes(reader.short(source["folder"] + "peaks.bin", _LONGEST_PEAKS))
    facts = Facts(plain(str(told.get("container")))[:40], plain(str(told.get("codec")))[:40], None, 48_000, 1, has_video=False)
    loudness = Loudness(Lufs(_number(told, "integrated_lufs")), Db(_number(told, "true_peak_dbtp")), Db(_number(told, "gain_db")))
    return Ingested(facts, loudness, n_samples, n_ticks, found, peaks)


def _copy(reader: Reader, where: str, profile: Profile, n_ticks: int, path: Path, *, tell: Callable[[], None]) -> None:
    with path.open("wb") as file:
        for chunk in reader.chunks(where + path.name, profile.header_bytes + n_ticks * profile.tick_bytes):
            tell()
            file.write(chunk)
    if path.stat().st_size != profile.header_bytes + n_ticks * profile.tick_bytes:
        raise ParcelError("damaged-parcel")


def _sound(folder: Path, told: dict[str, Any], profile: Profile) -> Rendition:
    path = folder / f"{profile.name}.{profile.extension}"
    sha256, size_bytes = keys.sha256_of(path), path.stat().st_size
    if sha256 != told.get("sha256") or not _on_the_grid(path, profile):
        raise ParcelError("damaged-parcel")
    return Rendition(profile.name, path, sha256, size_bytes, profile.media_type, profile.header_bytes, profile.tick_bytes)


def _on_the_grid(path: Path, profile: Profile) -> bool:
    """Whether these bytes obey the law of their profile: any tick of them may go on air between others."""
    content = path.read_bytes()
    if profile.codec == "mp3":
        lawful = not mp3.frame_problems(content, profile.bitrate_kbps)
    else:
        packets = (len(content) - profile.header_bytes) // profile.unit_bytes
        lawful = content[: profile.header_bytes] == fmp4.flat_header(packets, profile.unit_bytes)
    return lawful and not tags.found(path)


def _all(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _whole(value: object) -> int:
    if not isinstance(value, int) or value <= 0:
        raise ParcelError("damaged-parcel")
    return value


def _number(told: dict[str, Any], name: str) -> float:
    value = told.get(name)
    return float(value) if isinstance(value, int | float) else 0.0
