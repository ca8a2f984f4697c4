"""`radio channel`: what is kept for the time when no process of the station runs."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from radio.channel import export as export_
from radio.channel.export import PREFIX, Exporter
from radio.station import station

channel = AppGroup("channel", help="What the station sends.")


@channel.command("export")
@click.argument("hours", type=click.IntRange(0, 72))
def export(hours: int) -> None:
    """Lay the coming HOURS into the bucket, to be played when the station is dead; 0 takes the copy away.

    A worker keeps it true and as long from then on.
    """
    exporter = Exporter(station())
    if hours == 0:
        click.echo(f"{exporter.remove()} objects removed")
        return
    made = exporter.write(hours * export_.HOUR_SEGMENTS)
    click.echo(f"{hours} hours below {PREFIX}: {made.n_written} objects written, {made.n_removed} removed")
