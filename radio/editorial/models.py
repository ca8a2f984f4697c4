"""The trail: who decided what, when; and what the feeds hold of an episode. No title, no name, no text of a story."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from radio.db import Base, Instant


class AuditEntry(Base):
    """One decision. Appended, never changed."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_subject", "subject_kind", "subject_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    """None: the station itself."""
    what: Mapped[str] = mapped_column(String(40))
    subject_kind: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[str] = mapped_column(String(16))
    facts: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)


class FeedItem(Base):
    """What the feeds hold of an episode. An episode without a row, or that never entered, was never in one."""

    __tablename__ = "feed_item"

    episode_id: Mapped[str] = mapped_column(ForeignKey("episode.id", ondelete="CASCADE"), primary_key=True)
    entered_at: Mapped[datetime | None] = mapped_column(Instant)
    """When it passed the gate for the first time. It stays: apps may have it since then."""
    checked_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the gate last came to a verdict."""
    proved_sha256: Mapped[str | None] = mapped_column(String(64))
    """The bytes that were last fetched whole and found right."""
    proved_at: Mapped[datetime | None] = mapped_column(Instant)
    """When that was."""
    proved_objects_sha256: Mapped[str | None] = mapped_column(String(64))
    """What the store said then of the objects they come from, as `radio.feeds.proofs` names that; None: nobody asked."""
    held_at: Mapped[datetime | None] = mapped_column(Instant)
    """Since when the feeds leave it out, because of `faults`; None: they do not."""
    faults: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Codes, each with a fact after a colon where there is one."""
    told_in: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    """Of what was taken back: the kind and tags, `list:code`, under whose feeds apps know it; empty once it has left them."""


class GateWatch(Base):
    """One row: whether our own public address answers the gate."""

    __tablename__ = "gate_watch"

    name: Mapped[str] = mapped_column(String(10), primary_key=True)
    silent_since: Mapped[datetime | None] = mapped_column(Instant)
    """Since when nothing answers there; None: it answers."""
    asked_at: Mapped[datetime] = mapped_column(Instant)


class ReceiptLine(Base):
    """One surface from which a withdrawn episode must be gone, and when it was seen to be."""

    __tablename__ = "receipt_line"

    episode_id: Mapped[str] = mapped_column(ForeignKey("episode.id", ondelete="CASCADE"), primary_key=True)
    surface: Mapped[str] = mapped_column(String(20), primary_key=True)
    checked_at: Mapped[datetime] = mapped_column(Instant)
    gone_at: Mapped[datetime | None] = mapped_column(Instant)
    """When it was first seen to be gone; None: it was still there, or nobody answered."""
