"""Three parsers that we did not write read every feed and agree with us and each other on every field they know.

One of them is that of the Podcast Index; `scripts/test` fetches it from npm.
"""

from __future__ import annotations

import shutil
from dataclasses import fields, replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from radio.catalogue import actions as catalogue
from radio.catalogue import transcripts
from radio.catalogue.models import Episode, EpisodeTag, Show
from radio.catalogue.rules import State
from radio.clock import SetClock
from radio.feeds import actions, channels, lint, names, rules, tombstones, xml
from radio.feeds.actions import Told
from radio.feeds.names import FeedName, Of
from radio.feeds.rules import Channel, Chapter, Item, Person, Soundbite
from radio.schedule.actions import extend
from radio.station import Station
from radio.web import markdown
from tests.conformance import feed_readers
from tests.conformance.feed_readers import CHANNEL, ITEM, MODULES, PARSERS, WHOLE, Read
from tests.makers import NOON, make_episode, make_show, make_slot
from tests.unit.radio import test_feed_rules
from tests.visitor import Visitor

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or not (MODULES / "podcast-partytime").is_dir(),
    reason="needs node and `npm install --no-save podcast-partytime@5.0.0`; scripts/test does that",
)

OTHER = "917393e3-1b1e-5cef-ace4-edaa54e1f810"
VTT = b"WEBVTT\n\n00:00.000 --> 00:04.000\n<v Ann>Hello & welcome.\n"
HARD = "\u05e9\u05dc\u05d5\u05dd \U0001f469\u200d\U0001f469\u200d\U0001f467 ]]> & more, " + "\u00e9" * 2000
"""Right to left, one sign of many, what ends a CDATA section, and a cut at 4,000 bytes."""
TYPED = (
    "<b>tea</b>", "a<b>c", "<p>Hello</p> & you", "a < b", "I <3 tea", "x <y z> w", "<>", "<x", "<tea>", "<br/>", "</b>", "<script>x</script>",
    '<a href="x">y</a>', "<!-- x -->", "<![CDATA[y]]>", "]]>", "<?php x ?>", "Fish &amp; chips", "&amp;lt;b&amp;gt;", "&lt;b&gt;", "&#x3c;b>",
    "&eacute;t&eacute;", "&copy", "R&amp", "AT&T", "R&B.;", "&nosuch; x", "&notit;", "&#128;", "&#0;", "http://a.example/?a=1&b=2&copy=3&region=uk",
    "http://a.example/?a=1&amp;b=2", "1984", "007", "0x1F", "12.50", "1e5", "true", "caf\u00c3\u00a9", "a\u0085b", "a\u00a0b", "\ufeff",
    "\u05e9\u05dc\u05d5\u05dd <b>\u05ea\u05d4</b>", "\U0001f469\u200d\U0001f467 &amp; tea", "**a** <b>",
)  # fmt: skip
"""What a person may type into any field, and what some reader takes for a tag, a character, a number or another encoding."""


def test_a_feed_of_which_everything_is_said_is_understood_whole() -> None:
    items = (test_feed_rules.whole_item(1), test_feed_rules.whole_item(2))
    whole = Told(test_feed_rules.WHOLE, items)
    (seen,) = feed_readers.read([xml.write(whole.channel, whole.items).content])
    assert feed_readers.disagreements(whole, seen) == []
    assert list(seen.partytime["pc20support"]) == ["1", "2", "3", "4", "6", "7"]


def test_any_text_is_the_same_to_all_three_wherever_it_stands() -> None:
    said = [*TYPED, *(f"Tea {text} end." for text in TYPED)]
    items = tuple(_item_of(number, text) for number, text in enumerate(said, 10))
    heads = [_channel_of(text) for text in said]
    told = [Told(replace(test_feed_rules.WHOLE, trailers=()), items), *(Told(head, items[:1]) for head in heads)]
    seen = feed_readers.read([xml.write(one.channel, one.items).content for one in told])
    faults = [fault for one, read in zip(told, seen, strict=True) for fault in feed_readers.disagreements(one, read)]
    assert not faults, "\n".join(faults)


