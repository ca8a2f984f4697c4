"""Finding shows and episodes. What the public may see is decided here and nowhere else."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, String, and_, cast, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.sql.base import ExecutableOption

from media import keys
from media.artwork import SIZES_PX
from radio.catalogue.models import Change, Episode, Recording, Rendition, Show
from radio.catalogue.rules import CHECKED_KINDS, RecordingState, Scope, State
from radio.core.ids import looks_like_id
from radio.errors import BeingCheckedError, NotFoundError, WithdrawnError


def public(now: datetime) -> ColumnElement[bool]:
    """The condition under which an `Episode` (joined with its `Show`) has a page on the site."""
    return and_(out(now), Show.in_feeds, agreed(Scope.SITE))


def agreed(scope: Scope) -> ColumnElement[bool]:
    """The condition under which an `Episode` may be heard there."""
    return cast(Episode.scopes, String).contains(f'"{scope}"')


def out(now: datetime) -> ColumnElement[bool]:
    """The condition under which an `Episode` may be heard: published, and not run out."""
    return and_(
        Episode.state == State.PUBLISHED,
        Episode.published_at <= now,
        or_(Episode.expires_at.is_(None), Episode.expires_at > now),
    )


def shows(session: Session) -> Sequence[Show]:
    """The shows that have a page and a feed, by title."""
    return session.scalars(select(Show).where(Show.in_feeds).order_by(Show.title, Show.id)).all()


def all_shows(session: Session) -> Sequence[Show]:
    """Every show, those of idents and beds too, by title."""
    return session.scalars(select(Show).order_by(Show.title, Show.id)).all()


def show_made_since(session: Session, since: datetime, *, title: str) -> Show | None:
    """The show of this title that was made after `since`: a form that is sent twice makes one."""
    return session.scalars(select(Show).where(Show.title == title, Show.made_at > since).order_by(Show.made_at)).first()


def show_or_404(session: Session, slug: str) -> Show:
    """The show with a page at this address.

    Raises:
        NotFoundError: there is none.
    """
    show = session.scalar(select(Show).where(Show.slug == slug, Show.in_feeds))
    if show is None:
        raise NotFoundError(slug)
    return show


def any_show_or_404(session: Session, slug: str) -> Show:
    """As `show_or_404`, those of idents and beds too: for the studio and commands.

    Raises:
        NotFoundError: there is none.
    """
    show = session.scalar(select(Show).where(Show.slug == slug))
    if show is None:
        raise NotFoundError(slug)
    return show


def episode_or_404(session: Session, episode_id: str, *, now: datetime) -> Episode:
    """The episode as the public may see it, with its show, recording and tags.

    Raises:
        WithdrawnError: it was public and has been taken back.
        BeingCheckedError: guidance that has run out.
        NotFoundError: no such episode, not published, run out, or one without a page.
    """
    episode = any_episode_or_404(session, episode_id)
    if episode.state is State.WITHDRAWN and episode.published_at is not None:
        raise WithdrawnError(episode_id)
    if episode.state is not State.PUBLISHED or not episode.show.in_feeds or Scope.SITE not in episode.scopes:
        raise NotFoundError(episode_id)
    if not is_out(episode, now):
        raise BeingCheckedError(episode_id) if episode.kind in CHECKED_KINDS else NotFoundError(episode_id)
    return episode


def is_out(episode: Episode, now: datetime) -> bool:
    """Whether its time has come and is not over."""
    begun = episode.published_at is not None and episode.published_at <= now
    return begun and (episode.expires_at is None or episode.expires_at > now)


def any_episode_or_404(session: Session, episode_id: str) -> Episode:
    """The episode in whatever state: for the studio and commands, never for a public page.

    Raises:
        NotFoundError: there is none.
    """
    if not looks_like_id(episode_id):
        raise NotFoundError(episode_id)
    episode = session.scalar(select(Episode).where(Episode.id == episode_id).options(*_whole()))
    if episode is None:
        raise NotFoundError(episode_id)
    return episode


def published_episodes(
    session: Session, *, now: datetime, show_id: str | None = None, limit: int | None = None, offset: int = 0
) -> Sequence[Episode]:
    """What the public sees, newest first. `show_id` None: of all shows."""
    query = select(Episode).join(Show).where(public(now)).options(*_whole())
    if show_id is not None:
        query = query.where(Episode.show_id == show_id)
    query = query.order_by(Episode.published_at.desc(), Episode.id).offset(offset)
    return session.scalars(query if limit is None else query.limit(limit)).unique().all()


def has_begun(session: Session, since: datetime, *, now: datetime) -> bool:
    """Whether the time of an episode has come since then that was published before."""
    return session.scalar(select(Episode.id).where(out(now), Episode.published_at > since).limit(1)) is not None


def airable_episodes(session: Session, *, now: datetime) -> Sequence[Episode]:
    """What may be put on air, in order of id: out, with a recording that is taken and has both renditions.

    Idents, beds and company are among them.
    """
    query = select(Episode).join(Recording, Episode.recording_id == Recording.id).where(airable(now))
    return session.scalars(query.options(*_whole()).order_by(Episode.id)).unique().all()


def airable(now: datetime) -> ColumnElement[bool]:
    """The condition under which an `Episode` (joined with its `Recording`) may be put on air."""
    return and_(
        out(now),
        agreed(Scope.LIVE),
        Recording.state == RecordingState.TAKEN,
        Recording.withdrawn_from_tick.is_(None),
        _has("standard"),
        _has("low"),
    )


def kept_off_the_air(session: Session, *, now: datetime) -> dict[str, int]:
    """How many that are published may not be aired all the same: their day has not come, or nobody has agreed to it."""
    waits = and_(Episode.state == State.PUBLISHED, Episode.published_at > now)
    counts = {"not-yet-out": waits, "not-for-the-air": and_(out(now), ~agreed(Scope.LIVE))}
    return {why: session.scalar(select(func.count()).select_from(Episode).where(which)) or 0 for why, which in counts.items()}


def _has(profile: str) -> ColumnElement[bool]:
    return Recording.renditions.any(Rendition.profile == profile)


def change_number(session: Session) -> int:
    """Grows with every transaction that changes something public."""
    return session.scalar(select(Change.number).where(Change.name == "catalogue")) or 0


def keys_of(recordings: Collection[Recording]) -> set[str]:
    """The keys of every object these recordings have in the store."""
    own = {key for r in recordings for key in (r.original_key, r.peaks_key) if key}
    return own | {rendition.key for r in recordings for rendition in r.renditions}


def picture_keys(artwork_sha256: str | None) -> set[str]:
    """The keys of an episode's own picture in every size; none: it has none."""
    return {keys.artwork(artwork_sha256, size_px, "jpg") for size_px in SIZES_PX} if artwork_sha256 else set()


