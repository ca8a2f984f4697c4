"""What is on its way in or out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from radio.catalogue.models import Episode, EpisodeVoice, Recording, Show, Voice
from radio.catalogue.rules import State
from radio.core.ids import looks_like_id
from radio.errors import NotFoundError
from radio.jobs.models import Job
from radio.jobs.queries import latest_job
from radio.moving.models import Arrival, ArrivalItem, Parcel
from radio.moving.rules import OPEN, ItemState, own_uuid


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an arrival is. `held`: whole, and waiting for the release."""

    counts: Mapping[ItemState, int]
    held: int
    total: int

    @property
    def done(self) -> int:
        """Items that are decided."""
        return self.total - self.counts.get(ItemState.WAITING, 0) - self.counts.get(ItemState.INGESTING, 0)

    @property
    def fraction(self) -> float:
        """From 0.0 to 1.0; sound that is being made ready counts half."""
        return (self.done + 0.5 * self.counts.get(ItemState.INGESTING, 0)) / self.total if self.total else 0.0


def arrivals(session: Session, *, limit: int = 50) -> Sequence[Arrival]:
    """The newest first."""
    return session.scalars(select(Arrival).order_by(Arrival.begun_at.desc(), Arrival.id).limit(limit)).all()


def arrival_or_404(session: Session, arrival_id: str) -> Arrival:
    """The arrival of this id.

    Raises:
        NotFoundError: there is none.
    """
    found = session.get(Arrival, arrival_id) if looks_like_id(arrival_id) else None
    if found is None:
        raise NotFoundError(arrival_id)
    return found


def open_arrival(session: Session, address: str) -> Arrival | None:
    """The one from this address that is still on its way."""
    return session.scalar(select(Arrival).where(Arrival.address == address, Arrival.state.in_(OPEN)).limit(1))


def standing(session: Session, arrival_id: str) -> Standing:
    """How far it is."""
    by_state = select(ArrivalItem.state, func.count()).where(ArrivalItem.arrival_id == arrival_id).group_by(ArrivalItem.state)
    counts = {row[0]: int(row[1]) for row in session.execute(by_state)}
    held = session.scalar(select(func.count()).select_from(ArrivalItem).join(Episode, _of_item()).where(is_held(arrival_id)))
    return Standing(counts, held or 0, sum(counts.values()))


def _of_item() -> ColumnElement[bool]:
    return Episode.id == ArrivalItem.episode_id


def is_held(arrival_id: str) -> ColumnElement[bool]:
    """The condition under which an item and its episode wait for the release."""
    return and_(
        ArrivalItem.arrival_id == arrival_id,
        ArrivalItem.state == ItemState.WHOLE,
        Episode.held_at.is_not(None),
        Episode.state == State.DRAFT,
    )


@dataclass(frozen=True, slots=True)
class HeldVoice:
    """Somebody who is named in what is held, and in how many episodes; `named`: in all of them they agreed already."""

    voice_id: str
    name: str
    roles: tuple[str, ...]
    n_episodes: int
    named: bool


def held_voices(session: Session, arrival_id: str) -> list[HeldVoice]:
    """Everybody who is named in what waits for the release, the most heard first."""
    query = (
        select(Voice.id, Voice.name, EpisodeVoice.role, EpisodeVoice.named)
        .join(EpisodeVoice, EpisodeVoice.voice_id == Voice.id)
        .join(Episode, Episode.id == EpisodeVoice.episode_id)
        .join(ArrivalItem, _of_item())
        .where(is_held(arrival_id))
    )
    told: dict[str, list[tuple[str, str, bool]]] = {}
    for voice_id, name, role, named in session.execute(query):
        told.setdefault(voice_id, []).append((name, role, named))
    found = [
        HeldVoice(
            voice_id,
            rows[0][0],
            tuple(sorted({role for _, role, _ in rows if role})),
            len(rows),
            all(named for *_, named in rows),
        )
        for voice_id, rows in told.items()
    ]
    return sorted(found, key=lambda each: (-each.n_episodes, each.name))


def held_pictures(session: Session, arrival_id: str, *, limit: int = 100) -> Sequence[Episode]:
    """Those that wait for the release with a picture of their own."""
    query = select(Episode).join(ArrivalItem, _of_item()).where(is_held(arrival_id), Episode.artwork_sha256.is_not(None))
    return session.scalars(query.order_by(ArrivalItem.position).limit(limit)).all()


