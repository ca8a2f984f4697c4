"""A day that can be compiled again and heard again, the rules that the stewards decide, and what is amiss ahead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from media.grid import DAY_TICKS, HOUR_TICKS, first_tick_from, tick_at
from media.store import ObjectStore
from radio.catalogue.models import Episode, EpisodeTag, EpisodeVoice, Voice
from radio.channel import rebuilding
from radio.channel.loop import loops
from radio.channel.ticks import Ticks
from radio.clock import SetClock
from radio.core.people import Person, Role
from radio.db import reading
from radio.editorial import actions as editorial
from radio.errors import InvalidError
from radio.jobs.models import Job
from radio.schedule import actions, models, outlook, queries
from radio.schedule.airings import Part, canonical
from radio.schedule.amiss_words import missing
from radio.schedule.ingredients import forget_pieces
from radio.schedule.policy import StationRules
from radio.schedule.verifying import verified
from radio.station import Station
from tests.air import make_catalogue, tick_content
from tests.makers import NOON, make_episode, make_show, make_slot

STEWARD = Person(None, "sam", frozenset({Role.STEWARD}))


@pytest.fixture
def here(station: Station, app: Flask) -> Station:
    """The station with a horizon of one day."""
    found = app.extensions["station"] = replace(station, settings=replace(station.settings, horizon_days=1))
    return found


@pytest.fixture
def planned(session: Session, here: Station, clock: SetClock) -> list[Episode]:
    """A station that has been compiled and is on air, with support messages and voices."""
    made = list(make_catalogue(session, None, here))
    lines = make_show(session, slug="lines", title="Lines", now=here.now() - timedelta(days=1))
    for n, code in enumerate(("helpline", "overdose")):
        one = make_episode(session, show=lines, kind="message", ticks=21 + n, now=here.now() - timedelta(days=1))
        session.add(EpisodeTag(episode_id=one.id, vocabulary="support", code=code))
    voice = Voice(name="A", name_key="a", made_at=here.now())
    session.add(voice)
    session.flush()
    session.add(EpisodeVoice(episode_id=made[0].id, voice_id=voice.id))
    make_slot(session, first_start="2026-11-25T14:00:00", length_minutes=30, fill={"rung": "next", "show_id": made[0].show_id})
    actions.extend(session, here)
    session.commit()
    session.expire_all()
    clock.move(timedelta(minutes=10))
    return made


def again(session: Session, clock: SetClock) -> dict[int, str]:
    now = tick_at(clock.unix_ms())
    return {one.revision_id: one.code for one in verified(session, now - HOUR_TICKS, now + DAY_TICKS)}


def test_what_was_written_is_compiled_again_to_the_same_hash(
    session: Session, here: Station, planned: list[Episode], clock: SetClock
) -> None:
    assert set(again(session, clock).values()) == {"same"}
    make_episode(session, show=make_show(session, slug="news", now=here.now()), ticks=400, now=here.now())
    actions.revise(session, here, why="catalogue-changed")
    session.commit()
    clock.move(timedelta(hours=7))
    actions.extend(session, here)
    session.commit()
    found = again(session, clock)
    assert len(found) >= 2
    assert set(found.values()) == {"same"}, "revisions and extensions too"


def test_a_take_down_is_compiled_again_as_well(session: Session, here: Station, planned: list[Episode], clock: SetClock) -> None:
    now = tick_at(clock.unix_ms())
    airing = next(a for a in queries.rundown(session, now + 500, now + 4000).airings if a.part is Part.PROGRAMME)
    editorial.withdraw(session, here, session.get_one(Episode, airing.episode_id), by=STEWARD, now=here.now())
    session.commit()
    found = again(session, clock)
    assert set(found.values()) == {"same"}
    assert len(found) > 1


def test_of_what_is_taken_back_nothing_is_kept_that_tells_of_it(
    session: Session, here: Station, planned: list[Episode], clock: SetClock
) -> None:
    victim = planned[0]
    before = session.scalar(select(func.count()).select_from(models.Ingredient))
    editorial.withdraw(session, here, victim, by=STEWARD, now=here.now())
    session.commit()
    assert forget_pieces(session, now=here.now()) >= 1
    session.commit()
    assert before
    for piece in session.scalars(select(models.Ingredient).where(models.Ingredient.kind != "slots")):
        from radio.schedule.recipe import unpacked

        assert victim.id not in str(unpacked(piece.content))
    assert "gone" in again(session, clock).values()
    assert queries.unchained(session) is None, "the chain holds all the same"


def test_a_row_that_was_changed_is_different(session: Session, here: Station, planned: list[Episode], clock: SetClock) -> None:
    now = tick_at(clock.unix_ms())
    some = queries.rundown(session, now + 5000, now + 6000).airings[1]
    session.execute(update(models.Airing).where(models.Airing.start_tick == some.start_tick).values(n_ticks=some.n_ticks - 1))
    session.commit()
    assert queries.unchained(session) is not None


def test_the_operator_verifies_a_day(app: Flask, session: Session, here: Station, planned: list[Episode]) -> None:
    with app.app_context():
        shown = CliRunner().invoke(rebuilding.rundown, ["verify", "2026-11-25"])
    assert shown.exit_code == 0, shown.output
    assert "the same again" in shown.output
    assert shown.output.splitlines()[-1].startswith("verified: 2026-11-25")
    with app.app_context():
        never = CliRunner().invoke(rebuilding.rundown, ["verify", "2027-01-01"])
    assert (never.exit_code, "nothing was compiled for 2027-01-01" in never.output) == (1, True), (
        "nobody vouches for what is not there"
    )


def test_the_bytes_that_were_aired_are_given_again(
    app: Flask, session: Session, station: Station, store: ObjectStore, emergency: Path, clock: SetClock, tmp_path: Path
) -> None:
    here = app.extensions["station"] = replace(station, settings=replace(station.settings, horizon_days=1))
    make_catalogue(session, store, here)
    actions.extend(session, here)
    session.commit()
    start = first_tick_from(clock.unix_ms()) + 60
    end = start + 700
    clock.move(timedelta(minutes=20))
    airings = queries.rundown(session, start, end).airings
    profile = here.profiles[0]
    expected = b"".join(
        tick_content(a.recording_id or "loop", a.first_tick + tick - a.start_tick, profile)
        for a in airings
        for tick in range(a.start_tick, a.end_tick)
    )
    session.commit()
    with app.app_context():
        ticks = Ticks(store, loops(here.profiles, emergency))
        with reading():
            assert b"".join(rebuilding.aired_bytes(here, ticks, profile, start, end)) == expected
        out = tmp_path / "aired.mp4"
        at = [(datetime(2026, 11, 25, 12) + timedelta(minutes=n)).isoformat() for n in (2, 5)]
        told = CliRunner().invoke(rebuilding.rundown, ["rebuild", *at, "--rendition", "low", "--out", str(out)])
    assert told.exit_code == 0, told.output
    low = here.profiles[1]
    assert out.stat().st_size == low.header_bytes + round(180 / 0.96 + 0.5) * low.tick_bytes


def test_the_stewards_decide_and_the_next_rundown_follows(
    session: Session, here: Station, planned: list[Episode], work_off: Callable[[], int]
) -> None:
    assert queries.station_rules(session) == (0, StationRules())
    with pytest.raises(InvalidError) as refused:
        actions.set_station_rules(session, {"show_rest_minutes": -1}, by=STEWARD, why=" ", now=here.now())
    assert refused.value.faults == {"show_rest_minutes": "not-a-length", "why": "required"}
    session.rollback()

    quiet = [{"begins": "13:00", "ends": "14:30", "days": []}]
    made = actions.set_station_rules(session, {"quiet_times": quiet}, by=STEWARD, why="Lunch is calm.", now=here.now())
    actions.set_station_rules(session, {"ident_every_minutes": 15}, by=STEWARD, why="Fewer.", now=here.now())
    session.commit()
    assert (made.number, queries.station_rules(session)[0]) == (1, 2)
    assert queries.station_rules(session)[1].quiet_times[0].begins == "13:00", "what is not said stays"
    assert session.scalar(select(Job.payload).where(Job.kind == "revise")) == {"why": "rules-changed"}
    work_off()
    told = [a for a in queries.rundown(session, *noon_to_half_past_two(here)).airings if a.why["code"] == "support"]
    assert len(told) >= 4, "every twenty minutes in a quiet time"


def noon_to_half_past_two(here: Station) -> tuple[int, int]:
    start = first_tick_from(1_795_698_000_000)  # 2026-11-26T13:00Z
    return start, start + HOUR_TICKS * 3 // 2


def test_what_is_amiss_ahead_is_told_with_what_is_missing(session: Session, here: Station, clock: SetClock) -> None:
    show = make_show(session, slug="raw", now=here.now())
    for n in range(4):
        one = make_episode(session, show=show, ticks=300 + n, now=here.now())
        one.intensity, one.content_notes = 2, [{"code": "suicide", "from_ms": None, "to_ms": None}]
    for n in range(2):
        make_episode(session, show=show, ticks=300 + n, now=here.now() - timedelta(days=1))
        make_episode(session, show=show, ticks=300 + n, now=here.now()).scopes = ["site"]
    make_episode(session, show=show, ticks=300, now=here.now() + timedelta(days=3))
    make_slot(session, first_start="2026-11-25T18:00:00", fill={"rung": "next", "show_id": show.id})
    actions.extend(session, here)
    session.commit()
    days = outlook.days_ahead(session, here)
    assert days
    assert days[0].is_red
    codes = {one.code: one for day in days for one in day.amiss}
    assert {"nothing-lawful", "no-support", "no-support-at-night"} <= set(codes)
    assert codes["no-support"].facts["supports"] == ["helpline"]
    told = {missing(one.facts) for day in days for one in day.amiss if one.code == "nothing-lawful"}
    no_music = "There is no music for the time either."
    assert told == {
        f"None of 6 programmes can be heard then: {why}. Besides: 1 episode waits for its day and 2 episodes have no agreement for the air. {no_music}"
        for why in (
            "4 need a support message that is not there and 2 were heard just before",
            "4 are not for the night and quiet hours and 2 were heard just before",
        )
    }
    assert sum(one.n_ticks for day in days for one in day.amiss) >= DAY_TICKS - 100, "the loop plays all day"
    clock.move(timedelta(minutes=5))
    playing = next(one for one in outlook.days_ahead(session, here)[0].amiss if one.code == "nothing-lawful")
    assert missing(playing.facts), "also of the loop that is on"
    actions.revise(session, here, why="slot-changed", effective_tick=tick_at(clock.unix_ms()) + 70)
    again = [(one.code, one.slot_id) for day in outlook.days_ahead(session, here) for one in day.amiss]
    assert again.count(("no-support", None)) == 1, "a fault of the whole station is told once, however often it is compiled"

    make_catalogue(session, None, here)
    line = make_episode(session, show=show, kind="message", ticks=25, now=here.now())
    session.add(EpisodeTag(episode_id=line.id, vocabulary="support", code="helpline"))
    session.flush()
    session.expire_all()
    clock.move(timedelta(minutes=5))
    actions.revise(session, here, why="catalogue-changed")
    session.commit()
    clock.move(timedelta(hours=1))
    assert [one for day in outlook.days_ahead(session, here) for one in day.amiss if one.is_grave] == []


def test_looking_for_red_days_reads_the_loop_and_the_holes_and_nothing_else(
    session: Session, here: Station, planned: list[Episode], clock: SetClock
) -> None:
    """A future of two weeks is thousands of airings; who opens the studio waits for none of them."""
    now, until = tick_at(clock.unix_ms()), queries.planned_until(session)
    plant_loops(session, until)
    until = queries.planned_until(session)
    found = queries.rundown(session, now, until).airings
    wanted = [airing for airing in found if airing.part is Part.EMERGENCY]
    assert [airing.why["code"] for airing in wanted] == ["nothing-lawful", "nothing-planned", "nothing-lawful", "stopped"]
    assert queries.loops(session, now, until) == wanted

    before = outlook.days_ahead(session, here)
    assert sum(one.n_ticks for day in before for one in day.amiss) == sum(airing.n_ticks for airing in wanted[:3])
    session.execute(update(models.Airing).where(models.Airing.part != "emergency").values(part="not to read"))
    assert outlook.days_ahead(session, here) == before


def plant_loops(session: Session, until: int) -> None:
    """A loop that a later revision cuts at both ends, a hole between two revisions, a loop that crosses it, and a stop."""
    spans = (
        (until - 4000, until - 3000, "nothing-lawful"), (until - 4200, until - 3900, ""), (until - 3100, until - 2000, ""),
        (until + 700, until + 1400, "nothing-lawful"), (until + 1300, until + 1600, ""), (until + 1500, until + 2000, "stopped"),
    )  # fmt: skip
    for n, (start, end, code) in enumerate(spans):
        revision = models.Revision(
            effective_tick=start, end_tick=end, made_at=NOON, why="extended", inputs_hash="", previous_hash=f"p{n}", hash=f"h{n}"
        )
        part, why = ("emergency", {"code": code}) if code else ("programme", {"code": "open"})
        revision.airings.append(models.Airing(start_tick=start, n_ticks=end - start, part=part, reason=canonical(why)))
        session.add(revision)
    session.flush()


def test_somebody_who_is_always_overtaken_leaves_it_to_a_job(
    session: Session, here: Station, planned: list[Episode], clock: SetClock
) -> None:
    """Compiling while others wait is no way out: a take-down would have to wait too."""
    from contextlib import contextmanager

    drawn = []

    def draw(own: Session, allowance: timedelta) -> actions.Draft | None:
        draft = actions.draw_revision(own, here, allowance, why="catalogue-changed")
        drawn.append(allowance)
        clock.move(timedelta(hours=2))
        return draft

    @contextmanager
    def transaction():  # type: ignore[no-untyped-def]
        yield session
        session.commit()

    make_episode(session, show=make_show(session, slug="news", now=here.now()), ticks=400, now=here.now())
    session.commit()
    kept = actions.write_aside(session, here, draw, transaction)
    assert len(drawn) == len(actions.ALLOWANCES)
    assert all(r.end_tick - r.effective_tick <= actions.URGENT_TICKS + HOUR_TICKS for r in kept)
    assert session.scalar(select(Job).where(Job.kind == "revise")) is not None
