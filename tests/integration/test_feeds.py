"""What a podcast app sees of a show over weeks."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import feedparser
import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from media.objects import StoreSettings
from media.store import S3Store
from radio.catalogue import actions as catalogue
from radio.catalogue import transcripts
from radio.catalogue.rules import State
from radio.clock import SetClock
from radio.db import db
from radio.feeds import enclosures, writer, xml
from radio.feeds.models import StoredFeed
from radio.station import Station
from tests.makers import NOON, make_episode, make_show
from tests.visitor import Visitor

SHOW = "/shows/night-desk/feed.xml"


def titles(client: Visitor, path: str = SHOW) -> list[str]:
    return [entry.title for entry in feedparser.parse(client.get(path).data).entries]


def test_a_feed_holds_what_is_public_and_nothing_else(client: Visitor, session: Session) -> None:
    show = make_show(session)
    make_episode(session, show=show, title="On the air")
    make_episode(session, show=show, title="A draft", state=State.DRAFT)
    make_episode(session, show=show, title="Waiting", state=State.READY)
    make_episode(session, show=show, title="Taken back", state=State.WITHDRAWN)
    make_episode(session, show=show, title="No sound yet", ticks=None)
    catalogue.touched(session)
    assert titles(client) == ["On the air"]


def test_the_station_feed_holds_every_show_but_not_the_idents(client: Visitor, session: Session) -> None:
    make_episode(session, show=make_show(session), title="Talk", now=NOON - timedelta(hours=2))
    make_episode(session, show=make_show(session, slug="quiet", title="Quiet"), title="Music", now=NOON - timedelta(hours=1))
    make_episode(session, show=make_show(session, slug="idents", title="Idents", in_feeds=False), title="Ident 1")
    catalogue.touched(session)
    assert titles(client, "/feed.xml") == ["Music", "Talk"]
    assert client.get("/shows/idents/feed.xml").status_code == 404


def test_unchanged_data_are_the_same_bytes_for_ever(client: Visitor, session: Session, clock: SetClock) -> None:
    make_episode(session)
    catalogue.touched(session)
    first = client.get(SHOW)
    clock.move(timedelta(days=30))
    catalogue.touched(session)  # something else became public: rendered again, the same
    again = client.get(SHOW)
    assert again.data == first.data
    assert again.headers["ETag"] == first.headers["ETag"]
    assert "Last-Modified" not in first.headers


@pytest.mark.parametrize("suffix", ["", "-gzip", "--gzip", ";gzip", "-br"])
def test_an_unchanged_feed_costs_304_also_behind_a_proxy_that_marks_the_validator(
    client: Visitor, session: Session, suffix: str
) -> None:
    make_episode(session)
    catalogue.touched(session)
    etag = client.get(SHOW).headers["ETag"].strip('"')
    asked = client.get(SHOW, headers={"If-None-Match": f'"{etag}{suffix}"'})
    assert asked.status_code == 304
    assert asked.data == b""
    assert asked.headers["ETag"] == f'"{etag}"'


def test_who_wants_only_the_feed_that_they_know_is_told_that_it_is_another(client: Visitor, session: Session) -> None:
    """Source: RFC 9110 §13.1.1: before any other condition, and a weak validator never matches."""
    make_episode(session)
    catalogue.touched(session)
    for path in (SHOW, SHOW, SHOW.replace("xml", "json")):  # the second time it is answered before the application begins
        etag = client.get(path).headers["ETag"]
        for known, status in ((etag, 200), ("*", 200), (f'"old", {etag}', 200), ('"old"', 412), (f"W/{etag}", 412)):
            assert client.get(path, headers={"If-Match": known}).status_code == status, (path, known)
        refused = client.head(path, headers={"If-Match": '"old"', "If-None-Match": etag})
        assert (refused.status_code, refused.headers["ETag"], refused.headers["Cache-Control"]) == (412, etag, "no-store")


def test_a_change_is_seen_by_the_very_next_request(client: Visitor, session: Session) -> None:
    show = make_show(session)
    make_episode(session, show=show, title="First")
    catalogue.touched(session)
    etag = client.get(SHOW).headers["ETag"]
    make_episode(session, show=show, title="Second", now=NOON + timedelta(seconds=0))
    catalogue.touched(session)
    assert client.get(SHOW, headers={"If-None-Match": etag}).status_code == 200
    assert sorted(titles(client)) == ["First", "Second"]


def test_an_episode_that_expires_leaves_by_itself(client: Visitor, session: Session, clock: SetClock) -> None:
    episode = make_episode(session)
    episode.expires_at = NOON + timedelta(hours=1)
    catalogue.touched(session)
    assert len(titles(client)) == 1
    clock.move(timedelta(hours=1))
    assert titles(client) == []


def test_gzip_is_the_same_feed_with_a_validator_of_its_own(client: Visitor, session: Session) -> None:
    make_episode(session)
    catalogue.touched(session)
    plain, zipped = client.get(SHOW), client.get(SHOW, headers={"Accept-Encoding": "gzip"})
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.data) == plain.data
    assert zipped.headers["ETag"] != plain.headers["ETag"]
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert client.get(SHOW, headers={"Accept-Encoding": "gzip", "If-None-Match": zipped.headers["ETag"]}).status_code == 304


def test_the_guid_of_the_station_feed_is_kept_when_the_address_changes(client: Visitor, session: Session) -> None:
    make_episode(session)
    catalogue.touched(session)
    from radio.feeds.models import FeedIdentity

    client.get("/feed.xml")
    session.expire_all()
    kept = session.get(FeedIdentity, "station")
    assert kept is not None
    assert str(kept.guid).encode() in client.get("/feed.xml").data


def test_every_enclosure_in_a_feed_is_of_this_station_and_has_the_extension_of_its_type(
    client: Visitor, session: Session
) -> None:
    make_episode(session)
    catalogue.touched(session)
    (entry,) = feedparser.parse(client.get(SHOW).data).entries
    (enclosure,) = entry.enclosures
    assert enclosure.href.startswith("http://localhost/audio/")
    assert enclosure.href.endswith(".mp3")


@pytest.mark.parametrize(
    "away",
    [OperationalError("", {}, Exception("gone")), InterfaceError("", {}, Exception("closed")), PoolTimeoutError("all taken")],
)
def test_without_its_database_the_station_says_later_and_never_no(
    app: Flask, client: Visitor, session: Session, away: Exception
) -> None:
    """Source: apps take 403 and 410 for an end, and 404 of a download for its loss."""
    episode = make_episode(session)
    transcripts.set_transcript(session, episode, "en-GB", b"Hello.", now=NOON)
    episode.chapters = [{"start_ms": 0, "title": "One"}]
    catalogue.touched(session)
    of_episode = [f"/episodes/{episode.id}/{name}" for name in ("chapters.json", "transcript.html")]
    asked = [
        SHOW,
        "/feed.xml",
        "/feed.json",
        "/feed.xml?page=1",
        "/feeds.opml",
        "/today.xml",
        *of_episode,
        f"/audio/{episode.id}.mp3",
    ]
    before = client.get(SHOW)
    session.commit()

    def gone(*_: object) -> None:
        raise away

    with app.app_context():
        pool = db.engine.pool
    event.listen(pool, "checkout", gone)
    try:
        for path in asked:
            for method in ("GET", "HEAD"):
                answer = client.open(path, method=method, headers={"If-None-Match": before.headers["ETag"]})
                assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10"), (method, path)
                assert answer.headers["Cache-Control"] == "no-store"
    finally:
        event.remove(pool, "checkout", gone)
    assert client.get(SHOW).data == before.data


def test_without_the_store_a_feed_is_served_and_a_download_says_later(
    app: Flask, client: Visitor, session: Session, s3: StoreSettings
) -> None:
    episode, here = make_episode(session), app.extensions["station"]
    catalogue.touched(session)
    session.commit()
    dead = S3Store(replace(s3, endpoint_url="http://127.0.0.1:9", public_endpoint_url=None))
    app.extensions["station"] = replace(here, store=dead)
    audio = f"/audio/{episode.id}.mp3"
    assert client.get(SHOW).status_code == 200
    assert client.head(audio).status_code == 200, "what it is stands in the database"
    for headers in ({}, {"Range": "bytes=0-1"}, {"Range": "bytes=100-"}):
        answer = client.get(audio, headers=headers)
        assert (answer.status_code, answer.headers["Retry-After"], answer.headers["Cache-Control"]) == (503, "10", "no-store"), (
            headers
        )


class _Hanging:
    """A store that takes every question and answers none until it is let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()

    def stream(self, *_asked: object) -> Iterator[bytes]:
        self.let_go.wait(20)
        return iter((b"too late",))


