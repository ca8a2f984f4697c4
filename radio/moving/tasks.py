"""Work of moving: bringing shows in, publishing what was released, writing parcels, clearing up."""

from __future__ import annotations

from datetime import timedelta
from tempfile import TemporaryFile

from sqlalchemy import String, cast, or_, select, update

from media import keys
from radio.catalogue.models import Episode, Show
from radio.catalogue.queries import picture_keys
from radio.db import session as station_session
from radio.errors import RefusedError
from radio.jobs.queries import latest_job
from radio.jobs.registry import handles, periodic
from radio.jobs.rules import JobState
from radio.jobs.work import Work
from radio.moving import actions, arriving, making, packing, queries
from radio.moving.models import Arrival, ArrivalItem, Parcel
from radio.moving.rules import OPEN, ArrivalState, ItemState
from radio.station import station
from radio.studio.actions import put_large
from radio.web import spool

KEPT = timedelta(days=7)
"""How long a parcel, and what came of an arrival that is over, is kept."""
_AT_ONCE = 25
_NOT_BROUGHT = (ItemState.MISSING, ItemState.HERE)


@handles("bring", far=True)
def bring(work: Work) -> None:
    """Bring the arrival `work.subject` as far as it goes now; it comes again as long as something waits."""
    state, read_at = _state(work.subject), None
    if state is ArrivalState.READING:
        read_at = arriving.read(work)
        state = _state(work.subject)
    if state is ArrivalState.BRINGING:
        arriving.bring_all(work)
    if state is not None and state is not ArrivalState.REFUSED:
        arriving.settle(work)
        arriving.go_on_or_end(work, read_at)


def _state(arrival_id: str) -> ArrivalState | None:
    session = station_session()
    arrival = session.get(Arrival, arrival_id, populate_existing=True)
    state = arrival.state if arrival is not None else None
    session.rollback()
    return state


@handles("release")
def release(work: Work) -> None:
    """Publish what was held, some at a time: whatever is killed, the rest follows."""
    session = station_session()
    total = max(1, queries.standing(session, work.subject).held)
    session.rollback()
    after, done = -1, 0
    while True:
        if not work.payload.get("pictures"):
            _drop_pictures(work, after)
        with work.writing() as session:
            arrival = session.get_one(Arrival, work.subject)
            if arrival.released_at is None:
                return
            batch = queries.held_items(session, arrival.id, limit=_AT_ONCE, after=after)
            for item, episode in batch:
                actions.release(session, arrival, item, episode, now=station().now())
                after = item.position
        done += len(batch)
        work.progress(min(1.0, done / total), "releasing")
        if not batch:
            break
    with work.publishing() as session:
        actions.open_shows(session, session.get_one(Arrival, work.subject), now=station().now())


def _drop_pictures(work: Work, after: int) -> None:
    """Throw away the pictures of the next episodes. Objects first: what is held is seen by nobody, and this may be repeated."""
    session = station_session()
    batch = queries.held_items(session, work.subject, limit=_AT_ONCE, after=after)
    pictured = {episode.id: picture_keys(episode.artwork_sha256) for _item, episode in batch if episode.artwork_sha256}
    session.rollback()
    for key in sorted(set().union(*pictured.values())):
        station().store.delete(key)
    with work.writing() as session:
        session.execute(update(Episode).where(Episode.id.in_(pictured)).values(artwork_sha256=None))


@handles("pack", far=True)
def pack(work: Work) -> None:
    """Write a parcel and put it into the store; when something in it is taken back meanwhile, begin again."""
    session = station_session()
    parcel = session.get(Parcel, work.subject)
    if parcel is None or parcel.gone or parcel.ended_at is not None:
        return
    wanted = select(Show).order_by(Show.slug)
    shows = session.scalars(wanted if parcel.show_id is None else wanted.where(Show.id == parcel.show_id)).all()
    key, here = keys.parcel(parcel.id), station()
    with TemporaryFile(dir=spool.folder(here.settings)) as file:
        written = packing.write(session, here, shows, file, now=here.now(), tell=lambda part: work.progress(part, "packing"))
        with work.writing() as session:
            session.get_one(Parcel, work.subject).object_key = key
        size_bytes = put_large(here.store, key, file)
    with work.publishing() as session:
        if queries.taken_back_in(session, written):
            raise RefusedError("taken-back-meanwhile")
        parcel = session.get_one(Parcel, work.subject)
        parcel.size_bytes, parcel.episode_ids, parcel.ended_at = size_bytes, written, here.now()


