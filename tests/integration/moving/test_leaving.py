"""A show leaves: apps are told, then led to where it lives; and nobody is lost by a slip of the hand."""

from __future__ import annotations

from collections.abc import Callable

import feedparser
import pytest
from sqlalchemy.orm import Session

from radio.accounts.models import Person
from radio.catalogue.models import Episode, Show
from radio.clock import SetClock
from radio.moving.actions import ANNOUNCED
from tests.elsewhere import Elsewhere, Item, rss
from tests.makers import make_episode, make_show
from tests.visitor import Visitor

FEED = "/shows/long-way/feed.xml"
LOW_FEED = "/shows/long-way/low/feed.xml"


@pytest.fixture
def episode(session: Session) -> Episode:
    return make_episode(session, show=make_show(session, slug="long-way"))


def its_feed(elsewhere: Elsewhere, show: Show) -> str:
    channel = f"<podcast:guid>{show.guid}</podcast:guid>"
    return elsewhere.give("/new.xml", rss([Item("https://a.example/1.mp3", "x")], channel=channel), "application/rss+xml")


def test_a_feed_tells_the_new_address_first_and_leads_there_after_two_weeks(
    browser_of: Callable[[Person | None], Visitor], sam: Person, episode: Episode, elsewhere: Elsewhere, client: Visitor,
    clock: SetClock,
) -> None:  # fmt: skip
    steward, there = browser_of(sam), its_feed(elsewhere, episode.show)
    before = client.get(FEED)
    assert b"new-feed-url" not in before.data

    assert steward.post("/studio/moving/shows/long-way", data={"address": there, "when": "later"}).status_code == 303

    told = client.get(FEED, headers={"If-None-Match": before.headers["ETag"]})
    assert told.status_code == 200
    assert f"<itunes:new-feed-url>{there}</itunes:new-feed-url>" in told.text
    assert feedparser.parse(told.data).feed.podcast_locked == "no"
    small = client.get(LOW_FEED)
    assert f"<itunes:new-feed-url>{there}</itunes:new-feed-url>" in small.text, "whoever takes less data is led there too"
    assert feedparser.parse(small.data).feed.podcast_locked == "no"
    clock.move(ANNOUNCED)
    assert client.get(LOW_FEED).headers["Location"] == there
    led = client.get(FEED)
    assert (led.status_code, led.headers["Location"]) == (301, there)
    as_json = client.get(FEED.replace("xml", "json"))
    assert (as_json.status_code, as_json.headers["Location"]) == (301, there), "in whatever form it was asked for"
    assert client.get(f"/episodes/{episode.id}").status_code == 200

    assert steward.post("/studio/moving/shows/long-way/stay").status_code == 303
    assert client.get(FEED).status_code == 200
    assert b"new-feed-url" not in client.get(LOW_FEED).data


def test_a_show_cannot_leave_for_a_place_where_it_is_not(
    browser_of: Callable[[Person | None], Visitor], sam: Person, episode: Episode, elsewhere: Elsewhere, client: Visitor
) -> None:
    steward = browser_of(sam)
    other = elsewhere.give("/other.xml", rss([Item("https://a.example/1.mp3", "x")]), "application/rss+xml")
    for address in (other, elsewhere.url("/nothing"), "http://10.0.0.1/feed.xml", f"http://localhost{FEED}", "nonsense"):
        refused = steward.post("/studio/moving/shows/long-way", data={"address": address, "when": "now"})
        assert refused.status_code == 422, address
        assert "()" not in refused.text, address
    assert client.get(FEED).status_code == 200

    sure = steward.post("/studio/moving/shows/long-way", data={"address": other, "when": "now", "sure": "yes"})
    assert sure.status_code == 303
    assert client.get(FEED).status_code == 301


def test_ids_of_two_shows_that_are_the_same_are_two_in_the_feed_of_all(session: Session, client: Visitor) -> None:
    for slug in ("one", "two"):
        make_episode(session, show=make_show(session, slug=slug), title=slug).feed_guid = "1 & only"

    for slug in ("one", "two"):
        assert [entry.id for entry in feedparser.parse(client.get(f"/shows/{slug}/feed.xml").data).entries] == ["1 & only"]
    assert len({entry.id for entry in feedparser.parse(client.get("/feed.xml").data).entries}) == 2
