"""Small recordings made by arithmetic: no person is heard in a test unless it is about speech."""

from __future__ import annotations

import io
import wave

import numpy as np

RATE_HZ = 48_000


def tone(seconds: float = 3.0, *, hz: float = 330.0, channels: int = 1, rate_hz: int = RATE_HZ) -> bytes:
    """A WAV file with a tone that swells and fades, so that its waveform has a shape."""
    at = np.arange(round(seconds * rate_hz)) / rate_hz
    swell = 0.15 + 0.35 * np.sin(np.pi * at / seconds) ** 2
    samples = (np.sin(2 * np.pi * hz * at) * swell * 32_767).astype("<i2")
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(np.repeat(samples, channels).tobytes())
    return out.getvalue()
