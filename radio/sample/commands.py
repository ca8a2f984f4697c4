"""`radio sample`: a station that is alive at its first start."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import click
from flask.cli import with_appcontext
from sqlalchemy import select
from sqlalchemy.orm import Session

from radio.catalogue.models import Recording
from radio.db import reading, session
from radio.errors import RadioError
from radio.jobs.queries import latest_job
from radio.jobs.rules import JobState
from radio.sample import bring, load
from radio.schedule import actions as schedule
from radio.station import station

_LOOK_EVERY_S = 0.5


@click.command("sample")
@with_appcontext
def sample() -> None:
    """Bring in the sample station: synthetic shows, idents and a week of slots. Harmless when repeated, also after a stop."""
    whole, here = load(), station()
    shows = bring.bring_shows(session(), whole, now=here.now())
    session().commit()
    episodes: dict[str, str] = {}
    with click.progressbar(
        length=2 * len(whole.episodes), label="Bringing the sample station, made with synthetic voices", file=sys.stderr
    ) as bar:
        for one in bring.in_order(whole):
            episodes[one.name] = bring.bring_episode(session(), here, shows[one.show], one, now=here.now()).id
            session().commit()
            bar.update(1)
        bring.bring_slots(session(), here, whole, shows, episodes, now=here.now())
        session().commit()
        _publish_all(episodes, bar)
    _put_on_air()


def _put_on_air() -> None:
    """Compile all of the future anew: nobody was promised the hour that is frozen."""

    def draw(own: Session, allowance: timedelta) -> schedule.Draft | None:
        with reading():
            return schedule.draw_revision(own, station(), allowance, why="catalogue-changed", effective_tick=0)

    @contextmanager
    def transaction() -> Iterator[Session]:
        try:
            yield session()
            session().commit()
        finally:
            session().rollback()

    session().rollback()
    with transaction():
        schedule.hold(session())
    schedule.write_aside(session(), station(), draw, transaction)


def _publish_all(episodes: dict[str, str], bar: object) -> None:
    """Publish each as soon as the worker has made it ready.

    Raises:
        RadioError: the worker gave one up; the next call tries it again.
    """
    waiting = dict(episodes)
    while waiting:
        for name in list(bring.publish_ready(session(), waiting, now=station().now())):
            del waiting[name]
            bar.update(1)  # type: ignore[attr-defined]
        session().commit()
        for name, id_ in waiting.items():
            recording = session().scalar(
                select(Recording.id).where(Recording.episode_id == id_).order_by(Recording.received_at.desc())
            )
            job = latest_job(session(), "ingest", recording) if recording else None
            if job is not None and job.state is JobState.FAILED:
                raise RadioError(f"{name} could not be made ready: {job.failure}")
        session().rollback()
        time.sleep(_LOOK_EVERY_S if waiting else 0)
