"""A station on air for tests: episodes whose every tick says what it is, and an emergency loop of the same make."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from media.fmp4 import SEGMENT_PREFIX_BYTES as LOW_PREFIX_BYTES
from media.fmp4 import flat_header
from media.mp3 import SEGMENT_PREFIX_BYTES
from media.profiles import Profile, low, standard
from media.store import ObjectStore
from radio.catalogue.models import Episode, Recording, Show
from radio.channel.views import Channel, open_channel
from radio.schedule import actions
from radio.station import Station
from tests.makers import make_episode, make_show

LOOP_TICKS = 17
PROFILES = (standard(), low())


def tick_content(name: str, tick: int, profile: Profile) -> bytes:
    """Bytes that no other tick of any sound has, of the size of a tick."""
    stem = hashlib.sha256(f"{name} {profile.name} {tick}".encode()).digest()
    return (stem * (profile.tick_bytes // 32 + 1))[: profile.tick_bytes]


def header(profile: Profile, n_ticks: int) -> bytes:
    return flat_header(n_ticks * profile.units_per_tick, profile.unit_bytes) if profile.header_bytes else b""


def put_sound(store: ObjectStore, recording: Recording) -> None:
    """Lay objects behind a recording's renditions: tick by tick what `tick_content` says."""
    n_ticks = recording.n_ticks or 0
    for profile in PROFILES:
        row = recording.rendition(profile.name)
        assert row is not None
        ticks = b"".join(tick_content(recording.id, i, profile) for i in range(n_ticks))
        store.put_bytes(row.key, header(profile, n_ticks) + ticks, profile.media_type)


class Voice:
    """The sound of one recording, known by any tick of it."""

    def __init__(self, recording_id: str, n_ticks: int) -> None:
        self._stems = {tick_content(recording_id, tick, profile)[:32] for tick in range(n_ticks) for profile in PROFILES}
        self._some = [tick_content(recording_id, tick, standard())[:64] for tick in (0, n_ticks // 2, n_ticks - 1)]

    def is_in_segment(self, body: bytes, name: str) -> bool:
        profile, prefix = (standard(), SEGMENT_PREFIX_BYTES) if name.endswith(".mp3") else (low(), LOW_PREFIX_BYTES)
        return any(body[at : at + 32] in self._stems for at in range(prefix, len(body), profile.tick_bytes))

    def is_in_stream(self, sound: bytes) -> bool:
        return any(sound[at : at + 32] in self._stems for at in range(0, len(sound), 32))

    def is_in_file(self, body: bytes) -> bool:
        return any(part in body for part in self._some)


@pytest.fixture(scope="session")
def emergency(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a loop of seventeen ticks in both renditions."""
    folder = tmp_path_factory.mktemp("emergency")
    for profile in PROFILES:
        ticks = b"".join(tick_content("loop", i, profile) for i in range(LOOP_TICKS))
        (folder / f"{profile.code}.{profile.extension}").write_bytes(header(profile, LOOP_TICKS) + ticks)
    return folder


@pytest.fixture
def on_air(app: Flask, emergency: Path) -> Channel:
    """The channel of the application under test, with the loop of the tests."""
    found = app.extensions["channel"] = open_channel(app, emergency=emergency, aside=False)
    return found


def make_catalogue(session: Session, store: ObjectStore | None, station: Station) -> Sequence[Episode]:
    """A small station that began yesterday: three shows, shorts, idents, a bed; with sound when there is a store."""
    then = station.now() - timedelta(days=1)
    talk, music, local = (make_show(session, slug=s, title=s.title(), now=then) for s in ("talk", "music", "local"))
    house = make_show(session, slug="house", title="House", in_feeds=False, now=then)
    made: list[Episode] = []

    def add(show: Show, kind: str, lengths: Sequence[int]) -> None:
        for n, ticks in enumerate(lengths):
            made.append(make_episode(session, show=show, title=f"{show.slug} {kind} {n}", kind=kind, ticks=ticks, now=then))

    add(talk, "story", (211, 187, 305))
    add(music, "programme", (243, 199, 268))
    add(local, "interview", (223, 174))
    add(local, "message", (31, 47, 52))
    add(house, "ident", (4, 5, 6))
    add(house, "company", (160,))
    if store is not None:
        for episode in made:
            assert episode.recording is not None
            put_sound(store, episode.recording)
    return made


def extend(session: Session, station: Station) -> None:
    """Compile to the horizon and commit, as the job does."""
    actions.extend(session, station)
    session.commit()
