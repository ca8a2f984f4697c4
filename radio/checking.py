"""`radio check …`: trying out what the station stands on, against the real thing."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup

from media import conformance
from radio.station import station

check = AppGroup("check", help="Try out what the station stands on.")


@check.command("storage")
def storage() -> None:
    """Try everything the station asks of its S3 against the one it is set to. Leaves nothing behind."""
    here = station()
    faults = 0
    for one in conformance.run(here.store.settings, origin=here.settings.sign_in_origin):
        faults += not one.ok
        click.echo(f"{'ok   ' if one.ok else 'FAULT'}  {one.name}{'' if one.ok else ': ' + one.detail}")
    click.echo("This store can carry a station." if not faults else f"{faults} things this store does not do as a station needs.")
    sys.exit(1 if faults else 0)
