"""The copy in the bucket: what is frozen, as the live outputs would give it, and true to what happens afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from media.errors import StoreUnavailableError
from media.store import ObjectStore
from radio.catalogue.models import Episode
from radio.channel.commands import channel
from radio.channel.export import PREFIX, DatabaseAwayError, Exporter
from radio.channel.views import Channel
from radio.clock import SetClock
from radio.core.people import Person, Role
from radio.editorial import actions as editorial
from radio.schedule import queries as schedule
from radio.schedule.airings import Airing, Part
from radio.station import Station
from tests.air import Voice, extend, make_catalogue
from tests.visitor import Visitor

MUCH = 110
"""Segments: ten minutes, from two before the hour."""
STEWARD = Person(None, "sam", frozenset({Role.STEWARD}))


@pytest.fixture
def broadcasting(
    session: Session, station: Station, store: ObjectStore, on_air: Channel, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Station]:
    """A station on the air whose copy has its own loop."""
    make_catalogue(session, store, station)
    session.commit()
    extend(session, replace(station, settings=replace(station.settings, horizon_days=1)))
    clock.move(timedelta(minutes=58))
    monkeypatch.setattr("radio.channel.export.loop.loops", lambda *_: on_air.ticks.loops)
    yield station
    store.delete_prefix("on-air")


def segments(store: ObjectStore, name: str, ending: str = "") -> list[str]:
    text = store.read(f"{PREFIX}live/{name}{ending}.m3u8").decode()
    return [line for line in text.splitlines() if not line.startswith("#")]


def test_the_copy_is_what_the_live_outputs_give(
    app: Flask, client: Visitor, session: Session, broadcasting: Station, store: ObjectStore, clock: SetClock
) -> None:
    with app.app_context():
        made = Exporter(broadcasting).write(MUCH)
    for name, master in (("standard", "live"), ("low", "live-low")):
        listed = segments(store, name)
        assert [int(re.split(r"[/-]", line)[1]) for line in listed] == list(range(made.from_segment, made.from_segment + MUCH))
        assert store.read(f"{PREFIX}{master}.m3u8") == client.get(f"/{master}.m3u8").data
        ending = next(
            key
            for key in (each.key for each in store.list(f"{PREFIX}live/{name}-"))
            if not key.endswith(f"{clock.now():%Y-%m-%dT%H}.m3u8")
        )
        later = segments(store, name, ending.removeprefix(f"{PREFIX}live/{name}").removesuffix(".m3u8"))
        assert 0 < len(later) < MUCH
        assert later == listed[-len(later) :], "who comes in the next hour begins there"
        for line in listed[:3]:
            assert store.read(f"{PREFIX}live/{line}") == client.get(f"/live/{line}").data
    assert store.read(f"{PREFIX}live/low/init.mp4") == client.get("/live/low/init.mp4").data


def on_the_air(session: Session, clock: SetClock) -> Airing:
    """A programme, with the clock set into its first seconds."""
    now = clock.unix_ms() // 960
    soon = schedule.rundown(session, now, now + 6 * MUCH).airings
    airing = next(a for a in soon if a.part is Part.PROGRAMME and a.start_tick > now)
    clock.move(timedelta(milliseconds=(airing.start_tick + 20) * 960 - clock.unix_ms()))
    return airing


def voice_of(airing: Airing) -> Voice:
    return Voice(airing.recording_id or "", airing.n_ticks)


def sounds(store: ObjectStore) -> dict[str, bytes]:
    """Every segment of the copy, listed or not."""
    return {each.key: store.read(each.key) for each in store.list(f"{PREFIX}live/") if each.key.endswith((".mp3", ".m4s"))}


def test_what_is_taken_back_is_out_of_the_copy_at_once_though_players_hear_its_guard(
    app: Flask, session: Session, broadcasting: Station, store: ObjectStore, clock: SetClock, work_off: Callable[[], int]
) -> None:
    airing = on_the_air(session, clock)
    with app.app_context():
        exporter = Exporter(broadcasting)
        exporter.ask(MUCH)
        made = exporter.write(MUCH)
        voice = voice_of(airing)
        before = sounds(store)
        assert sum(voice.is_in_segment(body, key) for key, body in before.items()) > 20, "it is on the air"

        clock.move(timedelta(seconds=1))
        editorial.withdraw(session, broadcasting, session.get_one(Episode, airing.episode_id), by=STEWARD, now=clock.now())
        work_off()

        there = exporter.present()
        assert there
        assert there.mark != made.mark, "the withdrawal itself has asked for it, no periodic turn was waited for"
        after = sounds(store)
    assert [key for key, body in after.items() if voice.is_in_segment(body, key)] == []
    for name in ("standard", "low"):
        numbers = [int(re.split(r"[/-]", line)[1]) for line in segments(store, name)]
        assert numbers == list(range(there.from_segment, there.from_segment + MUCH))
        assert {f"{PREFIX}live/{line}" for line in segments(store, name)} <= set(after), "and nothing that is listed is missing"


def test_what_is_taken_back_while_the_copy_is_written_is_not_in_it(
    app: Flask, session: Session, broadcasting: Station, store: ObjectStore, clock: SetClock
) -> None:
    airing = on_the_air(session, clock)
    begun = []

    def take_back_in_the_middle(fraction: float) -> None:
        if fraction > 0.5 and not begun:
            begun.append(fraction)
            editorial.withdraw(session, broadcasting, session.get_one(Episode, airing.episode_id), by=STEWARD, now=clock.now())
            session.commit()
            clock.move(timedelta(seconds=1))

    with app.app_context():
        exporter = Exporter(broadcasting)
        assert exporter.is_true(exporter.write(MUCH, take_back_in_the_middle))
    assert begun
    voice = voice_of(airing)
    assert [key for key, body in sounds(store).items() if voice.is_in_segment(body, key)] == []


def test_a_copy_stays_as_it_is_while_the_database_is_away(
    app: Flask, session: Session, broadcasting: Station, store: ObjectStore, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        exporter = Exporter(broadcasting)
        exporter.write(MUCH)
        before = [each.key for each in store.list(PREFIX)]

        def away(*_: object) -> None:
            raise OperationalError("", {}, Exception())

        clock.move(timedelta(minutes=40))
        monkeypatch.setattr("radio.channel.held.queries.aired", away)
        with pytest.raises(DatabaseAwayError):
            Exporter(broadcasting).write(MUCH)
    assert [each.key for each in store.list(PREFIX)] == before


def test_the_command_lays_it_there_and_takes_it_away_also_with_no_worker_alive(
    app: Flask, broadcasting: Station, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("radio.channel.export.HOUR_SEGMENTS", MUCH)
    with app.app_context():
        said = CliRunner().invoke(channel, ["export", "1"], obj=None)
        assert said.exit_code == 0, said.output
        assert "1 hours" in said.output
        assert len(segments(store, "low")) == MUCH
        assert CliRunner().invoke(channel, ["export", "0"]).exit_code == 0
        assert not list(store.list("on-air"))
        put_bytes = ObjectStore.put_bytes

        def full(here: ObjectStore, key: str, *more: object) -> object:
            if "live/" in key:
                raise StoreUnavailableError(key)
            return put_bytes(here, key, *more)  # type: ignore[arg-type]

        monkeypatch.setattr(ObjectStore, "put_bytes", full)
        assert "a worker tries again" in CliRunner().invoke(channel, ["export", "1"]).output
