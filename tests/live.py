"""A live station for players and benches: chirps put through the real ingest, a rundown of them, web processes that serve it."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
import wave
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from media import pipeline
from media.grid import SAMPLE_RATE_HZ, TICK_SAMPLES
from media.objects import StoreSettings
from media.store import ObjectStore
from media.types import Ingested
from radio import keyring, schema
from radio.catalogue.models import Recording
from radio.db import writing
from radio.schedule import models
from radio.settings import Settings
from tests.makers import make_episode, make_show
from tests.ports import free_port
from tests.waiting import answered, ended

ROOT = Path(__file__).resolve().parent.parent
Sound = NDArray[np.float32]


def chirp(seconds: float, low_hz: float, high_hz: float) -> Sound:
    """A sweep: no two moments of it are alike, so a lost or repeated sample shows."""
    t = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    phase = 2 * np.pi * (low_hz * t + (high_hz - low_hz) * t**2 / (2 * seconds))
    edge = np.minimum(1.0, np.minimum(t, seconds - t) / 0.02)
    found: Sound = (0.3 * edge * np.sin(phase)).astype(np.float32)
    return found


def write_wav(path: Path, sound: Sound) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE_HZ, 0, "NONE", ""))
        file.writeframes((sound * 32767).astype("<i2").tobytes())


def read_wav(path: Path) -> Sound:
    """The first channel, -1 to 1, of 16-bit sound at 48 kHz; also of files whose head was never finished."""
    content = path.read_bytes()
    channels, rate, _, _, bits = struct.unpack_from("<HIIHH", content, content.index(b"fmt ") + 10)
    assert (bits, rate) == (16, SAMPLE_RATE_HZ), (bits, rate)
    start = content.index(b"data") + 8
    samples = np.frombuffer(content[start : start + (len(content) - start) // (2 * channels) * 2 * channels], "<i2")
    found: Sound = (samples[::channels] / 32768).astype(np.float32)
    return found


def ingested(folder: Path, name: str, sound: Sound) -> Ingested:
    """What the station makes of a sound."""
    source, work = folder / f"{name}.wav", folder / name
    write_wav(source, sound)
    work.mkdir()
    return pipeline.ingest(source, work)


@dataclass(frozen=True)
class Live:
    """A station in a folder: its environment, its database, its emergency loop, what it made of its sounds."""

    env: Mapping[str, str]
    settings: Settings
    emergency: Path
    made: Mapping[str, Ingested]
    """Recording id → what became of it."""

    @contextmanager
    def session(self) -> Iterator[Session]:
        engine = create_engine(self.settings.database_url)
        with writing(), Session(engine, expire_on_commit=False) as session:
            yield session
        engine.dispose()


def station_env(folder: Path, s3: StoreSettings, **more: str) -> dict[str, str]:
    return {
        "RADIO_DATA": str(folder), "RADIO_S3_ENDPOINT": s3.endpoint_url, "RADIO_S3_BUCKET": s3.bucket, "RADIO_S3_ACCESS_KEY": s3.access_key,
        "RADIO_S3_SECRET_KEY": s3.secret_key, "RADIO_LOG_LEVEL": "WARNING", **more,
    }  # fmt: skip


def make_live(folder: Path, s3: StoreSettings, sounds: Mapping[str, Sound], *, now: datetime, **more: str) -> Live:
    """A station with one published episode of each sound, and a quiet hum as its emergency loop."""
    env = station_env(folder / "var", s3, **more)
    settings = Settings.from_env(env)
    settings.data.mkdir(parents=True, exist_ok=True)
    keyring.make(settings)
    schema.upgrade(settings)
    emergency = folder / "emergency"
    emergency.mkdir()
    hum = ingested(folder, "hum", chirp(9.5, 180, 220))
    for rendition, name in zip(hum.renditions, ("mp3-64.mp3", "opus-24.m4a"), strict=True):
        shutil.copy(rendition.path, emergency / name)
    live = Live(env, settings, emergency, {})
    store, made = ObjectStore(s3), {}
    with live.session() as session:
        show = make_show(session, slug="chirps", title="Chirps", now=now)
        for name, sound in sounds.items():
            became = ingested(folder, name, sound)
            episode = make_episode(session, show=show, title=name, ticks=became.n_ticks, now=now)
            assert episode.recording is not None
            _attach(store, episode.recording, became)
            made[episode.recording.id] = became
        session.commit()
    return Live(env, settings, emergency, made)


def _attach(store: ObjectStore, recording: Recording, became: Ingested) -> None:
    for rendition in became.renditions:
        row = recording.rendition(rendition.profile)
        assert row is not None
        row.sha256, row.key = rendition.sha256, f"renditions/{rendition.sha256}"
        row.size_bytes, row.header_bytes, row.tick_bytes = rendition.size_bytes, rendition.header_bytes, rendition.tick_bytes
        store.put_file(row.key, rendition.path, rendition.media_type)


def air(live: Live, order: Sequence[str], from_tick: int, to_tick: int, *, now: datetime) -> list[tuple[int, str]]:
    """Write a rundown of these recordings, over and over; gives (start tick, recording id) of each airing."""
    with live.session() as session:
        revision = models.Revision(effective_tick=from_tick, end_tick=to_tick, made_at=now, why="extended", inputs_hash="", previous_hash=f"{from_tick}",
                                   hash=f"{from_tick}-")  # fmt: skip
        session.add(revision)
        session.flush()
        airings, tick, n = [], from_tick, 0
        while tick < to_tick:
            recording = session.get_one(Recording, order[n % len(order)])
            n_ticks = min(recording.n_ticks or 0, to_tick - tick)
            session.add(models.Airing(revision_id=revision.id, start_tick=tick, n_ticks=n_ticks, recording_id=recording.id,
                                      episode_id=recording.episode_id, part="programme", reason="{}"))  # fmt: skip
            airings.append((tick, recording.id))
            tick, n = tick + n_ticks, n + 1
        session.commit()
    return airings


@contextmanager
def web(live: Live, *, port: int | None = None, **more: str) -> Iterator[tuple[str, int]]:
    """A web process that serves the station; gives its address and its process id."""
    port = port or free_port()
    env = {k: v for k, v in os.environ.items() if not k.startswith("RADIO_")} | dict(live.env) | more | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.web_process", str(port), str(live.emergency)]
    process = subprocess.Popen(command, env=env, cwd=ROOT)
    try:
        answered(f"http://127.0.0.1:{port}/now.json", process)
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        ended(process)


def decoded(path: Path) -> Sound:
    """What ffmpeg makes of a rendition."""
    out = path.with_suffix(".decoded.wav")
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", str(path), "-ac", "1", "-ar", "48000", str(out)], check=True)
    return read_wav(out)


def offset_of(excerpt: Sound, within: Sound) -> tuple[int, float]:
    """At which sample an excerpt lies, and how alike it is there (1: the same)."""
    size = 1 << int(np.ceil(np.log2(len(within) + len(excerpt))))
    spectrum = np.fft.rfft(within, size) * np.conj(np.fft.rfft(excerpt, size))
    match = np.fft.irfft(spectrum, size)[: len(within) - len(excerpt) + 1]
    energy = (
        np.convolve(within.astype(np.float64) ** 2, np.ones(len(excerpt)), "valid")
        if len(excerpt) < 64
        else _energies(within, len(excerpt))
    )
    alike = match / np.sqrt(np.maximum(energy, 1e-9) * float(np.sum(excerpt.astype(np.float64) ** 2)))
    best = int(np.argmax(alike))
    return best, float(alike[best])


def _energies(sound: Sound, length: int) -> NDArray[np.float64]:
    sums = np.concatenate([[0.0], np.cumsum(sound.astype(np.float64) ** 2)])
    found: NDArray[np.float64] = sums[length:] - sums[:-length]
    return found


TICK = TICK_SAMPLES
