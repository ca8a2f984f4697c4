"""The station on other sites, in chats, in search engines and on paper: what was agreed, and nothing more."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta
from html import unescape
from urllib.parse import quote
from uuid import uuid4

import pytest
from lxml import etree
from PIL import Image
from sqlalchemy.orm import Session

from radio.catalogue.models import Enclosure, Episode
from radio.catalogue.rules import State
from tests.makers import NOON, make_episode, make_show
from tests.visitor import Visitor

EVERYWHERE = ["site", "live", "podcast", "relay"]
TITLE = "Drug addiction and bread"


def episode_of(session: Session, *, kind: str = "programme", scopes: list[str] | None = None) -> Episode:
    episode = make_episode(session, title=TITLE, kind=kind, ticks=1250)
    episode.scopes = EVERYWHERE if scopes is None else scopes
    session.flush()
    return episode


def take_back(session: Session, episode: Episode) -> None:
    episode.state, episode.withdrawn_at = State.WITHDRAWN, NOON
    session.flush()


def linked(page: str) -> list[dict[str, object]]:
    return [json.loads(each) for each in re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)]


def told(page: str, name: str) -> str:
    found = re.search(rf'<meta (?:property|name)="{name}" content="([^"]*)"', page)
    return unescape(found[1]) if found else ""


def test_the_player_on_another_site_has_no_script_and_only_our_sound(client: Visitor, session: Session) -> None:
    episode = episode_of(session)

    response = client.get(f"/embed/{episode.id}")

    policy = response.headers["Content-Security-Policy"]
    assert response.status_code == 200
    assert "<script" not in response.text
    assert "frame-ancestors *" in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert "X-Frame-Options" not in response.headers
    assert f'src="/audio/{episode.id}.mp3"' in response.text
    assert 'preload="none"' in response.text
    assert "Set-Cookie" not in response.headers


def test_what_to_know_comes_before_the_sound_there_too(client: Visitor, session: Session) -> None:
    episode = episode_of(session)
    episode.content_notes = [{"code": "injecting", "from_ms": 130_000, "to_ms": 220_000}]

    page = client.get(f"/embed/{episode.id}").text

    assert page.index("From 2:10 to 3:40") < page.index("/audio/")


def test_every_other_page_stays_out_of_frames(client: Visitor, session: Session) -> None:
    make_show(session)

    for path in ("/", "/shows", "/schedule", "/help", "/shows/night-desk", "/nothing", "/oembed", "/studio"):
        response = client.get(path)
        assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"], path
        assert response.headers["X-Frame-Options"] == "DENY", path


def test_what_is_taken_back_is_calm_words_in_the_frame_and_no_sound(client: Visitor, session: Session) -> None:
    episode = episode_of(session)
    take_back(session, episode)

    response = client.get(f"/embed/{episode.id}")

    assert response.status_code == 410
    assert "has been taken back" in response.text
    assert "/audio/" not in response.text
    assert TITLE not in response.text
    assert "frame-ancestors *" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("scopes", [["site", "live"], ["site", "live", "podcast"], ["live", "podcast", "relay"], []])
def test_only_what_may_be_passed_on_is_shown_on_other_sites(client: Visitor, session: Session, scopes: list[str]) -> None:
    episode = episode_of(session, scopes=scopes)

    frame = client.get(f"/embed/{episode.id}")
    asked = client.get("/oembed", query_string={"url": f"http://localhost/episodes/{episode.id}"})
    page = client.get(f"/episodes/{episode.id}").text

    assert (frame.status_code, asked.status_code) == (404, 404)
    assert "/audio/" not in frame.text
    assert TITLE not in frame.text
    assert "oembed" not in page
    assert "iframe" not in page


def test_a_site_that_asks_is_given_a_frame(client: Visitor, session: Session) -> None:
    episode = episode_of(session)
    page = client.get(f"/episodes/{episode.id}").text
    found = re.search(r'type="application/json\+oembed" href="([^"]+)"', page)
    assert found

    assert found[1].startswith("http://localhost/"), "whoever looks for it resolves no address"
    response = client.get(unescape(found[1]))
    facts = response.get_json()

    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert (facts["type"], facts["version"], facts["title"]) == ("rich", "1.0", TITLE)
    assert f'src="http://localhost/embed/{episode.id}"' in facts["html"]
    assert f'width="{facts["width"]}"' in facts["html"]
    assert client.get(facts["thumbnail_url"].replace("http://localhost", "")).mimetype == "image/jpeg"


def test_the_same_as_xml_and_smaller(client: Visitor, session: Session) -> None:
    episode = episode_of(session)
    address = quote(f"http://localhost/episodes/{episode.id}", safe="")

    response = client.get(f"/oembed?url={address}&format=xml&maxwidth=300&maxheight=100")
    facts = {each.tag: each.text for each in etree.fromstring(response.data)}

    assert (facts["width"], facts["height"]) == ("300", "100")
    assert 'width="300" height="100"' in str(facts["html"])
    assert not [name for name in facts if str(name).startswith("thumbnail")], "no larger picture than was asked for"


ASKED = (
    [("", 404), ("?url=http://evil.example/episodes/{id}", 404), ("?url=http://localhost/studio", 404), ("?url=javascript:1", 404),
     ("?url=http://localhost/episodes/{id}&format=yaml", 501), ("?url=http://localhost/e/{short}", 200),
     ("?url=http://localhost/embed/{id}&maxwidth=0&maxheight=x", 200)]
)  # fmt: skip


def test_oembed_answers_for_our_addresses_only(client: Visitor, session: Session) -> None:
    episode = episode_of(session)

    for query, status in ASKED:
        assert client.get("/oembed" + query.format(id=episode.id, short=episode.id[:8])).status_code == status, query


def test_a_preview_of_a_story_does_not_shout(client: Visitor, session: Session) -> None:
    episode = episode_of(session, kind="story")
    page = client.get(f"/episodes/{episode.id}").text

    said = " ".join(told(page, name) for name in ("og:title", "og:description", "og:image:alt", "description"))
    assert told(page, "og:title") == "Programme"
    for word in ("Drug", "bread", "calm talk", "Night Desk"):
        assert word not in said
    facts = client.get("/oembed", query_string={"url": f"http://localhost/episodes/{episode.id}"}).text
    assert "Drug" not in facts


def test_the_picture_of_every_story_is_the_same(client: Visitor, session: Session) -> None:
    show = make_show(session)
    stories = [make_episode(session, show=show, title=title, kind="story") for title in ("One", "Another")]
    other = make_episode(session, show=show, title="Bread")

    one, another, third = (client.get(f"/cards/{each.id}.jpg") for each in (*stories, other))

    assert one.data == another.data != third.data
    with Image.open(io.BytesIO(third.data)) as image:
        assert image.size == (1200, 630)


def test_a_preview_says_what_a_programme_is_and_its_picture_follows_the_title(client: Visitor, session: Session) -> None:
    episode = episode_of(session)
    first = client.get(f"/episodes/{episode.id}").text
    episode.title = "Tea"
    second = client.get(f"/episodes/{episode.id}").text

    assert told(first, "og:title") == TITLE
    assert told(second, "og:title") == "Tea"
    assert told(first, "og:image") != told(second, "og:image")
    assert told(first, "twitter:card") == "summary_large_image"
    assert client.get(told(second, "og:image").replace("http://localhost", "")).status_code == 200


def test_a_link_to_the_station_shows_its_name(client: Visitor) -> None:
    page = client.get("/").text

    assert told(page, "og:title") == "Peer Radio"
    assert client.get(told(page, "og:image").removeprefix("http://localhost")).mimetype == "image/jpeg"


def test_what_is_taken_back_has_no_picture(client: Visitor, session: Session) -> None:
    episode = episode_of(session)
    take_back(session, episode)

    assert client.get(f"/cards/{episode.id}.jpg").status_code == 410
    assert client.get("/cards/nothing.jpg").status_code == 404


def test_machines_are_told_what_the_episode_is(client: Visitor, session: Session) -> None:
    episode = episode_of(session)
    episode.episode_number, episode.season_number, episode.show.seasons = 3, 1, {"1": "The winter"}
    sound = episode.recording.rendition("standard") if episode.recording else None
    assert sound is not None
    session.add(Enclosure(
        episode_id=episode.id, profile="standard", facts_sha256="0" * 64, rendition_sha256=sound.sha256, head_key="public/head",
        head_bytes=700, sha256="1" * 64, size_bytes=sound.size_bytes + 700 - sound.header_bytes, since=NOON,
    ))  # fmt: skip
    facts = linked(client.get(f"/episodes/{episode.id}").text)[0]
    series = linked(client.get("/shows/night-desk").text)[0]

    assert facts["@type"] == "PodcastEpisode"
    assert facts["duration"] == "PT19M59S"
    assert facts["datePublished"] == "2026-11-25T12:00:00+00:00"
    assert facts["associatedMedia"]["contentUrl"].endswith(f"/audio/{episode.id}.mp3")  # type: ignore[index]
    there = client.head(f"/audio/{episode.id}.mp3").content_length
    assert facts["associatedMedia"]["contentSize"] == str(there), "as long as it really is"  # type: ignore[index]
    assert facts["partOfSeries"]["@id"] == series["@id"]  # type: ignore[index]
    assert (facts["episodeNumber"], facts["partOfSeason"]) == (
        3,
        {"@type": "PodcastSeason", "seasonNumber": 1, "name": "The winter"},
    )
    assert (series["@type"], series["webFeed"]) == ("PodcastSeries", "http://localhost/shows/night-desk/feed.xml")


def test_a_title_cannot_leave_the_block_it_is_told_in(client: Visitor, session: Session) -> None:
    episode = episode_of(session)
    episode.title = episode.show.title = "</script><b>&\"'"

    for path in (f"/episodes/{episode.id}", "/shows/night-desk"):
        page = client.get(path).text
        assert "</script><b>" not in page
        assert linked(page)[0]["name"] == episode.title


@pytest.mark.parametrize(
    ("kind", "scopes", "header", "is_listed"),
    [
        ("programme", EVERYWHERE, None, True),
        ("story", EVERYWHERE, "noarchive", True),
        ("story", ["site", "live"], "noindex, noarchive", False),
        ("programme", ["site", "live"], "noindex, noarchive", False),
    ],
)
def test_search_engines_keep_what_was_agreed(
    client: Visitor, session: Session, kind: str, scopes: list[str], header: str | None, is_listed: bool
) -> None:
    episode = episode_of(session, kind=kind, scopes=scopes)

    page = client.get(f"/episodes/{episode.id}")
    listing = client.get("/sitemap/episodes-1.xml")

    assert page.headers.get("X-Robots-Tag") == header
    assert bool(linked(page.text)) is is_listed
    assert (f"/episodes/{episode.id}" in listing.text) is is_listed


def test_the_sitemap_has_what_is_out_and_nothing_else(client: Visitor, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("radio.pages.sharing.EPISODES_PER_SITEMAP", 2)
    show, hidden = make_show(session), make_show(session, slug="idents", title="Idents", in_feeds=False)
    out = [make_episode(session, show=show, title=f"{n}", now=NOON - timedelta(days=n)) for n in range(3)]
    not_out = [
        make_episode(session, show=show, state=State.DRAFT), make_episode(session, show=show, state=State.READY),
        make_episode(session, show=hidden), make_episode(session, show=show, now=NOON + timedelta(days=1)),
    ]  # fmt: skip
    back = make_episode(session, show=show)
    take_back(session, back)
    gone = make_episode(session, show=show)
    gone.expires_at = NOON
    space = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}

    maps = [e.text for e in etree.fromstring(client.get("/sitemap.xml").data).findall("s:sitemap/s:loc", space)]
    found = [
        each for path in maps for each in etree.fromstring(client.get(str(path).removeprefix("http://localhost")).data)
    ]  # fmt: skip
    pages = [each.findtext("s:loc", namespaces=space) for each in found]

    assert {f"http://localhost/episodes/{each.id}" for each in out} == {page for page in pages if "/episodes/" in str(page)}
    assert "http://localhost/shows/night-desk" in pages
    assert not any(each.id in str(page) for each in (*not_out, back, gone) for page in pages)
    assert "http://localhost/shows/idents" not in pages
    assert all(
        each.findtext("s:lastmod", namespaces=space)
        for each in found
        if "/episodes/" in str(each.findtext("s:loc", namespaces=space))
    )
    assert client.get("/sitemap/episodes-9.xml").status_code == 404
    assert all(client.get(str(page).removeprefix("http://localhost")).status_code == 200 for page in pages)


def test_robots_are_told_where_the_sitemap_is_and_what_is_not_theirs(client: Visitor) -> None:
    page = client.get("/robots.txt").text

    assert "Sitemap: http://localhost/sitemap.xml" in page
    assert "Disallow: /studio" in page
    assert re.search(r"User-agent: GPTBot\n(?:User-agent: .*\n)*Disallow: /\n", page)


def test_a_short_link_can_be_typed_from_paper(client: Visitor, session: Session) -> None:
    episode = episode_of(session)
    short = episode.id[:8]
    typed = short.upper().replace("0", "O").replace("1", "L")

    for asked in (short, typed, episode.id):
        response = client.get(f"/e/{asked}")
        assert response.status_code == 302
        assert response.headers["Location"] == f"/episodes/{episode.id}"
    assert client.get("/s/Night-Desk").headers["Location"] == "/shows/night-desk"


def test_a_short_link_keeps_its_meaning_when_another_id_begins_alike(client: Visitor, session: Session) -> None:
    show = make_show(session)
    first = make_episode(session, show=show, now=NOON - timedelta(days=2))
    id_alike = first.id[:9] + ("z" if first.id[9] != "z" else "y") + first.id[10:]
    session.add(
        Episode(id=id_alike, show_id=show.id, guid=uuid4(), kind="programme", state=State.PUBLISHED, title="Alike", summary="A talk.",
                content_notes=[], scopes=EVERYWHERE, made_at=NOON, changed_at=NOON, published_at=NOON)
    )  # fmt: skip
    session.flush()

    said = [
        re.search(r'<a href="http://localhost/(e/\w+)">localhost/<wbr>\1</a>', client.get(f"/episodes/{each}/paper").text)
        for each in (first.id, id_alike)
    ]

    assert [found and found[1] for found in said] == [f"e/{first.id[:8]}", f"e/{id_alike[:10]}"]
    assert client.get(f"/e/{first.id[:8]}").headers["Location"] == f"/episodes/{first.id}"
    assert client.get(f"/e/{id_alike[:10]}").headers["Location"] == f"/episodes/{id_alike}"


def test_a_short_link_to_nothing_is_nothing(client: Visitor, session: Session) -> None:
    episode_of(session)

    for asked in ("abcdefg", "abcdefgh", "a%25cdefgh", "abcdefgh_", "abcdefghijklmnopqrst"):
        assert client.get(f"/e/{asked}").status_code == 404
    assert client.get("/s/nothing").status_code == 404


def test_a_short_link_to_what_was_taken_back_says_so(client: Visitor, session: Session) -> None:
    episode = episode_of(session)
    take_back(session, episode)

    assert client.get(f"/e/{episode.id[:8]}").status_code == 410
    assert client.get(f"/episodes/{episode.id}/paper").status_code == 410


def test_a_sheet_of_a_story_can_hang_on_any_wall(client: Visitor, session: Session) -> None:
    episode = episode_of(session, kind="story")

    page = client.get(f"/episodes/{episode.id}/paper").text

    assert "Drug" not in page
    assert "data:image/svg+xml" in page
    assert f"localhost/<wbr>e/{episode.id[:8]}" in page
