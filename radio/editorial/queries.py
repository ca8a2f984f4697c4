"""What waits for whom, and what was decided."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, String, cast, select
from sqlalchemy.orm import Session, joinedload, selectinload

from radio.catalogue.models import Episode, Show
from radio.catalogue.rules import State
from radio.editorial import rules
from radio.editorial.models import AuditEntry, FeedItem, GateWatch, ReceiptLine


def episodes_ready(session: Session) -> Sequence[Episode]:
    """Submitted episodes, the longest waiting first."""
    query = (
        select(Episode).where(Episode.state == State.READY).options(
            joinedload(Episode.show), selectinload(Episode.tags), selectinload(Episode.recordings),
            joinedload(Episode.recording),
        )
        .order_by(Episode.submitted_at, Episode.id)
    )  # fmt: skip
    return session.scalars(query).unique().all()


@dataclass(frozen=True, slots=True)
class Receipt:
    """From where something that was taken back is gone, and since when we have seen that."""

    lines: tuple[tuple[rules.Surface, datetime | None, datetime | None], ...]
    """Surface, when it was first seen to be gone (None: not yet), when it was last looked at."""
    in_apps: bool
    """Whether it was in a feed, so that apps may have copies."""

    @property
    def whole(self) -> bool:
        """Whether it is gone from everywhere that is ours."""
        return all(gone_at is not None for _, gone_at, _ in self.lines)


def has_receipt(session: Session, episode: Episode) -> bool:
    """Whether something that was out is gone from somewhere: taken back, or out of podcast apps that had it."""
    if episode.published_at is None or not rules.surfaces(episode.state, episode.unshared_at):
        return False
    return episode.state is State.WITHDRAWN or receipt(session, episode).in_apps


def receipt(session: Session, episode: Episode) -> Receipt:
    """What is known of the going of an episode."""
    rows = {row.surface: row for row in session.scalars(select(ReceiptLine).where(ReceiptLine.episode_id == episode.id))}
    item = session.get(FeedItem, episode.id)
    lines = tuple(
        (surface, rows[surface].gone_at, rows[surface].checked_at) if surface in rows else (surface, None, None)
        for surface in rules.surfaces(episode.state, episode.unshared_at)
        if surface in rows or not rows  # an old receipt is of the places that were looked at then
    )
    return Receipt(lines, item is not None and item.entered_at is not None)


def held(session: Session, episode_ids: Collection[str]) -> dict[str, list[str]]:
    """Which of these the gate keeps out of the feeds, and why."""
    query = select(FeedItem.episode_id, FeedItem.faults).where(
        FeedItem.episode_id.in_(episode_ids), FeedItem.held_at.is_not(None)
    )
    return {row.episode_id: row.faults for row in session.execute(query)}


def held_ids() -> Select[str]:
    """The episodes that the gate keeps out of the feeds, for conditions of other queries."""
    return select(FeedItem.episode_id).where(FeedItem.held_at.is_not(None))


def bad_pictures(session: Session) -> dict[str, tuple[str, str]]:
    """The shows whose picture is not as apps need it, though what is in the feeds stays there: slug → title and what is wrong."""
    query = (
        select(Show.slug, Show.title, FeedItem.faults)
        .join(Episode, Episode.id == FeedItem.episode_id)
        .join(Show, Show.id == Episode.show_id)
        .where(FeedItem.held_at.is_(None), cast(FeedItem.faults, String) != "[]", Episode.state == State.PUBLISHED)
        .order_by(Show.title)
    )
    return {row.slug: (row.title, row.faults[0]) for row in session.execute(query)}


def gate_silent_since(session: Session) -> datetime | None:
    """Since when our own public address does not answer the gate; None: it does."""
    return session.scalar(select(GateWatch.silent_since))


def decisions_about(session: Session, subject_kind: str, subject_id: str) -> Sequence[AuditEntry]:
    """What was decided about one thing, oldest first."""
    query = (
        select(AuditEntry)
        .where(AuditEntry.subject_kind == subject_kind, AuditEntry.subject_id == subject_id)
        .order_by(AuditEntry.id)
    )
    return session.scalars(query).all()
