"""Feeds as they are served, and the ids that feeds keep for ever."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from radio.db import Base, Instant


class FeedIdentity(Base):
    """The `podcast:guid` of a feed that is not a show's own: assigned once, kept when the address changes."""

    __tablename__ = "feed_identity"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    guid: Mapped[UUID]


class StoredFeed(Base):
    """A feed as it is served: the same bytes until something public changes."""

    __tablename__ = "stored_feed"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    """As `radio.feeds.names` makes it: `station`, `show:` and the show's slug, …"""
    change_number: Mapped[int]
    """The catalogue's change number it was rendered at."""
    rundown_number: Mapped[int] = mapped_column(default=0, server_default="0")
    """The newest revision of the rundown it was rendered at."""
    valid_until: Mapped[datetime | None] = mapped_column(Instant)
    """When the first of its items expires; None: never by itself."""
    etag: Mapped[str] = mapped_column(String(64))
    """Of the identity bytes, without quotes; the gzip form adds `-gzip`."""
    identity: Mapped[bytes] = mapped_column(LargeBinary)
    gzip: Mapped[bytes] = mapped_column(LargeBinary)
    left_out: Mapped[list[dict[str, str]] | None] = mapped_column(JSON)
    """[{episode_id, why}]: items that could not be told, without which the feed goes on."""
    made_by: Mapped[str] = mapped_column(String(32), default="", server_default="")
    """What wrote it and for which station, as `radio.feeds.writer` names that: another one writes it again."""
    announced_etag: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """The last one that hubs were told of."""
