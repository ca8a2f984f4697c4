"""The endless MP3: the right frames at the clock, the same for everybody, and nobody waits for a slow one."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy.orm import Session

from media.profiles import standard
from media.store import ObjectStore
from radio.channel.rules import BURST_HALVES, HALF_MS
from radio.channel.stream import FELL_BEHIND_HALVES, METAINT_BYTES, Stream
from radio.channel.views import Channel
from radio.clock import SetClock
from radio.schedule import queries as schedule
from radio.station import Station
from tests.air import extend, make_catalogue, tick_content
from tests.visitor import Visitor
from tests.waiting import PATIENCE_S, until

HALF_BYTES = standard().tick_bytes // 2


@pytest.fixture
def stream(session: Session, station: Station, store: ObjectStore, on_air: Channel, clock: SetClock) -> Stream:
    """The stream of a station that is on air; waiting moves the clock."""
    make_catalogue(session, store, station)
    session.commit()
    extend(session, replace(station, settings=replace(station.settings, horizon_days=1)))
    clock.move(timedelta(minutes=3, milliseconds=137))
    at_hand(on_air, -(-clock.unix_ms() // HALF_MS) - BURST_HALVES)

    def pause(seconds: float) -> None:
        """The clock leaps, so that what is read ahead in a real second must be at hand before it does."""
        until(lambda: not on_air.ticks.under_way, every_s=0.002)
        clock.move(timedelta(seconds=seconds))

    return Stream(clock, on_air.holding, on_air.ticks, "Test Radio", pause=pause)


def at_hand(on_air: Channel, first_half: int) -> None:
    """Have what the first listener is given read from the store, however long that takes."""
    ticks = [
        on_air.holding.tick("standard", tick, tick)[0] for tick in range(first_half // 2, (first_half + BURST_HALVES) // 2 + 1)
    ]
    for made_of in ticks:
        on_air.ticks.read(made_of, "standard", wait_s=PATIENCE_S)


def heard(listener: Iterator[bytes], n_halves: int) -> bytes:
    found = next(listener)
    return found + b"".join(next(listener) for _ in range(n_halves - BURST_HALVES))


def told(session: Session, first_half: int, n_halves: int) -> bytes:
    """What the rundown says of these half ticks, worked out apart."""
    found = b""
    for half in range(first_half, first_half + n_halves):
        tick, second = divmod(half, 2)
        airing = schedule.rundown(session, tick - 2000, tick + 1).airings[-1]
        assert airing.recording_id
        content = tick_content(airing.recording_id, airing.first_tick + tick - airing.start_tick, standard())
        found += content[HALF_BYTES:] if second else content[:HALF_BYTES]
    return found


def test_a_listener_hears_the_rundown_from_six_seconds_ago(stream: Stream, session: Session, clock: SetClock) -> None:
    first = -(-clock.unix_ms() // HALF_MS) - BURST_HALVES
    listener = stream.listen(with_titles=False)
    assert heard(listener, 700) == told(session, first, 700)
    assert stream.listeners == 1
    listener.close()  # type: ignore[attr-defined]
    assert stream.listeners == 0


def test_titles_stand_where_they_were_promised(stream: Stream, session: Session, clock: SetClock) -> None:
    first = -(-clock.unix_ms() // HALF_MS) - BURST_HALVES
    received, sound, titles = heard(stream.listen(with_titles=True), 900), b"", []
    while len(received) > METAINT_BYTES:
        sound, length = sound + received[:METAINT_BYTES], received[METAINT_BYTES] * 16
        block = received[METAINT_BYTES + 1 : METAINT_BYTES + 1 + length]
        titles += [block.rstrip(b"\0").decode()] if length else []
        received = received[METAINT_BYTES + 1 + length :]
    assert sound == told(session, first, 900)[: len(sound)]
    assert len(titles) >= 2
    assert all(title.startswith("StreamTitle='") for title in titles)
    assert all(a != b for a, b in pairwise(titles)), "said once, when it changes"


def test_two_who_came_at_different_times_hear_the_same(stream: Stream, clock: SetClock) -> None:
    early = stream.listen(with_titles=False)
    before = heard(early, 40)
    late = heard(stream.listen(with_titles=False), 30)
    assert before[-(BURST_HALVES + 1) * HALF_BYTES :] == late[: (BURST_HALVES + 1) * HALF_BYTES]


def test_who_falls_behind_is_let_go(stream: Stream, clock: SetClock) -> None:
    slow = stream.listen(with_titles=False)
    next(slow)
    clock.move(timedelta(milliseconds=HALF_MS * (FELL_BEHIND_HALVES + 2)))
    assert list(slow) == []


def test_who_does_not_read_loses_the_line_and_others_hear_on(stream: Stream, clock: SetClock) -> None:
    ours, theirs = socket.socketpair()
    stuck = stream.listen(with_titles=False, line=ours)
    next(stuck)
    heard(stream.listen(with_titles=False), BURST_HALVES + FELL_BEHIND_HALVES + 5)
    assert theirs.recv(10) == b"", "the line was cut"
    with pytest.raises(BrokenPipeError):
        ours.send(b"more")
    ours.close()
    theirs.close()


def test_the_head_says_what_it_is_and_sets_no_cookie(client: Visitor, on_air: Channel) -> None:
    plain, titled = client.head("/live.mp3"), client.head("/live.mp3", headers={"Icy-MetaData": "1"})
    assert plain.mimetype == "audio/mpeg"
    assert plain.headers["icy-br"] == "64"
    assert "icy-metaint" not in plain.headers
    assert titled.headers["icy-metaint"] == str(METAINT_BYTES)
    assert "Set-Cookie" not in plain.headers
    assert plain.headers["Cache-Control"] == "no-store"
