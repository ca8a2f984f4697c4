"""The makers' rows hold on the database the station runs on."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from radio.catalogue.models import Episode
from radio.settings import Settings
from tests.makers import NOON, make_episode
from tests.visitor import Visitor


def test_an_episode_comes_back_as_it_was_made(settings: Settings) -> None:
    engine = create_engine(settings.database_url)
    with Session(engine) as session:
        made = make_episode(session, ticks=125).id
        session.commit()
    with Session(engine) as session:
        episode = session.get_one(Episode, made)

        assert episode.published_at == NOON
        assert episode.recording is not None
        assert episode.recording.length_ms == 124 * 960
        assert {r.profile for r in episode.recording.renditions} == {"standard", "low"}
    engine.dispose()


def test_whoever_only_read_a_page_may_write_afterwards_without_being_overtaken(client: Visitor, session: Session) -> None:
    client.get("/")
    url = session.get_bind().engine.url
    if url.get_backend_name() != "sqlite":
        return  # elsewhere a row that somebody else writes is waited for

    session.connection()

    with closing(sqlite3.connect(str(url.database), timeout=0)) as other, pytest.raises(sqlite3.OperationalError):
        other.execute("BEGIN IMMEDIATE")
