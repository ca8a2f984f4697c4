"""Instants, spans and the wall clock. Instants are aware UTC, spans are half-open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
PRESSED_TWICE = timedelta(seconds=30)
"""Who sends the same form again so soon means one thing, not two."""


def unix_ms(instant: datetime) -> int:
    """Milliseconds since the Unix epoch, exact (no float on the way)."""
    return (instant - _EPOCH) // _MS


def from_unix_ms(ms: int) -> datetime:
    """The aware UTC instant of a Unix millisecond."""
    return _EPOCH + timedelta(milliseconds=ms)


def instant_of(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant of a naive wall-clock time in `zone`.

    A time that a spring change skips becomes the first instant after the gap; a time that an autumn change repeats is its
    first pass. Source: RFC 5545 §3.3.10 leaves skipped times out, which on a radio is a hole.
    """
    first = local.replace(tzinfo=zone, fold=0)
    before = first.utcoffset() or timedelta(0)
    after = local.replace(tzinfo=zone, fold=1).utcoffset() or timedelta(0)
    if after > before:  # in a gap: fold 0 reads with the offset before it, fold 1 with the one after
        return _first_instant_after_gap(local, zone, before, after)
    return first.astimezone(UTC)


def _first_instant_after_gap(local: datetime, zone: ZoneInfo, before: timedelta, after: timedelta) -> datetime:
    low = local - after
    high = local - before
    low_utc, high_utc = low.replace(tzinfo=UTC), high.replace(tzinfo=UTC)
    while high_utc - low_utc > timedelta(seconds=1):
        middle = low_utc + (high_utc - low_utc) // 2
        if (middle.astimezone(zone).utcoffset() or timedelta(0)) >= after:
            high_utc = middle
        else:
            low_utc = middle
    return high_utc.replace(microsecond=0)


@dataclass(frozen=True, slots=True)
class Span:
    """Instants `[start, end)`."""

    start: datetime
    end: datetime

    def contains(self, instant: datetime) -> bool:
        """Whether the instant lies in the span; its end belongs to the next."""
        return self.start <= instant < self.end

    @property
    def length(self) -> timedelta:
        """How long the span is."""
        return self.end - self.start
