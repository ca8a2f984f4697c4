"""Some hours of a station that lives, proved down to the sound. scripts/simulate does the same for 400 days."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from flask import Flask

from media.grid import SAMPLE_RATE_HZ, SEGMENT_TICKS
from media.profiles import standard
from media.store import S3Store
from radio.clock import SetClock
from tests.a_life import prove
from tests.listened import SILENT, Silences, decoded
from tests.recorded import Recorded
from tests.stock import Lengths

pytestmark = pytest.mark.slow

LENGTHS = Lengths(programmes=(127, 151), shorts=(17,), supports=(13,), idents=(4,), bed=23, alert=11)


def test_all_that_went_out_in_a_day_was_lawful_and_every_segment_of_it_decodes_whole(
    app: Flask, clock: SetClock, store: S3Store, tmp_path: Path
) -> None:
    proved = prove(
        app, clock, store, tmp_path, days=1, lengths=LENGTHS, seed=3, episodes=45, segments_away=40,
        withdraw=2, swap=2, alert=1, stop=1,
    )  # fmt: skip
    assert {"taken back", "swapped", "warned", "stopped"} <= {what for what, times in proved.life.told.done.items() if times}
    assert proved.judgement.unexplained_loop_ticks == 0
    for heard in proved.listening.values():
        assert len(heard.order) >= 14_000
        assert heard.n_distinct > 300
    assert longest_pause_s(proved.life.stock.recorded[max(LENGTHS.programmes)]) > 4.5, "the meter hears what it would complain of"
    assert proved.hour.answers[503], "the store was away for longer than what was at hand"
    assert proved.hour.back == 2 * 44
    assert len(list(proved.lines())) >= 8


def longest_pause_s(one: Recorded) -> float:
    """As it is heard, whatever its author wants."""
    profile, made = standard(), one.renditions["standard"]
    content, size = made.path.read_bytes(), SEGMENT_TICKS * made.tick_bytes
    bodies = [content[at : at + size] for at in range(0, len(content) - size, size)]
    silences = Silences()
    silences.hear(np.abs(decoded(profile, bodies)) < SILENT)
    return silences.longest[0] / SAMPLE_RATE_HZ
