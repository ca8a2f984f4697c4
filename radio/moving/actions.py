"""Beginning, deciding and releasing what moves in; saying that a show has left. The edge commits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from radio.catalogue import actions as catalogue
from radio.catalogue import elsewhere
from radio.catalogue.models import Episode, EpisodeVoice, Recording, Show
from radio.catalogue.rules import RecordingState, Scope, State
from radio.core.people import Person, Role
from radio.editorial import actions as editorial
from radio.editorial import audit
from radio.editorial.models import FeedItem
from radio.errors import InvalidError, MoveError, RefusedError
from radio.jobs.actions import enqueue
from radio.jobs.models import Job
from radio.jobs.rules import JobState
from radio.moving import queries, rules
from radio.moving.found import FoundShow
from radio.moving.models import Arrival, ArrivalItem, Parcel
from radio.moving.podcasting import gathered, own_of
from radio.moving.rules import ArrivalState, ItemState, Planned
from radio.studio.models import Upload
from radio.web.outside import OutsideError

ANNOUNCED = timedelta(days=14)
"""How long a feed only tells where the show is, before its address leads there: a 301 can never be taken back."""


def begin(
    session: Session, *, address: str = "", object_key: str | None = None, ours: bool = False, by: Person, now: datetime
) -> tuple[Arrival, Job]:
    """Write down that a show moves in, from an address or from a file that lies in the store; gives the one on its way already."""
    arrival = queries.open_arrival(session, address) if address else None
    if arrival is None:
        arrival = Arrival(address=address, object_key=object_key, ours=ours, begun_by=by.id, begun_at=now)
        session.add(arrival)
        session.flush()
        audit.record(session, "arrival-begun", "arrival", arrival.id, by=by, now=now)
    return arrival, enqueue(session, "bring", arrival.id, now=now)


def plan_feed(session: Session, arrival: Arrival, found: FoundShow, *, language: str, now: datetime) -> tuple[Show, bool]:
    """Make the show unless it is here, and a row for each item; whether the show is new. Its page and feed wait for the release."""
    guid = rules.show_guid(found, arrival.address)
    fields, notes = rules.show_fields(found, language=language)
    show, is_new = _show(session, arrival, guid, {**fields, "in_feeds": True}, now=now)
    items = rules.planned(found, guid=guid, language=fields["language"], now=now)
    arrival.title = str(fields["title"])
    coming = write_items(session, arrival, show, items)
    arrival.notes = [*found.faults, *(notes if is_new else ["show-here"]), *gathered(coming)]
    arrival.problem, arrival.detail = "", ""
    arrival.state = ArrivalState.BRINGING
    return show, is_new


def _show(
    session: Session, arrival: Arrival, guid: UUID, fields: dict[str, Any], *, now: datetime, slug: str = "",
    show_id: str = "",
) -> tuple[Show, bool]:  # fmt: skip
    found = session.scalar(select(Show).where(Show.guid == guid))
    if found is not None:
        return found, False
    in_feeds = bool(fields["in_feeds"])
    show = catalogue.make_show(session, now=now, guid=guid, address=slug, **{**fields, "in_feeds": False})
    if show_id and session.get(Show, show_id) is None:
        show.id = show_id
        session.flush()
    arrival.shows = {**arrival.shows, show.id: in_feeds}
    return show, True


def plan_show(
    session: Session, arrival: Arrival, guid: UUID, fields: dict[str, Any], *, slug: str, show_id: str, now: datetime
) -> Show:
    """A show of a parcel: the one that is here, or a new one without page and feed until the release. It keeps its id."""
    return _show(session, arrival, guid, fields, now=now, slug=slug, show_id=show_id)[0]


def write_items(session: Session, arrival: Arrival, show: Show, items: Iterable[Planned]) -> list[Sequence[str]]:
    """A row for each item, decided already for what is here and what cannot come; gives the notes of those that come."""
    coming: list[Sequence[str]] = []
    here = queries.episodes_by_guid(session, show.id)
    of_others = _guids_of_others(session, show)
    for position, item in enumerate(items):
        row = ArrivalItem(
            arrival_id=arrival.id, show_id=show.id, position=position, guid=item.guid, title=item.title, fields=item.fields,
            source=item.source, published_at=item.published_at, notes=own_of(item.notes), problem=item.problem,
            state=ItemState.MISSING if item.problem else ItemState.WAITING,
        )  # fmt: skip
        if not item.problem and item.guid in here:
            row.state, row.episode_id = ItemState.HERE, here[item.guid]
            row.fields, row.source, row.title = {}, {}, ""
        elif not item.problem and item.guid in of_others:
            row.state, row.problem = ItemState.MISSING, "guid-elsewhere"
        if row.state is ItemState.WAITING:
            coming.append(item.notes)
        session.add(row)
    session.flush()
    return coming


def _guids_of_others(session: Session, show: Show) -> Collection[str]:
    return {str(guid) for guid in session.scalars(select(Episode.guid).where(Episode.show_id != show.id))}


def is_here(session: Session, item: ArrivalItem) -> bool:
    """Whether another arrival has brought it meanwhile: then nothing of it is changed."""
    episode_id = queries.episode_of_guid(session, item.show_id, item.guid)
    if item.episode_id is not None or episode_id is None:
        return False
    item.state, item.episode_id, item.problem, item.detail = ItemState.HERE, episode_id, "", ""
    item.title, item.fields = "", {}
    item.source = {name: item.source[name] for name in ("picture",) if name in item.source}  # to be thrown away
    return True


def refuse(arrival: Arrival, problem: str, detail: str, *, now: datetime) -> None:
    """Nothing of it can be taken."""
    arrival.state, arrival.problem, arrival.detail, arrival.ended_at = ArrivalState.REFUSED, problem, detail[:200], now


def missing(item: ArrivalItem, problem: str, detail: str = "") -> None:
    """This item does not come; it can be asked for again."""
    item.state, item.problem, item.detail = ItemState.MISSING, problem, detail[:200]
    item.episode_id = item.recording_id = None


def read_later(arrival: Arrival, error: OutsideError, *, now: datetime) -> datetime | None:
    """It could not be read: say what happened; gives when it is asked again, None: it was given up."""
    arrival.tries += 1
    due_at = rules.next_try(arrival.tries, now, after_s=error.after_s) if error.later else None
    arrival.problem, arrival.detail = error.code, error.detail[:200]
    if due_at is None:
        refuse(arrival, error.code, error.detail, now=now)
    return due_at


def later(item: ArrivalItem, problem: str, detail: str = "", *, now: datetime, after_s: int = 0) -> None:
    """Its server failed: it is tried again some time, or counts as missing."""
    item.tries += 1
    item.due_at = rules.next_try(item.tries, now, after_s=after_s)
    item.problem, item.detail = problem, detail[:200]
    if item.due_at is None:
        missing(item, problem, detail)


def whole(session: Session, item: ArrivalItem) -> None:
    """All of it is here. What was said of it is told by the episode alone from now on, and forgotten with it."""
    item.state, item.problem, item.detail = ItemState.WHOLE, "", ""
    _forget(item)
    session.flush()


def _forget(item: ArrivalItem) -> None:
    item.title, item.fields = "", {}
    item.source = {name: item.source[name] for name in _FOR_THE_RELEASE if name in item.source}


_FOR_THE_RELEASE = ("scopes", "state", "unshared_at", "entered_at")


def settle(session: Session, item: ArrivalItem, recording: Recording | None, job: Job | None) -> set[str] | None:
    """Decide an item whose sound was being made ready; None: it still is. Gives keys to be erased after the commit."""
    if recording is None or recording.state is RecordingState.ERASED:
        missing(item, "taken-back")
        _forget(item)
        return set()
    if recording.state is RecordingState.TAKEN:
        whole(session, item)
        return set()
    if recording.state is RecordingState.REFUSED:
        return _undo(session, item, recording.refusal or "not-audio")
    if job is None or job.state is JobState.FAILED:
        return _undo(session, item, "not-made-ready")
    return None


def _undo(session: Session, item: ArrivalItem, problem: str) -> set[str]:
    """Nothing half done: the draft goes, unless a person has begun to work on it."""
    episode = session.get(Episode, item.episode_id or "")
    missing(item, problem)
    if episode is None or episode.held_at is None or episode.state is not State.DRAFT or len(episode.recordings) > 1:
        return set()
    if session.scalar(select(Upload.id).where(Upload.episode_id == episode.id).limit(1)) is not None:
        return set()
    return elsewhere.discard_held(session, episode)


def try_again(session: Session, arrival: Arrival, *, now: datetime) -> Job:
    """Ask once more for everything that is missing and might come; an arrival that was refused or stopped begins again."""
    wanted = update(ArrivalItem).where(
        ArrivalItem.arrival_id == arrival.id, ArrivalItem.state == ItemState.MISSING, ArrivalItem.problem.not_in(FOR_GOOD)
    )
    session.execute(wanted.values(state=ItemState.WAITING, problem="", detail="", tries=0, due_at=None))
    planned = session.scalar(select(ArrivalItem.id).where(ArrivalItem.arrival_id == arrival.id).limit(1)) is not None
    arrival.state, arrival.problem, arrival.detail = ArrivalState.BRINGING if planned else ArrivalState.READING, "", ""
    arrival.tries, arrival.ended_at = 0, None
    return enqueue(session, "bring", arrival.id, now=now)


FOR_GOOD = (
    "guid-twice", "guid-elsewhere", "guid-too-long", "no-enclosure", "not-an-address", "taken-back", "taken-back-there", "gone-there", "not-whole",
)  # fmt: skip
"""Problems that asking again cannot mend: the feed itself has to."""


def stop(arrival: Arrival, *, now: datetime) -> None:
    """Bring no more. What is here stays; the rest can be asked for again."""
    if arrival.state in rules.OPEN:
        arrival.state, arrival.ended_at = ArrivalState.STOPPED, now


def declare(
    session: Session, arrival: Arrival, *, scopes: Sequence[str], agreed: bool, nothing_to_know: bool, names: Collection[str] = (),
    pictures: bool = False, by: Person, now: datetime,
) -> Job:  # fmt: skip
    """A steward answers for all at once: those who are heard agree to `scopes`. The work of publishing is a job.

    `names`: ids of the voices who agree that the public reads their names; of nobody else it does. `pictures`: those of single
    episodes may be shown; otherwise they are thrown away.

    Raises:
        InvalidError: something was not declared.
        RefusedError: nothing waits.
    """
    faults = {} if agreed else {"agreed": "required"}
    faults |= {} if scopes else {"scopes": "none-chosen"}
    faults |= {} if nothing_to_know else {"nothing_to_know": "required"}
    if faults:
        raise InvalidError(faults)
    count = queries.standing(session, arrival.id).held
    if not count:
        raise RefusedError("nothing-held")
    _name(session, arrival, names)
    arrival.scopes, arrival.released_by, arrival.released_at = list(scopes), by.id, now
    audit.record(session, "arrival-released", "arrival", arrival.id, by=by, now=now, episodes=count, scopes=" ".join(scopes), named=len(names))  # fmt: skip
    return enqueue(session, "release", arrival.id, payload={"pictures": pictures}, now=now)


def _name(session: Session, arrival: Arrival, names: Collection[str]) -> None:
    """Say of the names in what is held who may be read; a parcel's keep what their station was told."""
    held = select(ArrivalItem.episode_id).join(Episode, Episode.id == ArrivalItem.episode_id).where(queries.is_held(arrival.id))
    agreed = update(EpisodeVoice).where(EpisodeVoice.voice_id.in_(names), EpisodeVoice.episode_id.in_(held))
    session.execute(agreed.values(named=True).execution_options(synchronize_session=False))
    session.expire_all()


