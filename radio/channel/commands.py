"""`radio channel`: what is kept for the time when no process of the station runs."""

from __future__ import annotations

import time

import click
from flask import current_app
from flask.cli import AppGroup

from radio.channel import export as export_
from radio.channel.export import FOLLOWED_EVERY, PREFIX, Exporter
from radio.db import session
from radio.jobs.actions import enqueue
from radio.jobs.carrier import Carrier
from radio.jobs.registry import Craft
from radio.jobs.work import Work
from radio.station import station

channel = AppGroup("channel", help="What the station sends.")


@channel.command("export")
@click.argument("hours", type=click.IntRange(0, 72))
def export(hours: int) -> None:
    """Lay the coming HOURS into the bucket, to be played when the station is dead; 0 takes the copy away.

    Whoever holds the job writes it, this command or a worker; a worker keeps it true and as long from then on.
    """
    exporter = Exporter(station())
    exporter.ask(hours * export_.HOUR_SEGMENTS)
    enqueue(session(), "copy", "", now=station().now())
    session().commit()
    carrier = Carrier(current_app, crafts={"copy": Craft(lambda work: _follow(exporter, work), every=FOLLOWED_EVERY)})
    try:
        while not _is_done(exporter, hours * export_.HOUR_SEGMENTS):
            if carrier.work_off() and not _is_done(exporter, hours * export_.HOUR_SEGMENTS):
                raise click.ClickException(
                    "it could not be done now, and a worker tries again. `radio doctor` says what is wrong"
                )
            time.sleep(0.2)
    finally:
        carrier.close()
    click.echo(f"{hours} hours lie below {PREFIX}" if hours else "The copy is away.")


def _follow(exporter: Exporter, work: Work) -> None:
    exporter.follow(work.progress)


def _is_done(exporter: Exporter, n_segments: int) -> bool:
    there = exporter.present()
    return there is None if n_segments == 0 else there is not None and there.n_segments == n_segments