@periodic(every=timedelta(minutes=5), kind="tidy-moving")
def tidy(work: Work) -> None:
    """Throw away parcels that are old, or in which something was taken back since; and files of arrivals that are over."""
    session, before = station_session(), station().now() - KEPT
    parcels = session.scalars(select(Parcel).where(Parcel.object_key.is_not(None), Parcel.ended_at.is_not(None))).all()
    doomed = {
        parcel.id: "old" if parcel.ended_at and parcel.ended_at < before else "taken-back"
        for parcel in parcels
        if (parcel.ended_at and parcel.ended_at < before) or queries.taken_back_in(session, parcel.episode_ids)
    }
    session.rollback()
    for parcel_id, why in doomed.items():
        station().store.delete(keys.parcel(parcel_id))
        with work.writing() as session:
            parcel = session.get_one(Parcel, parcel_id)
            parcel.object_key, parcel.gone = None, why
    _give_up_the_lost(work)
    _forget_people(work)
    _forget_files(work)
    with work.publishing():
        pass


def _give_up_the_lost(work: Work) -> None:
    """An arrival whose work was given up says so, instead of being on its way for ever."""
    session = station_session()
    on_their_way = session.scalars(select(Arrival.id).where(Arrival.state.in_(OPEN))).all()
    jobs = {arrival_id: latest_job(session, "bring", arrival_id) for arrival_id in on_their_way}
    lost = {arrival_id: job.failure or "" for arrival_id, job in jobs.items() if job and job.state is JobState.FAILED}
    session.rollback()
    for arrival_id, failure in lost.items():
        with work.writing() as session:
            actions.refuse(session.get_one(Arrival, arrival_id), "broke", failure, now=station().now())


def _forget_people(work: Work) -> None:
    """Of an item that did not come, or was here: its picture at once, and after a week who would have been heard in it."""
    session, before = station_session(), station().now() - KEPT
    missing = select(ArrivalItem.id).join(Arrival).where(ArrivalItem.state.in_(_NOT_BROUGHT))
    source = cast(ArrivalItem.source, String)
    pictured = session.scalars(missing.where(source.contains('"picture"'))).all()
    naming = session.scalars(missing.where(source.contains('"named"'), Arrival.ended_at < before)).all()
    session.rollback()
    for item_id in pictured:
        making.drop_picture(work, item_id)
    for item_id in naming:
        with work.writing() as session:
            item = session.get_one(ArrivalItem, item_id)
            item.source = {**item.source, "voices": []}


def _forget_files(work: Work) -> None:
    session, before = station_session(), station().now() - KEPT
    nothing_missing = ~select(ArrivalItem.id).where(
        ArrivalItem.arrival_id == Arrival.id, ArrivalItem.state == ItemState.MISSING
    ).exists()  # fmt: skip
    over = select(Arrival).where(
        Arrival.object_key.is_not(None), Arrival.state.not_in(OPEN), or_(nothing_missing, Arrival.ended_at < before)
    )
    arrivals = [(Arrival, each.id, each.object_key) for each in session.scalars(over)]
    left = select(ArrivalItem).where(ArrivalItem.state.in_(_NOT_BROUGHT), ArrivalItem.object_key.is_not(None))
    items = [(ArrivalItem, each.id, each.object_key) for each in session.scalars(left)]
    session.rollback()
    for kind, row_id, key in (*arrivals, *items):
        station().store.delete(key or "")
        with work.writing() as session:
            session.get_one(kind, row_id).object_key = None  # type: ignore[attr-defined]
