"""Keeping what futures were compiled from, as long as a day may be asked for; and forgetting what was taken back."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from radio.catalogue.models import Episode
from radio.schedule.models import Ingredient
from radio.schedule.recipe import Pieces, part_of_pool, unpacked

KEPT = timedelta(days=45)
"""Longer than the 42 days for which a broadcaster keeps its log. Source: domain S24."""
_LOOKED_BACK = timedelta(days=2)


def keep_pieces(session: Session, pieces: Pieces, *, now: datetime) -> None:
    """Keep what is not kept yet."""
    known = set(session.scalars(select(Ingredient.sha256).where(Ingredient.sha256.in_(pieces))))
    session.execute(update(Ingredient).where(Ingredient.sha256.in_(known)).values(kept_at=now))
    rows = [
        {"sha256": sha256, "kind": kind, "content": content, "kept_at": now}
        for sha256, (kind, content) in pieces.items()
        if sha256 not in known
    ]
    if rows:
        session.execute(insert(Ingredient), rows)


def forget_pieces(session: Session, *, now: datetime) -> int:
    """Forget what is old, and every part of a pool in which an episode stands that was taken back since; how many went.

    Of a withdrawn episode ids and times stay in the log, and nothing of what it was about.
    """
    gone = session.execute(delete(Ingredient).where(Ingredient.kept_at < now - KEPT)).rowcount  # type: ignore[attr-defined]
    withdrawn = select(Episode.id).where(Episode.withdrawn_at > now - _LOOKED_BACK)
    for episode_id in session.scalars(withdrawn):
        parts = session.scalars(select(Ingredient).where(Ingredient.kind == part_of_pool(episode_id))).all()
        for part in parts:
            if any(row[0] == episode_id for row in unpacked(part.content)):
                session.delete(part)
                gone += 1
    return int(gone)
