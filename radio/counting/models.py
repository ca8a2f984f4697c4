"""One number for an episode and a day. There is no row for anybody who listened, and nowhere to put one."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Date, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from radio.db import Base


class EpisodeDay(Base):
    """How often an episode was fetched on a day (UTC)."""

    __tablename__ = "episode_day"

    episode_id: Mapped[str] = mapped_column(String(16), ForeignKey("episode.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    n_fetched: Mapped[int]
