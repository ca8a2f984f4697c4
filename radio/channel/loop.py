"""The emergency loop: sound that is there when the database and the store are not. It lies inside the package."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from media.profiles import Profile

FOLDER = Path(__file__).resolve().parent / "emergency"


@dataclass(frozen=True, slots=True)
class Loop:
    """One rendition of the loop, in memory."""

    sha256: str
    ticks: bytes
    """The whole ticks, without the header of the file."""
    tick_bytes: int

    @property
    def n_ticks(self) -> int:
        """How long it is before it begins again."""
        return len(self.ticks) // self.tick_bytes

    def cut(self, first_tick: int, n_ticks: int) -> bytes:
        """The bytes of `n_ticks` ticks from `first_tick` on; they must lie within it."""
        return self.ticks[first_tick * self.tick_bytes : (first_tick + n_ticks) * self.tick_bytes]


def read(profile: Profile, folder: Path = FOLDER) -> Loop:
    """The loop as this profile has it, `<code>.<extension>` in the folder.

    Raises:
        OSError: it is not there.
        ValueError: it is not whole ticks.
    """
    content = (folder / f"{profile.code}.{profile.extension}").read_bytes()
    ticks = content[profile.header_bytes :]
    if not ticks or len(ticks) % profile.tick_bytes:
        raise ValueError(f"{profile.code}: {len(ticks)} bytes are not whole ticks of {profile.tick_bytes}")
    return Loop(hashlib.sha256(content).hexdigest(), ticks, profile.tick_bytes)


def loops(profiles: tuple[Profile, ...], folder: Path = FOLDER) -> Mapping[str, Loop]:
    """Every profile's loop, by its name."""
    return {profile.name: read(profile, folder) for profile in profiles}
