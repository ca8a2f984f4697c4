"""Which files we take, asked before any of them is decoded."""

from __future__ import annotations

from dataclasses import replace

import pytest

from media.errors import Refusal
from media.screen import BIGGEST_BYTES, LONGEST_MS, MOST_CHANNELS, refusal
from media.types import Facts

VOICE = Facts(container="ogg", codec="opus", length_ms=60_000, sample_rate_hz=48_000, channels=1, has_video=False)


@pytest.mark.parametrize(
    ("facts", "size_bytes", "expected"),
    [
        (VOICE, 500_000, None),
        (replace(VOICE, has_video=True), 500_000, None),
        (replace(VOICE, length_ms=None), 500_000, None),
        (replace(VOICE, length_ms=LONGEST_MS), 500_000, None),
        (replace(VOICE, length_ms=LONGEST_MS + 1), 500_000, Refusal.TOO_LONG),
        (replace(VOICE, channels=MOST_CHANNELS), 500_000, None),
        (replace(VOICE, channels=MOST_CHANNELS + 1), 500_000, Refusal.TOO_MANY_CHANNELS),
        (replace(VOICE, encrypted=True), 500_000, Refusal.PROTECTED),
        (VOICE, BIGGEST_BYTES + 1, Refusal.TOO_BIG),
    ],
)
def test_a_file_is_taken_or_refused_by_its_facts(facts: Facts, size_bytes: int, expected: Refusal | None) -> None:
    assert refusal(facts, size_bytes) is expected


def test_a_length_that_is_only_guessed_refuses_nothing() -> None:
    """A cover of 60 MB makes an MP3 look long; a WAV can claim 4 GB. What is decoded will be counted."""
    for container in ("mp3", "aac", "wav"):
        assert refusal(replace(VOICE, container=container, length_ms=10 * LONGEST_MS), 500_000) is None


def test_a_station_may_set_a_shorter_limit() -> None:
    assert refusal(VOICE, 500_000, max_length_ms=59_999) is Refusal.TOO_LONG
