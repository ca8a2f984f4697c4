"""What was counted, for those who made it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from radio.catalogue.models import Episode, Show
from radio.catalogue.rules import State
from radio.core.people import Person, Role
from radio.counting.models import EpisodeDay

EPISODES_PER_PAGE = 50


def days_of(session: Session, episode_ids: Collection[str]) -> dict[str, dict[date, int]]:
    """Episode → day → how often it was fetched; an episode that never was is not in it."""
    found: dict[str, dict[date, int]] = {}
    rows = session.execute(
        select(EpisodeDay.episode_id, EpisodeDay.day, EpisodeDay.n_fetched).where(EpisodeDay.episode_id.in_(episode_ids))
    )
    for row in rows:
        found.setdefault(row.episode_id, {})[row.day] = row.n_fetched
    return found


def episodes_of(session: Session, person: Person, *, limit: int, offset: int = 0) -> Sequence[Episode]:
    """What is out and theirs to look after, newest first: never by how often it was fetched."""
    query = _out(select(Episode), person).options(joinedload(Episode.show))
    return session.scalars(query.order_by(Episode.published_at.desc(), Episode.id).limit(limit).offset(offset)).all()


def n_episodes_of(session: Session, person: Person) -> int:
    """How many they are."""
    return session.scalar(_out(select(func.count()).select_from(Episode), person)) or 0


def _out(query: Select[Any], person: Person) -> Select[Any]:
    query = query.join(Show, Show.id == Episode.show_id).where(Episode.state == State.PUBLISHED, Show.in_feeds)
    return query if person.has(Role.EDITOR, Role.STEWARD) else query.where(Episode.made_by == person.id)