def _item_of(number: int, text: str) -> Item:
    title = rules.heading(text)
    return rules.told(replace(
        test_feed_rules.whole_item(number), title=text, summary=text, notes_html=str(markdown.html(text)), season_name=title, release="full",
        persons=(Person(title, "host"),), chapters=(Chapter(0, title),), soundbites=(Soundbite(10_000, 40_000, title),),
    ))  # fmt: skip


def _channel_of(text: str) -> Channel:
    whole = test_feed_rules.WHOLE
    return rules.head(replace(
        whole, trailers=(), title=text, description=text, author=text, funding_words=text, persons=(Person(rules.heading(text), "host"),),
        live=(replace(whole.live[0], title=text, summary=text),),
    ))  # fmt: skip


def test_every_field_that_we_write_stands_in_the_tables() -> None:
    for kind, rows, told_otherwise in (
        (Channel, [*CHANNEL, *WHOLE], {"redirects_from"}),  # an answer of ours, not a word of the feed
        (Item, [*ITEM, *WHOLE], {"episode_id", "kind", "author", "image_url"}),  # the last two are the show's: see below
    ):
        covered = {name for row in rows for name in row.of.split()}
        assert {field.name for field in fields(kind)} - covered == told_otherwise


def test_an_item_names_picture_and_author_where_they_are_not_those_of_the_channel() -> None:
    items = (test_feed_rules.whole_item(1),)
    (seen,) = feed_readers.read([xml.write(test_feed_rules.WHOLE, items).content])
    (entry,), (episode,), (item,) = seen.feedparser.entries, seen.podcastparser["episodes"], seen.partytime["items"]
    assert {entry.author, episode["itunes_author"], item["author"]} == {items[0].author}
    assert {entry.image.href, episode["episode_art_url"], item["itunesImage"]} == {items[0].image_url}


def make_station(session: Session) -> dict[str, Episode]:
    """Several shows, kinds and tags; one of which all is said, one of which nothing is; what was taken back, left, ran out."""
    tagged, bare, guidance, over = (
        make_show(session, slug=slug, title=title) for slug, title in (("night-desk", "Night Desk"), ("bare", "Bare"), ("safer", "Safer"), ("over", "Over"))
    )  # fmt: skip
    _tag(session, tagged, over)
    found = {f"part-{n}": make_episode(session, show=tagged, title=f"Part {n}", now=NOON - timedelta(hours=n)) for n in range(7)}
    _tell(session, found)
    found["bare"] = make_episode(session, show=bare, title="Bare", now=NOON - timedelta(days=1))
    found["music"] = make_episode(session, show=over, kind="mindful", title="Music", now=NOON - timedelta(days=2))
    found["guidance"] = make_episode(session, show=guidance, kind="guidance", title="Naloxone", now=NOON - timedelta(days=3))
    found["back"], found["left"], found["out"] = (
        make_episode(session, show=show, kind=kind, title="Secret", now=NOON - timedelta(days=4 + n))
        for n, (show, kind) in enumerate(((tagged, "story"), (tagged, "story"), (guidance, "guidance")))
    )
    found["back"].state, found["back"].withdrawn_at = State.WITHDRAWN, NOON
    catalogue.describe(session, found["left"], now=NOON, scopes=["site"])
    found["out"].expires_at = NOON
    return found


def _tag(session: Session, tagged: Show, over: Show) -> None:
    catalogue.edit_show(
        session, tagged, now=NOON, description=HARD[:900], author="The night people", explicit=True, serial=True, synthetic=True,
        license="cc-by-4.0", license_url="https://licence.example/", funding_url="https://give.example/", funding_words="Give & take",
        country="GB", seasons={"2": "Winter <1>"}, language="en-GB", category="Society & Culture > Personal Journals",
        verifications=[{"purpose": "applepodcastsverify", "text": "1a-2b"}], podroll=[{"guid": OTHER, "url": "https://other.example/feed", "title": "Other & co"}],
    )  # fmt: skip
    catalogue.edit_show(session, tagged, now=NOON, hosts={"Ann of the lamp": "", "Bo & co": "co-host"})
    catalogue.edit_show(session, over, now=NOON, complete=True, blocked=True, category="Music")
    over.moved_to, over.redirects_from = "https://new.example/feed.xml", NOON + timedelta(days=30)


