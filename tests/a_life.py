"""A life and its proof in one: for `scripts/simulate`, and in small for a test."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from unittest.mock import patch

from flask import Flask
from sqlalchemy.orm import Session

from media.grid import DAY_TICKS, SEGMENT_SAMPLES, TICK_MS
from media.store import S3Store
from radio import keyring
from radio.channel import loop
from radio.channel.ticks import Ticks
from radio.clock import SetClock
from radio.db import db
from radio.schedule.airings import Part
from radio.settings import Settings
from radio.station import Station
from tests.databases import SqliteBlank
from tests.judged import Judgement, judged
from tests.listened import Listening
from tests.lived import Life
from tests.ports import embedded_store
from tests.recorded import LONGEST_SILENCE_S, Recorded, record_all
from tests.stock import Lengths
from tests.storeless import Faltering, Hour, without_store
from tests.waiting import PATIENCE_S

Say = Callable[[str], None]


@dataclass
class Proved:
    """What was shown, and of how much."""

    days: int
    life: Life
    judgement: Judgement
    listening: dict[str, Listening]
    hour: Hour

    @property
    def longest_silence_s(self) -> float:
        """Over both renditions of all that went out, and what the stream gave while the store was away."""
        return max(self.hour.longest_silence_s, *(one.longest_silence_s() for one in self.listening.values()))

    def lines(self) -> Iterator[str]:
        """A line for each law."""
        yield from judged_lines(self.days, self.life, self.judgement)
        for name, heard in self.listening.items():
            yield (
                f"{name}: {len(heard.order)} segments, the sequence grows by one; {heard.n_joins} with a join; {heard.n_distinct} distinct, "
                f"all decoded: {SEGMENT_SAMPLES} samples each; longest silence {heard.longest_silence_s():.2f} s"
            )
        hour, asked = self.hour, sum(self.hour.answers.values())
        yield (
            f"an hour without the store: {hour.playlists} playlists answered, each one further; of {asked} newest segments {hour.answers[503]} "
            f"were put off (503), all {hour.back} were there afterwards; the stream gave {hour.stream_ticks} whole ticks, "
            f"longest silence {hour.longest_silence_s:.2f} s"
        )


def judged_lines(days: int, life: Life, found: Judgement) -> Iterator[str]:
    """A line for each law of the rundown."""
    done = life.told.done
    yield (
        f"{days} days with {found.clock_changes} changes of the clock, {found.airings} airings in {found.revisions} revisions: "
        "0 gaps, 0 overlaps, 0 unlawful; the chain is whole"
    )
    yield (
        f"{done['taken back']} taken back, {done['taken back on air']} of them on air; {found.expired} ran out; "
        f"{len(life.told.empty)} weeks without anybody's agreement: none of them heard after that"
    )
    yield (
        f"{done['swapped']} swaps ({done['swapped on air']} on air), {done['warned']} warnings ({found.alerts_heard} heard, "
        f"{done['warnings ended early']} ended early), {len(life.told.stops)} stops and resumes: all held"
    )
    refused = sum(times for what, times in done.items() if what.startswith("refused"))
    yield f"{refused} decisions refused, as they should be"
    longest_min = found.longest_without_support_ticks * TICK_MS / 60_000
    yield (
        f"support around all that needs it; at night at most {longest_min:.2f} min apart, also around the {found.interrupted} warnings "
        f"that came into the middle of something and the {found.warned_at_night} heard at night"
    )
    loop_days = found.parts[Part.EMERGENCY] / DAY_TICKS
    yield f"emergency loop {loop_days:.2f} days, {found.unexplained_loop_ticks} ticks of it without a stop or an empty week"


@contextmanager
def a_station(folder: Path, began: datetime, zone: str) -> Iterator[tuple[Flask, SetClock, S3Store]]:
    """A whole station of its own in a folder, with a real store."""
    from radio.app import create_app

    (folder / "var").mkdir()
    server = embedded_store(folder / "s3", secret_key="a-secret-of-a-life")
    server.start()
    try:
        server.wait_ready(PATIENCE_S)
        store = S3Store(server.settings("radio"))
        store.ensure_bucket()
        settings = Settings.from_env({
            "RADIO_DATA": str(folder / "var"), "RADIO_DATABASE_URL": SqliteBlank(folder / "blank.db").copy(folder / "var"),
            "RADIO_PUBLIC_URL": "http://localhost", "RADIO_ZONE": zone,
        })  # fmt: skip
        keyring.make(settings)
        clock = SetClock(began)
        app = create_app(settings, clock=clock, store=store)
        yield app, clock, store
        with app.app_context():
            db.engine.dispose()
    finally:
        server.stop()


@contextmanager
def ids_from(seed: int) -> Iterator[None]:
    """Ids and the desk's seed order what is equal otherwise: here they come from a seed too."""
    chance = random.Random(seed)
    with patch.multiple("secrets", choice=chance.choice, token_hex=lambda n: chance.randbytes(n).hex()):
        yield


