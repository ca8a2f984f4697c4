"""The values of a rundown: what can be aired, what is aired when, and what the night forbids. Pure."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

from media.grid import HOUR_TICKS
from radio.schedule.policy import SUPPORTS, StationRules

SHORT_TICKS = 125
"""What is at most two minutes long stands between programmes."""
BED_KIND = "company"
SUPPORT_LIST = "support"
"""The list of the vocabulary that says what a support message tells."""


class Part(StrEnum):
    """What an airing is in the day. Codes are stored."""

    PROGRAMME = "programme"
    FILLER = "filler"
    IDENT = "ident"
    BED = "bed"
    EMERGENCY = "emergency"


LOOP_TELLS_TICKS = 60
"""The emergency loop says where help is; in so much of it that is heard whole, wherever it begins."""
CUTTABLE = frozenset({Part.BED, Part.EMERGENCY})
"""All that may be cut. A person's story never is."""

NOT_AT_NIGHT = frozenset({
    "use-described", "injecting", "drug-sounds", "overdose", "withdrawal-described", "suicide", "self-harm",
    "abuse-domestic", "abuse-sexual", "abuse-child", "sudden-noise",
})  # fmt: skip
"""Content notes that keep an episode off the night."""

ON_REQUEST_KINDS = frozenset({"alert", "training", "message", "ident"})
"""Kinds that only a slot or a gap calls for; the rotation never does."""


def night_ok(*, intensity: int, detail: str, notes: Collection[str] | None) -> bool:
    """Whether an episode may be heard at night. `notes` None: nobody has said yet, so it may not."""
    if notes is None:
        return False
    return intensity <= 1 and detail in {"none", "mentions"} and NOT_AT_NIGHT.isdisjoint(notes)


def part_of(*, kind: str, n_ticks: int, in_feeds: bool) -> Part:
    """The part an episode plays by what it is. A bed is company that has no page of its own."""
    if kind == "ident":
        return Part.IDENT
    if kind == BED_KIND and not in_feeds:
        return Part.BED
    return Part.FILLER if n_ticks <= SHORT_TICKS else Part.PROGRAMME


@dataclass(frozen=True, slots=True)
class Airable:
    """An episode that may go on air, as compiling needs it."""

    episode_id: str
    recording_id: str
    show_id: str
    kind: str
    part: Part
    n_ticks: int
    published_tick: int
    """From this tick on it is public."""
    expires_tick: int | None
    """It must have ended before this tick; None: it does not expire."""
    night_ok: bool
    heavy: bool
    order: int
    """Its place in its show."""
    tags: frozenset[tuple[str, str]] = frozenset()
    voices: frozenset[str] = frozenset()
    """Who is heard, by id."""
    notes: frozenset[str] = frozenset()
    """Its content notes, as far as they count for the air."""

    @property
    def is_relayed(self) -> bool:
        """An alert: it is heard when somebody relays it, with an issuer and an end. No slot, gap or swap asks for one."""
        return self.kind == "alert"

    @property
    def supports(self) -> frozenset[str]:
        """What it tells as a support message: of `policy.SUPPORTS`, empty for what is none."""
        short = self.part in {Part.FILLER, Part.IDENT}
        return (
            frozenset(code for list_, code in self.tags if list_ == SUPPORT_LIST and code in SUPPORTS) if short else frozenset()
        )

    def needs(self, rules: StationRules) -> frozenset[str]:
        """Which support messages stand before and after it."""
        return frozenset(support for note, support in rules.support_around if note in self.notes)


@dataclass(frozen=True, slots=True)
class Airing:
    """One recording, or the emergency loop (`recording_id` None), over `[start_tick, end_tick)`."""

    start_tick: int
    n_ticks: int
    part: Part
    episode_id: str | None = None
    recording_id: str | None = None
    first_tick: int = 0
    """The tick inside the recording at which the airing begins."""
    slot_id: str | None = None
    reason: str = "{}"
    """Canonical JSON: a code and facts; a template puts them into words."""

    @property
    def end_tick(self) -> int:
        """The first tick that is no longer its own."""
        return self.start_tick + self.n_ticks

    def clipped(self, from_tick: int, to_tick: int) -> Airing | None:
        """What of it lies in `[from_tick, to_tick)`; None: nothing."""
        start, end = max(self.start_tick, from_tick), min(self.end_tick, to_tick)
        if start >= end:
            return None
        if (start, end) == (self.start_tick, self.end_tick):
            return self
        skipped = 0 if self.part is Part.EMERGENCY else start - self.start_tick
        return replace(self, start_tick=start, n_ticks=end - start, first_tick=self.first_tick + skipped)

    @property
    def why(self) -> Mapping[str, object]:
        """The reason, read."""
        found: dict[str, object] = json.loads(self.reason)
        return found


