"""A file that means harm, or is merely broken, costs little, opens nothing and leaves nothing behind."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from media.errors import Refusal, RefusedAudioError
from media.pipeline import ingest
from tests.audio import recipes


def refusal_of(source: Path, work_dir: Path, *, max_length_ms: int = 12 * 3_600_000) -> Refusal:
    with pytest.raises(RefusedAudioError) as refused:
        ingest(source, work_dir, max_length_ms=max_length_ms)
    return refused.value.code


def written(tmp_path: Path, content: bytes, name: str = "story.mp3") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def test_an_empty_file_is_called_empty(tmp_path: Path, work_dir: Path) -> None:
    assert refusal_of(written(tmp_path, b""), work_dir) is Refusal.EMPTY


def test_a_text_is_no_sound(tmp_path: Path, work_dir: Path) -> None:
    assert refusal_of(written(tmp_path, recipes.WORDS.encode() * 100), work_dir) is Refusal.NOT_AUDIO


def test_a_zip_is_no_sound(tmp_path: Path, work_dir: Path) -> None:
    assert refusal_of(recipes.zipped(tmp_path / "story.mp3"), work_dir) is Refusal.NOT_AUDIO


def test_chance_is_no_sound(tmp_path: Path, work_dir: Path) -> None:
    noise = random.Random(7).randbytes(300_000)

    assert refusal_of(written(tmp_path, noise), work_dir) in {Refusal.NOT_AUDIO, Refusal.DAMAGED, Refusal.TOO_SHORT}


def test_a_film_without_sound_is_told_apart(tmp_path: Path, work_dir: Path) -> None:
    assert refusal_of(recipes.silent_film(tmp_path / "film.mp4"), work_dir) is Refusal.NO_SOUND_TRACK


def test_a_recording_cut_off_before_its_index_is_damaged(speech: Path, tmp_path: Path, work_dir: Path) -> None:
    whole = recipes.again(speech, tmp_path / "whole.m4a", 2, "-c:a", "aac").read_bytes()

    assert refusal_of(written(tmp_path, whole[: len(whole) // 2], "half.m4a"), work_dir) is Refusal.DAMAGED


def test_of_a_cut_off_mp3_we_take_what_is_there(speech: Path, tmp_path: Path, work_dir: Path) -> None:
    whole = recipes.again(speech, tmp_path / "whole.mp3", 3).read_bytes()

    ingested = ingest(written(tmp_path, whole[: len(whole) // 2]), work_dir)

    assert 1.2 < ingested.n_samples / 48_000 < 1.8


def test_a_few_rotten_packets_are_left_out(speech: Path, tmp_path: Path, work_dir: Path) -> None:
    content = bytearray(recipes.again(speech, tmp_path / "whole.mp3", 3).read_bytes())
    chance = random.Random(3)
    for _ in range(len(content) // 100):
        content[chance.randrange(2_000, len(content))] = chance.randrange(256)

    assert ingest(written(tmp_path, bytes(content)), work_dir).n_samples > 48_000


def test_mostly_rotten_packets_are_called_damaged(speech: Path, tmp_path: Path, work_dir: Path) -> None:
    content = bytearray(recipes.again(speech, tmp_path / "whole.m4a", 3, "-c:a", "alac", "-movflags", "+faststart").read_bytes())
    at = content.index(b"mdat") + 4
    content[at:] = random.Random(5).randbytes(len(content) - at)

    assert refusal_of(written(tmp_path, bytes(content), "rot.m4a"), work_dir) is Refusal.DAMAGED


@pytest.mark.parametrize(
    "script",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:3,\nhttp://127.0.0.1:9/secret.mp3\n#EXT-X-ENDLIST\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:3,\nsecret.mp3\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile secret.mp3\n",
        "ffconcat version 1.0\nfile 'file:///{folder}/secret.mp3'\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 96\na=rtpmap:96 opus/48000/2\n",
    ],
)
def test_a_script_opens_no_other_file(script: str, speech: Path, tmp_path: Path, work_dir: Path) -> None:
    recipes.again(speech, tmp_path / "secret.mp3", 2)

    assert refusal_of(written(tmp_path, script.format(folder=tmp_path).encode()), work_dir) is Refusal.NOT_AUDIO


def test_a_film_that_points_to_another_file_opens_nothing(speech: Path, tmp_path: Path, work_dir: Path) -> None:
    """A QuickTime data reference to a neighbour: the sound is not ours to take, so there is none."""
    secret = recipes.again(speech, tmp_path / "secret.wav", 2, "-c:a", "pcm_s16be", "-f", "mov")
    content = bytearray(secret.read_bytes())
    at = content.index(b"url \0\0\0\1")
    content[at : at + 8] = b"alis\0\0\0\0"
    content[content.index(b"mdat") + 4 :] = b""

    assert refusal_of(written(tmp_path, bytes(content), "pointer.mov"), work_dir) in {
        Refusal.DAMAGED,
        Refusal.TOO_SHORT,
        Refusal.NOT_AUDIO,
    }


def test_sixty_megabytes_of_picture_do_not_matter(speech: Path, tmp_path: Path, work_dir: Path) -> None:
    source = recipes.with_big_cover(recipes.again(speech, tmp_path / "plain.mp3", 2), tmp_path / "cover.mp3", 60)

    ingested = ingest(source, work_dir)

    assert sum(path.stat().st_size for path in work_dir.iterdir()) < 100_000
    assert not any(recipes.MARKER in rendition.path.read_bytes() for rendition in ingested.renditions)


def test_a_day_of_silence_is_refused_by_what_it_says(tmp_path: Path, work_dir: Path) -> None:
    source = recipes.long_silence(tmp_path / "day.flac", 24, says_so=True)

    assert refusal_of(source, work_dir) is Refusal.TOO_LONG


def test_a_day_of_silence_that_hides_its_length_is_not_decoded_to_its_end(tmp_path: Path, work_dir: Path) -> None:
    source = recipes.long_silence(tmp_path / "day.flac", 24, says_so=False)

    assert source.stat().st_size < 1_500_000
    assert refusal_of(source, work_dir) is Refusal.SILENT
    assert not list(work_dir.iterdir())


def test_the_length_is_counted_while_decoding(speech: Path, tmp_path: Path, work_dir: Path) -> None:
    source = recipes.again(speech, tmp_path / "long.webm", 6, *recipes.FORMATS["live.webm"])

    assert refusal_of(source, work_dir, max_length_ms=5_000) is Refusal.TOO_LONG


def test_less_than_a_second_is_too_short(speech: Path, tmp_path: Path, work_dir: Path) -> None:
    assert refusal_of(recipes.again(speech, tmp_path / "short.wav", 0.9), work_dir) is Refusal.TOO_SHORT


def test_silence_is_called_silence(tmp_path: Path, work_dir: Path) -> None:
    source = recipes.wav(tmp_path / "silence.wav", 0 * recipes.tone(96_000))

    assert refusal_of(source, work_dir) is Refusal.SILENT


def test_sixteen_channels_are_refused_in_words(speech: Path, tmp_path: Path, work_dir: Path) -> None:
    source = recipes.again(speech, tmp_path / "desk.wav", 2, "-af", "pan=16c|" + "|".join(f"c{n}=c0" for n in range(16)))

    assert refusal_of(source, work_dir) is Refusal.TOO_MANY_CHANNELS


def test_locked_music_is_called_protected(speech: Path, tmp_path: Path, work_dir: Path) -> None:
    content = recipes.again(speech, tmp_path / "shop.m4a", 2, "-c:a", "aac").read_bytes()
    locked = content.replace(b"mp4a\0\0\0\0\0\0\0\1", b"drms\0\0\0\0\0\0\0\1")

    assert locked != content
    assert refusal_of(written(tmp_path, locked, "shop.m4p"), work_dir) is Refusal.PROTECTED


def test_a_wav_that_claims_four_gigabytes_has_what_it_has(speech: Path, tmp_path: Path, work_dir: Path) -> None:
    content = bytearray(recipes.again(speech, tmp_path / "plain.wav", 2, "-ar", "8000", "-bitexact").read_bytes())
    at = content.index(b"data") + 4
    content[at : at + 4] = content[4:8] = struct.pack("<I", 0xFFFFFFFF)

    (tmp_path / "honest").mkdir()
    honest = ingest(tmp_path / "plain.wav", tmp_path / "honest")

    assert ingest(written(tmp_path, bytes(content), "huge.wav"), work_dir).n_samples == honest.n_samples


def test_no_mark_of_the_maker_survives(speech: Path, tmp_path: Path, work_dir: Path) -> None:
    """A name, a place or a comment planted in every corner of a file is in nothing that we keep."""
    tags = [
        word for name, text in recipes.TAGS.items() for word in ("-metadata", f"{name}={text}", "-metadata:s:a", f"{name}={text}")
    ]
    for n, name in enumerate(
        ("aac.m4a", "sound.mp3", "sound.flac", "opus.ogg", "sound.mka", "sound.wma", "s16.wav", "sound.aiff")
    ):
        source = recipes.again(speech, tmp_path / name, 1.5, *recipes.FORMATS[name], *tags)
        assert recipes.MARKER in source.read_bytes().replace(b"\0", b"")
        folder = work_dir / str(n)
        folder.mkdir()
        ingest(source, folder)
        for path in folder.iterdir():
            content = path.read_bytes()
            assert recipes.MARKER not in content
            assert b"Lav" not in content
