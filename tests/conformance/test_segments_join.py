"""Episodes made by our own pipeline, cut into segments that straddle their joins, heard by readers we did not write."""

from __future__ import annotations

import shutil
import subprocess
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from media import fmp4, hls, mp3, pipeline
from media.grid import SAMPLE_RATE_HZ, SEGMENT_SAMPLES, SEGMENT_TICKS, TICK_OPUS_PACKETS, TICK_SAMPLES
from media.types import Rendition

pytestmark = pytest.mark.slow

Sound = NDArray[np.float64]

TODAY = 311_111_111
BEFORE_THE_WRAP = 7 * (1 << 33) // 518_400 - 5
"""The 33-bit clock of MP3 wraps in the middle of the playlist."""
N_SEGMENTS = 12


@dataclass(frozen=True)
class Episode:
    tone_hz: int
    n_ticks: int
    renditions: dict[str, Rendition]

    def tick(self, profile: str, number: int) -> bytes:
        made = self.renditions[profile]
        at = made.header_bytes + number * made.tick_bytes
        return made.path.read_bytes()[at : at + made.tick_bytes]


@pytest.fixture(scope="module", params=[24, 16], ids=["opus-24", "opus-16"])
def episodes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Episode]:
    """Three tones whose lengths share no divisor with a segment."""
    made = []
    for tone_hz, seconds in ((440, 9.9), (660, 6.3), (880, 12.1)):
        folder = tmp_path_factory.mktemp(f"tone-{tone_hz}")
        (folder / "work").mkdir()
        record(folder / "tone.wav", tone_hz, seconds)
        ingested = pipeline.ingest(folder / "tone.wav", folder / "work", opus_kbps=request.param)
        renditions = {each.profile: each for each in ingested.renditions}
        made.append(Episode(tone_hz, ingested.n_ticks, renditions))
    return made


def record(path: Path, tone_hz: int, seconds: float) -> None:
    at = np.arange(int(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes((np.sin(2 * np.pi * tone_hz * at) * 8_000).astype("<i2").tobytes())


def heard_by_pyav(playlist: Path) -> Sound:
    """The FFmpeg inside our own wheel, as a player would use it."""
    options = {"allowed_extensions": "ALL", "extension_picky": "0"}
    with av.open(str(playlist), options=options) as container:
        frames: list[Any] = [frame.to_ndarray() for frame in container.decode(audio=0)]
    assert all(frame.dtype == np.float32 for frame in frames)
    return np.concatenate([frame[0] for frame in frames]).astype(np.float64)


def heard_by_ffmpeg(playlist: Path) -> Sound:
    """The distribution's ffmpeg, years older; it must not complain."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("there is no ffmpeg on this machine")
    command = ["ffmpeg", "-v", "warning", "-i", playlist.name, "-f", "f32le", "-ac", "1", "-"]
    done = subprocess.run(command, cwd=playlist.parent, capture_output=True, check=True)
    complaints = [line for line in done.stderr.decode().splitlines() if "Estimating duration from bitrate" not in line]
    assert complaints == []
    return np.frombuffer(done.stdout, "<f4").astype(np.float64)


readers = pytest.mark.parametrize("heard", [heard_by_pyav, heard_by_ffmpeg])


@readers
@pytest.mark.parametrize("first_segment", [TODAY, BEFORE_THE_WRAP], ids=["today", "clock-wraps"])
def test_joined_mp3_loses_no_sample(
    episodes: list[Episode], tmp_path: Path, heard: Callable[[Path], Sound], first_segment: int
) -> None:
    playlist = broadcast(tmp_path, episodes, "standard", first_segment)

    sound = heard(playlist)

    assert len(sound) == N_SEGMENTS * SEGMENT_SAMPLES
    assert_tones_are_on_time(sound, episodes)


@readers
@pytest.mark.parametrize("first_segment", [TODAY, BEFORE_THE_WRAP], ids=["today", "clock-wraps"])
def test_joined_opus_loses_only_the_pre_skip_once(
    episodes: list[Episode], tmp_path: Path, heard: Callable[[Path], Sound], first_segment: int
) -> None:
    playlist = broadcast(tmp_path, episodes, "low", first_segment)

    sound = heard(playlist)

    assert len(sound) == N_SEGMENTS * SEGMENT_SAMPLES - fmp4.PRE_SKIP_SAMPLES
    assert_tones_are_on_time(sound, episodes)


@readers
def test_a_stored_episode_is_an_ordinary_file(episodes: list[Episode], heard: Callable[[Path], Sound]) -> None:
    for episode in episodes:
        assert len(heard(episode.renditions["standard"].path)) == episode.n_ticks * TICK_SAMPLES
        assert len(heard(episode.renditions["low"].path)) == episode.n_ticks * TICK_SAMPLES - fmp4.PRE_SKIP_SAMPLES


def test_every_frame_of_a_stored_episode_may_follow_any_other(episodes: list[Episode]) -> None:
    for episode in episodes:
        assert mp3.frame_problems(episode.renditions["standard"].path.read_bytes(), 64) == ()


def broadcast(folder: Path, episodes: list[Episode], profile: str, first_segment: int) -> Path:
    """Write the episodes one after another, over and over, as the station would send them."""
    ticks = [(episode, number) for episode in episodes for number in range(episode.n_ticks)]
    assert len(ticks) % SEGMENT_TICKS, "no segment would straddle its neighbours"
    uris = []
    for at in range(N_SEGMENTS):
        spans = (ticks[(at * SEGMENT_TICKS + offset) % len(ticks)] for offset in range(SEGMENT_TICKS))
        body = b"".join(episode.tick(profile, number) for episode, number in spans)
        uris.append(f"{first_segment + at}.{'mp3' if profile == 'standard' else 'm4s'}")
        (folder / uris[-1]).write_bytes(prefix(profile, first_segment + at, len(body)) + body)
    map_uri = None
    if profile == "low":
        map_uri = "init.mp4"
        (folder / map_uri).write_bytes(fmp4.channel_init(episodes[0].renditions["low"].tick_bytes // TICK_OPUS_PACKETS))
    playlist = folder / "live.m3u8"
    playlist.write_text(hls.event(first_segment, uris, map_uri=map_uri, is_over=True))
    return playlist


def prefix(profile: str, segment: int, body_bytes: int) -> bytes:
    if profile == "standard":
        return mp3.segment_prefix(segment)
    return fmp4.segment_prefix(segment, body_bytes // fmp4.SEGMENT_PACKETS)


def assert_tones_are_on_time(sound: Sound, episodes: list[Episode]) -> None:
    """Each airing is its own tone, and they begin as far apart as the rundown says."""
    starts, at, index = [], 0, 0
    while at + 2 * TICK_SAMPLES < len(sound):
        episode = episodes[index % len(episodes)]
        middle = sound[at + TICK_SAMPLES // 2 : at + 3 * TICK_SAMPLES // 2]
        assert abs(loudest_hz(middle) - episode.tone_hz) < 3
        window = np.abs(sound[max(at - 600, 0) : at + 4_000])
        starts.append(max(at - 600, 0) + int(np.argmax(window > 0.05)) - at)
        at += episode.n_ticks * TICK_SAMPLES
        index += 1
    assert len(starts) > len(episodes)
    # A tone of 440 Hz rises through a threshold up to half a period (54 samples) apart.
    assert max(starts) - min(starts) < 120, starts


def loudest_hz(sound: Sound) -> float:
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    return float(np.argmax(spectrum)) * SAMPLE_RATE_HZ / len(sound)
