"""The as-run log: what was really aired. Arithmetic on the past of the rundown; what was taken back leaves ids and times only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from media.grid import DAY_TICKS, TICK_MS
from radio.catalogue.models import Episode, EpisodeVoice, Recording, Rendition, Show, Voice
from radio.catalogue.rules import State
from radio.schedule import models, queries
from radio.schedule.airings import Airing, Part, emergency
from radio.schedule.proof import GOES_ON

Span = tuple[int, int]
"""From a tick to the tick after the last."""
_WRITES_MUSIC = frozenset({"composer", "songwriter"})
_SEEN_WITHIN_TICKS = 30_000 // TICK_MS
"""Of the list `role`."""


class Outcome(StrEnum):
    """What became of an airing."""

    AIRED = "aired"
    ON_AIR = "on-air"
    CUT = "cut"
    """An override ended it; `because` says which."""
    INTERRUPTED = "interrupted"
    """An alert came in between; the rest follows in the log."""
    LOOP = "loop"
    """The emergency loop; `because` says why."""
    PARTLY_LOOP = "partly-loop"
    """The store was away, so some listeners heard the emergency loop meanwhile."""
    PARTLY_SENT = "partly-sent"
    """For a part of it no web process ran."""
    NOT_SENT = "not-sent"
    """No web process ran."""


@dataclass(frozen=True, slots=True)
class About:
    """What may be said of an episode in the log; nothing of one that was taken back."""

    title: str = ""
    show_title: str = ""
    author: str = ""
    kind: str = ""
    sound_sha256: str = ""
    """Of the standard rendition: which version it was."""
    license: str = ""
    """Its own or its show's, such as cc-by-4.0; empty: nothing is said."""
    writers: tuple[str, ...] = ()
    """Who wrote the music, by the names that the public may read."""
    performers: tuple[str, ...] = ()
    """Who else is heard, likewise."""


@dataclass(frozen=True, slots=True)
class AsRun:
    """One airing as it really was."""

    airing: Airing
    outcome: Outcome
    because: str = ""
    """A code: a revision's or an airing's why, `store` or `nobody`; empty for what was aired as planned."""
    about: About = About()
    taken_back: bool = False
    away_ticks: int = 0
    """For how long a web process had no sound from the store."""

    @property
    def source(self) -> str:
        """Where it came from: slot, rotation, between, alert or emergency."""
        code = str(self.airing.why.get("code", ""))
        if self.airing.part is Part.EMERGENCY:
            return "emergency"
        if code in {"alert", "swapped"}:
            return code
        if self.airing.part is not Part.PROGRAMME:
            return "between"
        return "slot" if self.airing.slot_id else "rotation"

    @property
    def is_music(self) -> bool:
        """Whether it belongs on the cue sheet: company and beds."""
        return (
            not self.taken_back
            and self.outcome is not Outcome.NOT_SENT
            and (self.about.kind == "company" or self.airing.part is Part.BED)
        )


def as_run(session: Session, from_tick: int, to_tick: int, *, now_tick: int) -> list[AsRun]:
    """All that began before `to_tick` and `now_tick` and touched `[from_tick, …)`, in order and without a hole."""
    began = queries.planned_since(session)
    to_tick = min(to_tick, now_tick + 1)
    from_tick = max(from_tick, began)
    if not began or from_tick >= to_tick:
        return []
    found = _without_holes(_pieces(session, from_tick, to_tick), from_tick, to_tick)
    said = abouts(session, {a.episode_id for a, _ in found if a.episode_id})
    barred = _taken_back(session, {a.recording_id for a, _ in found if a.recording_id})
    outages = [_outages(session, from_tick, now_tick, nobody_ran=nobody_ran) for nobody_ran in (False, True)]
    return [_row(airing, why, None if _is_gone(airing, said, barred) else said.get(airing.episode_id or "", About()),
                 outages, now_tick) for airing, why in found]  # fmt: skip


def _is_gone(airing: Airing, abouts: Mapping[str, About], barred: Collection[str]) -> bool:
    """Whether it was taken back since."""
    return airing.recording_id in barred or (airing.episode_id is not None and airing.episode_id not in abouts)


def is_unseen(last_tick: int, now_tick: int) -> bool:
    """Whether a web process that was seen last at `last_tick`, and writes it down every fifteen seconds, runs no more."""
    return now_tick - last_tick > _SEEN_WITHIN_TICKS


def _row(airing: Airing, cut_by: str, about: About | None, outages: Sequence[Sequence[Span]], now_tick: int) -> AsRun:
    start, end = airing.start_tick, min(airing.end_tick, now_tick)
    away, silent = (sum(max(0, min(to, end) - max(since, start)) for since, to in spans) for spans in outages)
    outcome, because = _outcome(airing, cut_by, now_tick)
    if silent and silent >= end - start:
        outcome, because = Outcome.NOT_SENT, "nobody"
    elif outcome is Outcome.AIRED and silent:
        outcome, because = Outcome.PARTLY_SENT, "nobody"
    elif outcome is Outcome.AIRED and away:
        outcome, because = Outcome.PARTLY_LOOP, "store"
    if about is None:
        airing = Airing(airing.start_tick, airing.n_ticks, airing.part, airing.episode_id, airing.recording_id, airing.first_tick)
    return AsRun(airing, outcome, because, about or About(), about is None, away)


