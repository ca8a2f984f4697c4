"""What apps, listeners and its teller see of an episode that was taken back: nothing of it, and the truth about that."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import feedparser
import mutagen
import pytest
from flask import Flask
from sqlalchemy.orm import Session

from media import keys, tags
from media.store import S3Store
from radio.accounts.models import Person
from radio.catalogue import actions as catalogue
from radio.catalogue import transcripts
from radio.catalogue.models import Enclosure, Episode, EpisodeTag
from radio.catalogue.rules import Scope
from radio.clock import SetClock
from radio.db import db
from radio.editorial import actions as editorial
from radio.editorial.models import FeedItem
from radio.editorial.queries import receipt
from radio.editorial.rules import Surface
from radio.editorial.tasks import COMPACTED_AFTER
from radio.feeds import receipts, tombstones
from radio.feeds.models import StoredFeed
from radio.feeds.served import Ready
from radio.feeds.tombstones import Why
from radio.station import Station
from tests.downloads import SOUNDS, Look, make_unseen
from tests.makers import NOON, make_episode, make_show
from tests.visitor import Visitor

SECRET = "Marigold"
"""A word that stands in everything that is said of the episode, and nowhere else."""
FEEDS = (
    "/feed.xml", "/feed.json", "/low/feed.xml", "/shows/night-desk/feed.xml", "/shows/night-desk/low/feed.xml",
    "/kinds/story/feed.xml", "/kinds/story/feed.json", "/tags/topic/sleep/feed.xml", "/tags/topic/sleep/feed.json",
)  # fmt: skip
"""Every feed that tells of it."""


@pytest.fixture
def episode(session: Session, store: S3Store, alice: Person, look: Look) -> Episode:
    """In the feeds, with words, tags, numbers and a picture of its own."""
    episode = make_unseen(session, store, f"{SECRET} and I")
    episode.made_by, episode.summary, episode.notes = alice.id, f"{SECRET} in short.", f"All about **{SECRET}**."
    terms = [("topic", "sleep"), ("substance", "opioids")]
    episode.kind, episode.tags = "story", [EpisodeTag(vocabulary=listed, code=code) for listed, code in terms]
    episode.chapters = [{"start_ms": 0, "title": f"{SECRET} begins"}]
    look()
    return episode


@pytest.fixture
def take_back(
    app: Flask, session: Session, alice: Person, clock: SetClock, work_off: Callable[[], int]
) -> Callable[[Episode], None]:
    def _take_back(episode: Episode) -> None:
        episode_id, by = episode.id, alice.asking
        session.commit()
        with app.app_context():
            here: Station = app.extensions["station"]
            editorial.withdraw(db.session(), here, db.session().get_one(Episode, episode_id), by=by, now=clock.now())
            db.session().commit()
        session.expire_all()

    return _take_back


def entry(client: Visitor, path: str = "/feed.xml") -> Any:
    found = feedparser.parse(client.get(path).data).entries
    return found[0] if found else None


def test_the_feed_keeps_the_place_and_says_nothing_of_it(
    client: Visitor, episode: Episode, take_back: Callable[[Episode], None], work_off: Callable[[], int]
) -> None:
    before = entry(client)
    assert SECRET in before.title
    take_back(episode)

    for erased in (False, True):
        if erased:
            work_off()
        after = entry(client)
        assert (after.id, after.published) == (before.id, before.published)
        assert after.title == tombstones.title(Why.TAKEN_BACK, episode.id)
        assert after.summary
        assert after.content[0].value
        for said in (b"<itunes:block>Yes</itunes:block>", b'<podcast:txt purpose="gone">taken-back</podcast:txt>'):
            assert said in client.get("/feed.xml").data
        for path in FEEDS:
            told = client.get(path).data
            assert SECRET.encode() not in told, path
            assert after.title.encode() in told, "whoever subscribed to this one is told too"
        (enclosure,) = after.enclosures
        assert enclosure.href == before.enclosures[0].href
        clip = client.get(f"/audio/{episode.id}.mp3")
        assert clip.status_code == 200
        assert int(enclosure.length) == len(clip.data) < 100_000
        assert clip.headers["ETag"] != f'"{hashlib.sha256(SOUNDS["standard"]).hexdigest()[:32]}"'


@pytest.mark.parametrize("extension", ["mp3", "m4a"])
def test_the_clip_answers_all_that_the_episode_did(
    extension: str, client: Visitor, episode: Episode, take_back: Callable[[Episode], None]
) -> None:
    address = f"/audio/{episode.id}.{extension}"
    before = client.get(address)
    take_back(episode)
    clip = client.get(address)
    assert clip.headers["Content-Type"] == before.headers["Content-Type"]
    asked = client.head(address)
    assert (asked.status_code, asked.headers["Content-Length"]) == (200, str(len(clip.data)))
    assert client.get(address, headers={"Range": "bytes=-5"}).data == clip.data[-5:]
    assert client.get(address, headers={"Range": "bytes=900000-"}).status_code == 416
    resumed = client.get(address, headers={"Range": "bytes=1000-", "If-Range": before.headers["ETag"]})
    assert (resumed.status_code, resumed.data) == (200, clip.data), "whoever goes on with a download gets the clip, whole"


@pytest.mark.parametrize("why", Why)
@pytest.mark.parametrize("profile", ["standard", "low"])
def test_a_clip_is_short_and_says_that_its_voice_is_synthetic(why: Why, profile: str) -> None:
    clip = tombstones.clip(why, profile)
    assert len(clip.content) < 100_000
    assert 3_000 < clip.length_ms < 15_000
    said = mutagen.File(BytesIO(clip.content)).tags
    assert tags.SYNTHETIC in str(said.get("COMM::eng") or said.get("\xa9cmt"))


def public_bytes(client: Visitor, episode: Episode) -> dict[str, bytes]:
    """Every address at which anybody could look for it."""
    addresses = [
        *FEEDS, "/feeds.opml", "/today.xml", "/publisher.xml", "/", "/shows",
        "/shows/night-desk", f"/search?q={SECRET}", "/schedule", "/now.json", "/schedule.json", f"/episodes/{episode.id}",
        f"/episodes/{episode.id}/chapters.json", f"/episodes/{episode.id}/transcript.vtt", f"/episodes/{episode.id}/transcript.cy.srt", f"/episodes/{episode.id}/transcript.html",
        f"/audio/{episode.id}.mp3", f"/audio/{episode.id}.m4a",
    ]  # fmt: skip
    return {address: client.get(address).data.replace(b"for \xe2\x80\x9c" + SECRET.encode(), b"") for address in addresses}


def test_nothing_of_it_is_in_any_public_byte(
    client: Visitor,
    session: Session,
    store: S3Store,
    episode: Episode,
    take_back: Callable[[Episode], None],
    work_off: Callable[[], int],
) -> None:
    rows = session.query(Enclosure).all()
    hashes = [row.sha256[:32] for row in rows] + [r.sha256[:32] for r in episode.recording.renditions]  # type: ignore[union-attr]
    assert any(SECRET.encode() in content for content in public_bytes(client, episode).values())
    take_back(episode)
    work_off()

    left = public_bytes(client, episode)
    searched = left.pop(f"/search?q={SECRET}")
    assert episode.id.encode() not in searched, "the page only repeats what was typed"
    for address, content in left.items():
        for told in (SECRET, *hashes):
            at = content.find(told.encode())
            assert at < 0, (address, told, content[max(0, at - 700) : at + 50])
        assert SOUNDS["standard"][1000:3000] not in content, address
    assert session.query(Enclosure).count() == 0
    assert list(store.list(f"public/{episode.id}/")) == []
    kept = b"".join(row.identity for row in session.query(StoredFeed))
    assert SECRET.encode() not in kept, "no old feed is kept with it"


def test_nothing_of_it_is_left_in_the_files_of_the_station(
    session: Session, station: Station, episode: Episode, take_back: Callable[[Episode], None], work_off: Callable[[], int],
    clock: SetClock,
) -> None:  # fmt: skip
    def telling() -> set[str]:
        session.commit()
        files = [path for path in station.settings.data.rglob("*") if path.is_file()]
        return {path.name for path in files if SECRET.lower().encode() in path.read_bytes().lower()}

    if station.settings.database_url.startswith("sqlite"):
        assert telling()
    take_back(episode)
    work_off()
    clock.move(COMPACTED_AFTER)
    work_off()
    assert telling() == set()


def test_the_place_is_given_up_after_90_days_and_the_clip_after_a_year(
    client: Visitor, session: Session, episode: Episode, take_back: Callable[[Episode], None], work_off: Callable[[], int], clock: SetClock
) -> None:  # fmt: skip
    take_back(episode)
    work_off()
    clock.move(timedelta(days=90) - timedelta(minutes=1))
    tombstones.forget(session, now=clock.now())
    session.commit()
    for path in ("/feed.xml", "/kinds/story/feed.xml", "/tags/topic/sleep/feed.xml"):
        assert entry(client, path) is not None, path
    assert entry(client, "/kinds/programme/feed.xml") is None, "where it never was"
    assert session.get_one(FeedItem, episode.id).told_in == ["kind:story", "topic:sleep"], "and nothing that is never shown"
    clock.move(timedelta(minutes=1))
    for path in ("/feed.xml", "/kinds/story/feed.xml", "/tags/topic/sleep/feed.xml"):
        assert entry(client, path) is None, path
    work_off()
    session.expire_all()
    assert session.get_one(FeedItem, episode.id).told_in == []
    assert client.get(f"/audio/{episode.id}.mp3").status_code == 200
    clock.move(timedelta(days=275))
    for address in (f"/audio/{episode.id}.mp3", f"/audio/{episode.id}.m4a"):
        assert client.get(address).status_code == 410


def test_what_was_never_in_a_feed_is_gone_at_once(
    client: Visitor, session: Session, store: S3Store, alice: Person, look: Look, take_back: Callable[[Episode], None]
) -> None:
    story = make_unseen(session, store, "Only here")
    story.scopes, story.made_by = [Scope.SITE, Scope.LIVE], alice.id
    look()
    assert client.get(f"/audio/{story.id}.mp3").status_code == 200
    assert session.get(FeedItem, story.id) is None
    take_back(story)
    assert client.get(f"/audio/{story.id}.mp3").status_code == 410
    assert entry(client) is None


def test_guidance_that_ran_out_says_that_it_is_being_checked_and_may_return(
    client: Visitor, session: Session, store: S3Store, look: Look, clock: SetClock
) -> None:
    guidance = make_unseen(session, store, "Naloxone today", kind="guidance")
    guidance.expires_at = clock.now() + timedelta(days=1)
    look()
    before = entry(client)
    clock.move(timedelta(days=1))
    after = entry(client)
    assert after.id == before.id
    assert after.title == tombstones.title(Why.BEING_CHECKED, guidance.id)
    assert client.get(f"/audio/{guidance.id}.mp3").data == tombstones.clip(Why.BEING_CHECKED, "standard").content
    assert entry(client, "/kinds/guidance/feed.xml").title == after.title
    page = client.get(f"/episodes/{guidance.id}")
    assert (page.status_code, tombstones.TITLES[Why.BEING_CHECKED] in page.text) == (404, True), (
        "the note in the feed leads there"
    )
    guidance = session.get_one(Episode, guidance.id)
    catalogue.describe(session, guidance, now=clock.now(), expires_at=clock.now() + timedelta(days=30))
    look()
    assert entry(client).title == "Naloxone today"
    clock.move(timedelta(days=30 + 365))
    assert entry(client) is None
    assert client.get(f"/audio/{guidance.id}.mp3").status_code == 410


OUR_PAGE = {"Sec-Fetch-Site": "same-origin"}
"""What a browser says when a page of ours asks."""


def test_what_may_not_be_in_apps_any_more_leaves_them_like_what_is_taken_back_and_may_return(
    client: Visitor, session: Session, episode: Episode, look: Look, clock: SetClock
) -> None:
    transcripts.set_transcript(
        session, episode, "en-GB", b"WEBVTT\n\n00:00.000 --> 00:04.000\nMarigold, she said.\n", now=clock.now()
    )
    before, audio = entry(client), f"/audio/{episode.id}.mp3"
    catalogue.describe(session, episode, now=clock.now(), scopes=["site"])
    after, clip = entry(client), client.get(audio)
    assert (after.id, after.published, after.enclosures[0].href) == (before.id, before.published, before.enclosures[0].href)
    assert after.title == tombstones.title(Why.NOT_SHARED, episode.id)
    assert {entry(client, path).title for path in FEEDS if path.endswith("xml")} == {after.title}
    assert int(after.enclosures[0].length) == len(clip.data) == len(tombstones.clip(Why.NOT_SHARED, "standard").content)
    words = [
        f"/episodes/{episode.id}/{name}" for name in ("transcript.vtt", "transcript.srt", "transcript.html", "chapters.json")
    ]
    for path in (*FEEDS, *words, audio):
        answer = client.get(path)
        assert SECRET.encode() not in answer.data, path
        assert answer.headers["Access-Control-Allow-Origin"] == "*", path
    for path in (*words, audio):
        answer = client.get(path, headers=OUR_PAGE)
        assert answer.status_code == 200, "on our own pages it is as it was"
        assert SECRET.encode() in answer.data, path
        assert "Sec-Fetch-Site" in answer.headers["Vary"]
    assert SECRET in client.get(f"/episodes/{episode.id}").text

    clock.move(timedelta(days=89))
    catalogue.describe(session, episode, now=clock.now(), scopes=["site", "podcast"])
    again = entry(client)
    assert (again.id, again.title, again.enclosures) == (before.id, before.title, before.enclosures)
    assert SECRET.encode() in client.get(audio).data

    catalogue.describe(session, episode, now=clock.now(), scopes=["site"])
    clock.move(timedelta(days=90))
    assert entry(client) is None
    assert client.get(audio).data == clip.data
    clock.move(timedelta(days=275))
    assert client.get(audio).status_code == client.get(words[0]).status_code == 410
    assert client.get(audio, headers=OUR_PAGE).status_code == 200


def test_the_teller_who_wants_it_out_of_apps_has_a_receipt_for_that(
    browser_of: Callable[[Person | None], Visitor], client: Visitor, session: Session, episode: Episode, sam: Person,
    work_off: Callable[[], int], clock: SetClock,
) -> None:  # fmt: skip
    steward, page = browser_of(sam), f"/studio/episodes/{episode.id}"
    typed = {"kind": "programme", "title": f"{SECRET} and I", "summary": "Short.", "content_notes": "none",
             "language": "en-GB", "intensity": "0", "detail": "none", "scopes": ["site"]}  # fmt: skip
    assert f"{page}/receipt" not in steward.get(page).text
    assert steward.post(page, data=typed).status_code == 303
    assert f"{page}/receipt" in steward.get(page).text
    assert steward.get(f"{page}/receipt").text.count("Not seen to be gone yet") == 2
    for _ in range(3):
        work_off()
        clock.move(timedelta(minutes=1))
    shown = steward.get(f"{page}/receipt").text
    assert "Gone from every place that is ours" in shown
    assert "not shared as a podcast any more" in shown
    assert steward.post(page, data=typed | {"scopes": ["site", "podcast"]}).status_code == 303
    assert steward.get(f"{page}/receipt").status_code == 404
    assert SECRET in entry(client).title
    steward.post(page, data=typed)
    assert steward.get(f"{page}/receipt").text.count("Not seen to be gone yet") == 2, "looked at anew"


def test_its_teller_sees_from_where_it_is_gone_and_where_copies_may_remain(
    browser_of: Callable[[Person | None], Visitor], session: Session, episode: Episode, alice: Person, bob: Person,
    work_off: Callable[[], int], clock: SetClock, look: Look,
) -> None:  # fmt: skip
    producer = browser_of(alice)
    page = f"/studio/episodes/{episode.id}"
    assert producer.get(f"{page}/receipt").status_code == 404
    gone = producer.post(f"{page}/withdraw")
    assert gone.location.endswith(f"{page}/receipt")
    at_once = producer.get(f"{page}/receipt").text
    assert at_once.count("Not seen to be gone yet") == 7
    for _ in range(3):
        work_off()
        clock.move(timedelta(minutes=1))
    session.expire_all()
    assert receipt(session, session.get_one(Episode, episode.id)).whole
    shown = producer.get(f"{page}/receipt").text
    assert "Gone from every place that is ours" in shown
    assert "On phones and computers" in shown
    assert SECRET not in shown
    assert browser_of(bob).get(f"{page}/receipt").status_code == 404
    assert f"{page}/receipt" in producer.get(page).text


def test_the_receipt_looks_at_every_page_and_form_that_was_asked_for_and_at_what_lies_in_the_copy(
    app: Flask, client: Visitor, session: Session, store: S3Store, episode: Episode, take_back: Callable[[Episode], None],
    work_off: Callable[[], int], clock: SetClock,
) -> None:  # fmt: skip
    before = {address: client.get(address).data for address in ("/feed.xml", "/feed.json")}
    pointer = f'<podcast:remoteItem feedGuid="x" itemGuid="{episode.guid}"/></channel>'
    pointing = client.get("/today.xml").data.replace(b"</channel>", pointer.encode())
    take_back(episode)
    work_off()
    recording_id, here = episode.recording_id, app.extensions["station"]

    def gone(surface: Surface) -> bool:
        session.commit()
        with app.app_context():
            looker = receipts.Looker(db.session(), here, episode.id, now=clock.now())
            db.session().rollback()
            return looker.gone(surface)

    assert gone(Surface.FEEDS)
    told, in_memory = session.get_one(StoredFeed, "station"), app.extensions["feeds"].feeds
    columns = {column.name: getattr(told, column.name) for column in StoredFeed.__table__.columns}
    for name, old in {"kind:story/2": before["/feed.xml"], "json:station/2": before["/feed.json"], "today": pointing}.items():
        as_it_was = in_memory.get(name)
        planted = session.merge(StoredFeed(**columns | {"name": name, "identity": old}))
        in_memory[name] = Ready.of(planted)
        assert not gone(Surface.FEEDS), name
        session.delete(planted)
        in_memory[name] = as_it_was
    for name in ("kind:story/2", "json:station/2"):
        del in_memory[name]
    assert gone(Surface.FEEDS)

    assert gone(Surface.COPY), "nobody asked for one"
    key = f"{keys.COPY}live/standard/7-abc.mp3"
    store.put_bytes(key, b"sound", "audio/mpeg")
    for heard, is_whole, is_gone in (
        ({key: [recording_id]}, True, False), ({}, True, False), ({key: ["another"]}, False, False), ({key: ["another"]}, True, True),
    ):  # fmt: skip
        store.put_bytes(keys.COPY_INDEX, json.dumps({"is_whole": is_whole, "heard": heard}).encode(), "application/json")
        assert gone(Surface.COPY) is is_gone, (heard, is_whole)
    store.remove_all([key, keys.COPY_INDEX])


def test_the_producer_is_told_what_keeps_an_episode_out_of_apps(
    browser_of: Callable[[Person | None], Visitor], session: Session, episode: Episode, alice: Person, sam: Person, look: Look
) -> None:
    session.get_one(Episode, episode.id).recording.integrated_lufs = -70.0  # type: ignore[union-attr]
    session.get_one(FeedItem, episode.id).checked_at -= timedelta(hours=2)  # type: ignore[operator]
    look()
    producer = browser_of(alice)
    for page in (f"/studio/episodes/{episode.id}", "/studio"):
        shown = producer.get(page).text
        assert "Record it again, or send it with more level." in shown, page
        assert "kept out of podcast apps" in shown, page
    for n in range(11):  # what is out lately is not all that is out
        later = make_episode(session, show=episode.show, title=f"Later {n}", now=NOON + timedelta(hours=9, minutes=n))
        later.made_by = alice.id
    session.commit()
    shown = producer.get("/studio").text
    assert "Later 10" in shown
    assert "Later 0" not in shown
    assert "Record it again, or send it with more level." in shown


def test_what_is_taken_back_during_a_night_of_other_shows_touches_no_other_item(
    client: Visitor, session: Session, store: S3Store, episode: Episode, look: Look, take_back: Callable[[Episode], None]
) -> None:
    make_unseen(session, store, "Salt", show=make_show(session, slug="other", title="Other"))
    look()
    take_back(episode)
    titles = [each.title for each in feedparser.parse(client.get("/feed.xml").data).entries]
    assert sorted(titles) == ["Salt", tombstones.title(Why.TAKEN_BACK, episode.id)]
    assert [each.title for each in feedparser.parse(client.get("/shows/other/feed.xml").data).entries] == ["Salt"]
