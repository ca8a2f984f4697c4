"""The week as editors and stewards work at it: one day of a slot, what a draft meets, the balance, the rules, the joins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from media.grid import DAY_TICKS, first_tick_from
from media.profiles import standard
from media.store import S3Store
from radio.accounts.models import Person
from radio.catalogue.models import Episode, EpisodeTag
from radio.catalogue.rules import State
from radio.channel.joins import AROUND_TICKS
from radio.channel.views import Channel
from radio.core.time import unix_ms
from radio.jobs.models import Job
from radio.jobs.rules import JobState
from radio.schedule import actions, models, queries
from radio.schedule.airings import Part
from radio.schedule.wallclock import occurrences
from radio.station import Station
from tests.air import make_catalogue, tick_content
from tests.makers import NOON, make_episode, make_show, make_slot
from tests.visitor import Visitor

Browser = Callable[[Person | None], Visitor]
WEDNESDAY = "2026-12-02T14:00:00"


@pytest.fixture
def planned(session: Session, station: Station, app: Flask) -> Station:
    here = app.extensions["station"] = replace(station, settings=replace(station.settings, horizon_days=1))
    make_catalogue(session, None, here)
    actions.extend(session, here)
    session.commit()
    return here


def weekly(session: Session) -> models.Slot:
    return make_slot(session, title="Morning talk", rrule="FREQ=WEEKLY;BYDAY=WE", fill={"rung": "rotation"})


def day_form(**changed: object) -> dict[str, object]:
    return {"date": "2026-12-02", "time": "14:00", "length_minutes": "60", "rung": "as-always", "which": "once", **changed}


def address(slot: models.Slot) -> str:
    return f"/studio/schedule/{slot.id}/days/{WEDNESDAY}"


def test_the_week_shows_its_slots_and_the_weeks_around_it(
    browser_of: Browser, alice: Person, edith: Person, session: Session
) -> None:
    slot = weekly(session)
    page = browser_of(edith).get("/studio/schedule?day=2026-12-02").text

    assert "30 Nov – 6 Dec" in page
    assert f"/studio/schedule/{slot.id}?at={WEDNESDAY.replace(':', '%3A')}" in page or WEDNESDAY in page
    assert "slot-block from-56 for-4" in page
    assert "20.11." not in page
    seen = browser_of(alice).get("/studio/schedule?day=2026-12-02").text
    assert "Morning talk" in seen
    assert "data-slot=" not in seen, "a producer looks, an editor changes"


def test_one_day_is_moved_and_the_others_stay(browser_of: Browser, edith: Person, session: Session) -> None:
    slot = weekly(session)
    browser = browser_of(edith)
    asked = browser.get(f"{address(slot)}?date=2026-12-03&time=15:30").text
    assert "makes the rule: Thursday at 15:30" in asked.replace("</p>", "").replace(" ”", "”").replace("“Every time” ", "")
    assert "This is over" in browser.get(f"/studio/schedule/{slot.id}/days/2026-11-18T14:00:00").text
    answer = browser.post(
        address(slot), data=day_form(date="2026-12-03", time="15:30", length_minutes="45"), follow_redirects=True
    )

    assert "Saved, for this one day." in answer.text
    assert slot.overrides == {WEDNESDAY: {"start": "2026-12-03T15:30:00", "length_minutes": 45}}
    assert (slot.first_start, slot.rrule) == ("2026-11-25T14:00:00", "FREQ=WEEKLY;BYDAY=WE")
    browser.post(address(slot), data=day_form(which="rule"))
    assert slot.overrides == {}


def test_every_day_is_moved_and_what_is_said_of_single_days_goes_along(
    browser_of: Browser, edith: Person, session: Session
) -> None:
    slot = weekly(session)
    slot.exceptions = ["2026-12-23T14:00:00"]
    slot.overrides = {"2026-12-30T14:00:00": {"length_minutes": 30}}
    browser_of(edith).post(address(slot), data=day_form(which="all", date="2026-12-03", time="15:30", length_minutes="45"))

    assert (slot.first_start, slot.rrule, slot.length_minutes) == ("2026-11-26T15:30:00", "FREQ=WEEKLY;BYDAY=TH", 45)
    assert slot.exceptions == ["2026-12-24T15:30:00"]
    assert slot.overrides == {"2026-12-31T15:30:00": {"length_minutes": 30}}


def test_a_day_is_left_out_and_brought_back(browser_of: Browser, edith: Person, session: Session) -> None:
    slot = weekly(session)
    browser = browser_of(edith)
    browser.post(address(slot), data=day_form(which="skip"))
    assert slot.exceptions == [WEDNESDAY]
    assert "does not happen" in browser.get(f"/studio/schedule/{slot.id}").text
    browser.post(address(slot), data=day_form(which="rule"))
    assert slot.exceptions == []
    moved = f"/studio/schedule/{slot.id}/days/2026-12-02T13:00:00"
    answer = browser.post(moved, data=day_form(which="skip"), follow_redirects=True)
    assert "This slot does not happen on Wed 2 Dec at 13:00. Nothing was changed." in answer.text, (
        "somebody had moved it meanwhile"
    )
    assert slot.exceptions == []


def test_one_day_has_a_fill_of_its_own(browser_of: Browser, edith: Person, session: Session) -> None:
    slot, show = weekly(session), make_show(session, slug="guests", title="Guests")
    browser = browser_of(edith)
    browser.post(address(slot), data=day_form(rung="next", show_id=show.id))

    assert slot.overrides == {WEDNESDAY: {"fill": {"rung": "next", "show_id": show.id}}}
    assert "Guests, one after the other" in browser.get("/studio/schedule?day=2026-12-02").text
    browser.post(address(slot), data=day_form(which="rule"))
    slot.fill = {"rung": "rotation", "kinds": ["story"], "tags": [["topic", "sleep"]]}
    session.commit()
    assert "chosen from: Story; Sleep" in browser.get("/studio/schedule?day=2026-12-02").text


def test_a_day_that_cannot_be_read_changes_nothing(browser_of: Browser, edith: Person, session: Session) -> None:
    slot = weekly(session)
    answer = browser_of(edith).post(address(slot), data=day_form(time="soon", length_minutes="0"))

    assert answer.status_code == 422
    assert "Say a time" in answer.text
    for changed, sentence in (
        ({"rung": "episode"}, "Choose an episode."),
        ({"date": "2027-01-06"}, "within a week of the usual one"),
    ):
        assert sentence in browser_of(edith).post(address(slot), data=day_form(**changed)).text
    assert slot.overrides == {}
    assert browser_of(edith).get(f"/studio/schedule/{slot.id}/days/someday").status_code == 404


def test_what_is_moved_by_days_is_still_planned(session: Session, station: Station) -> None:
    slot = weekly(session)
    slot.overrides = {WEDNESDAY: {"start": "2026-12-08T14:00:00"}}
    moved = NOON.replace(month=12, day=8)
    places = list(occurrences(queries.slot_value(slot), moved, moved + timedelta(hours=6)))

    assert [place.occurrence for place in places] == [WEDNESDAY]


def test_what_a_draft_meets_is_said_before_it_is_kept(browser_of: Browser, edith: Person, session: Session) -> None:
    weekly(session)
    episode = make_episode(session, title="A long one", ticks=75 * 3750 // 60)
    draft = {
        "title": "Guests", "repeat": "weekly", "days": ["WE"], "date": "2026-11-25", "time": "14:30", "length_minutes": "15",
        "rung": "episode", "episode_id": episode.id,
    }  # fmt: skip
    browser = browser_of(edith)
    answer = browser.post("/studio/schedule/new", data=draft | {"check": "yes"})

    assert answer.status_code == 200
    assert "The episode takes 1 h 15 min, the slot has 15 min." in answer.text
    assert "takes time from “Morning talk”, because it is the shorter one" in answer.text
    assert [row.title for row in queries.slots(session)] == ["Morning talk"], "to check keeps nothing"

    heavy = make_episode(session, show=episode.show, title="A heavy one", ticks=75 * 3750 // 60)
    heavy.content_notes = [{"code": "suicide"}]
    draft |= {"episode_id": heavy.id, "length_minutes": "75"}
    answer = browser.post("/studio/schedule/new", data=draft | {"check": "yes"})
    assert "It needs a support message before and after it, and there is none." in answer.text
    line = make_episode(session, show=episode.show, title="Who is there", kind="message", ticks=25)
    session.add(EpisodeTag(episode_id=line.id, vocabulary="support", code="helpline"))
    answer = browser.post("/studio/schedule/new", data=draft | {"check": "yes"})
    assert "With the support message after it, it takes 1:15:23; the slot has 1:15:00." in answer.text


@pytest.mark.parametrize(
    ("changed", "rrule", "first", "words"),
    [
        ({"repeat": "fortnightly", "days": ["TU"]}, "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", "2026-12-01", "every other week, Tuesday"),
        ({"repeat": "monthly-date"}, "FREQ=MONTHLY;BYMONTHDAY=26", "2026-11-26", "every month on the 26"),
        ({"repeat": "monthly-weekday"}, "FREQ=MONTHLY;BYDAY=4TH", "2026-11-26", "the fourth Thursday of the month"),
        ({"repeat": "monthly-last"}, "FREQ=MONTHLY;BYDAY=-1TH", "2026-11-26", "the last Thursday of the month"),
        ({"repeat": "once"}, "", "2026-11-26", "once, Thu 26 Nov"),
        (
            {"repeat": "weekly", "until": "2026-12-24"},
            "FREQ=WEEKLY;BYDAY=TH;UNTIL=20261224T235959",
            "2026-11-26",
            "until Thu 24 Dec",
        ),
        (
            {"repeat": "weekly", "until": "2028-12-21"},
            "FREQ=WEEKLY;BYDAY=TH;UNTIL=20281221T235959",
            "2026-11-26",
            "until Thu 21 Dec 2028",
        ),
    ],
)
def test_a_slot_happens_as_often_as_people_say(
    browser_of: Browser, edith: Person, session: Session, changed: dict[str, object], rrule: str, first: str, words: str
) -> None:
    typed = {
        "title": "Guests", "date": "2026-11-26", "time": "20:00", "length_minutes": "60", "rung": "rotation", "under_run": "bed",
        "over_run": "run-on", "tolerance_minutes": "5", "priority": "1", "tags": ["topic:sleep"],
    }  # fmt: skip
    browser = browser_of(edith)
    browser.post("/studio/schedule/new", data=typed | changed)
    slot = session.scalars(select(models.Slot)).one()

    assert (slot.rrule, slot.first_start) == (rrule, f"{first}T20:00:00")
    assert (slot.start_rule, slot.tolerance_minutes, slot.priority) == ("soft", 5, 1)
    assert (slot.under_run, slot.over_run) == ("bed", "run-on")
    assert slot.fill == {"rung": "rotation", "tags": [["topic", "sleep"]]}
    assert words in browser.get("/studio/schedule").text
    form = browser.get(f"/studio/schedule/{slot.id}").text
    assert f'value="{changed["repeat"]}" checked' in form
    assert 'value="topic:sleep" checked' in form


def test_a_slot_that_is_saved_as_it_stands_stays_as_it_is(browser_of: Browser, edith: Person, session: Session) -> None:
    """Also what the form has no field for: a rule of its own, the shows of a rotation."""
    show = make_show(session)
    slot = make_slot(session, rrule="FREQ=WEEKLY;INTERVAL=3;BYDAY=WE", fill={"rung": "rotation", "show_ids": [show.id]})
    slot.exceptions = ["2026-12-16T14:00:00"]
    browser = browser_of(edith)
    assert "by a rule of its own" in browser.get("/studio/schedule").text
    browser.post(
        f"/studio/schedule/{slot.id}",
        data={"title": "Renamed", "repeat": "other", "date": "2026-11-25", "time": "14:00", "length_minutes": "60",
              "rung": "rotation", "show_ids": [show.id]},
    )  # fmt: skip

    assert (slot.title, slot.rrule, slot.exceptions) == ("Renamed", "FREQ=WEEKLY;INTERVAL=3;BYDAY=WE", ["2026-12-16T14:00:00"])
    assert slot.fill == {"rung": "rotation", "show_ids": [show.id]}


def test_what_a_slot_lacks_is_told_days_ahead(browser_of: Browser, alice: Person, session: Session, planned: Station) -> None:
    show = make_show(session, slug="empty", title="Empty")
    make_slot(
        session, title="Nobody yet", first_start="2026-11-26T09:00:00", rrule="", fill={"rung": "latest", "show_id": show.id}
    )
    actions.revise(session, planned, why="slot-changed")
    session.commit()

    page = browser_of(alice).get("/studio/schedule").text
    assert 'id="amiss"' in page
    assert "<strong>Nobody yet</strong>: Nothing of what it asks for may be heard: it is not there yet" in page


def test_of_what_was_taken_back_the_day_tells_no_title(
    browser_of: Browser, alice: Person, session: Session, planned: Station
) -> None:
    day = "/studio/schedule?day=2026-11-25"
    assert "talk story 0" in browser_of(alice).get(day).text
    taken = session.scalars(select(Episode).where(Episode.title == "talk story 0")).one()
    taken.state, taken.withdrawn_at = State.WITHDRAWN, NOON
    page = browser_of(alice).get(day).text

    assert "talk story 0" not in page
    assert "Taken back" in page


def test_an_empty_station_says_that_the_loop_plays(
    browser_of: Browser, alice: Person, edith: Person, session: Session, station: Station
) -> None:
    actions.extend(session, station)
    session.commit()

    page = browser_of(alice).get("/studio/schedule").text
    assert "red days ahead" in page
    assert "The emergency loop plays. There is no programme. There is no music for the time either." in page
    assert "red days ahead" in browser_of(edith).get("/studio").text, "whoever can mend it meets it first"
    assert "red days ahead" not in browser_of(alice).get("/studio").text


@pytest.mark.parametrize(
    ("day", "told"),
    [("2026-10-15", "The clocks go back on Sun 25 Oct, from 02:00 to 01:00."), ("2026-10-28", ""),
     ("2027-03-17", "The clocks go forward on Sun 28 Mar, from 01:00 to 02:00.")],
)  # fmt: skip
def test_the_week_tells_the_next_change_of_the_clocks(browser_of: Browser, alice: Person, day: str, told: str) -> None:
    page = browser_of(alice).get(f"/studio/schedule?day={day}").text
    assert ("The clocks go" in page, told in page) == (bool(told), True)


def test_nothing_is_red_while_a_compile_is_still_to_come(
    browser_of: Browser, alice: Person, edith: Person, session: Session, station: Station
) -> None:
    """As in the first minute of a station, episode after episode: what is red for good is red when the worker has had its turn."""
    actions.extend(session, station)
    job = actions.ask_revision(session, why="catalogue-changed", now=station.now(), wait=timedelta(seconds=15))
    session.commit()
    assert "red days ahead" in browser_of(edith).get("/studio").text, "no worker lives, so nobody will work it out"

    session.add(Job(kind="expire", subject="", state=JobState.DONE, due_at=NOON, made_at=NOON, ended_at=station.now()))
    session.commit()
    for page in (browser_of(edith).get("/studio").text, browser_of(alice).get("/studio/schedule").text):
        assert "red day" not in page
        assert "eing worked out" in page

    job.failure = "it went wrong"
    session.commit()
    assert "red days ahead" in browser_of(edith).get("/studio").text
    job.failure, job.state = None, JobState.DONE
    session.commit()
    for page in (browser_of(edith).get("/studio").text, browser_of(alice).get("/studio/schedule").text):
        assert "red days ahead" in page
        assert "eing worked out" not in page


def test_the_balance_adds_up_to_the_week(browser_of: Browser, alice: Person, session: Session, planned: Station) -> None:
    episode = make_episode(session, title="Sleep well", ticks=400, now=NOON - timedelta(days=1))
    episode.tags.append(EpisodeTag(vocabulary="capital", code="social", position=0))
    session.commit()
    actions.revise(session, planned, why="catalogue-changed", effective_tick=0)
    session.commit()
    page = browser_of(alice).get("/studio/schedule/balance").text

    assert "People" in page
    assert "Belonging" in page.split("Not heard this week:")[2], "what nobody hears is named"
    assert "Talk" in page
    assert '<span class="state done">Emergency loop: none.</span>' in page, "that there was none is no fault"
    assert browser_of(alice).get("/studio/schedule/balance?day=2027-01-06").status_code == 200
    assert browser_of(alice).get("/studio/schedule/balance?day=soon").status_code == 404


def rules_form(**changed: object) -> dict[str, object]:
    return {
        "version": "0", "episode_rest_hours": "12", "voice_rest_hours": "1.5", "show_rest_hours": "2", "light_after_heavy": "yes",
        "ident_every_minutes": "10", "short_every_minutes": "15", "support_at_night_minutes": "20", "around-0-note": "violence",
        "around-0-support": "helpline", "quiet-0-begins": "13:00", "quiet-0-ends": "14:00", "quiet-0-days": ["SU"],
        "hours-0-begins": "15:00", "hours-0-ends": "19:00", "hours-0-notes": ["use-described"], "hours-1-begins": "", "hours-1-ends": "",
        "weights-0-of": "kind:story", "weights-0-weight": "2", "why": "Children listen after school.", **changed,
    }  # fmt: skip


def test_stewards_decide_the_rules_and_everybody_reads_why(
    browser_of: Browser, sam: Person, alice: Person, session: Session, work_off: Callable[[], int]
) -> None:
    browser = browser_of(sam)
    answer = browser.post("/studio/schedule/rules", data=rules_form(), follow_redirects=True)
    number, held = queries.station_rules(session)

    assert "The rules are changed." in answer.text
    assert (number, held.episode_rest_minutes, held.voice_rest_minutes) == (1, 720, 90)
    assert held.quiet_times[0].days == ("SU",)
    assert held.hour_rules[0].notes == ("use-described",)
    assert len(held.hour_rules) == 1
    assert held.weights[0].weight == 2.0
    assert dict(held.support_around)["violence"] == "helpline"
    again = browser.post("/studio/schedule/rules", data=rules_form(version="1"), follow_redirects=True)
    assert "Nothing was changed." in again.text
    assert queries.station_rules(session)[0] == 1, "a version differs from the one before"
    browser.post(
        "/studio/schedule/rules", data=rules_form(version="1", episode_rest_hours="24", why="Too little to choose from.")
    )
    page = browser_of(alice).get("/studio/schedule/rules").text
    for said in (
        "Children listen after school.",
        "Too little to choose from.",
        "<del>24 hours</del> → <ins>12 hours</ins>",
        "sam",
    ):
        assert said in page
    assert "Make this the rule" not in page, "only stewards decide"
    assert browser_of(alice).post("/studio/schedule/rules", data=rules_form(version="2")).status_code == 403


def test_every_fault_of_the_rules_is_said_at_once_and_nothing_typed_is_lost(
    browser_of: Browser, sam: Person, session: Session
) -> None:
    answer = browser_of(sam).post("/studio/schedule/rules", data=rules_form(**{
        "why": " ", "support_at_night_minutes": "30", "episode_rest_hours": "a day", "quiet-0-ends": "", "weights-0-weight": "a lot",
        "hours-0-notes": [], "version": "7",
    }))  # fmt: skip

    assert answer.status_code == 422
    for sentence in (
        "Say why", "every 10 to 20 minutes", "Say the rest of the same episode in hours", "Say when each quiet time begins", "A weight is from 0.1 to 10.",
        "Say what may not be heard", "Somebody else has changed the rules meanwhile",
    ):  # fmt: skip
        assert sentence in answer.text
    assert 'value="a day"' in answer.text
    assert queries.station_rules(session)[0] == 0


def test_a_join_is_heard_as_it_goes_out(
    browser_of: Browser, alice: Person, charlie: Person, session: Session, station: Station, store: S3Store, on_air: Channel,
    app: Flask,
) -> None:  # fmt: skip
    here = app.extensions["station"] = replace(station, settings=replace(station.settings, horizon_days=1))
    make_catalogue(session, store, here)
    actions.extend(session, here)
    session.commit()
    from_tick = first_tick_from(unix_ms(NOON))
    airings = queries.rundown(session, from_tick, from_tick + DAY_TICKS // 4).airings
    before, after = next(
        (a, b) for a, b in pairwise(airings)
        if a.part is b.part is Part.PROGRAMME and min(a.n_ticks, b.n_ticks) > AROUND_TICKS
    )  # fmt: skip
    answer = browser_of(alice).get(f"/studio/schedule/joins/{after.start_tick}.mp3")

    assert (answer.status_code, answer.mimetype, answer.headers["Cache-Control"]) == (200, "audio/mpeg", "no-store")
    assert "Access-Control-Allow-Origin" not in answer.headers
    last = [tick_content(str(before.recording_id), before.n_ticks - AROUND_TICKS + i, standard()) for i in range(AROUND_TICKS)]
    first = [tick_content(str(after.recording_id), i, standard()) for i in range(AROUND_TICKS)]
    assert answer.data == b"".join(last + first)
    assert browser_of(charlie).get(f"/studio/schedule/joins/{after.start_tick}.mp3").status_code == 403
    assert browser_of(alice).get("/studio/schedule/joins/12.mp3").status_code == 404
