"""`radio doctor`: every part of the station, whether it is there, whether it works, and what to do when not."""

from __future__ import annotations

import importlib
import math
import shutil
import sys
import tempfile
import urllib.error
import urllib.request
import wave
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import click
from flask import Flask
from sqlalchemy import func, select

from media import pipeline
from media.grid import HOUR_TICKS, TICK_MS, tick_at
from radio import keyring, parts, schema
from radio.app import create_app
from radio.db import reading, session
from radio.editorial.models import FeedItem
from radio.editorial.queries import bad_pictures, gate_silent_since
from radio.jobs.carrier import workers_folder
from radio.jobs.models import Job
from radio.jobs.presence import living_workers
from radio.jobs.queries import ClockFault, clock_faults, failed_jobs, living_beats
from radio.schedule.queries import planned_until
from radio.settings import Settings
from radio.station import open_clock, open_store, station

PACKAGES = ("av", "boto3", "flask_security", "gevent", "gunicorn", "lameenc", "mutagen", "numpy", "PIL", "psycopg", "webauthn")
LEAST_FREE_MB = 1000
_WORK_SEEN_WITHIN = timedelta(minutes=15)
_CLOCK_MAY_DIFFER = timedelta(minutes=2)


class FaultError(Exception):
    """What is wrong, and what to do, in a sentence each."""


Check = Callable[[Settings], str]


@click.command("doctor")
def doctor() -> None:
    """Look at every part: is it there, does it work, what to do. Ends with 1 when something is wrong."""
    settings = Settings.from_env()
    click.echo(f"ok     settings: data in {settings.data}, listeners at {settings.public_url}")
    faults = sum(not _told(name, check, settings) for name, check in _checks(settings))
    click.echo("The station is well." if not faults else f"{faults} parts are not well.")
    sys.exit(1 if faults else 0)


def _told(name: str, check: Check, settings: Settings) -> bool:
    try:
        click.echo(f"ok     {name}: {check(settings)}")
    except FaultError as fault:
        click.echo(f"FAULT  {name}: {fault}")
    except Exception as error:  # noqa: BLE001  whatever breaks while looking is the fault that is looked for
        click.echo(f"FAULT  {name}: {type(error).__name__}: {error}")
    else:
        return True
    return False


def _checks(settings: Settings) -> Iterator[tuple[str, Check]]:
    yield "Python", _python
    yield "packages", _packages
    yield "data folder", _data_folder
    yield "secrets", _secrets
    yield "sound", _sound
    app: list[Flask] = []

    def inside(look: Callable[[], str]) -> Check:
        def check(settings: Settings) -> str:
            if not app:
                app.append(create_app(settings, clock=open_clock(settings), store=open_store(settings)))
            with app[0].app_context(), reading():
                return look()

        return check

    yield "database", inside(lambda: _database(settings))
    yield "clock", inside(_clock)
    yield "store", inside(_store)
    yield "worker", inside(_worker)
    yield "jobs", inside(_jobs)
    yield "rundown", inside(_rundown)
    yield "web server", _web_server
    yield "gate", inside(_gate)


def _python(_settings: Settings) -> str:
    return sys.version.split()[0]


def _packages(_settings: Settings) -> str:
    missing = []
    for name in PACKAGES:
        try:
            importlib.import_module(name)
        except ImportError:
            missing.append(name)
    if missing:
        raise FaultError(f"{', '.join(missing)} cannot be loaded. Remove .venv and run ./scripts/run again.")
    return f"{len(PACKAGES)} looked at"


def _data_folder(settings: Settings) -> str:
    try:
        with tempfile.TemporaryFile(dir=settings.data) as file:
            file.write(b"\0")
    except OSError as error:
        raise FaultError(
            f"{settings.data} cannot be written ({error.strerror}). Start the station once, or choose --data."
        ) from error
    free_mb = shutil.disk_usage(settings.data).free // 1_000_000
    if free_mb < LEAST_FREE_MB:
        raise FaultError(f"only {free_mb} MB are free. Make room: uploads are refused when the disk is full.")
    return f"{free_mb // 1000} GB free"


def _secrets(settings: Settings) -> str:
    if missing := [name for name in keyring.KEYS if not (settings.secrets / name).is_file()]:
        raise FaultError(f"{', '.join(missing)} missing in {settings.secrets}. Restore them from your back-up, or start once.")
    if open_ := keyring.open_to_others(settings):
        raise FaultError(f"others on this machine can read {open_[0]}. Run: chmod -R go-rwx {settings.secrets}")
    return f"{len(keyring.KEYS)}, ours alone"