def release(session: Session, arrival: Arrival, item: ArrivalItem, episode: Episode, *, now: datetime) -> None:
    """Publish one held episode under its first date, as declared; what cannot be says why and stays held."""
    by = Person(arrival.released_by, "", frozenset({Role.STEWARD}))
    scopes = rules.narrowed(item.source.get("scopes", arrival.scopes), arrival.scopes)
    try:
        with session.begin_nested():
            catalogue.describe(session, episode, now=now, scopes=scopes)
            episode.held_at = None
            if item.source.get("state", State.PUBLISHED) == State.PUBLISHED:
                catalogue.describe(session, episode, now=now, content_notes=episode.content_notes or [])
                editorial.submit(session, episode, by=by, now=now)
                editorial.publish(session, episode, by=by, now=now)
                _stay_out_of_apps(session, item, episode, now=now)
            else:  # a draft at the station it comes from is a draft here: its date is not known yet
                episode.published_at = None
        item.problem = item.detail = ""
    except (MoveError, InvalidError) as error:
        item.problem, item.detail = "not-released", str(error)[:200]
        session.flush()


def _stay_out_of_apps(session: Session, item: ArrivalItem, episode: Episode, *, now: datetime) -> None:
    """What had left podcast apps there is out of them here: whoever followed the show hither is told so."""
    unshared_at, entered_at = rules.instant(item.source.get("unshared_at")), rules.instant(item.source.get("entered_at"))
    if unshared_at is None or Scope.PODCAST in episode.scopes:
        return
    episode.unshared_at = unshared_at
    if entered_at is not None:
        known_to_apps(session, episode, entered_at)
        enqueue(session, "receipt", episode.id, now=now)


