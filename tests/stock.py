"""What a station that lives has on its shelves: episodes of every kind, behind each a real recording, and a week of slots."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from media.grid import first_tick_from, tick_at
from radio.catalogue.actions import set_voices
from radio.catalogue.models import Episode, EpisodeTag, Show
from radio.catalogue.rules import State
from radio.clock import SetClock
from radio.core.time import unix_ms
from radio.schedule.airings import Airable, night_ok, part_of
from tests.makers import make_episode, make_show, make_slot
from tests.recorded import Recorded

NOTES = (
    (), (), (), (), ("use-mentioned",), ("use-described",), ("overdose",), ("suicide",), ("self-harm", "overdose"), ("strong-language",),
)  # fmt: skip


@dataclass(frozen=True)
class Lengths:
    """How long what is heard may be, in ticks: of each a recording."""

    programmes: tuple[int, ...]
    shorts: tuple[int, ...]
    supports: tuple[int, ...]
    idents: tuple[int, ...]
    bed: int
    alert: int

    @property
    def all(self) -> list[int]:
        """Each once."""
        return sorted({*self.programmes, *self.shorts, *self.supports, *self.idents, self.bed, self.alert})


class Stock:
    """The catalogue of one station, and what is known of each episode apart from its rows."""

    def __init__(
        self, session: Session, clock: SetClock, recorded: Mapping[int, Recorded], lengths: Lengths, chance: random.Random
    ) -> None:
        self.session, self.clock, self.recorded, self.lengths, self.chance = session, clock, recorded, lengths, chance
        self.ever: dict[str, Airable] = {}
        self._n = 0

    def lay_in(self, episodes: int) -> None:
        """What a station has on its first day, and so many programmes."""
        now, lengths = self.clock.now(), self.lengths
        for slug in ("support", "between", "desk", *(f"show{n}" for n in range(12))):
            make_show(self.session, slug=slug, title=slug, now=now)
        make_show(self.session, slug="house", title="House", in_feeds=False, now=now)
        for n in range(5):
            told = ("helpline", "overdose")[n % 2]
            self.know(
                self.episode("message", lengths.supports[n % len(lengths.supports)], show="support", tags=(("support", told),))
            )
        for n in range(6):
            self.know(self.episode("ident", lengths.idents[n % len(lengths.idents)], show="house"))
        for n in range(3 * len(lengths.shorts)):
            self.know(self.episode("message", lengths.shorts[n % len(lengths.shorts)], show="between"))
        self.know(self.episode("company", lengths.bed, show="house"))
        for _ in range(episodes):
            self.programme()
        self._make_week()

    def _make_week(self) -> None:
        now, first = self.clock.now(), self.clock.now().date() - timedelta(days=7)
        shows = {slug: self._show(slug).id for slug in (f"show{n}" for n in range(5))}
        rows = (
            ("01:30", 60, "FREQ=DAILY", {"rung": "rotation", "kinds": ["programme", "interview"]}, {}),
            ("23:00", 30, "FREQ=DAILY", {"rung": "next", "show_id": shows["show1"]}, {}),
            ("07:30", 45, "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", {"rung": "latest", "show_id": shows["show2"]}, {}),
            ("12:00", 45, "FREQ=MONTHLY;BYDAY=1SU", {"rung": "next", "show_id": shows["show3"]}, {"over_run": "run-on"}),
            ("15:00", 60, "FREQ=DAILY", {"rung": "latest", "show_id": shows["show4"]}, {"start_rule": "soft", "tolerance_minutes": 10}),
            ("20:00", 60, "FREQ=WEEKLY;INTERVAL=2;BYDAY=SA,SU", {"rung": "next", "show_id": shows["show0"]}, {"under_run": "bed"}),
        )  # fmt: skip
        for at, minutes, rrule, fill, more in rows:
            slot = make_slot(
                self.session, title=at, first_start=f"{first}T{at}:00", length_minutes=minutes, rrule=rrule, fill=fill, now=now
            )
            for name, value in more.items():
                setattr(slot, name, value)

    def programme(self) -> None:
        """One more programme, as chance wants it."""
        heavy, notes = self.chance.random() < 0.15, self.chance.choice(NOTES)
        expires = self.clock.now() + timedelta(hours=self.chance.randint(30, 1400)) if self.chance.random() < 0.3 else None
        kind = self.chance.choice(("story", "interview", "programme", "guidance"))
        episode = self.episode(
            kind, self.chance.choice(self.lengths.programmes), show=f"show{self.chance.randrange(12)}", notes=notes
        )
        episode.expires_at, episode.intensity = expires, 2 if heavy else 0
        set_voices(self.session, episode, [f"voice {self.chance.randrange(40)}"], named=False, now=self.clock.now())
        self.session.flush()
        self.know(episode, tick_at(unix_ms(expires)) if expires else None)

    def _show(self, slug: str) -> Show:
        return self.session.scalars(select(Show).where(Show.slug == slug)).one()

    def episode(
        self, kind: str, n_ticks: int, *, show: str, notes: tuple[str, ...] = (), tags: tuple[tuple[str, str], ...] = ()
    ) -> Episode:
        """A published episode of a show (by its slug) with sound of so many ticks."""
        self._n += 1
        episode = make_episode(
            self.session, show=self._show(show), title=f"{kind} {self._n}", kind=kind, state=State.PUBLISHED, ticks=n_ticks,
            now=self.clock.now(),
        )  # fmt: skip
        episode.episode_number, episode.content_notes = self._n, [{"code": note} for note in notes]
        self.session.add_all(EpisodeTag(episode_id=episode.id, vocabulary=list_, code=code) for list_, code in tags)
        assert episode.recording is not None
        self.recorded[n_ticks].stand_behind(episode.recording)
        self.session.flush()
        return episode

    def know(self, episode: Episode, expires_tick: int | None = None) -> None:
        """Remember what was said of it, worked out apart."""
        recording = episode.recording
        assert recording is not None
        assert episode.published_at is not None
        notes = frozenset(str(note["code"]) for note in episode.content_notes or ())
        self.session.refresh(episode, ["tags", "voices", "show"])
        self.ever[episode.id] = Airable(
            episode.id, recording.id, episode.show_id, episode.kind,
            part_of(kind=episode.kind, n_ticks=recording.n_ticks or 0, in_feeds=episode.show.in_feeds), recording.n_ticks or 0,
            first_tick_from(unix_ms(episode.published_at)), expires_tick,
            night_ok(intensity=episode.intensity, detail=episode.detail, notes=notes), episode.intensity >= 2, self._n,
            frozenset((tag.vocabulary, tag.code) for tag in episode.tags), frozenset(v.voice_id for v in episode.voices), notes,
        )  # fmt: skip
