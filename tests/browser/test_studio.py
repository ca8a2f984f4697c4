"""A producer with a phone: from a recording to air, with a dying line and a page that is loaded again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from media.objects import StoreSettings
from media.store import ObjectStore, S3Store
from radio.accounts.models import Person
from radio.app import create_app
from radio.catalogue.models import Episode, Recording, Show
from radio.catalogue.rules import State
from radio.clock import SystemClock
from radio.jobs.carrier import Carrier
from radio.settings import Settings
from radio.studio.rules import PART_BYTES
from radio.worker import import_tasks
from tests.makers import make_show
from tests.sounds import tone
from tests.waiting import PATIENCE_S

WIDE, SLOW_BYTES_A_SECOND = 360, 3_000_000


@dataclass
class Studio:
    url: str
    app: Flask
    browser: Browser
    session: Session

    def signed_in(self, person: Person) -> BrowserContext:
        """A phone on which this person is signed in."""
        self.session.commit()
        client = self.app.test_client()
        with client.session_transaction() as cookie:
            cookie.update({"_user_id": person.fs_uniquifier, "_fresh": True})
        value = client.get_cookie("studio").value
        context = self.browser.new_context(viewport={"width": WIDE, "height": 740})
        context.add_cookies([{"name": "studio", "value": value, "url": self.url}])
        return context


@pytest.fixture
def clock() -> SystemClock:
    return SystemClock()


@pytest.fixture
def app(settings: Settings, clock: SystemClock, store: ObjectStore) -> Flask:
    return create_app(settings, clock=clock, store=store)


@pytest.fixture
def studio(app: Flask, browser: Browser, session: Session) -> Iterator[Studio]:
    """The station with a worker, on a port of its own. Ask for it last: what the test has made before it is committed."""
    with at_work(app, browser, session) as studio:
        yield studio


@contextmanager
def at_work(app: Flask, browser: Browser, session: Session) -> Iterator[Studio]:
    """The station of this application, with a worker."""
    session.commit()  # or it would keep the worker from writing
    import_tasks()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    carrier = Carrier(app)
    threads = [threading.Thread(target=run, daemon=True) for run in (server.serve_forever, carrier.run)]
    for thread in threads:
        thread.start()
    yield Studio(f"http://127.0.0.1:{server.server_port}", app, browser, session)
    session.rollback()  # what the test looked at last may not keep the worker from writing
    carrier.stop()
    server.shutdown()
    for thread in threads:
        thread.join(PATIENCE_S)


@pytest.fixture
def show(session: Session) -> Show:
    return make_show(session)


def watched(page: Page) -> list[str]:
    """Everything that the page complains of."""
    found: list[str] = []
    page.on("console", lambda said: found.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def sent(page: Page, fraction: float) -> None:
    """Wait until so much of the first file has gone."""
    bar = page.locator(".sending progress").first
    for _ in range(4_800):
        if float(bar.evaluate("bar => bar.value")) > fraction:
            return
        page.wait_for_timeout(50)
    raise AssertionError("nothing moves")


def line(page: Page) -> Callable[..., None]:
    """A slow line that can be cut, or become a good one."""
    inspector = page.context.new_cdp_session(page)

    def become(*, dead: bool = False, slow: bool = False) -> None:
        conditions = {"latency": 5, "downloadThroughput": -1, "uploadThroughput": SLOW_BYTES_A_SECOND if slow else -1}
        inspector.send("Network.emulateNetworkConditions", {"offline": dead, **conditions})

    become(slow=True)
    return become


@pytest.mark.slow
def test_from_a_phone_to_the_site_with_a_reload_in_the_middle(
    alice: Person, sam: Person, show: Show, studio: Studio, tmp_path: Path, session: Session
) -> None:
    file = tmp_path / "My clean date.wav"
    file.write_bytes(tone(55, channels=2, rate_hz=192_000))
    n_parts = -(-file.stat().st_size // PART_BYTES)
    page = studio.signed_in(alice).new_page()
    complaints = watched(page)
    parts: list[str] = []
    page.on("requestfinished", lambda sent: parts.append(sent.url) if "/parts/" in sent.url else None)
    page.goto(f"{studio.url}/studio/shows/{show.slug}/episodes/new")
    page.get_by_label("Title").fill("The night bus")
    page.get_by_role("button", name="Make the draft").click()

    become = line(page)
    page.get_by_label("The recording").set_input_files(file)
    expect(page.locator(".sending progress")).to_be_visible()
    sent(page, 0.35)
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    become()
    expect(page.get_by_text("An upload was begun and not finished")).to_be_visible()
    page.get_by_label("The recording").set_input_files(file)
    page.locator(".sending li.done").wait_for()
    assert len(parts) < 2 * n_parts

    expect(page.locator("wave-form canvas")).to_be_visible()
    page.get_by_label("Summary").fill("Riding round until it is light.")
    page.get_by_label("I have listened, and there is nothing of this in it").check()
    page.get_by_label("Find a tag").fill("insom")
    page.locator(".term:visible input").first.check()
    page.get_by_label("Notes", exact=False).first.fill("With **thanks** to the driver.")
    page.get_by_role("button", name="See how the notes look").click()
    expect(page.locator(".notes-shown strong")).to_have_text("thanks")
    page.get_by_role("button", name="Save and hand in").click()
    expect(page.get_by_text("Handed in. A steward looks at it next.")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    desk = studio.signed_in(sam).new_page()
    desk.goto(f"{studio.url}/studio")
    desk.get_by_role("link", name="The night bus").click()
    desk.get_by_role("button", name="Publish it").click()
    expect(desk.get_by_text("Published. It is on the site")).to_be_visible()
    desk.get_by_role("link", name="Its page").click()
    expect(desk.get_by_role("heading", name="The night bus").first).to_be_visible()

    session.expire_all()
    [episode] = session.scalars(select(Episode))
    assert episode.state is State.PUBLISHED
    assert [tag.vocabulary for tag in episode.tags] == ["topic"]
    assert len(session.scalars(select(Recording)).all()) == 1
    assert not [said for said in complaints if "Failed to load resource" not in said]


@pytest.mark.slow
def test_a_dead_line_is_waited_for_and_several_files_become_drafts(
    alice: Person, show: Show, studio: Studio, tmp_path: Path, session: Session
) -> None:
    files = []
    for number in range(3):
        file = tmp_path / f"take {number}.wav"
        file.write_bytes(tone(15, hz=200 + number, channels=2, rate_hz=192_000))
        files.append(file)
    page = studio.signed_in(alice).new_page()
    page.goto(f"{studio.url}/studio")
    become = line(page)

    page.get_by_label("Recordings", exact=True).set_input_files(files)
    sent(page, 0.2)
    become(dead=True)
    expect(page.get_by_text("The line is gone").first).to_be_visible()
    page.wait_for_timeout(1000)
    become()

    expect(page.locator(".sending li.done")).to_have_count(3)
    expect(page.get_by_text("things to add")).to_have_count(3)
    assert len(session.scalars(select(Recording)).all()) == 3


@pytest.mark.slow
@pytest.mark.parametrize("allowed", [True, False], ids=["straight to the store", "the store will not have our pages"])
def test_parts_go_straight_to_a_public_store_or_else_through_us(
    allowed: bool, alice: Person, show: Show, settings: Settings, clock: SystemClock, s3: StoreSettings, browser: Browser,
    session: Session, tmp_path: Path,
) -> None:  # fmt: skip
    store = S3Store(replace(s3, bucket=f"from-browsers-{allowed}".lower()))
    assert s3.public_endpoint_url
    public = replace(settings, s3_endpoint=s3.endpoint_url, s3_public_endpoint=s3.public_endpoint_url)
    file = tmp_path / "straight.wav"
    file.write_bytes(tone(20, channels=2, rate_hz=192_000))
    with at_work(create_app(public, clock=clock, store=store), browser, session) as studio:
        store.ensure_bucket(replace(public, public_url=studio.url).origins if allowed else ["http://elsewhere.example"])
        studio.url = studio.url.replace("127.0.0.1", "localhost")  # where people sign in
        page = studio.signed_in(alice).new_page()
        arrived: list[str] = []
        page.on("response", lambda said: arrived.append(said.url) if said.request.method == "PUT" and said.ok else None)
        page.goto(f"{studio.url}/studio")
        page.get_by_label("Recordings", exact=True).set_input_files(file)
        page.locator(".sending li.done").wait_for()

        assert len(arrived) == -(-file.stat().st_size // PART_BYTES)
        assert {url.startswith(s3.public_endpoint_url) for url in arrived} == {allowed}
        [recording] = session.scalars(select(Recording))
        assert store.head(recording.original_key).size_bytes == file.stat().st_size


@pytest.mark.slow
def test_without_javascript_a_form_does_the_same(
    alice: Person, show: Show, studio: Studio, tmp_path: Path, session: Session
) -> None:
    file = tmp_path / "plain.wav"
    file.write_bytes(tone(3))
    signed = studio.signed_in(alice)
    context = studio.browser.new_context(java_script_enabled=False, storage_state=signed.storage_state())
    page = context.new_page()
    page.goto(f"{studio.url}/studio")
    page.get_by_label("Recordings", exact=True).set_input_files(file)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Your recordings are here")).to_be_visible()

    for _ in range(480):
        page.goto(f"{studio.url}/studio")
        if page.get_by_text("things to add").count():
            break
        page.wait_for_timeout(500)

    page.get_by_role("link", name="Without a title yet").click()
    expect(page.get_by_label("Hear it as it goes out")).to_be_visible()
