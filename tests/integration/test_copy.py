"""The copy in the bucket: what is frozen, as the live outputs would give it, and true to what happens afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy.orm import Session

from media.store import ObjectStore
from radio.catalogue.models import Episode
from radio.channel.commands import channel
from radio.channel.export import PREFIX, Exporter
from radio.channel.views import Channel
from radio.clock import SetClock
from radio.core.people import Person, Role
from radio.editorial import actions as editorial
from radio.schedule import queries as schedule
from radio.schedule.airings import Part
from radio.station import Station
from tests.air import extend, make_catalogue
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
    store.delete_prefix(PREFIX)


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


def test_the_copy_follows_what_is_taken_back_and_the_time(
    app: Flask, session: Session, broadcasting: Station, store: ObjectStore, clock: SetClock
) -> None:
    with app.app_context():
        exporter = Exporter(broadcasting)
        made = exporter.write(MUCH)
        assert exporter.is_true(made)
        now = clock.unix_ms() // 960
        soon = schedule.rundown(session, now, now + 6 * MUCH).airings
        airing = next(a for a in soon if a.part is Part.PROGRAMME and now + 40 < a.start_tick and a.end_tick < now + 6 * MUCH - 6)
        inside = range(airing.start_tick // 6 + 1, (airing.end_tick - 1) // 6)
        before = {each.key for each in store.list(f"{PREFIX}live/")}
        editorial.withdraw(session, broadcasting, session.get_one(Episode, airing.episode_id), by=STEWARD, now=clock.now())
        session.commit()
        clock.move(timedelta(seconds=30))
        there = exporter.present()
        assert there
        assert not exporter.is_true(there)
        exporter.write(there.n_segments)

        after = {each.key for each in store.list(f"{PREFIX}live/")}
        for number in inside:
            old = {key for key in before if f"/{number}-" in key}
            assert len(old) == 2
            assert not old & after, "its sound is gone from the copy"
        assert {int(re.split(r"[/-]", line)[1]) for line in segments(store, "standard")} >= set(inside)


def test_the_command_lays_it_there_and_takes_it_away(
    app: Flask, broadcasting: Station, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("radio.channel.export.HOUR_SEGMENTS", MUCH)
    with app.app_context():
        said = CliRunner().invoke(channel, ["export", "1"], obj=None)
        assert said.exit_code == 0, said.output
        assert "1 hours" in said.output
        assert CliRunner().invoke(channel, ["export", "0"]).exit_code == 0
    assert not list(store.list(PREFIX))
