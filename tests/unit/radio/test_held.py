"""The rundown that a process holds while the database is away."""

from __future__ import annotations

from contextlib import AbstractContextManager

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from media.grid import HOUR_TICKS
from radio.channel.held import Holding
from radio.clock import SetClock
from tests.makers import NOON


def test_a_database_that_is_away_is_waited_for_once_and_not_by_every_segment() -> None:
    asked = []

    def away() -> AbstractContextManager[Session]:
        asked.append("again")
        raise OperationalError("", None, TimeoutError())

    holding = Holding(SetClock(NOON), away, {})
    held = [holding.around(hour * HOUR_TICKS, hour * HOUR_TICKS + 1).aired for hour in range(4)]

    assert held == [()] * 4, "the emergency loop"
    assert asked == ["again"]
