"""Texts read by two free speech synthesisers, with the times of every sentence.

`A` is the HTS voice "slt" of Festival, `B` the voice "rms" of Flite; both come from Carnegie Mellon's ARCTIC set.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import signal
from scipy.io import wavfile

from sample_making.signal import RATE_HZ, Sound, db, faded, n_samples, silence

VOICES = {"A": "Synthetic voice one", "B": "Synthetic voice two"}
SPEECH_DBFS = -21.0
SENTENCE_PAUSE_S, TURN_PAUSE_S, PARAGRAPH_PAUSE_S = 0.46, 0.72, 1.05

SAID_AS: dict[str, str] = {}
"""Spellings that make the synthesisers say a word as meant; the written text stays as it is."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence and when it is heard, in seconds from the start."""

    voice: str
    text: str
    start_s: float
    stop_s: float


@dataclass(frozen=True, slots=True)
class Turn:
    """What one voice says in one go, a paragraph end (`voice` empty), or a call for music such as `[theme 7]`."""

    voice: str
    sentences: tuple[str, ...] = ()
    music: str = ""
    length_s: float = 0.0


def turns(text: str) -> list[Turn]:
    """The lines of a text: `A: …`, `B: …`, `[music seconds]`, a blank line for a longer pause, `#` for a remark."""
    found: list[Turn] = []
    for line in (raw.strip() for raw in text.splitlines()):
        if line.startswith("#"):
            continue
        if music := re.fullmatch(r"\[(\S+?)(?: ([\d.]+))?\]", line):
            found.append(Turn("", music=music[1], length_s=float(music[2] or 0)))
        elif line:
            voice, words = line.split(":", 1)
            found.append(Turn(voice, tuple(re.findall(r"[^.?!]+[.?!]", words.strip()))))
        else:
            found.append(Turn(""))
    return found


class Reader:
    """Reads sentences aloud; asks the synthesisers once for all of a voice's sentences."""

    def __init__(self, wanted: list[Turn]) -> None:
        self._heard: dict[tuple[str, str], Sound] = {}
        with tempfile.TemporaryDirectory() as folder:
            for voice, ask in (("A", _festival), ("B", _flite)):
                sentences = sorted({s.strip() for turn in wanted if turn.voice == voice for s in turn.sentences})
                for sentence, path in zip(sentences, ask([_said(s) for s in sentences], Path(folder)), strict=True):
                    self._heard[voice, sentence] = _cleaned(path, voice)

    def read(self, turn: Turn, at_s: float) -> tuple[Sound, list[Sentence]]:
        """The sound of one turn, and its sentences as heard from `at_s` on."""
        parts: list[Sound] = []
        sentences: list[Sentence] = []
        now_s = at_s
        for raw in turn.sentences:
            text = raw.strip()
            sound = self._heard[turn.voice, text]
            if parts:
                parts.append(silence(SENTENCE_PAUSE_S))
                now_s += SENTENCE_PAUSE_S
            sentences.append(Sentence(turn.voice, text, now_s, now_s + len(sound) / RATE_HZ))
            parts.append(sound)
            now_s = sentences[-1].stop_s
        return np.concatenate(parts), sentences


def webvtt(sentences: list[Sentence]) -> str:
    """Captions of what the voices say. Source: WebVTT §4."""
    cues = [f"{_clock(s.start_s)} --> {_clock(s.stop_s)}\n<v {VOICES[s.voice]}>{s.text}" for s in sentences]
    return "\n\n".join(["WEBVTT", *cues]) + "\n"


def _clock(at_s: float) -> str:
    at_ms = round(at_s * 1000)
    return f"{at_ms // 3_600_000:02}:{at_ms // 60_000 % 60:02}:{at_ms // 1000 % 60:02}.{at_ms % 1000:03}"


def _said(sentence: str) -> str:
    for written, said in SAID_AS.items():
        sentence = sentence.replace(written, said)
    return sentence


def _festival(sentences: list[str], folder: Path) -> list[Path]:
    paths = [folder / f"a{number}.wav" for number in range(len(sentences))]
    script = ["(voice_cmu_us_slt_arctic_hts)", "(Parameter.set 'Duration_Stretch 1.15)"]
    for sentence, path in zip(sentences, paths, strict=True):
        script.append(f'(utt.save.wave (utt.synth (Utterance Text "{sentence}")) "{path}" \'riff)')
    (folder / "a.scm").write_text("\n".join(script))
    subprocess.run(["festival", "-b", str(folder / "a.scm")], check=True)
    return paths


def _flite(sentences: list[str], folder: Path) -> list[Path]:
    paths = [folder / f"b{number}.wav" for number in range(len(sentences))]
    for sentence, path in zip(sentences, paths, strict=True):
        voice = ["-voice", "rms", "--setf", "duration_stretch=1.1"]
        subprocess.run(["flite", *voice, "-t", sentence, "-o", str(path)], check=True)
    return paths


def _cleaned(path: Path, voice: str) -> Sound:
    """48 kHz, silence cut at both ends, rumble out, the same level for every sentence.

    The first voice is a little thin and gets warmth, the second is a little dull and gets clearness.
    """
    rate_hz, raw = wavfile.read(path)
    sound = signal.resample_poly(raw / 32768.0, RATE_HZ, rate_hz)
    sound = signal.sosfilt(signal.butter(2, 75, "high", fs=RATE_HZ, output="sos"), sound)
    edge_hz, side, share = {"A": (260, "low", 0.25), "B": (2_000, "high", 0.4)}[voice]
    sound = sound + share * signal.sosfilt(signal.butter(1, edge_hz, side, fs=RATE_HZ, output="sos"), sound)
    loud = np.flatnonzero(np.abs(sound) > np.max(np.abs(sound)) * db(-38))
    start, stop = max(0, loud[0] - n_samples(0.03)), min(len(sound), loud[-1] + n_samples(0.12))
    cut = sound[start:stop]
    spoken = np.abs(cut) > np.max(np.abs(cut)) * db(-30)
    level = np.sqrt(np.mean(cut[spoken] ** 2))
    return faded(cut * (db(SPEECH_DBFS) / level), 0.012, 0.08)
