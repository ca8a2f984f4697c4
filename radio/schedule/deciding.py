"""What people decide about the week: slots, and the station's rules. A job then compiles the future anew."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict, Unpack

from sqlalchemy.orm import Session

from radio.catalogue.models import Episode, Show
from radio.core.people import Person
from radio.core.text import plain
from radio.errors import InvalidError
from radio.schedule import models, queries
from radio.schedule.desk import ask_revision, hold
from radio.schedule.policy import StationRules, rules_faults
from radio.schedule.wallclock import slot_faults

WHY_LIMIT = 500
"""Letters. What is longer is not cut silently."""


class SlotFields(TypedDict, total=False):
    """What may be said of a slot; what is left out stays as it is."""

    title: str
    first_start: datetime
    length_minutes: int
    rrule: str
    start_rule: str
    tolerance_minutes: int
    priority: int
    under_run: str
    over_run: str
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
    if faults := faults_of_slot(session, fields, whole=slot is None):
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


def faults_of_slot(session: Session, fields: SlotFields, *, whole: bool) -> dict[str, str]:
    """What `set_slot` would refuse: field → code. `whole`: nothing that is needed may be left out."""
    return _fill_faults(session, fields.get("fill")) | slot_faults(fields, whole=whole)


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


def set_station_rules(
    session: Session, changes: Mapping[str, Any], *, by: Person, why: str, now: datetime
) -> models.StationRules:
    """Make the next version of the station's rules: the ones that hold, with `changes` as `StationRules.stored` writes them.

    A job then compiles the future anew.

    Raises:
        InvalidError: a field cannot be taken, or nobody said why; nothing is changed.
    """
    hold(session)
    if faults := faults_of_rules(changes, why):
        raise InvalidError(faults)
    number, held = queries.station_rules(session)
    made = models.StationRules(
        number=number + 1, rules=StationRules.read(held.stored() | dict(changes)).stored(), made_at=now, made_by=by.id,
        why=plain(why),
    )  # fmt: skip
    session.add(made)
    session.flush()
    ask_revision(session, why="rules-changed", now=now)
    return made


def faults_of_rules(changes: Mapping[str, Any], why: str) -> dict[str, str]:
    """What `set_station_rules` would refuse: field → code."""
    said = plain(why)
    fault = "required" if not said else "too-long" if len(said) > WHY_LIMIT else ""
    return rules_faults(changes) | ({"why": fault} if fault else {})
