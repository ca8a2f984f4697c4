"""Slots, and the rundown that holds at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from media.grid import DAY_TICKS, first_tick_from, tick_at
from radio.catalogue.models import Episode, Recording
from radio.catalogue.queries import agreed, airable_episodes
from radio.catalogue.rules import Scope
from radio.core.text import plain
from radio.core.time import unix_ms
from radio.errors import NotFoundError
from radio.schedule import models, rules
from radio.schedule.airings import Airable, Airing, Part, Rundown, emergency, night_ok, part_of, without_holes
from radio.schedule.policy import StationRules
from radio.schedule.proof import chained

LOOK_BACK_TICKS = 30 * DAY_TICKS
"""How far back an airing still counts as lately."""
_LONGEST_AIRING_TICKS = DAY_TICKS


def slots(session: Session) -> Sequence[models.Slot]:
    """The slots that are not retired, in the order in which they were made."""
    query = select(models.Slot).where(models.Slot.retired_at.is_(None)).order_by(models.Slot.made_at, models.Slot.id)
    return session.scalars(query).all()


def slot_or_404(session: Session, slot_id: str) -> models.Slot:
    """A slot that is not retired.

    Raises:
        NotFoundError: there is none.
    """
    slot = session.get(models.Slot, slot_id)
    if slot is None or slot.retired_at is not None:
        raise NotFoundError(slot_id)
    return slot


def slot_made_since(session: Session, since: datetime, fields: Mapping[str, Any]) -> models.Slot | None:
    """The slot with these `fields` that was made after `since`: a form that is sent twice makes one."""
    recent = [slot for slot in slots(session) if slot.made_at > since]
    alike = {**fields, "title": plain(fields["title"]), "first_start": fields["first_start"].isoformat()}
    return next((slot for slot in recent if all(getattr(slot, name) == value for name, value in alike.items())), None)


def slot_value(row: models.Slot) -> rules.Slot:
    """A slot as compiling reads it."""
    return rules.Slot(
        slot_id=row.id,
        zone=row.zone,
        first_start=datetime.fromisoformat(row.first_start),
        length=timedelta(minutes=row.length_minutes),
        rrule=row.rrule,
        fill=row.fill,
        exceptions=frozenset(datetime.fromisoformat(start) for start in row.exceptions),
        overrides={datetime.fromisoformat(start): changed for start, changed in row.overrides.items()},
        priority=row.priority,
        tolerance=timedelta(minutes=row.tolerance_minutes if row.start_rule == "soft" else 0),
        under_run=row.under_run,
        over_run=row.over_run,
    )


def rules_versions(session: Session) -> Sequence[models.StationRules]:
    """What the stewards decided, newest first; version 0, the defaults, has no row."""
    return session.scalars(select(models.StationRules).order_by(models.StationRules.number.desc())).all()


def station_rules(session: Session) -> tuple[int, StationRules]:
    """The rules that hold, and the number of their version."""
    newest = session.scalar(select(models.StationRules).order_by(models.StationRules.number.desc()).limit(1))
    return (0, StationRules()) if newest is None else (newest.number, StationRules.read(newest.rules))


def pool(session: Session, *, now: datetime) -> list[Airable]:
    """All that may be aired, as compiling reads it."""
    return [_airable(episode, episode.recording) for episode in airable_episodes(session, now=now) if episode.recording]


def _airable(episode: Episode, recording: Recording) -> Airable:
    n_ticks = recording.n_ticks or 0
    notes = None if episode.content_notes is None else [str(note.get("code")) for note in episode.content_notes]
    published = unix_ms(episode.published_at) if episode.published_at else 0
    return Airable(
        episode_id=episode.id,
        recording_id=recording.id,
        show_id=episode.show_id,
        kind=episode.kind,
        part=part_of(kind=episode.kind, n_ticks=n_ticks, in_feeds=episode.show.in_feeds),
        n_ticks=n_ticks,
        published_tick=first_tick_from(published),
        expires_tick=tick_at(unix_ms(episode.expires_at)) if episode.expires_at else None,
        night_ok=night_ok(intensity=episode.intensity, detail=episode.detail, notes=notes),
        heavy=episode.intensity >= 2,
        order=(episode.season_number or 0) * 100_000 + (episode.episode_number or 0),
        tags=frozenset((tag.vocabulary, tag.code) for tag in episode.tags),
        voices=frozenset(voice.voice_id for voice in episode.voices),
        notes=frozenset(notes or ()),
    )


def head(session: Session) -> models.Revision | None:
    """The newest revision; None: nothing was ever compiled."""
    return session.scalar(select(models.Revision).order_by(models.Revision.id.desc()).limit(1))


def head_id(session: Session) -> int:
    """The number of the newest revision; 0: none. One look at an index."""
    return session.scalar(select(func.max(models.Revision.id))) or 0


def planned_until(session: Session) -> int:
    """The tick at which the compiled future ends; 0: there is none."""
    return session.scalar(select(func.max(models.Revision.end_tick))) or 0


def planned_since(session: Session) -> int:
    """The tick at which the station first went on air; 0: it has not yet."""
    return session.scalar(select(func.min(models.Revision.effective_tick))) or 0


def rundown(session: Session, from_tick: int, to_tick: int, *, upto: int | None = None) -> Rundown:
    """What is, was or will be aired over `[from_tick, to_tick)`: at each tick the newest revision that covers it.

    `upto`: as it stood after that revision; None: as it stands.

    Airings at the ends of the span are whole only when they lie within it. Where nothing was compiled stands the loop.
    """
    found = held(session, from_tick, to_tick, upto=upto)
    rows = _rows(session, {revision_id for revision_id, _, _ in found}, from_tick, to_tick)
    return without_holes(_clipped(rows, found), from_tick, to_tick)


def loops(session: Session, from_tick: int, to_tick: int) -> list[Airing]:
    """Of the rundown over a span only the emergency loop, in order of time: days ahead of it, without reading all that airs."""
    found = held(session, from_tick, to_tick)
    rows = _rows(session, {revision_id for revision_id, _, _ in found}, from_tick, to_tick, only=Part.EMERGENCY)
    begins, ends = [start for _, start, _ in found], [end for _, _, end in found]
    holes = [emergency(*hole) for hole in zip([from_tick, *ends], [*begins, to_tick], strict=True) if hole[0] < hole[1]]
    return sorted([*_clipped(rows, found), *holes], key=lambda loop: loop.start_tick)


def _clipped(rows: Mapping[int, Sequence[Airing]], found: Iterable[tuple[int, int, int]]) -> list[Airing]:
    """Of the airings of each revision what lies where it holds."""
    pieces = (airing.clipped(start, end) for revision_id, start, end in found for airing in rows.get(revision_id, ()))
    return [piece for piece in pieces if piece is not None]


def held(session: Session, from_tick: int, to_tick: int, *, upto: int | None = None) -> list[tuple[int, int, int]]:
    """Which revision holds where, in order of time: (id, from, to)."""
    query = (
        select(models.Revision.id, models.Revision.effective_tick, models.Revision.end_tick)
        .where(models.Revision.end_tick > from_tick, models.Revision.effective_tick < to_tick)
        .order_by(models.Revision.id.desc())
    )
    if upto is not None:
        query = query.where(models.Revision.id <= upto)
    open_spans, found = [(from_tick, to_tick)], []
    for revision_id, effective_tick, end_tick in session.execute(query):
        still_open: list[tuple[int, int]] = []
        for start, end in open_spans:
            begins, ends = max(start, effective_tick), min(end, end_tick)
            if begins >= ends:
                still_open.append((start, end))
                continue
            found.append((revision_id, begins, ends))
            still_open += [span for span in ((start, begins), (ends, end)) if span[0] < span[1]]
        open_spans = still_open
        if not open_spans:
            break
    return sorted(found, key=lambda piece: piece[1])


def _rows(
    session: Session, revision_ids: Iterable[int], from_tick: int, to_tick: int, *, only: Part | None = None
) -> dict[int, list[Airing]]:
    row = models.Airing
    query = _AIRINGS.where(
        row.revision_id.in_(list(revision_ids)), row.start_tick < to_tick, row.start_tick + row.n_ticks > from_tick
    )
    if only is None:
        query = query.where(row.start_tick >= from_tick - _LONGEST_AIRING_TICKS)
    else:
        query = query.where(row.part == only.value)  # a loop that was put there may last for days
    found: dict[int, list[Airing]] = {}
    for one in session.execute(query):
        found.setdefault(one.revision_id, []).append(_airing(one))
    return found


_AIRINGS = select(
    models.Airing.revision_id, models.Airing.start_tick, models.Airing.n_ticks, models.Airing.part, models.Airing.episode_id,
    models.Airing.recording_id, models.Airing.first_tick, models.Airing.slot_id, models.Airing.reason,
).order_by(models.Airing.start_tick)  # fmt: skip


def _airing(one: Any) -> Airing:  # a row of nine columns
    return Airing(
        one.start_tick, one.n_ticks, Part(one.part), one.episode_id, one.recording_id, one.first_tick, one.slot_id, one.reason
    )


def is_barred(session: Session, airing: Airing) -> bool:
    """Whether it may be heard no more, not even to its end: it was taken back, or its agreement for the air."""
    if airing.episode_id is None:
        return False
    query = (
        select(Recording.withdrawn_from_tick, agreed(Scope.LIVE))
        .join(Episode, Recording.episode_id == Episode.id)
        .where(Recording.id == airing.recording_id)
    )
    found = session.execute(query).one_or_none()
    return found is None or found[0] is not None or not found[1]


def airings_of(session: Session, revision_id: int) -> list[Airing]:
    """The airings of one revision, whole."""
    return [_airing(one) for one in session.execute(_AIRINGS.where(models.Airing.revision_id == revision_id))]


def unchained(session: Session) -> int | None:
    """The first revision whose hash does not follow from its rows and the one before it; None: the chain is whole."""
    previous = None
    for revision in session.scalars(select(models.Revision).order_by(models.Revision.id)):
        airings = airings_of(session, revision.id)
        span = (revision.effective_tick, revision.end_tick)
        expected = chained(airings, span=span, why=revision.why, inputs_hash=revision.inputs_hash,
                           previous_hash=revision.previous_hash)  # fmt: skip
        if expected != revision.hash or (previous is not None and revision.previous_hash != previous):
            return revision.id
        previous = revision.hash
        session.expunge(revision)
    return None
