"""`radio rundown`: look at what goes out, and prove it."""

from __future__ import annotations

from datetime import datetime, timedelta

import click
from flask.cli import AppGroup

from media.grid import DAY_TICKS, HOUR_TICKS, first_tick_from, tick_at, tick_start_ms
from radio.core.time import from_unix_ms, instant_of, unix_ms
from radio.db import reading, session
from radio.errors import UnprovenError
from radio.schedule import outlook, queries
from radio.schedule.airings import Airing, Rundown
from radio.schedule.amiss_words import compile_fault, missing
from radio.schedule.proof import law, prove, prove_support
from radio.schedule.verifying import verified
from radio.schedule.wallclock import hours
from radio.schedule.words import verdict, why
from radio.station import Station, station

rundown = AppGroup("rundown", help="What goes out, and the proof of it.")


@rundown.command("show")
@click.option("--hours", default=3, show_default=True, type=click.IntRange(1, 24 * 60), help="How far ahead to look.")
def show(hours: int) -> None:
    """Print what goes out from now on, by the station's wall clock."""
    here = station()
    with reading():
        found = _from_now(here, hours * HOUR_TICKS)
        for airing in found.airings:
            click.echo(_line(here, airing))


@rundown.command("prove")
@click.option("--days", default=None, type=click.IntRange(1, 60), help="How far ahead; all that is compiled when left out.")
def prove_(days: int | None) -> None:
    """Show that the rundown tiles the time and is lawful; exit 1 with the fault when it is not."""
    here = station()
    with reading():
        until = queries.planned_until(session())
        if until <= tick_at(here.clock.unix_ms()):
            raise click.ClickException("nothing is compiled ahead: the emergency loop is on air")
        span = until - tick_at(here.clock.unix_ms())
        found = _from_now(here, span if days is None else min(span, days * DAY_TICKS))
        first, last = found.airings[0].start_tick, found.airings[-1].end_tick
        pool = {airable.episode_id: airable for airable in queries.pool(session(), now=here.now())}
        _number, policy = queries.station_rules(session())
        bounds = hours(policy, here.settings.tz, first, last)
        try:
            prove(
                found.airings, first, last, law(pool, bounds, cut_at=found.airings[0].end_tick)
            )  # a person may have cut what is on
            prove_support(found.airings, pool, bounds, policy)
        except UnprovenError as fault:
            raise click.ClickException(f"not proved: {fault}") from fault
        broken = queries.unchained(session())
        ahead = outlook.days_ahead(session(), here)
        comes = outlook.is_worked_out_anew(session(), here.now())
    if broken is not None:
        raise click.ClickException(f"revision {broken} is not what it was when it was made")
    n = len(found.airings)
    click.echo(f"proved: {n} airings tile {last - first} ticks, 0 gaps, 0 overlaps, all lawful; the chain is whole")
    if comes and ahead:
        click.echo("the days ahead are being compiled anew: what follows is of before")
    for line in dict.fromkeys(_amiss_line(here, one) for day in ahead for one in day.amiss):
        click.echo(line)


@rundown.command("verify")
@click.argument("day", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]))
def verify(day: datetime) -> None:
    """Compile a day of the station's calendar again from what was kept, and compare; exit 1 where it differs."""
    here, codes = station(), []
    start, end = (first_tick_from(unix_ms(instant_of(day + timedelta(days=n), here.settings.tz))) for n in (0, 1))
    with reading():
        for one in verified(session(), start, end):
            where = (
                f" from {from_unix_ms(tick_start_ms(one.at_tick)).astimezone(here.settings.tz):%a %H:%M:%S}"
                if one.at_tick
                else ""
            )
            click.echo(f"revision {one.revision_id} ({one.why}): {verdict(one.code)}{where}")
            codes.append(one.code)
        broken = queries.unchained(session())
    if "different" in codes or broken is not None:
        raise click.ClickException("not verified" if broken is None else f"revision {broken} is not what it was when it was made")
    if not codes:
        raise click.ClickException(f"nothing was compiled for {day:%Y-%m-%d}")
    said = "verified" if "same" in codes else "not compared"
    click.echo(f"{said}: {day:%Y-%m-%d}; the chain is whole")


def _from_now(here: Station, n_ticks: int) -> Rundown:
    """The rundown from the start of what is on air, so that its first airing is whole; its last one too."""
    now = tick_at(here.clock.unix_ms())
    around = queries.rundown(session(), now - DAY_TICKS, now + n_ticks + DAY_TICKS).within(now, now + n_ticks)
    return Rundown(around[0].start_tick, around[-1].end_tick, around)


def _amiss_line(here: Station, one: outlook.Amiss) -> str:
    at = from_unix_ms(one.start_ms).astimezone(here.settings.tz)
    colour = "red" if one.is_grave else "note"
    return f"{colour}: {at:%a %d %b %H:%M}  {compile_fault(one.code)} {missing(one.facts)}".rstrip()


def _line(here: Station, airing: Airing) -> str:
    start = from_unix_ms(tick_start_ms(airing.start_tick)).astimezone(here.settings.tz)
    minutes, seconds = divmod(tick_start_ms(airing.n_ticks) // 1000, 60)
    return f"{start:%a %H:%M:%S}  {minutes:3d}:{seconds:02d}  {airing.part:<9}  {airing.episode_id or '-':<16}  {why(airing)}"
