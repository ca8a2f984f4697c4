"""Any feed that anybody may ever write is read, or refused with a code; nothing breaks, and nothing is silently lost."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media import transcript
from radio.catalogue.faults import episode_faults
from radio.catalogue.feed_fields import show_faults
from radio.catalogue.rules import VOICES_LIMIT
from radio.core.text import plain
from radio.moving import companions, feed, podcasting, rules, texts, words
from radio.moving.found import FoundItem, FoundPerson, FoundShow, FoundTrailer
from radio.moving.transcribed import as_text, form_of
from radio.web import markdown
from radio.web.outside import OutsideError, may_be_asked, place
from tests.elsewhere import Item, rss

GUID_OF_B = "917393e3-1b1e-5cef-ace4-edaa54e1f810"
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
GUID = UUID(int=7)
TEXT = st.text(max_size=60)
ITEMS = st.builds(
    FoundItem, guid=TEXT, title=TEXT, summary=TEXT, content=TEXT, date=TEXT, enclosure_url=TEXT | st.just("https://a.example/1.mp3"),
    enclosure_type=TEXT, enclosure_bytes=TEXT | st.integers().map(str), season=TEXT | st.integers().map(str), number=TEXT,
    explicit=TEXT, chapters=st.lists(st.tuples(TEXT | st.just("1:02.5"), TEXT), max_size=3).map(tuple), episode_type=TEXT,
    transcripts=st.lists(st.tuples(TEXT, TEXT, TEXT), max_size=2).map(tuple), block=TEXT | st.just("Yes"), license=st.tuples(TEXT | st.just("CC0-1.0"), TEXT),
    persons=st.lists(st.builds(FoundPerson, name=TEXT, role=TEXT | st.just("Guest"), group=TEXT, is_linked=st.booleans()), max_size=14).map(tuple),
    soundbites=st.lists(st.tuples(TEXT | st.just("3"), TEXT | st.just("40"), TEXT), max_size=12).map(tuple), others=st.lists(TEXT, max_size=2).map(tuple),
    season_name=TEXT, display=TEXT, synthetic=TEXT,
)  # fmt: skip


@given(
    st.lists(ITEMS, max_size=6),
    st.builds(
        FoundShow,
        title=TEXT,
        language=TEXT,
        category=TEXT,
        guid=TEXT,
        self_url=TEXT,
        kind=TEXT,
        author=TEXT,
        block=TEXT,
        medium=TEXT,
        moved_to=TEXT,
        license=st.tuples(TEXT | st.just("CC-BY-4.0"), TEXT),
        places=st.lists(st.tuples(TEXT | st.just("gb"), TEXT)).map(tuple),
        funding=st.lists(st.tuples(TEXT | st.just("https://a.example/give"), TEXT), max_size=2).map(tuple),
        proofs=st.lists(TEXT).map(tuple),
        podroll=st.lists(st.tuples(TEXT | st.uuids().map(str), TEXT, TEXT), max_size=2).map(tuple),
        others=st.lists(TEXT).map(tuple),
    ),
)
@settings(max_examples=150, deadline=None)
def test_every_item_is_planned_or_listed_with_its_reason(items: list[FoundItem], show: FoundShow) -> None:
    whole = FoundShow(**{**{name: getattr(show, name) for name in show.__slots__}, "items": tuple(items)})
    found = rules.planned(whole, guid=rules.show_guid(whole, "https://a.example/feed"), language="en-GB", now=NOW)
    fields, notes = rules.show_fields(whole, language="en-GB")

    assert len(found) == len(items)
    assert fields["title"]
    assert show_faults(fields) == {}
    for code in (*notes, *podcasting.gathered(each.notes for each in found)):
        assert words.note(code) != code.partition(" ")[0], "every code has its sentence"
    kept = [each.guid for each in found if not each.problem]
    assert len(set(kept)) == len(kept)
    for each in found:
        assert each.guid
        assert 0 < len(each.title) <= 150
        assert each.title == plain(each.title)
        assert each.published_at is None or each.published_at <= NOW
        assert episode_faults(each.fields) == {}
        assert len(each.source["voices"]) <= VOICES_LIMIT
        assert not any(voice["named"] for voice in each.source["voices"]), "nobody's name is public because a feed had it"
        assert all(words.note(note) != note.partition(" ")[0] for note in each.notes)


@given(
    st.binary(max_size=300)
    | st.text(max_size=300).map(lambda text: rss([Item(None, title=text)]) + text.encode("utf-8", "ignore"))
)
@settings(max_examples=150, deadline=None)
def test_whatever_the_bytes_are_they_are_a_feed_or_none(content: bytes) -> None:
    try:
        found = feed.read(content)
    except feed.FeedError:
        return
    assert isinstance(found.items, tuple)


@given(st.text(alphabet="<>/abp&;#x1 \n*_[]()!-='\"", max_size=120))
@settings(max_examples=150, deadline=None)
def test_whatever_stands_in_a_description_its_page_is_safe(text: str) -> None:
    words, source = texts.both(text)
    page = str(markdown.html(source))

    assert "<script" not in page
    assert "javascript:" not in page.lower().replace("\\", "")
    assert "\x00" not in words


def test_our_reading_agrees_with_a_reader_of_others() -> None:
    content = rss([
        Item("https://a.example/1.mp3?x=1&y=2", f"id {n} <&>", f"Title {n} & more", length="12",
             more="<description>Plain &amp; simple</description><itunes:season>2</itunes:season><itunes:episode>4</itunes:episode>")
        for n in range(5)
    ])  # fmt: skip
    ours, theirs = feed.read(content), feedparser.parse(content)

    assert [item.guid for item in ours.items] == [entry.id for entry in theirs.entries]
    assert [item.title for item in ours.items] == [entry.title for entry in theirs.entries]
    assert [item.enclosure_url for item in ours.items] == [entry.enclosures[0].href for entry in theirs.entries]
    assert [rules.date_of(item.date).timetuple()[:6] for item in ours.items] == [
        entry.published_parsed[:6] for entry in theirs.entries
    ]
    assert (ours.title, ours.author, ours.language) == (theirs.feed.title, theirs.feed.author, theirs.feed.language)


def test_a_broken_feed_is_mended_and_its_letters_stay() -> None:
    content = rss([Item("https://a.example/1.mp3", "1", "Caf")]).replace(b"Caf", b"Caf&eacute; \x0bdel sol & mar")
    found = feed.read(content)

    assert "feed-mended" in found.faults
    assert plain(found.items[0].title).startswith("Café del sol")


def test_a_title_of_five_megabytes_is_cut() -> None:
    found = feed.read(rss([Item("https://a.example/1.mp3", "1", "long " * 1_000_000)]))
    [item] = rules.planned(found, guid=GUID, language="en-GB", now=NOW)

    assert len(item.title) == 150
    assert "title-cut" in item.notes


@pytest.mark.parametrize(("text", "year"), [
    ("Fri, 01 Mar 2024 07:30:00 +0000", 2024), ("2024-03-01T07:30:00Z", 2024), ("1 March 2024", 2024), ("Fri, 01 Mar 2024 07:30 EST", 2024),
    ("yesterday at noon", None), ("0000-00-00 00:00:00", None), ("Thu, 01 Jan 1970 00:00:00 GMT", None), ("99999999999", None), ("", None),
])  # fmt: skip
def test_dates_are_read_as_hosts_write_them_and_nonsense_is_none(text: str, year: int | None) -> None:
    found = rules.date_of(text)
    assert (found.year if found else None) == year


def test_an_id_that_is_missing_is_made_of_the_sound_and_so_the_same_each_time() -> None:
    show = FoundShow(items=(FoundItem(title="A", enclosure_url="https://a.example/1.mp3"),))
    [once], [again] = (rules.planned(show, guid=GUID, language="en-GB", now=NOW) for _ in range(2))

    assert once.guid == again.guid
    assert "guid-missing" in once.notes


def test_descriptions_keep_links_lists_and_weight() -> None:
    words, source = texts.both(
        '<p>Hello <b>you</b></p><ul><li>one</li><li>two *stars*</li></ul><a href="https://a.example/x_y">there</a>'
    )

    assert words.split("\n")[0] == "Hello you"
    page = str(markdown.html(source))
    assert "<strong>you</strong>" in page
    assert page.count("<li>") == 2
    assert "two *stars*" in page
    assert 'href="https://a.example/x_y"' in page


@pytest.mark.parametrize("address", [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255",
    "::1", "::", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1", "x",
])  # fmt: skip
def test_no_address_inside_may_be_asked(address: str) -> None:
    assert not may_be_asked(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34"])
def test_public_addresses_may_be_asked(address: str) -> None:
    assert may_be_asked(address)


@pytest.mark.parametrize("url", [
    "file:///etc/passwd", "ftp://a.example/", "http://user:word@a.example/", "http://a.example:25/", "http://", "gopher://a", "//a.example/",
    "http://[::1", "http://a.example:99999/", "",
])  # fmt: skip
def test_what_is_no_web_address_is_not_asked(url: str) -> None:
    with pytest.raises(OutsideError, match="not-an-address"):
        place(url)


@given(st.text(max_size=40))
def test_no_text_is_an_address_that_breaks_us(text: str) -> None:
    for url in (text, f"http://{text}", f"https://a.example/{text}?{text}"):
        try:
            target = place(url).target
        except OutsideError:
            continue
        assert target.isascii()
        assert not set(target) & set(" \r\n\t")


def test_transcripts_are_asked_for_in_the_best_form_first() -> None:
    told = [
        ("a.html", "text/html", ""),
        ("a.srt?x=1", "application/octet-stream", ""),
        ("a.vtt", "text/vtt", "en-GB"),
        ("a.json", "application/json", ""),
        ("b", "text/plain", "cy"),
        ("c.pdf", "application/pdf", "cy"),
    ]

    found = companions.chosen(told, "en-GB")

    assert [url for _form, url in found["en-GB"]] == ["a.vtt", "a.srt?x=1", "a.json", "a.html"]
    assert found["cy"] == [("text/plain", "b")]
    assert form_of("", "https://a.example/words.SRT#x") == "application/x-subrip"
    assert companions.chapters(b'{"chapters": [{"startTime": 60, "title": "B"}, {"startTime": 0.5, "title": "A"}]}') == [
        {"start_ms": 500, "title": "A"}, {"start_ms": 60_000, "title": "B"},
    ]  # fmt: skip
    assert companions.chapters(b"[]") is None


def test_a_uuid_that_is_written_otherwise_stays_as_it_was() -> None:
    guid = str(uuid4())

    assert rules.own_uuid(guid) == UUID(guid)
    assert rules.own_uuid(guid.upper()) is None
    assert rules.own_uuid("17") is None


VTT = b"WEBVTT\n\n00:00:01.000 --> 00:00:03.000\n<v Robin>Good <b>morning</b> &amp; welcome.\n\n00:00:03.000 --> 00:00:05.000\n<v Kim>Hello.\n"
SRT = b"1\r\n00:00:01,000 --> 00:00:03,000\r\nRobin: Good morning & welcome.\r\n\r\n2\r\n00:00:03,000 --> 00:00:05,000\r\nKim: Hello.\r\n"
JSON = b"""{"version": "1.0.0", "segments": [
 {"speaker": "Robin", "startTime": 1, "endTime": 1.5, "body": "Good"}, {"speaker": "Robin", "startTime": 1.5, "body": "morning & welcome."},
 {"speaker": "Kim", "startTime": 3, "endTime": 5, "body": "Hello."}]}"""
HTML = b"<html><head><title>No</title></head><cite>Robin :</cite>\n<time>0:01</time>\n<p>Good <b>morning</b>\n &amp; welcome.</p><cite>Kim:</cite><p>Hello.</p>"


@pytest.mark.parametrize(("content", "form"), [
    (VTT, "text/vtt"), (SRT, "application/x-subrip"), (JSON, "application/json"), (HTML, "text/html"), (HTML, "text/plain"), (JSON, "text/plain"),
])  # fmt: skip
def test_every_form_of_a_transcript_says_the_same(content: bytes, form: str) -> None:
    spoken = transcript.read(as_text(content, form))

    assert [(cue.speaker, cue.text) for cue in spoken.cues] == [("Robin", "Good morning & welcome."), ("Kim", "Hello.")]
    if spoken.timed:
        assert [(cue.start_ms, cue.end_ms) for cue in spoken.cues] == [(1000, 3000), (3000, 5000)]


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode), st.sampled_from(["application/json", "text/html"]))
@settings(max_examples=150, deadline=None)
def test_no_bytes_are_a_transcript_that_breaks_us(content: bytes, form: str) -> None:
    assert isinstance(as_text(b'{"segments": [' + content if form == "application/json" else content, form), bytes)


RICH = """<podcast:person role="Host" img="https://a.example/1.jpg">Ann Example</podcast:person><podcast:location country="gb" geo="geo:1,2">Leeds</podcast:location>
<podcast:funding url="https://a.example/give">Give</podcast:funding><podcast:license url="https://a.example/l">CC-BY-4.0</podcast:license>
<podcast:podroll><podcast:remoteItem feedGuid="917393e3-1b1e-5cef-ace4-edaa54e1f810" feedUrl="https://b.example/f" title="B"/></podcast:podroll>
<podcast:trailer url="https://a.example/2.mp3" pubdate="Fri, 01 Mar 2024 07:30:00 +0000">Soon</podcast:trailer><podcast:txt purpose="verify">abc</podcast:txt><podcast:txt purpose="ai-content">true</podcast:txt>
<podcast:trailer url="https://a.example/t.mp3" pubdate="Fri, 01 Mar 2024 07:30:00 +0000" season="2" type="audio/mpeg" length="9">Season two</podcast:trailer>
<podcast:value type="lightning"/><itunes:owner><itunes:email>x@a.example</itunes:email></itunes:owner><podcast:block id="spotify">yes</podcast:block>"""
MORE = """<podcast:person role="guest" group="cast">Bo</podcast:person><podcast:person role="Editor" group="Video Post-Production">Cy</podcast:person>
<podcast:person role="juggler">Di</podcast:person><podcast:soundbite startTime="1.5" duration="20">The lamp</podcast:soundbite>
<podcast:soundbite startTime="0" duration="2"/><podcast:season name="Winter">2</podcast:season><podcast:episode display="Nine">9</podcast:episode><podcast:txt purpose="ai-content">true</podcast:txt>
<podcast:location country="gb">Hull</podcast:location><podcast:funding url="https://a.example/own">Own</podcast:funding><podcast:license>cc0-1.0</podcast:license>
<podcast:alternateEnclosure type="audio/opus"><podcast:source uri="https://a.example/1.opus"/></podcast:alternateEnclosure><podcast:value/>
<itunes:image href="https://a.example/own.jpg"/><itunes:block>Yes</itunes:block><podcast:socialInteract protocol="disabled"/>"""


def test_all_that_a_feed_says_is_kept_or_told_to_stay_behind() -> None:
    gone = Item("https://a.example/3.mp3", "3", "Taken back", more='<podcast:txt purpose="gone">taken-back</podcast:txt>')
    items = [Item("https://a.example/1.mp3", "1", "One", more=MORE), Item("https://a.example/2.mp3", "2", "Two"), gone]
    found = feed.read(rss(items, channel=RICH))
    fields, notes = rules.show_fields(found, language="en-GB")
    one, two, note, trailer = rules.planned(found, guid=GUID, language="en-GB", now=NOW)

    assert {name: fields[name] for name in ("country", "license", "license_url", "funding_url", "funding_words", "seasons", "blocked")} == {
        "country": "GB", "license": "cc-by-4.0", "license_url": "https://a.example/l", "funding_url": "https://a.example/give",
        "funding_words": "Give", "seasons": {"2": "Winter"}, "blocked": False,
    }  # fmt: skip
    assert fields["podroll"] == [{"guid": GUID_OF_B, "url": "https://b.example/f", "title": "B"}]
    assert set(notes) == {
        "places-left", "author-came Walkers", "owner-left", "proofs-left verify", "platforms-left spotify", "others-left-of-show podcast:value",
    }  # fmt: skip
    assert one.source["voices"] == [
        {"name": "Bo", "role": "guest", "named": False}, {"name": "Cy", "role": "video-editor", "named": False},
        {"name": "Di", "role": "", "named": False},
    ]  # fmt: skip
    assert [voice["name"] for voice in two.source["voices"]] == ["Ann Example"], "an item without persons has the channel's"
    assert (one.fields["season_number"], one.fields["episode_number"], one.source["image"]) == (2, 9, "https://a.example/own.jpg")
    assert one.fields["soundbites"] == [{"from_ms": 1500, "to_ms": 21_500, "title": "The lamp"}]
    assert (two.fields["release"], trailer.fields["release"], trailer.title) == ("trailer", "trailer", "Season two")
    assert trailer.fields["season_number"] == 2
    assert podcasting.gathered([one.notes, two.notes, trailer.notes]) == [
        "alternates-left 1", "block-left 1", "display-left 1 Nine (1)",
        "others-left 1 podcast:funding (1), podcast:location (1), podcast:value (1)", "persons-held 3", "persons-linked 2", "soundbites-left 1",
    ]  # fmt: skip
    assert (one.problem, two.problem, note.problem) == ("", "", "gone-there"), (
        "what stands in the place of something is not brought"
    )
    assert (one.fields["synthetic"], two.fields["synthetic"], fields["synthetic"]) == (True, False, True), (
        "what a machine made says so here too"
    )
    assert "role-unknown juggler" in podcasting.own_of(one.notes)
    assert (one.fields["own_license"], two.fields["own_license"]) == ({"name": "cc0-1.0", "url": ""}, None)


@pytest.mark.parametrize(
    ("told", "kept", "notes"),
    [
        (
            '<podcast:license url="https://a.example/own">Our Own</podcast:license>',
            {"name": "our-own", "url": "https://a.example/own"},
            [],
        ),
        ("<podcast:license>CC-BY-4.0</podcast:license>", None, []),
        ('<podcast:license url="https://a.example/l">cc-by-4.0</podcast:license>', None, []),
        (
            '<podcast:license url="ftp://x">cc0-1.0</podcast:license>',
            {"name": "cc0-1.0", "url": ""},
            ["license-own 1 cc0-1.0 ftp://x (1)"],
        ),
        ("<podcast:license>© nobody</podcast:license>", None, ["license-own 1 © nobody (1)"]),
    ],
)
def test_an_item_keeps_a_licence_of_its_own(told: str, kept: dict[str, str] | None, notes: list[str]) -> None:
    found = feed.read(rss([Item("https://a.example/1.mp3", "1", "One", more=told)], channel=RICH))
    one = rules.planned(found, guid=GUID, language="en-GB", now=NOW)[0]
    assert one.fields["own_license"] == kept
    assert [note for note in podcasting.gathered([one.notes]) if "license" in note] == notes


def test_a_trailer_of_the_channel_is_the_same_each_time() -> None:
    show = FoundShow(trailers=(FoundTrailer("Soon", "https://a.example/t.mp3"),))
    [once], [again] = (rules.planned(show, guid=GUID, language="en-GB", now=NOW) for _ in range(2))

    assert once.guid == again.guid


@pytest.mark.parametrize(
    "told",
    [
        {"name": 5},
        {"url": "https://a.example/"},
        {"name": ["x"]},
        {"name": "cc0-1.0", "more": "x"},
        {"name": "cc0-1.0", "url": "here"},
    ],
)
def test_a_licence_that_is_none_is_refused(told: dict[str, object]) -> None:
    assert set(episode_faults({"own_license": told})) <= {"license", "license_url"}
    assert episode_faults({"own_license": told})
    assert episode_faults({"own_license": {"name": "cc0-1.0", "url": ""}}) == {}
