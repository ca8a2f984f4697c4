"""Every table of the station, and the way from an older database to this one."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, create_engine, text
from sqlalchemy.engine import Connection

import radio.accounts.models
import radio.catalogue.models
import radio.catalogue.search
import radio.counting.models
import radio.editorial.models
import radio.feeds.models
import radio.jobs.models
import radio.moving.models
import radio.schedule.models
import radio.studio.models  # noqa: F401
from radio.db import Base
from radio.settings import Settings

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
TABLES: MetaData = Base.metadata
"""All tables, with every room's models imported."""

_POSTGRES_LOCK = 0x72616469
"""One number that all replicas ask PostgreSQL to lock while one of them migrates."""


def is_modelled(_item: object, name: str | None, kind: str, _reflected: bool, _compare_to: object) -> bool:
    """Whether a thing in the database should be in the models; what `catalogue.search` builds over its table is its own business."""
    built = {"table": str(name).startswith("episode_search"), "column": name == "words", "index": name == "ix_episode_text_words"}
    return not built.get(kind, False)


def head() -> str:
    """The newest migration this version of the station knows."""
    found = ScriptDirectory.from_config(_config()).get_current_head()
    if found is None:
        raise RuntimeError("there is no migration")
    return found


def current(settings: Settings) -> str | None:
    """The migration the database is at; None: it is empty."""
    with _connected(settings) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(settings: Settings, to: str = "head") -> None:
    """Bring the database to `to`, while every other process that wants to waits; does nothing when it is there."""
    with _connected(settings) as connection, _alone(settings, connection):
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, to)
        connection.commit()


def downgrade(settings: Settings, to: str) -> None:
    """Take the database back to `to`; `base` is empty. Rows that the older tables cannot hold are lost."""
    with _connected(settings) as connection, _alone(settings, connection):
        config = _config()
        config.attributes["connection"] = connection
        command.downgrade(config, to)
        connection.commit()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


@contextmanager
def _connected(settings: Settings) -> Iterator[Connection]:
    engine = create_engine(settings.database_url)
    try:
        with engine.connect() as connection:
            if connection.dialect.name == "sqlite":  # a table that is made anew would take the rows that point at it along
                connection.connection.cursor().execute("pragma foreign_keys=off")
            yield connection
    finally:
        engine.dispose()


@contextmanager
def _alone(settings: Settings, connection: Connection) -> Iterator[None]:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_lock(:number)"), {"number": _POSTGRES_LOCK})
        try:
            yield
        finally:
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(:number)"), {"number": _POSTGRES_LOCK})
            connection.commit()
    else:
        connection.rollback()
        with (settings.data / "migrating.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
