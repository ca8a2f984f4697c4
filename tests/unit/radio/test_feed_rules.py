"""The rule engine: each planted fault is named, and a whole feed has none."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from radio.feeds import jsonfeed, lint, lint_rules, rules, xml
from radio.feeds.lint_rules import RULES
from radio.feeds.rules import (
    Channel,
    Chapter,
    Frequency,
    Item,
    Live,
    Person,
    RemoteItem,
    Sound,
    Soundbite,
    Words,
)  # fmt: skip

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
SITE = "https://radio.example"
OTHER = "917393e3-1b1e-5cef-ace4-edaa54e1f810"


def whole_item(number: int) -> Item:
    """An episode of which everything is said."""
    id_, kind = f"{number:016d}", Person("Ann of the lamp", "host")
    return rules.told(Item(
        guid=uuid5(UUID(int=0), id_), title=f"Part {number}", summary="A summary.", notes_html="<p>Notes</p>",
        link=f"{SITE}/episodes/{id_}", published_at=NOON - timedelta(hours=number), changed_at=NOON, length_ms=300_000, explicit=False,
        image_url=f"{SITE}/artwork/y-1-1400.jpg", standard=Sound(f"{SITE}/audio/{id_}.mp3", "audio/mpeg", 491_520, "ab" * 32, 64_000),
        low=Sound(f"{SITE}/audio/{id_}.m4a", "audio/mp4", 184_924, "cd" * 32, 24_000), season_number=1, episode_number=number,
        episode_id=id_, season_name="The winter", synthetic=True, persons=(kind,), words=(Words("en-GB", timed=True), Words("cy", timed=False, suffix=".cy")),
        chapters=(Chapter(0, "First"), Chapter(61_000, "Then")), soundbites=(Soundbite(10_000, 40_000, "The lamp"),),
        release="trailer" if number == 2 else "full", license="cc0-1.0" if number == 2 else "", expires_at=NOON + timedelta(days=9), author="Night Desk",
    ))  # fmt: skip


WHOLE = Channel(
    guid=UUID("917393e3-1b1e-5cef-ace4-edaa54e1f811"), title="Quiet Hours", description="Music for the night", link=f"{SITE}/shows/quiet",
    self_url=f"{SITE}/shows/quiet/feed.xml", language="en-GB", author="Our station", category="Health & Fitness > Mental Health",
    explicit=False, image_url=f"{SITE}/artwork/x-1-1400.jpg", changed_at=NOON, serial=True, synthetic=True, license="cc-by-nc-4.0",
    license_url="https://licence.example/", funding_url="https://give.example/", funding_words="Give", country=("GB", "United Kingdom"), persons=(Person("Robin", "host"),),
    verifications=(("applepodcastsverify", "1a-2b"),), podroll=(RemoteItem(OTHER, "https://other.example/feed", "Other"),),
    publisher=RemoteItem(OTHER, f"{SITE}/publisher.xml", "", medium="publisher"),
    frequency=Frequency("every day at 22:00", "FREQ=DAILY", NOON),
    live=(Live(UUID(int=7), "Tonight", "Live.", NOON, NOON + timedelta(hours=1), f"{SITE}/artwork/x-1-1400.jpg", on_air=True),),
    live_urls=(f"{SITE}/live.mp3", f"{SITE}/live.m3u8", f"{SITE}/"), hub_url="https://hub.example/", uses_podping=True, n_pages=2,
    trailers=(whole_item(2),),
)  # fmt: skip
FEED = xml.write(WHOLE, [whole_item(1), whole_item(2)]).content.decode()
ITEM = f"item {whole_item(1).guid} "


def test_a_feed_of_which_everything_is_said_breaks_no_rule() -> None:
    assert lint.findings(FEED.encode()) == []


BREAKS_MORE = {"declaration", "namespace-itunes", "namespace-podcast", "namespace-atom", "namespace-content"}
"""What is wrong there makes more wrong."""
PLACE = re.compile(
    r"the first lines?|line \d+|rss|channel( [\w:-]+)?( self)?|liveItem( itunes:image)?|item \S+( [\w:]+)?|funding http://give.example/|locked|managingEditor"
)
LONG, LONGER = "x" * 129, "x" * 256
PLANTED = [
    ("well-formed", "</channel>", ""),
    ("declaration", "encoding='UTF-8'", "encoding='latin-1'"),
    ("doctype", "<rss ", '<!DOCTYPE rss [<!ENTITY a "b">]><rss '),
    ("rss-version", 'version="2.0"', 'version="0.91"'),
    ("one-channel", "</rss>", "<channel/></rss>"),
    ("namespace-itunes", "www.itunes.com/dtds/podcast-1.0.dtd", "www.itunes.com/DTDs/Podcast-1.0.dtd"),
    ("namespace-podcast", "https://podcastindex.org/namespace/1.0", "https://podcastindex.org/namespace/1.1"),
    ("namespace-atom", "http://www.w3.org/2005/Atom", "http://www.w3.org/2005/atom"),
    ("namespace-content", "purl.org/rss/1.0/modules/content/", "purl.org/rss/1.0/modules/contents/"),
    ("title", "<title>Quiet Hours</title>", ""),
    ("title-long", "<title>Quiet Hours</title>", f"<title>{LONGER}</title>"),
    ("description", "<description>Music for the night</description>", ""),
    ("description-long", "Music for the night", "é" * 2001),
    ("link", "<link>https://radio.example/shows/quiet</link>", ""),
    ("address", "<link>https://radio.example/shows/quiet</link>", "<link>radio.example</link>"),
    ("https", 'url="https://give.example/"', 'url="http://give.example/"'),
    ("language", "<language>en-gb</language>", ""),
    ("language-code", "<language>en-gb</language>", "<language>English</language>"),
    ("category", '<itunes:category text="Health &amp; Fitness"><itunes:category text="Mental Health"/></itunes:category>', ""),
    ("category-unknown", 'text="Health &amp; Fitness"', 'text="Health and Fitness"'),
    ("explicit", "<itunes:explicit>false</itunes:explicit>", ""),
    ("explicit-value", "<itunes:explicit>false</itunes:explicit>", "<itunes:explicit>no</itunes:explicit>"),
    ("image", '<itunes:image href="https://radio.example/artwork/x-1-1400.jpg"/><itunes:type>', "<itunes:type>"),
    ("image-type", 'itunes:image href="https://radio.example/artwork/x-1-1400.jpg"', 'itunes:image href="https://radio.example/x.webp"'),
    ("self", 'rel="self"', 'rel="selv"'),
    ("self-type", 'rel="self" type="application/rss+xml"', 'rel="self" type="text/xml"'),
    ("author", "<itunes:author>Our station</itunes:author>", ""),
    ("type-value", "<itunes:type>serial", "<itunes:type>weekly"),
    ("mail-address", "<podcast:locked>", '<podcast:locked owner="ann@radio.example">'),
    ("mail-address", "<language>", "<managingEditor>ann@radio.example</managingEditor><language>"),
    ("copyright-sign", "<copyright>", "<copyright>© 2026 "),
    ("block-value", "<itunes:type>", "<itunes:block>no</itunes:block><itunes:type>"),
    ("complete-value", "<itunes:type>", "<itunes:complete>true</itunes:complete><itunes:type>"),
    ("podcast-guid", "<podcast:guid>917393e3-1b1e-5cef-ace4-edaa54e1f811</podcast:guid>", ""),
    ("podcast-guid-form", "<podcast:guid>917393e3-", "<podcast:guid>show-"),
    ("locked", "<podcast:locked>yes</podcast:locked>", ""),
    ("locked-value", "<podcast:locked>yes", "<podcast:locked>true"),
    ("medium", "<podcast:medium>podcast</podcast:medium>", ""),
    ("medium-unknown", "<podcast:medium>podcast", "<podcast:medium>radio"),
    ("list-items", "<podcast:medium>podcast", "<podcast:medium>podcastL"),
    ("funding-url", ' url="https://give.example/"', ""),
    ("text-128", ">Give<", f">{LONG}<"),
    ("text-128", "every day at 22:00", LONG),
    ("podping-value", 'usesPodping="true"', 'usesPodping="yes"'),
    ("frequency-rule", "FREQ=DAILY", "every day"),
    ("frequency-start", 'rrule="FREQ=DAILY" dtstart="2026-11-21T12:00:00Z"', 'rrule="FREQ=DAILY;COUNT=3"'),
    ("podroll-empty", f'<podcast:podroll><podcast:remoteItem feedGuid="{OTHER}" feedUrl="https://other.example/feed" title="Other"/>', "<podcast:podroll>"),
    ("remote-guid", f'feedGuid="{OTHER}" feedUrl="https://other', 'feedGuid="other" feedUrl="https://other'),
    ("publisher-one", 'medium="publisher"', 'medium="podcast"'),
    ("person-name", ">Ann of the lamp<", "> <"),
    ("location-name", ">United Kingdom<", "><"),
    ("location-rel", 'rel="subject"', 'rel="about"'),
    ("location-country", 'country="GB"', 'country="Great Britain"'),
    ("location-exact", 'rel="subject"', 'rel="subject" geo="geo:51.5,-0.1"'),
    ("license-name", ">cc-by-nc-4.0<", ">CC BY<"),
    ("license-url", 'url="https://licence.example/">cc-by-nc-4.0<', ">our-own<"),
    ("trailer-url", "<podcast:trailer url=", "<podcast:trailer was="),
    ("trailer-date", 'pubdate="Sat, 21 Nov 2026 10:00:00 +0000"', 'pubdate="2026-11-21"'),
    ("podcast-image", "<podcast:image href=", "<podcast:image src="),
    ("podcast-block", "<podcast:guid>", "<podcast:block>Yes</podcast:block><podcast:guid>"),
    ("txt-long", ">1a-2b</podcast:txt>", f">{'x' * 4001}</podcast:txt>"),
    ("live-status", 'status="live"', 'status="soon"'),
    ("live-start", 'start="2026-11-21T12:00:00Z"', 'start="noon"'),
    ("live-end", 'end="2026-11-21T13:00:00Z"', 'end="2026-11-21T11:00:00Z"'),
    ("live-guid", f'<guid isPermaLink="false">{UUID(int=7)}</guid>', ""),
    ("live-enclosure", '<enclosure url="https://radio.example/live.mp3" length="0" type="audio/mpeg"/>', ""),
    ("live-content-link", '<podcast:contentLink href="https://radio.example/">Our station</podcast:contentLink>', ""),
    ("social", 'protocol="disabled"', 'protocol="disabled" uri="https://social.example/1"'),
    ("build-date", "<lastBuildDate>Sat, 21 Nov 2026 12:00:00 +0000</lastBuildDate>", ""),
    ("date", "<pubDate>Sat, 21 Nov 2026 11:00:00 +0000", "<pubDate>2026-11-21T11:00:00Z"),
    ("paging", 'rel="first"', 'rel="start"'),
    ("no-items", FEED[FEED.index("<item>") : FEED.index("</channel>")], ""),
    ("new-feed-url", "<itunes:type>", "<itunes:new-feed-url>/elsewhere</itunes:new-feed-url><itunes:type>"),
    ("item-title", "<title>Part 1</title>", ""),
    ("item-title-again", "<title>Part 2</title>", "<title>part 1</title>"),
    ("title-direction", "<title>Part 1</title>", "<title>Part \u202e1</title>"),
    ("enclosure", '<enclosure url="https://radio.example/audio/0000000000000001.mp3"', "<sound"),
    ("enclosure-length", '<enclosure url="https://radio.example/audio/0000000000000001.mp3" length="491520"', '<enclosure url="https://radio.example/audio/0000000000000001.mp3" length="0"'),
    ("enclosure-type", '0001.mp3" length="491520" type="audio/mpeg"', '0001.mp3" length="491520" type="audio/wav"'),
    ("enclosure-extension", "0001.mp3", "0001"),
    ("enclosure-ascii", "/audio/0000000000000001.mp3", "/audio/gwaith-ŷ.mp3"),
    ("enclosure-again", '<enclosure url="https://radio.example/audio/0000000000000002.mp3"', '<enclosure url="https://radio.example/audio/0000000000000001.mp3"'),
    ("guid", f'<guid isPermaLink="false">{whole_item(1).guid}</guid>', ""),
    ("guid-again", str(whole_item(2).guid), str(whole_item(1).guid)),
    ("guid-permalink", f'<guid isPermaLink="false">{whole_item(1).guid}', f"<guid>{whole_item(1).guid}"),
    ("pub-date", "<pubDate>Sat, 21 Nov 2026 11:00:00 +0000</pubDate>", ""),
    ("item-description", "<description>A summary.</description>", ""),
    ("content", "<content:encoded><![CDATA[<p>Notes</p>]]></content:encoded>", ""),
    ("html", "<p>Notes</p>", "<script>x</script>"),
    ("html", "<p>Notes</p>", '<p onclick="x">Notes</p>'),
    ("item-link", "<link>https://radio.example/episodes/0000000000000001</link>", ""),
    ("duration", "<itunes:duration>300</itunes:duration>", "<itunes:duration>05:00</itunes:duration>"),
    ("season-number", "<itunes:season>1<", "<itunes:season>one<"),
    ("serial-number", "<itunes:episode>1</itunes:episode>", ""),
    ("release", "<itunes:episodeType>full<", "<itunes:episodeType>part<"),
    ("transcript-url", 'transcript.vtt" type="text/vtt"', 'transcript.vtt"'),
    ("transcript-type", 'type="text/vtt"', 'type="application/pdf"'),
    ("transcript-rel", 'rel="captions"', 'rel="subtitles"'),
    ("chapters-url", "application/json+chapters", "application/json"),
    ("chapters-order", 'start="00:01:01.000"', 'start="00:00:00.000"'),
    ("soundbite-span", 'duration="30"', 'duration="5"'),
    ("soundbite-span", 'startTime="10"', 'startTime="290"'),
    ("alternate-type", '<podcast:alternateEnclosure type="audio/mp4"', "<podcast:alternateEnclosure"),
    ("alternate-source", '<podcast:source uri="https://radio.example/audio/0000000000000001.m4a"/>', ""),
    ("alternate-title", 'title="Less data"', f'title="{"x" * 33}"'),
    ("integrity", "sha256-", "md5-"),
    ("episode-display", "<podcast:episode>", f'<podcast:episode display="{"x" * 33}">'),
    ("newest-first", "<pubDate>Sat, 21 Nov 2026 10:00:00", "<pubDate>Sat, 21 Nov 2026 11:30:00"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "was", "planted"), PLANTED, ids=[f"{n}-{one[0]}" for n, one in enumerate(PLANTED)])
def test_a_planted_fault_is_named_with_its_source_and_place_and_nothing_else_is(rule: str, was: str, planted: str) -> None:
    assert was in FEED, "the fault can be planted"
    found = lint.findings(FEED.replace(was, planted, 1).encode())
    (one,) = [finding for finding in found if finding.rule == rule]
    assert (one.source, one.words, one.grave) == (RULES[rule].source, RULES[rule].words, RULES[rule].grave)
    assert PLACE.fullmatch(one.place), one.place
    assert found == [one] or rule in BREAKS_MORE


def test_every_rule_has_a_fault_of_its_own_that_breaks_it_and_says_where_it_comes_from() -> None:
    assert {rule for rule, _was, _planted in PLANTED} == set(RULES)
    assert len({FEED.replace(was, planted, 1) for _rule, was, planted in PLANTED}) == len(PLANTED) > 100
    assert all(rule.words.endswith(".") for rule in RULES.values())
    for rule in RULES.values():
        sources = lint_rules.sources(rule.source)
        assert [name for name, _url in sources] == rule.source.split("; ")
        assert all(url.startswith("https://") or name == "ours" for name, url in sources), rule.source


def test_a_finding_names_the_item_and_the_element() -> None:
    (found,) = lint.findings(FEED.replace("<itunes:episodeType>full<", "<itunes:episodeType>part<").encode())
    assert found.place == f"{ITEM}itunes:episodeType"
    assert lint.of_item([found], str(whole_item(1).guid)) == [found]
    assert lint.of_item([found], str(whole_item(2).guid)) == []


HARD = st.one_of(
    st.text(max_size=300),
    st.sampled_from(
        [
            "]]>",
            "<![CDATA[",
            "&amp;",
            "\x00\x0b\ufffe",
            "\u202eabc",
            "é" * 2000 + "x",
            "👩‍👩‍👧" * 300,
            "\ud800",
            "\"'<>&",
            "\r\n\t ",
        ]
    ),
)


@hypothesis_settings(deadline=None, max_examples=25)
@given(a=HARD, b=HARD, c=HARD)
def test_any_text_anywhere_gives_a_feed_that_keeps_the_rules_of_form(a: str, b: str, c: str) -> None:
    item = replace(
        whole_item(1), title=a, summary=b, notes_html=c, season_name=a[:128], persons=(Person(b[:128], "host"),), author=c,
        chapters=(Chapter(0, a), Chapter(1, b)), soundbites=(Soundbite(0, 15_000, c[:128]),), words=(Words(a[:10], timed=True),),
    )  # fmt: skip
    channel = replace(
        WHOLE,
        title=a or "x",
        description=b or "x",
        author=c or "x",
        funding_words=a,
        verifications=(("verify", b),),
        license=c[:64],
    )
    written = xml.write(channel, [rules.told(item), whole_item(2)])
    assert written.left_out == ()
    assert not {"well-formed", "declaration", "doctype", "guid", "enclosure", "item-title"} & {
        f.rule for f in lint.findings(written.content)
    }
    assert written == xml.write(channel, [rules.told(item), whole_item(2)])
    (read, _other) = json.loads(jsonfeed.write(channel, [rules.told(item), whole_item(2)], channel.self_url))["items"]
    assert all(0 < len(read[field].encode()) <= rules.TEXT_LIMIT_BYTES for field in ("summary", "content_html"))


def test_an_item_that_cannot_be_written_is_left_out_and_the_feed_goes_on() -> None:
    bad = replace(whole_item(2), length_ms="long")  # type: ignore[arg-type]
    written = xml.write(WHOLE, [whole_item(1), bad, whole_item(3)])
    assert written.left_out == (("0000000000000002", "TypeError"),)
    assert lint.findings(written.content) == []
    assert written.content.count(b"<item>") == 2
