"""A station that may ask one server on this machine, and what it takes to bring a show from there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from radio.clock import SetClock
from radio.editorial.rules import AT_THE_CONSOLE
from radio.moving import actions
from radio.moving.models import Arrival, ArrivalItem
from radio.moving.rules import OPEN
from radio.settings import Settings
from tests.elsewhere import Elsewhere, served

Bring = Callable[..., Arrival]


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    with served() as server:
        yield server


@pytest.fixture
def settings(settings: Settings, elsewhere: Elsewhere) -> Settings:
    return replace(settings, import_allow=elsewhere.place, import_patience_s=1)


@pytest.fixture
def go_on(session: Session, work_off: Callable[[], int], clock: SetClock) -> Callable[[Arrival], Arrival]:
    """Works and waits until the arrival is decided."""

    def wait(arrival: Arrival) -> Arrival:
        for _ in range(60):
            work_off()
            if session.get_one(Arrival, arrival.id).state not in OPEN:
                work_off()
                return session.get_one(Arrival, arrival.id)
            clock.move(timedelta(minutes=1))
        pytest.fail("it never ends")

    return wait


@pytest.fixture
def bring(session: Session, clock: SetClock, go_on: Callable[[Arrival], Arrival]) -> Bring:
    """Brings a show from an address, as far as it comes."""

    def begin(address: str, **more: object) -> Arrival:
        arrival, _job = actions.begin(session, address=address, by=AT_THE_CONSOLE, now=clock.now(), **more)  # type: ignore[arg-type]
        session.commit()
        return go_on(arrival)

    return begin


def items_of(session: Session, arrival: Arrival) -> list[ArrivalItem]:
    query = select(ArrivalItem).where(ArrivalItem.arrival_id == arrival.id).order_by(ArrivalItem.position)
    return list(session.scalars(query))
