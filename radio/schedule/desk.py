"""The one row that writers of the rundown hold, what it tells of the days ahead, and asking for a new future."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from media.grid import DAY_TICKS
from radio.jobs.actions import enqueue
from radio.jobs.models import Job
from radio.schedule import models
from radio.schedule.gaps import Fault, is_of_the_pool


def ask_revision(session: Session, *, why: str, now: datetime, wait: timedelta = timedelta()) -> Job:
    """Let a worker compile the future anew, `wait` after this transaction: once for all that asks meanwhile."""
    return enqueue(session, "revise", "", now=now, payload={"why": why}, due_at=now + wait)


def hold(session: Session) -> models.Desk:
    """Take the row that serialises writers of the rundown; made at the first time."""
    session.flush()
    query = select(models.Desk).where(models.Desk.id == 1).with_for_update().execution_options(populate_existing=True)
    desk = session.scalar(query)
    if desk is None:
        session.add(models.Desk(id=1, seed=secrets.token_hex(32)))
        session.flush()
        desk = session.scalars(query).one()
    return desk


def the_desk(session: Session) -> models.Desk:
    """The row as it is read, without holding it."""
    return session.get_one(models.Desk, 1)


def tell(session: Session, span: tuple[int, int], faults: Iterable[Fault], *, now_tick: int) -> None:
    """Keep what the future that was compiled over a span cannot do, for those who can mend it."""
    desk = the_desk(session)
    others = [fault for fault in desk.faults if _stands(fault, span, now_tick - DAY_TICKS)]
    found = [[fault.tick, fault.code, fault.slot_id, json.loads(fault.facts)] for fault in faults]
    told = sorted([*others, *found], key=lambda fault: (fault[0], fault[1], str(fault[2])))
    if told != desk.faults:
        desk.faults = told


def _stands(told: Sequence[object], span: tuple[int, int], since: int) -> bool:
    """Whether a fault that was told before is neither over nor told anew by what was compiled over a span."""
    tick, code, slot_id, _facts = told
    at = int(str(tick))
    return since <= at and not span[0] <= at < span[1] and not is_of_the_pool(str(code), str(slot_id) if slot_id else None)
