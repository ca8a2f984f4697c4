"""Work on the rundown that nobody waits for."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from radio.catalogue.queries import has_begun
from radio.db import session
from radio.jobs.registry import handles, periodic
from radio.jobs.work import Work
from radio.schedule import actions
from radio.schedule.ingredients import forget_pieces
from radio.schedule.models import Desk
from radio.station import station

_EVERY = timedelta(minutes=10)


@periodic(every=_EVERY, kind="extend")
def extend(work: Work) -> None:
    """Keep the rundown as long as the horizon, and true to the catalogue."""
    _ready(work)

    def draw(reading: Session, allowance: timedelta) -> actions.Draft | None:
        return actions.draw_extension(reading, station(), allowance)

    actions.write_aside(session(), station(), draw, work.writing)
    with work.writing() as own:
        forget_pieces(own, now=station().now())
    now = station().now()
    if actions.is_behind(session()) or has_begun(session(), now - 2 * _EVERY, now=now):
        _revise(work, "catalogue-changed")


@handles("revise")
def revise(work: Work) -> None:
    """Compile the future anew because something it is made of has changed."""
    _ready(work)
    _revise(work, str(work.payload.get("why", "catalogue-changed")))


def _revise(work: Work, why: str) -> None:
    def draw(reading: Session, allowance: timedelta) -> actions.Draft | None:
        return actions.draw_revision(reading, station(), allowance, why=why)

    actions.write_aside(session(), station(), draw, work.writing)


def _ready(work: Work) -> None:
    """See that the row is there which writers hold."""
    if session().get(Desk, 1) is None:
        with work.writing() as own:
            actions.hold(own)
