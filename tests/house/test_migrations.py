"""A database that was migrated is the one the models describe; and there is a way back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from radio import schema
from radio.catalogue import search
from radio.settings import Settings
from tests.databases import Blank
from tests.makers import NOON

ADVICE = "run scripts/make-migration"


@pytest.fixture
def empty(settings: Settings, blank: Blank, tmp_path: Path) -> Settings:
    """A station whose database has no table at all."""
    url = blank.nothing(tmp_path)
    return replace(settings, database_url=url)


@contextmanager
def connected(settings: Settings) -> Iterator[Connection]:
    engine = create_engine(settings.database_url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def tables(settings: Settings) -> set[str]:
    with connected(settings) as connection:
        return set(inspect(connection).get_table_names())


def test_migrating_gives_what_the_models_say(empty: Settings) -> None:
    schema.upgrade(empty)

    with connected(empty) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": schema.is_modelled})
        assert compare_metadata(context, schema.TABLES) == [], ADVICE
    assert schema.current(empty) == schema.head()


def test_a_migrated_station_can_be_searched(empty: Settings) -> None:
    schema.upgrade(empty)

    with connected(empty) as connection, Session(connection) as session:
        assert search.find(session, "dawn", now=NOON) == []


def test_every_migration_can_be_taken_back(empty: Settings) -> None:
    schema.upgrade(empty)
    schema.downgrade(empty, "base")

    assert tables(empty) <= {"alembic_version"}
    schema.upgrade(empty)
    assert tables(empty) >= set(schema.TABLES.tables)


def test_replicas_that_start_at_once_migrate_once(empty: Settings) -> None:
    with get_context("spawn").Pool(3) as pool:
        pool.map(schema.upgrade, [empty] * 3, chunksize=1)

    assert schema.current(empty) == schema.head()


def test_migrations_are_numbered_and_the_head_is_the_last() -> None:
    names = sorted(path.name for path in (schema.MIGRATIONS / "versions").glob("[0-9]*.py"))

    assert [name[:4] for name in names] == [f"{number:04}" for number in range(1, len(names) + 1)]
    assert schema.head() == names[-1][:4]
