"""What is on its way in or out: arrivals with their items, and parcels."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from radio.core.ids import new_id
from radio.db import Base, Code, Instant
from radio.moving.rules import ArrivalState, ItemState


class Arrival(Base):
    """One show that moves in from a feed, or the shows of an archive that another station made."""

    __tablename__ = "arrival"

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    address: Mapped[str] = mapped_column(String(4000), default="")
    """Where it comes from; empty: from a file that was sent."""
    object_key: Mapped[str | None] = mapped_column(String(200))
    """Where the file lies that was sent or fetched; None: there is none, or it is not needed any more."""
    is_parcel: Mapped[bool] = mapped_column(default=False)
    state: Mapped[ArrivalState] = mapped_column(Code(ArrivalState, 12), default=ArrivalState.READING)
    problem: Mapped[str] = mapped_column(String(40), default="")
    detail: Mapped[str] = mapped_column(String(200), default="")
    notes: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Codes of what is not as it was there."""
    title: Mapped[str] = mapped_column(String(150), default="")
    tries: Mapped[int] = mapped_column(default=0)
    ours: Mapped[bool] = mapped_column(default=False)
    """A steward says that a show whose feed is locked may be moved all the same."""
    shows: Mapped[dict[str, bool]] = mapped_column(JSON, default=dict)
    """Show id → whether it gets its page and feed at the release; only shows that this arrival made."""
    begun_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    begun_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    released_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    released_at: Mapped[datetime | None] = mapped_column(Instant)
    """When a steward declared that those who are heard agree to `scopes`."""
    scopes: Mapped[list[str]] = mapped_column(JSON, default=list)


class ArrivalItem(Base):
    """One episode on its way in: whole in the end, or missing with its reason."""

    __tablename__ = "arrival_item"
    __table_args__ = (Index("ix_arrival_item_next", "arrival_id", "state", "position"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    arrival_id: Mapped[str] = mapped_column(ForeignKey("arrival.id", ondelete="CASCADE"))
    show_id: Mapped[str] = mapped_column(ForeignKey("show.id"))
    position: Mapped[int]
    guid: Mapped[str] = mapped_column(String(1000))
    """Exactly as the feed gives it."""
    title: Mapped[str] = mapped_column(String(150))
    published_at: Mapped[datetime | None] = mapped_column(Instant)
    fields: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What is said of the episode."""
    source: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Where its parts are."""
    state: Mapped[ItemState] = mapped_column(Code(ItemState, 12), default=ItemState.WAITING)
    problem: Mapped[str] = mapped_column(String(40), default="")
    detail: Mapped[str] = mapped_column(Text, default="")
    notes: Mapped[list[str]] = mapped_column(JSON, default=list)
    tries: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None] = mapped_column(Instant)
    """Not to be tried before; None: at any time."""
    object_key: Mapped[str | None] = mapped_column(String(200))
    """Where its sound is being put; None: it is a recording's now, or there is none."""
    episode_id: Mapped[str | None] = mapped_column(String(16), index=True)
    recording_id: Mapped[str | None] = mapped_column(String(16))


class Parcel(Base):
    """An archive of one show, or of all: everything that a second station needs. It is kept for some days."""

    __tablename__ = "parcel"

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    show_id: Mapped[str | None] = mapped_column(ForeignKey("show.id"))
    """None: all shows."""
    object_key: Mapped[str | None] = mapped_column(String(200))
    """None: not written yet, or thrown away."""
    size_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    episode_ids: Mapped[list[str]] = mapped_column(JSON, default=list)
    """What is in it: when one of them is taken back, the parcel is thrown away."""
    begun_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    begun_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    gone: Mapped[str] = mapped_column(String(20), default="")
    """Why it was thrown away: old, taken-back; empty: it was not."""
