"""`/healthz` says whether the station can do its work, and nothing that a stranger should not know."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from flask import Flask
from sqlalchemy import insert
from sqlalchemy.orm import Session

from media.grid import HOUR_TICKS, tick_at
from media.store import S3Store
from radio.clock import SetClock
from radio.schedule.models import Revision
from radio.station import Station
from tests.visitor import Visitor


def plan(session: Session, clock: SetClock, hours: int) -> None:
    now = tick_at(clock.unix_ms())
    session.execute(insert(Revision).values(
        effective_tick=now, end_tick=now + hours * HOUR_TICKS, made_at=clock.now(), why="extended", inputs_hash="", previous_hash="",
        hash="a",
    ))  # fmt: skip


def test_a_station_with_a_rundown_ahead_is_well(client: Visitor, session: Session, clock: SetClock) -> None:
    plan(session, clock, hours=3)
    answer = client.get("/healthz")

    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert answer.json == {"ok": True, "parts": {"clock": "ok", "database": "ok", "rundown": "ok", "store": "ok"}}


def test_a_rundown_that_is_about_to_end_is_said_before_it_has(client: Visitor, session: Session, clock: SetClock) -> None:
    plan(session, clock, hours=3)
    client.get("/healthz")
    clock.move(timedelta(hours=2, minutes=55))
    answer = client.get("/healthz")

    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["parts"] == {"clock": "ok", "database": "ok", "rundown": "ailing", "store": "ok"}


def test_a_store_that_is_away_is_named_without_saying_where_it_was(
    app: Flask, client: Visitor, session: Session, clock: SetClock, station: Station
) -> None:
    plan(session, clock, hours=3)
    away = replace(station.store.settings, endpoint_url="http://127.0.0.1:9", attempts=1)
    app.extensions["station"] = replace(station, store=S3Store(away))
    answer = client.get("/healthz")

    assert answer.status_code == 503
    assert answer.json == {"ok": False, "parts": {"clock": "ok", "database": "ok", "rundown": "ok", "store": "ailing"}}
