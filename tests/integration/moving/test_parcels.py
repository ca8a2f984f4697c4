"""An archive of one station is the same show at another: ids, texts, tags, bytes. What was taken back never travels."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import feedparser
import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from media import artwork
from media.objects import StoreSettings
from media.store import S3Store
from radio import keyring
from radio.accounts.models import Person
from radio.catalogue import actions as catalogue
from radio.catalogue.models import Episode, Recording, Show
from radio.catalogue.rules import State
from radio.catalogue.transcripts import set_transcript
from radio.clock import SetClock
from radio.db import db, reading
from radio.editorial import actions as editorial
from radio.editorial.rules import AT_THE_CONSOLE
from radio.feeds import tombstones
from radio.feeds.tombstones import Why
from radio.jobs.carrier import Carrier
from radio.moving import actions, packing
from radio.moving.models import Arrival, ArrivalItem, Parcel
from radio.moving.rules import OPEN, ArrivalState, ItemState
from radio.settings import Settings
from radio.station import Station
from radio.studio.actions import picture_sha256, put_drawn, put_picture_away, receive_path
from tests.databases import Blank
from tests.integration.moving.conftest import let_in, painted
from tests.makers import make_episode, make_show
from tests.sounds import tone
from tests.visitor import Visitor

pytestmark = pytest.mark.usefixtures("one_ingest_a_sound")

SECOND = "http://second.fm"
"""As long as the first one's address: a download names its page, so its length follows from it."""
SCOPES = ["site", "live", "podcast"]
SECRET = "A sentence that was taken back"


@pytest.fixture
def told(session: Session, station: Station, clock: SetClock, work_off: Callable[[], int], tmp_path: Path) -> Show:
    """A show with two episodes that are out and a draft without sound."""
    path = tmp_path / "tone.wav"
    show = make_show(session, slug="long-way", title="The Long Way")
    catalogue.edit_show(
        session, show, now=clock.now(), author="Walkers", license="cc-by-4.0", funding_url="https://a.example/give", funding_words="Give",
        country="GB", seasons={"2": "Winter"}, hosts={"Robin": "narrator"}, podroll=[{"guid": str(UUID(int=9)), "url": "https://b.example/f", "title": "B"}],
        artwork_sha256=put_picture_away(station.store, painted("teal")), explicit=True,
    )  # fmt: skip
    made = []
    for number, title in enumerate(["First steps", "A second day"]):
        path.write_bytes(tone(1.5 + number / 2, hz=300 + 40 * number, rate_hz=16_000))
        episode = catalogue.make_episode(
            session, show, by=AT_THE_CONSOLE, now=clock.now(), title=title, summary=f"{title}, told.", notes="With **care**.",
            content_notes=[{"code": "suicide", "from_ms": 100, "to_ms": 900}], scopes=SCOPES, season_number=2,
            episode_number=number + 1,
        )  # fmt: skip
        catalogue.set_tags(session, episode, [("topic", "sleep")], now=clock.now())
        set_transcript(session, episode, "en-GB", b"WEBVTT\n\n00:00.000 --> 00:01.000\nGood morning", now=clock.now())
        catalogue.set_voices(session, episode, ["Robin", "Kim"], named=False, roles={"Robin": "narrator"}, now=clock.now())
        episode.voices[0].named = number == 0
        catalogue.describe(session, episode, now=clock.now(), chapters=[{"start_ms": 0, "title": "Start"}], release="bonus", explicit=True,
                           soundbites=[{"from_ms": 0, "to_ms": 20_000, "title": "The lamp"}],
                           own_license={"name": "our-own", "url": "https://a.example/own"} if number else None)  # fmt: skip
        receive_path(session, station, path, episode, by=AT_THE_CONSOLE, now=clock.now())
        made.append(episode)
    work_off()
    made[0].feed_guid = "old & odd"
    drawn = artwork.redraw(painted("plum"))
    made[1].artwork_sha256 = picture_sha256(drawn, made[1].id)
    put_drawn(station.store, made[1].artwork_sha256, drawn)
    for episode in made:
        editorial.submit(session, episode, by=AT_THE_CONSOLE, now=clock.now())
        editorial.publish(session, episode, by=AT_THE_CONSOLE, now=clock.now())
    catalogue.make_episode(session, show, by=AT_THE_CONSOLE, now=clock.now(), title="Not done yet")
    let_in(session, now=clock.now())
    work_off()
    return show


