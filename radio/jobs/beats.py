"""Every process says that it lives and how right its clock is, compared with the database's, which all of them share.

One that is so far beside it that replicas would contradict each other goes by the database's time until somebody has put it right.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import delete, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from radio.clock import AgreedClock, Clock, StepWatch
from radio.core.time import from_unix_ms
from radio.db import committing
from radio.jobs.models import Beat
from radio.jobs.queries import living_beats
from radio.jobs.rules import is_skewed, usual_offset_ms
from radio.station import Station

log = logging.getLogger(__name__)

EVERY_S = 15.0
_FIRST_WITHIN_S = 3.0
_FORGOTTEN_AFTER = timedelta(minutes=10)
_TIME_OF = {
    "sqlite": "SELECT (julianday('now') - 2440587.5) * 86400000.0",
    "postgresql": "SELECT extract(epoch FROM clock_timestamp()) * 1000",
}

Also = Callable[[Session, str], None]
"""What else is to be written with a beat: gets the session and the process's name."""


def database_ms(session: Session) -> int:
    """What the database's clock says now."""
    return round(float(session.scalar(text(_TIME_OF[session.get_bind().dialect.name])) or 0))


class Beats:
    """The beat of one process. Its alarms are said once when they begin and once when they end."""

    def __init__(self, app: Flask, *, also: Also | None = None, watch: StepWatch | None = None) -> None:
        here: Station = app.extensions["station"]
        self._app, self._also = app, also
        self._agreed = here.clock if isinstance(here.clock, AgreedClock) else None
        self._clock: Clock = self._agreed.own if self._agreed else here.clock
        self._offset_ms = here.settings.clock_offset_ms
        self._watch = watch or StepWatch(self._clock)
        self.process = f"{socket.gethostname()[:28]}-{os.getpid()}"
        self.skew_ms = 0
        self._stepped: tuple[int, datetime] | None = None
        app.extensions["beats"] = self

    @property
    def is_well(self) -> bool:
        """Whether this process has the time that the others have."""
        return not is_skewed(self.skew_ms)

    def beat(self) -> None:
        """Look at the clock and write it down."""
        jumped_ms = self._watch.look()
        with self._app.app_context(), committing() as session:
            skew_ms, now = self._skew(session)
            if jumped_ms:
                self._stepped = (jumped_ms, now)
                log.error("clock: it was set %+.1f s; listeners hear by this clock: let NTP correct it slowly", jumped_ms / 1000)
            skew_ms += self._odd_by_ms(session)
            self._tell(skew_ms)
            stepped_ms, stepped_at = self._stepped or (None, None)
            session.merge(
                Beat(
                    process=self.process,
                    at=now,
                    skew_ms=skew_ms,
                    offset_ms=self._offset_ms,
                    stepped_ms=stepped_ms,
                    stepped_at=stepped_at,
                )
            )
            session.execute(delete(Beat).where(Beat.at < now - _FORGOTTEN_AFTER))
            if self._also:
                self._also(session, self.process)

    def _skew(self, session: Session) -> tuple[int, datetime]:
        """How far the clock is ahead, without what the question itself took; and the database's time."""
        before_ms = self._clock.unix_ms()
        theirs_ms = database_ms(session)
        after_ms = self._clock.unix_ms()
        ahead_ms = (before_ms + after_ms) // 2 - self._offset_ms - theirs_ms
        unsure_ms = (after_ms - before_ms + 1) // 2
        certain_ms = max(0, abs(ahead_ms) - unsure_ms)
        return certain_ms if ahead_ms >= 0 else -certain_ms, from_unix_ms(theirs_ms)

    def _odd_by_ms(self, session: Session) -> int:
        """By how much more than the other processes this one was told to add to its clock."""
        others_ms = [beat.offset_ms for beat in living_beats(session) if beat.process != self.process]
        return self._offset_ms - usual_offset_ms([self._offset_ms, *others_ms])

    def _tell(self, skew_ms: int) -> None:
        was_well, self.skew_ms = self.is_well, skew_ms
        if self._agreed:
            self._agreed.compare(0 if self.is_well else skew_ms)
        if was_well and not self.is_well:
            log.error(
                "clock: %+.1f s beside the others'; replicas must agree: turn NTP on, set RADIO_CLOCK_OFFSET_MS alike",
                skew_ms / 1000,
            )
        elif not was_well and self.is_well:
            log.warning("clock: it agrees with the others' again")

    def start(self) -> None:
        """Beat on a thread of its own (a greenlet under gevent) for as long as the process lives.

        Whoever is served by this process waits for the first beat, or a moment where the database does not answer.
        """
        first = threading.Event()
        threading.Thread(target=self._run, args=(first,), name="beats", daemon=True).start()
        first.wait(_FIRST_WITHIN_S)

    def _run(self, first: threading.Event) -> None:
        while True:
            self._try()
            first.set()
            threading.Event().wait(EVERY_S)

    def _try(self) -> None:
        try:
            self.beat()
        except SQLAlchemyError as error:
            log.warning("clock: not compared: %s", type(error).__name__)
