"""An upload on its way: the row that lets a phone go on where its line died."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from radio.core.ids import new_id
from radio.db import Base, Instant


class Upload(Base):
    """A resumable upload. Which parts have arrived is asked of the store, never kept here; nor is the file's name."""

    __tablename__ = "upload"
    __table_args__ = (
        Index(
            "uq_upload_open", "person_id", "episode_id", "fingerprint", unique=True,
            sqlite_where=text("state = 'open'"), postgresql_where=text("state = 'open'"),
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    episode_id: Mapped[str] = mapped_column(ForeignKey("episode.id"), index=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the file's name, size, time and first bytes: enough to know it again, nothing to read."""
    size_bytes: Mapped[int]
    part_bytes: Mapped[int]
    key: Mapped[str] = mapped_column(String(200))
    store_upload_id: Mapped[str] = mapped_column(String(400))
    state: Mapped[str] = mapped_column(String(10), default="open")
    """open, complete or aborted."""
    recording_id: Mapped[str | None] = mapped_column(ForeignKey("recording.id"))
    """Set in the transaction that completes it."""
    made_at: Mapped[datetime] = mapped_column(Instant)
    touched_at: Mapped[datetime] = mapped_column(Instant)
