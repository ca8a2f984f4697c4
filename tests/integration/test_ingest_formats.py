"""Whatever a phone, a recorder or an old archive writes becomes the same two renditions on the grid."""

from __future__ import annotations

from pathlib import Path

import pytest

from media.grid import SAMPLE_RATE_HZ, ticks_for
from media.pipeline import ingest
from media.types import Ingested
from tests.audio import meters, recipes

SECONDS = 2
CODEC_ROUNDING_S = 0.16
"""Formats without an exact length end on a frame of their own."""


def obeys_the_grid(ingested: Ingested) -> bool:
    k = ticks_for(ingested.n_samples)
    standard, low = ingested.renditions
    return (
        ingested.n_ticks == k
        and standard.path.stat().st_size == standard.size_bytes == k * 7_680
        and low.path.stat().st_size == low.size_bytes == 604 + k * 2_880
        and ingested.peaks.stat().st_size == -(-ingested.n_samples // 4_800) * 2
    )


@pytest.mark.parametrize("name", recipes.FORMATS)
def test_a_recording_is_taken_in_any_format(name: str, speech: Path, tmp_path: Path, work_dir: Path) -> None:
    source = recipes.again(speech, tmp_path / name, SECONDS, *recipes.FORMATS[name])

    ingested = ingest(source, work_dir)

    assert obeys_the_grid(ingested)
    assert ingested.n_samples / SAMPLE_RATE_HZ == pytest.approx(SECONDS, abs=CODEC_ROUNDING_S)
    assert not ingested.facts.has_video


@pytest.mark.parametrize("name", ["voice.amr", "voice.3gp"])
def test_an_old_telephone_s_recording_is_taken(name: str, speech: Path, tmp_path: Path, work_dir: Path) -> None:
    assert obeys_the_grid(ingest(recipes.amr(speech, tmp_path / name), work_dir))


def test_sound_from_a_sphere_is_taken(speech: Path, tmp_path: Path, work_dir: Path) -> None:
    ingested = ingest(recipes.sphere(speech, tmp_path / "sphere.mka"), work_dir)

    assert ingested.facts.channels == 4
    assert obeys_the_grid(ingested)


def test_a_film_s_sound_is_taken(speech: Path, tmp_path: Path, work_dir: Path) -> None:
    ingested = ingest(recipes.video(speech, tmp_path / "film.mp4"), work_dir)

    assert ingested.facts.has_video
    assert obeys_the_grid(ingested)


@pytest.mark.parametrize("name", ["../../etc/passwd.mp3", "story\u202e3pm.exe", "-y", "$(reboot);'.mp3", "pipe:0", "http:x"])
def test_a_name_means_nothing(name: str, speech: Path, tmp_path: Path, work_dir: Path) -> None:
    source = tmp_path / name.replace("/", "\u2215")
    source.write_bytes(speech.read_bytes())

    assert obeys_the_grid(ingest(source, work_dir))
    assert {path.name for path in work_dir.iterdir()} == {"standard.mp3", "low.m4a", "peaks.i8"}


def test_a_change_of_rate_in_the_middle_is_followed(speech: Path, tmp_path: Path, work_dir: Path) -> None:
    parts = [
        recipes.again(
            speech, tmp_path / f"{rate}.mp3", SECONDS, "-c:a", "libmp3lame", "-ar", str(rate), "-ac", channels, "-write_xing", "0"
        )
        for rate, channels in ((44_100, "2"), (22_050, "1"), (48_000, "2"))
    ]
    spliced = tmp_path / "spliced.mp3"
    spliced.write_bytes(b"".join(part.read_bytes() for part in parts))

    ingested = ingest(spliced, work_dir)

    assert ingested.n_samples / SAMPLE_RATE_HZ == pytest.approx(3 * SECONDS, abs=0.4)


@pytest.mark.parametrize(("mp3_kbps", "opus_kbps"), [(96, 16), (128, 24)])
def test_the_station_chooses_its_bitrates(mp3_kbps: int, opus_kbps: int, speech: Path, work_dir: Path) -> None:
    ingested = ingest(speech, work_dir, mp3_kbps=mp3_kbps, opus_kbps=opus_kbps)

    standard, low = ingested.renditions
    assert standard.size_bytes == ingested.n_ticks * mp3_kbps * 120
    assert low.size_bytes == 604 + ingested.n_ticks * opus_kbps * 120
    assert len(meters.decoded(standard.path)) == ingested.n_ticks * 46_080
