"""The week in a browser: by keyboard alone, by hand, on a phone without JavaScript; and no fault that axe knows."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib.resources import files

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from radio.accounts.models import Person
from radio.schedule import actions
from radio.schedule.models import Slot
from radio.station import Station
from tests.makers import NOON, make_episode, make_show, make_slot

pytestmark = pytest.mark.slow

AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
WIDE, NARROW = 1280, 360


@dataclass
class Desk:
    url: str
    app: Flask
    browser: Browser
    session: Session

    def open(self, person: Person, *, width: int = WIDE, scheme: str = "light", scripts: bool = True) -> Page:
        """The week, as this person sees it."""
        self.session.commit()
        client = self.app.test_client()
        with client.session_transaction() as cookie:
            cookie.update({"_user_id": person.fs_uniquifier, "_fresh": True})
        value = client.get_cookie("studio").value
        context: BrowserContext = self.browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=scripts, locale="en-GB"
        )  # type: ignore[arg-type]
        context.add_cookies([{"name": "studio", "value": value, "url": self.url}])
        page = context.new_page()
        page.goto(f"{self.url}/studio/schedule")
        return page

    def slot(self) -> Slot:
        """The only slot there is, as it stands now."""
        self.session.rollback()
        found = self.session.scalars(select(Slot)).one()
        self.session.expunge(found)
        self.session.rollback()  # an open transaction would hold up the station
        return found


@pytest.fixture
def desk(app: Flask, browser: Browser, session: Session, station: Station) -> Iterator[Desk]:
    here = app.extensions["station"] = replace(station, settings=replace(station.settings, horizon_days=1))
    for title in ("Talk", "Music"):
        show = make_show(session, slug=title.lower(), title=title, now=NOON - timedelta(days=1))
        for number in range(6):
            make_episode(session, show=show, title=f"{title} {number}", ticks=1500 + 125 * number, now=NOON - timedelta(days=1))
    actions.extend(session, here)
    session.commit()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Desk(f"http://127.0.0.1:{server.server_port}", app, browser, session)
    server.shutdown()
    thread.join(20)


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what is so called has the focus."""
    for _ in range(150):
        page.keyboard.press("Tab")
        if page.evaluate(
            "name => document.activeElement.matches('a, button') && document.activeElement.innerText.includes(name)", name
        ):
            return
    raise AssertionError(f"{name} cannot be reached with Tab")


def tab_to_field(page: Page, field_id: str) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement?.id") == field_id:
            return
    raise AssertionError(f"{field_id} cannot be reached with Tab")


def test_a_slot_is_made_filled_and_moved_by_keyboard_alone(desk: Desk, edith: Person) -> None:
    page = desk.open(edith)
    tab_to(page, "Make a slot")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Make a slot")).to_be_visible()
    tab_to_field(page, "title")
    page.keyboard.type("Evening talk")
    tab_to_field(page, "length_minutes")
    page.keyboard.press("Control+a")
    page.keyboard.type("45")
    tab_to_field(page, "rung-latest")
    page.keyboard.press("ArrowDown")
    tab_to_field(page, "show_id")
    page.keyboard.type("Talk")
    tab_to(page, "Make the slot")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved. First on air")).to_be_visible()
    assert (desk.slot().rrule, desk.slot().fill["rung"]) == ("FREQ=WEEKLY;BYDAY=WE", "next")

    tab_to(page, "Evening talk")
    page.keyboard.press("m")
    expect(page.locator("[data-voice]").first).to_contain_text("Evening talk is picked up: Wed 25 Nov, 20:00–20:45")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+ArrowDown")
    expect(page.locator("[data-voice]").first).to_contain_text("Thu 26 Nov, 19:45–20:45")
    page.keyboard.press("Enter")
    dialog = page.locator("dialog[open]")
    expect(dialog.get_by_label("Time")).to_have_value("19:45")
    tab_to(page, "Every time")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved. First on air Thursday at 19:45")).to_be_visible()
    slot = desk.slot()
    assert (slot.first_start, slot.rrule, slot.length_minutes) == ("2026-11-26T19:45:00", "FREQ=WEEKLY;BYDAY=TH", 60)


def test_what_is_picked_up_and_left_stays_where_it_was(desk: Desk, edith: Person) -> None:
    make_slot(desk.session, title="Evening talk", rrule="FREQ=WEEKLY;BYDAY=WE")
    page = desk.open(edith)
    block = page.locator("[data-day='2026-11-25'] [data-slot]")
    block.locator("a").focus()
    for key in ("m", "ArrowDown", "ArrowRight", "Escape"):
        page.keyboard.press(key)

    expect(page.locator("[data-voice]").first).to_have_text("Evening talk stays where it was.")
    expect(block.locator(".slot-time")).to_have_text("14:00–15:00")
    assert block.locator("a").evaluate("a => a === document.activeElement")


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    page.mouse.move(*end)
    page.mouse.up()


def at(page: Page, day: str, quarter: int) -> tuple[float, float]:
    """The middle of a quarter of an hour of a day, scrolled into view."""
    return tuple(
        page.evaluate(
            """([day, quarter]) => { const list = document.querySelector(`[data-day="${day}"] .slot-blocks`);
            const { left, top, width, height } = list.getBoundingClientRect();
            return [left + width / 2, top + (quarter + 0.5) * height / 96] }""",
            [day, quarter],
        )
    )


