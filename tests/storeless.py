"""An hour in which the store gives nothing, lived through second by second by those who listen."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import av
import numpy as np
from flask import Flask

from media.errors import StoreUnavailableError
from media.grid import HOUR_TICKS, SAMPLE_RATE_HZ, SEGMENT_MS, SEGMENT_TICKS, TICK_SAMPLES
from media.store import ObjectStore
from media.types import ByteRange
from radio.channel.views import Channel, open_channel
from radio.clock import SetClock
from tests.listened import SILENT, Silences
from tests.waiting import PATIENCE_S, until

RENDITIONS = ("standard", "low")
_HALF_MS = 480


class Faltering:
    """The real store, but for the times at which it gives nothing."""

    def __init__(self, store: ObjectStore) -> None:
        self._store, self.away = store, False

    def read(self, key: str, span: ByteRange | None = None) -> bytes:
        """As the store's.

        Raises:
            StoreUnavailableError: it is away.
        """
        if self.away:
            raise StoreUnavailableError(f"{key}: away")
        return self._store.read(key, span)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@dataclass
class Hour:
    """What listeners got."""

    playlists: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    """Of segments, when they were the newest."""
    back: int = 0
    """Segments of that hour that are there once the store is."""
    stream_ticks: int = 0
    longest_silence_s: float = 0.0


def without_store(
    app: Flask, clock: SetClock, store: Faltering, *, segments: int = HOUR_TICKS // SEGMENT_TICKS, paused: Container[bytes] = ()
) -> Hour:
    """Let the store be away for so many segments. Playlists go on, the stream plays on, and afterwards everything is there.

    `paused`: the half ticks in which an author wants silence.

    Raises:
        AssertionError: somebody was left without an answer, or in silence.
    """
    here: Channel = app.extensions.setdefault("channel", None) or open_channel(app, aside=False)
    app.extensions["channel"] = here
    client, hour, heard = app.test_client(), Hour(), []
    clock.move(timedelta(milliseconds=-clock.unix_ms() % SEGMENT_MS))
    half = clock.unix_ms() // _HALF_MS
    listed: dict[str, dict[int, str]] = {name: {} for name in RENDITIONS}
    for step in range(segments + 4):
        store.away = step >= 4
        for name in RENDITIONS:
            number, address = _newest(client, name)
            assert not listed[name] or number == max(listed[name]) + 1, "the media sequence grows by one"
            listed[name][number] = address
            hour.playlists += 1
            answer = client.get(f"/live/{address}")
            assert answer.status_code == 200 or (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
            assert store.away or answer.status_code == 200
            hour.answers[answer.status_code] += 1
        for _ in range(SEGMENT_MS // _HALF_MS):
            heard.append(here.stream.half_tick(half, wait_s=PATIENCE_S if step == 0 else 0.0).sound)
            half += 1
            _read_ahead(here)
        clock.move(timedelta(milliseconds=SEGMENT_MS))
    store.away = False
    hour.back = _all_there(client, listed)
    hour.stream_ticks = len(heard) // 2
    hour.longest_silence_s = _listened(heard, paused)
    return hour


def _newest(client: Any, name: str) -> tuple[int, str]:
    """The number and the address of the newest segment of a playlist, whose numbers are as they should be."""
    answer = client.get(f"/live/{name}.m3u8")
    assert answer.status_code == 200
    lines = answer.text.splitlines()
    addresses = [line for line in lines if line and line[0] != "#"]
    numbers = [int(address.split("/")[1].split("-")[0]) for address in addresses]
    first = next(int(line.partition(":")[2]) for line in lines if line.startswith("#EXT-X-MEDIA-SEQUENCE"))
    assert numbers == list(range(first, first + len(numbers)))
    return numbers[-1], addresses[-1]


def _read_ahead(here: Channel) -> None:
    """In this second of the clock what is asked of the store is answered, one way or the other."""
    until(lambda: not here.ticks.under_way, every_s=0.0005)


def _all_there(client: Any, listed: dict[str, dict[int, str]]) -> int:
    """Ask for every address that was listed; each is there, as long as it should be."""
    lengths = {name: {len(_got(client, address)) for address in found.values()} for name, found in listed.items()}
    assert all(len(found) == 1 for found in lengths.values()), lengths
    return sum(len(found) for found in listed.values())


def _got(client: Any, address: str) -> bytes:
    answer = client.get(f"/live/{address}")
    assert answer.status_code == 200, address
    content: bytes = answer.data
    return content


def _listened(halves: Sequence[bytes], paused: Container[bytes]) -> float:
    """Decode what the stream gave: every tick is whole. Gives the longest silence in seconds that nobody wanted."""
    with av.open(io.BytesIO(b"".join(halves)), format="mp3") as container:
        sound = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    assert len(sound) == len(halves) * TICK_SAMPLES // 2
    wanted = np.repeat(np.array([half in paused for half in halves]), TICK_SAMPLES // 2)
    silences = Silences()
    silences.hear((np.abs(sound) < SILENT) & ~wanted)
    return silences.longest[0] / SAMPLE_RATE_HZ
