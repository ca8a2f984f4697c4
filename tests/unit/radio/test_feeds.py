"""What a feed tells, without app or database."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from uuid import UUID, uuid5

import feedparser
import podcastparser
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from lxml import etree

from radio.feeds import items, jsonfeed, rules, xml
from radio.feeds.rules import Channel, Due, Item, Sound

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
CHANNEL = Channel(
    guid=UUID(int=1), title="Quiet Hours & more", description="Music <for> the night", link="https://radio.example/shows/quiet",
    self_url="https://radio.example/shows/quiet/feed.xml", language="en-GB", author="Our station",
    category="Health & Fitness > Mental Health", explicit=False, image_url="https://radio.example/artwork/x-1-1400.jpg",
    changed_at=NOON - timedelta(days=3),
)  # fmt: skip


def item(number: int = 1, **changes: object) -> Item:
    id_ = f"{number:016d}"
    told = Item(
        guid=uuid5(UUID(int=0), id_), title=f"Part {number}", summary="A summary.", notes_html="<p>Notes</p>",
        link=f"https://radio.example/episodes/{id_}", published_at=NOON - timedelta(hours=number), changed_at=NOON - timedelta(hours=number),
        length_ms=61_500, explicit=False, image_url="https://radio.example/artwork/x-1-1400.jpg",
        standard=Sound(f"https://radio.example/audio/{id_}.mp3", "audio/mpeg", 491_520, "ab" * 32, 64_000),
        low=Sound(f"https://radio.example/audio/{id_}.m4a", "audio/mp4", 184_924, "cd" * 32, 24_000),
    )  # fmt: skip
    return replace(told, **changes)  # type: ignore[arg-type]


def as_due(told: Item) -> Due:
    return Due(str(told.guid), told.guid, told.title, told.published_at, told.expires_at)


def shown_of(items: list[Item], now: datetime = NOON) -> tuple[Item, ...]:
    """The items as a feed shows them."""
    known = {str(told.guid): told for told in items}
    return tuple(rules.told(replace(known[d.episode_id], title=d.title)) for d in rules.due(map(as_due, items), now))


def write(shown: tuple[Item, ...] | list[Item], channel: Channel = CHANNEL) -> bytes:
    return xml.write(channel, shown).content


def test_the_guid_of_a_feed_is_that_of_the_specification() -> None:
    assert rules.podcast_guid("https://podnews.net/rss") == UUID("9b024349-ccf0-5f69-a609-6b82873eab3c")
    assert rules.podcast_guid("http://podnews.net/rss/") == UUID("9b024349-ccf0-5f69-a609-6b82873eab3c")


def test_two_readers_we_did_not_write_agree_with_us_on_every_field() -> None:
    shown = shown_of([item(1), item(2, season_number=2, episode_number=7)], NOON)
    written = write(shown)
    theirs, others = feedparser.parse(written), podcastparser.parse(CHANNEL.self_url, io.BytesIO(written))

    assert not theirs.bozo
    assert theirs.feed.title == others["title"] == CHANNEL.title
    assert theirs.feed.link == others["link"] == CHANNEL.link
    assert theirs.feed.language == "en-gb"
    assert [e.id for e in theirs.entries] == [e["guid"] for e in others["episodes"]] == [str(i.guid) for i in shown]
    for entry, episode, told in zip(theirs.entries, others["episodes"], shown, strict=True):
        assert entry.title == episode["title"] == told.title
        assert entry.enclosures[0].href == episode["enclosures"][0]["url"] == told.standard.url
        assert int(entry.enclosures[0].length) == episode["enclosures"][0]["file_size"] == told.standard.size_bytes
        assert entry.enclosures[0].type == episode["enclosures"][0]["mime_type"] == "audio/mpeg"
        assert episode["published"] == int(told.published_at.timestamp())
        assert episode["total_time"] == int(entry.itunes_duration) == 62
    assert (theirs.entries[1].itunes_season, theirs.entries[1].itunes_episode) == ("2", "7")


def test_the_same_values_give_the_same_bytes_whatever_the_time() -> None:
    shown = shown_of([item(n) for n in range(1, 6)], NOON)
    assert write(shown) == write(shown_of([item(n) for n in range(5, 0, -1)], NOON + timedelta(days=9)))


def test_the_build_date_is_the_last_change_and_never_now() -> None:
    shown = shown_of([item(1), item(2, changed_at=NOON - timedelta(minutes=5))], NOON)
    assert b"<lastBuildDate>Sat, 21 Nov 2026 11:55:00 +0000</lastBuildDate>" in write(shown)
    late = [item(1, changed_at=NOON - timedelta(days=3))]  # written on Wednesday, out an hour ago
    assert b"<lastBuildDate>Sat, 21 Nov 2026 11:00:00 +0000</lastBuildDate>" in write(shown_of(late, NOON))
    (told,) = json.loads(jsonfeed.write(CHANNEL, late, CHANNEL.self_url))["items"]
    assert told["date_modified"] == told["date_published"] == "2026-11-21T11:00:00+00:00"
    assert {one["title"] for one in told["attachments"]} == {told["title"]}, "one title: forms of the same thing"


@given(st.datetimes(timezones=st.timezones()))
def test_a_date_is_written_as_python_would(at: datetime) -> None:
    assume(1 < at.year < 9999)
    assert items.rfc_2822(at) == format_datetime(at.astimezone(UTC))


def test_what_apple_asks_of_a_channel_is_there() -> None:
    channel = etree.fromstring(write(()))[0]
    itunes = {"i": xml.ITUNES, "p": xml.PODCAST, "a": "http://www.w3.org/2005/Atom"}
    assert channel.xpath("string(i:explicit)", namespaces=itunes) == "false"
    assert channel.xpath("string(i:category/@text)", namespaces=itunes) == "Health & Fitness"
    assert channel.xpath("string(i:category/i:category/@text)", namespaces=itunes) == "Mental Health"
    assert channel.xpath("string(a:link[@rel='self']/@href)", namespaces=itunes) == CHANNEL.self_url
    assert channel.xpath("string(p:guid)", namespaces=itunes) == str(CHANNEL.guid)
    assert channel.xpath("string(link)") == CHANNEL.link
    assert not channel.xpath("//i:owner", namespaces=itunes), "no address of a person is ever in a feed"


def test_the_low_rendition_is_offered_with_length_and_integrity() -> None:
    entry = etree.fromstring(write((item(1),)))[0].find("item")
    assert entry is not None
    (alternate,) = entry.findall(f"{{{xml.PODCAST}}}alternateEnclosure")
    assert (alternate.get("length"), alternate.get("type")) == ("184924", "audio/mp4")
    integrity = alternate.find(f"{{{xml.PODCAST}}}integrity")
    assert integrity is not None
    assert integrity.get("value") == "sha256-zc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc0="


def test_an_item_names_a_picture_only_where_it_is_not_the_channels() -> None:
    images = [
        [i.get("href") for i in etree.fromstring(write((one,)))[0].iterfind(f"item/{{{xml.ITUNES}}}image")]
        for one in (item(1), item(1, image_url="https://radio.example/artwork/y-2-1400.jpg"))
    ]
    assert images == [[], ["https://radio.example/artwork/y-2-1400.jpg"]]


def test_nothing_of_the_future_and_nothing_expired_is_in_a_feed() -> None:
    soon = item(1, published_at=NOON + timedelta(minutes=1))
    over = item(2, expires_at=NOON)
    assert shown_of([soon, over, item(3)], NOON) == (rules.told(item(3)),)


def test_a_feed_is_rendered_again_when_its_first_item_expires() -> None:
    days = [NOON + timedelta(days=n) for n in (2, 1, -1)]
    assert rules.ends([*days, None], NOON) == NOON + timedelta(days=1)
    assert rules.ends([None], NOON) is None


def test_two_items_of_one_title_and_day_stay_two_items_in_every_app() -> None:
    first, second = item(1, title="My story"), item(2, title="my story")
    titles = [i.title for i in shown_of([first, second], NOON)]
    assert titles == ["My story (2)", "my story"]


@given(st.text(max_size=5000), st.text(max_size=200))
def test_any_text_gives_a_well_formed_feed(summary: str, title: str) -> None:
    shown = shown_of([item(1, summary=summary, title=title, notes_html="")], NOON)
    written = write(shown)
    found = etree.fromstring(written)[0].find("item")
    assert found is not None
    assert found.findtext("title")
    description = found.findtext("description")
    assert description
    assert len(description.encode()) <= rules.TEXT_LIMIT_BYTES
    assert not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]", written)


@pytest.mark.parametrize("text", ["é" * 2001, "👩‍👩‍👧" * 300, "א" * 2500])
def test_a_long_summary_is_cut_between_characters(text: str) -> None:
    kept = rules.told(item(1, summary=text)).summary
    assert text.startswith(kept)
    assert 3990 <= len(kept.encode()) <= 4000


def test_a_summary_is_told_whole_in_the_notes_where_there_are_no_others() -> None:
    told = rules.told(item(1, summary="Every word. " * 250, notes_html=""))
    assert told.notes_html == f"<p>{told.summary}</p>"


@pytest.mark.parametrize("text", ["é" * 2001, '"' * 3000, "<" * 3999])
def test_what_the_notes_have_no_room_for_is_a_link_away(text: str) -> None:
    notes = rules.told(item(1, summary=text, notes_html="")).notes_html
    assert len(notes.encode()) <= rules.TEXT_LIMIT_BYTES
    assert notes.endswith(f'…</p><p><a href="{item(1).link}">{item(1).link}</a></p>')
