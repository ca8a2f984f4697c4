"""`radio channel`: what is kept for the time when no process of the station runs."""

from __future__ import annotations

import time

import click
from flask.cli import AppGroup
from sqlalchemy import select

from radio.channel import export as export_
from radio.channel.export import PREFIX, Exporter
from radio.db import reading, session
from radio.jobs.actions import enqueue
from radio.jobs.carrier import send
from radio.jobs.models import Job
from radio.jobs.rules import JobState
from radio.station import station

_PATIENCE_S = 30.0
channel = AppGroup("channel", help="What the station sends.")


@channel.command("export")
@click.argument("hours", type=click.IntRange(0, 72))
def export(hours: int) -> None:
    """Lay the coming HOURS into the bucket, to be played when the station is dead; 0 takes the copy away.

    A worker does it, and keeps it true and as long from then on.
    """
    exporter = Exporter(station())
    exporter.ask(hours * export_.HOUR_SEGMENTS)
    job_id = enqueue(session(), "copy", "", now=station().now()).id
    session().commit()
    send([job_id])
    asked_s = time.monotonic()
    while not _is_done(exporter, hours * export_.HOUR_SEGMENTS):
        if time.monotonic() - asked_s > _PATIENCE_S and not _is_running(job_id):
            raise click.ClickException(
                "no worker has begun with it. It lies there as soon as one runs: radio up, or radio worker"
            )
        time.sleep(0.2)
    click.echo(f"{hours} hours lie below {PREFIX}" if hours else "The copy is away.")


def _is_done(exporter: Exporter, n_segments: int) -> bool:
    there = exporter.present()
    return there is None if n_segments == 0 else there is not None and there.n_segments == n_segments


def _is_running(job_id: str) -> bool:
    with reading():
        state = session().scalar(select(Job.state).where(Job.id == job_id))
        session().rollback()
    return state == JobState.RUNNING