@pytest.fixture
def taken_back(session: Session, station: Station, clock: SetClock, work_off: Callable[[], int]) -> Episode:
    """The only episode of a show, taken back and erased; beside it a draft."""
    episode = make_episode(session, show=make_show(session, slug="long-way"), title=SECRET)
    make_episode(session, show=episode.show, state=State.DRAFT, ticks=None, title="Not done yet")
    session.commit()
    editorial.withdraw(session, station, episode, by=AT_THE_CONSOLE, now=clock.now())
    work_off()
    return episode


def archive(app: Flask, station: Station, clock: SetClock) -> bytes:
    out = io.BytesIO()
    with app.app_context(), reading():
        rows = db.session()
        packing.write(rows, station, list(rows.scalars(select(Show).order_by(Show.slug))), out, now=clock.now())
        rows.rollback()
    return out.getvalue()


class Second:
    """Another station: its own database, its own bucket, its own folder."""

    def __init__(self, app: Flask, clock: SetClock) -> None:
        self.app, self.clock = app, clock
        self.station: Station = app.extensions["station"]
        with app.app_context():
            self.session = Session(db.engine, expire_on_commit=False)

    def work_off(self) -> None:
        self.session.commit()
        carrier = Carrier(self.app)
        carrier.work_off()
        carrier.close()
        self.session.expire_all()

    def bring(self, content: bytes) -> Arrival:
        """Import an archive that was sent as a file."""
        self.station.store.put_bytes("private/arrivals/sent", content, "application/zip")
        arrival, _ = actions.begin(self.session, object_key="private/arrivals/sent", by=AT_THE_CONSOLE, now=self.clock.now())
        for _ in range(20):
            self.work_off()
            if arrival.state not in OPEN:
                return arrival
            self.clock.move(timedelta(minutes=1))
        pytest.fail("it never ends")

    def release(self, arrival: Arrival) -> None:
        actions.declare(
            self.session,
            arrival,
            scopes=SCOPES,
            agreed=True,
            nothing_to_know=True,
            pictures=True,
            by=AT_THE_CONSOLE,
            now=self.clock.now(),
        )
        self.work_off()
        let_in(self.session, now=self.clock.now())

    def items(self, arrival: Arrival) -> list[ArrivalItem]:
        return list(self.session.scalars(select(ArrivalItem).where(ArrivalItem.arrival_id == arrival.id)))


@pytest.fixture
def second(tmp_path: Path, blank: Blank, s3: StoreSettings, clock: SetClock) -> Iterator[Second]:
    from radio.app import create_app

    data = tmp_path / "second"
    data.mkdir()
    settings = Settings.from_env({
        "RADIO_DATA": str(data), "RADIO_DATABASE_URL": blank.copy(data), "RADIO_PUBLIC_URL": SECOND,
        "RADIO_STATION_NAME": "Second Radio",
    })  # fmt: skip
    keyring.make(settings)
    store = S3Store(
        replace(s3, bucket=f"second-{tmp_path.name[-20:].replace('_', '-').lower().strip('-')}x", public_endpoint_url=None)
    )
    store.ensure_bucket()
    app = create_app(settings, clock=clock, store=store)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    app.test_client_class = Visitor
    found = Second(app, clock)
    yield found
    found.session.close()
    with app.app_context():
        db.engine.dispose()


def sayings(episode: Episode) -> tuple[object, ...]:
    said = (episode.own_license, *(getattr(episode, name) for name in packing.EPISODE_FIELDS))
    tags = tuple((tag.vocabulary, tag.code) for tag in episode.tags)
    voices = (episode.artwork_sha256, *((each.voice.name, each.named, each.role) for each in episode.voices))
    renditions = sorted((r.profile, r.sha256, r.size_bytes) for r in episode.recording.renditions) if episode.recording else []
    renditions += [(row.language, row.text, row.timed) for row in episode.transcripts]
    return (episode.id, episode.guid, episode.feed_guid, episode.unshared_at, said, tags, voices, renditions)


