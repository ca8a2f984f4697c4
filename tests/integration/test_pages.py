"""The public site, as somebody with a browser and no account sees it."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from media import keys
from radio.accounts.models import Person
from radio.catalogue import search
from radio.catalogue.models import Episode, EpisodeTag
from radio.catalogue.rules import State
from radio.clock import SetClock
from radio.editorial import air
from radio.schedule.actions import extend, set_slot
from radio.station import Station
from tests.makers import NOON, make_episode, make_show
from tests.visitor import Visitor

PUBLIC = ["/", "/schedule", "/schedule?day=2026-11-26", "/shows", "/search", "/search?q=bread", "/about", "/help"]


def planned(session: Session, station: Station, episode: Episode) -> None:
    """A slot each day that airs this episode at noon, compiled."""
    set_slot(session, None, zone="Europe/London", now=NOON, title="Midday at the table", first_start=NOON.replace(tzinfo=None),
             length_minutes=60, rrule="FREQ=DAILY", fill={"rung": "episode", "episode_id": episode.id})  # fmt: skip
    session.commit()
    extend(session, station)
    session.commit()


@pytest.mark.parametrize("address", PUBLIC)
def test_a_page_of_an_empty_station_says_what_to_do(client: Visitor, address: str) -> None:
    response = client.get(address)

    assert response.status_code == 200
    assert "emergency number" in response.text
    assert 'href="/help"' in response.text


@pytest.mark.parametrize("address", [*PUBLIC, "/robots.txt", "/site.webmanifest"])
def test_every_page_may_be_kept_by_anybody_and_is_asked_about_again(client: Visitor, address: str) -> None:
    response = client.get(address)

    assert response.headers["Cache-Control"].startswith("public, max-age=")
    assert "Cookie" not in response.headers.get("Vary", "")
    assert "Set-Cookie" not in response.headers
    again = client.get(address, headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304
    assert again.data == b""


def test_a_page_is_small_on_the_wire(client: Visitor, session: Session) -> None:
    show = make_show(session)
    for number in range(20):
        make_episode(session, show=show, title=f"Part {number}", now=NOON - timedelta(days=number))

    plain = client.get("/shows/night-desk")
    zipped = client.get("/shows/night-desk", headers={"Accept-Encoding": "gzip"})

    assert zipped.headers["Content-Encoding"] == "gzip"
    assert zipped.headers["ETag"] != plain.headers["ETag"]
    assert len(zipped.data) < 10_000


def test_home_says_what_is_on_air_in_a_sentence(client: Visitor, session: Session, station: Station, clock: SetClock) -> None:
    planned(session, station, make_episode(session, title="Bread", ticks=3000))
    clock.move(timedelta(minutes=5))

    page = client.get("/").text

    assert "Now, until 12:48: Bread" in page
    assert 'href="/live.mp3"' in page
    assert "s-maxage=20" in client.get("/").headers["Cache-Control"]


def test_without_javascript_there_is_an_audio_element_that_fetches_nothing(client: Visitor) -> None:
    page = client.get("/").text

    assert '<audio controls preload="none" src="/live.mp3"' in page
    assert "autoplay" not in page


def test_the_schedule_shows_a_day_and_tomorrow(client: Visitor, session: Session, station: Station) -> None:
    planned(session, station, make_episode(session, title="Bread", ticks=3000))

    today, tomorrow = client.get("/schedule").text, client.get("/schedule?day=2026-11-26").text

    assert "Midday at the table" in today
    assert "on air now" in today
    assert "Midday at the table" in tomorrow
    assert "on air now" not in tomorrow


@pytest.mark.parametrize("day", ["2020-01-01", "2099-01-01", "yesterday"])
def test_a_day_that_is_not_known_is_not_there(client: Visitor, day: str) -> None:
    assert client.get(f"/schedule?day={day}").status_code == 404


def test_nothing_is_listed_from_before_the_station_was_on_air(client: Visitor, session: Session, station: Station) -> None:
    make_episode(session, now=NOON)
    extend(session, station)
    page = client.get("/schedule")
    assert "12:00" in page.text
    assert "00:00" not in page.text.partition("12:00")[0]


def test_a_day_is_folded_by_its_slots_and_what_is_on_is_open(
    client: Visitor, session: Session, station: Station, clock: SetClock
) -> None:
    show = make_show(session)
    bread, _soup = (make_episode(session, show=show, title=title, ticks=1500) for title in ("Bread", "Soup"))
    planned(session, station, bread)
    clock.move(timedelta(minutes=5))
    today = client.get("/schedule").text

    opened, folded = (
        re.findall(rf'<details class="block-held"{mark}>(.*?)</details>', today, re.DOTALL) for mark in (" open", "")
    )
    assert len(opened) == 1
    assert "Midday at the table" in opened[0]
    assert "Bread" in opened[0]
    assert folded
    assert today.index('id="now"') < today.index(opened[0])


def test_a_page_of_what_may_be_taken_back_is_asked_about_each_time_it_is_shown(client: Visitor, session: Session) -> None:
    episode = make_episode(session)

    for address in (f"/episodes/{episode.id}", f"/episodes/{episode.id}/paper", f"/embed/{episode.id}"):
        first = client.get(address)
        assert first.headers["Cache-Control"] == "public, max-age=0, must-revalidate, s-maxage=20"
        again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data, again.headers["Cache-Control"]) == (304, b"", first.headers["Cache-Control"])


def test_an_episode_says_its_price_and_its_notes_before_its_sound(client: Visitor, session: Session) -> None:
    episode = make_episode(session, title="Bread", kind="story", ticks=1250)
    episode.content_notes = [{"code": "injecting", "from_ms": 130_000, "to_ms": 220_000}]
    episode.notes = "Thank you.\n\n<script>alert(1)</script>"

    page = client.get(f"/episodes/{episode.id}").text

    assert page.index("From 2:10 to 3:40") < page.index(f'href="/audio/{episode.id}.mp3"')
    assert "20 min" in page
    assert "9.6 MB" in page
    assert "3.6 MB with less data" in page
    assert "alert(1)" not in page or "<script>alert" not in page


def test_the_name_of_a_story_is_not_in_the_title_of_the_window(client: Visitor, session: Session) -> None:
    episode = make_episode(session, title="Bread", kind="story")

    assert "<title>Programme · Radio</title>" in client.get(f"/episodes/{episode.id}").text


def test_a_sample_says_that_its_voice_is_synthetic(client: Visitor, session: Session) -> None:
    episode = make_episode(session, show=make_show(session, synthetic=True))

    assert "made with a synthetic voice" in client.get(f"/episodes/{episode.id}").text
    assert "made with a synthetic voice" in client.get("/shows").text


def test_sensitive_tags_are_not_shown(client: Visitor, session: Session) -> None:
    episode = make_episode(session)
    episode.tags = [EpisodeTag(vocabulary="topic", code="sleep"), EpisodeTag(vocabulary="substance", code="alcohol", position=1)]

    page = client.get(f"/episodes/{episode.id}").text

    assert "Sleep" in page
    assert "lcohol" not in page


def test_what_is_taken_back_answers_gone_with_the_way_to_what_is_on_air(client: Visitor, session: Session) -> None:
    episode = make_episode(session, title="Bread")
    episode.state, episode.withdrawn_at = State.WITHDRAWN, NOON

    response = client.get(f"/episodes/{episode.id}")

    assert response.status_code == 410
    assert "Taken back" in response.text
    assert "Bread" not in response.text


@pytest.mark.parametrize("state", [State.DRAFT, State.READY])
def test_what_is_not_out_is_not_there(client: Visitor, session: Session, state: State) -> None:
    episode = make_episode(session, state=state)

    assert client.get(f"/episodes/{episode.id}").status_code == 404
    assert client.get("/episodes/nonsense").status_code == 404
    assert client.get("/shows/nonsense").status_code == 404


def test_a_long_show_has_pages(client: Visitor, session: Session) -> None:
    show = make_show(session)
    for number in range(25):
        make_episode(session, show=show, title=f"Part {number}", now=NOON - timedelta(days=number))

    first, second = client.get("/shows/night-desk").text, client.get("/shows/night-desk?page=2").text

    assert "Part 19" in first
    assert "Part 20" not in first
    assert "Part 24" in second
    assert client.get("/shows/night-desk?page=3").status_code == 404
    assert client.get("/shows/night-desk?page=0").status_code == 404


def test_episodes_are_found_by_their_words(client: Visitor, session: Session) -> None:
    episode = make_episode(session, title="Bread and tea")
    search.index(session, episode)

    assert "1 episode found" in client.get("/search?q=bread").text
    assert f"/episodes/{episode.id}" in client.get("/search?q=TEA").text
    assert "Nothing found" in client.get("/search?q=rain").text


def test_words_of_a_listener_never_become_markup(client: Visitor) -> None:
    page = client.get('/search?q="><script>alert(1)</script>').text

    assert "<script>alert" not in page


def test_after_ten_the_pages_start_in_night(client: Visitor, clock: SetClock) -> None:
    assert "data-night" not in client.get("/").text

    clock.move(timedelta(hours=10))

    assert '<html lang="en-GB" dir="ltr" data-night>' in client.get("/").text
    assert "data-night" in client.get("/nothing").text


def test_the_station_on_a_home_screen_is_called_radio(client: Visitor) -> None:
    manifest = client.get("/site.webmanifest").get_json(force=True)

    assert manifest["name"] == manifest["short_name"] == "Radio"
    assert client.get(manifest["icons"][0]["src"]).status_code == 200


def test_a_show_without_a_picture_has_a_pattern_for_ever(client: Visitor, session: Session) -> None:
    show = make_show(session)

    response = client.get(f"/artwork/{show.id}-pattern-600.jpg")

    assert response.mimetype == "image/jpeg"
    assert "immutable" in response.headers["Cache-Control"]
    assert client.get("/artwork/station-pattern-200.jpg").status_code == 200
    assert client.get(f"/artwork/{show.id}-pattern-601.jpg").status_code == 404
    assert client.get("/artwork/nobody-pattern-600.jpg").status_code == 404


def test_the_picture_of_a_show_is_on_its_page(client: Visitor, session: Session, station: Station) -> None:
    show = make_show(session)
    show.artwork_sha256 = hashlib.sha256(b"drawn").hexdigest()
    station.store.put_bytes(keys.artwork(show.artwork_sha256, 600, "jpg"), b"drawn", "image/jpeg")
    address = f"/artwork/{show.id}-{show.artwork_sha256[:12]}-600.jpg"

    assert f'src="{address}"' in client.get("/shows/night-desk").text
    assert client.get(address).data == b"drawn"
    assert client.get(f"/artwork/{show.id}-0123456789ab-600.jpg").status_code == 404


def test_an_address_with_a_slash_too_many_leads_to_the_page(client: Visitor) -> None:
    assert client.get("/schedule/").headers["Location"] == "/schedule"


def test_one_sheet_holds_every_style_and_is_kept_for_ever(client: Visitor) -> None:
    page = client.get("/").text
    address = page.split('rel="stylesheet" href="')[1].split('"')[0]

    response = client.get(address, headers={"Accept-Encoding": "gzip"})

    assert "immutable" in response.headers["Cache-Control"]
    assert len(response.data) < 12_000
    assert ".day-band" in client.get(address).text


@pytest.mark.parametrize("address", ["/static/000000000000/../../settings.py", "/static/000000000000/css/nothing.css"])
def test_nothing_but_the_static_tree_is_served(client: Visitor, address: str) -> None:
    assert client.get(address).status_code == 404


def test_while_the_station_is_stopped_no_page_promises_a_programme(
    client: Visitor, session: Session, station: Station, clock: SetClock, sam: Person
) -> None:
    make_episode(session, title="Bread", ticks=2_000)
    session.commit()
    extend(session, station)
    session.commit()
    assert "Bread" in client.get("/").get_data(as_text=True)

    air.stop(session, station, by=sam.asking, now=clock.now())
    session.commit()
    clock.move(timedelta(minutes=1))

    home, day = (client.get(path).get_data(as_text=True) for path in ("/", "/schedule"))
    assert "The programme is interrupted" in home
    assert "until" not in home.split("</h1>")[0].rpartition("<h1")[2]
    assert "The programme is interrupted" in day
