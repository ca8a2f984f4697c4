"""Four soft instruments, made of sine waves: pad, plucked string, glass, reed. No attack is faster than 6 ms."""

from __future__ import annotations

from functools import cache

import numpy as np

from sample_making.signal import RATE_HZ, Sound, faded, n_samples, times

BRIGHTEST_HZ = 6_000.0


def hz(midi: float) -> float:
    """The frequency of a key, 69 being A at 440 Hz."""
    return float(440.0 * 2 ** ((midi - 69) / 12))


def pad(midi: float, length_s: float, seed: int = 0, *, fade_s: float = 2.5) -> Sound:
    """A slow, wide tone: three voices a few cents apart, their high partials breathing."""
    chance = np.random.default_rng((seed, round(midi * 100)))
    t = times(length_s)
    sound = np.zeros(len(t))
    for cents in (-5.0, 0.0, 6.0):
        own_hz = hz(midi + cents / 100)
        for partial in range(1, 9):
            if own_hz * partial > 2_600:
                break
            breath = 1 + 0.35 * np.sin(2 * np.pi * (0.05 + 0.1 * chance.random()) * t + 6.3 * chance.random())
            sound += breath * np.sin(2 * np.pi * own_hz * partial * t + 6.3 * chance.random()) / partial**1.9
    return faded(sound / 4, min(fade_s, length_s / 2), min(fade_s, length_s / 2))


@cache
def pluck(midi: float, length_s: float = 3.5, *, brightness: float = 1.0) -> Sound:
    """A nylon string: partials that die the sooner the higher they are, plucked at a fifth of its length."""
    t = times(length_s)
    own_hz = hz(midi)
    sound = np.zeros(len(t))
    for partial in range(1, 15):
        partial_hz = own_hz * partial * np.sqrt(1 + 0.00012 * partial**2)
        if partial_hz > BRIGHTEST_HZ * brightness:
            break
        strength = abs(np.sin(np.pi * partial / 5)) / partial**1.45
        dying = np.exp(-t * (0.7 + own_hz / 400 + 0.55 * partial / brightness))
        sound += strength * dying * np.sin(2 * np.pi * partial_hz * t)
    return faded(sound, 0.008, 0.4)


@cache
def glass(midi: float, length_s: float = 5.0) -> Sound:
    """A rubbed glass or a soft bell: three partials, a slow swell, a long end."""
    t = times(length_s)
    own_hz = hz(midi)
    sound = sum(
        strength * np.exp(-t * decay) * np.sin(2 * np.pi * own_hz * ratio * t)
        for ratio, strength, decay in ((1.0, 1.0, 0.8), (2.0, 0.22, 1.6), (2.76, 0.06, 3.0))
    )
    return faded(np.asarray(sound), 0.045, 0.8)


def reed(midi: float, length_s: float, seed: int = 0) -> Sound:
    """A breath-like tone with a late, slow waver."""
    chance = np.random.default_rng((seed, round(midi * 100), n_samples(length_s)))
    t = times(length_s)
    waver = np.clip((t - 0.5) / 1.2, 0, 1) * 0.0035 * np.sin(2 * np.pi * 4.6 * t)
    phase = 2 * np.pi * np.cumsum(hz(midi) * (1 + waver)) / RATE_HZ
    tone = np.sin(phase) + 0.28 * np.sin(2 * phase + 0.4) + 0.09 * np.sin(3 * phase) + 0.03 * np.sin(4 * phase)
    air = np.convolve(chance.standard_normal(len(t)), np.ones(24) / 24, "same") * 0.035
    return faded(tone + air, 0.16, min(0.45, length_s / 2))