def test_a_second_station_has_the_same_show_to_the_byte(
    told: Show, app: Flask, station: Station, clock: SetClock, session: Session, second: Second, client: Visitor
) -> None:
    left = session.scalars(select(Episode).where(Episode.title == "First steps")).one()
    catalogue.describe(session, left, now=clock.now(), scopes=["site"])
    session.commit()
    content = archive(app, station, clock)
    before = feedparser.parse(client.get("/shows/long-way/feed.xml").data)
    arrival = second.bring(content)
    assert [item.guid for item in second.items(arrival) if "left-apps-there" in item.notes] == [left.feed_guid]
    assert arrival.state is ArrivalState.OVER, arrival.problem
    assert {item.state for item in second.items(arrival)} == {ItemState.WHOLE}, [i.problem for i in second.items(arrival)]
    visitor = second.app.test_client()
    assert visitor.get("/shows/long-way/feed.xml").status_code == 404
    second.release(arrival)

    ours = session.scalars(select(Episode).where(Episode.state != State.WITHDRAWN).order_by(Episode.id)).all()
    theirs = second.session.scalars(select(Episode).where(Episode.state != State.WITHDRAWN).order_by(Episode.id)).all()
    assert [sayings(each) for each in theirs] == [sayings(each) for each in ours]
    assert [(each.state, each.published_at) for each in theirs] == [(each.state, each.published_at) for each in ours]
    second.session.rollback()  # or who asks for the feed would wait for us
    content_there = visitor.get("/shows/long-way/feed.xml").data
    after = feedparser.parse(content_there)
    assert as_told_by_any(content_there, SECOND) == as_told_by_any(
        client.get("/shows/long-way/feed.xml").data, "http://localhost"
    )
    assert [entry.title for entry in after.entries if entry.id == left.feed_guid] == [tombstones.title(Why.NOT_SHARED, left.id)]
    assert visitor.get(f"/audio/{left.id}.mp3").data == tombstones.clip(Why.NOT_SHARED, "standard").content
    assert len(before.entries) == 2
    assert [entry.id for entry in after.entries] == [entry.id for entry in before.entries]
    assert after.feed.podcast_guid == before.feed.podcast_guid
    for episode in ours:
        for rendition in episode.recording.renditions if episode.recording else ():
            assert second.station.store.read(rendition.key) == station.store.read(rendition.key)

    again = second.bring(content)
    assert {item.state for item in second.items(again)} == {ItemState.HERE}
    assert len(second.session.scalars(select(Episode)).all()) == len(ours), "twice is as good as once"


def test_what_was_taken_back_is_a_tombstone_there_and_nothing_else(
    taken_back: Episode, app: Flask, station: Station, clock: SetClock, second: Second, client: Visitor
) -> None:
    content = archive(app, station, clock)
    with zipfile.ZipFile(io.BytesIO(content)) as found:
        assert not any(taken_back.id in name for name in found.namelist())
        texts = b"".join(found.read(name) for name in found.namelist() if name.endswith((".json", ".xml")))
        assert SECRET.encode() not in texts
        [stone] = json.loads(found.read("shows/long-way/show.json"))["tombstones"]
    assert stone["id"] == taken_back.id
    assert set(stone) == {"id", "guid", "feed_guid", "published_at", "withdrawn_at", "entered_at"}

    second.release(second.bring(content))

    theirs = second.session.get_one(Episode, taken_back.id)
    assert (theirs.state, theirs.guid, theirs.title, theirs.recording) == (State.WITHDRAWN, taken_back.guid, "", None)
    second.session.rollback()  # who looks at rows keeps the station from writing its feeds down
    visitor, feed = second.app.test_client(), "/shows/long-way/feed.xml"
    [entry] = feedparser.parse(visitor.get(feed).data).entries
    assert (entry.id, entry.title) == (str(taken_back.guid), tombstones.title(Why.TAKEN_BACK, taken_back.id)), (
        "who followed the show hither hears of it"
    )
    assert [e.id for e in feedparser.parse(client.get(feed).data).entries] == [entry.id]
    assert visitor.get(f"/audio/{taken_back.id}.mp3").data == tombstones.clip(Why.TAKEN_BACK, "standard").content


