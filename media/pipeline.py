"""From what was uploaded to what is broadcast: the one place that knows the order."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from media import sandbox, screen, tags
from media.errors import EncodingError, Refusal, RefusedAudioError
from media.grid import ticks_for
from media.profiles import LIMIT_DBFS, TARGET_LUFS, Profile, low, standard
from media.renditions import rendition
from media.types import Ingested, Loudness, Progress

if TYPE_CHECKING:
    from media.decode import Decoded

_DECODING_SHARE = 0.25
"""How much of the time the first pass takes."""


def ingest(
    source: Path,
    work_dir: Path,
    *,
    mp3_kbps: int = 64,
    opus_kbps: int = 24,
    max_length_ms: int = screen.LONGEST_MS,
    on_progress: Progress = lambda _: None,
) -> Ingested:
    """Make of the recording at `source` all that the station needs, in `work_dir`.

    The work is done in a child with limits. `on_progress` may raise to stop it: the child is killed.

    Raises:
        RefusedAudioError: the recording is the reason.
        EncodingError: we are the reason.
    """
    ingested = sandbox.run(
        source,
        work_dir,
        profiles=(standard(mp3_kbps), low(opus_kbps)),
        max_length_ms=max_length_ms,
        on_progress=on_progress,
    )
    for made in ingested.renditions:
        if left := tags.found(made.path):
            raise EncodingError(f"{made.profile}: {len(left)} tags are left")
    return ingested


def make(
    file: BinaryIO, folder: Path, scratch: Path, *, profiles: tuple[Profile, ...], max_length_ms: int, on_progress: Progress
) -> Ingested:
    """All steps, in this process: for the child of the sandbox. `scratch` is for what only the steps need."""
    from media import probe  # FFmpeg and numpy are loaded by the child alone
    from media.decode import decode
    from media.encode import encode, waveform

    facts = probe.facts_of(file)
    size_bytes = os.fstat(file.fileno()).st_size
    if code := screen.refusal(facts, size_bytes, max_length_ms=max_length_ms):
        raise RefusedAudioError(code)
    decoded = decode(
        file,
        scratch,
        max_length_ms=max_length_ms,
        on_progress=lambda part: on_progress(part * _DECODING_SHARE),
    )
    loudness = _loudness(decoded)
    decoded = decoded.without_silent_edges(loudness.gain_db)
    encode(
        decoded,
        folder,
        profiles=profiles,
        gain_db=loudness.gain_db,
        on_progress=lambda part: on_progress(_DECODING_SHARE + part * (1 - _DECODING_SHARE)),
    )
    peaks = folder / "peaks.i8"
    peaks.write_bytes(waveform(decoded.extremes, loudness.gain_db))
    n_ticks = ticks_for(decoded.n_samples)
    renditions = tuple(rendition(profile, folder, n_ticks) for profile in profiles)
    return Ingested(facts, loudness, decoded.n_samples, n_ticks, renditions, peaks)


def _loudness(decoded: Decoded) -> Loudness:
    from media.loudness import gain_for, integrated

    measured = integrated(decoded.energies)
    if measured is None:
        raise RefusedAudioError(Refusal.SILENT)
    gain_db = gain_for(measured, decoded.energies, decoded.peaks, target=TARGET_LUFS, ceiling_db=LIMIT_DBFS)
    return Loudness(measured, decoded.true_peak_dbtp, gain_db)
