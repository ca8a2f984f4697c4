"""What a producer has on the table: drafts, uploads on their way, recordings being worked on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from radio.catalogue.models import Episode, Recording
from radio.catalogue.queries import any_episode_or_404
from radio.catalogue.rules import State
from radio.core.ids import looks_like_id
from radio.core.people import Person, Role
from radio.editorial import rules as editorial
from radio.editorial.queries import held, held_ids
from radio.errors import NotFoundError
from radio.jobs.models import Job
from radio.jobs.queries import anybody_works
from radio.studio.models import Upload
from radio.studio.rules import UNFINISHED, Standing, standing


@dataclass(frozen=True, slots=True)
class Piece:
    """One episode as the studio shows it: where it stands, what it lacks, the work that is done on it now."""

    episode: Episode
    standing: Standing
    lacks: tuple[editorial.Lack, ...]
    upload: Upload | None = None
    job: Job | None = None
    faults: tuple[str, ...] = ()
    """Why the gate keeps it out of the feeds; empty: it does not."""
    works: bool = True
    """Whether a worker lives; only looked at where something waits for one."""

    @property
    def newest(self) -> Recording | None:
        """The newest take, heard or not."""
        return self.episode.recordings[-1] if self.episode.recordings else None

    @property
    def fraction(self) -> float:
        """How far the present work is."""
        return self.job.progress if self.job else 0.0


def episode_or_404(session: Session, person: Person, episode_id: str) -> Episode:
    """An episode that this person may see in the studio.

    Raises:
        NotFoundError: there is none, or it is not for them.
    """
    episode = any_episode_or_404(session, episode_id)
    if not editorial.may_see(person, episode.made_by):
        raise NotFoundError(episode_id)
    return episode


def last_show_of(session: Session, person: Person) -> str | None:
    """The id of the show of which this person began an episode last."""
    return session.scalar(select(Episode.show_id).where(Episode.made_by == person.id).order_by(Episode.made_at.desc()).limit(1))


def begun_since(session: Session, person: Person, since: datetime, *, show_id: str, title: str, kind: str) -> Episode | None:
    """The draft that this person began like that after `since`, and which is as it was made: a form that is sent twice makes one."""
    alike = (Episode.made_by == person.id, Episode.show_id == show_id, Episode.title == title, Episode.kind == kind)
    untouched = (Episode.state == State.DRAFT, Episode.made_at > since, Episode.changed_at == Episode.made_at)
    sent = select(Upload.id).where(Upload.episode_id == Episode.id).exists()
    query = select(Episode).where(*alike, *untouched, ~Episode.recordings.any(), ~sent)
    return session.scalars(query.order_by(Episode.made_at)).first()


def piece(session: Session, episode: Episode, *, now: datetime) -> Piece:
    """One episode as the studio shows it."""
    return pieces(session, [episode], now=now)[0]


def pieces(session: Session, episodes: Sequence[Episode], *, now: datetime) -> list[Piece]:
    """The same for many, in the same order."""
    if not episodes:
        return []
    uploads = open_uploads(session, [episode.id for episode in episodes])
    working = [episode.recordings[-1].id for episode in episodes if _is_working(episode)]
    jobs = ingest_jobs(session, working)
    out = held(session, [episode.id for episode in episodes if episode.state is State.PUBLISHED])
    found = [_piece(episode, uploads.get(episode.id), jobs, now) for episode in episodes]
    works = not jobs or anybody_works(session, now)
    return [replace(piece, faults=tuple(out.get(piece.episode.id, ())), works=works) for piece in found]


def _is_working(episode: Episode) -> bool:
    return bool(episode.recordings) and episode.recordings[-1].state in UNFINISHED


def _piece(episode: Episode, upload: Upload | None, jobs: Mapping[str, Job], now: datetime) -> Piece:
    lacks = editorial.missing(episode)
    job = jobs.get(episode.recordings[-1].id) if _is_working(episode) else None
    stands = standing(
        episode.state, lacks, uploading=upload is not None, job=job.state if job else None,
        job_failed_before=bool(job and job.failure), expired=episode.expires_at is not None and episode.expires_at <= now,
    )  # fmt: skip
    return Piece(episode, stands, lacks, upload, job)


def drafts_of(session: Session, person: Person) -> Sequence[Episode]:
    """Their own drafts, the last changed first."""
    return session.scalars(_studio().where(Episode.state == State.DRAFT, Episode.made_by == person.id)).unique().all()


def drafts_of_others(session: Session, person: Person, *, limit: int = 50) -> Sequence[Episode]:
    """What others are making: for editors and stewards; nothing for anybody else. What is held waits in a room of its own."""
    if not person.has(Role.EDITOR, Role.STEWARD):
        return []
    others = Episode.made_by.is_distinct_from(person.id)
    return (
        session.scalars(_studio().where(Episode.state == State.DRAFT, Episode.held_at.is_(None), others).limit(limit))
        .unique()
        .all()
    )


def submitted_of(session: Session, person: Person) -> Sequence[Episode]:
    """Their own that wait for others, the last changed first."""
    return session.scalars(_studio().where(Episode.state == State.READY, Episode.made_by == person.id)).unique().all()


def published_of(session: Session, person: Person, *, limit: int = 10) -> Sequence[Episode]:
    """What is out lately: their own; for stewards and editors, everybody's."""
    query = _published(person).where(Episode.id.not_in(held_ids()))
    return session.scalars(query.order_by(None).order_by(Episode.published_at.desc(), Episode.id).limit(limit)).unique().all()


