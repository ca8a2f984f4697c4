"""Words and music put together: the talk shows, the idents, the shorts and the emergency loop."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sample_making import pieces
from sample_making.signal import (
    RATE_HZ,
    Sound,
    add_at,
    db,
    faded,
    in_room,
    in_room_round,
    levelled,
    loudness_lufs,
    room,
    silence,
)
from sample_making.speech import PARAGRAPH_PAUSE_S, TURN_PAUSE_S, Reader, Sentence, Turn, turns

TEXTS = Path(__file__).parent / "texts"
SMALL_ROOM = room(0.35, seed=13, dark_hz=5_000)
LEAD_S, TAIL_S = 0.25, 0.32
MUSIC_LUFS = -21.0
UNDER_LUFS = -33.0
TICK_SAMPLES = 46_080
LOOP_TICKS = 30
"""28.8 s: five segments, so that the loop's segments come round as the loop does."""

Made = tuple[Sound, list[Sentence]]


def read_text(name: str) -> list[Turn]:
    return turns((TEXTS / f"{name}.txt").read_text("utf-8"))


def talk(name: str) -> Made:
    """A show of speech with short music where the text calls for it."""
    script = read_text(name)
    reader = Reader(script)
    placed: list[tuple[Sound, float]] = []
    sentences: list[Sentence] = []
    now_s, heard_music = LEAD_S, 0
    for number, turn in enumerate(script):
        if turn.music:
            start_s = max(0.0, now_s - 0.2) if number else 0.0
            placed.append((_music(turn, heard_music), start_s))
            heard_music += 1
            now_s = start_s + turn.length_s - 1.6
        elif not turn.voice:
            now_s += PARAGRAPH_PAUSE_S - TURN_PAUSE_S if number and script[number - 1].voice else 0.0
        else:
            sound, said = reader.read(turn, now_s)
            placed.append((in_room(sound, SMALL_ROOM, -17), now_s))
            sentences += said
            now_s = said[-1].stop_s + TURN_PAUSE_S
    return levelled(_mixed(placed)), sentences


def _music(turn: Turn, variant: int) -> Sound:
    make = {"theme": pieces.theme, "chime": pieces.chime}[turn.music]
    return at_loudness(make(turn.length_s, variant), MUSIC_LUFS)


def _mixed(placed: list[tuple[Sound, float]]) -> Sound:
    whole = silence(max(start_s + len(sound) / RATE_HZ for sound, start_s in placed) + TAIL_S)
    for sound, start_s in placed:
        add_at(whole, sound, start_s)
    return faded(whole, 0.03, 0.05)


def at_loudness(sound: Sound, target_lufs: float) -> Sound:
    return sound * db(target_lufs - loudness_lufs(sound))


def idents() -> dict[str, Made]:
    """Each line over three notes of its own, under six seconds."""
    return {name: _ident(turn, reader, number) for number, (name, turn, reader) in enumerate(named("idents"))}


def _ident(turn: Turn, reader: Reader, number: int) -> Made:
    sound, said = reader.read(turn, 0.35)
    length_s = said[-1].stop_s + 0.75
    notes = at_loudness(pieces.ident_notes(length_s, number), MUSIC_LUFS - 7)
    return levelled(trimmed([(notes, 0.0), (in_room(sound, SMALL_ROOM, -17), 0.35)], length_s)), said


def shorts() -> dict[str, Made]:
    """Each thought over a pad one hardly notices, which comes before it and stays a little after it."""
    return {name: _short(turn, reader, number) for number, (name, turn, reader) in enumerate(named("shorts"))}


def supports() -> dict[str, Made]:
    """As shorts: what stands in for the messages that say where help is."""
    return {name: _short(turn, reader, number + 6) for number, (name, turn, reader) in enumerate(named("supports"))}


def _short(turn: Turn, reader: Reader, number: int) -> Made:
    sound, said = reader.read(turn, 1.8)
    length_s = said[-1].stop_s + 3.2
    notes = at_loudness(pieces.ident_notes(5.0, number + 1), MUSIC_LUFS - 4)
    under = pieces.short_pad(length_s, number)
    under = under * db(UNDER_LUFS - loudness_lufs(under))
    close = at_loudness(pieces.ident_notes(4.0, number + 3), MUSIC_LUFS - 5)
    parts = [(notes, 0.0), (under, 0.0), (in_room(sound, SMALL_ROOM, -17), 1.8), (close, length_s - 3.6)]
    return levelled(trimmed(parts, length_s)), said


def trimmed(placed: list[tuple[Sound, float]], length_s: float) -> Sound:
    return faded(_mixed(placed)[: round(length_s * RATE_HZ)], 0.03, 0.35)


def named(text: str) -> list[tuple[str, Turn, Reader]]:
    script = read_text(text)
    reader = Reader(script)
    marked = [place for place, turn in enumerate(script) if turn.music]
    return [(script[place].music, script[place + 1], reader) for place in marked]


def emergency() -> Made:
    """The loop of any station in trouble: exactly `LOOP_TICKS` ticks, its end joins its start."""
    length = LOOP_TICKS * TICK_SAMPLES
    script = [turn for turn in read_text("emergency") if turn.voice]
    sound, said = Reader(script).read(script[0], 2.4)
    under = pieces.emergency_pad(length)
    whole = at_loudness(in_room_round(under, pieces.HALL, -4), -24.0)
    # The music makes way for the voice, slowly.
    ducked = np.ones(length)
    start, stop = round(1.2 * RATE_HZ), round((said[-1].stop_s + 1.2) * RATE_HZ)
    ducked[start:stop] = 1 - 0.55 * np.sin(np.pi * np.arange(stop - start) / (stop - start)) ** 0.5
    whole = whole * ducked
    add_at(whole, in_room(sound, SMALL_ROOM, -17), 2.4, 1.0)
    # Levelled as a listener hears it: again and again.
    return levelled(np.tile(whole, 3))[length : 2 * length], said
