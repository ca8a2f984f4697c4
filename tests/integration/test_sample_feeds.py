"""The feeds of the sample station keep every rule, and what is spoken in it can be read."""

from __future__ import annotations

import pytest
from flask import Flask
from lxml import etree
from sqlalchemy import select
from sqlalchemy.orm import Session

from radio.catalogue.actions import touched
from radio.catalogue.models import Episode, Show
from radio.catalogue.rules import State
from radio.editorial.models import FeedItem
from radio.feeds import lint, rules
from radio.feeds.names import FeedName, Of
from radio.sample import bring, load
from radio.schedule.actions import extend
from radio.station import Station
from tests.makers import NOON, make_recording_rows
from tests.visitor import Visitor

PODCAST = "{https://podcastindex.org/namespace/1.0}"


@pytest.fixture
def sampled(app: Flask, session: Session, station: Station) -> Session:
    """The sample station, published; its sound is rows only."""
    sample = load()
    shows = {slug: show.id for slug, show in bring.bring_shows(session, station, sample, now=NOON).items()}
    episodes = {one.name: bring.bring_episode(session, shows[one.show], one, now=NOON)[0] for one in sample.episodes}
    for episode_id in episodes.values():
        episode = session.get_one(Episode, episode_id)
        episode.recording = make_recording_rows(session, episode=episode, ticks=400)
        episode.state, episode.published_at = State.PUBLISHED, NOON
        session.add(FeedItem(episode_id=episode.id, entered_at=NOON, checked_at=NOON, faults=[]))
    bring.bring_slots(session, station, sample, shows, episodes, now=NOON)
    touched(session)
    session.flush()
    extend(session, station)
    return session


def test_every_feed_of_the_sample_station_keeps_every_rule(sampled: Session, client: Visitor) -> None:
    shows = [show.slug for show in load().shows if show.in_feeds]
    feeds = [
        FeedName(Of.STATION),
        *(FeedName(Of.SHOW, slug) for slug in shows),
        *(FeedName(Of.SHOW, slug, low=True) for slug in shows),
    ]
    feeds += [FeedName(Of.KIND, kind) for kind in sorted({one.kind for one in load().episodes})]
    feeds += [FeedName(Of.TAG, "form:audio")]
    for path in [*(name.path for name in feeds), "/today.xml", "/publisher.xml"]:
        found = lint.findings(client.get(path).data)
        assert [f"{one.rule}: {one.place}" for one in found if one.rule != "no-items"] == [], path


def test_a_sample_show_has_the_id_that_its_address_gives(sampled: Session) -> None:
    """Two stations with the sample are not one podcast to a directory."""
    found = {show.slug: show.guid for show in sampled.scalars(select(Show))}
    assert found == {slug: rules.podcast_guid(f"http://localhost/shows/{slug}/feed.xml") for slug in found}


def test_what_is_spoken_has_a_transcript_in_the_feed_and_at_its_address(sampled: Session, client: Visitor) -> None:
    channel = etree.fromstring(client.get("/shows/sample-morning-table/feed.xml").data)[0]
    items = channel.findall("item")
    assert items
    for item in items:
        addresses = [one.get("url", "").removeprefix("http://localhost") for one in item.findall(f"{PODCAST}transcript")]
        assert [client.get(address).mimetype for address in addresses] == ["text/vtt", "application/x-subrip", "text/html"]
    assert channel.findtext(f"{PODCAST}txt[@purpose='ai-content']") == "true"
