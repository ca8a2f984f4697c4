"""One attempt at one job, as its handler sees it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from radio.clock import Clock
from radio.db import session as station_session
from radio.db import writing
from radio.errors import FencedError, StoppingError
from radio.jobs import actions, queries

_SHOWN_EVERY = timedelta(seconds=1)


class Work:
    """What is to be done, and the fence around its results.

    A handler reads with `radio.db.session()` as it likes: its transactions take no write lock, so it may go on for hours. It
    writes only inside `writing()` or `publishing()`. It may be run again from the start after any of its steps.
    """

    def __init__(
        self, *, job_id: str, kind: str, subject: str, payload: Mapping[str, object], token: str, engine: Engine, clock: Clock,
        stopping: threading.Event,
        every: timedelta | None = None,
    ) -> None:  # fmt: skip
        self.job_id, self.kind, self.subject, self.payload = job_id, kind, subject, payload
        self.token, self.every = token, every
        self.published = False
        self.last_word_s = time.monotonic()
        """When the handler last said something, on the monotonic clock."""
        self._engine, self._clock, self._stopping = engine, clock, stopping
        self._shown_s, self._step = 0.0, ""
        self._fenced = self._inside = False

    def progress(self, fraction: float, step: str = "") -> None:
        """Say how far the work is, from 0.0 to 1.0, and in which step (a code). Cheap: it is written once a second.

        Raises:
            FencedError: another worker has taken the job over; stop, nothing of this attempt is wanted.
            StoppingError: the worker was asked to stop; the job goes back.
        """
        self.last_word_s = time.monotonic()
        self._go_on()
        if self._inside or (step == self._step and self.last_word_s - self._shown_s < _SHOWN_EVERY.total_seconds()):
            return
        self._shown_s, self._step = self.last_word_s, step
        self.renew(fraction, step)
        self._go_on()

    def _go_on(self) -> None:
        if self._fenced:
            raise FencedError(self.job_id)
        if self._stopping.is_set():
            raise StoppingError(self.job_id)

    def renew(self, fraction: float | None = None, step: str = "") -> None:
        """Renew the lease; remembers when there is none to renew any more."""
        with writing(), Session(self._engine) as session, session.begin():
            held = actions.renew(session, self.job_id, self.token, now=self._clock.now(), progress=fraction, step=step)
        self._fenced = self._fenced or not held

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that holds only while the job is ours; the work goes on after it.

        What the handler has not committed before is dropped, and rows read before are read again. The job's own row is the
        last that is locked, as in a request that changes something and then asks for work: so neither waits for the other for ever.

        Raises:
            FencedError: it is not ours any more; nothing is written.
        """
        with self._fenced_by(actions.renew) as session:
            yield session

    @contextmanager
    def publishing(self) -> Iterator[Session]:
        """As `writing`, and with the same commit the job is done: its results are there once, or not at all."""
        with self._fenced_by(partial(actions.finish, every=self.every)) as session:
            yield session
        self.published = True

    def _only_if(self, held: bool) -> None:
        if not held:
            raise FencedError(self.job_id)

    @contextmanager
    def _fenced_by(self, last: Callable[..., bool]) -> Iterator[Session]:
        """`last` is the transaction's last statement: it changes the row of the job, and tells whether that is still ours."""
        session = station_session()
        session.rollback()
        with writing():
            self._inside = True
            try:
                self._only_if(queries.is_held(session, self.job_id, self.token))
                yield session
                session.flush()
                self._only_if(last(session, self.job_id, self.token, now=self._clock.now()))
                session.commit()
            except BaseException:
                session.rollback()
                raise
            finally:
                self._inside = False
