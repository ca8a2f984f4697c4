"""Makes every sound of the sample station and the emergency loop, and writes them where the package expects them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

from sample_making import pieces, shows
from sample_making.clips import write_clips
from sample_making.loop import write_renditions
from sample_making.signal import Sound, levelled, loudness_lufs, seconds, write_opus
from sample_making.speech import webvtt

PACKAGE = Path(__file__).parents[2] / "radio"
SPEECH_KBPS, MUSIC_KBPS = 24, 32

TALKS = ("morning-table-1", "morning-table-2", "morning-table-3", "staying-safer-1", "staying-safer-2")
MUSIC: dict[str, Callable[[], Sound]] = {
    "quiet-hours-1": pieces.lamp_in_the_window,
    "quiet-hours-2": pieces.slow_water,
    "quiet-hours-3": pieces.walking_home,
    "quiet-hours-4": pieces.before_the_birds,
    "bed": pieces.bed,
}


def spoken() -> Iterator[tuple[str, Callable[[], dict[str, shows.Made]]]]:
    for name in TALKS:
        yield name, lambda name=name: {name: shows.talk(name)}
    yield "idents", shows.idents
    yield "shorts", shows.shorts
    yield "supports", shows.supports


def make(only: str, into: Path) -> None:
    audio, transcripts, channel = into / "sample/audio", into / "sample/transcripts", into / "channel/emergency"
    for folder in (audio, transcripts, channel):
        folder.mkdir(parents=True, exist_ok=True)
    for group, compose in spoken():
        if only not in group:
            continue
        for name, (sound, sentences) in compose().items():
            _write(sound, audio / f"{name}.opus", speech=True)
            (transcripts / f"{name}.vtt").write_text(webvtt(sentences), "utf-8")
    for name, play in MUSIC.items():
        if only in name:
            _write(levelled(play()), audio / f"{name}.opus", speech=False)
    if only in "clips":
        write_clips(into / "feeds/clips")
    if only in "emergency":
        sound, _ = shows.emergency()
        _write(sound, channel / "source.opus", speech=False)
        write_renditions(sound, channel)


def _write(sound: Sound, path: Path, *, speech: bool) -> None:
    write_opus(sound, path, kbps=SPEECH_KBPS if speech else MUSIC_KBPS, speech=speech)
    print(f"{path.stem:18} {seconds(sound):7.2f} s {loudness_lufs(sound):6.1f} LUFS {path.stat().st_size:8} bytes")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--only", default="", help="only what has this in its name")
    asked.add_argument("--into", type=Path, default=PACKAGE, help="the folder that holds sample/, channel/ and feeds/")
    chosen = asked.parse_args()
    make(chosen.only, chosen.into)
