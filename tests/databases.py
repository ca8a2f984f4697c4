"""Blank databases: laid out once, copied for each test."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy import create_engine, text

from radio import schema
from tests.ports import free_port


class Blank(Protocol):
    """A database with every table and no row."""

    def copy(self, folder: Path) -> str:
        """The URL of a fresh copy; one that is a file lies in `folder`."""
        ...

    def nothing(self, folder: Path) -> str:
        """The URL of a database without any table."""
        ...


class SqliteBlank:
    """An SQLite file that is copied."""

    def __init__(self, path: Path) -> None:
        self._path = path
        _lay_out(f"sqlite:///{path}")

    def copy(self, folder: Path) -> str:
        """The URL of a fresh copy in `folder`."""
        shutil.copy(self._path, folder / "radio.db")
        return f"sqlite:///{folder / 'radio.db'}"

    def nothing(self, folder: Path) -> str:
        """The URL of a file that is not there yet."""
        return f"sqlite:///{folder / 'nothing.db'}"


class PostgresBlank:
    """A PostgreSQL template database."""

    def __init__(self, cluster: str) -> None:
        self._cluster = cluster
        self._names = (f"radio_{number}" for number in itertools.count())
        self._create("blank", "template0")
        _lay_out(f"{cluster}/blank")

    def copy(self, folder: Path) -> str:
        """The URL of a fresh copy."""
        name = next(self._names)
        self._create(name, "blank")
        return f"{self._cluster}/{name}"

    def nothing(self, folder: Path) -> str:
        """The URL of an empty database."""
        name = next(self._names)
        self._create(name, "template0")
        return f"{self._cluster}/{name}"

    def _create(self, name: str, template: str) -> None:
        engine = create_engine(f"{self._cluster}/postgres", isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8'"))
        engine.dispose()


def _lay_out(url: str) -> None:
    engine = create_engine(url)
    schema.TABLES.create_all(engine)
    engine.dispose()


@contextmanager
def postgres_cluster() -> Iterator[str]:
    """A PostgreSQL server on loopback that lives as long as the block; gives its URL without a database."""
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        folder, port = Path(name), free_port()
        _unprivileged(folder)
        _run("initdb", "-D", f"{folder}/rows", "-U", "radio", "-A", "trust", "-N", "--no-instructions", "-E", "UTF8")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c synchronous_commit=off"
        _run("pg_ctl", "-D", f"{folder}/rows", "-w", "-t", "240", "-l", f"{folder}/log", "-o", options, "start")
        try:
            yield f"postgresql+psycopg://radio@127.0.0.1:{port}"
        finally:
            _run("pg_ctl", "-D", f"{folder}/rows", "-m", "immediate", "stop")


def _unprivileged(folder: Path) -> None:
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)


def _run(program: str, *arguments: str) -> None:
    found = shutil.which(program) or max(map(str, Path("/usr/lib/postgresql").glob(f"*/bin/{program}")))
    owner = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
    subprocess.run(
        [found, *arguments], check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, cwd="/",
        user=owner and owner.pw_uid, group=owner and owner.pw_gid, extra_groups=owner and [],
    )  # fmt: skip