def _tell(session: Session, found: dict[str, Episode]) -> None:
    first, second, third = found["part-0"], found["part-1"], found["part-2"]
    catalogue.describe(
        session, first, now=NOON, title='Lamps & "light" <1>', summary=HARD, notes=f"**Bold** {HARD[:900]}", season_number=2, episode_number=3,
        own_license={"name": "cc0-1.0", "url": "https://licence.example/own"}, explicit=True, chapters=[{"start_ms": 0, "title": "One & two"}, {"start_ms": 61_000, "title": "Then"}],
        soundbites=[{"from_ms": 1500, "to_ms": 21_000, "title": "A lamp"}], expires_at=NOON + timedelta(days=9),
    )  # fmt: skip
    catalogue.set_voices(session, first, ["Ann of the lamp", "Bo"], named=True, now=NOON)
    transcripts.set_transcript(session, first, "en-GB", VTT, now=NOON)
    transcripts.set_transcript(session, first, "cy", b"Helo.\n\nNos da.", now=NOON)
    first.tags = [EpisodeTag(vocabulary="form", code="audio"), EpisodeTag(vocabulary="topic", code="sleep")]
    catalogue.describe(session, second, now=NOON, release="trailer", season_number=1, episode_number=1)
    catalogue.set_voices(session, second, ["Nobody may read this"], named=False, now=NOON)
    second.feed_guid = "tag:old.example,2019:part/2?a=1&b=2"
    catalogue.describe(session, third, now=NOON, release="bonus", language="cy", episode_number=2)
    for number, name in enumerate(("part-3", "part-4", "part-5", "part-6"), 4):
        catalogue.describe(session, found[name], now=NOON, episode_number=number)  # a serial show has numbers
    catalogue.describe(session, found["part-3"], now=NOON, title="1984", summary="<b>tea</b>", notes="`<b>` &amp;copy; tea")
    catalogue.describe(
        session, found["part-4"], now=NOON, title="Fish &amp; chips", summary="a <b and c> d, https://a.example/?a=1&copy=2"
    )


def every_name() -> list[str]:
    """Every feed of XML that this station has, by its name in the store."""
    shows = ("night-desk", "bare", "safer", "over")
    found = [
        FeedName(of, which, low=low)
        for of, which in ((Of.STATION, ""), *((Of.SHOW, slug) for slug in shows))
        for low in (False, True)
    ]
    found += [FeedName(Of.KIND, kind) for kind in ("programme", "guidance", "story")]
    found += [FeedName(Of.TAG, "form:audio"), FeedName(Of.TAG, "topic:sleep")]
    found += [found[0].at_page(2), found[1].at_page(2), FeedName(Of.SHOW, "night-desk").at_page(2)]
    return [*(name.key for name in found), names.TODAY, names.PUBLISHER]


def address(key: str) -> str:
    if key in {names.TODAY, names.PUBLISHER}:
        return {names.TODAY: names.TODAY_PATH, names.PUBLISHER: names.PUBLISHER_PATH}[key]
    name = names.named(key)
    return name.path if name.page == 1 else f"{name.path}?page={name.page}"