def lived_and_proved(
    folder: Path, began: datetime, *, days: int, zone: str, lengths: Lengths, seed: int, say: Say = lambda _: None
) -> Proved:
    """Live so many days on a station of one's own, then show everything."""
    with a_station(folder, began, zone) as (app, clock, store):
        empty = days // 2 if days > 14 else None
        return prove(app, clock, store, folder, days=days, lengths=lengths, seed=seed, empty_from_day=empty, say=say)


def lived_and_judged(
    folder: Path, began: datetime, *, days: int, zone: str, lengths: Lengths, seed: int, alerts: float
) -> Iterator[str]:
    """The same without any sound: what went out alone is shown lawful. `alerts`: how many a day."""
    with a_station(folder, began, zone) as (app, clock, _), app.app_context():
        here: Station = app.extensions["station"]
        here = app.extensions["station"] = replace(here, settings=replace(here.settings, horizon_days=1))
        unheard = {n_ticks: Recorded(n_ticks, {}, {}, range(0)) for n_ticks in lengths.all}
        with Session(db.engine, expire_on_commit=False) as session, ids_from(seed):
            life = Life(session, here, clock, unheard, lengths, seed=seed, per_day={"alert": alerts})
            life.live(days, empty_from_day=days // 2 if days > 14 else None)
            yield from judged_lines(days, life, judged(life))


def prove(
    app: Flask, clock: SetClock, store: S3Store, folder: Path, *, days: int, lengths: Lengths, seed: int,
    episodes: int = 120, empty_from_day: int | None = None, segments_away: int = 625, say: Say = lambda _: None, **per_day: float,
) -> Proved:  # fmt: skip
    """Live so many days on the station of an application, then show everything. The same seed gives the same life.

    Raises:
        AssertionError, UnprovenError: something was not as it should be.
    """
    here: Station = app.extensions["station"]
    faltering, hours = Faltering(store), list[Hour]()
    here = app.extensions["station"] = replace(
        here, store=faltering, settings=replace(here.settings, horizon_days=1)  # type: ignore[arg-type]
    )  # fmt: skip
    recorded = record_all(folder, store, lengths.all, paused=max(lengths.programmes))
    paused = frozenset((key, tick) for one in recorded.values() for key in one.keys.values() for tick in one.paused)
    say(f"{len(recorded)} recordings taken in, {sum(recorded)} ticks")
    with app.app_context():
        engine = db.engine
    with Session(engine, expire_on_commit=False) as session, app.app_context(), ids_from(seed):
        life = Life(session, here, clock, recorded, lengths, seed=seed, episodes=episodes, per_day=per_day)

        def store_is_away() -> None:
            session.commit()
            halves = set().union(*(one.paused_halves() for one in recorded.values()))
            hours.append(without_store(app, clock, faltering, segments=segments_away, paused=halves))

        life.live(days, empty_from_day=empty_from_day, special={days // 3: store_is_away})
        say(f"{days} days lived")
        found = judged(life)
        say("judged")
        ticks = Ticks(store, loop.loops(here.profiles))
        listening = {profile.name: Listening(ticks, profile, paused) for profile in here.profiles}
        for one in listening.values():
            one.walk(session, life.from_tick, life.until_tick)
            say(f"{one.profile.name}: {one.n_distinct} distinct segments")
            one.decode()
        proved = Proved(days, life, found, listening, hours[0])
        assert proved.longest_silence_s <= LONGEST_SILENCE_S, proved.longest_silence_s
        return proved
