"""Runs migrations on the connection that `radio.schema` gives."""

from __future__ import annotations

from alembic import context
from sqlalchemy.types import TypeDecorator

from radio.schema import TABLES, is_modelled


def _plain(kind, item, _context):
    """A migration names no type of ours: it must still run when the type has moved."""
    return f"sa.{item.impl!r}" if kind == "type" and isinstance(item, TypeDecorator) else False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=TABLES, render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True, compare_server_default=True, render_item=_plain, include_object=is_modelled,
)  # fmt: skip
with context.begin_transaction():
    context.run_migrations()
