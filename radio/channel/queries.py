"""The rundown with its sounds: what an output needs, in three statements."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from radio.catalogue.models import Episode, Recording, Rendition, Show
from radio.catalogue.queries import change_number
from radio.channel.rules import Aired, Sound
from radio.schedule import queries as schedule

Mark = tuple[int, int]
"""Changes with every revision of the rundown and every change of anything public, a take-down among them."""


def mark(session: Session) -> Mark:
    """The present mark: two looks at an index."""
    return schedule.head_id(session), change_number(session)


def aired(session: Session, from_tick: int, to_tick: int) -> tuple[Aired, ...]:
    """What is aired over a span, with titles and sounds; the airings at its ends are cut there."""
    airings = schedule.rundown(session, from_tick, to_tick).airings
    recordings = {airing.recording_id for airing in airings if airing.recording_id}
    sounds, withdrawn = _sounds(session, recordings), _withdrawn(session, recordings)
    titles = _titles(session, {airing.episode_id for airing in airings if airing.episode_id})
    nothing = ("", "", "", False, False)
    return tuple(
        Aired(airing, *titles.get(airing.episode_id or "", nothing), withdrawn.get(airing.recording_id or ""),
              sounds.get(airing.recording_id or "", {}))
        for airing in airings
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


def _titles(session: Session, episodes: set[str]) -> dict[str, tuple[str, str, str, bool, bool]]:
    query = (
        select(Episode.id, Episode.title, Show.title, Show.slug, Show.in_feeds, Episode.synthetic)
        .join(Show, Episode.show_id == Show.id)
        .where(Episode.id.in_(episodes))
    )
    return {row[0]: (row[1], row[2], row[3], row[4], row[5]) for row in session.execute(query)}
