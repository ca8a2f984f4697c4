"""Nothing enters a feed until its public address has proved what the feed says of it."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import feedparser
import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from media import artwork, keys
from media.store import S3Store
from radio.accounts.models import Person
from radio.catalogue import actions as catalogue
from radio.catalogue.models import Enclosure, Episode, Rendition
from radio.clock import SetClock
from radio.editorial.models import FeedItem, GateWatch
from radio.feeds import proofs
from radio.feeds.gate import FEWEST_PROVED_AGAIN, Candidate, turn
from radio.jobs.actions import enqueue
from radio.station import Station
from tests.downloads import TICKS, Look, give_sound, make_unseen
from tests.live import free_port
from tests.makers import NOON, make_show
from tests.unit.radio.test_feed_rules import whole_item
from tests.visitor import Visitor


@pytest.fixture
def episode(session: Session, store: S3Store) -> Episode:
    """Published, never looked at."""
    return make_unseen(session, store)


def titles(client: Visitor) -> list[str]:
    return [entry.title for entry in feedparser.parse(client.get("/feed.xml").data).entries]


def faults(session: Session, episode: Episode) -> list[str]:
    session.expire_all()
    row = session.get(FeedItem, episode.id)
    return [code.partition(":")[0] for code in row.faults] if row else ["never looked at"]


def test_an_episode_enters_the_feed_when_its_address_has_proved_it(
    client: Visitor, session: Session, episode: Episode, look: Look
) -> None:
    assert titles(client) == []
    look()
    assert faults(session, episode) == []
    assert titles(client) == ["Bread"]
    row = session.get_one(FeedItem, episode.id)
    assert row.proved_sha256 == session.get_one(Enclosure, (episode.id, "standard")).sha256


def shorter(session: Session, store: S3Store, episode: Episode) -> None:
    row = session.get_one(Enclosure, (episode.id, "standard"))
    row.head_bytes -= 1


def sound_of(episode: Episode, profile: str = "standard") -> Rendition:
    assert episode.recording is not None
    rendition = episode.recording.rendition(profile)
    assert rendition is not None
    return rendition


def other_bytes(session: Session, store: S3Store, episode: Episode) -> None:
    store.put_bytes(sound_of(episode).key, b"\0" * sound_of(episode).size_bytes, "audio/mpeg")
    session.get_one(FeedItem, episode.id).proved_sha256 = None


def lost(session: Session, store: S3Store, episode: Episode) -> None:
    store.delete(sound_of(episode).key)


def small_one_lost(session: Session, store: S3Store, episode: Episode) -> None:
    store.delete(sound_of(episode, "low").key)


def small_one_of_other_bytes(session: Session, store: S3Store, episode: Episode) -> None:
    other = sound_of(episode, "low")
    store.put_bytes(other.key, b"\0" * other.size_bytes, "audio/mp4")
    session.get_one(FeedItem, episode.id).proved_sha256 = None


def wrong_length(session: Session, store: S3Store, episode: Episode) -> None:
    assert episode.recording is not None
    episode.recording.n_samples = TICKS * 46_080 * 2


def too_quiet(session: Session, store: S3Store, episode: Episode) -> None:
    assert episode.recording is not None
    episode.recording.integrated_lufs = -60.0


def small_picture(session: Session, store: S3Store, episode: Episode) -> None:
    picture(session, store, episode, artwork.pattern("small", 1000))


def no_picture(session: Session, store: S3Store, episode: Episode) -> None:
    picture(session, store, episode, b"<svg/>")


def picture(session: Session, store: S3Store, episode: Episode, content: bytes, *, of_show: bool = False) -> None:
    sha256 = hashlib.sha256(content).hexdigest()
    store.put_bytes(keys.artwork(sha256, 1400, "jpg"), content, "image/jpeg")
    store.put_bytes(keys.artwork(sha256, 600, "jpg"), artwork.pattern("x", 600), "image/jpeg")
    if of_show:
        episode.show.artwork_sha256 = sha256
    else:
        episode.artwork_sha256 = sha256


FAULTS = [
    ("length", shorter), ("bytes", other_bytes), ("range-wrong", lost), ("range-wrong", small_one_lost), ("bytes", small_one_of_other_bytes),
    ("duration", wrong_length), ("loudness", too_quiet), ("picture-size", small_picture), ("picture-broken", no_picture),
]  # fmt: skip


@pytest.mark.parametrize(("code", "broken"), FAULTS, ids=[broken.__name__ for _code, broken in FAULTS])
def test_a_fault_holds_its_item_and_the_feed_goes_on(
    code: str, broken: Callable[..., None], client: Visitor, session: Session, store: S3Store, episode: Episode, look: Look
) -> None:
    other = make_unseen(session, store, "Salt", show=make_show(session, slug="other", title="Other"))
    look()
    assert sorted(titles(client)) == ["Bread", "Salt"]

    broken(session, store, episode)
    hour_over(session)
    look()

    assert code in faults(session, episode)
    assert faults(session, other) == []
    assert titles(client) == ["Salt"]


def test_a_broken_picture_of_a_show_takes_nothing_out_that_apps_have_and_keeps_what_is_new_waiting(
    client: Visitor, session: Session, store: S3Store, episode: Episode, look: Look, browser_of: Callable[[Person | None], Visitor],
    sam: Person,
) -> None:  # fmt: skip
    look()
    picture(session, store, episode, b"<svg/>", of_show=True)
    new = make_unseen(session, store, "Salt", show=episode.show)
    hour_over(session)
    look()
    assert titles(client) == ["Bread"]
    assert (faults(session, episode), faults(session, new)) == (["picture-broken"], ["picture-broken"])
    board = browser_of(sam).get("/studio").text
    assert board.count("The picture of the show cannot be read.") == 2, "once for the show, once for what waits"
    assert f"/studio/shows/{episode.show.slug}" in board
    lost(session, store, episode)
    hour_over(session)
    look()
    assert titles(client) == [], "every other fault is still looked for"
    give_sound(session.get_one(Episode, episode.id), store)

    session.get_one(Episode, episode.id).show.artwork_sha256 = None
    hour_over(session)
    look()
    assert sorted(titles(client)) == ["Bread", "Salt"]
    assert "cannot be read" not in browser_of(sam).get("/studio").text


def hour_over(session: Session) -> None:
    session.execute(update(FeedItem).values(checked_at=NOON - timedelta(hours=1)))
    session.commit()


def test_an_item_comes_back_by_itself_when_it_is_well_again(
    client: Visitor, session: Session, store: S3Store, episode: Episode, look: Look, clock: SetClock
) -> None:
    look()
    lost(session, store, episode)
    clock.move(timedelta(hours=1))
    look()
    assert faults(session, episode)
    assert titles(client) == []
    give_sound(session.get_one(Episode, episode.id), store)
    look()
    assert faults(session, episode) == []
    assert titles(client) == ["Bread"]


def test_a_download_is_read_to_its_end_again_every_week(
    session: Session, store: S3Store, episode: Episode, look: Look, clock: SetClock
) -> None:
    look()
    proved_at = session.get_one(FeedItem, episode.id).proved_at
    sound = sound_of(session.get_one(Episode, episode.id))
    rotten = bytearray(store.read(sound.key))
    rotten[len(rotten) // 2] ^= 1
    store.put_bytes(sound.key, bytes(rotten), sound.media_type)
    seen = proofs.objects_sha256(store, proofs.keys(session)[episode.id])  # as after rot that the store knows nothing of
    session.get_one(FeedItem, episode.id).proved_objects_sha256 = seen
    session.commit()
    clock.move(timedelta(days=5))
    look()
    assert faults(session, episode) == [], "every hour its ends are asked for, and they are well"
    assert session.get_one(FeedItem, episode.id).proved_at == proved_at
    clock.move(timedelta(days=1))
    look()
    assert faults(session, episode) == ["bytes"]


def louder(content: bytes) -> bytes:
    """The same half minute ten decibels louder: as many bytes."""
    asked = "ffmpeg -v error -i - -af volume=10dB -b:a 64k -ac 1 -write_xing 0 -f mp3 -"
    found = subprocess.run(asked.split(), input=content, capture_output=True, check=True).stdout
    return found[: len(content)].ljust(len(content), b"\0")


@pytest.mark.parametrize(
    ("profile", "changed"), [("standard", louder), ("low", lambda content: content[:2000] + bytes(len(content) - 4000) + content[-2000:])]
)  # fmt: skip
def test_an_object_that_was_exchanged_for_one_as_long_is_found_out_within_the_hour(
    profile: str, changed: Callable[[bytes], bytes], client: Visitor, session: Session, store: S3Store, episode: Episode, look: Look,
    clock: SetClock, browser_of: Callable[[Person | None], Visitor], sam: Person,
) -> None:  # fmt: skip
    look()
    proved_at = session.get_one(FeedItem, episode.id).proved_at
    sound = sound_of(session.get_one(Episode, episode.id), profile)
    key, media_type, well = sound.key, sound.media_type, store.read(sound.key)
    other = changed(well)
    assert (len(other), other == well) == (len(well), False)

    store.put_bytes(key, other, media_type)
    clock.move(timedelta(hours=1))
    look()
    assert faults(session, episode) == ["bytes"]
    assert titles(client) == []
    assert "Its download is not what the feed says (bytes)." in browser_of(sam).get("/studio").text

    store.put_bytes(key, well, media_type)
    look()
    assert faults(session, episode) == []
    assert titles(client) == ["Bread"]
    proved_again = session.get_one(FeedItem, episode.id).proved_at
    assert proved_again != proved_at
    clock.move(timedelta(hours=1))
    look()
    assert session.get_one(FeedItem, episode.id).proved_at == proved_again, "the same objects are not read again"


def test_what_is_put_back_in_other_pieces_is_the_same_when_its_bytes_are(
    client: Visitor, session: Session, store: S3Store, episode: Episode, look: Look, clock: SetClock
) -> None:
    look()
    sound = sound_of(session.get_one(Episode, episode.id))
    content, before = store.read(sound.key), store.head(sound.key).etag
    upload = store.begin_upload(sound.key, sound.media_type)
    store.complete_upload(sound.key, upload, [store.put_part(sound.key, upload, 1, content, len(content))])
    assert store.head(sound.key).etag != before
    proved_at = session.get_one(FeedItem, episode.id).proved_at
    clock.move(timedelta(hours=1))
    look()
    row = session.get_one(FeedItem, episode.id, populate_existing=True)
    assert (row.faults, row.proved_sha256 is None, row.proved_at == proved_at) == ([], False, False)
    assert titles(client) == ["Bread"]


@pytest.mark.parametrize("profile", ["standard", "low"])
def test_bytes_that_rotted_are_not_proved_by_a_new_title(
    profile: str, client: Visitor, session: Session, store: S3Store, episode: Episode, look: Look, clock: SetClock
) -> None:
    look()
    sound = sound_of(session.get_one(Episode, episode.id), profile)
    key, media_type, well = sound.key, sound.media_type, store.read(sound.key)
    rotten = bytearray(well)
    rotten[len(rotten) // 2] ^= 1
    store.put_bytes(key, bytes(rotten), media_type)
    catalogue.describe(session, session.get_one(Episode, episode.id), now=clock.now(), title="Rolls")
    look()
    assert faults(session, episode) == ["bytes"]
    assert titles(client) == []

    store.put_bytes(key, well, media_type)
    look()
    assert faults(session, episode) == []
    assert titles(client) == ["Rolls"]


def test_a_whole_archive_is_never_read_at_once_and_within_a_day() -> None:
    def one(number: int, days_ago: int | None) -> Candidate:
        at = None if days_ago is None else NOON - timedelta(days=days_ago)
        return Candidate(f"{number:03}", whole_item(1), -16.0, "x", proved_at=at, proved_objects_sha256="y")

    fresh, over, never = [one(n, 5) for n in range(50)], [one(100 + n, 6 + n) for n in range(50)], [one(200, None)]
    chosen = turn([*fresh, *over, *never], now=NOON)
    assert chosen == {"200", *(f"{100 + n}" for n in range(50 - FEWEST_PROVED_AGAIN + 1, 50))}
    updated = [replace(each, proved_objects_sha256=None) for each in fresh]
    assert len(turn(updated, now=NOON)) == FEWEST_PROVED_AGAIN, "what was proved before an update is not read all at once either"
    many = [one(n, 9) for n in range(2400)]
    assert len(turn(many, now=NOON)) == 100


def test_nobody_answering_is_no_items_fault_and_somebody_is_told(
    client: Visitor, session: Session, app: Flask, store: S3Store, episode: Episode, look: Look, clock: SetClock,
    work_off: Callable[[], int],
) -> None:  # fmt: skip
    look()
    waiting = make_unseen(session, store, "Salt", show=make_show(session, slug="other", title="Other"))
    here: Station = app.extensions["station"]
    app.extensions["station"] = replace(here, settings=replace(here.settings, gate_url=f"http://127.0.0.1:{free_port()}"))
    clock.move(timedelta(hours=2))
    since = clock.now()
    enqueue(session, "gate", "", now=clock.now())
    work_off()

    assert titles(client) == ["Bread"]
    assert faults(session, waiting) == ["never looked at"]
    assert session.get_one(GateWatch, "gate").silent_since == since

    app.extensions["station"] = here
    look()
    assert session.get_one(GateWatch, "gate").silent_since is None
    assert sorted(titles(client)) == ["Bread", "Salt"]


def test_two_items_whom_apps_would_take_for_one_come_in_under_titles_of_their_own(
    client: Visitor, session: Session, store: S3Store, look: Look
) -> None:
    show = make_show(session)
    for n, title in enumerate(("Bread (2)", "Bread", "Bread")):
        make_unseen(session, store, title, show=show, now=NOON - timedelta(minutes=n))
    look()
    assert len(titles(client)) == len(set(titles(client))) == 3


def test_who_asks_the_gate_reaches_only_this_station(served: None, station: Station, app: Flask) -> None:
    from radio.feeds.reach import Reach

    reach = Reach(app.extensions["station"].settings)
    assert reach.is_us()
    away = reach.ask("/shows/")
    assert away.status == 308, "a redirect is an answer; it is not followed"
    assert not Reach(replace(station.settings, gate_url=f"http://127.0.0.1:{free_port()}")).is_us()
