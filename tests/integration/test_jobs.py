"""A job is done at least once, never by two at a time, and its result is there once, whatever dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from radio.catalogue.actions import touched
from radio.catalogue.models import Change
from radio.clock import SetClock, SystemClock
from radio.db import db, reading
from radio.errors import FencedError, RefusedError, StoppingError
from radio.jobs import actions, queries
from radio.jobs.carrier import Carrier, workers_folder
from radio.jobs.models import Job
from radio.jobs.presence import living_workers
from radio.jobs.registry import Craft
from radio.jobs.rules import LEASE, MAX_ATTEMPTS, JobState
from radio.jobs.work import Work
from radio.settings import Settings
from tests.makers import NOON
from tests.waiting import PATIENCE_S, until

Hire = Callable[..., Carrier]


@pytest.fixture
def hire(app: Flask) -> Iterator[Hire]:
    """A worker in this process that knows the given crafts; its work is done by `work_off`."""
    hired: list[Carrier] = []

    def _hire(**crafts: Craft) -> Carrier:
        hired.append(Carrier(app, crafts=crafts))
        return hired[-1]

    yield _hire
    for carrier in hired:
        carrier.close()


def enqueue(
    session: Session, subject: str = "s", *, kind: str = "count", due_in: timedelta = timedelta(), now: datetime = NOON
) -> str:
    job = actions.enqueue(session, kind, subject, now=now, due_at=now + due_in)
    session.commit()
    return job.id


def state(session: Session, job_id: str) -> JobState:
    session.rollback()
    return JobState(session.scalars(select(Job.state).where(Job.id == job_id)).one())


def publish_one(work: Work) -> None:
    with work.publishing() as session:
        session.add(Change(name=work.subject, number=1))


def test_work_that_is_asked_for_twice_is_done_once(session: Session) -> None:
    assert enqueue(session, "a") == enqueue(session, "a")
    assert enqueue(session, "a") != enqueue(session, "b")


def test_work_that_is_asked_for_sooner_comes_sooner(session: Session) -> None:
    later = enqueue(session, due_in=timedelta(hours=1))
    enqueue(session)

    assert session.get_one(Job, later).due_at == NOON


def test_work_that_is_asked_for_while_it_runs_comes_again(session: Session, hire: Hire) -> None:
    turns: list[Work] = []

    def look(work: Work) -> None:
        turns.append(work)
        if len(turns) == 1:
            enqueue(session, work.subject)

    job_id = enqueue(session, "a")

    assert hire(count=Craft(look)).work_off() == 2
    assert state(session, job_id) == JobState.DONE


def test_what_is_asked_for_often_while_it_runs_comes_once_and_not_before_it_is_due(
    session: Session, hire: Hire, clock: SetClock
) -> None:
    turns: list[Work] = []

    def look(work: Work) -> None:
        turns.append(work)
        if len(turns) == 1:
            for seconds in (20, 10, 15):
                enqueue(session, work.subject, due_in=timedelta(seconds=seconds))

    job_id = enqueue(session, "a")
    carrier = hire(count=Craft(look))

    assert carrier.work_off() == 1
    assert session.get_one(Job, job_id, populate_existing=True).due_at == NOON + timedelta(seconds=10)
    session.rollback()
    clock.move(timedelta(seconds=10))
    assert carrier.work_off() == 1
    assert state(session, job_id) == JobState.DONE


def test_the_result_and_the_end_of_the_job_are_one_commit(session: Session, hire: Hire) -> None:
    job_id = enqueue(session, "a")

    assert hire(count=Craft(publish_one)).work_off() == 1
    assert state(session, job_id) == JobState.DONE
    assert session.get_one(Change, "a").number == 1


def test_who_changes_something_and_then_asks_for_the_work_that_runs_never_waits_for_it_for_ever(
    session: Session, app: Flask, hire: Hire
) -> None:
    with app.app_context():
        engine = db.engine
    if engine.dialect.name == "sqlite":
        pytest.skip("one writes at a time")
    both = threading.Barrier(2, timeout=PATIENCE_S)

    def work_of_ours(work: Work) -> None:
        with work.publishing() as rows:
            if not asked.done():
                both.wait()
            touched(rows)

    def request() -> None:
        with Session(engine) as rows, rows.begin():
            touched(rows)
            both.wait()
            actions.enqueue(rows, "count", "s", now=NOON)

    touched(session)
    job_id = enqueue(session)
    with ThreadPoolExecutor(1) as elsewhere:
        asked = elsewhere.submit(request)
        hire(count=Craft(work_of_ours)).work_off()
        asked.result(PATIENCE_S)

    assert state(session, job_id) is JobState.DONE
    assert session.get_one(Change, "catalogue").number == 4, "asked for meanwhile, it came again"


def test_nothing_of_a_failed_attempt_remains(session: Session, hire: Hire, clock: SetClock) -> None:
    def stumble(work: Work) -> None:
        with work.publishing() as rows:
            rows.add(Change(name=work.subject, number=1))
            rows.flush()
            raise RefusedError("not-now")

    job_id = enqueue(session, "a")
    hire(count=Craft(stumble)).work_off()

    job = session.get_one(Job, job_id, populate_existing=True)
    assert (job.state, job.failure) == (JobState.QUEUED, "RefusedError: not-now")
    assert job.due_at > clock.now()
    assert session.get(Change, "a") is None


def test_a_job_that_always_fails_is_given_up_with_a_reason(session: Session, hire: Hire, clock: SetClock) -> None:
    def fail(work: Work) -> None:
        raise ValueError("the text of somebody's story")

    job_id = enqueue(session)
    carrier = hire(count=Craft(fail))
    for _ in range(MAX_ATTEMPTS):
        assert carrier.work_off() == 1
        clock.move(timedelta(minutes=11))

    job = session.get_one(Job, job_id, populate_existing=True)
    assert (job.state, carrier.work_off()) == (JobState.FAILED, 0)
    assert job.failure is not None
    assert job.failure.startswith("ValueError in test_jobs.py:")
    assert [failed.id for failed in queries.failed_jobs(session)] == [job_id]


def test_a_job_whose_worker_is_silent_is_taken_over_and_the_first_is_fenced(
    session: Session, hire: Hire, clock: SetClock
) -> None:
    attempts: list[Work] = []

    def slow(work: Work) -> None:
        attempts.append(work)
        if len(attempts) == 1:
            clock.move(LEASE + timedelta(seconds=1))
            assert hire(count=Craft(slow)).work_off() == 1
            with pytest.raises(FencedError), work.publishing() as rows:
                rows.add(Change(name="twice", number=1))
            work.renew()
            work.progress(0.5)
        publish_one(work)

    job_id = enqueue(session, "a")
    hire(count=Craft(slow)).work_off()

    assert (len(attempts), state(session, job_id)) == (2, JobState.DONE)
    assert session.get_one(Change, "a").number == 1
    assert session.get(Change, "twice") is None


def test_a_worker_that_says_it_is_alive_keeps_its_job(session: Session, hire: Hire, clock: SetClock) -> None:
    def slow(work: Work) -> None:
        clock.move(LEASE * 0.9)
        work.progress(0.5, "middle")
        clock.move(LEASE * 0.9)
        assert hire(count=Craft(slow)).work_off() == 0

    job_id = enqueue(session)
    hire(count=Craft(slow)).work_off()

    assert state(session, job_id) == JobState.DONE


def test_reading_for_hours_keeps_nobody_from_writing(session: Session, app: Flask, hire: Hire) -> None:
    def read(work: Work) -> None:
        from radio.db import session as station_session

        station_session().scalars(select(Job)).all()
        session.add(Change(name="meanwhile", number=1))
        session.commit()
        work.progress(0.5, "reading")

    job_id = enqueue(session)
    hire(count=Craft(read)).work_off()

    assert state(session, job_id) == JobState.DONE


def test_a_worker_that_stops_gives_its_job_back_uncounted(session: Session, hire: Hire) -> None:
    carrier: Carrier

    def stop(work: Work) -> None:
        carrier.stop()
        with pytest.raises(StoppingError):
            work.progress(0.1, "on the way")
        work.progress(0.2)

    job_id = enqueue(session)
    carrier = hire(count=Craft(stop))
    carrier._do(*next(carrier._take()))  # one attempt: work_off would take it up again

    job = session.get_one(Job, job_id, populate_existing=True)
    assert (job.state, job.attempts) == (JobState.QUEUED, 0)


def test_a_worker_that_stops_while_the_database_is_away_still_leaves(
    session: Session, hire: Hire, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("radio.jobs.carrier.STOP_WITHIN_S", 0.2)
    enqueue(session)
    carrier = hire(count=Craft(publish_one))
    next(carrier._take())
    carrier._engine = create_engine(f"sqlite:///{tmp_path}/nowhere/at all.db")
    carrier.stop()
    carrier.run()

    assert living_workers(workers_folder(settings)) == 0


def test_periodic_work_begins_by_itself_and_comes_again(session: Session, hire: Hire, clock: SetClock) -> None:
    turns: list[str] = []
    carrier = hire(extend=Craft(lambda work: turns.append(work.subject), every=timedelta(minutes=5)))
    carrier._beat()

    assert carrier.work_off() == 1
    assert carrier.work_off() == 0
    clock.move(timedelta(minutes=5))
    assert carrier.work_off() == 1
    assert turns == ["", ""]


def test_periodic_work_never_gives_up(session: Session, hire: Hire, clock: SetClock) -> None:
    def fail(work: Work) -> None:
        raise RefusedError("no-programmes")

    carrier = hire(extend=Craft(fail, every=timedelta(minutes=5)))
    carrier._beat()
    for _ in range(MAX_ATTEMPTS * 2):
        assert carrier.work_off() == 1
        clock.move(timedelta(minutes=5))


def test_kinds_that_nobody_here_knows_are_left_for_others(session: Session, hire: Hire) -> None:
    job_id = enqueue(session, kind="sing")

    assert hire(count=Craft(publish_one)).work_off() == 0
    assert state(session, job_id) == JobState.QUEUED


Start = Callable[[], "subprocess.Popen[bytes]"]


@pytest.fixture
def start(settings: Settings) -> Iterator[Start]:
    """Starts worker processes on the station's real clock."""
    known = {"RADIO_DATA": str(settings.data), "RADIO_DATABASE_URL": settings.database_url}
    started: list[subprocess.Popen[bytes]] = []

    def _start() -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen([sys.executable, "-m", "tests.worker_process"], env={**os.environ, **known}))
        return started[-1]

    yield _start
    for process in started:
        end(process, signal.SIGKILL)


