"""Writes down when this process had no sound from the store, and when no web process ran: the as-run log says so later."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from media.grid import tick_at
from radio.schedule.asrun import is_unseen
from radio.schedule.models import Outage
from radio.station import Station


class Outages:
    """What the listeners of one process missed, as well as it can be told from beat to beat."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._failed = 0
        self._looked_tick: int | None = None
        self._open_id: str | None = None

    def note(self, session: Session, process: str) -> None:
        """Begin, go on with, or end an outage: the store failed since the last note, or it did not."""
        here: Station = self._app.extensions["station"]
        channel = self._app.extensions.get("channel")
        now_tick = tick_at(here.clock.unix_ms())
        failed = channel.ticks.failed if channel else 0
        self._seen(session, now_tick)
        row = session.get(Outage, self._open_id) if self._open_id else None
        if failed > self._failed:
            if row is None:
                row = Outage(process=process, from_tick=self._looked_tick or now_tick)
                session.add(row)
                session.flush()
                self._open_id = row.id
            row.to_tick = now_tick
        else:
            self._open_id = None
        self._failed, self._looked_tick = failed, now_tick

    def _seen(self, session: Session, now_tick: int) -> None:
        """That a web process runs; and, the first time, since when none did. Who was alive meanwhile could only not write it down."""
        unended = select(Outage).where(Outage.process == "", Outage.to_tick.is_(None)).order_by(Outage.from_tick.desc())
        row = session.scalars(unended).first()
        if row is not None and self._looked_tick is None and is_unseen(row.from_tick, now_tick):
            row.to_tick, row = now_tick, None
        if row is None:
            session.add(Outage(process="", from_tick=now_tick))
        else:
            row.from_tick = now_tick
