"""Decisions about what is on the air now: stop, resume, swap, alert. Each leaves an entry in the trail; the edge commits."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from radio.catalogue import actions as catalogue
from radio.catalogue.models import Episode
from radio.catalogue.rules import State
from radio.core.people import Person
from radio.core.text import plain
from radio.editorial import audit
from radio.editorial.rules import Power, has_power
from radio.errors import ForbiddenError, InvalidError
from radio.jobs.actions import enqueue
from radio.schedule import overrides, overriding
from radio.schedule.airings import Airing
from radio.schedule.models import Override
from radio.schedule.overrides import GRADES, Notice
from radio.station import Station

LONGEST_ALERT = timedelta(days=28)
"""What no issuer renews is over. Source: how long a public warning about substances stays without a review."""
EVERY_MINUTES = range(10, 241)


def stop(session: Session, station: Station, *, by: Person, now: datetime) -> Override:
    """Straight to the emergency loop: one person, no reason asked.

    Raises:
        ForbiddenError: not theirs to do.
        RefusedError: it is stopped already.
    """
    _allow(Power.STOP, by)
    row = overrides.stop(session, station, by=by)
    _record(session, "stop", row, by=by, now=now, tick=row.from_tick)
    return row


def resume(session: Session, station: Station, *, by: Person, now: datetime) -> Override:
    """Let the programme come back.

    Raises:
        ForbiddenError: not theirs to do.
        RefusedError: it is not stopped.
    """
    _allow(Power.RESUME, by)
    row = overrides.resume(session, station, by=by)
    _record(session, "resume", row, by=by, now=now, tick=row.until_tick)
    return row


def swap(
    session: Session, station: Station, airing: Airing, *, episode_id: str | None, by: Person, now: datetime
) -> Override:  # fmt: skip
    """Let another episode, or what the station chooses (None), be heard instead of what is on or comes.

    Raises:
        ForbiddenError, RefusedError, InvalidError: as in `schedule.overrides.swap`.
    """
    _allow(Power.SWAP, by)
    row = overrides.swap(session, station, airing, episode_id=episode_id, by=by)
    _record(session, "swap", row, by=by, now=now, tick=row.from_tick, instead_of=row.instead_of, episode=episode_id)
    return row


def alert(session: Session, station: Station, episode: Episode, notice: Notice, *, by: Person, now: datetime) -> Override:
    """Relay a named issuer's warning: on air at once, then again and again until its end, when it leaves everything by itself.

    Raises:
        ForbiddenError: not theirs to do.
        InvalidError: nobody has issued it, it has no end within 28 days, or the episode is no published alert.
        RefusedError: the station is stopped.
    """
    _allow(Power.ALERT, by)
    notice = replace(notice, issuer=plain(notice.issuer), link=notice.link.strip(), area=plain(notice.area))
    if faults := alert_faults(episode, notice, now=now):
        raise InvalidError(faults)
    catalogue.describe(session, episode, now=now, expires_at=notice.until)
    row = overrides.alert(session, station, episode, notice, by=by)
    _record(session, "alert", row, by=by, now=now, episode=episode.id, tick=row.from_tick, grade=notice.grade)
    return row


def alert_faults(episode: Episode | None, notice: Notice, *, now: datetime) -> dict[str, str]:
    """Why an alert cannot be relayed, all at once: field → code."""
    relayed = episode is not None and episode.kind == "alert" and episode.state is State.PUBLISHED
    return ({} if relayed else {"episode_id": "not-an-alert"}) | notice_faults(notice, now=now)


def notice_faults(notice: Notice, *, now: datetime) -> dict[str, str]:
    """What an alert lacks to be relayed: field → code."""
    address = urlsplit(notice.link)
    wrong = {
        "issuer": "required" if not notice.issuer.strip() else "too-long" if len(notice.issuer) > 150 else "",
        "link": "not-an-address"
        if address.scheme not in {"http", "https"} or not address.netloc or len(notice.link) > 500
        else "",
        "area": "required" if not notice.area.strip() else "too-long" if len(notice.area) > 150 else "",
        "grade": "unknown" if notice.grade not in GRADES else "",
        "until": "over" if notice.until <= now else "too-far" if notice.until > now + LONGEST_ALERT else "",
        "every_minutes": "not-an-interval" if notice.every_minutes not in EVERY_MINUTES else "",
    }
    return {field: code for field, code in wrong.items() if code}


def cancel_alert(session: Session, station: Station, override_id: str, *, by: Person, now: datetime) -> None:
    """End an alert before its time: off the air from now + guard, off the site and the feeds at once.

    Raises:
        ForbiddenError: not theirs to do.
        NotFoundError: there is no such alert.
        RefusedError: it is over already.
    """
    _allow(Power.ALERT, by)
    row = overriding.alert_or_404(session, override_id)
    episode = session.get(Episode, row.episode_id)
    if episode is not None and episode.state is State.PUBLISHED:
        catalogue.describe(session, episode, now=now, expires_at=now)
        session.flush()
    overrides.cancel(session, station, row, by=by)
    _record(session, "alert-cancelled", row, by=by, now=now, tick=row.until_tick)


def _record(session: Session, what: str, row: Override, *, by: Person, now: datetime, **facts: str | int | None) -> None:
    """The entry in the trail; and the copy in the bucket follows at once."""
    audit.record(session, what, "override", row.id, by=by, now=now, **facts)
    enqueue(session, "copy", "", now=now)


def _allow(power: Power, by: Person) -> None:
    if not has_power(by, power):
        raise ForbiddenError(power)