def test_with_a_store_that_hangs_a_download_says_later_before_apps_give_up(
    app: Flask, client: Visitor, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    episode, hanging = make_episode(session), _Hanging()
    app.extensions["station"] = replace(app.extensions["station"], store=hanging)
    monkeypatch.setattr(enclosures, "WAIT_S", 0.1)
    answer = client.get(f"/audio/{episode.id}.mp3")
    hanging.let_go.set()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")


def test_a_feed_of_nothing_is_404(client: Visitor) -> None:
    assert client.get("/shows/no-such-show/feed.xml").status_code == 404


def test_a_reader_gets_no_cookie_and_says_nothing_of_themselves(client: Visitor, session: Session) -> None:
    make_episode(session)
    catalogue.touched(session)
    answer = client.get(SHOW)
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Content-Type"] == "application/rss+xml; charset=UTF-8"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_other_software_or_another_name_writes_every_feed_again(
    client: Visitor, session: Session, app: Flask, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_episode(session)
    catalogue.touched(session)
    first = client.get(SHOW).data

    def restarted(**changed: str) -> bytes:
        """What the next process serves from the rows that the last one left."""
        here: Station = app.extensions["station"]
        app.extensions["station"] = replace(here, settings=replace(here.settings, **changed))
        app.extensions["feeds"].feeds.clear()
        return client.get(f"{SHOW}?page=1").data

    assert restarted() == first
    assert b"<copyright>Another name</copyright>" in restarted(station_name="Another name")

    monkeypatch.setattr(writer, "_software", lambda: "of tomorrow")
    monkeypatch.setattr(xml, "_GENERATOR", "Tomorrow's")
    assert b"<generator>Tomorrow's</generator>" in restarted(), "though nothing public has changed"
    session.expire_all()
    row = session.get(StoredFeed, "show:night-desk")
    assert row is not None
    assert b"Tomorrow" in row.identity


def test_who_wrote_a_feed_is_the_same_on_every_machine_and_another_for_every_change_of_the_writer(station: Station) -> None:
    own = writer.made_by(station.settings)
    assert own == writer.made_by(station.settings)
    assert len(own) == 32
    assert own != writer.made_by(replace(station.settings, public_url="https://other.example"))
    read = {path.name for path in writer.files()}
    assert read >= {"xml.py", "items.py", "channels.py", "text.py", "kind.toml", "taken-back.mp3"}
