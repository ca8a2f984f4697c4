"""A download says what its episode is, and the feed and the bytes always agree."""

from __future__ import annotations

import hashlib
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from urllib.parse import urlsplit

import feedparser
import mutagen
import pytest
from flask import Flask
from mutagen.id3 import ID3
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from media import tags
from media.objects import StoreSettings
from media.store import S3Store
from radio.catalogue import actions as catalogue
from radio.catalogue.models import Enclosure, Episode
from radio.clock import SetClock
from radio.editorial.models import FeedItem
from radio.jobs.actions import enqueue
from radio.station import Station
from tests.downloads import SOUNDS, TICKS, Look, give_sound
from tests.makers import NOON, make_episode, make_show
from tests.visitor import Visitor


@pytest.fixture
def episode(session: Session, store: S3Store) -> Episode:
    """Half a minute of real sound in both renditions."""
    show = make_show(session, synthetic=True)
    episode = make_episode(session, show=show, title="Bread & <b>salt</b> 🍞", ticks=TICKS)
    give_sound(episode, store)
    session.flush()
    return episode


@pytest.fixture
def tagged(session: Session, episode: Episode, work_off: Callable[[], int]) -> Episode:
    enqueue(session, "enclosures", "", now=NOON)
    work_off()
    return episode


def offered(client: Visitor) -> dict[str, int]:
    """Address → length, as the feed tells them."""
    (entry,) = feedparser.parse(client.get("/feed.xml").data).entries
    return {f"/audio/{entry.enclosures[0].href.rsplit('/', 1)[1]}": int(entry.enclosures[0].length)}


def test_a_download_tells_what_is_public_and_nothing_else(client: Visitor, tagged: Episode) -> None:
    content = client.get(f"/audio/{tagged.id}.mp3").data
    head = ID3(BytesIO(content))
    assert head.version == (2, 4, 0)
    assert str(head["TIT2"]) == tagged.title
    assert str(head["TALB"]) == tagged.show.title
    assert str(head["COMM::eng"]) == tags.SYNTHETIC
    assert head["APIC:"].mime == "image/jpeg"
    assert {name.split(":")[0] for name in head} <= {
        "TIT2", "TALB", "TPE1", "TCON", "TDRL", "TLEN", "WOAF", "COMM", "TXXX", "APIC", "TCOP", "WCOP",
    }  # fmt: skip
    assert content.endswith(SOUNDS["standard"])
    assert len(content) - len(SOUNDS["standard"]) < 100_000


def test_the_small_download_is_tagged_too_and_sounds_the_same(client: Visitor, tagged: Episode) -> None:
    content = client.get(f"/audio/{tagged.id}.m4a").data
    file = mutagen.File(BytesIO(content))
    assert file["\xa9nam"] == [tagged.title]
    assert file["\xa9cmt"] == [tags.SYNTHETIC]
    assert file.info.length == pytest.approx(28.8)
    assert content.endswith(SOUNDS["low"][604:])


def test_ranges_go_across_head_and_sound(client: Visitor, tagged: Episode, session: Session) -> None:
    row = session.get_one(Enclosure, (tagged.id, "standard"))
    whole = client.get(f"/audio/{tagged.id}.mp3").data
    head = row.head_bytes
    for start, stop in (
        (0, 1),
        (0, head),
        (head - 1, head + 1),
        (head, head + 10),
        (head - 300, len(whole)),
        (len(whole) - 1, len(whole)),
    ):
        part = client.get(f"/audio/{tagged.id}.mp3", headers={"Range": f"bytes={start}-{stop - 1}"})
        assert part.status_code == 206
        assert part.data == whole[start:stop]
        assert part.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(whole)}"


def test_the_feed_tells_the_length_of_what_is_served_before_and_after_a_new_title(
    client: Visitor, session: Session, tagged: Episode, work_off: Callable[[], int], clock: SetClock
) -> None:
    old = client.get(f"/audio/{tagged.id}.mp3")
    assert offered(client) == {f"/audio/{tagged.id}.mp3": len(old.data)}

    catalogue.describe(session, tagged, now=clock.now(), title="A much longer title than it had before")
    between = client.get(f"/audio/{tagged.id}.mp3")
    assert between.data == old.data
    assert offered(client) == {f"/audio/{tagged.id}.mp3": len(old.data)}

    work_off()
    new = client.get(f"/audio/{tagged.id}.mp3")
    assert str(ID3(BytesIO(new.data))["TIT2"]) == "A much longer title than it had before"
    assert new.headers["ETag"] != old.headers["ETag"]
    assert offered(client) == {f"/audio/{tagged.id}.mp3": len(new.data)}
    resumed = client.get(f"/audio/{tagged.id}.mp3", headers={"Range": "bytes=100-", "If-Range": old.headers["ETag"]})
    assert (resumed.status_code, resumed.data) == (200, new.data)


