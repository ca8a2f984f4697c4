"""Telling a cache in front of the station to forget: the addresses of what it may still hold, and the request itself."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator

from sqlalchemy.orm import Session

from media.grid import SEGMENT_TICKS, tick_at
from radio.channel import loop, queries, rules
from radio.errors import RadioError
from radio.station import Station

TIMEOUT_S = 5.0
LISTED_TICKS = 2 * rules.WINDOW_SEGMENTS * SEGMENT_TICKS
"""How far back what a cache may still hold was listed."""
_NOT_THERE = {404, 410, 412}
_SUFFIX = {"standard": "mp3", "low": "m4s"}


class NotPurgedError(RadioError):
    """A cache did not do as it was told."""


def segments_of(session: Session, here: Station, recordings: set[str]) -> Iterator[str]:
    """The addresses of the last minutes in which one of the recordings was heard, as they were before it was taken back."""
    now_tick = tick_at(here.clock.unix_ms())
    first = (now_tick - LISTED_TICKS) // SEGMENT_TICKS
    aired = queries.aired(session, first * SEGMENT_TICKS, now_tick)
    loops = loop.loops(here.profiles)
    for start in range(first * SEGMENT_TICKS, now_tick, SEGMENT_TICKS):
        if all(one.airing.recording_id not in recordings for one in rules.between(aired, start, start + SEGMENT_TICKS)):
            continue
        for name, its_loop in loops.items():
            made_of = rules.pieces(aired, start, start + SEGMENT_TICKS, profile=name, now_tick=0, loop_ticks=its_loop.n_ticks)
            yield f"/live/{name}/{start // SEGMENT_TICKS}-{rules.digest(made_of, its_loop.sha256)}.{_SUFFIX[name]}"


def tell_cache(address: str, names: Iterable[str]) -> None:
    """Send one PURGE with the names of what is to be forgotten; a cache that does not have it has done it.

    Raises:
        NotPurgedError: it refuses, or does not answer.
    """
    headers = {"Surrogate-Key": " ".join(names), "Cache-Tag": ",".join(names)}
    asked = urllib.request.Request(address, method="PURGE", headers=headers)  # noqa: S310  the operator's own cache
    try:
        with urllib.request.urlopen(asked, timeout=TIMEOUT_S):  # noqa: S310
            return
    except urllib.error.HTTPError as error:
        if error.code not in _NOT_THERE:
            raise NotPurgedError(f"the cache answers {error.code}") from error
    except (OSError, http.client.HTTPException) as error:
        raise NotPurgedError(f"the cache does not answer: {type(error).__name__}") from error
