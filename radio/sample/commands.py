"""`radio sample`: a station that is alive at its first start."""

from __future__ import annotations

import sys
import time
from datetime import timedelta

import click
from flask.cli import with_appcontext
from sqlalchemy import select
from sqlalchemy.orm import Session

from radio.catalogue.models import Episode, Recording
from radio.catalogue.rules import RecordingState, State
from radio.db import committing, reading, session
from radio.editorial.rules import AT_THE_CONSOLE
from radio.errors import RadioError
from radio.jobs.queries import latest_job
from radio.jobs.rules import JobState
from radio.sample import Sample, SampleEpisode, bring, load
from radio.schedule import actions as schedule
from radio.station import station
from radio.studio import actions as studio

_LOOK_EVERY_S = 0.5


@click.command("sample")
@with_appcontext
def sample() -> None:
    """Bring in the sample station: synthetic shows, idents and a week of slots. Harmless when repeated, also after a stop."""
    whole = load()
    with (
        reading(),
        click.progressbar(
            length=2 * len(whole.episodes), label="Bringing the sample station, made with synthetic voices", file=sys.stderr
        ) as bar,
    ):
        _bring_all(whole, bar)
        with committing() as rows:
            schedule.hold(rows)
        schedule.write_aside(session(), station(), _from_now_on, committing)


def _bring_all(whole: Sample, bar: object) -> None:
    with committing() as rows:
        shows = {slug: show.id for slug, show in bring.bring_shows(rows, station(), whole, now=station().now()).items()}
    episodes: dict[str, str] = {}
    for one in bring.in_order(whole):
        with committing() as rows:
            episodes[one.name], bare = bring.bring_episode(rows, shows[one.show], one, now=station().now())
        if bare:
            _bring_recording(episodes[one.name], one)
        bar.update(1)  # type: ignore[attr-defined]
    with committing() as rows:
        bring.bring_slots(rows, station(), whole, shows, episodes, now=station().now())
    _publish_all(episodes, bar)


def _bring_recording(episode_id: str, one: SampleEpisode) -> None:
    """No transaction is open while the file travels."""
    here = station()
    with one.audio.open("rb") as file:
        key, size_bytes = studio.put_away(here, file)
    with committing() as rows:
        studio.receive_object(rows, here, episode_id, key=key, size_bytes=size_bytes, by=AT_THE_CONSOLE, now=here.now())


def _from_now_on(own: Session, allowance: timedelta) -> schedule.Draft | None:
    """The future made of the whole sample: nobody was promised the hour that is frozen."""
    return schedule.draw_revision(own, station(), allowance, why="catalogue-changed", effective_tick=0)


def _publish_all(episodes: dict[str, str], bar: object) -> None:
    """Publish each as soon as the worker has made it ready.

    Raises:
        RadioError: the worker gave one up; the next call tries it again.
    """
    waiting = dict(episodes)
    while waiting:
        ready = {name: id_ for name, id_ in waiting.items() if _is_ready(name, id_)}
        session().rollback()
        for episode_id in ready.values():  # one at a time: who publishes holds an episode and the number of changes
            with committing() as rows:
                bring.publish(rows, [episode_id], now=station().now())
        if ready:
            bar.update(len(ready))  # type: ignore[attr-defined]
            waiting = {name: id_ for name, id_ in waiting.items() if name not in ready}
        time.sleep(_LOOK_EVERY_S if waiting else 0)


def _is_ready(name: str, episode_id: str) -> bool:
    """Whether the worker has made its recording ready.

    Raises:
        RadioError: it was given up.
    """
    episode = session().get_one(Episode, episode_id)
    if episode.state is State.PUBLISHED or (episode.recording is not None and episode.recording.state is RecordingState.TAKEN):
        return True
    newest = select(Recording.id).where(Recording.episode_id == episode_id).order_by(Recording.received_at.desc())
    recording_id = session().scalar(newest.limit(1))
    job = latest_job(session(), "ingest", recording_id) if recording_id else None
    if job is not None and job.state is JobState.FAILED:
        raise RadioError(f"{name} could not be made ready: {job.failure}")
    return False