def test_a_new_picture_of_the_show_is_in_the_download(
    client: Visitor, session: Session, tagged: Episode, work_off: Callable[[], int], store: S3Store, clock: SetClock
) -> None:
    from media import artwork, keys

    old = ID3(BytesIO(client.get(f"/audio/{tagged.id}.mp3").data))["APIC:"].data
    picture = artwork.pattern("another picture!", 600)
    store.put_bytes(keys.artwork("a" * 64, 600, "jpg"), picture, "image/jpeg")
    catalogue.edit_show(session, tagged.show, now=clock.now(), artwork_sha256="a" * 64)
    work_off()
    assert ID3(BytesIO(client.get(f"/audio/{tagged.id}.mp3").data))["APIC:"].data == artwork.cover(picture) != old


def test_an_old_title_is_erased_from_the_store(
    session: Session, tagged: Episode, work_off: Callable[[], int], store: S3Store, clock: SetClock
) -> None:
    catalogue.describe(session, tagged, now=clock.now(), title="Without the name")
    work_off()
    clock.move(timedelta(minutes=20))
    work_off()
    left = [store.read(each.key) for each in store.list(f"public/{tagged.id}/")]
    assert len(left) == 2
    assert not any(b"salt" in content for content in left)


def test_one_sound_that_is_lost_keeps_no_other_from_its_head(
    session: Session, episode: Episode, work_off: Callable[[], int]
) -> None:
    lost = make_episode(session, show=episode.show, title="Lost", now=NOON + timedelta(seconds=1))
    enqueue(session, "enclosures", "", now=NOON)
    work_off()
    tagged = set(session.scalars(select(Enclosure.episode_id)))
    assert tagged == {episode.id}
    assert lost.id not in tagged


def test_unchanged_facts_make_no_second_head(
    session: Session, tagged: Episode, work_off: Callable[[], int], clock: SetClock
) -> None:
    rows = {row.profile: (row.sha256, row.since) for row in session.scalars(select(Enclosure))}
    clock.move(timedelta(hours=2))
    catalogue.describe(session, tagged, now=clock.now(), summary="Said better.")
    work_off()
    assert {row.profile: (row.sha256, row.since) for row in session.scalars(select(Enclosure))} == rows
    session.execute(delete(Enclosure))
    enqueue(session, "enclosures", "", now=clock.now())
    work_off()
    assert {row.profile: row.sha256 for row in session.scalars(select(Enclosure))} == {n: sha for n, (sha, _) in rows.items()}


@pytest.fixture
def past_us(app: Flask, s3: StoreSettings) -> None:
    """Listeners reach the store themselves, and are sent there."""
    here: Station = app.extensions["station"]
    public = replace(here.settings, s3_endpoint=s3.endpoint_url, s3_public_endpoint=s3.endpoint_url)
    app.extensions["station"] = replace(here, settings=public, store=S3Store(s3))


