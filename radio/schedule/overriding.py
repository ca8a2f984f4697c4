"""Which overrides hold, and how they stand in the rows."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from media.grid import HOUR_TICKS
from radio.errors import NotFoundError
from radio.schedule.models import Override
from radio.schedule.standing import KEPT_AWAY_TICKS, OverrideKind, Standing

_MINUTE_TICKS = HOUR_TICKS / 60


def standing(session: Session, from_tick: int, to_tick: int) -> list[Standing]:
    """The overrides that matter to a compilation of `[from_tick, to_tick)`, in the order in which they were made."""
    query = (
        select(Override)
        .where(
            Override.from_tick < to_tick + KEPT_AWAY_TICKS,
            or_(Override.until_tick.is_(None), Override.until_tick > from_tick - KEPT_AWAY_TICKS),
        )
        .order_by(Override.made_at, Override.id)
    )
    return [_value(row) for row in session.scalars(query)]


def _value(row: Override) -> Standing:
    return Standing(
        row.id, row.kind, row.from_tick, row.until_tick, row.episode_id, row.instead_of,
        round((row.every_minutes or 0) * _MINUTE_TICKS),
    )  # fmt: skip


def the_stop(session: Session) -> Override | None:
    """The stop that holds; None: the station is not stopped."""
    return session.scalar(select(Override).where(Override.kind == OverrideKind.STOP, Override.ended_at.is_(None)))


def alerts(session: Session, from_tick: int) -> Sequence[Override]:
    """The alerts that are still to be heard at `from_tick` or after, the newest first."""
    query = select(Override).where(Override.kind == OverrideKind.ALERT, Override.until_tick > from_tick)
    return session.scalars(query.order_by(Override.made_at.desc(), Override.id)).all()


def alert_or_404(session: Session, override_id: str) -> Override:
    """An alert, over or not.

    Raises:
        NotFoundError: there is none.
    """
    found = session.get(Override, override_id)
    if found is None or found.kind is not OverrideKind.ALERT:
        raise NotFoundError(override_id)
    return found
