"""The clips that stand in the place of episodes: both renditions, through the ordinary ingest, with public tags."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

import numpy as np
from scipy.io import wavfile

from media import tags
from media.pipeline import ingest
from media.profiles import low, standard
from sample_making.shows import SMALL_ROOM, in_room, named, trimmed
from sample_making.signal import RATE_HZ, levelled

TITLES = {"taken-back": "Taken back", "being-checked": "Being checked", "not-shared": "Not shared any more"}
RELEASED = date(2026, 11, 21)
MOST_BYTES = 100_000


def write_clips(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, turn, reader in named("clips"):
        sound, said = reader.read(turn, 0.3)
        whole = levelled(trimmed([(in_room(sound, SMALL_ROOM, -17), 0.3)], said[-1].stop_s + 0.5))
        with tempfile.TemporaryDirectory() as scratch:
            source = Path(scratch) / "clip.wav"
            wavfile.write(source, RATE_HZ, np.round(whole * 32_767).astype(np.int16))
            work = Path(scratch) / "work"
            work.mkdir()
            made = ingest(source, work)
            facts = tags.PublicTags(
                title=TITLES[name],
                show="",
                author="",
                page_url="",
                released=RELEASED,
                length_ms=made.n_samples // 48,
                synthetic=True,
            )
            for profile, rendition in zip((standard(), low()), made.renditions, strict=True):
                stored = rendition.path.read_bytes()
                header, body = stored[: rendition.header_bytes], stored[rendition.header_bytes :]
                head = tags.mp4_head(facts, header) if header else tags.mp3_head(facts)
                path = folder / f"{name}.{profile.extension}"
                path.write_bytes(head + body)
                if path.stat().st_size > MOST_BYTES:
                    raise SystemExit(f"{path.name} is larger than {MOST_BYTES} bytes")
                print(f"{path.name:18} {len(whole) / RATE_HZ:7.2f} s {path.stat().st_size:8} bytes")
