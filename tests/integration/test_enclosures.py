"""What a podcast app does with an enclosure's address, for years."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from media.store import S3Store
from radio.catalogue.models import Episode
from radio.catalogue.rules import State
from radio.clock import SetClock
from radio.editorial.models import FeedItem
from tests.makers import NOON, make_episode
from tests.visitor import Visitor

SOUND = bytes(range(256)) * 30 * 125  # as long as 125 ticks of MP3 at 64 kbit/s


@pytest.fixture
def episode(session: Session, store: S3Store) -> Episode:
    episode = make_episode(session, ticks=125)
    assert episode.recording is not None
    rendition = episode.recording.rendition("standard")
    assert rendition is not None
    rendition.sha256 = hashlib.sha256(SOUND).hexdigest()
    rendition.key = f"renditions/{rendition.sha256}.mp3"
    assert rendition.size_bytes == len(SOUND)
    store.put_bytes(rendition.key, SOUND, "audio/mpeg")
    session.flush()
    return episode


def ask(client: Visitor, episode: Episode, method: str = "GET", **headers: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.open(f"/audio/{episode.id}.mp3", method=method, headers=named)


def test_get_and_head_tell_the_same(client: Visitor, episode: Episode) -> None:
    got, asked = ask(client, episode), ask(client, episode, "HEAD")
    assert (got.status_code, asked.status_code) == (200, 200)
    assert got.data == SOUND
    assert asked.data == b""
    for name in ("Content-Length", "Content-Type", "ETag", "Accept-Ranges"):
        assert got.headers[name] == asked.headers[name], name
    assert got.headers["Content-Length"] == str(len(SOUND))
    assert got.headers["Content-Type"] == "audio/mpeg"


@pytest.mark.parametrize(
    ("header", "start", "stop"),
    [
        ("bytes=0-1", 0, 2),
        ("bytes=0-", 0, len(SOUND)),
        ("bytes=1000-1999", 1000, 2000),
        ("bytes=-1", len(SOUND) - 1, len(SOUND)),
        ("bytes=0-99, 50-199,200-299", 0, 300),
        ("bytes=-500000000", 0, len(SOUND)),
        (f"bytes={len(SOUND) - 10}-999999999", len(SOUND) - 10, len(SOUND)),
    ],
)
def test_a_range_gives_exactly_its_bytes(client: Visitor, episode: Episode, header: str, start: int, stop: int) -> None:
    part = ask(client, episode, Range=header)
    assert part.status_code == 206
    assert part.data == SOUND[start:stop]
    assert part.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(SOUND)}"
    assert part.headers["Content-Length"] == str(stop - start)


@pytest.mark.parametrize("header", [f"bytes={len(SOUND)}-", "bytes=999999999-", "bytes=-0"])
def test_a_range_without_a_byte_is_416_and_tells_the_size(client: Visitor, episode: Episode, header: str) -> None:
    refused = ask(client, episode, Range=header)
    assert refused.status_code == 416
    assert refused.headers["Content-Range"] == f"bytes */{len(SOUND)}"


@pytest.mark.parametrize("header", ["bytes=5-2", "bytes=a-b", "seconds=0-1", "bytes 0-1", "bytes=0-1,5-6"])
def test_what_is_no_range_is_as_if_it_were_not_there(client: Visitor, episode: Episode, header: str) -> None:
    whole = ask(client, episode, Range=header)
    assert whole.status_code == 200
    assert whole.data == SOUND


def test_conditions_are_answered_exactly(client: Visitor, episode: Episode) -> None:
    etag = ask(client, episode, "HEAD").headers["ETag"]
    assert ask(client, episode, If_None_Match=etag).status_code == 304
    assert ask(client, episode, If_None_Match=f'W/{etag}, "other"').status_code == 304
    assert ask(client, episode, If_None_Match='"other"').status_code == 200
    assert ask(client, episode, If_Match=etag, Range="bytes=0-9").status_code == 206
    other = ask(client, episode, If_Match='"other"', If_None_Match=etag, Range="bytes=0-9")
    assert (other.status_code, other.headers["Cache-Control"], other.data) == (412, "no-store", b"")
    assert ask(client, episode, Range="bytes=0-9", If_Range=etag).status_code == 206
    assert ask(client, episode, Range="bytes=0-9", If_Range='"old"').data == SOUND
    assert ask(client, episode, Range="bytes=0-9", If_Range=f"W/{etag}").data == SOUND
    assert ask(client, episode, "HEAD", Range="bytes=0-9").headers["Content-Length"] == str(len(SOUND)), "HEAD has no ranges"


def test_nothing_is_kept_in_caches_for_longer_than_a_minute(client: Visitor, episode: Episode) -> None:
    assert ask(client, episode).headers["Cache-Control"] == "public, max-age=20", (
        "twice that is less than a minute: two caches in a row"
    )


@pytest.mark.parametrize("state", [State.DRAFT, State.READY])
def test_what_is_not_public_yet_is_not_there(client: Visitor, episode: Episode, state: State) -> None:
    episode.state = state
    assert ask(client, episode).status_code == 404
    assert ask(client, episode, "HEAD").status_code == 404


def test_what_was_taken_back_and_no_app_can_know_is_gone_by_every_form_of_request(
    client: Visitor, session: Session, episode: Episode
) -> None:
    etag = ask(client, episode).headers["ETag"]
    session.execute(delete(FeedItem))
    episode.state, episode.withdrawn_at = State.WITHDRAWN, NOON
    for answer in (
        ask(client, episode), ask(client, episode, "HEAD"), ask(client, episode, Range="bytes=0-1"), ask(client, episode, If_None_Match=etag),
        client.get(f"/audio/{episode.id}.m4a"),
    ):  # fmt: skip
        assert answer.status_code == 410
        assert SOUND[:1000] not in answer.data


def test_what_has_expired_is_not_there(client: Visitor, episode: Episode, clock: SetClock) -> None:
    episode.expires_at = NOON + timedelta(hours=1)
    assert ask(client, episode).status_code == 200
    clock.move(timedelta(hours=1))
    assert ask(client, episode).status_code == 404


def test_what_is_to_come_is_not_there_a_second_before(client: Visitor, episode: Episode, clock: SetClock) -> None:
    episode.published_at = NOON + timedelta(hours=1)
    clock.move(timedelta(minutes=59, seconds=59))
    assert ask(client, episode).status_code == 404
    clock.move(timedelta(seconds=1))
    assert ask(client, episode).status_code == 200


@pytest.mark.parametrize(
    "path", ["/audio/nothing.mp3", "/audio/0000000000000000.mp3", "/audio/0000000000000000.wav", "/audio/..%2fx.mp3"]
)
def test_an_address_of_nothing_is_404(client: Visitor, path: str) -> None:
    assert client.get(path).status_code == 404
