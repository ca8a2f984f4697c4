"""A clock that is set, and one that is beside the others': noticed, told, and never heard as a playlist that goes back."""

from __future__ import annotations

import logging
import re
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from media.errors import StoreUnavailableError
from media.grid import tick_at
from media.objects import StoreSettings
from media.store import S3Store
from radio import doctor
from radio.app import create_app
from radio.channel.outages import Outages
from radio.channel.rules import HALF_MS, Piece, Sound
from radio.channel.views import Channel, open_channel
from radio.clock import AgreedClock, SetClock, StepWatch
from radio.db import db
from radio.jobs import beats
from radio.jobs.beats import Beats
from radio.jobs.models import Beat
from radio.jobs.queries import clock_faults, living_beats
from radio.schedule.models import Outage
from radio.settings import Settings
from tests.visitor import Visitor


class Counter:
    """The machine's counter, turned by the test."""

    def __init__(self) -> None:
        self.ms = 5_000

    def __call__(self) -> int:
        return self.ms


def run(clock: SetClock, counter: Counter, seconds: float) -> None:
    clock.move(timedelta(seconds=seconds))
    counter.ms += round(seconds * 1000)


def first_listed(client: Visitor) -> int:
    return _first(client.get("/live/standard.m3u8").data)


def test_a_playlist_never_goes_back_and_stands_until_time_has_caught_up(
    client: Visitor, on_air: Channel, clock: SetClock
) -> None:
    before = first_listed(client)
    clock.move(timedelta(seconds=-40))
    assert first_listed(client) == before
    listed = client.get("/live/standard.m3u8").text
    assert all(client.get(f"/live/{line}").status_code == 200 for line in listed.splitlines() if line and line[0] != "#")
    assert client.get("/now.json").json["tick"] == tick_at(clock.unix_ms() + 40_000)
    seen = []
    for _ in range(20):
        clock.move(timedelta(seconds=4))
        seen.append(first_listed(client))
    assert seen == sorted(seen)
    assert seen[8] == before, "36 s later it stands yet"
    assert seen[-1] == before + 40_000 // 5_760, "80 s later time has caught up"


def test_the_stream_of_a_clock_that_goes_back_says_nothing_twice(on_air: Channel, clock: SetClock) -> None:
    sent = on_air.stream._present()
    clock.move(timedelta(seconds=-10))
    assert on_air.stream._present() == sent
    clock.move(timedelta(seconds=11))
    assert sent < on_air.stream._present() <= sent + 1_000 // HALF_MS + 1


def test_a_clock_that_is_set_is_noticed_and_a_slow_correction_is_not(clock: SetClock) -> None:
    counter = Counter()
    watch = StepWatch(clock, counter)
    for _ in range(20):
        run(clock, counter, 15)
        clock.move(timedelta(milliseconds=7))
        assert watch.look() == 0
    clock.move(timedelta(seconds=-3))
    assert watch.look() == -3000
    run(clock, counter, 15)
    assert watch.look() == 0
    clock.move(timedelta(hours=1))
    assert watch.look() == 3_600_000