def _sound(_settings: Settings) -> str:
    """Two seconds of a tone through the very way that recordings go."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "tone.wav"
        with wave.open(str(source), "wb") as file:
            file.setparams((1, 2, 48_000, 0, "NONE", ""))
            tone = (int(9000 * math.sin(at / 48_000 * 440 * math.tau)) for at in range(96_000))
            file.writeframes(b"".join(sample.to_bytes(2, "little", signed=True) for sample in tone))
        work = Path(folder) / "work"
        work.mkdir()
        made = pipeline.ingest(source, work)
    return f"a tone became {' and '.join(sorted(rendition.media_type for rendition in made.renditions))}"


def _database(settings: Settings) -> str:
    parts.database_answers()
    at, newest = schema.current(settings), schema.head()
    if at != newest:
        raise FaultError(f"at version {at or 'none'}, this station needs {newest}. Start “radio up”, or run: radio prepare")
    return f"{settings.database_url.split(':')[0].split('+')[0]}, version {at}"


def _clock() -> str:
    newest = session().scalar(select(func.max(Job.made_at)))
    now = station().now()
    if newest is not None and newest > now + _CLOCK_MAY_DIFFER:
        raise FaultError("the clock has gone back since the last job was made. Listeners hear by this clock: set it (NTP).")
    if faults := [_wrong(fault) for fault in clock_faults(session())]:
        raise FaultError(f"{'; '.join(faults)}. All machines need the same time: turn NTP on, and let it correct slowly.")
    beats, here_ms = living_beats(session()), station().settings.clock_offset_ms
    if beats and here_ms != beats[0].offset_ms:
        raise FaultError(
            f"RADIO_CLOCK_OFFSET_MS is {here_ms} here, and {beats[0].offset_ms} where the station runs. It must be the same."
        )
    return f"{now:%Y-%m-%d %H:%M:%S} UTC, {len(beats)} processes agree"


def _wrong(fault: ClockFault) -> str:
    """What is wrong with a process's clock, in words."""
    seconds = f"{fault.ms / 1000:+.1f} s"
    if fault.code == "offset":
        return f"{fault.process} adds {seconds} more than the others do: RADIO_CLOCK_OFFSET_MS must be the same for all"
    if fault.code == "skew":
        return f"{fault.process} is {seconds} beside the database's"
    return f"that of {fault.process} was set {seconds} at {fault.at:%H:%M} UTC"


def _store() -> str:
    parts.store_answers()
    settings = station().settings
    return f"{'embedded' if settings.embedded_s3 else settings.s3_endpoint}, bucket {settings.s3_bucket}"


def _worker() -> str:
    living = living_workers(workers_folder(station().settings))
    seen = session().scalar(select(func.max(Job.ended_at)))
    if not living and (seen is None or seen < station().now() - _WORK_SEEN_WITHIN):
        raise FaultError("none runs here, and nothing was done for a quarter of an hour. Start “radio up” or “radio worker”.")
    return f"{living} on this machine"


def _jobs() -> str:
    failed = failed_jobs(session())
    if failed:
        newest = failed[0]
        raise FaultError(
            f"{len(failed)} were given up; the newest, {newest.kind} of {newest.subject}, because of: {newest.failure}"
        )
    return "none was given up"


def _rundown() -> str:
    ahead = planned_until(session()) - tick_at(station().clock.unix_ms())
    if not parts.rundown_is_ahead():
        raise FaultError(
            "it ends within ten minutes; then the emergency loop plays. See that a worker runs, then: radio rundown prove"
        )
    return f"compiled for {ahead * TICK_MS // 86_400_000} days and {ahead // HOUR_TICKS % 24} hours ahead"


def _gate() -> str:
    held = session().scalar(select(func.count()).select_from(FeedItem).where(FeedItem.held_at.is_not(None))) or 0
    if since := gate_silent_since(session()):
        raise FaultError(
            f"the public address does not answer the worker since {since:%Y-%m-%d %H:%M} UTC, so new episodes wait before podcast"
            " apps get them. Set RADIO_GATE_URL to an address of the web server that the worker reaches."
        )
    if held:
        raise FaultError(f"{held} episodes are kept out of podcast apps; the studio says of each why.")
    if wrong := bad_pictures(session()):
        raise FaultError(f"podcast apps cannot show the picture of {', '.join(wrong)}; the studio says why.")
    return "every episode that it has looked at is in the feeds"


def _web_server(settings: Settings) -> str:
    try:
        with urllib.request.urlopen(settings.public_url + "/healthz", timeout=5) as answer:  # noqa: S310  our own address
            return f"answers at {settings.public_url} with {answer.status}"
    except urllib.error.HTTPError as error:
        raise FaultError(f"{settings.public_url}/healthz answers {error.code}; the lines above say why.") from error
    except OSError as error:
        raise FaultError(f"nothing answers at {settings.public_url}. Start “radio up”, or set RADIO_PUBLIC_URL.") from error
