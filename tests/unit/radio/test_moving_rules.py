"""Any feed that anybody may ever write is read, or refused with a code; nothing breaks, and nothing is silently lost."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radio.core.text import plain
from radio.moving import companions, feed, rules, texts
from radio.moving.rules import FoundItem, FoundShow
from radio.web import markdown
from radio.web.outside import OutsideError, may_be_asked, place
from tests.elsewhere import Item, rss

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
GUID = UUID(int=7)
TEXT = st.text(max_size=60)
ITEMS = st.builds(
    FoundItem, guid=TEXT, title=TEXT, summary=TEXT, content=TEXT, date=TEXT, enclosure_url=TEXT | st.just("https://a.example/1.mp3"),
    enclosure_type=TEXT, enclosure_bytes=TEXT | st.integers().map(str), season=TEXT | st.integers().map(str), number=TEXT,
    explicit=TEXT, chapters=st.lists(st.tuples(TEXT | st.just("1:02.5"), TEXT), max_size=3).map(tuple), episode_type=TEXT,
    transcripts=st.lists(st.tuples(TEXT, TEXT, TEXT), max_size=2).map(tuple),
)  # fmt: skip


@given(
    st.lists(ITEMS, max_size=6),
    st.builds(FoundShow, title=TEXT, language=TEXT, category=TEXT, guid=TEXT, self_url=TEXT, kind=TEXT),
)
@settings(max_examples=150, deadline=None)
def test_every_item_is_planned_or_listed_with_its_reason(items: list[FoundItem], show: FoundShow) -> None:
    whole = FoundShow(**{**{name: getattr(show, name) for name in show.__slots__}, "items": tuple(items)})
    found = rules.planned(whole, guid=rules.show_guid(whole, "https://a.example/feed"), language="en-GB", now=NOW)
    fields, _notes = rules.show_fields(whole, language="en-GB")

    assert len(found) == len(items)
    assert fields["title"]
    kept = [each.guid for each in found if not each.problem]
    assert len(set(kept)) == len(kept)
    for each in found:
        assert each.guid
        assert 0 < len(each.title) <= 150
        assert each.title == plain(each.title)
        assert each.published_at is None or each.published_at <= NOW


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


def test_one_transcript_a_language_in_the_best_form() -> None:
    told = [
        ("a.html", "text/html", ""),
        ("a.srt", "application/x-subrip", ""),
        ("a.vtt", "text/vtt", "en-GB"),
        ("b", "text/plain", "cy"),
    ]

    assert companions.chosen(told, "en-GB") == {"en-GB": "a.vtt", "cy": "b"}
    assert companions.chapters(b'{"chapters": [{"startTime": 60, "title": "B"}, {"startTime": 0.5, "title": "A"}]}') == [
        {"start_ms": 500, "title": "A"}, {"start_ms": 60_000, "title": "B"},
    ]  # fmt: skip
    assert companions.chapters(b"[]") is None


def test_a_uuid_that_is_written_otherwise_stays_as_it_was() -> None:
    guid = str(uuid4())

    assert rules.own_uuid(guid) == UUID(guid)
    assert rules.own_uuid(guid.upper()) is None
    assert rules.own_uuid("17") is None