@pytest.fixture
def shared(clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """The database's clock, turned by the test like the station's, with which it agrees at first."""
    found = SetClock(clock.now())
    monkeypatch.setattr(beats, "database_ms", lambda _session: found.unix_ms())
    return found


def test_the_database_tells_the_time(session: Session) -> None:
    before_ms = time.time_ns() // 1_000_000
    told_ms = beats.database_ms(session)
    assert before_ms - 1 <= told_ms <= time.time_ns() // 1_000_000 + 1


def test_a_process_that_is_beside_the_others_says_so_everywhere(
    app: Flask, client: Visitor, session: Session, clock: SetClock, shared: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    own = Beats(app, watch=StepWatch(clock, Counter()))
    own.beat()
    assert client.get("/healthz").json["parts"]["clock"] == "ok"
    assert [beat.process for beat in living_beats(session)] == [own.process]
    assert clock_faults(session) == []
    session.rollback()

    clock.move(timedelta(seconds=30))
    with caplog.at_level(logging.WARNING, "radio.jobs.beats"):
        own.beat()
        own.beat()
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"], "that it was set, and that it is beside: once"
    assert client.get("/healthz").json["parts"]["clock"] == "ailing"
    session.rollback()
    (fault,) = clock_faults(session)
    assert (fault.code, fault.ms) == ("skew", 30_000)
    assert living_beats(session)[0].stepped_ms == 30_000


def test_a_replica_that_is_right_knows_of_one_that_is_not(app: Flask, session: Session, shared: SetClock) -> None:
    session.add(Beat(process="the-other-machine-7", at=shared.now(), skew_ms=-5_000))
    session.commit()
    Beats(app).beat()
    assert [beat.process for beat in clock_faults(session)] == ["the-other-machine-7"]


def test_a_replica_that_was_told_to_add_something_else_to_its_clock_is_named_and_goes_by_the_others(
    app: Flask, client: Visitor, session: Session, shared: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    Beats(app).beat()
    here, own = app.extensions["station"], SetClock(shared.now() + timedelta(seconds=7))
    offset = replace(here.settings, clock_offset_ms=7_000)
    app.extensions["station"] = replace(here, settings=offset, clock=AgreedClock(own))
    odd = Beats(app, watch=StepWatch(own, Counter()))
    odd.process = "the-other-machine-7"
    odd.beat()
    assert app.extensions["station"].clock.unix_ms() == shared.unix_ms()
    assert "RADIO_CLOCK_OFFSET_MS" in caplog.text
    assert client.get("/healthz").json["parts"]["clock"] == "ailing"
    (fault,) = clock_faults(session)
    assert (fault.process, fault.code, fault.ms) == ("the-other-machine-7", "offset", 7_000)
    session.rollback()
    with (
        app.app_context(),
        pytest.raises(doctor.FaultError, match=r"the-other-machine-7 adds \+7\.0 s more.*RADIO_CLOCK_OFFSET_MS"),
    ):
        doctor._clock()

    session.query(Beat).filter(Beat.process != odd.process).delete()  # where all add it, it is the time
    session.commit()
    odd.beat()
    assert odd.is_well
    assert clock_faults(session) == []


@pytest.mark.parametrize("set_by_s", [-30, 30])
def test_a_clock_that_was_set_goes_on_as_it_went_until_it_is_compared(app: Flask, shared: SetClock, set_by_s: int) -> None:
    """Nobody is sent ahead by it for the seconds until the next beat, to hear a playlist of another server go back."""
    own, counter = SetClock(shared.now()), Counter()
    agreed = AgreedClock(own, counter)
    app.extensions["station"] = replace(app.extensions["station"], clock=agreed)
    beats_of_it = Beats(app, watch=StepWatch(own, counter))

    def right() -> bool:
        return agreed.unix_ms() == shared.unix_ms()

    own.move(timedelta(seconds=set_by_s))
    assert right()
    run(own, counter, 9)
    shared.move(timedelta(seconds=9))
    assert right()
    beats_of_it.beat()
    assert right()
    assert not beats_of_it.is_well
    own.move(timedelta(seconds=-set_by_s, milliseconds=7))  # put right, and slowly corrected
    assert right()
    beats_of_it.beat()
    assert (agreed.unix_ms() - shared.unix_ms(), beats_of_it.is_well) == (7, True)
    own.move(timedelta(seconds=set_by_s))  # a whole machine, the database with it
    shared.move(timedelta(seconds=set_by_s))
    beats_of_it.beat()
    assert agreed.unix_ms() - shared.unix_ms() == 7


@pytest.mark.parametrize("beside_s", [-10, 10])
def test_a_replica_that_starts_again_with_a_wrong_clock_lists_what_the_others_list(
    client: Visitor,
    on_air: Channel,
    settings: Settings,
    s3: StoreSettings,
    emergency: Path,
    clock: SetClock,
    shared: SetClock,
    beside_s: int,
) -> None:
    """Nobody who is sent from one to the other hears a playlist go back."""
    wrong = SetClock(clock.now() + timedelta(seconds=beside_s))
    other = create_app(settings, clock=AgreedClock(wrong), store=S3Store(s3))
    own = Beats(other, watch=StepWatch(wrong, Counter()))
    own.beat()
    assert other.extensions["station"].clock.unix_ms() == shared.unix_ms(), "it goes by the time of its beat"
    assert not own.is_well, "somebody is told all the same"
    other.extensions["channel"] = open_channel(other, emergency=emergency, aside=False)
    listed = other.test_client().get("/live/standard.m3u8").data
    assert _first(listed) == first_listed(client), "and lists what is listed where the clock is right"

    wrong.move(timedelta(seconds=-beside_s))  # NTP puts it right at once: until the next beat the playlist stands or runs ahead
    assert _first(other.test_client().get("/live/standard.m3u8").data) >= _first(listed)
    own.beat()
    assert own.is_well
    assert other.extensions["station"].clock.unix_ms() == wrong.unix_ms()
    with other.app_context():
        db.engine.dispose()


def _first(playlist: bytes) -> int:
    found = re.search(rb"MEDIA-SEQUENCE:(\d+)", playlist)
    assert found
    return int(found[1])


def test_the_doctor_names_the_process_whose_clock_is_wrong(app: Flask, session: Session, shared: SetClock) -> None:
    Beats(app).beat()
    with app.app_context():
        assert "1 processes agree" in doctor._clock()
    session.add(Beat(process="the-other-machine-7", at=shared.now(), skew_ms=3_100))
    session.commit()
    with app.app_context(), pytest.raises(doctor.FaultError, match=r"the-other-machine-7 is \+3\.1 s beside"):
        doctor._clock()


def test_playlists_that_stand_are_told_by_the_health_of_the_process(client: Visitor, on_air: Channel, clock: SetClock) -> None:
    first_listed(client)
    clock.move(timedelta(seconds=-10))
    assert client.get("/healthz").json["parts"]["clock"] == "ailing"
    clock.move(timedelta(seconds=9))
    assert client.get("/healthz").json["parts"]["clock"] == "ok"


def test_an_outage_of_the_store_is_written_down_from_beat_to_beat(
    app: Flask, session: Session, on_air: Channel, clock: SetClock
) -> None:
    outages, begun = Outages(app), tick_at(clock.unix_ms())
    outages.note(session, "web-1")
    for fails in (True, True, False, False):
        clock.move(timedelta(seconds=15))
        if fails:
            with pytest.raises(StoreUnavailableError):
                on_air.ticks.read(
                    [Piece(Sound("0" * 64, f"renditions/none-{clock.unix_ms()}", 0, 7_680, 76_800), 0, 1)], "standard"
                )
        outages.note(session, "web-1")
    (row,) = session.query(Outage).where(Outage.process == "web-1").all()
    assert (row.from_tick, row.to_tick) == (begun, tick_at(clock.unix_ms() - 30_000))
