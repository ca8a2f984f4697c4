"""The music: four pieces, the short themes, the bed and the pad of the emergency loop. Fixed seeds, no samples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sample_making.instruments import glass, hz, pad, pluck, reed
from sample_making.signal import Sound, add_at, faded, heard, in_room, room, silence

HALL = room(3.4, seed=11)
ROOM = room(1.6, seed=12, dark_hz=4_000)

Chord = tuple[int, ...]


def lamp_in_the_window() -> Sound:
    """D major at a slow walk: a harp-like pattern over four chords that keep one note in common."""
    chance = np.random.default_rng(101)
    beat_s = 60 / 63
    chords: Sequence[Chord] = ((50, 57, 62, 64, 66), (47, 54, 62, 66, 69), (43, 55, 59, 62, 66), (45, 52, 57, 62, 64))
    order = (0, 1, 2, 3, 0, 2, 1, 3)
    bar_s = 8 * beat_s
    whole = silence(len(order) * 2 * bar_s + 8)
    for bar in range(len(order) * 2):
        chord = chords[order[bar % len(order)]]
        start_s = bar * bar_s
        _lay(whole, chord[:4], start_s, bar_s + 3, seed=bar, gain_db=-15)
        if bar == 0:
            continue
        for step in range(16):
            if step % 4 and chance.random() < 0.22:
                continue
            key = chord[(0, 2, 3, 4, 2, 3, 4, 1, 0, 3, 4, 2, 3, 1, 2, 3)[step]] + (12 if chance.random() < 0.25 else 0)
            late_s = 0.012 * chance.random()
            add_at(whole, pluck(key), start_s + step * beat_s / 2 + late_s, -12 - 4 * chance.random())
        add_at(whole, pluck(chord[0] - 12, 5.0), start_s, -11)
    return heard(faded(in_room(whole, HALL, -5), 3.0, 8.0))


def slow_water() -> Sound:
    """F with a raised fourth: glass notes that fall like drops, each answered softer, over a pad that hardly moves."""
    chance = np.random.default_rng(202)
    length_s = 124.0
    whole = silence(length_s)
    chords: Sequence[Chord] = ((41, 53, 60, 64, 69), (43, 55, 59, 62, 67), (45, 52, 60, 64, 67), (41, 53, 57, 60, 67))
    for place in range(8):
        _lay(whole, chords[place % 4], place * 15.5, 18.5, seed=200 + place, gain_db=-14, fade_s=4.0)
    scale = (65, 67, 69, 71, 72, 76, 77, 79, 81)
    place, at_s = 4, 5.0
    while at_s < length_s - 9:
        place = int(np.clip(place + chance.choice((-2, -1, 1, 2)), 0, len(scale) - 1))
        gain_db = -15 - 4 * chance.random()
        add_at(whole, glass(scale[place]), at_s, gain_db)
        if chance.random() < 0.6:
            add_at(whole, glass(scale[max(0, place - 2)] + 12, 4.0), at_s + 0.85, gain_db - 8)
        at_s += float(chance.choice((1.7, 2.55, 3.4)))
    return heard(faded(in_room(whole, HALL, -3), 3.0, 8.0))


def walking_home() -> Sound:
    """G major in three: a plucked waltz, and a reed that sings one tune twice and rests between."""
    chance = np.random.default_rng(303)
    beat_s = 60 / 84
    bar_s = 3 * beat_s
    chords: Sequence[Chord] = ((43, 59, 62, 67), (48, 60, 64, 67), (40, 59, 64, 67), (50, 57, 62, 66))
    plan = (0, 0, 1, 1, 2, 2, 3, 3, 0, 0, 1, 1, 3, 3, 0, 0)
    tune = ((71, 2), (74, 1), (72, 2), (71, 1), (67, 3), (0, 3), (76, 2), (74, 1), (71, 2), (69, 1), (69, 3), (0, 3))
    last = ((71, 2), (69, 1), (67, 6), (0, 3))
    whole = silence(len(plan) * 3.5 * bar_s + 6)
    for bar in range(int(len(plan) * 3.5)):
        chord = chords[plan[bar % len(plan)]]
        start_s = bar * bar_s
        if bar % 2 == 0:
            _lay(whole, chord[1:], start_s, 2 * bar_s + 2.5, seed=300 + bar, gain_db=-18)
        add_at(whole, pluck(chord[0], 4.5), start_s, -9)
        for beat, key in enumerate((chord[2], chord[3], chord[1], chord[3])):
            at_s = start_s + (1, 1.5, 2, 2.5)[beat] * beat_s + 0.01 * chance.random()
            if beat % 2 == 0 or chance.random() < 0.55:
                add_at(whole, pluck(key, 3.0, brightness=0.8), at_s, -13 - 2 * chance.random())
    for first_bar in (8, 32):
        at_s = first_bar * bar_s
        for key, beats in (*tune, *last):
            if key:
                add_at(whole, reed(key, beats * beat_s * 0.97 + 0.15, seed=first_bar), at_s, -17)
            at_s += beats * beat_s
    return heard(faded(in_room(whole, HALL, -6), 1.5, 7.0))


def before_the_birds() -> Sound:
    """A low fifth that stays, a reed far away, and now and then one string."""
    chance = np.random.default_rng(404)
    length_s = 126.0
    whole = silence(length_s)
    for place in range(7):
        _lay(whole, (45, 52, 57), place * 18.0, 22.0, seed=400 + place, gain_db=-14, fade_s=5.0)
        colour = ((60, 64), (59, 64), (60, 67), (57, 62), (59, 62), (60, 64), (57, 64))[place]
        _lay(whole, colour, place * 18.0 + 2, 19.0, seed=420 + place, gain_db=-17, fade_s=5.0)
    phrases = ((69, 72, 71, 67), (64, 67, 69), (72, 71, 67, 69), (62, 64, 67, 64), (69, 67, 64))
    at_s = 8.0
    for phrase in phrases:
        for key in phrase:
            long_s = float(chance.choice((2.2, 2.9, 3.6)))
            add_at(whole, reed(key, long_s + 0.3, seed=round(at_s)), at_s, -19)
            at_s += long_s
        at_s += 9.0
    for at_s in np.arange(4.5, length_s - 12, 4.5):
        if chance.random() < 0.75:
            key = int(chance.choice((57, 60, 64, 69, 71, 52)))
            add_at(whole, pluck(key, 4.5, brightness=0.7), float(at_s) + 0.2 * chance.random(), -13)
    return heard(faded(in_room(whole, HALL, -3), 4.0, 9.0))


def bed(length_s: float = 92.1) -> Sound:
    """A pad without events, so that it may begin at any tick: 96 ticks of one chord that breathes, its end fades."""
    whole = silence(length_s)
    _lay(whole, (38, 50, 57, 62, 64, 69), 0.0, length_s, seed=500, gain_db=-12, fade_s=1.2)
    return faded(in_room(whole, HALL, -4), 0.6, 3.0)


def theme(length_s: float, variant: int = 0) -> Sound:
    """The few notes of The Morning Table: up a chord and home, with a long end."""
    keys = ((62, 66, 69, 74, 71, 69), (69, 66, 64, 62), (62, 64, 66, 69, 66, 62))[variant % 3]
    return _motif(keys, (50, 57, 62, 66), length_s, step_s=0.48)


def chime(length_s: float, variant: int = 0) -> Sound:
    """Two or three glass notes: the mark of Staying Safer."""
    whole = silence(length_s)
    for place, key in enumerate(((67, 72, 76), (76, 72), (72, 67, 64))[variant % 3]):
        add_at(whole, glass(key), 0.15 + place * 0.62, -11)
    _lay(whole, (48, 55, 60, 64), 0.0, length_s, seed=610 + variant, gain_db=-17, fade_s=1.2)
    return faded(in_room(whole, ROOM, -8), 0.05, min(2.2, length_s / 2))


def ident_notes(length_s: float, variant: int) -> Sound:
    """Three notes that lie under a short line of words."""
    roots = ((62, 69, 74), (60, 67, 71), (57, 64, 69), (59, 62, 67), (62, 66, 71), (55, 62, 67))
    return _motif(roots[variant % 6], (roots[variant % 6][0] - 12, roots[variant % 6][1] - 12), length_s, step_s=0.3)


def short_pad(length_s: float, variant: int) -> Sound:
    """One quiet chord under a few words."""
    chord = ((50, 57, 62, 66), (48, 55, 60, 64), (53, 57, 60, 65), (47, 54, 59, 62), (45, 52, 57, 60), (43, 55, 59, 62))
    whole = silence(length_s)
    _lay(whole, chord[variant % 6], 0.0, length_s, seed=640 + variant, gain_db=-14, fade_s=2.0)
    return faded(in_room(whole, HALL, -6), 0.05, 2.0)


def emergency_pad(n: int) -> Sound:
    """A pad of `n` samples whose end is its start: every wave in it turns a whole number of times in the loop."""
    chance = np.random.default_rng(700)
    turn = np.arange(n) / n
    loop_s = n / 48_000
    whole = np.zeros(n)
    for chord, centre in (((45, 52, 57, 61, 64), 0.0), ((50, 57, 62, 66, 69), 0.5)):
        weight = 0.5 + 0.5 * np.cos(2 * np.pi * (turn - centre))
        for key in chord:
            for cents in (-5.0, 0.0, 6.0):
                for partial in range(1, 8):
                    turns = round(hz(key + cents / 100) * partial * loop_s)
                    if turns / loop_s > 2_400:
                        break
                    breath = 1 + 0.3 * np.cos(2 * np.pi * (int(chance.integers(1, 4)) * turn + chance.random()))
                    wave = np.sin(2 * np.pi * (turns * turn + chance.random()))
                    whole += weight * breath * wave / partial**1.9
    return whole / np.max(np.abs(whole))


def _motif(keys: Sequence[int], chord: Sequence[int], length_s: float, *, step_s: float) -> Sound:
    whole = silence(length_s)
    for place, key in enumerate(keys):
        add_at(whole, pluck(key, 4.0), 0.1 + place * step_s, -9 - place * 0.4)
    _lay(whole, chord, 0.0, length_s, seed=600 + keys[0], gain_db=-16, fade_s=1.0)
    return faded(in_room(whole, ROOM, -7), 0.05, min(2.4, length_s / 2))


def _lay(
    whole: Sound, chord: Sequence[int], at_s: float, length_s: float, *, seed: int, gain_db: float, fade_s: float = 2.5
) -> None:
    """Lay one chord of pads into `whole`, low keys a little softer."""
    for key in chord:
        soft_db = -3.0 if key < 48 else 0.0
        add_at(whole, pad(key, length_s, seed, fade_s=fade_s), at_s, gain_db + soft_db)