def test_three_readers_agree_on_every_field_of_every_feed(
    client: Visitor, session: Session, station: Station, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "PER_PAGE", 6)
    found = make_station(session)
    make_slot(session, title="Night talk", fill={"rung": "latest", "show_id": found["part-0"].show_id})
    session.flush()
    extend(session, station)
    clock.move(timedelta(hours=2, minutes=1))  # the slot of the night desk is on air
    catalogue.touched(session)
    feeds = {key: client.get(address(key)).data for key in every_name()}
    told = {key: actions.told(session, station, key, now=clock.now()) for key in feeds}
    seen = dict(zip(feeds, feed_readers.read(list(feeds.values())), strict=True))

    faults = [f"{key}: {fault}" for key in feeds for fault in feed_readers.disagreements(told[key], seen[key])]
    assert not faults, "\n".join(faults)
    assert {
        key: [f"{f.rule} {f.place}" for f in lint.findings(feed) if f.rule not in {"https", "no-items"}]
        for key, feed in feeds.items()
    } == {key: [] for key in feeds}
    assert len({seen[key].partytime["guid"] for key in feeds if "/" not in key}) == len([key for key in feeds if "/" not in key])
    _what_is_in_them(found, told, seen)


def _what_is_in_them(found: dict[str, Episode], told: dict[str, Told], seen: dict[str, Read]) -> None:
    """That the station was as full as it was meant to be: otherwise agreement says little."""
    show, second = told["show:night-desk"], told["show:night-desk/2"]
    assert (show.channel.n_pages, len(show.items), len(second.items)) == (2, 6, 3)
    assert [live.on_air for live in show.channel.live] == [True, False][: len(show.channel.live)]
    assert show.channel.live
    assert show.channel.frequency
    assert "Nobody may read this" not in str(seen)
    assert "Secret" not in str(seen)
    titles = {item.title.partition(" (")[0] for key in ("show:night-desk/2", "show:safer") for item in told[key].items}
    assert titles >= set(tombstones.TITLES.values())
    assert {remote.feed_guid for remote in told["publisher"].channel.remote} == {
        str(found[name].show.guid) for name in ("part-0", "bare", "music", "guidance")
    }
    assert told["today"].channel.medium == "podcastL"
    assert told["today"].channel.remote
    assert told["show:over"].channel.moved_to
    agreed = {parser: sum(getattr(row, parser) is not None for row in [*CHANNEL, *ITEM, *WHOLE]) for parser in PARSERS}
    assert min(agreed.values()) >= 30, agreed


def test_what_the_writer_is_given_is_what_the_catalogue_says(session: Session, station: Station, clock: SetClock) -> None:
    found = make_station(session)
    told = actions.told(session, station, "show:night-desk", now=clock.now())
    items = {item.episode_id: item for item in told.items}
    for episode in (found[f"part-{n}"] for n in range(7)):
        item, recording = items[episode.id], episode.recording
        assert recording is not None
        low, standard = (recording.rendition(profile) for profile in ("low", "standard"))
        assert low is not None and standard is not None and item.low is not None  # noqa: PT018
        assert (item.guid, item.title, item.published_at) == (
            episode.feed_guid or str(episode.guid),
            rules.heading(episode.title),
            episode.published_at,
        )
        assert (item.summary, item.explicit, item.release) == (
            rules.texts("x", episode.summary, "", "")[1],
            True,
            episode.release,
        )
        assert (item.season_number, item.episode_number, item.expires_at) == (
            episode.season_number,
            episode.episode_number,
            episode.expires_at,
        )
        assert (item.standard.size_bytes, item.standard.sha256, item.low.size_bytes, item.low.sha256) == (
            standard.size_bytes, standard.sha256, low.size_bytes, low.sha256,
        )  # fmt: skip
        assert [(words.language, words.timed) for words in item.words] == [
            (row.language, row.timed) for row in sorted(episode.transcripts, key=lambda row: row.language)
        ]
        assert [person.name for person in item.persons] == [each.voice.name for each in episode.voices if each.named]
        assert [(chapter.start_ms, chapter.title) for chapter in item.chapters] == [
            (one["start_ms"], one["title"]) for one in episode.chapters or []
        ]
        assert item.length_ms == recording.length_ms
        assert item.synthetic, "its show is"
    show = found["part-0"].show
    channel = channels.show_channel(session, station, show, FeedName(Of.SHOW, show.slug), now=clock.now())
    assert (channel.title, channel.description, channel.guid, channel.license, channel.funding_words) == (
        show.title, show.description, show.guid, show.license, show.funding_words,
    )  # fmt: skip
