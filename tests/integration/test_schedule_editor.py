"""The slots of the week as an editor makes them, and the schedule that others read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from radio.accounts.models import Person
from radio.jobs.models import Job
from radio.schedule import actions, models, queries
from radio.station import Station
from tests.air import make_catalogue
from tests.makers import make_show, make_slot
from tests.visitor import Visitor

Browser = Callable[[Person | None], Visitor]


@pytest.fixture
def planned(session: Session, station: Station, app: Flask) -> Station:
    here = app.extensions["station"] = replace(station, settings=replace(station.settings, horizon_days=1))
    make_catalogue(session, None, here)
    actions.extend(session, here)
    session.commit()
    return here


def typed(**changed: object) -> dict[str, object]:
    return {
        "title": "Evening talk",
        "days": ["MO", "WE"],
        "date": "2026-11-26",
        "time": "20:30",
        "length_minutes": "45",
        "rung": "rotation",
        "kinds": ["story", "interview"],
        "tolerance_minutes": "0",
        **changed,
    }


def test_an_editor_makes_a_weekly_slot(browser_of: Browser, edith: Person, session: Session) -> None:
    browser = browser_of(edith)
    assert browser.get("/studio/schedule/new").status_code == 200
    answer = browser.post("/studio/schedule/new", data=typed(), follow_redirects=True)
    assert "First on air Monday at 20:30" in answer.text
    assert browser.post("/studio/schedule/new", data=typed()).status_code == 303, "who presses twice means one slot"
    slot = session.scalars(select(models.Slot)).one()
    assert (slot.first_start, slot.rrule, slot.zone) == ("2026-11-30T20:30:00", "FREQ=WEEKLY;BYDAY=MO,WE", "Europe/London")
    assert slot.fill == {"rung": "rotation", "kinds": ["story", "interview"]}
    assert session.scalar(select(Job.payload).where(Job.kind == "revise")) == {"why": "slot-changed"}
    assert "Monday" in browser.get("/studio/schedule").text


def test_a_slot_is_changed_and_ended(browser_of: Browser, edith: Person, session: Session) -> None:
    show = make_show(session, slug="guests", title="Guests")
    slot = make_slot(session)
    browser = browser_of(edith)
    assert "Morning talk" in browser.get(f"/studio/schedule/{slot.id}").text
    for address in (f"/studio/schedule/{slot.id}", f"/studio/schedule/{slot.id}/days/{slot.first_start}"):
        old = browser.post(address, data=typed(title="My own", seen="2026-11-25T11:00:00+00:00", which="once"))
        assert (old.status_code, "What you typed is still here" in old.text, slot.title) == (409, True, "Morning talk")
    browser.post(f"/studio/schedule/{slot.id}", data=typed(title="Guests at noon", days=[], rung="latest", show_id=show.id))
    assert (slot.title, slot.rrule, slot.fill) == ("Guests at noon", "", {"rung": "latest", "show_id": show.id})
    browser.post(f"/studio/schedule/{slot.id}/retire")
    assert queries.slots(session) == []
    assert browser.get(f"/studio/schedule/{slot.id}").status_code == 404


def test_every_fault_of_a_slot_is_said_at_once_and_nothing_typed_is_lost(
    browser_of: Browser, edith: Person, session: Session
) -> None:
    browser, wrong = (
        browser_of(edith),
        {"date": "", "time": "8 o’clock", "length_minutes": "soon", "rung": "latest", "show_id": ""},
    )
    answer = browser.post("/studio/schedule/new", data=typed(title=" ", until="then", **wrong))

    assert answer.status_code == 422
    faulty = re.findall(r'<li><a href="#(\w+)">', answer.text)
    assert faulty == ["title", "date", "time", "length_minutes", "show_id", "until"], "in the order of the page"
    assert all(f'id="{name}-fault"' in answer.text for name in faulty), "each at its field"
    for said in ("Give the slot a name.", "Choose the first day.", "Say a time", "Say the length in minutes", "Choose a show."):
        assert answer.text.count(said) == 2
    assert 'value="soon"' in answer.text
    assert "Say the length in minutes" in browser.post("/studio/schedule/new", data=typed(length_minutes="")).text, (
        "none is guessed"
    )
    for changed, said in (({"length_minutes": "2000"}, "24 hours"), ({"rung": "episode", "episode_id": "nothere"}, "any more")):
        assert said in browser.post("/studio/schedule/new", data=typed(**changed)).text
    assert queries.slots(session) == []


def test_nothing_is_said_of_a_slot_before_there_is_something_to_say(browser_of: Browser, edith: Person) -> None:
    browser, empty = browser_of(edith), typed(title="", rung="latest", show_id="", check="yes")

    assert "It meets nothing" not in browser.get("/studio/schedule/new").text
    assert "It meets nothing" not in browser.post("/studio/schedule/new", data=empty).text


def test_the_day_says_what_goes_out_and_why(browser_of: Browser, alice: Person, session: Session, planned: Station) -> None:
    page = browser_of(alice).get("/studio/schedule?day=2026-11-26").text
    assert "Chosen from everything that may be heard now." in page
    assert "The station says its name." in page
    assert "Make a slot" not in page, "a producer looks, an editor changes"
    assert browser_of(alice).get("/studio/schedule?day=never").status_code == 404


def test_only_editors_change_the_week(browser_of: Browser, alice: Person, charlie: Person) -> None:
    assert browser_of(alice).post("/studio/schedule/new", data=typed()).status_code == 403
    assert browser_of(charlie).get("/studio/schedule").status_code == 403
    assert browser_of(None).get("/studio/schedule").status_code in {302, 303, 401, 403}


def test_programs_read_the_schedule(client: Visitor, session: Session, planned: Station) -> None:
    make_slot(session, title="Every morning", first_start="2026-11-25T09:00:00", rrule="FREQ=DAILY", fill={"rung": "rotation"})
    session.commit()
    found = client.get("/schedule.json").json
    assert found["zone"] == "Europe/London"
    assert len(found["slots"]) == 1, "of a day that was asked for one morning, not the next two as well"
    programmes = found["programmes"]
    assert len(programmes) > 50
    assert all(a["end_ms"] <= b["start_ms"] for a, b in pairwise(programmes))
    assert {p["show"] for p in programmes} <= {"Talk", "Music", "Local"}
