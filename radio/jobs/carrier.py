"""Carries job rows to threads. The table is the queue: whatever this process forgets, the next look at the table finds."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
import traceback
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from media.errors import MediaError
from radio.db import db, reading, writing
from radio.errors import FencedError, RadioError, StoppingError
from radio.jobs import actions, queries
from radio.jobs.bell import Bell, ring
from radio.jobs.models import Job
from radio.jobs.presence import Presence, dead_workers, forget
from radio.jobs.registry import CRAFTS, Craft
from radio.jobs.rules import HEARTBEAT, SILENCE
from radio.jobs.work import Work
from radio.settings import Settings
from radio.station import Station, station

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
"""How often the table is looked at when nobody rings."""
LIGHT_AT_ONCE = 2
FAR_AT_ONCE = 2
STOP_WITHIN_S = 4.0
"""How long running work may take to notice that the worker stops."""


def workers_folder(settings: Settings) -> Path:
    """Where the workers of this machine show that they live."""
    return settings.data / "workers"


def send(job_ids: Iterable[str]) -> None:
    """After the commit: let the workers of this machine look at once. Others look within a second."""
    if any(True for _ in job_ids):
        ring(workers_folder(station().settings))


class Carrier:
    """One worker process: looks at the table, runs what is due, says that it lives, stops when asked."""

    def __init__(self, app: Flask, *, crafts: Mapping[str, Craft] = CRAFTS) -> None:
        self._app, self._crafts = app, crafts
        self._station: Station = app.extensions["station"]
        with app.app_context():
            self._engine = db.engine
        self._folder = workers_folder(self._station.settings)
        self._stopping = threading.Event()
        self._presence = Presence(self._folder)
        self._bell = Bell(self._folder, self._presence.name)
        self._places = {"light": LIGHT_AT_ONCE, "heavy": os.cpu_count() or 1, "far": FAR_AT_ONCE}
        self._running: dict[str, Work] = {}
        self._beaten_s = float("-inf")
        self._away = False

    def run(self) -> None:
        """Work until `stop`; what does not end in time goes back into the table. Its thread may then still live."""
        threads = ThreadPoolExecutor(sum(self._places.values()), thread_name_prefix="work")
        try:
            while not self._stopping.is_set():
                self._beat()
                for work, craft in self._take():
                    threads.submit(self._do, work, craft)
                self._bell.wait(LOOK_EVERY_S)
            self._hand_back()
        finally:
            threads.shutdown(wait=False, cancel_futures=True)
            self.close()

    def stop(self) -> None:
        """Ask to stop; may be called by a signal handler."""
        self._stopping.set()
        self._bell.ring()

    def work_off(self) -> int:
        """Do here and now all that is due, without threads; how many jobs that were. For tests and commands."""
        done = 0
        while taken := list(self._take()):
            for work, craft in taken:
                self._do(work, craft)
            done += len(taken)
        return done

    def close(self) -> None:
        """Leave: others may have what we held."""
        self._bell.close()
        self._presence.close()

    def _take(self) -> Iterator[tuple[Work, Craft]]:
        """Claim what is due, as far as there are places for it."""
        try:
            with self._session(write=False) as session:
                waiting = queries.runnable_kinds(session, self._station.now())
            for name in self._places if waiting else ():
                lane = [kind for kind in waiting if kind in self._crafts and self._crafts[kind].lane == name]
                while lane and self._places[name] and (work := self._claim(lane)):
                    self._places[name] -= 1
                    self._running[work.job_id] = work
                    yield work, self._crafts[work.kind]
            self._say_database(away=False)
        except DBAPIError as error:
            self._say_database(away=True, why=_why(error))

    def _say_database(self, *, away: bool, why: str = "") -> None:
        """Say once that it went, and once that it is back: the table is looked at every second."""
        if away and not self._away:
            log.error("jobs: the database does not answer: %s", why)
        elif not away and self._away:
            log.warning("jobs: the database is back")
        self._away = away

    def _claim(self, kinds: Collection[str]) -> Work | None:
        now = self._station.now()
        with self._session() as session:
            endless = [kind for kind, craft in self._crafts.items() if craft.every is not None]
            if lost := actions.give_up_the_lost(session, endless, now=now):
                log.error("jobs: %d given up: their worker died at every attempt", lost)
            job = actions.claim(session, kinds, worker=self._presence.name, now=now)
            return None if job is None else self._work(job)

    def _work(self, job: Job) -> Work:
        return Work(
            job_id=job.id, kind=job.kind, subject=job.subject, payload=dict(job.payload), token=job.token or "",
            engine=self._engine, clock=self._station.clock, stopping=self._stopping, every=self._crafts[job.kind].every,
        )  # fmt: skip

    def _do(self, work: Work, craft: Craft) -> None:
        log.debug("job %s %s %s begins", work.job_id, work.kind, work.subject)
        try:
            with self._app.app_context(), reading():
                self._attempt(work, craft)
        except DBAPIError as error:  # the lease ends by itself
            log.warning("job %s: the database does not answer: %s", work.job_id, type(error.orig).__name__)
        finally:
            del self._running[work.job_id]
            self._places[craft.lane] += 1
            self._bell.ring()

    def _attempt(self, work: Work, craft: Craft) -> None:
        try:
            craft.do(work)
            if not work.published:
                with work.publishing():
                    pass
            log.log(logging.INFO if work.every is None else logging.DEBUG, "job %s %s done", work.job_id, work.kind)
        except FencedError:
            log.warning("job %s %s is another worker's now", work.job_id, work.kind)
        except StoppingError:
            self._put_back(work)
        except Exception as error:  # noqa: BLE001  a handler may fail in any way; the row says how
            self._fail(work, error)

    def _put_back(self, work: Work) -> None:
        with self._session() as session:
            actions.put_back(session, work.job_id, work.token, now=self._station.now())
        log.info("job %s %s goes back: the worker stops", work.job_id, work.kind)

    def _fail(self, work: Work, error: Exception) -> None:
        failure = _facts(error)
        with self._session() as session:
            actions.fail(session, work.job_id, work.token, failure=failure, now=self._station.now(), every=work.every)
        log.warning("job %s %s failed: %s", work.job_id, work.kind, failure)

    def _beat(self) -> None:
        """Every ten seconds: renew the leases of what runs, free what the dead held, see to the periodic work."""
        now_s = time.monotonic()
        if now_s - self._beaten_s < HEARTBEAT.total_seconds():
            return
        self._beaten_s = now_s
        try:
            for work in list(self._running.values()):
                if now_s - work.last_word_s < SILENCE.total_seconds():
                    work.renew()
            self._sweep()
        except DBAPIError as error:
            self._say_database(away=True, why=_why(error))

    def _sweep(self) -> None:
        kinds = [kind for kind, craft in self._crafts.items() if craft.every is not None]
        with self._session(write=False) as session:
            missing = [kind for kind in kinds if queries.unfinished_job(session, kind, "") is None]
        dead = dead_workers(self._folder)
        if not missing and not dead:
            return
        with self._session() as session:
            for kind in missing:
                actions.enqueue(session, kind, "", now=self._station.now())
            freed = actions.release(session, dead)
        forget(self._folder, dead)
        if freed:
            log.warning("jobs: %d freed of workers that had died", freed)

    def _hand_back(self) -> None:
        until_s = time.monotonic() + STOP_WITHIN_S
        while self._running and time.monotonic() < until_s:
            self._bell.wait(0.2)
        try:
            for work in list(self._running.values()):
                self._put_back(work)
        except DBAPIError as error:  # whoever looks next sees that we are gone, and frees what we held
            self._say_database(away=True, why=_why(error))

    @contextmanager
    def _session(self, *, write: bool = True) -> Iterator[Session]:
        with writing() if write else reading(), Session(self._engine) as session, session.begin():
            yield session


def _why(error: DBAPIError) -> str:
    """SQLite says it in words without values, such as that the disk is full; others may quote rows."""
    return str(error.orig) if isinstance(error.orig, sqlite3.Error) else type(error.orig).__name__


def _facts(error: Exception) -> str:
    """What went wrong, without anything that a person may have typed or uploaded."""
    if isinstance(error, MediaError | RadioError):
        return f"{type(error).__name__}: {error}"[:500]
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(frame.filename).name}:{frame.lineno}"