def reason(code: str, **facts: object) -> str:
    """Why an airing is there, as canonical JSON."""
    return canonical({"code": code, **{name: value for name, value in facts.items() if value not in (None, (), [])}})


def canonical(value: object) -> str:
    """The one JSON form of a value: sorted, without spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def emergency(from_tick: int, to_tick: int, why: str = "nothing-planned") -> Airing:
    """The bundled loop over a span."""
    return Airing(from_tick, to_tick - from_tick, Part.EMERGENCY, reason=reason(why))


@dataclass(frozen=True, slots=True)
class Rundown:
    """What is aired over `[from_tick, to_tick)`, without a hole: where nothing was planned stands the emergency loop."""

    from_tick: int
    to_tick: int
    airings: tuple[Airing, ...]

    def within(self, from_tick: int, to_tick: int) -> tuple[Airing, ...]:
        """The airings that touch a span, whole."""
        first = max(0, bisect_right(self.airings, from_tick, key=lambda airing: airing.start_tick) - 1)
        found = []
        for airing in self.airings[first:]:
            if airing.start_tick >= to_tick:
                break
            if airing.end_tick > from_tick:
                found.append(airing)
        return tuple(found)


def on_air(rundown: Rundown, tick: int) -> Airing | None:
    """The airing that covers a tick; None: the rundown does not reach there."""
    return next(iter(rundown.within(tick, tick + 1)), None)


def without_holes(airings: Iterable[Airing], from_tick: int, to_tick: int) -> Rundown:
    """A rundown of ordered airings, with the emergency loop where there are none."""
    filled: list[Airing] = []
    cursor = from_tick
    for airing in airings:
        if airing.start_tick > cursor:
            filled.append(emergency(cursor, airing.start_tick))
        filled.append(airing)
        cursor = airing.end_tick
    if cursor < to_tick:
        filled.append(emergency(cursor, to_tick))
    return Rundown(from_tick, to_tick, tuple(filled))


@dataclass(frozen=True, slots=True)
class Night:
    """The spans of ticks in which only what is calm may be heard, in order."""

    spans: tuple[tuple[int, int], ...]

    def touches(self, from_tick: int, to_tick: int) -> bool:
        """Whether any tick of a span is at night."""
        return self.next_from(from_tick) < to_tick

    def next_from(self, tick: int) -> int:
        """The first tick at night from `tick` on; `tick` itself when it is night; far away when there is none."""
        index = bisect_right(self.spans, tick, key=lambda span: span[0]) - 1
        if index >= 0 and tick < self.spans[index][1]:
            return tick
        return self.spans[index + 1][0] if index + 1 < len(self.spans) else 1 << 60

    def around(self, tick: int) -> tuple[int, int] | None:
        """The span that a tick lies in; None: none."""
        index = bisect_right(self.spans, tick, key=lambda span: span[0]) - 1
        return self.spans[index] if index >= 0 and tick < self.spans[index][1] else None


@dataclass(frozen=True, slots=True)
class Barred:
    """Hours in which some kinds and content notes may not be heard."""

    hours: Night
    kinds: frozenset[str]
    notes: frozenset[str]

    def bars(self, airable: Airable) -> bool:
        """Whether the episode is one of them."""
        return airable.kind in self.kinds or not self.notes.isdisjoint(airable.notes)


@dataclass(frozen=True, slots=True)
class Hours:
    """What the hours forbid over a span of time."""

    quiet: Night
    """The nights, and what the stewards want as quiet."""
    barred: tuple[Barred, ...] = ()


def differing(old: Sequence[Airing], new: Sequence[Airing]) -> list[tuple[int, int]]:
    """The spans in which two tilings of the same ticks differ, cut where both have a join; near ones are one."""
    joins = sorted({a.start_tick for a in old} & {a.start_tick for a in new})
    if not new:
        return []
    joins.append(new[-1].end_tick)
    spans: list[tuple[int, int]] = []
    before, after = _by_start(old), _by_start(new)
    for start, end in pairwise(joins):
        if before[start] == after[start] and before[start].end_tick == end:
            continue
        if spans and start - spans[-1][1] < HOUR_TICKS // 4:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


def _by_start(airings: Sequence[Airing]) -> dict[int, Airing]:
    return {airing.start_tick: airing for airing in airings}
