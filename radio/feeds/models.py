"""Feeds as they are served."""

from __future__ import annotations

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from radio.db import Base


class StoredFeed(Base):
    """A feed as it is served: the same bytes until something public changes."""

    __tablename__ = "stored_feed"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    change_number: Mapped[int]
    etag: Mapped[str] = mapped_column(String(64))
    identity: Mapped[bytes] = mapped_column(LargeBinary)
    gzip: Mapped[bytes] = mapped_column(LargeBinary)
