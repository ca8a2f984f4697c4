"""What a podcast app sees of a show over weeks."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import timedelta

import feedparser
import pytest
from flask import Flask
from sqlalchemy.orm import Session

from radio.catalogue import actions as catalogue
from radio.catalogue.rules import State
from radio.clock import SetClock
from radio.feeds import writer, xml
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


@pytest.mark.parametrize("suffix", ["", "-gzip"])
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
