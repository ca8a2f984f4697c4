"""The limiter: nothing passes the ceiling, nothing quiet is touched, and it does not matter how the sound is cut."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from media.limiter import HOP_SAMPLES, hop_gains, hop_peaks, limited

CEILING = 0.5
BLOCK = 20 * HOP_SAMPLES


def noise(seed: int, n_samples: int, bursts: int) -> NDArray[np.float32]:
    """Quiet noise with bursts that are far too loud: full scale, lifted by all the gain we ever give."""
    chance = np.random.default_rng(seed)
    sound = chance.normal(0, 0.1, n_samples)
    for start in chance.integers(0, n_samples, bursts):
        sound[start : start + int(chance.integers(1, 400))] *= chance.uniform(2, 60)
    return np.clip(sound, -31.6, 31.6).astype(np.float32)


def blocks(sound: NDArray[np.float32], size: int = BLOCK) -> list[NDArray[np.float32]]:
    return [sound[start : start + size] for start in range(0, len(sound), size)]


@settings(deadline=None)
@given(st.integers(0, 1 << 32), st.integers(0, 30))
def test_no_sample_passes_the_ceiling(seed: int, bursts: int) -> None:
    result = np.concatenate(list(limited(blocks(noise(seed, 50 * BLOCK, bursts)), CEILING)))

    assert np.abs(result).max() <= CEILING * 1.0001  # less than a thousandth of a dB of rounding


@settings(deadline=None)
@given(st.integers(0, 1 << 32), st.sampled_from([1, 2, 5, 10, 25]))
def test_it_does_not_matter_how_the_sound_is_cut(seed: int, factor: int) -> None:
    sound = noise(seed, 50 * BLOCK, 10)

    once = np.concatenate(list(limited(blocks(sound), CEILING)))
    again = np.concatenate(list(limited(blocks(sound, factor * BLOCK), CEILING)))

    assert np.allclose(once, again, atol=2e-4)


def test_what_is_below_the_ceiling_is_not_touched() -> None:
    sound = np.clip(noise(1, 50 * BLOCK, 5), -CEILING, CEILING).astype(np.float32)

    assert np.array_equal(np.concatenate(list(limited(blocks(sound), CEILING))), sound)


def test_the_gain_moves_gently_and_comes_back() -> None:
    """One loud moment: turned down a little before, let go within half a second, never a jump between two samples."""
    sound = np.full(100 * BLOCK, 0.4, np.float32)
    sound[40 * BLOCK : 40 * BLOCK + 10] = 2.0

    gain = np.concatenate(list(limited(blocks(sound), CEILING))) / sound

    assert gain[40 * BLOCK - 8 * HOP_SAMPLES] == 1.0
    assert gain[40 * BLOCK] <= 0.25 + 1e-6
    assert gain[70 * BLOCK] > 0.99
    assert np.abs(np.diff(gain)).max() < 0.01


def test_the_foreseen_gains_are_those_that_are_used() -> None:
    sound = noise(4, 50 * BLOCK, 20)

    used = np.concatenate(list(limited(blocks(sound), CEILING))) / sound
    foreseen = [
        np.ones(len(peaks), np.float32) if gains is None else gains
        for peaks, gains in hop_gains((hop_peaks(block) for block in blocks(sound)), CEILING)
    ]

    assert np.allclose(np.concatenate(foreseen), used.reshape(-1, HOP_SAMPLES).mean(axis=1), atol=0.02)