def test_a_slot_is_dragged_made_longer_and_drawn(desk: Desk, edith: Person) -> None:
    make_slot(desk.session, title="Evening talk", rrule="FREQ=WEEKLY;BYDAY=WE")
    page = desk.open(edith)
    page.locator("[data-day='2026-11-25'] .from-56").scroll_into_view_if_needed()
    drag(page, at(page, "2026-11-25", 57), at(page, "2026-11-27", 61))
    expect(page.locator("dialog").get_by_label("Time")).to_have_value("15:00")
    page.get_by_role("button", name="Only on this day").click()
    expect(page.get_by_text("Saved, for this one day.")).to_be_visible()
    assert desk.slot().overrides == {"2026-11-25T14:00:00": {"start": "2026-11-27T15:00:00"}}

    block = page.locator("[data-day='2026-11-27'] [data-slot]")
    block.scroll_into_view_if_needed()
    x, bottom = block.evaluate(
        "e => { const { left, width, bottom } = e.getBoundingClientRect(); return [left + width / 2, bottom - 3] }"
    )
    drag(page, (x, bottom), at(page, "2026-11-27", 65))
    expect(page.locator("dialog").get_by_label("Minutes")).to_have_value("90")
    page.keyboard.press("Escape")
    expect(block.locator(".slot-time")).to_have_text("15:00–16:00")

    drag(page, at(page, "2026-11-26", 60), at(page, "2026-11-26", 62))
    expect(page.get_by_role("heading", name="Make a slot")).to_be_visible()
    assert [page.locator(f"#{name}").input_value() for name in ("date", "time", "length_minutes")] == [
        "2026-11-26",
        "15:00",
        "45",
    ]


def test_what_a_slot_meets_is_said_while_it_is_typed(desk: Desk, edith: Person) -> None:
    make_slot(desk.session, title="Evening talk", rrule="FREQ=WEEKLY;BYDAY=WE")
    page = desk.open(edith)
    page.goto(f"{desk.url}/studio/schedule/new")
    expect(page.locator("#kinds")).to_be_hidden()
    page.get_by_label("Chosen by the station").check()
    expect(page.locator("#kinds")).to_be_visible()
    page.locator("#time").fill("14:30")

    expect(page.locator("[data-findings]")).to_contain_text("“Evening talk”")
    page.locator("#time").fill("17:30")
    expect(page.locator("[data-findings]")).not_to_contain_text("“Evening talk”")
    page.locator("#length_minutes").fill("")
    expect(page.locator("[data-findings]")).to_contain_text("Press “Check it first”")

    page.goto(f"{desk.url}/studio/schedule/{desk.slot().id}")
    page.get_by_role("button", name="End this slot").click()
    expect(page.get_by_text("The slot has ended.")).to_be_visible()
    expect(page.get_by_text("There is no slot yet")).to_be_visible()


def test_without_javascript_on_a_phone_a_slot_is_made_and_moved(desk: Desk, edith: Person) -> None:
    page = desk.open(edith, width=NARROW, scripts=False)
    page.get_by_role("link", name="Make a slot").first.click()
    page.get_by_label("Name").fill("Evening talk")
    page.get_by_label("Chosen by the station").check()
    page.get_by_role("button", name="Make the slot").click()
    expect(page.get_by_text("Saved. First on air")).to_be_visible()
    assert page.locator(".day-slots[open]").count() == 1, "the other days are folded"
    page.get_by_role("link", name="Evening talk").first.click()
    page.get_by_role("link", name="Change only the day you came from").click()
    page.get_by_label("Time").fill("21:00")
    page.get_by_role("button", name="Only on this day").click()
    expect(page.get_by_text("Saved, for this one day.")).to_be_visible()
    assert desk.slot().overrides == {"2026-11-25T20:00:00": {"start": "2026-11-25T21:00:00"}}
    page.goto(f"{desk.url}/studio/schedule/{desk.slot().id}")
    page.get_by_role("button", name="End this slot").click()
    expect(page.get_by_text("The slot has ended.")).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (WIDE, "dark")])
def test_no_page_of_the_schedule_has_a_fault_that_axe_knows(desk: Desk, sam: Person, width: int, scheme: str) -> None:
    slot = make_slot(desk.session, title="Evening talk", rrule="FREQ=DAILY", fill={"rung": "rotation", "kinds": ["training"]})
    make_slot(
        desk.session,
        title="A short one in it",
        rrule="FREQ=WEEKLY;BYDAY=WE",
        length_minutes=15,
        first_start="2026-11-25T14:15:00",
    )
    page = desk.open(sam, width=width, scheme=scheme)
    faults = []
    for path in ("", "/new", f"/{slot.id}", f"/{slot.id}/days/2026-11-26T14:00:00", "/balance", "/rules"):
        page.goto(f"{desk.url}/studio/schedule{path}")
        page.evaluate(AXE)
        found = page.evaluate("axe.run({ resultTypes: ['violations'] })")["violations"]
        faults += [f"{path}: {fault['id']} {[node['html'][:120] for node in fault['nodes']][:2]}" for fault in found]
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            faults.append(f"{path}: scrolls sideways")
    assert not faults, "\n".join(faults)
