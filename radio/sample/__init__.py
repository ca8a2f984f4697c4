"""The sample station: sound and words made with software, so that the first start is alive. Nobody speaks in it.

`load()` gives what `station.toml` says; whoever seeds a station sends it through the same doors as anything else.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

HERE = Path(str(files("radio.sample")))


@dataclass(frozen=True, slots=True)
class SampleShow:
    """A show of the sample; `in_feeds` is False for the station's own sounds. All are synthetic."""

    slug: str
    title: str
    description: str
    language: str
    category: str
    kind: str
    in_feeds: bool
    synthetic: bool = True


@dataclass(frozen=True, slots=True)
class SampleEpisode:
    """An episode of the sample, the file that holds its sound, and its captions when a voice is heard.

    `show` is a slug. `tags` are (list, code) of the vocabulary. `content_notes` is empty and not unknown: the texts
    were read, and nothing in them needs a note.
    """

    name: str
    audio: Path
    transcript: Path | None
    show: str
    title: str
    summary: str
    notes: str
    kind: str
    language: str
    tags: tuple[tuple[str, str], ...]
    synthetic: bool = True
    intensity: int = 0
    detail: str = "none"
    content_notes: tuple[()] = ()


@dataclass(frozen=True, slots=True)
class SampleFill:
    """What fills a slot: `rung` is episode, latest, next or rotation; `shows` are slugs, `episode` is a name."""

    rung: str
    episode: str | None
    show: str | None
    shows: tuple[str, ...]
    kinds: tuple[str, ...]
    tags: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SampleSlot:
    """A place in the week by the wall clock. `start_rule` is hard or soft."""

    title: str
    weekdays: tuple[str, ...]
    starts_at: time
    length_minutes: int
    start_rule: str
    fill: SampleFill

    @property
    def rrule(self) -> str:
        """How it recurs. Source: RFC 5545 §3.3.10."""
        return f"FREQ=WEEKLY;BYDAY={','.join(day.upper() for day in self.weekdays)}"


@dataclass(frozen=True, slots=True)
class Sample:
    """All of the sample station. `sentence` stands in the notes of every episode."""

    name: str
    sentence: str
    shows: tuple[SampleShow, ...]
    episodes: tuple[SampleEpisode, ...]
    slots: tuple[SampleSlot, ...]


@cache
def load() -> Sample:
    """The sample station as shipped."""
    return sample(tomllib.loads((HERE / "station.toml").read_text("utf-8")), HERE)


def sample(table: Mapping[str, Any], folder: Path) -> Sample:
    """The sample station that `table` describes, its files in `folder`."""
    shows = tuple(_show(row) for row in table["show"])
    languages = {show.slug: show.language for show in shows}
    return Sample(
        name=table["name"],
        sentence=table["sentence"],
        shows=shows,
        episodes=tuple(_episode(row, folder, languages, table["sentence"]) for row in table["episode"]),
        slots=tuple(_slot(row) for row in table["slot"]),
    )


def _show(row: Mapping[str, Any]) -> SampleShow:
    return SampleShow(
        slug=row["slug"],
        title=row["title"],
        description=row["description"].strip(),
        language=row["language"],
        category=row["category"],
        kind=row["kind"],
        in_feeds=row.get("in_feeds", True),
    )


def _episode(row: Mapping[str, Any], folder: Path, languages: Mapping[str, str], sentence: str) -> SampleEpisode:
    form = [("form", "audio"), *([("voice", "synthetic")] if row["spoken"] else [])]
    own = row.get("notes", "").strip()
    return SampleEpisode(
        name=row["name"],
        audio=folder / "audio" / f"{row['name']}.opus",
        transcript=folder / "transcripts" / f"{row['name']}.vtt" if row["spoken"] else None,
        show=row["show"],
        title=row["title"],
        summary=row["summary"],
        notes="\n\n".join(part for part in (sentence, own) if part),
        kind=row["kind"],
        language=languages[row["show"]],
        tags=(*_tags(row), *form),
    )


def _slot(row: Mapping[str, Any]) -> SampleSlot:
    fill = row["fill"]
    return SampleSlot(
        title=row["title"],
        weekdays=tuple(row["every"]),
        starts_at=time.fromisoformat(row["at"]),
        length_minutes=row["minutes"],
        start_rule=row.get("start", "hard"),
        fill=SampleFill(
            rung=fill["rung"],
            episode=fill.get("episode"),
            show=fill.get("show"),
            shows=tuple(fill.get("shows", ())),
            kinds=tuple(fill.get("kinds", ())),
            tags=_tags(fill),
        ),
    )


def _tags(row: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((name, code) for name, code in row.get("tags", ()))