def as_told_by_any(feed: bytes, host: str) -> list[str]:
    """A feed without what tells which station it is: its host, its guid as a publisher, and hashes of downloads that name it."""
    text = re.sub(r"<podcast:publisher>.*?</podcast:publisher>|<podcast:integrity [^>]*>", "", feed.decode(), flags=re.DOTALL)
    return text.replace(host, "").replace("><", ">\n<").split("\n")


def changed(content: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            inside = old.read(entry)
            new.writestr(entry.filename, change(inside) if entry.filename.endswith(name) else inside)
    return out.getvalue()


def test_nothing_in_an_archive_is_believed(
    told: Show, app: Flask, station: Station, clock: SetClock, session: Session, second: Second
) -> None:
    content = archive(app, station, clock)
    heard = session.scalars(select(Episode).where(Episode.state == State.PUBLISHED).order_by(Episode.id)).all()

    def as_other_sound(inside: bytes) -> bytes:
        found = json.loads(inside)
        import hashlib

        for each in found["recording"]["renditions"]:
            each["sha256"] = hashlib.sha256(b"x" * each["size_bytes"]).hexdigest()
        return json.dumps(found).encode()

    forged = changed(content, f"{heard[0].id}/standard.mp3", lambda inside: b"x" * len(inside))
    forged = changed(forged, f"{heard[0].id}/low.m4a", lambda inside: b"x" * len(inside))
    forged = changed(forged, f"{heard[0].id}/episode.json", as_other_sound)
    forged = changed(forged, f"{heard[1].id}/episode.json", lambda inside: inside.replace(b'"title": "', b'"title": {}, "x": "'))

    arrival = second.bring(forged)

    problems = {
        item.source.get("id", item.guid): item.problem for item in second.items(arrival) if item.state is ItemState.MISSING
    }
    assert problems == {heard[0].id: "damaged-parcel", heard[1].id: "damaged-parcel"}
    assert second.session.scalars(select(Recording)).all() == []
    for nonsense in (b"PK\x03\x04 and no more", changed(content, "parcel.json", lambda _: b"[]"), content[: len(content) // 2]):
        assert second.bring(nonsense).state is ArrivalState.REFUSED


def test_a_parcel_is_thrown_away_when_something_in_it_is_taken_back(
    told: Show, session: Session, station: Station, clock: SetClock, work_off: Callable[[], int], sam: Person,
    browser_of: Callable[[Person | None], Visitor],
) -> None:  # fmt: skip
    steward = browser_of(sam)
    assert steward.post("/studio/moving/parcels", data={"show": "long-way"}).status_code == 303
    work_off()
    parcel = session.scalars(select(Parcel)).one()
    address = f"/studio/moving/parcels/{parcel.id}.zip"
    assert address in steward.get("/studio/moving").text
    assert zipfile.ZipFile(io.BytesIO(steward.get(address).data)).testzip() is None
    assert len(steward.get(address, headers={"Range": "bytes=0-9"}).data) == 10

    episode = session.scalars(select(Episode).where(Episode.title == "First steps")).one()
    editorial.withdraw(session, station, episode, by=AT_THE_CONSOLE, now=clock.now())

    assert steward.get(address).status_code == 404
    key = parcel.object_key
    from radio.jobs.actions import enqueue

    enqueue(session, "tidy-moving", "", now=clock.now())
    work_off()
    assert session.get_one(Parcel, parcel.id).gone == "taken-back"
    assert not station.store.exists(key)


def test_the_command_line_takes_a_show_out_and_in(taken_back: Episode, app: Flask, second: Second, tmp_path: Path) -> None:
    file = tmp_path / "show.zip"
    from radio.moving.commands import bring, pack

    done = app.test_cli_runner().invoke(pack, ["long-way", str(file)])
    assert done.exit_code == 0, done.output
    assert zipfile.ZipFile(file).testzip() is None
    assert app.test_cli_runner().invoke(pack, ["--all", str(tmp_path / "all.zip")]).exit_code == 0
    begun = second.app.test_cli_runner().invoke(bring, [str(file), "--no-wait"])
    assert begun.exit_code == 0, begun.output
    second.work_off()
    second.session.expire_all()
    arrival = second.session.scalars(select(Arrival)).one()
    assert arrival.is_parcel
    told_again = second.app.test_cli_runner().invoke(bring, ["no-such-file"])
    assert told_again.exit_code == 2