def known_to_apps(session: Session, episode: Episode, entered_at: datetime) -> None:
    """Apps had it from the station where it was before, under the same id."""
    session.add(FeedItem(episode_id=episode.id, entered_at=entered_at, faults=[]))
    session.flush()


def open_shows(session: Session, arrival: Arrival, *, now: datetime) -> None:
    """Give the shows that came their pages and feeds."""
    for show_id, in_feeds in arrival.shows.items():
        show = session.get(Show, show_id)
        if show is not None and show.in_feeds != in_feeds:
            catalogue.edit_show(session, show, now=now, in_feeds=in_feeds)


def leave(session: Session, show: Show, address: str, *, at_once: bool, by: Person, now: datetime) -> None:
    """Say that a show lives at another host now: its feed tells so from here on, and later its address leads there."""
    show.moved_to, show.redirects_from = address, now if at_once else now + ANNOUNCED
    show.changed_at = now
    catalogue.touched(session)
    audit.record(session, "show-left", "show", show.id, by=by, now=now)


def stay(session: Session, show: Show, *, by: Person, now: datetime) -> None:
    """Take that back. Apps that were led away already stay away."""
    show.moved_to = show.redirects_from = None
    show.changed_at = now
    catalogue.touched(session)
    audit.record(session, "show-stayed", "show", show.id, by=by, now=now)


def ask_parcel(session: Session, show: Show | None, *, by: Person, now: datetime) -> tuple[Parcel, Job]:
    """Ask for an archive of a show, or of all."""
    parcel = Parcel(show_id=show.id if show else None, begun_by=by.id, begun_at=now)
    session.add(parcel)
    session.flush()
    audit.record(session, "parcel-asked", "parcel", parcel.id, by=by, now=now, show=parcel.show_id)
    return parcel, enqueue(session, "pack", parcel.id, now=now)
