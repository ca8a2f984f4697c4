"""What listeners' pages show, gathered from the rooms below."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from media.grid import HOUR_TICKS, tick_at
from radio.catalogue.models import Enclosure, Episode, Show
from radio.catalogue.queries import agreed, public
from radio.catalogue.rules import RecordingState, Scope
from radio.catalogue.terms import Term, UnknownTermError, vocabulary
from radio.core.ids import looks_like_id
from radio.core.time import unix_ms
from radio.errors import NotFoundError
from radio.pages.rules import Block, Moment, Told, blocks, day_ticks, moments
from radio.pages.sharing import SHORT_LEAST, short, short_ids
from radio.schedule.models import Slot
from radio.schedule.queries import planned_since, rundown

AROUND_NOW_TICKS = 12 * HOUR_TICKS


def blocks_between(session: Session, from_tick: int, to_tick: int, *, now: datetime) -> tuple[Block, ...]:
    """What goes out over a span, block by block; nothing before the station first went on air."""
    from_tick = max(from_tick, min(planned_since(session), tick_at(unix_ms(now))))
    if from_tick >= to_tick:
        return ()
    airings = rundown(session, from_tick, to_tick).airings
    episode_ids = {airing.episode_id for airing in airings if airing.episode_id}
    slot_ids = {airing.slot_id for airing in airings if airing.slot_id}
    return blocks(airings, slots=_slot_titles(session, slot_ids), told=_told(session, episode_ids, now=now))


def day_blocks(session: Session, local_day: datetime, zone: ZoneInfo, *, now: datetime) -> tuple[Block, ...]:
    """What goes out on a day of the station's calendar."""
    from_tick, to_tick = day_ticks(local_day.date(), zone)
    return blocks_between(session, from_tick, to_tick, now=now)


def moments_from(session: Session, *, now: datetime) -> tuple[Moment, ...]:
    """What is on air, and what comes in the next hours."""
    tick = tick_at(unix_ms(now))
    around = blocks_between(session, tick - AROUND_NOW_TICKS // 4, tick + AROUND_NOW_TICKS, now=now)
    return moments(around, unix_ms(now))


def n_published(session: Session, show_id: str, *, now: datetime) -> int:
    """How many episodes of a show the public sees."""
    query = select(func.count()).select_from(Episode).join(Show).where(public(now), Episode.show_id == show_id)
    return session.scalar(query) or 0


def shown_terms(episode: Episode) -> list[Term]:
    """The tags a page shows. Sensitive ones need their teller's agreement, which nobody can give yet."""
    found = []
    for tag in episode.tags:
        try:
            term = vocabulary().term(tag.vocabulary, tag.code)
        except UnknownTermError:
            continue
        if not term.sensitive:
            found.append(term)
    return found


def noted_terms(episode: Episode) -> list[tuple[Term, int | None, int | None]]:
    """The content notes as (term, from_ms, to_ms), in the order they are heard; None: the whole episode."""
    found = []
    for note in episode.content_notes or []:
        try:
            term = vocabulary().term("note", str(note.get("code")))
        except UnknownTermError:
            continue
        found.append((term, _ms(note.get("from_ms")), _ms(note.get("to_ms"))))
    return sorted(found, key=lambda each: each[1] or 0)


def hearable(episode: Episode) -> bool:
    """Whether its sound can be played and downloaded."""
    recording = episode.recording
    return recording is not None and recording.state == RecordingState.TAKEN and bool(recording.renditions)


def download_bytes(session: Session, episode: Episode) -> int:
    """How long the MP3 behind its permanent address is: its public tags lie before the sound, once they are made."""
    sound = episode.recording.rendition("standard") if episode.recording else None
    made = session.get(Enclosure, (episode.id, "standard"))
    if made is not None and sound is not None and made.rendition_sha256 == sound.sha256:
        return made.size_bytes
    return sound.size_bytes if sound is not None else 0


def episode_of_short(session: Session, asked: str) -> str:
    """The id that a short link means: of those that begin so, the one that was made first, for its link was printed first.

    Raises:
        NotFoundError: no id begins so.
    """
    begin = short_ids(asked)
    if len(begin) < SHORT_LEAST or not looks_like_id(begin.ljust(16, "0")):
        raise NotFoundError(asked)
    query = select(Episode.id).where(Episode.id.startswith(begin)).order_by(Episode.made_at, Episode.id).limit(1)
    found = session.scalar(query)
    if found is None:
        raise NotFoundError(asked)
    return found


def short_of(session: Session, episode_id: str) -> str:
    """The short link's letters of an episode. They stay its own, whatever is made later."""
    begin = episode_id[:SHORT_LEAST]
    made = select(Episode.made_at).where(Episode.id == episode_id).scalar_subquery()
    earlier = or_(Episode.made_at < made, and_(Episode.made_at == made, Episode.id < episode_id))
    return short(episode_id, session.scalars(select(Episode.id).where(Episode.id.startswith(begin), earlier)))


def n_listed(session: Session, *, now: datetime) -> int:
    """How many episodes the sitemap has."""
    return session.scalar(select(func.count()).select_from(Episode).join(Show).where(_listed(now))) or 0


def listed(session: Session, *, now: datetime, limit: int, offset: int) -> list[tuple[str, datetime]]:
    """Episodes that may be found from elsewhere, as (id, when it was changed), the oldest first."""
    query = select(Episode.id, Episode.changed_at).join(Show).where(_listed(now)).order_by(Episode.published_at, Episode.id)
    return [(row.id, row.changed_at) for row in session.execute(query.limit(limit).offset(offset))]


def listed_shows(session: Session) -> list[tuple[str, datetime]]:
    """Shows with a page, as (slug, when it was changed)."""
    rows = session.execute(select(Show.slug, Show.changed_at).where(Show.in_feeds).order_by(Show.made_at, Show.id))
    return [(row.slug, row.changed_at) for row in rows]


def _listed(now: datetime) -> ColumnElement[bool]:
    """As `sharing.may_be_listed`, in SQL."""
    return and_(public(now), or_(agreed(Scope.PODCAST), agreed(Scope.RELAY)))


def _ms(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _slot_titles(session: Session, ids: Collection[str]) -> dict[str, str]:
    rows = session.execute(select(Slot.id, Slot.title).where(Slot.id.in_(ids)))
    return {row.id: row.title for row in rows}


def _told(session: Session, ids: Collection[str], *, now: datetime) -> dict[str, Told]:
    query = select(Episode.id, Episode.title, Show.title.label("show_title"), Show.slug).join(Show)
    rows = session.execute(query.where(Episode.id.in_(ids), public(now)))
    return {row.id: Told(row.id, row.title, row.show_title, row.slug) for row in rows}
