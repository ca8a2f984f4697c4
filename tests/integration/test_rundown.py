"""The rundown as it is written: extended, revised, proved, held by one writer at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from media.grid import DAY_TICKS, HOUR_TICKS, first_tick_from, tick_at
from radio.catalogue.actions import touched
from radio.catalogue.models import Episode
from radio.clock import SetClock
from radio.core.people import Person, Role
from radio.core.time import unix_ms
from radio.db import db, reading, writing
from radio.editorial import actions as editorial
from radio.errors import InvalidError, UnprovenError
from radio.jobs.actions import enqueue
from radio.jobs.models import Job
from radio.schedule import actions, models, queries
from radio.schedule.airings import Airing, Part, reason
from radio.schedule.commands import rundown as rundown_command
from radio.schedule.proof import law, prove
from radio.schedule.wallclock import night
from radio.schedule.words import why
from radio.station import Station
from tests.air import make_catalogue
from tests.makers import make_episode, make_show, make_slot

STEWARD = Person(None, "sam", frozenset({Role.STEWARD}))


@pytest.fixture
def here(station: Station, app: Flask) -> Station:
    """The station with a horizon of two days."""
    found = app.extensions["station"] = replace(station, settings=replace(station.settings, horizon_days=2))
    return found


@pytest.fixture
def planned(session: Session, here: Station, clock: SetClock) -> list[Episode]:
    """A station that has been compiled and is on air."""
    made = list(make_catalogue(session, None, here))
    actions.extend(session, here)
    session.commit()
    clock.move(timedelta(minutes=10))
    return made


def proved(session: Session, here: Station, from_tick: int, to_tick: int) -> None:
    pool = {airable.episode_id: airable for airable in queries.pool(session, now=here.now())}
    airings = queries.rundown(session, from_tick, to_tick).airings
    prove(airings, from_tick, to_tick, law(pool, night(here.settings.tz, from_tick, to_tick)))


def joins(session: Session, from_tick: int, to_tick: int) -> list[tuple[int, str | None]]:
    return [(a.start_tick, a.recording_id) for a in queries.rundown(session, from_tick, to_tick).airings]


def test_the_rundown_reaches_the_horizon_and_is_proved(
    session: Session, here: Station, planned: list[Episode], clock: SetClock
) -> None:
    first = session.scalars(select(models.Revision)).one()
    assert (first.why, first.previous_hash) == ("extended", "0" * 64)
    assert first.end_tick >= tick_at(clock.unix_ms()) + 2 * DAY_TICKS
    proved(session, here, first.effective_tick, first.end_tick)
    assert actions.extend(session, here) == [], "it reaches far enough"


def test_extending_goes_on_where_it_ended(session: Session, here: Station, planned: list[Episode], clock: SetClock) -> None:
    first = session.scalars(select(models.Revision)).one()
    clock.move(timedelta(hours=7))
    second = actions.extend(session, here)[0]
    assert (second.effective_tick, second.previous_hash) == (first.end_tick, first.hash)
    session.commit()
    airings = queries.rundown(session, first.effective_tick, second.end_tick).airings
    prove(
        airings, first.effective_tick, second.end_tick, lambda airing: None if airing.part is not Part.EMERGENCY else "emergency"
    )
    assert queries.unchained(session) is None


def test_nothing_new_writes_nothing(session: Session, here: Station, planned: list[Episode]) -> None:
    assert actions.revise(session, here, why="catalogue-changed") == []
    assert session.scalar(select(func.count()).select_from(models.Revision)) == 1


def test_a_new_episode_leaves_the_frozen_hour_alone(
    session: Session, here: Station, planned: list[Episode], clock: SetClock
) -> None:
    now = tick_at(clock.unix_ms())
    before = joins(session, now, now + HOUR_TICKS)
    for n in range(4):
        make_episode(session, show=make_show(session, slug=f"new-{n}", now=here.now()), ticks=300 + n, now=here.now())
    kept = actions.revise(session, here, why="catalogue-changed")
    session.commit()
    assert kept
    assert min(r.effective_tick for r in kept) >= now + HOUR_TICKS
    assert joins(session, now, now + HOUR_TICKS) == before
    assert queries.unchained(session) is None
    proved(session, here, kept[0].effective_tick, queries.planned_until(session))


def test_the_emergency_loop_is_no_promise(session: Session, here: Station, clock: SetClock) -> None:
    actions.extend(session, here)
    session.commit()
    clock.move(timedelta(minutes=5))
    make_catalogue(session, None, here)
    actions.revise(session, here, why="catalogue-changed")
    session.commit()
    soon = first_tick_from(clock.unix_ms() + 24_000)
    assert {a.part for a in queries.rundown(session, soon, soon + 2000).airings}.isdisjoint({Part.EMERGENCY})


def test_a_slot_is_heard_at_its_hour(session: Session, here: Station, planned: list[Episode]) -> None:
    episode = make_episode(session, show=make_show(session, slug="guests", now=here.now()), ticks=2000, now=here.now())
    slot = make_slot(
        session,
        first_start="2026-11-26T14:00:00",
        length_minutes=60,
        rrule="",
        fill={"rung": "episode", "episode_id": episode.id},
    )
    actions.revise(session, here, why="slot-changed")
    session.commit()
    two = first_tick_from(1_795_701_600_000)  # 2026-11-26T14:00Z
    heard = queries.rundown(session, two, two + 1).airings[0]
    assert (heard.start_tick, heard.episode_id, heard.slot_id) == (two, episode.id, slot.id)


def test_what_is_taken_back_on_air_is_cut_and_the_rest_goes_on(
    session: Session, here: Station, planned: list[Episode], clock: SetClock
) -> None:
    now = tick_at(clock.unix_ms())
    airing = next(
        a for a in queries.rundown(session, now, now + 4000).airings if a.part is Part.PROGRAMME and a.start_tick > now + 200
    )
    clock.move(timedelta(milliseconds=(airing.start_tick + 20) * 960 - clock.unix_ms()))
    editorial.withdraw(session, here, session.get_one(Episode, airing.episode_id), by=STEWARD, now=here.now())
    session.commit()
    cut = first_tick_from(clock.unix_ms() + 24_000)
    around = queries.rundown(session, airing.start_tick, cut + 3000).airings
    assert (around[0].recording_id, around[0].end_tick) == (airing.recording_id, cut)
    assert airing.episode_id not in {a.episode_id for a in around[1:]}
    assert Part.EMERGENCY not in {a.part for a in around[1:]}
    assert session.scalar(select(Job).where(Job.kind == "revise")) is not None, "a job does the rest"
    actions.revise(session, here, why="catalogue-changed")
    session.commit()
    assert airing.episode_id not in {a.episode_id for a in queries.rundown(session, cut, queries.planned_until(session)).airings}
    proved(session, here, cut, queries.planned_until(session))
    assert queries.unchained(session) is None


def test_two_writers_write_one_after_the_other(app: Flask, session: Session, here: Station, planned: list[Episode]) -> None:
    make_episode(session, show=make_show(session, slug="news", now=here.now()), ticks=400, now=here.now())
    session.commit()
    with app.app_context():
        engine = db.engine
    faults: list[BaseException] = []

    def write() -> None:
        try:
            with writing(), Session(engine) as own:
                actions.revise(own, here, why="catalogue-changed")
                own.commit()
        except BaseException as fault:  # noqa: BLE001
            faults.append(fault)

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    session.expire_all()
    assert queries.unchained(session) is None
    assert actions.revise(session, here, why="catalogue-changed") == [], "one of them wrote it, the others saw it"


def test_what_is_unlawful_is_never_kept(
    session: Session, here: Station, planned: list[Episode], monkeypatch: pytest.MonkeyPatch, clock: SetClock
) -> None:
    clock.move(timedelta(hours=8))
    monkeypatch.setattr(actions, "law", lambda *_: lambda _airing: "forbidden")
    with pytest.raises(UnprovenError, match="forbidden"):
        actions.extend(session, here)


def test_a_changed_row_breaks_the_chain(session: Session, here: Station, planned: list[Episode]) -> None:
    some = session.scalars(select(models.Airing).limit(1)).one()
    session.execute(update(models.Airing).where(models.Airing.id == some.id).values(reason="{}x"))
    session.commit()
    assert queries.unchained(session) == some.revision_id


def revise_aside(session: Session, here: Station, *meanwhile: Callable[[], None]) -> list[models.Revision]:
    """Draw, let something happen meanwhile (once), write: as the job does."""
    happens = list(meanwhile)

    def draw(own: Session, allowance: timedelta) -> actions.Draft | None:
        draft = actions.draw_revision(own, here, allowance, why="catalogue-changed")
        session.commit()
        while happens:
            happens.pop()()
        return draft

    @contextmanager
    def transaction() -> Iterator[Session]:
        yield session
        session.commit()

    return actions.write_aside(session, here, draw, transaction)


def test_the_job_follows_the_catalogue(
    session: Session, here: Station, planned: list[Episode], work_off: Callable[[], int]
) -> None:
    assert not actions.is_behind(session)
    make_episode(session, show=make_show(session, slug="news", now=here.now()), ticks=400, now=here.now())
    touched(session)
    session.commit()
    assert actions.is_behind(session)
    actions.ask_revision(session, why="catalogue-changed", now=here.now())
    work_off()
    assert not actions.is_behind(session)
    assert session.scalar(select(func.count()).select_from(models.Revision)) > 1


def test_what_was_published_for_later_is_planned_when_its_time_has_come_and_never_before(
    session: Session, here: Station, planned: list[Episode], clock: SetClock, work_off: Callable[[], int]
) -> None:
    news = make_episode(session, show=make_show(session, slug="news", now=here.now()), ticks=400, now=here.now())
    begins = news.published_at = here.now() + timedelta(minutes=5)
    touched(session)
    actions.ask_revision(session, why="catalogue-changed", now=here.now())
    work_off()

    def heard() -> list[int]:
        found = queries.rundown(session, tick_at(clock.unix_ms()), queries.planned_until(session)).airings
        return [airing.start_tick for airing in found if airing.episode_id == news.id]

    assert heard() == []
    clock.move(timedelta(minutes=6))
    enqueue(session, "extend", "", now=here.now())
    work_off()
    assert heard()
    assert min(heard()) >= first_tick_from(unix_ms(begins))


@pytest.mark.parametrize("what", ["a withdrawal", "another revision", "time"])
def test_what_was_drawn_is_drawn_anew_when_it_is_overtaken(
    session: Session, here: Station, planned: list[Episode], clock: SetClock, what: str
) -> None:
    news = make_episode(session, show=make_show(session, slug="news", now=here.now()), ticks=400, now=here.now())
    touched(session)
    session.commit()

    def meanwhile() -> None:
        if what == "a withdrawal":
            editorial.withdraw(session, here, news, by=STEWARD, now=here.now())
        elif what == "another revision":
            actions.revise(session, here, why="catalogue-changed")
        else:
            clock.move(timedelta(hours=2))
        session.commit()

    kept = revise_aside(session, here, meanwhile)

    soon = first_tick_from(clock.unix_ms() + 24_000)
    assert all(revision.effective_tick >= soon for revision in kept)
    heard = {a.episode_id for a in queries.rundown(session, soon, queries.planned_until(session)).airings}
    assert (news.id in heard) == (what != "a withdrawal")
    assert not actions.is_behind(session)
    join = queries.rundown(session, soon, soon + HOUR_TICKS).airings[1].start_tick
    proved(session, here, join, queries.planned_until(session))
    assert queries.unchained(session) is None


def test_what_is_published_meanwhile_has_its_own_turn(session: Session, here: Station, planned: list[Episode]) -> None:
    make_episode(session, show=make_show(session, slug="news", now=here.now()), ticks=400, now=here.now())
    touched(session)
    session.commit()

    def publish() -> None:
        touched(session)
        session.commit()

    kept = revise_aside(session, here, publish)

    assert kept, "a busy hour of publishing keeps nothing from being written"
    assert actions.is_behind(session)


def test_nobody_waits_for_the_compiler(session: Session, app: Flask, here: Station, planned: list[Episode]) -> None:
    with app.app_context():
        engine = db.engine
    with reading(), Session(engine) as compiling:
        assert actions.draw_revision(compiling, here, why="catalogue-changed") is not None
        touched(session)
        session.commit()  # would wait for the lock if there were one


def test_a_take_down_compiles_two_hours_and_leaves_the_rest_to_a_job(
    session: Session, here: Station, planned: list[Episode], clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds the database while it compiles, so it never does more, whether the old future joins there or not."""
    spans: list[int] = []
    whole = actions.compiled

    def watched(own: Session, station: Station, seed: str, from_tick: int, to_tick: int):  # type: ignore[no-untyped-def]
        spans.append(to_tick - from_tick)
        return whole(own, station, seed, from_tick, to_tick)

    monkeypatch.setattr(actions, "compiled", watched)
    now = tick_at(clock.unix_ms())
    for airing in queries.rundown(session, now + 100, now + 2000).airings[1:4]:
        episode = session.get_one(Episode, airing.episode_id)
        if episode.withdrawn_at is None:
            editorial.withdraw(session, here, episode, by=STEWARD, now=here.now())
            session.commit()
    assert spans
    assert max(spans) <= actions.URGENT_TICKS
    soon = first_tick_from(clock.unix_ms() + 24_000)
    coming = queries.rundown(session, soon, soon + actions.URGENT_TICKS - HOUR_TICKS // 4).airings
    assert Part.EMERGENCY not in {airing.part for airing in coming}


def test_publishing_asks_for_a_new_rundown(session: Session, here: Station, planned: list[Episode]) -> None:
    from radio.catalogue.rules import State

    episode = make_episode(
        session, show=make_show(session, slug="news", now=here.now()), state=State.READY, ticks=400, now=here.now()
    )
    editorial.publish(session, episode, by=STEWARD, now=here.now())
    assert session.scalar(select(Job.payload).where(Job.kind == "revise")) == {"why": "catalogue-changed"}


def test_slots_are_checked(session: Session, here: Station) -> None:
    fields = {"title": "Talk", "first_start": here.now().replace(tzinfo=None), "length_minutes": 60}
    with pytest.raises(InvalidError) as refused:
        actions.set_slot(
            session, None, zone="Europe/London", now=here.now(), **fields, fill={"rung": "latest", "show_id": "nobody"}
        )
    assert refused.value.faults == {"show_id": "unknown"}
    slot = actions.set_slot(session, None, zone="Europe/London", now=here.now(), **fields, fill={"rung": "rotation"})
    actions.retire_slot(session, slot, now=here.now())
    assert queries.slots(session) == []


def test_a_reason_says_how_long_before_it_was_heard(app: Flask) -> None:
    told = {0: "The same show was heard just before.", 1: "The same show was heard a minute before.",
            47: "The same show was heard 47 minutes before.", 120: "The same show was heard at least 2 hours before."}  # fmt: skip
    with app.test_request_context("/"):
        for minutes, words in told.items():
            airing = Airing(0, 125, Part.PROGRAMME, reason=reason("open", relaxed={"show": minutes}))
            assert why(airing).endswith(words)


def test_the_operator_sees_and_proves(
    app: Flask, session: Session, here: Station, planned: list[Episode], clock: SetClock
) -> None:
    runner = CliRunner()
    with app.app_context():
        shown = runner.invoke(rundown_command, ["show", "--hours", "1"])
        proof = runner.invoke(rundown_command, ["prove"])
    assert len(shown.output.splitlines()) > 10
    assert (proof.exit_code, proof.output.split(":")[0]) == (0, "proved"), proof.output
    now = tick_at(clock.unix_ms())
    victim = next(a for a in queries.rundown(session, now + 500, now + 9000).airings if a.part is Part.PROGRAMME)
    session.execute(update(Episode).where(Episode.id == victim.episode_id).values(expires_at=here.now() + timedelta(minutes=9)))
    session.commit()
    with app.app_context():
        proof = runner.invoke(rundown_command, ["prove", "--days", "1"])
    assert proof.exit_code == 1
    assert "not proved" in proof.output
