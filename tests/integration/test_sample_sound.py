"""The sample's sound goes through the same ingest as anything else, and the emergency loop turns without a seam."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from media.pipeline import ingest
from radio.sample import load

EMERGENCY = Path(__file__).parents[2] / "radio" / "channel" / "emergency"
LOOP_SAMPLES = 30 * 46_080


def test_an_ident_is_taken_and_needs_hardly_any_gain(tmp_path: Path) -> None:
    ident = next(episode for episode in load().episodes if episode.name == "ident-1")

    ingested = ingest(ident.audio, tmp_path)

    assert ingested.n_ticks in range(4, 8)
    assert abs(ingested.loudness.gain_db) < 1.0
    assert {rendition.profile for rendition in ingested.renditions} == {"standard", "low"}


@pytest.mark.slow
def test_the_bed_fills_whole_ticks(tmp_path: Path) -> None:
    bed = next(episode for episode in load().episodes if episode.name == "bed")

    assert ingest(bed.audio, tmp_path).n_ticks == 96


@pytest.mark.parametrize("kbps", [64, 96, 128])
def test_the_end_of_the_emergency_loop_joins_its_start(kbps: int, tmp_path: Path) -> None:
    """No step at the seam is larger than the music's own: the second difference of the wave stays small."""
    twice = tmp_path / "twice.mp3"
    twice.write_bytes((EMERGENCY / f"mp3-{kbps}.mp3").read_bytes() * 2)
    with av.open(str(twice)) as container:
        sound = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])

    bends = np.abs(np.diff(sound, 2))

    assert len(sound) == 2 * LOOP_SAMPLES
    assert bends[LOOP_SAMPLES - 3_000 : LOOP_SAMPLES + 3_000].max() < 3 * np.quantile(bends, 0.75)
    assert np.abs(sound[LOOP_SAMPLES - 3_000 : LOOP_SAMPLES + 3_000]).max() > 0.01, "it does not fall silent either"
