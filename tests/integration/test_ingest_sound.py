"""What is heard: as loud as the station, never harsh, exact in time, and joined without a sample lost."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from media import _lame, mp3
from media.fmp4 import flat_header
from media.grid import TICK_SAMPLES, ticks_for
from media.pipeline import ingest, make
from media.profiles import TARGET_LUFS, standard
from media.types import Ingested, Rendition
from tests.audio import meters, recipes

MP3_DELAY = 1_105
OPUS_DELAY = 312
ONE_CHANNEL_LU = 3.01
"""A meter of one channel shows so much less than two loudspeakers give."""


def made(source: Path, folder: Path) -> Ingested:
    folder.mkdir(parents=True, exist_ok=True)
    return ingest(source, folder)


def ticks(rendition: Rendition, start: int = 0, stop: int | None = None) -> bytes:
    content = rendition.path.read_bytes()[rendition.header_bytes :]
    return content[start * rendition.tick_bytes : None if stop is None else stop * rendition.tick_bytes]


def opus_file(path: Path, packets: bytes) -> Path:
    path.write_bytes(flat_header(len(packets) // 60, 60) + packets)
    return path


@pytest.mark.parametrize("voice", ["slt", "rms", "kal"])
@pytest.mark.parametrize("volume_db", [-24, 6])
def test_every_voice_is_as_loud_as_the_station(voice: str, volume_db: int, tmp_path: Path, work_dir: Path) -> None:
    source = recipes.again(recipes.speech(tmp_path / "a.wav", 6, voice), tmp_path / "b.wav", 6, "-af", f"volume={volume_db}dB")

    ingested = ingest(source, work_dir)

    for rendition in ingested.renditions:
        heard = meters.heard(rendition.path)
        assert heard.lufs == pytest.approx(TARGET_LUFS - ONE_CHANNEL_LU, abs=0.5)
        assert heard.peak_dbtp <= -1.0


def test_between_two_recordings_lie_less_than_two_seconds_of_silence(tmp_path: Path, work_dir: Path) -> None:
    chain = "adelay=3000,afade=t=out:st=5:d=4,apad=pad_dur=4"
    source = recipes.again(recipes.speech(tmp_path / "a.wav", 6), tmp_path / "b.wav", 13, "-af", chain)

    ingested = ingest(source, work_dir)

    for rendition in ingested.renditions:
        heard = np.abs(meters.decoded(rendition.path))
        sound = np.flatnonzero(heard > 10 ** (-50 / 20))
        before_s, after_s = sound[0] / 48_000, (len(heard) - sound[-1]) / 48_000
        assert before_s + after_s < 1.75
    assert 5 * 48_000 < ingested.n_samples < 8 * 48_000


def test_a_pause_inside_is_the_tellers_and_stays(tmp_path: Path, work_dir: Path) -> None:
    paused = "volume=enable='between(t,2,7)':volume=0"
    whole = recipes.speech(tmp_path / "a.wav", 9)
    ingested = ingest(recipes.again(whole, tmp_path / "b.wav", 9, "-af", paused), work_dir)

    assert ingested.n_samples == pytest.approx(made(whole, tmp_path / "whole").n_samples, abs=4_800)


def test_loudness_and_peak_are_those_of_another_meter(speech: Path, work_dir: Path) -> None:
    ingested, heard = ingest(speech, work_dir), meters.heard(speech)

    assert ingested.loudness.integrated_lufs == pytest.approx(heard.lufs + ONE_CHANNEL_LU, abs=0.1)
    assert ingested.loudness.true_peak_dbtp == pytest.approx(heard.peak_dbtp, abs=0.2)


def test_a_whisper_is_lifted_by_no_more_than_can_be_borne(tmp_path: Path, work_dir: Path) -> None:
    ingested = ingest(recipes.wav(tmp_path / "whisper.wav", recipes.tone(144_000, level=0.001)), work_dir)

    assert ingested.loudness.gain_db == 30.0


def test_a_sound_is_where_it_was(tmp_path: Path, work_dir: Path) -> None:
    sound = recipes.between_marks(100_000, recipes.tone(96_000, 1_000), 44_000)

    standard, low = ingest(recipes.wav(tmp_path / "tone.wav", sound), work_dir).renditions

    assert meters.onset(meters.decoded(standard.path), 1_000) == pytest.approx(100_000 + MP3_DELAY, abs=96)
    assert meters.onset(meters.decoded(low.path), 1_000) == pytest.approx(100_000, abs=96)


def test_the_last_samples_are_not_cut_off(tmp_path: Path, work_dir: Path) -> None:
    """A recording of exactly two ticks needs a third: the codecs' delay is longer than nothing."""
    ingested = ingest(recipes.wav(tmp_path / "tone.wav", recipes.tone(2 * TICK_SAMPLES, 1_000)), work_dir)

    assert ingested.n_ticks == ticks_for(2 * TICK_SAMPLES) == 3
    for rendition, delay in zip(ingested.renditions, (MP3_DELAY, 0), strict=True):
        backwards = meters.decoded(rendition.path)[::-1]
        end = len(backwards) - meters.onset(backwards, 1_000)
        assert end == pytest.approx(2 * TICK_SAMPLES + delay, abs=960)


