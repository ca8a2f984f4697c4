"""Weeks of a station's life, proved from what went out. scripts/simulate does the same for 400 days."""

from __future__ import annotations

import pytest

from media.grid import DAY_TICKS
from radio.schedule.airings import Part
from tests.simulated import Simulation, at


@pytest.mark.parametrize(
    ("first", "days", "empty_from_day"),
    [(at(2027, 3, 24, 9), 7, None), (at(2027, 10, 28, 9), 6, None), (at(2027, 6, 1, 20), 9, 1)],
    ids=["the clocks go forward", "the clocks go back", "a week without a catalogue"],
)
def test_everything_that_went_out_was_lawful(first: object, days: int, empty_from_day: int | None) -> None:
    report = Simulation(first, episodes=110, seed=days).live(days, empty_from_day=empty_from_day)  # type: ignore[arg-type]
    assert report.withdrawn
    assert report.expired
    assert sum(report.parts.values()) >= (days - 1) * DAY_TICKS
    if empty_from_day is None:
        assert not report.parts[Part.EMERGENCY]
        assert report.parts[Part.BED] < 0.01 * days * DAY_TICKS
    else:
        assert report.faults["nothing-lawful"], "an empty week is told"
