"""Decisions about what goes out. Each is one locked row, one rule, one entry in the trail; the edge commits."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from media.grid import first_tick_from, tick_at
from radio.catalogue import search
from radio.catalogue.actions import touched
from radio.catalogue.models import Episode
from radio.catalogue.rules import Move, State, after
from radio.core.people import Person
from radio.core.time import unix_ms
from radio.editorial import audit, rules
from radio.editorial.models import FeedItem, ReceiptLine
from radio.errors import ForbiddenError, MoveError
from radio.jobs.actions import enqueue
from radio.jobs.models import Job
from radio.schedule import actions as schedule
from radio.schedule.queries import rundown
from radio.station import Station

GUARD = timedelta(seconds=24)
"""Longer than the segments that players already have in their lists."""
PURGED_AFTER = GUARD + timedelta(seconds=4)
"""By then no web server gives a cache any of it again."""
OTHERS_FOLLOW = timedelta(seconds=15)
"""Whoever publishes one episode often publishes more: the rundown, whose next hour is fixed anyway, follows once for all."""


def submit(session: Session, episode: Episode, *, by: Person, now: datetime) -> None:
    """Say that a draft is done: others decide from here.

    Raises:
        ForbiddenError: not theirs to submit.
        MoveError: not a draft, or something is `missing`.
    """
    _hold(session, episode)
    _allow(Move.SUBMIT, episode, by)
    _nothing_missing(episode)
    episode.submitted_at = now
    _move(session, Move.SUBMIT, episode, by=by, now=now)


def send_back(session: Session, episode: Episode, *, by: Person, now: datetime) -> None:
    """Make a submitted episode a draft again, to be worked on.

    Raises:
        ForbiddenError: neither its maker nor somebody who reviews.
        MoveError: it is not waiting.
    """
    _hold(session, episode)
    _allow(Move.SEND_BACK, episode, by)
    episode.submitted_at = None
    _move(session, Move.SEND_BACK, episode, by=by, now=now)


def publish(session: Session, episode: Episode, *, by: Person, now: datetime, seen: datetime | None = None) -> None:
    """Put a submitted episode on the site, in the feeds and in reach of the rundown.

    What was published elsewhere before keeps its date. `seen` is `changed_at` of the episode that the steward looked at: what was changed since then is not published unseen.

    Raises:
        ForbiddenError: not a steward.
        MoveError: not submitted, something is `missing`, or it was changed since it was `seen`.
    """
    _hold(session, episode)
    _allow(Move.PUBLISH, episode, by)
    if seen is not None and seen != episode.changed_at:
        raise MoveError("changed-meanwhile")
    _nothing_missing(episode)
    episode.published_at, episode.held_at = episode.published_at or now, None
    _move(session, Move.PUBLISH, episode, by=by, now=now)
    search.index(session, episode)
    touched(session)
    enqueue(session, "enclosures", "", now=now)
    schedule.ask_revision(session, why="catalogue-changed", now=now, wait=OTHERS_FOLLOW)


def withdraw(session: Session, station: Station, episode: Episode, *, by: Person, now: datetime) -> Job:
    """Take an episode back, for ever: one person, no reason asked. Gives the job that erases it, to be sent after the commit.

    From the commit no address serves it; on air it is replaced from the first tick past the guard.

    Raises:
        ForbiddenError: neither its maker nor a steward.
        MoveError: it is already taken back.
    """
    _hold(session, episode)
    _allow(Move.WITHDRAW, episode, by)
    was_public = episode.state is State.PUBLISHED
    tick = first_tick_from(unix_ms(now + GUARD))
    for recording in episode.recordings:
        recording.withdrawn_from_tick = tick
    episode.withdrawn_at = now
    _move(session, Move.WITHDRAW, episode, by=by, now=now)
    search.unindex(session, episode)
    if was_public:
        session.execute(delete(ReceiptLine).where(ReceiptLine.episode_id == episode.id))
        _keep_where_told(session, episode)
        touched(session)
        session.flush()
        schedule.revise(session, station, why="withdrawn", effective_tick=tick)
        if station.settings.purge_url:
            enqueue(session, "purge", episode.id, now=now, due_at=now + PURGED_AFTER)
        enqueue(session, "announce", "", now=now)
        enqueue(session, "receipt", episode.id, now=now)
        enqueue(session, "copy", "", now=now)
    return enqueue(session, "erase", episode.id, now=now, due_at=now + _heard_for(session, station, episode, tick))


def _keep_where_told(session: Session, episode: Episode) -> None:
    """Its kind and tags are about to be erased, and whoever subscribes to one of them must still be told that it is gone."""
    item = session.get(FeedItem, episode.id)
    if item is None or item.entered_at is None:  # no app ever knew it
        return
    item.told_in = rules.terms_with_feeds(episode)


def _heard_for(session: Session, station: Station, episode: Episode, tick: int) -> timedelta:
    """How long its sound is still needed: to the end of the guard where it is on air, and until caches have been told."""
    if station.settings.purge_url:
        return PURGED_AFTER + timedelta(seconds=10)
    airings = rundown(session, tick_at(station.clock.unix_ms()), tick).airings
    return PURGED_AFTER if any(airing.episode_id == episode.id for airing in airings) else timedelta()


def off_air(session: Session, station: Station, *, now: datetime) -> None:
    """After an episode lost its agreement for the air: it leaves the air as quickly as one that is taken back, and may return."""
    session.flush()
    schedule.revise(session, station, why="withdrawn", effective_tick=first_tick_from(unix_ms(now + GUARD)))
    enqueue(session, "copy", "", now=now)


def out_of_apps(session: Session, station: Station, episode: Episode, *, now: datetime) -> None:
    """After an episode lost its agreement for podcast apps: they are told, caches too, and the receipt says what is seen of it.

    It may return under the same id. What is in its place is for the feeds to say.
    """
    item = session.get(FeedItem, episode.id)
    if item is None or item.entered_at is None:  # no app ever knew it
        return
    session.execute(delete(ReceiptLine).where(ReceiptLine.episode_id == episode.id))
    if station.settings.purge_url:
        enqueue(session, "purge", episode.id, now=now)
    enqueue(session, "announce", "", now=now)
    enqueue(session, "receipt", episode.id, now=now)


def _hold(session: Session, episode: Episode) -> None:
    """Read the row again under a lock, so that two people who decide at once decide one after the other."""
    session.flush()
    session.refresh(episode, with_for_update={"of": Episode})


def _allow(move: Move, episode: Episode, by: Person) -> None:
    if not rules.may(by, move, episode.made_by):
        raise ForbiddenError(move)
    if after(move, episode.state) is None:
        raise MoveError("not-now")


def _nothing_missing(episode: Episode) -> None:
    if lacks := rules.missing(episode):
        raise MoveError("missing", tuple(lacks))


def _move(session: Session, move: Move, episode: Episode, *, by: Person, now: datetime) -> None:
    target = after(move, episode.state)
    if target is None:
        raise MoveError("not-now")
    was, episode.state = episode.state, target
    audit.record(session, move, "episode", episode.id, by=by, now=now, was=was, became=target)
