"""The database: SQLite (WAL) embedded, PostgreSQL when the station grows. Same models, same tests.

SQLite writers begin with `BEGIN IMMEDIATE`, so that two of them wait for each other instead of failing; whoever only reads
says so with `reading()` and never waits for a writer.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Dialect, MetaData, String, event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

_PRAGMAS = (
    "journal_mode=wal", "synchronous=full", "busy_timeout=15000", "foreign_keys=on", "temp_store=memory",
    "secure_delete=on",
)  # fmt: skip
_reading: ContextVar[bool] = ContextVar("reading", default=False)
_CONNECTED_WITHIN_S = 4


class Base(DeclarativeBase):
    """What every table is. Constraints have names, so that migrations can name them."""

    metadata = MetaData(naming_convention={
        "ix": "ix_%(column_0_N_label)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s", "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    })  # fmt: skip


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime. Refuses naive ones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002, D102
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime is not an instant")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002, D102
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Code(TypeDecorator[StrEnum]):
    """A member of a StrEnum, stored as its code: what is read is a member again, so `is` holds."""

    impl = String
    cache_ok = True

    def __init__(self, codes: type[StrEnum], length: int) -> None:
        super().__init__(length)
        self.codes = codes

    def process_bind_param(self, value: StrEnum | str | None, dialect: Dialect) -> str | None:  # noqa: ARG002, D102
        return None if value is None else str(self.codes(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:  # noqa: ARG002, D102
        return None if value is None else self.codes(value)


db = SQLAlchemy(model_class=Base)
"""Models derive from `Base`; the edge takes `session()` and commits."""


def session() -> Session:
    """The session of this request, job or command. The edge commits it."""
    return db.session()


@contextmanager
def reading() -> Iterator[None]:
    """Transactions begun inside only read: on SQLite they take no write lock."""
    token = _reading.set(True)
    try:
        yield
    finally:
        _reading.reset(token)


@contextmanager
def writing() -> Iterator[None]:
    """Transactions begun inside may write, whatever is said around it."""
    token = _reading.set(False)
    try:
        yield
    finally:
        _reading.reset(token)


@contextmanager
def committing() -> Iterator[Session]:
    """One short transaction that writes, committed at its end; what was read before is let go."""
    found = session()
    found.rollback()
    with writing():
        try:
            yield found
            found.commit()
        except BaseException:
            found.rollback()
            raise


def tidy_log() -> bool:
    """Have SQLite's log forget the pages as they were before, which it keeps until it writes over them; whether nobody was in its way."""
    if db.engine.dialect.name != "sqlite":
        return True
    session().rollback()
    connection = db.engine.raw_connection()
    try:
        busy, _pages, _moved = connection.cursor().execute("pragma wal_checkpoint(truncate)").fetchone()
    finally:
        connection.close()
    return not busy


def only_reads(yes: bool) -> None:
    """Say for the rest of this context (a request) whether transactions only read."""
    _reading.set(yes)


def answer_within(engine: Engine, seconds: float) -> None:
    """Have PostgreSQL taken for away when it says nothing for so long: listeners wait for the answer."""

    @event.listens_for(engine, "do_connect")
    def _patient(dialect: Dialect, _record: Any, args: Any, more: dict[str, Any]) -> Any:
        if dialect.driver != "psycopg":
            return None
        from radio.patient import Patient

        connection = Patient.connect(*args, connect_timeout=_CONNECTED_WITHIN_S, **more)
        connection.answer_within_s = seconds
        return connection


@event.listens_for(Engine, "connect")
def _settle(dbapi_connection: Any, _record: Any) -> None:
    if isinstance(dbapi_connection, sqlite3.Connection):
        dbapi_connection.isolation_level = None
        for pragma in _PRAGMAS:
            dbapi_connection.execute(f"pragma {pragma}")


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN" if _reading.get() else "BEGIN IMMEDIATE")