def keys_of_others(session: Session, keys: Collection[str], *, episode_id: str) -> set[str]:
    """Which of these keys recordings of other episodes use, taken back or not, as long as they are not erased."""
    if not keys:
        return set()
    others = select(Recording).where(Recording.episode_id != episode_id)
    originals = others.where(or_(Recording.original_key.in_(keys), Recording.peaks_key.in_(keys)))
    rendered = others.join(Rendition).where(Rendition.key.in_(keys))
    found = {*session.scalars(originals).unique().all(), *session.scalars(rendered).unique().all()}
    return keys_of(found) & set(keys)


def awaiting_erasure(session: Session, keys: Collection[str]) -> bool:
    """Whether an episode that is taken back, and not yet erased, has one of these keys.

    Whoever would use such a key now could lose its object to the erasure; they wait until it is done.
    """
    query = (
        select(Recording.id)
        .join(Episode, Recording.episode_id == Episode.id)
        .outerjoin(Rendition)
        .where(
            Episode.state == State.WITHDRAWN,
            Episode.erased_at.is_(None),
            or_(Rendition.key.in_(keys), Recording.peaks_key.in_(keys), Recording.original_key.in_(keys)),
        )
        .limit(1)
    )
    return session.scalar(query) is not None


def _whole() -> tuple[ExecutableOption, ...]:
    """Everything a page or a rundown asks of an episode, in few statements."""
    return (
        joinedload(Episode.show),
        joinedload(Episode.recording).selectinload(Recording.renditions),
        selectinload(Episode.tags),
        selectinload(Episode.voices),
    )