def _outcome(airing: Airing, cut_by: str, now_tick: int) -> tuple[Outcome, str]:
    """What was meant to become of it, while the station ran."""
    if airing.part is Part.EMERGENCY:
        return Outcome.LOOP, str(airing.why.get("code", ""))
    if airing.end_tick > now_tick:
        return Outcome.ON_AIR, ""
    if cut_by:
        return (Outcome.INTERRUPTED, "alert") if cut_by == GOES_ON else (Outcome.CUT, cut_by)
    return Outcome.AIRED, ""


def _pieces(session: Session, from_tick: int, to_tick: int) -> list[tuple[Airing, str]]:
    """The airings that held, and by which revision each was cut (its why; empty: by none)."""
    first, last = from_tick - DAY_TICKS, to_tick + DAY_TICKS
    held = queries.held(session, first, last)
    rows = queries._rows(session, {revision_id for revision_id, _, _ in held}, first, last)
    query = select(models.Revision.id, models.Revision.why).where(
        models.Revision.id.in_({revision_id for revision_id, _, _ in held})
    )
    whys = {row[0]: row[1] for row in session.execute(query)}
    found: list[tuple[Airing, str]] = []
    for at, (revision_id, start, end) in enumerate(held):
        following = held[at + 1] if at + 1 < len(held) else None
        cutter = whys.get(following[0], "") if following and following[1] == end else ""
        for planned in rows.get(revision_id, ()):
            airing = planned.clipped(start, end)
            if airing is not None:
                found.append((airing, cutter if airing.end_tick < planned.end_tick else ""))
    return [
        (airing, _goes_on(airing, why, found))
        for airing, why in found
        if from_tick < airing.end_tick and airing.start_tick < to_tick
    ]


def _goes_on(airing: Airing, cut_by: str, found: Sequence[tuple[Airing, str]]) -> str:
    """`goes-on` when the rest of what was cut is heard later."""
    if not cut_by:
        return ""
    rest = airing.first_tick + airing.n_ticks
    later = (one for one, _ in found if one.start_tick >= airing.end_tick and one.recording_id == airing.recording_id)
    return GOES_ON if any(one.first_tick == rest and one.why.get("code") == GOES_ON for one in later) else cut_by


def _without_holes(pieces: Sequence[tuple[Airing, str]], from_tick: int, to_tick: int) -> list[tuple[Airing, str]]:
    """With the emergency loop where nothing was planned."""
    if not pieces:
        return [(emergency(from_tick, to_tick), "")]
    found = [(emergency(from_tick, pieces[0][0].start_tick), "")] if pieces[0][0].start_tick > from_tick else []
    ends = [following.start_tick for following, _ in pieces[1:]] + [to_tick]
    for piece, end in zip(pieces, ends, strict=True):
        found.append(piece)
        if piece[0].end_tick < end:
            found.append((emergency(piece[0].end_tick, end), ""))
    return found


def abouts(session: Session, episodes: Iterable[str]) -> dict[str, About]:
    """What may be said of those that are not taken back."""
    episodes = list(episodes)
    people = _people(session, episodes)
    query = (
        select(
            Episode.id, Episode.title, Show.title, Show.author, Episode.kind, Rendition.sha256, Show.license, Episode.own_license
        )
        .join(Show, Episode.show_id == Show.id)
        .outerjoin(Rendition, (Rendition.recording_id == Episode.recording_id) & (Rendition.profile == "standard"))
        .where(Episode.id.in_(episodes), Episode.state != State.WITHDRAWN)
    )
    return {
        row[0]: About(
            row[1], row[2], row[3], row[4], row[5] or "", row[7]["name"] if row[7] else row[6],
            tuple(name for name, wrote in people.get(row[0], ()) if wrote), tuple(name for name, wrote in people.get(row[0], ()) if not wrote),
        )
        for row in session.execute(query)
    }  # fmt: skip


def _people(session: Session, episodes: Collection[str]) -> dict[str, list[tuple[str, bool]]]:
    """Episode → (name, whether they wrote music), in their order there; only names that the public may read."""
    query = (
        select(EpisodeVoice.episode_id, Voice.name, EpisodeVoice.role)
        .join(Voice, EpisodeVoice.voice_id == Voice.id)
        .where(EpisodeVoice.episode_id.in_(episodes), EpisodeVoice.named)
        .order_by(EpisodeVoice.episode_id, EpisodeVoice.position)
    )
    found: dict[str, list[tuple[str, bool]]] = {}
    for episode_id, name, role in session.execute(query):
        found.setdefault(episode_id, []).append((name, role in _WRITES_MUSIC))
    return found


def _taken_back(session: Session, recordings: Iterable[str]) -> frozenset[str]:
    query = select(Recording.id).where(Recording.id.in_(list(recordings)), Recording.withdrawn_from_tick.is_not(None))
    return frozenset(session.scalars(query))


def _outages(session: Session, from_tick: int, now_tick: int, *, nobody_ran: bool) -> list[Span]:
    """When the store was away for one web process or more, or when none ran; those that overlap are one."""
    row = models.Outage
    query = select(row.from_tick, row.to_tick).where(
        row.process == "" if nobody_ran else row.process != "",
        row.from_tick < now_tick,
        or_(row.to_tick.is_(None), row.to_tick > from_tick - DAY_TICKS),
    )
    merged: list[Span] = []
    for start, end in session.execute(query.order_by(row.from_tick)):
        last = start + 1 if not nobody_ran else now_tick if is_unseen(start, now_tick) else start
        until = last if end is None else end
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], until))
        else:
            merged.append((start, until))
    return merged
