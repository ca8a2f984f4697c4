"""Sums become rows: added, so that every process writes its own."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from radio.catalogue.models import Episode
from radio.catalogue.rules import State
from radio.counting.held import Sums
from radio.counting.models import EpisodeDay


def add(session: Session, sums: Sums) -> None:
    """Add what was counted to what is there."""
    insert = postgresql_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    for (episode_id, day), number in sorted(sums.items()):  # in one order, so that processes wait for each other, not in a ring
        first = insert(EpisodeDay).values(episode_id=episode_id, day=day, n_fetched=number)
        keys = [EpisodeDay.episode_id, EpisodeDay.day]
        session.execute(first.on_conflict_do_update(index_elements=keys, set_={"n_fetched": EpisodeDay.n_fetched + number}))


def forget_withdrawn(session: Session) -> None:
    """What is taken back leaves no number behind."""
    gone = select(Episode.id).where(Episode.state == State.WITHDRAWN)
    session.execute(delete(EpisodeDay).where(EpisodeDay.episode_id.in_(gone)))
