"""Hubs hear of a changed feed within a minute, and only of one that changed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy.orm import Session

from radio.catalogue import actions as catalogue
from radio.clock import SetClock
from radio.feeds.models import StoredFeed
from radio.jobs.actions import enqueue
from radio.schedule.actions import extend
from radio.settings import Settings
from radio.station import Station
from tests.makers import make_episode, make_show, make_slot
from tests.visitor import Visitor

Heard = list[tuple[str, str, str]]


@pytest.fixture
def hub() -> Iterator[tuple[str, Heard, list[int]]]:
    """A hub on this machine: its address, what it heard (method, what is told, whose word), and how it answers."""
    heard: Heard = []
    answers = [204]

    class Hub(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self._answer("POST", f"{body['hub.mode'][0]} {body['hub.url'][0]}")

        def do_GET(self) -> None:
            asked = parse_qs(urlsplit(self.path).query)
            self._answer("GET", f"{asked['reason'][0]} {asked['medium'][0]} {asked['url'][0]}")

        def _answer(self, method: str, told: str) -> None:
            heard.append((method, told, self.headers.get("Authorization", "")))
            self.send_response(answers[0])
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", heard, answers
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def settings(settings: Settings, hub: tuple[str, Heard, list[int]]) -> Settings:
    from dataclasses import replace

    return replace(settings, websub_hub=hub[0], podping_url=f"{hub[0]}podping", podping_token="a-word")


def test_hubs_are_told_of_what_changed_once_and_again_when_they_did_not_hear(
    client: Visitor, session: Session, work_off: Callable[[], int], clock: SetClock, hub: tuple[str, Heard, list[int]]
) -> None:
    _address, heard, answers = hub
    show = make_show(session)
    make_episode(session, show=show)
    hidden = make_show(session, slug="hidden", title="Hidden")
    hidden.blocked = True
    catalogue.touched(session)
    for path in ("/feed.json", "/low/feed.xml", "/tags/form/audio/feed.xml", "/today.xml", "/publisher.xml", "/feeds.opml"):
        assert client.get(path).status_code == 200
    enqueue(session, "announce", "", now=clock.now())  # a worker begins periodic work by itself
    work_off()
    here, feeds = "http://localhost", ["/feed.json", "/feed.xml", "/low/feed.xml", "/publisher.xml"]
    feeds += ["/shows/hidden/feed.xml", "/shows/night-desk/feed.xml", "/tags/form/audio/feed.xml", "/today.xml"]
    assert sorted(told for how, told, _word in heard if how == "POST") == [f"publish {here}{path}" for path in feeds]
    assert sorted(told for how, told, word in heard if how == "GET" and word == "a-word") == [
        f"update podcast {here}/feed.xml", f"update podcast {here}/shows/night-desk/feed.xml", f"update publisher {here}/publisher.xml",
    ], "and nothing that asks directories to pass by"  # fmt: skip

    heard.clear()
    clock.move(timedelta(minutes=2))
    work_off()
    assert heard == [], "nothing changed"

    answers[0] = 503
    make_episode(session, show=show, title="Another", now=clock.now())
    catalogue.touched(session)
    clock.move(timedelta(minutes=2))
    work_off()
    tried = len(heard)
    assert tried
    answers[0] = 202
    clock.move(timedelta(minutes=2))
    work_off()
    assert len(heard) > tried, "told again"
    row = session.get(StoredFeed, "show:night-desk")
    assert row is not None
    assert row.announced_etag == row.etag
    assert b'rel="hub"' in row.identity
    assert b"usesPodping" in row.identity


def test_directories_are_told_that_a_programme_began_and_not_again_while_it_lasts(
    session: Session, station: Station, work_off: Callable[[], int], clock: SetClock, hub: tuple[str, Heard, list[int]]
) -> None:
    _address, heard, _answers = hub
    episode = make_episode(session)
    make_slot(session, title="Night talk", fill={"rung": "latest", "show_id": episode.show_id})  # at two, for an hour
    session.flush()
    extend(session, station)
    enqueue(session, "announce", "", now=clock.now())
    work_off()

    def reasons() -> set[str]:
        found = {told.split()[0] for how, told, _word in heard if how == "GET" and told.endswith("/shows/night-desk/feed.xml")}
        heard.clear()
        return found

    assert reasons() == {"update"}
    clock.move(timedelta(hours=2, minutes=1))
    work_off()
    assert reasons() == {"live"}
    clock.move(timedelta(minutes=10))
    episode.title = "Another title"
    catalogue.touched(session)
    work_off()
    assert reasons() == {"update"}