def held_items(session: Session, arrival_id: str, *, limit: int, after: int = -1) -> Sequence[tuple[ArrivalItem, Episode]]:
    """What waits for the release, from the position after `after` on."""
    query = (
        select(ArrivalItem, Episode)
        .join(Episode, _of_item())
        .where(is_held(arrival_id), ArrivalItem.position > after)
        .order_by(ArrivalItem.position)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def items(
    session: Session, arrival_id: str, states: Sequence[ItemState], *, limit: int = 500
) -> Sequence[tuple[ArrivalItem, Episode | None]]:
    """Items in these states, in the order of the feed, with the episodes they became."""
    query = (
        select(ArrivalItem, Episode)
        .outerjoin(Episode, _of_item())
        .where(ArrivalItem.arrival_id == arrival_id, ArrivalItem.state.in_(states))
        .order_by(ArrivalItem.position, ArrivalItem.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def next_item(session: Session, arrival_id: str, *, now: datetime) -> ArrivalItem | None:
    """The next to be brought; None: none now."""
    due = or_(ArrivalItem.due_at.is_(None), ArrivalItem.due_at <= now)
    query = select(ArrivalItem).where(ArrivalItem.arrival_id == arrival_id, ArrivalItem.state == ItemState.WAITING, due)
    return session.scalar(query.order_by(ArrivalItem.position, ArrivalItem.id).limit(1))


def next_due(session: Session, arrival_id: str) -> datetime | None:
    """When the first of those that wait may be tried again; None: none waits."""
    query = select(ArrivalItem.due_at).where(ArrivalItem.arrival_id == arrival_id, ArrivalItem.state == ItemState.WAITING)
    return session.scalar(query.order_by(ArrivalItem.due_at).limit(1))


def ingesting(session: Session, arrival_id: str) -> Sequence[tuple[str, Recording | None, Job | None]]:
    """Items whose sound is being made ready: their ids, recordings, and the work that is done on these."""
    query = (
        select(ArrivalItem.id, Recording)
        .outerjoin(Recording, Recording.id == ArrivalItem.recording_id)
        .where(ArrivalItem.arrival_id == arrival_id, ArrivalItem.state == ItemState.INGESTING)
        .order_by(ArrivalItem.position)
    )
    rows = session.execute(query).all()
    return [(row[0], row[1], latest_job(session, "ingest", row[1].id) if row[1] is not None else None) for row in rows]


def episodes_by_guid(session: Session, show_id: str) -> dict[str, str]:
    """What a show has already, whatever became of it: guid as its feed gives it → episode id."""
    rows = session.execute(select(Episode.guid, Episode.feed_guid, Episode.id).where(Episode.show_id == show_id))
    return {row.feed_guid or str(row.guid): row.id for row in rows}


def episode_of_guid(session: Session, show_id: str, guid: str) -> str | None:
    """The same of one guid; None: the show has none of it."""
    named = or_(Episode.feed_guid == guid, and_(Episode.feed_guid.is_(None), Episode.guid == own_uuid(guid)))
    return session.scalar(select(Episode.id).where(Episode.show_id == show_id, named))


def parcels(session: Session, *, limit: int = 20) -> Sequence[tuple[Parcel, Show | None]]:
    """The newest first, with the show that is in each; None: all of them."""
    query = select(Parcel, Show).outerjoin(Show, Show.id == Parcel.show_id).order_by(Parcel.begun_at.desc(), Parcel.id)
    return [(row[0], row[1]) for row in session.execute(query.limit(limit))]


def parcel_or_404(session: Session, parcel_id: str) -> Parcel:
    """The parcel of this id, if its bytes are there and nothing in it was taken back since.

    Raises:
        NotFoundError: there is none.
    """
    found = session.get(Parcel, parcel_id) if looks_like_id(parcel_id) else None
    if found is None or found.object_key is None or found.gone or taken_back_in(session, found.episode_ids):
        raise NotFoundError(parcel_id)
    return found


def taken_back_in(session: Session, episode_ids: Sequence[str]) -> bool:
    """Whether one of these episodes was taken back."""
    wanted = set(episode_ids)
    withdrawn = session.scalars(select(Episode.id).where(Episode.state == State.WITHDRAWN))
    return any(episode_id in wanted for episode_id in withdrawn)