def test_edges_are_soft_and_the_middle_is_untouched(tmp_path: Path, work_dir: Path) -> None:
    """No step where one recording follows another: the first millisecond is quiet, after 20 ms all is there."""
    standard, _ = ingest(recipes.wav(tmp_path / "tone.wav", recipes.tone(96_000, 1_000)), work_dir).renditions
    sound = np.abs(meters.decoded(standard.path)[MP3_DELAY:])
    full = sound[48_000:52_800].max()

    assert sound[:96].max() < 0.05 * full
    assert sound[1_000:1_500].max() > 0.9 * full
    assert sound[96_000 - 96 : 96_000].max() < 0.05 * full


def test_recordings_follow_each_other_without_a_lost_sample(tmp_path: Path) -> None:
    """Ticks of any recordings, cut anywhere on the grid, are one stream: every onset is where arithmetic puts it."""
    one, two = (
        made(
            recipes.wav(tmp_path / f"{hertz}.wav", recipes.between_marks(30_000, recipes.tone(160_000, hertz), 10_000)),
            tmp_path / str(hertz),
        )
        for hertz in (700, 1_500)
    )
    standard = tmp_path / "joined.mp3"
    standard.write_bytes(ticks(one.renditions[0], 0, 3) + ticks(two.renditions[0]) + ticks(one.renditions[0], 1))
    low = opus_file(
        tmp_path / "joined.m4a", ticks(one.renditions[1], 0, 3) + ticks(two.renditions[1]) + ticks(one.renditions[1], 1)
    )
    n_ticks = 3 + two.n_ticks + one.n_ticks - 1

    for path, length, delay in ((standard, n_ticks * TICK_SAMPLES, MP3_DELAY), (low, n_ticks * TICK_SAMPLES - OPUS_DELAY, 0)):
        sound = meters.decoded(path)
        assert len(sound) == length
        assert meters.onset(sound, 700) == pytest.approx(30_000 + delay, abs=200)
        assert meters.onset(sound, 1_500) == pytest.approx(3 * TICK_SAMPLES + 30_000 + delay, abs=200)


def test_after_a_cut_the_mp3_is_the_same_to_the_last_bit(speech: Path, tmp_path: Path) -> None:
    """Nothing is borrowed from the frame before: from the second frame on a join cannot be told from no join."""
    other = made(recipes.wav(tmp_path / "tone.wav", recipes.tone(150_000)), tmp_path / "other")
    voice = made(speech, tmp_path / "voice")
    joined = tmp_path / "joined.mp3"
    joined.write_bytes(ticks(other.renditions[0], 0, 2) + ticks(voice.renditions[0], 1))

    after = meters.decoded(joined)[2 * TICK_SAMPLES :]
    alone = meters.decoded(voice.renditions[0].path)[TICK_SAMPLES:]

    assert np.array_equal(after[2 * 1_152 :], alone[2 * 1_152 :])


def test_the_same_recording_gives_the_same_bytes(speech: Path, tmp_path: Path) -> None:
    again = tmp_path / "another name.wav"
    shutil.copy(speech, again)

    first, second = made(speech, tmp_path / "one"), made(again, tmp_path / "two")

    assert [r.sha256 for r in first.renditions] == [r.sha256 for r in second.renditions]
    assert first.peaks.read_bytes() == second.peaks.read_bytes()


def test_without_the_fast_lame_the_result_is_the_same_only_later(
    speech: Path, tmp_path: Path, work_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fast = made(speech, tmp_path / "fast").renditions[0]
    monkeypatch.setattr(_lame, "encoder", lambda _: None)
    with speech.open("rb", buffering=0) as file:
        slow = make(
            file, work_dir, tmp_path, profiles=(standard(),), max_length_ms=60_000, on_progress=lambda _: None
        ).renditions[0]

    assert slow.size_bytes == fast.size_bytes
    assert meters.heard(slow.path).lufs == pytest.approx(meters.heard(fast.path).lufs, abs=0.11)
    assert not mp3.frame_problems(slow.path.read_bytes(), 64)
    assert not mp3.frame_problems(fast.path.read_bytes(), 64)


def test_the_waveform_shows_what_is_heard(tmp_path: Path, work_dir: Path) -> None:
    sound = recipes.between_marks(48_000, recipes.tone(48_000), 48_000)

    pairs = np.frombuffer(ingest(recipes.wav(tmp_path / "t.wav", sound), work_dir).peaks.read_bytes(), np.int8).reshape(-1, 2)

    assert len(pairs) == 30
    assert not pairs[1:10].any()
    assert not pairs[20:29].any()
    assert (pairs[10:20, 0] < -10).all()
    assert (pairs[10:20, 1] > 10).all()
