"""`radio import` and `radio export`: the way of a show through the dashboard, typed."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import IO

import click
from flask.cli import with_appcontext

from media import keys
from radio.catalogue.models import Show
from radio.catalogue.queries import all_shows, any_show_or_404
from radio.core.ids import new_id
from radio.db import committing, reading, session
from radio.editorial import audit
from radio.editorial.rules import AT_THE_CONSOLE
from radio.errors import RefusedError
from radio.jobs.carrier import send
from radio.jobs.queries import anybody_works, latest_job
from radio.jobs.rules import JobState
from radio.moving import actions, packing, queries, words
from radio.moving.models import Arrival
from radio.moving.rules import OPEN, ArrivalState, ItemState
from radio.station import station
from radio.studio.actions import put_large

COMPLETE, REFUSED, INCOMPLETE = 0, 2, 3
"""Exit codes."""
_LOOK_EVERY_S = 0.5
_TRIES = 3


@click.command("import")
@click.argument("source", metavar="FILE|URL")
@click.option("--ours", is_flag=True, help="The show is ours, though its feed is locked.")
@click.option("--no-wait", is_flag=True, help="Begin, and leave the rest to the worker.")
@with_appcontext
def bring(*, source: str, ours: bool, no_wait: bool) -> None:
    """Bring a show from an RSS feed, or the shows of an archive that another station exported.

    Nothing is published: what came is held until a steward releases it in the studio, under “Moving”. Harmless when repeated. Ends
    with 0 when all is here, 3 when something is missing (it is listed), 2 when nothing can be taken.
    """
    path = Path(source)
    key = None
    if path.is_file():
        key = keys.arrival(new_id())
        with path.open("rb") as file:
            put_large(station().store, key, file)
    elif not source.startswith(("http://", "https://")):
        raise click.BadParameter(f"“{source}” is neither a file nor an address.")
    with committing() as rows:
        arrival, job = actions.begin(
            rows, address="" if key else source, object_key=key, ours=ours, by=AT_THE_CONSOLE, now=station().now()
        )
        arrival_id, job_id = arrival.id, job.id
    send([job_id])
    if no_wait:
        if not _anybody_works():
            click.echo(words.nobody_works(), err=True)
        click.echo(arrival_id)
        return
    _wait(arrival_id)
    sys.exit(_tell(arrival_id))


def _wait(arrival_id: str) -> None:
    worked = True
    with click.progressbar(length=1000, label="Moving in", file=sys.stderr) as bar:
        while (fraction := _fraction(arrival_id)) is not None:
            bar.update(max(0, int(fraction * 999) - bar.pos))
            works = _anybody_works()
            if worked and not works:
                click.echo(f"\n{words.nobody_works()}", err=True)
            worked = works
            time.sleep(_LOOK_EVERY_S)
        bar.update(1000 - bar.pos)


def _fraction(arrival_id: str) -> float | None:
    """How far it is; None: it is over, or given up."""
    with reading():
        arrival = session().get_one(Arrival, arrival_id, populate_existing=True)
        job = latest_job(session(), "bring", arrival_id)
        fraction = queries.standing(session(), arrival_id).fraction if arrival.state in OPEN else None
        failed = job is not None and job.state is JobState.FAILED
        session().rollback()
    return None if failed else fraction


def _anybody_works() -> bool:
    with reading():
        found = anybody_works(session(), station().now())
        session().rollback()
    return found


def _tell(arrival_id: str) -> int:
    """Say what came and what is missing; gives the exit code."""
    with reading():
        arrival = queries.arrival_or_404(session(), arrival_id)
        stands = queries.standing(session(), arrival_id)
        if arrival.state is not ArrivalState.OVER:
            click.echo(words.problem(arrival.problem, arrival.detail) or "It could not be finished; look at the worker’s log.")
            return REFUSED
        click.echo(f"{arrival.title}: {', '.join(words.counts(stands)) or 'nothing in it'}.")
        for code in arrival.notes:
            click.echo(f"note: {words.note(code)}")
        for item, episode in queries.items(session(), arrival_id, [ItemState.MISSING], limit=10_000):
            click.echo(
                f"missing: {words.title(item, episode.title if episode else '')}: {words.problem(item.problem, item.detail)}"
            )
        if stands.held:
            click.echo(f"Held until a steward releases them: {station().url(f'/studio/moving/arrivals/{arrival_id}')}")
    return INCOMPLETE if stands.counts.get(ItemState.MISSING) else COMPLETE


@click.command("export")
@click.argument("show", required=False)
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path, allow_dash=True))
@click.option("--all", "everything", is_flag=True, help="Every show of the station.")
@with_appcontext
def pack(*, show: str | None, file: Path | None, everything: bool) -> None:
    """Write everything of SHOW, or of all shows, into the archive FILE (“-”: standard output), for another station to import.

    What was taken back is not in it, except its ids. Give the archive only to those who may have what is in it.
    """
    if everything and show is not None and file is None:
        file, show = Path(show), None
    if file is None or (show is None) != everything:
        raise click.UsageError("Say which show and which file: radio export SHOW FILE, or radio export --all FILE.")
    with committing() as rows:
        chosen = rows_of(show)
        audit.record(rows, "exported", "show", chosen[0].id if show and chosen else "all", by=AT_THE_CONSOLE, now=station().now())
    if str(file) == "-":
        _write(show, sys.stdout.buffer)
        return
    target = Path(file)
    for again in range(_TRIES):
        try:
            with target.open("wb") as opened:
                _write(show, opened)
        except RefusedError:
            target.unlink(missing_ok=True)
            if again == _TRIES - 1:
                raise
            continue
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        return


def rows_of(slug: str | None) -> list[Show]:
    """The show of this address, or every show."""
    return list(all_shows(session())) if slug is None else [any_show_or_404(session(), slug)]


def _write(slug: str | None, file: IO[bytes]) -> None:
    with reading(), click.progressbar(length=1000, label="Writing", file=sys.stderr) as bar:
        written = packing.write(
            session(), station(), rows_of(slug), file, now=station().now(),
            tell=lambda part: bar.update(max(0, int(part * 999) - bar.pos)),
        )  # fmt: skip
        bar.update(1000 - bar.pos)
    click.echo(f"{len(written)} episodes are in it.", err=True)
