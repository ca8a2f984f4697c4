"""A database that lets everybody in and then says nothing, as a frozen machine does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from radio import db

WELCOME = b"R\0\0\0\x08\0\0\0\0" + b"Z\0\0\0\x05I"
"""Let in, ready. Source: PostgreSQL, “Message Formats”."""


@pytest.fixture(params=[WELCOME, b""], ids=["lets in", "does not even do that"])
def silent_port(request: pytest.FixtureRequest) -> Iterator[int]:
    server, taken = socket.create_server(("127.0.0.1", 0)), []

    def take() -> None:
        while True:
            try:
                visitor = server.accept()[0]
            except OSError:
                return
            taken.append(visitor)
            visitor.recv(4096)
            visitor.sendall(request.param)

    thread = threading.Thread(target=take, daemon=True)
    thread.start()
    yield server.getsockname()[1]
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    for each in taken:
        each.close()


def test_a_database_that_says_nothing_is_away(silent_port: int) -> None:
    engine = create_engine(f"postgresql+psycopg://radio@127.0.0.1:{silent_port}/radio?sslmode=disable&gssencmode=disable")
    db.answer_within(engine, 0.2)

    with pytest.raises(OperationalError), engine.connect() as connection:
        connection.execute(text("select 1"))
    engine.dispose()
