"""What apps read beside the sound: transcripts, chapters, persons; and the many feeds of one catalogue."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta

import feedparser
import podcastparser
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from lxml import etree
from sqlalchemy import select
from sqlalchemy.orm import Session

from radio.accounts.models import Person
from radio.catalogue import actions as catalogue
from radio.catalogue import transcripts
from radio.catalogue.models import Episode, EpisodeTag, Show, Transcript
from radio.catalogue.rules import State
from radio.clock import SetClock
from radio.editorial import actions as editorial
from radio.feeds import actions, heads, lint, names, tombstones
from radio.feeds.models import StoredFeed
from radio.feeds.names import FeedName, Of
from radio.jobs.actions import enqueue
from radio.schedule.actions import extend
from radio.station import Station
from tests.makers import NOON, make_episode, make_show, make_slot
from tests.visitor import Visitor

SHOW = "/shows/night-desk/feed.xml"
VTT = b"WEBVTT\n\n00:00.000 --> 00:04.000\n<v Ann>Hello & welcome.\n\n00:05.000 --> 00:09.000\n<v Bo>Good <i>night</i>.\n"
NAMESPACES = {
    "p": "https://podcastindex.org/namespace/1.0",
    "i": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "a": "http://www.w3.org/2005/Atom",
}
PEOPLE = {"Sec-Fetch-Dest": "document"}


def told(session: Session) -> Episode:
    """An episode of which much is said."""
    show = make_show(session)
    catalogue.edit_show(
        session, show, now=NOON, license="cc-by-4.0", country="GB", funding_url="https://give.example/", funding_words="Give",
        verifications=[{"purpose": "applepodcastsverify", "text": "1a"}], seasons={"2": "Winter"},
        podroll=[{"guid": "917393e3-1b1e-5cef-ace4-edaa54e1f810", "url": "", "title": "Other"}],
    )  # fmt: skip
    episode = make_episode(session, show=show, title="Lamps")
    catalogue.describe(
        session, episode, now=NOON, season_number=2, episode_number=3, chapters=[{"start_ms": 0, "title": "One"}, {"start_ms": 61_000, "title": "Two"}],
        soundbites=[{"from_ms": 1000, "to_ms": 21_000, "title": "A lamp"}],
    )  # fmt: skip
    catalogue.set_voices(session, episode, ["Ann of the lamp"], named=True, now=NOON)
    transcripts.set_transcript(session, episode, "en-GB", VTT, now=NOON)
    transcripts.set_transcript(session, episode, "cy", b"Helo.\n\nNos da.", now=NOON)
    return episode


def every_feed(session: Session) -> list[str]:
    shows = [FeedName(Of.SHOW, "night-desk"), FeedName(Of.SHOW, "night-desk", low=True)]
    feeds = [
        names.STATION,
        FeedName(Of.STATION, low=True),
        *shows,
        FeedName(Of.KIND, "programme"),
        FeedName(Of.TAG, "form:audio"),
    ]
    return [*(name.path for name in feeds), names.TODAY_PATH, names.PUBLISHER_PATH]


def test_every_feed_keeps_every_rule_and_three_readers_agree(client: Visitor, session: Session, station: Station) -> None:
    episode = told(session)
    episode.tags.append(EpisodeTag(vocabulary="form", code="audio"))
    make_slot(session, fill={"rung": "latest", "show_id": episode.show_id})
    session.flush()
    extend(session, station)
    guids = set()
    for path in every_feed(session):
        feed = client.get(path).data
        assert [f"{f.rule} {f.place}" for f in lint.findings(feed) if f.rule != "https"] == [], path
        theirs, others = feedparser.parse(feed), podcastparser.parse(f"http://localhost{path}", io.BytesIO(feed))
        assert [(e.id, e.title, e.enclosures[0].href) for e in theirs.entries] == [
            (e["guid"], e["title"], e["enclosures"][0]["url"]) for e in others["episodes"]
        ]
        guids.add(etree.fromstring(feed)[0].findtext("p:guid", namespaces=NAMESPACES))
    assert len(guids) == len(every_feed(session)), "each feed is one of its own"
    assert client.get(SHOW).data.count(b"<podcast:person") == 1
    (other,) = podcastparser.parse("http://localhost/", io.BytesIO(client.get(SHOW).data))["episodes"]
    assert [chapter["title"] for chapter in other["chapters"]] == ["One", "Two"]


def test_what_is_on_air_and_next_is_told_and_changes_when_it_does(
    client: Visitor, session: Session, station: Station, clock: SetClock
) -> None:
    episode = told(session)
    make_slot(session, title="Night talk", fill={"rung": "latest", "show_id": episode.show_id})
    session.flush()
    extend(session, station)
    first = etree.fromstring(client.get(SHOW).data)[0]
    (pending,) = first.findall("p:liveItem", NAMESPACES)
    assert (pending.get("status"), pending.get("start")) == ("pending", "2026-11-25T14:00:00Z")
    assert first.findtext("p:updateFrequency", namespaces=NAMESPACES) == "every day at 14:00"
    clock.move(timedelta(hours=2, seconds=30))
    (live, *_) = etree.fromstring(client.get(SHOW).data)[0].findall("p:liveItem", NAMESPACES)
    assert (live.get("status"), live.findtext("guid")) == ("live", pending.findtext("guid"))
    assert live.find("enclosure").get("url") == "http://localhost/live.mp3"  # type: ignore[union-attr]


def test_a_transcript_is_served_in_three_forms_to_players_anywhere(client: Visitor, session: Session) -> None:
    episode = told(session)
    stem = f"/episodes/{episode.id}/transcript"
    vtt, srt, page = (client.get(f"{stem}.{form}") for form in ("vtt", "srt", "html"))
    assert "<v Ann>Hello &amp; welcome." in vtt.text
    assert "1\n00:00:00,000 --> 00:00:04,000\nAnn: Hello & welcome." in srt.text
    assert "<cite>Bo:</cite>" in page.text
    assert "<i>" not in page.text
    for answer, media_type in ((vtt, "text/vtt"), (srt, "application/x-subrip"), (page, "text/html")):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.mimetype == media_type
        again = client.get(
            answer.request.path, headers={"If-None-Match": answer.headers["ETag"], "Origin": "https://player.example"}
        )
        assert (again.status_code, again.headers["Access-Control-Allow-Origin"]) == (304, "*")
        assert client.head(answer.request.path).headers["Access-Control-Allow-Origin"] == "*"
    assert '<meta name="color-scheme" content="light dark">' in page.text, "no white page in a dark room"
    assert "Nos da." in client.get(f"{stem}.cy.html").text
    assert client.get(f"{stem}.cy.html").headers["Access-Control-Allow-Origin"] == "*"
    assert client.get(f"{stem}.cy.vtt").status_code == 404, "it has no times"
    assert "Good night." in client.get(f"/episodes/{episode.id}").text
    episode.published_at += timedelta(days=400)
    session.commit()
    assert client.get(f"{stem}.vtt").status_code == 404, "its time has not come"


def test_a_page_of_others_may_ask_with_headers_of_its_own(client: Visitor, session: Session) -> None:
    """Source: Fetch §4.8: without an answer to this the browser never asks for the thing itself."""
    episode = told(session)
    beside = [f"/episodes/{episode.id}/{name}" for name in ("transcript.vtt", "transcript.cy.html", "chapters.json")]
    asked = {
        "Origin": "https://player.example",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "range",
    }
    for path in (
        SHOW,
        SHOW.replace("xml", "json"),
        "/feed.xml",
        names.TODAY_PATH,
        names.OPML_PATH,
        *beside,
        f"/audio/{episode.id}.mp3",
    ):
        answer = client.options(path, headers=asked)
        allowed = {
            name: answer.headers.get(f"Access-Control-{name}", "")
            for name in ("Allow-Origin", "Allow-Methods", "Allow-Headers", "Max-Age")
        }
        assert (answer.status_code, answer.data, allowed["Allow-Origin"]) == (204, b"", "*"), path
        assert {"Range", "If-Range", "If-None-Match", "If-Match"} <= set(allowed["Allow-Headers"].split(", ")), path
        assert allowed["Allow-Methods"] == "GET, HEAD, OPTIONS"
        assert int(allowed["Max-Age"]) > 0
        if not path.startswith("/audio"):
            assert "ETag" in client.get(path).headers["Access-Control-Expose-Headers"], path


def test_chapters_are_json_for_apps(client: Visitor, session: Session) -> None:
    answer = client.get(f"/episodes/{told(session).id}/chapters.json")
    assert answer.mimetype == "application/json+chapters"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert json.loads(answer.data)["chapters"][1] == {"startTime": 61.0, "title": "Two"}


def test_what_is_taken_back_takes_its_words_along(
    client: Visitor, session: Session, station: Station, sam: Person, work_off: Callable[[], int]
) -> None:
    episode = told(session)
    enqueue(session, "announce", "", now=NOON)
    work_off()
    assert any(b"Lamps" in content for content in session.scalars(select(StoredFeed.identity)))
    editorial.withdraw(session, station, episode, by=sam.asking, now=NOON)
    session.commit()
    for name in (
        "transcript.vtt",
        "transcript.srt",
        "transcript.html",
        "transcript.cy.html",
        "transcript.en-GB.vtt",
        "chapters.json",
    ):
        replaced = client.get(f"/episodes/{episode.id}/{name}")
        assert replaced.status_code == 200, "apps that have the old words get others in their place"
        assert b"aken back by the person who told it" in b" ".join(replaced.data.split())
        assert b"Lamps" not in replaced.data
    assert client.get(f"/episodes/{episode.id}/transcript.old_words.vtt").status_code == 410, "no feed ever told of that"
    station.clock.move(timedelta(minutes=2))  # type: ignore[attr-defined]
    work_off()
    assert session.scalars(select(Transcript)).all() == []
    assert episode.chapters is None
    assert client.get(f"/episodes/{episode.id}/transcript.cy.html").status_code == 200, "also when its words are erased"
    stored = session.scalars(select(StoredFeed.identity)).all()
    assert stored
    assert not any(b"Lamps" in content for content in stored), "no stored feed tells of it"


def test_only_what_its_teller_wants_in_apps_is_in_feeds_and_only_names_they_gave(client: Visitor, session: Session) -> None:
    episode = told(session)
    catalogue.set_voices(session, episode, ["Ann of the lamp"], named=False, now=NOON)
    assert b"Ann of the lamp" not in client.get(SHOW).data
    episode.scopes = ["site", "live"]  # from the start
    catalogue.touched(session)
    assert not feedparser.parse(client.get(SHOW).data).entries


def test_a_long_feed_has_pages_that_lead_to_each_other(
    client: Visitor, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "PER_PAGE", 3)
    show = make_show(session)
    made = [make_episode(session, show=show, title=f"Part {n}", now=NOON - timedelta(hours=n)) for n in range(7)]
    catalogue.describe(session, made[-1], now=NOON, release="trailer", season_number=1, episode_number=1)
    found, address = [], SHOW
    while address:
        channel = etree.fromstring(client.get(address).data)[0]
        links = {link.get("rel"): link.get("href") for link in channel.findall("a:link", NAMESPACES)}
        found += [guid.text for guid in channel.findall("item/guid")]
        assert [one.text for one in channel.findall("p:trailer", NAMESPACES)] == ["Part 6"], "on whatever page it is"
        address = (links.get("next") or "").removeprefix("http://localhost")
    assert found == [str(episode.guid) for episode in made]
    assert links["last"] == links["self"] == f"http://localhost{SHOW}?page=3"
    assert client.get(f"{SHOW}?page=4").status_code == 404
    assert json.loads(client.get("/shows/night-desk/feed.json").data)["next_url"].endswith("feed.json?page=2")


def test_beside_other_shows_nothing_is_numbered_or_introduces_the_whole(client: Visitor, session: Session) -> None:
    """Apps group a feed by its seasons, and play a trailer of the channel before all else."""
    show = make_show(session)
    for n, release in enumerate(("full", "trailer")):
        episode = make_episode(session, show=show, title=f"Part {n}", now=NOON - timedelta(hours=n))
        catalogue.describe(session, episode, now=NOON, release=release, season_number=2, episode_number=n + 1)
    own, *several = (etree.fromstring(client.get(path).data)[0] for path in (SHOW, "/feed.xml", "/kinds/programme/feed.xml"))
    told = ("item/i:season", "item/i:episode", "item/p:season", "item/p:episode", "p:trailer")
    assert [len(own.findall(name, NAMESPACES)) for name in told] == [2, 2, 2, 2, 1]
    for channel in several:
        assert [len(channel.findall(name, NAMESPACES)) for name in told] == [0, 0, 0, 0, 0]
        assert [one.text for one in channel.findall("item/i:episodeType", NAMESPACES)] == ["full", "bonus"]


def test_who_publishes_a_feed_names_it_too(client: Visitor, session: Session) -> None:
    """Source: podcast namespace, publisher feeds: a link that only one side has is not believed."""
    told(session)
    for path in every_feed(session):
        channel = etree.fromstring(client.get(path).data)[0]
        for publisher in channel.findall("p:publisher/p:remoteItem", NAMESPACES):
            there = etree.fromstring(client.get(publisher.get("feedUrl", "").removeprefix("http://localhost")).data)[0]
            listed = [one.get("feedUrl") for one in there.findall("p:remoteItem", NAMESPACES)]
            assert f"http://localhost{path}" in listed
    assert b"<podcast:publisher>" in client.get(SHOW).data


def test_the_feed_for_small_data_has_the_small_sound_and_asks_directories_to_pass_by(client: Visitor, session: Session) -> None:
    told(session)
    channel = etree.fromstring(client.get("/shows/night-desk/low/feed.xml").data)[0]
    assert channel.find("item/enclosure").get("url").endswith(".m4a")  # type: ignore[union-attr]
    assert channel.findtext("i:block", namespaces=NAMESPACES) == "Yes"
    assert channel.findtext("p:block", namespaces=NAMESPACES) == "yes"


def test_a_person_who_opens_a_feed_is_shown_what_to_do_with_it(client: Visitor, session: Session) -> None:
    told(session)
    sent_on = client.get(SHOW, headers=PEOPLE)
    assert (sent_on.status_code, sent_on.headers["Location"]) == (303, "/shows/night-desk/subscribe")
    page = client.get("/shows/night-desk/subscribe").text
    assert "AntennaPod" in page
    assert page.count('.opml" download') == 2, "a file to give to an app, not a page of code"
    assert "http://localhost/shows/night-desk/feed.xml" in page
    assert client.get(f"{SHOW}?raw=1", headers=PEOPLE).mimetype == "application/xml"
    assert client.get(SHOW).status_code == 200
    assert client.get(SHOW, headers=PEOPLE).status_code == 303, "also when the feed itself is kept"
    for path, place in ((names.TODAY_PATH, "/schedule"), (names.PUBLISHER_PATH, "/shows")):
        for _again in range(2):
            assert client.get(path).mimetype == "application/rss+xml"
            assert client.get(path, headers=PEOPLE).headers["Location"] == place


def test_an_app_that_is_given_the_address_of_a_page_finds_its_feeds(client: Visitor, session: Session) -> None:
    episode = told(session)
    for page in ("/", "/shows", "/subscribe", "/shows/night-desk", "/shows/night-desk/low/subscribe", f"/episodes/{episode.id}"):
        folder = page if page == "/" else "/" if page in {"/shows", "/subscribe"} else "/shows/night-desk/"
        folder += "low/" if "/low/" in page else ""
        links = re.findall(
            r'<link rel="alternate" type="(application/[a-z]+\+(?:xml|json))" title="[^"]+" href="([^"]+feed\.[^"]+)"',
            client.get(page).text,
        )
        assert links == [("application/rss+xml", f"{folder}feed.xml"), ("application/feed+json", f"{folder}feed.json")], page
        assert [client.get(address).mimetype for _media_type, address in links] == [media_type for media_type, _address in links]


def test_what_is_kept_is_answered_as_the_application_answered(client: Visitor, session: Session) -> None:
    told(session)
    catalogue.touched(session)
    first, kept = client.get(SHOW), client.get(SHOW)
    assert kept.data == first.data
    assert sorted(kept.headers) == sorted(first.headers)
    head = client.head(SHOW)
    assert head.data == b""
    assert head.headers["Content-Length"] == str(len(first.data))
    for suffix in ("", "-gzip", ";gzip"):
        etag = first.headers["ETag"].strip('"') + suffix
        assert client.get(SHOW, headers={"If-None-Match": f'W/"{etag}"'}).status_code == 304
    zipped = client.get(SHOW, headers={"Accept-Encoding": "gzip;q=0, identity"})
    assert "Content-Encoding" not in zipped.headers


def test_opml_names_every_show_and_another_one_every_feed_there_is(client: Visitor, session: Session) -> None:
    episode = told(session)
    terms = (("topic", "sleep"), ("substance", "opioids"))
    episode.tags = [EpisodeTag(vocabulary=listed, code=code) for listed, code in terms]
    opml = etree.fromstring(client.get("/feeds.opml").data)
    main = ["http://localhost/feed.xml", f"http://localhost{SHOW}"]
    assert [o.get("xmlUrl") for o in opml.iter("outline")] == main
    every = etree.fromstring(client.get("/every-feed.opml").data)
    listed = [address for o in every.iter("outline") if (address := o.get("xmlUrl"))]
    low = ["http://localhost/low/feed.xml", "http://localhost/shows/night-desk/low/feed.xml"]
    assert listed == [
        *main,
        *low,
        f"http://localhost/kinds/{episode.kind}/feed.xml",
        "http://localhost/tags/topic/sleep/feed.xml",
    ]
    for o in every.iter("outline"):
        for address in filter(None, (o.get("xmlUrl"), o.get("htmlUrl"))):
            assert client.get(address.removeprefix("http://localhost")).status_code == 200, address


def test_tags_that_are_hidden_have_no_feed(client: Visitor, session: Session) -> None:
    from radio.catalogue.terms import vocabulary

    hidden = next((each.name, term.code) for each in vocabulary().lists.values() for term in each.terms if term.sensitive)
    assert client.get(f"/tags/{hidden[0]}/{hidden[1]}/feed.xml").status_code == 404
    assert client.get("/tags/no/such/feed.xml").status_code == 404
    assert client.get("/kinds/nonsense/feed.xml").status_code == 404


def test_one_bad_item_never_takes_a_feed_down_and_its_producer_is_told(
    client: Visitor, session: Session, browser_of: Callable[[Person | None], Visitor], alice: Person
) -> None:
    show = make_show(session)
    make_episode(session, show=show, title="Whole", now=NOON - timedelta(hours=1))
    bad = make_episode(session, show=show, title="Broken one")
    bad.chapters = [{"start_ms": "soon", "title": "x"}]
    worse = make_episode(session, show=show, title="Broken two")
    worse.chapters = [{"nothing": "known"}]
    catalogue.touched(session)
    assert [entry.title for entry in feedparser.parse(client.get(SHOW).data).entries] == ["Whole"]
    session.expire_all()
    row = session.get(StoredFeed, "show:night-desk")
    assert row is not None
    assert {one["episode_id"] for one in row.left_out or ()} == {bad.id, worse.id}
    assert "Broken one" in browser_of(alice).get("/studio").text


def test_a_producer_takes_a_transcript_and_sees_what_apps_would_say(
    session: Session, browser_of: Callable[[Person | None], Visitor], sam: Person
) -> None:
    episode = make_episode(session, title="x" * 3)
    episode.title = "Turned \u202earound"
    browser = browser_of(sam)
    page = browser.get(f"/studio/episodes/{episode.id}").text
    assert "title-direction" not in page, "rules clean the title before it is told"
    sent = {"transcript": (io.BytesIO(VTT), "words.vtt"), "transcript_language": "en-GB"}
    answer = browser.post(f"/studio/episodes/{episode.id}/transcript", data=sent, content_type="multipart/form-data")
    assert answer.status_code == 303
    session.expire_all()
    assert [one.language for one in episode.transcripts] == ["en-GB"]
    assert "Hello &amp; welcome." in browser.get(f"/studio/episodes/{episode.id}/transcripts/en-GB").text
    bad = {"transcript": (io.BytesIO(b"\x00\xff\xfe"), "words.vtt"), "transcript_language": "in Welsh"}
    answer = browser.post(f"/studio/episodes/{episode.id}/transcript", data=bad, content_type="multipart/form-data")
    assert (answer.status_code, 'id="transcript_language-fault"' in answer.text) == (422, True), "said at its field"
    assert 'value="in Welsh"' in answer.text, "what was typed stays"
    browser.post(f"/studio/episodes/{episode.id}/transcript/forget", data={"language": "en-GB"})
    session.expire_all()
    assert episode.transcripts == []


def test_chapters_and_parts_are_typed_one_a_line(
    client: Visitor, session: Session, browser_of: Callable[[Person | None], Visitor], sam: Person
) -> None:
    episode = make_episode(session)
    browser, address = browser_of(sam), f"/studio/episodes/{episode.id}"
    typed = {"title": "Lamps", "summary": "Talk.", "kind": "programme", "language": "en-GB", "content_notes": "none",
             "scopes": ["site", "live", "podcast"], "release": "bonus"}  # fmt: skip
    wrong = browser.post(address, data=typed | {"chapters": "2:10 Second\n0:00 First"})
    assert wrong.status_code == 422
    assert "Let the chapters follow each other" in wrong.text
    assert "2:10 Second" in wrong.text
    right = {"chapters": "0:00 First\n1:02:10 Second", "soundbites": "0:10 - 0:40 The lamp"}
    assert browser.post(address, data=typed | right).status_code == 303
    session.expire_all()
    assert episode.chapters == [{"start_ms": 0, "title": "First"}, {"start_ms": 3_730_000, "title": "Second"}]
    assert episode.soundbites == [{"from_ms": 10_000, "to_ms": 40_000, "title": "The lamp"}]
    assert b"<itunes:episodeType>bonus<" in client.get(SHOW).data
    assert "1:02:10 Second" in browser.get(address).text


def test_an_episode_under_another_licence_says_so_wherever_its_show_says_its_own(
    client: Visitor, session: Session, station: Station, browser_of: Callable[[Person | None], Visitor], sam: Person
) -> None:
    episode = told(session)
    beside = make_episode(session, show=episode.show, title="Beside it")
    browser, address = browser_of(sam), f"/studio/episodes/{episode.id}"
    typed = {"title": "Lamps", "summary": "Talk.", "kind": "programme", "language": "en-GB", "content_notes": "none",
             "scopes": ["site", "live", "podcast"], "license_url": "https://licence.example/own"}  # fmt: skip
    assert "short name of the licence" in browser.post(address, data=typed).text, "an address alone names none"
    assert browser.post(address, data=typed | {"license": "Our-Own"}).status_code == 303
    session.expire_all()
    assert episode.own_license == {"name": "our-own", "url": "https://licence.example/own"}
    assert 'value="our-own"' in browser.get(address).text

    def licences(path: str) -> dict[str, tuple[str, str] | None]:
        items = etree.fromstring(client.get(path).data)[0].findall("item")
        found = {item.findtext("title"): item.find("p:license", NAMESPACES) for item in items}
        return {str(title): None if one is None else (str(one.text), one.get("url", "")) for title, one in found.items()}

    own = ("our-own", "https://licence.example/own")
    assert licences(SHOW) == {"Lamps": own, "Beside it": None}, "the channel says what holds for the rest"
    assert licences("/feed.xml") == {"Lamps": own, "Beside it": ("cc-by-4.0", "")}, "here no channel says it"
    tags = {one.episode_id: (one.tags.licence, one.tags.licence_url) for one in heads.stale(session, station)}
    assert tags == {episode.id: own, beside.id: ("cc-by-4.0", "")}
    assert browser.post(address, data=typed | {"license_url": ""}).status_code == 303
    assert licences(SHOW) == {"Lamps": None, "Beside it": None}


def test_a_show_is_told_to_directories_as_it_was_typed(
    client: Visitor, session: Session, browser_of: Callable[[Person | None], Visitor], edith: Person
) -> None:
    show = make_show(session)
    browser, address = browser_of(edith), f"/studio/shows/{show.slug}"
    typed = {"title": "Night Desk", "kind": "programme", "language": "en-GB", "category": "Music", "in_feeds": "yes"}
    wrong = browser.post(address, data=typed | {"title": "", "seasons": "winter", "language": "Welsh", "license_url": "here"})
    assert wrong.status_code == 422
    assert "its number, then its name" in wrong.text
    faulty = re.findall(r'<li><a href="#(\w+)">', wrong.text)
    assert faulty == ["title", "language", "license_url", "seasons"], "every fault at once, in the order of the page"
    assert "winter</textarea>" in wrong.text
    assert browser.post(address, data=typed | {"seen": "an older page"}).status_code == 409
    made = [browser.post("/studio/shows/new", data=typed | {"title": "Twice"}).location for _ in range(2)]
    begun = [browser.post(f"{address}/episodes/new", data={"title": "Twice"}).location for _ in range(2)]
    assert (made[0], begun[0]) == (made[1], begun[1]), "who presses twice means one"
    show.artwork_sha256 = "a" * 64
    assert "Choose a picture first." in browser.post(f"{address}/artwork").text
    assert show.artwork_sha256, "who chooses none loses none"
    assert browser.post(f"{address}/artwork", data={"then": "remove"}).status_code == 303
    assert show.artwork_sha256 is None
    right = {"hosts": "Robin (narrator)\nKim", "seasons": "2 Winter", "license": "CC-BY-4.0", "country": "gb", "serial": "yes", "verifications": "applepodcastsverify 1a",
             "podroll": "917393E3-1b1e-5cef-ace4-edaa54e1f810 https://other.example/feed Other"}  # fmt: skip
    assert browser.post(address, data=typed | right).status_code == 303
    feed = client.get(SHOW).data
    for said in (
        b"<itunes:type>serial<",
        b">cc-by-4.0<",
        b'country="GB">United Kingdom<',
        b'purpose="applepodcastsverify">1a<',
        b">Robin</podcast:person>",
        b'role="host" group="cast">Kim</podcast:person>',
        b'title="Other"',
    ):
        assert said in feed
    assert "917393e3-1b1e-5cef-ace4-edaa54e1f810 https://other.example/feed Other" in browser.get(address).text


MOVES = st.lists(
    st.tuples(st.sampled_from(["publish", "edit", "withdraw", "expire", "leave apps", "come back", "later"]), st.integers(0, 5)),
    min_size=4, max_size=14,
)  # fmt: skip


def move_on(session: Session, show: Show, made: list[Episode], move: str, which: int, now: datetime) -> None:
    """Somebody decides something about an episode, or time goes by."""
    if move == "publish" or not made:
        kind = ("programme", "guidance", "story")[which % 3]
        made.append(make_episode(session, show=show, kind=kind, title="The same title", now=now))
        made[-1].feed_guid = f"an earlier host's {len(made)}" if which == 5 else None
        return
    episode = made[which % len(made)]
    if episode.state is State.WITHDRAWN:
        return
    if move == "edit":
        catalogue.describe(session, episode, now=now, title=f"Changed {which}")
    elif move == "withdraw":
        episode.state, episode.withdrawn_at = State.WITHDRAWN, now
    elif move == "expire":
        catalogue.describe(session, episode, now=now, expires_at=now + timedelta(hours=which))
    elif move == "leave apps":
        catalogue.describe(session, episode, now=now, scopes=["site"])
    elif move == "come back":
        catalogue.describe(session, episode, now=now, scopes=["site", "podcast"])


@hypothesis_settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=MOVES)
def test_a_guid_is_of_one_episode_for_ever_and_a_rebuild_gives_the_same_bytes(
    session: Session, station: Station, moves: list[tuple[str, int]]
) -> None:
    session.rollback()
    show, now = make_show(session), NOON
    made: list[Episode] = []
    an_app_knows: dict[str, str] = {}
    """Guid → the address of its sound, as an app keeps it."""
    for move, which in moves:
        now += timedelta(days=17) if move == "later" else timedelta(hours=1)
        move_on(session, show, made, move, which, now)
        session.flush()
        for name in (FeedName(Of.SHOW, show.slug), FeedName(Of.SHOW, show.slug, low=True), FeedName(Of.KIND, "guidance")):
            feed, again = (actions.render(session, station, name.key, now=now).identity for _ in range(2))
            assert feed == again
            told = [
                (
                    item.findtext("guid"),
                    item.find("enclosure").get("url"),
                    (item.findtext("title"), item.findtext("pubDate", "")[:16]),
                )
                for item in etree.fromstring(feed).iter("item")
            ]  # type: ignore[union-attr]
            assert len({guid for guid, _url, _title in told}) == len({title for _guid, _url, title in told}) == len(told)
            for guid, url, _title in told:
                known = f"{name.of} {guid}"
                assert an_app_knows.setdefault(known, url.rpartition(".")[0]) == url.rpartition(".")[0]
        gone = {episode.feed_guid or str(episode.guid) for episode in made} - _guids(session, station, show, now)
        assert gone <= {episode.feed_guid or str(episode.guid) for episode in made if may_be_gone(episode, now)}
    session.rollback()


def _guids(session: Session, station: Station, show: Show, now: datetime) -> set[str]:
    told = actions.told(session, station, FeedName(Of.SHOW, show.slug).key, now=now)
    return {str(item.guid) for item in told.items}


def may_be_gone(episode: Episode, now: datetime) -> bool:
    """Whether its place in the feed is over: 90 days after it left, or at once where something just ends."""
    left = episode.withdrawn_at or episode.unshared_at or episode.expires_at
    if left is None:
        return False
    just_ends = episode.withdrawn_at is None and episode.unshared_at is None and episode.kind != "guidance"
    return left <= now and (just_ends or now >= left + tombstones.IN_FEEDS_FOR)
