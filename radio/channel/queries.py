"""The rundown with its sounds: what an output needs, in three statements."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from media.grid import tick_at
from radio.catalogue.models import Episode, Recording, Rendition, Show
from radio.catalogue.queries import agreed, airable, change_number
from radio.catalogue.rules import Scope, State
from radio.channel.rules import Aired, Sound
from radio.core.time import unix_ms
from radio.schedule import queries as schedule

Mark = tuple[int, int]
"""Changes with every revision of the rundown and every change of anything public, a take-down among them."""


def mark(session: Session) -> Mark:
    """The present mark: two looks at an index."""
    return schedule.head_id(session), change_number(session)


def barred(session: Session, recordings: Collection[str], *, now: datetime) -> set[str]:
    """Which of these may not be heard any more: taken back, run out, or without agreement for the air."""
    query = select(Recording.id).join(Episode, Episode.recording_id == Recording.id)
    return set(recordings) - set(session.scalars(query.where(Recording.id.in_(recordings), airable(now))))


def aired(session: Session, from_tick: int, to_tick: int) -> tuple[Aired, ...]:
    """What is aired over a span, with titles and sounds; the airings at its ends are cut there.

    Whether an episode is out is read from its state; that it expires is told by its tick, so that what is held stays true.
    """
    airings = schedule.rundown(session, from_tick, to_tick).airings
    recordings = {airing.recording_id for airing in airings if airing.recording_id}
    sounds, withdrawn = _sounds(session, recordings), _withdrawn(session, recordings)
    titles = _titles(session, {airing.episode_id for airing in airings if airing.episode_id})
    nothing = _Told("", "", "", in_feeds=False, synthetic=False, on_site=False, expires_tick=None)
    return tuple(
        Aired(
            airing, told.title, told.show_title, told.show_slug, told.in_feeds, told.synthetic,
            withdrawn.get(airing.recording_id or ""), sounds.get(airing.recording_id or "", {}), told.on_site, told.expires_tick,
        )
        for airing in airings
        for told in [titles.get(airing.episode_id or "", nothing)]
    )  # fmt: skip


def _sounds(session: Session, recordings: set[str]) -> dict[str, dict[str, Sound]]:
    query = select(Rendition).where(Rendition.recording_id.in_(recordings))
    found: dict[str, dict[str, Sound]] = {}
    for row in session.scalars(query):
        sound = Sound(row.sha256, row.key, row.header_bytes, row.tick_bytes, row.size_bytes, row.recording_id)
        found.setdefault(row.recording_id, {})[row.profile] = sound
    return found


def _withdrawn(session: Session, recordings: set[str]) -> dict[str, int | None]:
    query = select(Recording.id, Recording.withdrawn_from_tick).where(Recording.id.in_(recordings))
    return {row[0]: row[1] for row in session.execute(query)}


@dataclass(frozen=True, slots=True)
class _Told:
    """What is known of an episode beside its sound."""

    title: str
    show_title: str
    show_slug: str
    in_feeds: bool
    synthetic: bool
    on_site: bool
    expires_tick: int | None


def _titles(session: Session, episodes: set[str]) -> dict[str, _Told]:
    query = (
        select(
            Episode.id, Episode.title, Show.title.label("show_title"), Show.slug, Show.in_feeds, Episode.synthetic,
            Episode.expires_at, and_(Episode.state == State.PUBLISHED, agreed(Scope.SITE)).label("on_site"),
        )
        .join(Show, Episode.show_id == Show.id)
        .where(Episode.id.in_(episodes))
    )  # fmt: skip
    return {
        row.id: _Told(row.title, row.show_title, row.slug, row.in_feeds, row.synthetic, bool(row.on_site),
                      tick_at(unix_ms(row.expires_at)) if row.expires_at else None)
        for row in session.execute(query)
    }  # fmt: skip
