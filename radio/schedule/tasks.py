"""Work on the rundown that nobody waits for."""

from __future__ import annotations

from datetime import timedelta

from radio.jobs.registry import handles, periodic
from radio.jobs.work import Work
from radio.schedule import actions
from radio.station import station


@periodic(every=timedelta(minutes=10), kind="extend")
def extend(work: Work) -> None:
    """Keep the rundown as long as the horizon, and true to the catalogue."""
    with work.publishing() as session:
        actions.extend(session, station())
        actions.follow_catalogue(session, station())


@handles("revise")
def revise(work: Work) -> None:
    """Compile the future anew because something it is made of has changed."""
    with work.publishing() as session:
        actions.revise(session, station(), why=str(work.payload.get("why", "catalogue-changed")))
