"""What the feeds do by themselves: heads for downloads, the gate, the receipt."""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy.exc import DBAPIError

from media import keys
from media.errors import StoreUnavailableError
from radio.catalogue.actions import touched
from radio.db import session as station_session
from radio.feeds import gate as the_gate
from radio.feeds import heads, receipts, tombstones
from radio.feeds.reach import NoVerdictError, Reach
from radio.jobs.actions import enqueue
from radio.jobs.registry import handles, periodic
from radio.jobs.work import Work
from radio.station import station

log = logging.getLogger(__name__)

AT_ONCE = 20
"""So many enclosures change together: each change renders the feeds anew."""
ASK_AGAIN = timedelta(minutes=1)
STARTS_WITHIN = timedelta(minutes=2)
"""A station that starts may have its worker before its web server."""
STILL_DOWNLOADED_FOR = timedelta(minutes=15)
"""Whoever began a download before a title changed may end it."""


@periodic(every=timedelta(hours=1), kind="enclosures")
def enclosures(work: Work) -> None:
    """Give every public episode a download that says what the episode is now; then let the gate look."""
    here, session = station(), station_session()
    waiting = heads.stale(session, here)
    session.rollback()
    for start in range(0, len(waiting), AT_ONCE):
        made, failed = {}, set()
        for done, wanted in enumerate(waiting[start : start + AT_ONCE], start):
            work.progress(done / len(waiting), "tagging")
            try:
                made[wanted] = heads.make(wanted, here)
            except (StoreUnavailableError, DBAPIError):
                raise
            except Exception as error:  # noqa: BLE001 - the gate finds out what that means for its item; the others go on
                log.warning("enclosure of %s (%s): %s", wanted.episode_id, wanted.profile, type(error).__name__)
                failed.add(wanted.episode_id)
        if made:
            _keep(work, made)
        if failed:
            with work.writing() as session:
                the_gate.doubt(session, failed)
    with work.publishing() as session:
        enqueue(session, "gate", "", now=here.now())


def _keep(work: Work, made: dict[heads.Wanted, heads.Made]) -> None:
    here = station()
    now = here.now()
    with work.writing() as session:
        gone = heads.keep(session, made, now=now)
        touched(session)
        for episode_id in {wanted.episode_id for wanted in made}:
            enqueue(session, "old-heads", episode_id, now=now, due_at=now + STILL_DOWNLOADED_FOR)
    for episode_id in gone:
        here.store.delete_prefix(keys.public_prefix(episode_id))


@periodic(every=timedelta(minutes=5), kind="gate")
def gate(work: Work) -> None:
    """Look at every item whose turn it is, over its public address; hold what has a fault, let in what has none."""
    here = station()
    waiting, verdicts = the_gate.due(station_session(), here, now=here.now())
    station_session().rollback()
    reach = Reach(here.settings)
    answered = reach.is_us()
    with work.writing() as session:
        tombstones.forget(session, now=here.now())
        silent_since = the_gate.watch(session, answered=answered, now=here.now())
        if not answered:
            enqueue(session, "gate", "", now=here.now(), due_at=here.now() + ASK_AGAIN)
    if not answered:
        loud = silent_since is not None and here.now() - silent_since > STARTS_WITHIN
        level = logging.ERROR if loud else logging.INFO
        log.log(level, "the gate: our own public address does not answer since %s; new episodes wait, none is held", silent_since)
        return
    looked = the_gate.Round(reach, here.store, the_gate.turn(waiting, now=here.now()))
    for done, candidate in enumerate(waiting):
        work.progress(done / len(waiting), "checking")
        try:
            verdicts[candidate.episode_id] = looked.verdict(candidate)
        except NoVerdictError as error:
            log.warning("the gate: no verdict about %s: %s", candidate.episode_id, error)
        if len(verdicts) >= AT_ONCE:
            _decide(work, verdicts)
    _decide(work, verdicts)


def _decide(work: Work, verdicts: dict[str, the_gate.Verdict]) -> None:
    if verdicts:
        with work.writing() as session:
            the_gate.keep(session, verdicts, now=station().now())
    for episode_id, verdict in verdicts.items():
        if verdict.faults:
            log.warning("the gate holds %s: %s", episode_id, " ".join(verdict.faults))
        elif verdict.of_show:
            log.warning("the gate finds the picture of the show of %s wrong: %s", episode_id, " ".join(verdict.of_show))
    verdicts.clear()


@handles("receipt")
def receipt(work: Work) -> None:
    """See that what was taken back, or left the apps, is gone from where it must be, and write down when; come again until it is."""
    here = station()
    now = here.now()
    looker = receipts.Looker(station_session(), here, work.subject, now=now)
    station_session().rollback()
    seen = {surface: looker.gone(surface) for surface in looker.surfaces}
    with work.publishing() as session:
        receipts.keep(session, work.subject, seen, now=now)
        receipts.forget_old_feeds(session)
        if not all(seen.values()) and now < looker.since + receipts.GIVE_UP_AFTER:
            enqueue(session, "receipt", work.subject, now=now, due_at=now + receipts.LOOK_AGAIN)


@handles("old-heads")
def old_heads(work: Work) -> None:
    """Erase the heads of an episode that are served no more: an old title may have been changed for a reason."""
    session, store = station_session(), station().store
    old = heads.outdated_keys(session, store, work.subject)
    session.rollback()
    for key in old:
        store.delete(key)
