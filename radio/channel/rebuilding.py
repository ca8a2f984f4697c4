"""`radio rundown rebuild`: the bytes that were aired, out of the store again."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import click

from media.fmp4 import flat_header
from media.grid import first_tick_from, tick_at
from media.profiles import Profile
from radio.channel import loop, queries, rules
from radio.channel.ticks import Ticks
from radio.core.time import instant_of, unix_ms
from radio.db import reading, session
from radio.schedule.commands import rundown
from radio.schedule.queries import planned_since
from radio.station import Station, station

_AT_ONCE_TICKS = 640
_WAIT_S = 60.0
_WALL_CLOCK = click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])

__all__ = ["aired_bytes", "rundown"]


def aired_bytes(here: Station, ticks: Ticks, profile: Profile, from_tick: int, to_tick: int) -> Iterator[bytes]:
    """What `[from_tick, to_tick)` was made of. What was taken back is the emergency loop: it is given out no more.

    Raises:
        StoreUnavailableError: the store did not give it.
    """
    now_tick = tick_at(here.clock.unix_ms())
    for start in range(from_tick, to_tick, _AT_ONCE_TICKS):
        end = min(to_tick, start + _AT_ONCE_TICKS)
        aired = queries.aired(session(), start, end)
        made_of = rules.pieces(
            aired, start, end, profile=profile.name, now_tick=now_tick, loop_ticks=ticks.loops[profile.name].n_ticks
        )
        yield ticks.read(made_of, profile.name, wait_s=_WAIT_S)


@rundown.command("rebuild")
@click.argument("begins", metavar="FROM", type=_WALL_CLOCK)
@click.argument("ends", metavar="TO", type=_WALL_CLOCK)
@click.option("--rendition", default="standard", show_default=True, type=click.Choice(["standard", "low"]), help="Which one.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A file; otherwise it goes to the standard output.")
def rebuild(begins: datetime, ends: datetime, rendition: str, out: Path | None) -> None:
    """Write the exact sound that was aired, as the outputs gave it, from FROM until TO by the station's wall clock."""
    here = station()
    start, end = (first_tick_from(unix_ms(instant_of(local, here.settings.tz))) for local in (begins, ends))
    if end <= start:
        raise click.ClickException("TO is not behind FROM")
    if end > tick_at(here.clock.unix_ms()):
        raise click.ClickException("that time is not over yet")
    with reading():
        if start < planned_since(session()):
            raise click.ClickException("the station was not on air yet")
    profile = next(one for one in here.profiles if one.name == rendition)
    ticks = Ticks(here.store, loop.loops(here.profiles))
    head = flat_header((end - start) * profile.units_per_tick, profile.unit_bytes) if profile.header_bytes else b""
    with reading():
        if out is None:
            _write(sys.stdout.buffer, head, aired_bytes(here, ticks, profile, start, end))
        else:
            with out.open("wb") as file:
                _write(file, head, aired_bytes(here, ticks, profile, start, end))
    click.echo(f"{end - start} ticks", err=True)


def _write(file: BinaryIO, head: bytes, sound: Iterator[bytes]) -> None:
    file.write(head)
    file.writelines(sound)
