"""The channel's arithmetic: which segments are listed, which bytes they are made of, what is on now. Pure.

A segment is the ticks it covers, whatever recordings they lie in. Its digest names exactly those, so a revision of the
rundown changes only the addresses that it touches, and two servers give the same address for the same sound.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from media.grid import HOUR_TICKS, SEGMENT_MS, SEGMENT_TICKS, tick_at, tick_start_ms
from radio.schedule.airings import Airing, Part

SEGMENTS_AHEAD = 2
"""How far the newest listed segment lies ahead of the current one: players then sit 0–7 s behind the true second."""
WINDOW_SEGMENTS = 20
KEPT_SEGMENTS = 7 * 15_000
"""How far back a listener may go: a week."""
LATE_SEGMENTS = 625
"""How long a segment is served, as it was listed live, to those who were late or paused: an hour."""
LONGEST_AGAIN_TICKS = 13 * HOUR_TICKS
"""The longest stretch that is listed to somebody who goes back: longer than any recording may be."""
DIGEST_LENGTH = 16
BURST_HALVES = 12
"""What a stream listener gets at once: 5.76 s, whatever the bitrate."""
HALF_MS = 480
"""The stream is sent in half ticks of twenty MP3 frames."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A rendition as the store holds it: tick `i` begins at `header_bytes + i * tick_bytes`."""

    sha256: str
    key: str
    header_bytes: int
    tick_bytes: int
    size_bytes: int
    recording_id: str = ""


@dataclass(frozen=True, slots=True)
class Aired:
    """One airing with all that a listener's program needs of it. The emergency loop has no recording and no sounds."""

    airing: Airing
    title: str = ""
    show_title: str = ""
    show_slug: str = ""
    has_page: bool = False
    synthetic: bool = False
    withdrawn_from_tick: int | None = None
    sounds: Mapping[str, Sound] = field(default_factory=dict)
    """By profile."""
    on_site: bool = False
    """Whether it is out and its teller agreed that it is heard when the listener wants, not only when the station does."""
    expires_tick: int | None = None
    """From this tick on it is heard no more; None: it does not expire."""

    @property
    def is_programme(self) -> bool:
        """Whether a listener would say that this is what is on."""
        return self.airing.part is Part.PROGRAMME

    def is_taken_back(self, tick: int, now_tick: int) -> bool:
        """Whether this tick of it may not be heard: once it is taken back, none of it, not even what was before."""
        return self.withdrawn_from_tick is not None and max(tick, now_tick) >= self.withdrawn_from_tick

    def may_be_heard_again(self, now_tick: int) -> bool:
        """Whether a listener may go back to it."""
        stays = self.expires_tick is None or now_tick < self.expires_tick
        return self.on_site and stays and not self.is_taken_back(self.airing.start_tick, now_tick)

    @property
    def words(self) -> str:
        """What a display shows: the show and the title."""
        return " – ".join(part for part in (self.show_title, self.title) if part)


@dataclass(frozen=True, slots=True)
class Piece:
    """Ticks `[first_tick, first_tick + n_ticks)` of one sound; `sound` None: of the emergency loop."""

    sound: Sound | None
    first_tick: int
    n_ticks: int


def newest_segment(now_ms: int) -> int:
    """The newest segment that may be listed or served."""
    return now_ms // SEGMENT_MS + SEGMENTS_AHEAD


def window(now_ms: int) -> range:
    """The segments of the live playlist."""
    newest = newest_segment(now_ms)
    return range(newest - WINDOW_SEGMENTS + 1, newest + 1)


def segments_of(from_tick: int, to_tick: int, now_ms: int) -> tuple[range, bool]:
    """The segments of `[from_tick, to_tick)` that may be listed to somebody who goes back, and whether it is over."""
    first, last = from_tick // SEGMENT_TICKS, (to_tick - 1) // SEGMENT_TICKS
    newest = newest_segment(now_ms)
    return range(first, min(last, newest) + 1), newest >= last


def between(aired: Sequence[Aired], from_tick: int, to_tick: int) -> Sequence[Aired]:
    """Those of ordered airings that touch a span."""
    first = max(0, bisect_right(aired, from_tick, key=lambda one: one.airing.start_tick) - 1)
    stop = first
    while stop < len(aired) and aired[stop].airing.start_tick < to_tick:
        stop += 1
    return [one for one in aired[first:stop] if one.airing.end_tick > from_tick]


def pieces(
    aired: Sequence[Aired], from_tick: int, to_tick: int, *, profile: str, now_tick: int, loop_ticks: int
) -> tuple[Piece, ...]:
    """What `[from_tick, to_tick)` is made of. What may not be heard, or is not there, is the emergency loop."""
    found: list[Piece] = []
    cursor = from_tick
    for one in between(aired, from_tick, to_tick):
        start, end = max(cursor, one.airing.start_tick), min(one.airing.end_tick, to_tick)
        found += _loop(cursor, start, loop_ticks)
        sound = one.sounds.get(profile)
        free = _free_until(one, start, end, now_tick) if sound else start
        if sound and free > start:
            found.append(Piece(sound, one.airing.first_tick + start - one.airing.start_tick, free - start))
        found += _loop(free, end, loop_ticks)
        cursor = max(cursor, end)
    found += _loop(cursor, to_tick, loop_ticks)
    return tuple(found)


def _free_until(one: Aired, start: int, end: int, now_tick: int) -> int:
    """How far into `[start, end)` it may be heard."""
    if one.withdrawn_from_tick is None:
        return end
    return start if one.is_taken_back(start, now_tick) else min(end, one.withdrawn_from_tick)


def _loop(from_tick: int, to_tick: int, loop_ticks: int) -> list[Piece]:
    """The loop runs by the clock, so every server is at the same place in it."""
    found = []
    while from_tick < to_tick:
        first = from_tick % loop_ticks
        length = min(to_tick - from_tick, loop_ticks - first)
        found.append(Piece(None, first, length))
        from_tick += length
    return found


def again(aired: Sequence[Aired], now_tick: int) -> tuple[Aired, ...]:
    """The same airings, silent where nobody may go back to them: what is made of these has the emergency loop there."""
    return tuple(one if one.may_be_heard_again(now_tick) else replace(one, sounds={}) for one in aired)


def digest(made_of: Sequence[Piece], loop_sha256: str) -> str:
    """The name of the sound that the pieces make."""
    text = ";".join(f"{p.sound.sha256 if p.sound else loop_sha256}:{p.first_tick}:{p.n_ticks}" for p in made_of)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]


@dataclass(frozen=True, slots=True)
class NowNext:
    """What is on, what programme comes next, and when anything changes."""

    now: Aired | None
    following: Aired | None
    changes_at_ms: int


def now_next(aired: Sequence[Aired], now_ms: int) -> NowNext:
    """What is on at a millisecond. What was taken back is neither on nor next."""
    tick = tick_at(now_ms)
    coming = [one for one in aired if one.airing.end_tick > tick]
    current = coming[0] if coming and coming[0].airing.start_tick <= tick else None
    later = (one for one in coming if one.airing.start_tick > tick and one.is_programme)
    following = next((one for one in later if not one.is_taken_back(one.airing.start_tick, tick)), None)
    changes_at = current.airing.end_tick if current else following.airing.start_tick if following else tick + 1
    if current and current.is_taken_back(tick, tick):
        current = None
    elif current and current.withdrawn_from_tick is not None:
        changes_at = min(changes_at, current.withdrawn_from_tick)
    return NowNext(current, following, tick_start_ms(changes_at))