def fetch(address: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """What the store itself answers."""
    asked = urllib.request.Request(address, headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urllib.request.urlopen(asked, timeout=120) as answer:
            return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, {}, b""


def test_a_store_that_listeners_reach_gives_the_tagged_bytes_and_we_answer_what_it_cannot(
    past_us: None, client: Visitor, session: Session, episode: Episode, look: Look
) -> None:
    session.execute(delete(FeedItem))
    look()
    assert session.get_one(FeedItem, episode.id).faults == [], "the gate goes where apps are sent"
    row, audio = session.get_one(Enclosure, (episode.id, "standard")), f"/audio/{episode.id}.mp3"
    assert offered(client) == {audio: row.size_bytes}

    asked = client.head(audio)
    assert (asked.status_code, asked.headers["Content-Length"], asked.headers["Accept-Ranges"]) == (
        200,
        str(row.size_bytes),
        "bytes",
    )
    ours = asked.headers["ETag"]
    sent = client.get(audio)
    assert (sent.status_code, sent.headers["Cache-Control"]) == (302, "no-store")
    assert urlsplit(sent.location).path.endswith(".mp3")
    status, headers, content = fetch(sent.location)
    assert (status, len(content), headers["content-type"]) == (200, row.size_bytes, "audio/mpeg")
    assert hashlib.sha256(content).hexdigest() == row.sha256
    assert str(ID3(BytesIO(content))["TIT2"]) == episode.title

    for header, start, stop in (
        ("bytes=0-1", 0, 2),
        ("bytes=-1", -1, len(content)),
        (f"bytes={row.head_bytes}-", row.head_bytes, len(content)),
    ):
        there = client.get(audio, headers={"Range": header})
        assert there.status_code == 302
        status, part, got = fetch(there.location, Range=header)
        assert (status, got) == (206, content[start:stop]), header
        assert part["content-range"].endswith(f"/{len(content)}")
    assert (
        fetch(client.get(audio, headers={"Range": f"bytes={len(content)}-"}).location, Range=f"bytes={len(content)}-")[0] == 416
    )

    assert client.get(audio, headers={"If-None-Match": ours}).status_code == 304
    resumed = client.get(audio, headers={"Range": "bytes=100-", "If-Range": ours})
    assert (resumed.status_code, resumed.data) == (206, content[100:])
    assert client.get(audio, headers={"Range": "bytes=100-", "If-Range": headers["etag"]}).status_code == 302
    begun_before = client.get(audio, headers={"Range": "bytes=100-", "If-Range": '"another"'})
    assert (begun_before.status_code, begun_before.data) == (200, content)


def test_the_store_of_listeners_gives_no_old_title(
    past_us: None, client: Visitor, session: Session, tagged: Episode, work_off: Callable[[], int], clock: SetClock
) -> None:
    old = client.get(f"/audio/{tagged.id}.mp3").location
    catalogue.describe(session, tagged, now=clock.now(), title="Without the name")
    work_off()
    new = client.get(f"/audio/{tagged.id}.mp3").location
    assert urlsplit(new).path != urlsplit(old).path
    assert str(ID3(BytesIO(fetch(new)[2]))["TIT2"]) == "Without the name"
    clock.move(timedelta(minutes=20))
    work_off()
    assert fetch(old)[0] == 404


def test_enclosures_that_were_made_before_listeners_could_reach_the_store_are_made_whole(
    client: Visitor,
    session: Session,
    tagged: Episode,
    work_off: Callable[[], int],
    request: pytest.FixtureRequest,
    clock: SetClock,
) -> None:
    assert client.get(f"/audio/{tagged.id}.mp3").status_code == 200
    request.getfixturevalue("past_us")
    assert client.get(f"/audio/{tagged.id}.mp3").status_code == 200, "we put it together until it is there"
    enqueue(session, "enclosures", "", now=clock.now())
    work_off()
    assert client.get(f"/audio/{tagged.id}.mp3").status_code == 302


def test_chapters_stand_in_the_download_in_the_order_of_time() -> None:
    spans = [(0, 4000, "The longest title comes first in time"), (4000, 8000, "Then"), (8000, 9000, "The last one")]
    chapters = tuple(tags.Chapter(*span) for span in spans * 6)
    one = tags.PublicTags("Lamps", "Night Desk", "Us", "", date(2026, 11, 25), 9000, chapters=chapters, cover=b"jpeg")
    ordered = replace(one, chapters=tuple(sorted(chapters, key=lambda each: each.start_ms)))
    for head in (tags.mp3_head(one), tags.mp3_head(ordered)):
        starts = [int.from_bytes(found[1], "big") for found in re.finditer(rb"CHAP.{6}chp\d+\0(.{4})", head, re.DOTALL)]
        assert starts == [0] * 6 + [4000] * 6 + [8000] * 6
        assert len(ID3(BytesIO(head)).getall("CHAP")) == 18
        assert ID3(BytesIO(head))["APIC:"].data == b"jpeg"


def test_chapters_are_those_that_were_named_or_the_spans_of_content_notes() -> None:
    from radio.feeds.heads import chapters

    named = chapters([{"start_ms": 4000, "title": "Two"}, {"start_ms": 0, "title": "One"}], [], 9000)
    assert [(each.start_ms, each.stop_ms, each.title) for each in named] == [(0, 4000, "One"), (4000, 9000, "Two")]
    found = chapters(None, [{"code": "needles", "from_ms": 1000, "to_ms": 5000}], 9000)
    assert [(each.start_ms, each.stop_ms) for each in found] == [(0, 1000), (1000, 5000), (5000, 9000)]
    assert chapters([], [{"code": "needles", "from_ms": None, "to_ms": None}], 9000) == ()
    assert chapters([], [], 9000) == chapters(None, None, 9000) == ()
