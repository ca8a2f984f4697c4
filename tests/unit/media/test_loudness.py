"""Loudness as the standard counts it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from media.limiter import hop_peaks
from media.loudness import MOST_GAIN_DB, MOST_MAKE_UP_DB, Meter, gain_for, integrated, to_db, true_peak
from media.profiles import LIMIT_DBFS, TARGET_LUFS
from media.types import Lufs

RATE_HZ = 48_000


def sine(hertz: float, level_dbfs: float, seconds: float = 5) -> NDArray[np.float32]:
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return (10 ** (level_dbfs / 20) * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


def loudness(sound: NDArray[np.float32]) -> Lufs | None:
    meter = Meter()
    meter.hear(sound)
    return integrated(meter.energies())


@pytest.mark.parametrize("level_dbfs", [-6.0, -23.0, -40.0])
def test_a_tone_in_both_loudspeakers_is_as_loud_as_its_level(level_dbfs: float) -> None:
    """Source: EBU Tech 3341 §2.9, test 1: a stereo sine of 1000 Hz at -23 dBFS shows -23 LUFS."""
    assert loudness(sine(1_000, level_dbfs)) == pytest.approx(level_dbfs, abs=0.1)


def test_low_rumble_counts_for_little() -> None:
    rumble, voice = loudness(sine(25, -20)), loudness(sine(1_000, -20))

    assert rumble is not None
    assert voice is not None
    assert rumble < voice - 8


def test_pauses_do_not_count() -> None:
    """Source: ITU-R BS.1770-5 Annex 1: blocks below the gates are left out."""
    spoken = sine(1_000, -20)
    hush = np.zeros(20 * RATE_HZ, np.float32)
    whispered = sine(1_000, -45, 20)

    assert loudness(np.concatenate([spoken, hush])) == pytest.approx(-20, abs=0.2)
    assert loudness(np.concatenate([spoken, whispered])) == pytest.approx(-20, abs=0.2)


def test_silence_has_no_loudness() -> None:
    assert loudness(np.zeros(RATE_HZ, np.float32)) is None
    assert loudness(sine(1_000, -75)) is None
    assert loudness(sine(1_000, -20, 0.3)) is None


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(1, 70_000), min_size=1, max_size=12))
def test_it_does_not_matter_in_what_pieces_it_is_heard(sizes: list[int]) -> None:
    sound = np.random.default_rng(1).normal(0, 0.1, sum(sizes)).astype(np.float32)
    whole, pieces = Meter(), Meter()

    whole.hear(sound)
    for piece in np.split(sound, np.cumsum(sizes)[:-1]):
        pieces.hear(piece)

    assert np.allclose(whole.energies(), pieces.energies(), rtol=1e-6)


def test_the_true_peak_lies_between_the_samples() -> None:
    """Source: EBU Tech 3341, test 16: a quarter of the sampling rate at 45 degrees peaks 3 dB over its samples."""
    time = np.arange(RATE_HZ)
    sound = (0.5 * np.sin(np.pi / 2 * time + np.pi / 4)).astype(np.float32)

    assert to_db(float(np.abs(sound).max())) == pytest.approx(-9.03, abs=0.05)
    assert to_db(true_peak(sound, margin=480)) == pytest.approx(-6.02, abs=0.2)


def chosen_gain(sound: NDArray[np.float32]) -> float:
    meter = Meter()
    meter.hear(sound)
    energies = meter.energies()
    measured = integrated(energies)
    assert measured is not None
    return gain_for(measured, energies, lambda: [hop_peaks(sound)[:4_800]], target=TARGET_LUFS, ceiling_db=LIMIT_DBFS)


def test_a_steady_sound_gets_just_what_is_missing() -> None:
    assert chosen_gain(sine(1_000, -30)) == pytest.approx(14, abs=0.1)
    assert chosen_gain(sine(1_000, -3)) == pytest.approx(-13, abs=0.1)


def test_what_the_limiter_takes_is_made_good_but_not_without_end() -> None:
    spiky = sine(1_000, -30)
    spiky[::4_800] = 0.9
    plain = TARGET_LUFS - (loudness(spiky) or 0)

    assert plain < chosen_gain(spiky) <= plain + MOST_MAKE_UP_DB + 0.01


def test_near_silence_is_not_blown_up() -> None:
    assert chosen_gain(sine(1_000, -60)) == MOST_GAIN_DB
