"""What one process remembers of a day: enough to count each listener of an episode once, and nothing that could be read back."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime
from threading import Lock

from radio.counting import rules
from radio.counting.robots import is_robot
from radio.counting.rules import Fetch, Piece

MOST_LISTENERS = 200_000
"""Remembered at once, some 60 MB; whoever comes after them on the same day is not counted."""

Sums = Mapping[tuple[str, date], int]
"""(Episode, day) → how often it was fetched."""

_COUNTED: dict[str, tuple[Piece, ...]] = {}


class Tally:
    """Counts in memory. The key that stands between a listener and their mark is made by chance and forgotten at midnight (UTC),
    with every mark; neither is ever written anywhere.
    """  # noqa: D205

    def __init__(self) -> None:
        self._lock = Lock()
        self._day: date | None = None
        self._key = b""
        self._pieces: dict[bytes, dict[str, tuple[Piece, ...]]] = {}
        self._sums: Counter[tuple[str, date]] = Counter()

    def take(self, fetch: Fetch, *, address: str, agent: str, now: datetime) -> None:
        """Count one answer that has ended, if with it a listener has had a minute of the episode today."""
        if not fetch.is_sound:
            return
        with self._lock:
            self._begin_day(now.astimezone(UTC).date())
            mark = rules.listener(self._key, address, agent, fetch.sound.episode_id)
            if self._is_enough(mark, fetch) and not is_robot(agent):
                self._sums[fetch.sound.episode_id, now.astimezone(UTC).date()] += 1

    def drain(self) -> Sums:
        """What was counted since the last time; it is forgotten here."""
        with self._lock:
            sums, self._sums = self._sums, Counter()
        return sums

    def put_back(self, sums: Sums) -> None:
        """What could not be written down is kept for the next time."""
        with self._lock:
            self._sums.update(sums)

    def _begin_day(self, day: date) -> None:
        if day != self._day:
            self._day, self._key, self._pieces = day, secrets.token_bytes(32), {}

    def _is_enough(self, mark: bytes, fetch: Fetch) -> bool:
        """Whether this answer completes the minute; from then on nothing of this listener's does."""
        held = self._pieces.get(mark)
        if held is _COUNTED or (held is None and len(self._pieces) >= MOST_LISTENERS):
            return False
        held = {} if held is None else held
        pieces = rules.joined(held.get(fetch.sound.form, ()), fetch.piece)
        if fetch.sound.heard_bytes(pieces) >= fetch.sound.needed_bytes > 0:
            self._pieces[mark] = _COUNTED
            return True
        held[fetch.sound.form] = pieces
        self._pieces[mark] = held
        return False