def kept_out_of(session: Session, person: Person, *, limit: int = 50) -> Sequence[Episode]:
    """What the gate keeps out of podcast apps, however long it is out: their own; for stewards and editors, everybody's."""
    return session.scalars(_published(person).where(Episode.id.in_(held_ids())).limit(limit)).unique().all()


def _published(person: Person) -> Select[Episode]:
    query = _studio().where(Episode.state == State.PUBLISHED)
    return query if person.has(Role.EDITOR, Role.STEWARD) else query.where(Episode.made_by == person.id)


def under_way(session: Session, person: Person) -> Sequence[Episode]:
    """The drafts this person may see on which something goes on: an upload, or work on the sound."""
    working = select(Recording.episode_id).where(Recording.state.in_(UNFINISHED))
    uploading = select(Upload.episode_id).where(Upload.state == "open")
    wanted = Episode.id.in_(working.union(uploading))
    query = _studio().where(Episode.state == State.DRAFT, Episode.held_at.is_(None), wanted)
    if not person.has(Role.EDITOR, Role.STEWARD):
        query = query.where(Episode.made_by == person.id)
    return session.scalars(query.limit(100)).unique().all()


def _studio() -> Select[Episode]:
    return (
        select(Episode)
        .options(
            joinedload(Episode.show), joinedload(Episode.recording).selectinload(Recording.renditions),
            selectinload(Episode.recordings), selectinload(Episode.tags),
        )
        .order_by(Episode.changed_at.desc(), Episode.id)
    )  # fmt: skip


def open_uploads(session: Session, episode_ids: Collection[str]) -> dict[str, Upload]:
    """Uploads that were begun and not ended, the newest of each episode."""
    query = select(Upload).where(Upload.episode_id.in_(episode_ids), Upload.state == "open").order_by(Upload.touched_at)
    return {upload.episode_id: upload for upload in session.scalars(query)}


def upload_or_404(session: Session, person: Person, upload_id: str) -> Upload:
    """An upload of this person's own.

    Raises:
        NotFoundError: there is none, or it is somebody else's.
    """
    upload = session.get(Upload, upload_id) if looks_like_id(upload_id) else None
    if upload is None or upload.person_id != person.id:
        raise NotFoundError(upload_id)
    return upload


def upload_again(
    session: Session,
    person: Person,
    *,
    fingerprint: str,
    size_bytes: int,
    episode_id: str | None = None,
    show_id: str | None = None,
) -> Upload | None:
    """The upload of this file by this person that can go on, or is complete and lies in a draft that still uses it.

    With `episode_id` only one for this episode; else one for any draft of the show.
    """
    query = (
        select(Upload)
        .join(Episode, Episode.id == Upload.episode_id)
        .where(
            Upload.person_id == person.id, Upload.fingerprint == fingerprint, Upload.size_bytes == size_bytes,
            Upload.state != "aborted", Episode.state == State.DRAFT,
        )
        .order_by(Upload.made_at.desc())
    )  # fmt: skip
    query = query.where(Episode.id == episode_id) if episode_id else query.where(Episode.show_id == show_id)
    return next((upload for upload in session.scalars(query) if _still_of_use(session, upload)), None)


def _still_of_use(session: Session, upload: Upload) -> bool:
    if upload.state == "open":
        return True
    newest = session.scalar(
        select(Recording).where(Recording.episode_id == upload.episode_id)
        .order_by(Recording.received_at.desc(), Recording.id.desc()).limit(1)
    )  # fmt: skip
    return newest is not None and newest.id == upload.recording_id and newest.refusal is None


def ingest_jobs(session: Session, recording_ids: Collection[str]) -> dict[str, Job]:
    """The newest job on each of these recordings."""
    query = select(Job).where(Job.kind == "ingest", Job.subject.in_(recording_ids)).order_by(Job.made_at, Job.id)
    return {job.subject: job for job in session.scalars(query)}


def abandoned_uploads(session: Session, *, before: datetime) -> Sequence[Upload]:
    """Open uploads that nobody has touched since, or whose episode takes none any more."""
    query = select(Upload).join(Episode, Episode.id == Upload.episode_id)
    over = or_(Upload.touched_at < before, Episode.state != State.DRAFT)
    return session.scalars(query.where(Upload.state == "open", over)).all()
