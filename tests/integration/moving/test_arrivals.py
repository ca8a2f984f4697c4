"""A show moves in from a feed: every item is whole, or listed with its reason."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import feedparser
import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from media.store import ObjectStore
from radio.accounts.models import Person
from radio.catalogue.models import Episode, Recording, Show, Voice
from radio.catalogue.queries import picture_keys
from radio.catalogue.rules import State
from radio.clock import SetClock
from radio.editorial import actions as editorial
from radio.editorial.rules import AT_THE_CONSOLE
from radio.jobs.actions import enqueue
from radio.jobs.queries import latest_job
from radio.jobs.rules import JobState
from radio.moving import actions, words
from radio.moving.models import Arrival
from radio.moving.rules import ArrivalState, ItemState
from radio.station import Station
from tests import elsewhere as habits
from tests.elsewhere import NEWEST, Elsewhere, Item, rss
from tests.integration.moving.conftest import Bring, items_of, let_in, painted
from tests.sounds import tone
from tests.visitor import Visitor

pytestmark = pytest.mark.usefixtures("one_ingest_a_sound")

SOUND = tone(2.0, rate_hz=16_000)
GUID = "917393e3-1b1e-5cef-ace4-edaa54e1f810"
DECLARED = {"agreed": "yes", "scopes": ["site", "live", "podcast"], "nothing_to_know": "yes"}


def serve(elsewhere: Elsewhere, items: list[Item], **more: str) -> str:
    return elsewhere.give("/feed.xml", rss(items, **more), "application/rss+xml")


def test_a_show_is_held_until_a_steward_releases_it_and_keeps_its_ids_and_dates(
    bring: Bring, elsewhere: Elsewhere, session: Session, sam: Person, browser_of: Callable[[Person | None], Visitor],
    client: Visitor, clock: SetClock, work_off: Callable[[], int],
) -> None:  # fmt: skip
    sound = elsewhere.give("/1.wav", SOUND)
    guids = ["https://old.example/?p=41&x=1", "Mixed Case / 7 — “é”", "0f2b7c1e-58c4-4d1e-9a6b-0f6f5f3d2a11"]
    elsewhere.give("/words.vtt", b"WEBVTT\n\n00:00.000 --> 00:01.000\n<v Robin>Good morning", "text/vtt")
    elsewhere.give(
        "/chapters.json",
        json.dumps(
            {"version": "1.2.0", "chapters": [{"startTime": 0, "title": "Start"}, {"startTime": 1, "title": "End"}]}
        ).encode(),
    )
    more = (
        f'<podcast:transcript url="{elsewhere.url("/words.vtt")}" type="text/vtt"/><itunes:season>2</itunes:season>'
        '<podcast:license url="https://a.example/own">Our own</podcast:license>'
        f'<podcast:transcript url="{elsewhere.url("/gone.srt")}" type="application/x-subrip" language="cy"/>'
        f'<podcast:chapters url="{elsewhere.url("/chapters.json")}" type="application/json+chapters"/>'
    )
    notes = "<content:encoded><![CDATA[<p>With <a href='https://a.example/'>a link</a></p>]]></content:encoded>"
    feed = serve(
        elsewhere, [Item(sound + f"?{n}", guid, f"Walk {n}", more=notes + more) for n, guid in enumerate(guids)],
        channel=f"<podcast:guid>{GUID}</podcast:guid><podcast:license>cc-by-4.0</podcast:license>",
    )  # fmt: skip
    arrival = bring(feed)
    assert arrival.state is ArrivalState.OVER
    assert {item.state for item in items_of(session, arrival)} == {ItemState.WHOLE}
    show = session.scalars(select(Show)).one()
    assert (show.guid, show.title, show.author) == (UUID(GUID), "The Long Way Round", "Walkers")
    assert client.get(f"/shows/{show.slug}/feed.xml").status_code == 404
    episodes = session.scalars(select(Episode)).all()
    assert {(each.state, tuple(each.scopes), each.held_at is None) for each in episodes} == {(State.DRAFT, (), False)}

    steward = browser_of(sam)
    page = f"/studio/moving/arrivals/{arrival.id}"
    assert "Publish all 3 episodes" in steward.get(page).text
    assert steward.post(f"{page}/release", data={}).status_code == 422
    assert steward.post(f"{page}/release", data=DECLARED).status_code == 303
    work_off()
    let_in(session, now=clock.now())

    told = feedparser.parse(client.get(f"/shows/{show.slug}/feed.xml").data)
    assert [entry.id for entry in told.entries] == guids
    assert [entry.published_parsed[:5] for entry in told.entries] == [
        (NEWEST - timedelta(days=7 * n)).timetuple()[:5] for n in range(3)
    ]
    assert told.feed.podcast_guid == GUID
    assert [entry.podcast_license for entry in told.entries] == [{"url": "https://a.example/own"}] * 3, "not its show's"
    assert client.get(f"/shows/{show.slug}/feed.xml").text.count('<podcast:license url="https://a.example/own">our-own<') == 3
    assert '<a href="https://a.example/"' in told.entries[0].content[0].value
    first = session.scalars(select(Episode).where(Episode.feed_guid == guids[0])).one()
    assert [(each.language, "Good morning" in each.text) for each in first.transcripts] == [("en-gb", True)]
    assert first.chapters == [{"start_ms": 0, "title": "Start"}, {"start_ms": 1000, "title": "End"}]
    assert (first.season_number, items_of(session, arrival)[0].notes) == (2, ["transcript-missing", "words-name"])
    assert not any(each.held_at for each in session.scalars(select(Episode)))


@pytest.mark.parametrize("patience_s", [0.3])
def test_a_server_that_says_nothing_any_more_is_left_and_asked_again(
    bring: Bring, elsewhere: Elsewhere, session: Session, store: ObjectStore
) -> None:
    """The other bad habits of hosts are in the test of two hundred items; these take their time."""
    once = elsewhere.do("/once", habits.stalls(SOUND, until=2))
    always = elsewhere.do("/always", habits.stalls(SOUND))
    feed = serve(
        elsewhere, [Item(once, "once", "Once", length="12"), Item(always, "always", "Always"), Item(once, "once", "Again")]
    )

    arrival = bring(feed)

    assert arrival.state is ArrivalState.OVER
    assert [item.problem for item in items_of(session, arrival)] == ["", "stalled", "guid-twice"]
    assert "length-differs" in items_of(session, arrival)[0].notes
    assert session.scalar(select(func.count()).select_from(Episode)) == 1, "nothing is half done"
    originals = {key for key in session.scalars(select(Recording.original_key)) if key}
    assert {each.key for each in store.list("private/originals/")} >= originals


def test_bringing_it_twice_changes_nothing(
    bring: Bring, elsewhere: Elsewhere, session: Session, clock: SetClock, station: Station
) -> None:
    sound = elsewhere.give("/1.wav", SOUND)
    feed = serve(elsewhere, [Item(f"{sound}?{n}", f"walk-{n}", f"Walk {n}") for n in range(3)])
    bring(feed)
    taken_back = session.scalars(select(Episode).where(Episode.feed_guid == "walk-1")).one()
    editorial.withdraw(session, station, taken_back, by=AT_THE_CONSOLE, now=clock.now())
    session.commit()
    elsewhere.asked.clear()
    before = [(each.id, each.changed_at, each.state) for each in session.scalars(select(Episode).order_by(Episode.id))]

    again = bring(feed)

    assert Counter(item.state for item in items_of(session, again)) == {ItemState.HERE: 3}
    assert elsewhere.asked == {"/feed.xml": 1}
    after = [(each.id, each.state) for each in session.scalars(select(Episode).order_by(Episode.id))]
    assert after == [(id_, state) for id_, _changed, state in before]
    assert len(session.scalars(select(Show)).all()) == 1


def test_what_was_missing_can_be_asked_for_again(
    bring: Bring, go_on: Callable[[Arrival], Arrival], elsewhere: Elsewhere, session: Session, sam: Person,
    browser_of: Callable[[Person | None], Visitor],
) -> None:  # fmt: skip
    feed = serve(elsewhere, [Item(elsewhere.url("/late"), "late", "Late"), Item(None, "never", "Never")])
    arrival = bring(feed)
    steward, page = browser_of(sam), f"/studio/moving/arrivals/{arrival.id}"
    said = steward.get(page).text
    assert "The file is not there any more (the server answers 404)." in said
    assert "The feed names no sound for it." in said
    elsewhere.give("/late", SOUND)

    assert steward.post(f"{page}/again").status_code == 303
    go_on(arrival)

    assert {item.guid: item.state for item in items_of(session, arrival)} == {"late": ItemState.WHOLE, "never": ItemState.MISSING}


def test_what_another_arrival_brought_meanwhile_is_here_and_the_rest_comes(
    bring: Bring, elsewhere: Elsewhere, session: Session, clock: SetClock, go_on: Callable[[Arrival], Arrival]
) -> None:
    gone = [elsewhere.do(f"/{n}.wav", habits.gives(b"", 404)) for n in range(2)]
    address = serve(elsewhere, [Item(url, f"old-{n}") for n, url in enumerate(gone)])
    first = bring(address)
    elsewhere.give("/0.wav", SOUND)
    bring(address)
    elsewhere.give("/1.wav", SOUND)

    actions.try_again(session, first, now=clock.now())
    session.commit()
    assert go_on(first).state is ArrivalState.OVER
    assert [(item.state, item.problem) for item in items_of(session, first)] == [(ItemState.HERE, ""), (ItemState.WHOLE, "")]
    assert elsewhere.asked["/0.wav"] == 2, "what is here is not fetched again"


def test_what_waits_says_why_and_when_it_is_tried_again(
    elsewhere: Elsewhere, session: Session, clock: SetClock, work_off: Callable[[], int], sam: Person,
    browser_of: Callable[[Person | None], Visitor],
) -> None:  # fmt: skip
    address = elsewhere.do("/feed.xml", lambda asked: asked.answer(503))
    arrival, _job = actions.begin(session, address=address, by=AT_THE_CONSOLE, now=clock.now())
    session.commit()
    pages = (f"/studio/moving/arrivals/{arrival.id}", "/studio/moving")
    for page in pages:
        said = browser_of(sam).get(page).text
        assert "Nobody is working at the moment" in said, "no worker lives"
        assert "Reading</span>" not in said
    work_off()

    for page in pages:
        said = browser_of(sam).get(page).text
        assert "Nobody is working" not in said
        assert "The server answers with a fault (503)." in said
        assert "It is tried again by itself at 12:00:15. Tried once so far; after 4 tries it is given up." in said
        assert "Waiting</span>" in said


@pytest.mark.parametrize(("address", "problem", "tries"), [
    ("http://no-such-server.invalid/feed.xml", "unknown-host", 4), ("http://{nobody}/feed.xml", "refuses-us", 4), ("{here}/gone.xml", "status", 1),
    ("{here}/page.xml", "not-a-feed", 2), ("https://{place}/feed.xml", "not-secure", 4),
])  # fmt: skip
def test_an_address_that_cannot_be_read_is_given_up_in_words_within_minutes(
    bring: Bring, elsewhere: Elsewhere, clock: SetClock, sam: Person, browser_of: Callable[[Person | None], Visitor], session: Session,
    nobody: str, address: str, problem: str, tries: int,
) -> None:  # fmt: skip
    begun = clock.now()
    elsewhere.give("/page.xml", b"<html><body>Hello</body></html>", "text/html")

    arrival = bring(address.format(nobody=nobody, here=elsewhere.url(""), place=elsewhere.place))

    assert (arrival.state, arrival.problem, arrival.tries) == (ArrivalState.REFUSED, problem, tries)
    assert clock.now() - begun < timedelta(minutes=10)
    said = browser_of(sam).get(f"/studio/moving/arrivals/{arrival.id}").text
    assert words.problem(problem, arrival.detail) in said
    assert "given up" in said
    assert "Reading" not in said


def test_a_server_that_asks_us_to_wait_two_hours_is_asked_again_after_two_hours(
    elsewhere: Elsewhere, clock: SetClock, session: Session, work_off: Callable[[], int]
) -> None:
    address = elsewhere.do("/feed.xml", habits.gives(b"", 503, Retry_After="7200"))
    arrival, _job = actions.begin(session, address=address, by=AT_THE_CONSOLE, now=clock.now())
    session.commit()
    work_off()

    assert (arrival.state, arrival.problem, arrival.detail) == (ArrivalState.READING, "status", "503")
    waiting = latest_job(session, "bring", arrival.id)
    assert waiting is not None
    assert waiting.due_at == clock.now() + timedelta(hours=2)


def test_an_arrival_whose_work_was_given_up_says_so(
    elsewhere: Elsewhere, clock: SetClock, session: Session, work_off: Callable[[], int], sam: Person,
    browser_of: Callable[[Person | None], Visitor],
) -> None:  # fmt: skip
    arrival, job = actions.begin(session, address=elsewhere.url("/feed.xml"), by=AT_THE_CONSOLE, now=clock.now())
    job.state, job.failure, job.ended_at = JobState.FAILED, "OSError in somewhere.py:1", clock.now()
    enqueue(session, "tidy-moving", "", now=clock.now())
    work_off()

    assert (arrival.state, arrival.problem) == (ArrivalState.REFUSED, "broke")
    assert "The station itself failed at it again and again" in browser_of(sam).get(f"/studio/moving/arrivals/{arrival.id}").text


def test_names_are_public_only_of_those_who_agreed(
    bring: Bring, elsewhere: Elsewhere, session: Session, sam: Person, browser_of: Callable[[Person | None], Visitor], client: Visitor,
    clock: SetClock, work_off: Callable[[], int], station: Station,
) -> None:  # fmt: skip
    sound = elsewhere.give("/1.wav", SOUND)
    picture = elsewhere.give("/own.png", painted("darkgreen"), "image/png")
    persons = '<podcast:person role="Host">Ann Real</podcast:person><podcast:person role="Fact Checker" group="Writing">Bo</podcast:person>'
    own = f'<itunes:image href="{picture}"/>'
    feed = serve(elsewhere, [Item(f"{sound}?{n}", f"{n}", f"Walk {n}", more=persons + own * (n == 0)) for n in range(2)])
    arrival = bring(feed)
    bo = session.scalars(select(Voice).where(Voice.name == "Bo")).one()
    steward, page = browser_of(sam), f"/studio/moving/arrivals/{arrival.id}"
    said = steward.get(page).text
    assert "2 episodes name people. No name is public before you say below that this person agrees to it." in said
    assert "Fact checker, 2 episodes" in said
    held = session.scalars(select(Episode).where(Episode.artwork_sha256.is_not(None))).one()
    seen = f"/studio/episodes/{held.id}/picture.jpg"
    assert seen in said
    assert (steward.get(seen).mimetype, client.get(seen).status_code) == ("image/jpeg", 302)

    assert steward.post(f"{page}/release", data={**DECLARED, "names": [bo.id], "pictures": "yes"}).status_code == 303
    work_off()
    let_in(session, now=clock.now())

    told = client.get(f"/shows/{session.scalars(select(Show)).one().slug}/feed.xml").text
    assert told.count('<podcast:person role="fact checker" group="writing">Bo</podcast:person>') == 2
    assert "Ann" not in told
    own = session.scalars(select(Episode).where(Episode.feed_guid == "0")).one()
    address = f"/artwork/{own.id}-{str(own.artwork_sha256)[:12]}-1400.jpg"
    assert f'<itunes:image href="http://localhost{address}"/>' in told
    shown = client.get(address)
    assert (shown.status_code, shown.headers["Cache-Control"]) == (200, "public, max-age=300")

    keys = picture_keys(own.artwork_sha256)
    editorial.withdraw(session, station, own, by=AT_THE_CONSOLE, now=clock.now())
    assert client.get(address).status_code == 410
    work_off()
    assert keys
    assert not [key for key in keys if station.store.exists(key)], "its picture is erased with it"


def test_a_picture_of_its_own_can_be_taken_away_alone(
    bring: Bring, elsewhere: Elsewhere, session: Session, sam: Person, bob: Person, browser_of: Callable[[Person | None], Visitor],
    work_off: Callable[[], int], station: Station, clock: SetClock, client: Visitor,
) -> None:  # fmt: skip
    picture = elsewhere.give("/own.png", painted("darkred"), "image/png")
    own = f'<itunes:image href="{picture}"/>'
    arrival = bring(serve(elsewhere, [Item(elsewhere.give("/1.wav", SOUND), "1", "One", more=own)]))
    steward = browser_of(sam)
    steward.post(f"/studio/moving/arrivals/{arrival.id}/release", data={**DECLARED, "pictures": "yes"})
    work_off()
    episode = session.scalars(select(Episode)).one()
    keys, page = picture_keys(episode.artwork_sha256), f"/studio/episodes/{episode.id}"
    assert all(station.store.exists(key) for key in keys)
    assert f'src="{page}/picture.jpg"' in steward.get(page).text
    assert browser_of(bob).post(f"{page}/picture/forget").status_code in {403, 404}

    assert steward.post(f"{page}/picture/forget").status_code == 303
    work_off()

    let_in(session, now=clock.now())
    assert episode.artwork_sha256 is None
    assert not [key for key in keys if station.store.exists(key)]
    assert f"/artwork/{episode.id}" not in client.get("/feed.xml").text
    assert steward.get(f"{page}/picture.jpg").status_code == 404


def test_a_locked_feed_is_left_alone_unless_it_is_ours(bring: Bring, elsewhere: Elsewhere, session: Session) -> None:
    feed = serve(elsewhere, [Item(elsewhere.give("/1", SOUND), "1", "One")], channel="<podcast:locked>yes</podcast:locked>")

    refused = bring(feed)
    assert (refused.state, refused.problem) == (ArrivalState.REFUSED, "locked")
    assert session.scalars(select(Show)).all() == []
    assert bring(feed, ours=True).state is ArrivalState.OVER


def test_pages_of_a_feed_are_one_show(bring: Bring, elsewhere: Elsewhere, session: Session) -> None:
    sound = elsewhere.give("/1", SOUND)
    elsewhere.give("/2.xml", rss([Item(f"{sound}?2", "2", "Two")], channel='<atom:link rel="next" href="/feed.xml"/>'))
    onward = f'<atom:link rel="next" href="{elsewhere.url("/2.xml")}"/>'
    arrival = bring(serve(elsewhere, [Item(f"{sound}?1", "1", "One")], channel=onward))

    assert [(item.guid, item.state) for item in items_of(session, arrival)] == [("1", "whole"), ("2", "whole")]


def test_a_file_that_would_fill_the_machine_is_not_read(bring: Bring, elsewhere: Elsewhere, session: Session) -> None:
    laughs = '<!DOCTYPE r [<!ENTITY a "lol">' + "".join(
        f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(10)
    )  # fmt: skip
    arrival = bring(serve(elsewhere, [Item(None, title="&k;")], head=laughs + "]>"))

    assert (arrival.state, arrival.problem) == (ArrivalState.REFUSED, "declares-entities")
    page = bring(elsewhere.give("/page.html", b"<html><body>Hello</body></html>", "text/html"))
    assert (page.state, page.problem) == (ArrivalState.REFUSED, "not-a-feed")


def test_a_hostile_feed_is_listed_item_by_item(bring: Bring, elsewhere: Elsewhere, session: Session) -> None:
    sound = elsewhere.give("/1", SOUND)
    hostile = [
        Item(f"{sound}?0", "whole", "Whole"),
        Item(None, "none", "Without sound"),
        Item(f"{sound}?2", None, None, "Thu, 99 Nonsense 2024"),
        Item(f"{sound}?3", "whole", "The same id"),
        Item("javascript:alert(1)", "script", "Script"),
        Item(f"{sound}?5", "x" * 5000, "Long id"),
        Item(elsewhere.give("/page", b"<p>", "text/html"), "html", "A page", media_type="text/html"),
        Item("https://" + "a" * 5000, "long", "Long address"),
        Item(f"{sound}?8", "big", "Big " * 1_000_000, "Fri, 01 Mar 2099 07:30:00 +0000", length="-1e9"),
    ]
    content = rss(hostile).replace(b"Without sound", b"With\x00out \x0b sound &nbsp; <b>")

    arrival = bring(elsewhere.give("/feed.xml", content, "text/html"))

    assert arrival.state is ArrivalState.OVER
    assert "feed-mended" in arrival.notes
    found = items_of(session, arrival)
    assert [item.problem for item in found] == [
        "", "no-enclosure", "", "guid-twice", "not-an-address", "guid-too-long", "no-sound", "not-an-address", "",
    ]  # fmt: skip
    assert set(found[2].notes) >= {"guid-missing", "title-missing", "date-nonsense"}
    assert set(found[8].notes) >= {"title-cut", "date-ahead"}
    assert [item.state for item in found if not item.problem] == [ItemState.WHOLE] * 3


def test_addresses_inside_are_never_asked(bring: Bring, app: Flask, elsewhere: Elsewhere) -> None:
    for inside in ("http://127.0.0.1:1024/feed", "http://[::1]:8080/", "http://localhost:2000/x", "http://2130706433:2000/"):
        arrival = bring(inside)
        assert (arrival.state, arrival.problem) == (ArrivalState.REFUSED, "private-address"), inside
    arrival = bring(elsewhere.do("/in", habits.leads_to("http://169.254.169.254/latest/meta-data/")))
    assert (arrival.state, arrival.problem) == (ArrivalState.REFUSED, "private-address")


def test_a_worker_that_stops_in_the_middle_goes_on(
    elsewhere: Elsewhere, session: Session, clock: SetClock, go_on: Callable[[Arrival], Arrival], app: Flask
) -> None:
    from radio.jobs.carrier import Carrier

    carrier = Carrier(app)

    def stops(asked: habits.Asked) -> None:
        if asked.times == 1:
            carrier.stop()
        asked.part(SOUND)

    sound = elsewhere.give("/1", SOUND)
    feed = serve(
        elsewhere, [Item(sound, "1", "One"), Item(elsewhere.do("/2", stops), "2", "Two"), Item(f"{sound}?3", "3", "Three")]
    )
    arrival, _job = actions.begin(session, address=feed, by=AT_THE_CONSOLE, now=clock.now())
    session.commit()
    for work, craft in carrier._take():
        carrier._do(work, craft)
        break
    carrier.close()
    session.expire_all()
    assert [item.state for item in items_of(session, arrival)].count(ItemState.WAITING) == 2

    go_on(arrival)

    assert {item.state for item in items_of(session, arrival)} == {ItemState.WHOLE}
    assert session.scalar(select(func.count()).select_from(Recording)) == 3
    assert elsewhere.asked["/feed.xml"] == 1


def test_only_stewards_move_shows(browser_of: Callable[[Person | None], Visitor], edith: Person, sam: Person) -> None:
    assert browser_of(edith).get("/studio/moving").status_code == 403
    assert browser_of(sam).get("/studio/moving").status_code == 200
    assert browser_of(sam).post("/studio/moving/arrivals", data={"address": "file:///etc/passwd"}).status_code == 422
    assert browser_of(sam).post("/studio/moving/arrivals", data={}).status_code == 422
