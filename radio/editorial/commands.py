"""`radio air`: stop, resume, look. `radio asrun`: what was really aired."""

from __future__ import annotations

from datetime import datetime

import click
from flask.cli import AppGroup, with_appcontext

from media.grid import DAY_TICKS, HOUR_TICKS, first_tick_from, tick_at, tick_start_ms
from radio.core.time import from_unix_ms, instant_of, unix_ms
from radio.db import reading, session
from radio.editorial import air as decisions
from radio.editorial.rules import AT_THE_CONSOLE
from radio.errors import RefusedError
from radio.jobs.carrier import send
from radio.jobs.queries import clock_faults
from radio.schedule import overriding, queries
from radio.schedule.airings import Airing, Part
from radio.schedule.asrun import About, abouts, as_run
from radio.schedule.asrun_sheets import FORMATS, sheet
from radio.station import station

air = AppGroup("air", help="What is on the air: look, stop, resume.")
_TYPED = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"])


@air.command("stop")
def stop() -> None:
    """Straight to the emergency loop, until `radio air resume`."""
    try:
        decisions.stop(session(), station(), by=AT_THE_CONSOLE, now=station().now())
    except RefusedError as error:
        raise click.ClickException("the station is stopped already") from error
    session().commit()
    click.echo("Stopped. In 24 seconds every listener hears the emergency loop. Bring the programme back with: radio air resume")


@air.command("resume")
def resume() -> None:
    """Let the programme come back."""
    try:
        decisions.resume(session(), station(), by=AT_THE_CONSOLE, now=station().now())
    except RefusedError as error:
        raise click.ClickException("the station is not stopped") from error
    session().commit()
    send(["revise"])
    click.echo("Resumed. In 24 seconds the programme is heard again.")


@air.command("status")
def status() -> None:
    """What is on now and next, what is put over it, and whether the clocks are right. Ends with 1 when the loop is on or a clock is not."""
    here = station()
    with reading():
        now_tick = tick_at(here.clock.unix_ms())
        around = queries.rundown(session(), now_tick - DAY_TICKS, now_tick + DAY_TICKS).within(now_tick, now_tick + HOUR_TICKS)
        said = abouts(session(), {airing.episode_id for airing in around if airing.episode_id})
        stop, alerts, faults = overriding.the_stop(session()), overriding.alerts(session(), now_tick), clock_faults(session())
    for word, airing in zip(("now ", "next"), around, strict=False):
        click.echo(f"{word}  {_local(airing.start_tick)}  {_name(airing, said)}")
    if stop:
        click.echo(f"stopped since {stop.made_at.astimezone(here.settings.tz):%a %H:%M}; resume with: radio air resume")
    for row in alerts:
        click.echo(f"alert {row.id}: {row.issuer}, {row.area}, until {_local(row.until_tick or row.from_tick)}")
    for fault in faults:
        told = {
            "set": "set {} lately",
            "skew": "{} wrong",
            "offset": "told to add {} more than the others (RADIO_CLOCK_OFFSET_MS)",
        }[fault.code]
        click.echo(f"clock of {fault.process}: {told.format(f'{fault.ms / 1000:+.1f} s')}")
    if around[0].part is Part.EMERGENCY or faults:
        raise SystemExit(1)


@click.command("asrun")
@click.argument("from", type=_TYPED, metavar="FROM")
@click.argument("to", type=_TYPED, metavar="TO")
@click.option(
    "--format", "form", type=click.Choice(list(FORMATS)), default="csv", show_default=True, help="cue: the music alone."
)
@with_appcontext
def asrun(form: str, **span: datetime) -> None:
    """Print what was really aired from FROM until TO, by the station's wall clock: 2026-11-25 or 2026-11-25T14:00."""
    here = station()
    first, last = (first_tick_from(unix_ms(instant_of(span[name], here.settings.tz))) for name in ("from", "to"))
    if last <= first:
        raise click.UsageError("TO must be later than FROM")
    with reading():
        rows = as_run(session(), first, last, now_tick=tick_at(here.clock.unix_ms()))
    click.echo(sheet(rows, form), nl=False)


def _name(airing: Airing, said: dict[str, About]) -> str:
    if airing.part is Part.EMERGENCY:
        return f"the emergency loop ({airing.why.get('code', '')})"
    about = said.get(airing.episode_id or "")
    return f"{about.show_title}: {about.title}" if about else f"taken back ({airing.episode_id})"


def _local(tick: int) -> str:
    return f"{from_unix_ms(tick_start_ms(tick)).astimezone(station().settings.tz):%a %d %b %H:%M:%S}"
