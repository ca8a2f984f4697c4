"""Work on the rundown that nobody waits for: compiled without a lock, kept in a moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from radio.db import session
from radio.jobs.registry import handles, periodic
from radio.jobs.work import Work
from radio.schedule import actions, plans
from radio.station import station


@periodic(every=timedelta(minutes=10), kind="extend")
def extend(work: Work) -> None:
    """Keep the rundown as long as the horizon, and true to the catalogue."""
    _settle(work, lambda lead: plans.extension(session(), station(), lead=lead))
    if not actions.follows_catalogue(session()):
        _revise(work, "catalogue-changed")


@handles("revise")
def revise(work: Work) -> None:
    """Compile the future anew because something it is made of has changed."""
    _revise(work, str(work.payload.get("why", "catalogue-changed")))


def _revise(work: Work, why: str) -> None:
    _settle(work, lambda lead: plans.revision(session(), station(), why=why, lead=lead))


def _settle(work: Work, planned: Callable[[timedelta], plans.Plan | None]) -> None:
    actions.settle(station(), planned, work.writing, anew=work.begin_anew)