def end(process: subprocess.Popen[bytes], how: signal.Signals) -> int:
    process.send_signal(how)
    return process.wait(timeout=PATIENCE_S)


def wait_until(session: Session, holds: Callable[[Counter[str]], bool]) -> None:
    """Look until the jobs, counted by state, are as wanted."""
    found = Counter[str]()

    def so() -> bool:
        nonlocal found
        session.rollback()
        with reading():  # whoever only looks holds up no worker
            found = Counter(session.scalars(select(Job.state)))
            session.rollback()
        return holds(found)

    until(so, lambda: f"never so: {found}", every_s=0.05)


def test_workers_killed_at_any_moment_lose_and_repeat_nothing(session: Session, settings: Settings, start: Start) -> None:
    subjects: list[str] = []

    def in_the_middle(found: Counter[str], least: int) -> bool:
        """Something is being done, and enough is done already; whoever looks too late finds more to do."""
        if not found["running"] and not found["queued"]:
            for _ in range(8):
                subjects.append(f"subject-{len(subjects)}")
                enqueue(session, subjects[-1], now=SystemClock().now())
        return found["running"] > 0 and found["done"] >= least

    workers = [start(), start()]
    for round_ in range(4):
        wait_until(session, lambda found, least=round_ * 3: in_the_middle(found, least))
        end(workers[round_ % 2], signal.SIGKILL)
        workers[round_ % 2] = start()
    wait_until(session, lambda found: found["done"] == len(subjects))
    until(lambda: living_workers(workers_folder(settings)) == len(workers))  # who has not begun to work cannot stop in order

    assert [end(worker, signal.SIGTERM) for worker in workers] == [0, 0]
    assert {change.name: change.number for change in session.scalars(select(Change))} == dict.fromkeys(subjects, 1)


def test_a_worker_that_is_asked_to_stop_leaves_its_job_to_the_next(session: Session, settings: Settings, start: Start) -> None:
    held = settings.data / "a.held"
    held.touch()
    enqueue(session, "a", now=SystemClock().now())
    first = start()
    wait_until(session, lambda found: found["running"] == 1)

    assert end(first, signal.SIGTERM) == 0
    wait_until(session, lambda found: found["queued"] == 1)
    held.unlink()
    second = start()
    wait_until(session, lambda found: found["done"] == 1)
    assert end(second, signal.SIGTERM) == 0
    assert session.get_one(Change, "a").number == 1
