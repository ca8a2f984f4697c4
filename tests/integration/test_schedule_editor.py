"""The slots of the week as an editor makes them, and the schedule that others read."""

from __future__ import annotations

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
    browser.post(f"/studio/schedule/{slot.id}", data=typed(title="Guests at noon", days=[], rung="latest", show_id=show.id))
    assert (slot.title, slot.rrule, slot.fill) == ("Guests at noon", "", {"rung": "latest", "show_id": show.id})
    browser.post(f"/studio/schedule/{slot.id}/retire")
    assert queries.slots(session) == []
    assert browser.get(f"/studio/schedule/{slot.id}").status_code == 404


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"title": " "}, "Give the slot a name."),
        ({"length_minutes": "soon"}, "Say the length in minutes"),
        ({"length_minutes": "2000"}, "from 1 minute to 24 hours"),
        ({"time": "8 o’clock"}, "Say a time"),
        ({"date": ""}, "Choose the first day."),
        ({"rung": "latest", "show_id": ""}, "Choose a show."),
        ({"rung": "episode", "episode_id": "nothere"}, "not there any more"),
    ],
)
def test_what_cannot_be_taken_is_said_and_nothing_typed_is_lost(
    browser_of: Browser, edith: Person, session: Session, changed: dict[str, object], sentence: str
) -> None:
    answer = browser_of(edith).post("/studio/schedule/new", data=typed(**changed))
    assert answer.status_code == 422
    assert sentence in answer.text
    if "title" not in changed:
        assert "Evening talk" in answer.text
    assert queries.slots(session) == []


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
    found = client.get("/schedule.json").json
    assert found["zone"] == "Europe/London"
    programmes = found["programmes"]
    assert len(programmes) > 50
    assert all(a["end_ms"] <= b["start_ms"] for a, b in pairwise(programmes))
    assert {p["show"] for p in programmes} <= {"Talk", "Music", "Local"}
