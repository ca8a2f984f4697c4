"""Writing the rundown: extending it, changing its future, and the slots it is made from. Proved before it is kept."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import datetime, timedelta
from typing import Any, TypedDict, Unpack

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from radio.catalogue.models import Episode, Show
from radio.catalogue.queries import change_number
from radio.core.text import plain
from radio.errors import InvalidError, OvertakenError
from radio.jobs.actions import enqueue
from radio.jobs.models import Job
from radio.schedule import models, plans, queries
from radio.schedule.airings import Airing
from radio.schedule.proof import FIRST_HASH, chained
from radio.schedule.wallclock import slot_faults
from radio.station import Station

TRIES = 4
_LEAD = timedelta(seconds=20)
"""How long compiling may take at the first try; twice as long at each further one."""
_GATHERED_WITHIN = timedelta(seconds=10)
"""What is published soon after one another is compiled once."""


def extend(session: Session, station: Station) -> list[models.Revision]:
    """Compile as far as the horizon, all in this transaction; empty: it already reaches there."""
    _hold(session)
    plan = plans.extension(session, station)
    return keep(session, station, plan) if plan else []


def revise(session: Session, station: Station, *, why: str, effective_tick: int | None = None) -> list[models.Revision]:
    """Compile the future anew, all in this transaction, and keep what differs. For take-downs: those compile two hours.

    The job that a take-down enqueues does the rest. Whoever changes all of the future lets `settle` do it.
    """
    _hold(session)
    plan = plans.revision(session, station, why=why, effective_tick=effective_tick)
    if plan is None:
        return []
    if not plan.whole:
        ask_revision(session, why="catalogue-changed", now=station.now())
    return keep(session, station, plan)


def ask_revision(session: Session, *, why: str, now: datetime) -> Job:
    """Let a worker compile the future anew, after this transaction: never in a request."""
    due_at = now + _GATHERED_WITHIN if why == "catalogue-changed" else now
    return enqueue(session, "revise", "", now=now, payload={"why": why}, due_at=due_at)


def settle(
    station: Station,
    planned: Callable[[timedelta], plans.Plan | None],
    keeping: Callable[[], AbstractContextManager[Session]],
    *,
    anew: Callable[[], None] = lambda: None,
) -> list[models.Revision]:
    """Plan without a lock, then keep it in one short transaction of `keeping`; plan again when somebody was quicker.

    `planned` is given how long it may take until its plan is kept; `anew` is called before it is asked again.

    Raises:
        OvertakenError: somebody was quicker each time; nothing is changed.
        UnprovenError: what was compiled is not a rundown; nothing is changed.
    """
    for turn in range(TRIES):
        if turn:
            anew()
        plan = planned(_LEAD * 2**turn)
        if plan is None:
            return []
        with suppress(OvertakenError), keeping() as session:
            if plan.from_tick is not None and plan.from_tick < plans.soonest(station):
                raise OvertakenError("late")
            return keep(session, station, plan)
    raise OvertakenError(f"{TRIES} times")


def keep(session: Session, station: Station, plan: plans.Plan) -> list[models.Revision]:
    """Append a plan to the chain, if all that it was read from is still so.

    Raises:
        OvertakenError: it is not; nothing is kept.
    """
    desk = _hold(session, seed=plan.basis.seed)
    if plans.basis(session) != plan.basis:
        raise OvertakenError(plan.why)
    if plan.follows_catalogue:
        desk.catalogue_number = plan.basis.catalogue_number
    return [_append(session, station, airings, plan) for airings in plan.pieces]


def follows_catalogue(session: Session) -> bool:
    """Whether the whole future was compiled since the catalogue last changed."""
    number = session.scalar(select(models.Desk.catalogue_number).where(models.Desk.id == 1))
    return number == change_number(session)


def _hold(session: Session, *, seed: str = "") -> models.Desk:
    """Take the row that serialises writers of the rundown; made at the first time."""
    session.flush()
    query = select(models.Desk).where(models.Desk.id == 1).with_for_update().execution_options(populate_existing=True)
    desk = session.scalar(query)
    if desk is None:
        session.add(models.Desk(id=1, seed=seed or secrets.token_hex(32)))
        session.flush()
        desk = session.scalars(query).one()
    return desk


def _append(session: Session, station: Station, airings: Sequence[Airing], plan: plans.Plan) -> models.Revision:
    span = (airings[0].start_tick, airings[-1].end_tick)
    last = queries.head(session)
    previous_hash = last.hash if last else FIRST_HASH
    revision = models.Revision(
        effective_tick=span[0], end_tick=span[1], made_at=station.now(), why=plan.why, inputs_hash=plan.inputs_hash,
        previous_hash=previous_hash,
        hash=chained(airings, span=span, why=plan.why, inputs_hash=plan.inputs_hash, previous_hash=previous_hash),
    )  # fmt: skip
    session.add(revision)
    session.flush()
    rows = [
        {"revision_id": revision.id, "start_tick": a.start_tick, "n_ticks": a.n_ticks, "recording_id": a.recording_id,
         "episode_id": a.episode_id, "first_tick": a.first_tick, "part": a.part.value, "slot_id": a.slot_id, "reason": a.reason}
        for a in airings
    ]  # fmt: skip
    session.execute(insert(models.Airing), rows)
    return revision


class SlotFields(TypedDict, total=False):
    """What may be said of a slot; what is left out stays as it is."""

    title: str
    first_start: datetime
    length_minutes: int
    rrule: str
    start_rule: str
    tolerance_minutes: int
    priority: int
    fill: dict[str, object]
    exceptions: list[datetime]
    overrides: dict[datetime, dict[str, object]]


def set_slot(
    session: Session, slot: models.Slot | None, *, zone: str, now: datetime, **fields: Unpack[SlotFields]
) -> models.Slot:
    """Make a slot (None) or change one; a job then compiles the future anew.

    Raises:
        InvalidError: a field cannot be taken; nothing is changed.
    """
    faults = _fill_faults(session, fields.get("fill")) | slot_faults(fields, whole=slot is None)
    if faults:
        raise InvalidError(faults)
    if slot is None:
        slot = models.Slot(zone=zone, made_at=now, rrule="", exceptions=[], overrides={})
        session.add(slot)
    for name, value in fields.items():
        setattr(slot, name, _stored(name, value))
    slot.changed_at = now
    session.flush()
    ask_revision(session, why="slot-changed", now=now)
    return slot


def retire_slot(session: Session, slot: models.Slot, *, now: datetime) -> None:
    """End a slot; what was aired in it stays in the log."""
    slot.retired_at = slot.changed_at = now
    session.flush()
    ask_revision(session, why="slot-changed", now=now)


def _stored(name: str, value: Any) -> object:
    if name == "title":
        return plain(value)
    if name == "first_start":
        return value.isoformat()
    if name == "exceptions":
        return sorted(start.isoformat() for start in value)
    if name == "overrides":
        return {start.isoformat(): changed for start, changed in sorted(value.items())}
    return value


def _fill_faults(session: Session, fill: Mapping[str, object] | None) -> dict[str, str]:
    """Whether what a slot names is there."""
    if fill is None:
        return {}
    if fill.get("rung") == "episode" and session.get(Episode, str(fill.get("episode_id"))) is None:
        return {"episode_id": "unknown"}
    wanted = [str(fill["show_id"])] if "show_id" in fill else [str(show) for show in fill.get("show_ids") or ()]  # type: ignore[attr-defined]
    return {} if all(session.get(Show, show) for show in wanted) else {"show_id": "unknown"}
