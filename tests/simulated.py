"""A station that lives through days: its catalogue grows, runs out, is taken back, is empty for a week; and what went out is shown lawful."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from media.grid import DAY_TICKS, HOUR_TICKS, SEGMENT_MS, SEGMENT_TICKS, first_tick_from, tick_start_ms
from radio.channel.rules import Aired, Sound, pieces, window
from radio.core.time import unix_ms
from radio.schedule.airings import Airable, Airing, Part, part_of
from radio.schedule.policy import CHILDREN_LISTENING, Hours, StationRules
from radio.schedule.proof import law, prove, prove_support
from radio.schedule.rules import compile as compile_
from radio.schedule.wallclock import Slot, hours

LONDON = ZoneInfo("Europe/London")
SEED = b"a station that lives"
FREEZE_TICKS = HOUR_TICKS
GUARD_TICKS = 25
STEP_TICKS = DAY_TICKS // 2
HEARD_TICKS = 10 * DAY_TICKS
RULES = StationRules(hour_rules=CHILDREN_LISTENING, quiet_times=(Hours("13:00", "13:30", ("SU",)),))
NOTES = (
    (), (), (), (), ("use-mentioned",), ("use-described",), ("overdose",), ("suicide",), ("self-harm", "overdose"), ("strong-language",),
)  # fmt: skip
LOOP_TICKS = 31


@dataclass
class Report:
    """What was seen."""

    days: int = 0
    airings: int = 0
    withdrawn: int = 0
    cut_on_air: int = 0
    expired: int = 0
    parts: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    segments: int = 0


class Simulation:
    """One station from a first instant on. Chance comes from the seed alone."""

    def __init__(self, first: datetime, *, episodes: int = 160, seed: int = 0, zone: ZoneInfo = LONDON) -> None:
        self.chance, self.zone = random.Random(seed), zone
        self.now = self.first_tick = first_tick_from(unix_ms(first))
        self.pool: dict[str, Airable] = {}
        self.ever: dict[str, Airable] = {}
        self.taken_back: dict[str, int] = {}
        self.tape: list[Airing] = []
        self.empty_spans: list[tuple[int, int]] = []
        self.report = Report()
        self.slots = _slots(first)
        self._n = 0
        for n in range(5):
            self._add("message", 22 + 4 * n, show="house-support", tags=frozenset({("support", ("helpline", "overdose")[n % 2])}))
        for n in range(6):
            self._add("ident", 4 + n % 3, show="house")
        self._add("company", 160, show="house")
        for n in range(12):
            self._add("message", 24 + 7 * n, show="between")
        for _ in range(episodes):
            self._publish()

    def live(self, days: int, *, empty_from_day: int | None = None) -> Report:
        """Go through so many days; `empty_from_day`: from that day on there is nothing in the catalogue for a week."""
        started = self.now
        while self.now < started + days * DAY_TICKS:
            day = (self.now - started) // DAY_TICKS
            empty = empty_from_day is not None and empty_from_day <= day < empty_from_day + 7
            effective = self._change() if not empty else None
            self._compile([] if empty else list(self.pool.values()), effective)
            if empty:
                self.empty_spans.append((self.now - HOUR_TICKS, self.now + STEP_TICKS + 3 * HOUR_TICKS))
            self.now += STEP_TICKS
        self.report.days += days
        self._show()
        return self.report

    def _change(self) -> int | None:
        """What people do in half a day; the tick of a withdrawal that cannot wait."""
        for _ in range(self.chance.randrange(3)):
            self._publish()
        self.expired_now = [a for a in self.pool.values() if a.expires_tick is not None and a.expires_tick <= self.now]
        for airable in self.expired_now:
            del self.pool[airable.episode_id]
            self.report.expired += 1
        programmes = sorted(a.episode_id for a in self.pool.values() if a.part is Part.PROGRAMME)
        if len(programmes) < 40 or self.chance.random() < 0.5:
            return None
        on = next((a for a in self.tape if a.start_tick <= self.now + GUARD_TICKS < a.end_tick), None)
        victim = self.chance.choice(programmes)
        if on and on.part is Part.PROGRAMME and self.chance.random() < 0.3:
            victim = str(on.episode_id)
        self.pool.pop(victim, None)
        self.taken_back[victim] = self.now + GUARD_TICKS
        self.report.withdrawn += 1
        return self.now + GUARD_TICKS

    def _compile(self, pool: Sequence[Airable], effective: int | None) -> None:
        frozen = effective if effective is not None else self.now + FREEZE_TICKS
        kept = [a for a in self.tape if a.start_tick < frozen]
        if kept and kept[-1].end_tick > frozen and self.taken_back.get(str(kept[-1].episode_id)) == effective is not None:
            piece = kept[-1].clipped(0, frozen)
            assert piece is not None
            kept[-1] = piece
            self.report.cut_on_air += 1
        start = kept[-1].end_tick if kept else self.now
        found = compile_(
            self.slots, pool, zone=self.zone, seed=SEED, from_tick=start, to_tick=max(start, self.now) + STEP_TICKS + 2 * HOUR_TICKS,
            recent=[a for a in kept if a.end_tick > start - HEARD_TICKS and a.part is not Part.EMERGENCY], rules=RULES,
        )  # fmt: skip
        self.report.faults.update(fault.code for fault in found.faults)
        self.tape = kept + list(found.airings)

    def _publish(self) -> None:
        notes = self.chance.choice(NOTES)
        heavy = self.chance.random() < 0.15
        length = self.chance.choice(
            (self.chance.randint(130, 400), self.chance.randint(400, 1500), self.chance.randint(1500, 4000))
        )
        expires = (
            self.now + self.chance.randint(2, 60) * DAY_TICKS + self.chance.randrange(DAY_TICKS)
            if self.chance.random() < 0.3
            else None
        )
        calm = not heavy and self.chance.random() < 0.7 and not {"use-described", "overdose", "suicide", "self-harm"} & set(notes)
        self._add(
            self.chance.choice(("story", "interview", "programme", "guidance")), length, show=f"show{self.chance.randrange(20)}",
            notes=frozenset(notes), heavy=heavy, expires_tick=expires, night_ok=calm,
            published_tick=self.now + self.chance.choice((0, 0, 0, self.chance.randrange(3 * DAY_TICKS))),
            voices=frozenset({f"voice{self.chance.randrange(60)}"}),
        )  # fmt: skip

    def _add(self, kind: str, n_ticks: int, *, show: str, **more: object) -> None:
        self._n += 1
        name = f"e{self._n:05}"
        fields = {"published_tick": self.now, "expires_tick": None, "night_ok": True, "heavy": False, "order": self._n, **more}
        part = part_of(kind=kind, n_ticks=n_ticks, in_feeds=show != "house")
        self.pool[name] = self.ever[name] = Airable(name, f"r-{name}", show, kind, part, n_ticks, **fields)  # type: ignore[arg-type]

    def _show(self) -> None:
        """Show that all that went out was lawful when it did, from the tape alone.

        Raises:
            UnprovenError: it was not.
        """
        aired = [a for a in self.tape if a.end_tick <= self.now]
        first, last = aired[0].start_tick, aired[-1].end_tick
        bounds = hours(RULES, self.zone, first, last)
        ends = {a.end_tick: a for a in aired}

        def lawful(airing: Airing) -> str | None:
            tick = self.taken_back.get(airing.episode_id or "")
            if tick is not None and airing.end_tick > tick:
                return "taken-back"
            return law(self.ever, bounds, cut_at=tick)(airing)

        prove(aired, first, last, lawful)
        for stretch in self._without_empty(aired):
            prove_support(stretch, self.ever, bounds, RULES)
        self.report.airings += len(aired)
        self.report.parts.update({part: sum(a.n_ticks for a in aired if a.part is part) for part in Part})
        self._segments(aired, sorted(ends))

    def _without_empty(self, aired: Sequence[Airing]) -> list[list[Airing]]:
        """The tape without the times in which there was nothing in the catalogue, and so no support message."""
        stretches: list[list[Airing]] = [[]]
        for airing in aired:
            if any(airing.start_tick < end and start < airing.end_tick for start, end in self.empty_spans):
                stretches.append([])
            else:
                stretches[-1].append(airing)
        return [stretch for stretch in stretches if stretch]

    def _segments(self, aired: Sequence[Airing], joins: Sequence[int]) -> None:
        """Every segment with a join in it is six ticks of something; numbers grow by one."""
        sound = Sound("0" * 64, "key", 0, 7680, 1 << 40)
        known = [Aired(a, sounds={} if a.part is Part.EMERGENCY else {"standard": sound}) for a in aired]
        for join in joins[:-1]:
            segment = join // SEGMENT_TICKS
            start = segment * SEGMENT_TICKS
            made = pieces(known, start, start + SEGMENT_TICKS, profile="standard", now_tick=start, loop_ticks=LOOP_TICKS)
            assert sum(piece.n_ticks for piece in made) == SEGMENT_TICKS
            before, after = window(tick_start_ms(start)), window(tick_start_ms(start) + SEGMENT_MS)
            assert after.start == before.start + 1
            self.report.segments += 1


def _slots(first: datetime) -> tuple[Slot, ...]:
    """A week with every kind of repetition, soft and hard, given, latest, next and chosen."""
    day = first.astimezone(LONDON).replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0) - timedelta(days=21)

    def slot(name: str, at: str, minutes: int, rrule: str, fill: dict[str, object], **more: object) -> Slot:
        start = datetime.combine(day.date(), datetime.fromisoformat(f"2026-01-01T{at}").time())
        return Slot(name, "Europe/London", start, timedelta(minutes=minutes), rrule, fill, **more)  # type: ignore[arg-type]

    once = (first + timedelta(days=3)).replace(tzinfo=None, hour=17, minute=0)
    return (
        slot("small-hours", "01:30:00", 60, "FREQ=DAILY", {"rung": "rotation", "kinds": ["programme", "interview"]}),
        slot("night-story", "23:00:00", 30, "FREQ=DAILY", {"rung": "next", "show_id": "show1"}),
        slot("morning", "07:30:00", 60, "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", {"rung": "latest", "show_id": "show2"}),
        slot("fortnight", "10:00:00", 90, "FREQ=WEEKLY;INTERVAL=2;BYDAY=SA", {"rung": "rotation", "kinds": ["story"]}),
        slot("month", "12:00:00", 45, "FREQ=MONTHLY;BYDAY=1SU", {"rung": "next", "show_id": "show3"}, over_run="run-on"),
        slot("soft", "15:00:00", 60, "FREQ=DAILY", {"rung": "latest", "show_id": "show4"}, tolerance=timedelta(minutes=10)),
        slot("music", "20:00:00", 60, "FREQ=DAILY", {"rung": "next", "show_id": "show5"}, under_run="show"),
        Slot(
            "once", "Europe/London", once, timedelta(minutes=40), "", {"rung": "episode", "episode_id": "e00030"}, under_run="bed"
        ),
    )


def at(*when: int) -> datetime:
    """An instant in UTC."""
    return datetime(*when, tzinfo=UTC)  # type: ignore[misc,arg-type]
