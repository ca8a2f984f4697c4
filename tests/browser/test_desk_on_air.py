"""A steward with a phone, by keyboard alone and without scripts: stop, look, resume. And every page of the desk, for everybody."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from media.grid import HOUR_TICKS, tick_at
from radio.accounts.models import Person
from radio.catalogue.models import Episode
from radio.clock import SetClock
from radio.editorial import actions as editorial
from radio.editorial import air
from radio.editorial.rules import AT_THE_CONSOLE
from radio.jobs.models import Beat
from radio.schedule import actions, queries
from radio.station import Station
from tests.air import make_catalogue
from tests.browser.test_everybody import AXE
from tests.makers import make_episode

pytestmark = pytest.mark.slow


@pytest.fixture
def desk(app: Flask, session: Session, station: Station, clock: SetClock) -> Iterator[str]:
    """The address of a station that is on air, with an alert and a clock that is wrong."""
    make_catalogue(session, None, station)
    warning = make_episode(session, title="Strong tablets about", kind="alert", ticks=40, now=clock.now())
    actions.extend(session, station)
    session.commit()
    clock.move(timedelta(minutes=30))
    notice = air.Notice("Public Health Somewhere", "https://health.example/7", "Somewhere and around", "act-now",
                        clock.now() + timedelta(days=2), 30)  # fmt: skip
    air.alert(session, station, warning, notice, by=AT_THE_CONSOLE, now=clock.now())
    session.add(Beat(process="second-machine-4711", at=clock.now(), skew_ms=4_200))
    session.commit()
    clock.move(timedelta(minutes=3))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(20)


def signed_in(browser: Browser, app: Flask, session: Session, person: Person, url: str, **options: object) -> BrowserContext:
    session.commit()
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie.update({"_user_id": person.fs_uniquifier, "_fresh": True})
    value = client.get_cookie("studio")
    assert value is not None
    context = browser.new_context(**options)  # type: ignore[arg-type]
    context.add_cookies([{"name": "studio", "value": value.value, "url": url}])
    return context


def by_keyboard(page: Page, words: str) -> None:
    """Go on with Tab until a link or button with these words has the focus, then press Enter and wait for the page it leads to."""
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if focused.count() and words in focused.inner_text():
            with page.expect_navigation():
                page.keyboard.press("Enter")
            return
    raise AssertionError(f"“{words}” cannot be reached by keyboard")


def test_a_steward_stops_and_resumes_by_keyboard_without_scripts(
    browser: Browser, app: Flask, session: Session, sam: Person, desk: str
) -> None:
    context = signed_in(browser, app, session, sam, desk, viewport={"width": 360, "height": 740}, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{desk}/studio/air")
    by_keyboard(page, "Stop the station")
    by_keyboard(page, "Stop now")
    assert "The station is stopped" in page.inner_text("main")
    by_keyboard(page, "Resume")
    by_keyboard(page, "Resume now")
    assert "Resumed" in page.inner_text("main")
    context.close()


@pytest.mark.parametrize("width", [320, 1280])
def test_no_page_of_the_desk_has_a_fault_that_axe_knows(
    browser: Browser, app: Flask, session: Session, station: Station, sam: Person, desk: str, width: int
) -> None:
    context = signed_in(browser, app, session, sam, desk, viewport={"width": width, "height": 800})
    page = context.new_page()
    faults, now = [], tick_at(station.clock.unix_ms())
    coming = next(
        a for a in queries.rundown(session, now, now + HOUR_TICKS).airings if a.start_tick > now + 200 and a.recording_id
    )
    (alert,) = [row.id for row in session.query(actions.models.Override)]
    taken = session.get_one(
        Episode, next(row.episode_id for row in queries.pool(session, now=station.now()) if row.kind == "story")
    )
    editorial.withdraw(session, station, taken, by=AT_THE_CONSOLE, now=station.now())
    session.commit()
    receipt = f"../episodes/{taken.id}/receipt"
    session.rollback()
    for path in ("", "/stop", f"/swap/{coming.start_tick}", f"/alert/{alert}/cancel", "/log", f"/{receipt}", "/alert", "wrong"):
        if path == "wrong":  # the last page, sent with nothing in it: the browser keeps nothing back, the page says all
            page.get_by_role("button", name="Put it on the air").click()
            expect(page.locator(".error-summary li")).to_have_count(4)
            expect(page.locator(".error-summary")).to_be_focused()
        else:
            page.goto(f"{desk}/studio/air{path}")
        page.evaluate(AXE)
        found = page.evaluate("axe.run({ resultTypes: ['violations'] })")
        faults += [f"{path}: {fault['id']} {[node['html'] for node in fault['nodes']][:2]}" for fault in found["violations"]]
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            faults.append(f"{path} scrolls sideways")
    context.close()
    assert not faults, "\n".join(faults)
