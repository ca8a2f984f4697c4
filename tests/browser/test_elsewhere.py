"""The player in a frame of somebody else's page, in a real browser."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files

import pytest
from playwright.sync_api import Browser, Frame

from tests.browser.conftest import OnAir, listener_in
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.slow

AXE = (files("axe_playwright_python") / "axe.min.js").read_text()


@contextmanager
def another_site(*addresses: str) -> Iterator[str]:
    """A page of another origin with these addresses in frames."""
    page = "<!doctype html><html lang=en><title>Elsewhere</title><main><h1>Elsewhere</h1>"
    page += "".join(
        f'<iframe src="{each}" title="{number}" width="480" height="300"></iframe>' for number, each in enumerate(addresses)
    )

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page.encode() if self.path == "/" else b"")

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def frame_at(frames: list[Frame], path: str) -> Frame:
    return next(frame for frame in frames if path in frame.url)


def test_an_episode_plays_in_somebody_else_s_page_and_what_was_taken_back_does_not(browser: Browser, served: OnAir) -> None:
    context = browser.new_context(viewport={"width": 700, "height": 900})
    paths = [f"/embed/{served.episode_id}", f"/embed/{served.withdrawn_id}", f"/embed/{served.story_id}", "/"]
    phone = listener_in(context, served)
    with another_site(*(served.url + path for path in paths)) as outside:
        phone.page.goto(outside)
        own = frame_at(phone.page.frames, paths[0])
        gone = frame_at(phone.page.frames, paths[1])
        story = frame_at(phone.page.frames, paths[2])

        assert not [url for url in phone.requests if "/audio/" in url], "it fetched sound before anybody pressed"
        own.evaluate("document.querySelector('audio').play()")
        end_s = time.monotonic() + PATIENCE_S
        while own.evaluate("document.querySelector('audio').currentTime") <= 0.3:
            assert time.monotonic() < end_s, "no sound"
            phone.page.wait_for_timeout(100)
        assert "taken back" in gone.inner_text("main")
        assert gone.locator("audio").count() == 0
        note, sound = (
            story.evaluate("name => document.querySelector(name).getBoundingClientRect().top", name)
            for name in (".content-note", "audio")
        )
        assert note < sound < 300, "what to know before is not seen before the sound"
        for frame in (own, gone, story):
            frame.evaluate(AXE)
            assert frame.evaluate("axe.run({ resultTypes: ['violations'] }).then(found => found.violations.map(v => v.id))") == []
        assert [url for url in phone.requests if not url.startswith((served.url, outside))] == []
        refused = [said for said in phone.complaints if "404" not in said and "410" not in said]
        assert len(refused) == 1, refused
        assert "frame-ancestors 'none'" in refused[0], "our other pages stay out of frames"
    assert context.cookies() == []
    context.close()


def test_what_pages_tell_to_machines_is_refused_by_nobody(browser: Browser, served: OnAir) -> None:
    context = browser.new_context()
    phone = listener_in(context, served)
    for path in ("/shows/kitchen-table", f"/episodes/{served.episode_id}", f"/episodes/{served.episode_id}/paper"):
        phone.open(path)
        phone.page.evaluate(AXE)
        found = phone.page.evaluate("axe.run({ resultTypes: ['violations'] }).then(found => found.violations.map(v => v.id))")
        assert found == [], path
    phone.open(f"/episodes/{served.episode_id}")
    told = phone.page.eval_on_selector("script[type='application/ld+json']", "block => JSON.parse(block.textContent)['@type']")

    assert told == "PodcastEpisode"
    assert phone.complaints == []
    context.close()


def test_the_address_of_a_feed_is_copied_with_one_press_or_selected(browser: Browser, served: OnAir) -> None:
    address = "/shows/kitchen-table/feed.xml"
    for path in ("/shows/kitchen-table", "/shows/kitchen-table/subscribe"):
        context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
        page = listener_in(context, served).page
        page.goto(served.url + path)
        page.get_by_role("button", name="Copy").click()
        page.get_by_text("Copied.").wait_for()
        assert page.evaluate("navigator.clipboard.readText()").endswith(address)
        context.clear_permissions()
        page.evaluate("delete Navigator.prototype.clipboard")
        page.get_by_role("button", name="Copy").click()
        page.get_by_text("It is selected").wait_for()
        assert page.evaluate("getSelection().toString()").endswith(address)
        context.close()
        plain = browser.new_context(java_script_enabled=False)
        bare = plain.new_page()
        bare.goto(served.url + path)
        assert bare.locator("#feed-address").input_value().endswith(address)
        assert not bare.get_by_role("button", name="Copy").is_visible()
        plain.close()
