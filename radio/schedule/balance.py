"""How the minutes of a week are shared: by kind, by topic, by what they add to, by voice. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from radio.schedule.airings import Airing, Part


@dataclass(frozen=True, slots=True)
class Share:
    """How much of the programmes has one thing. `code` None: those that say nothing of it."""

    code: str | None
    n_ticks: int
    n_airings: int
    n_episodes: int
    per_cent: int
    """Of all programmes. An episode may have several topics, so these need not add up to 100."""


@dataclass(frozen=True, slots=True)
class Balance:
    """A week's programmes."""

    n_ticks: int
    shares: Mapping[str, Sequence[Share]]
    """Dimension → its shares, the largest first; what has nothing is last."""
    parts: Mapping[Part, int]
    """Part → ticks: how much of the time is idents, shorts, beds and the loop."""


def balance(
    airings: Iterable[Airing], facts: Mapping[str, Mapping[str, Sequence[str]]], offered: Mapping[str, Sequence[str]]
) -> Balance:
    """Count a week. `facts`: dimension → episode → codes. `offered`: dimension → codes that are named even when nothing has them."""
    parts: Counter[Part] = Counter()
    programmes = []
    for airing in airings:
        parts[airing.part] += airing.n_ticks
        if airing.part is Part.PROGRAMME and airing.episode_id:
            programmes.append(airing)
    total = sum(airing.n_ticks for airing in programmes)
    shares = {name: _shares(programmes, of, offered.get(name, ()), total) for name, of in facts.items()}
    return Balance(total, shares, dict(parts))


def _shares(airings: Sequence[Airing], facts: Mapping[str, Sequence[str]], offered: Sequence[str], total: int) -> list[Share]:
    ticks: Counter[str | None] = Counter()
    times: Counter[str | None] = Counter()
    episodes: dict[str | None, set[str]] = {}
    for airing in airings:
        for code in facts.get(airing.episode_id or "") or (None,):
            ticks[code] += airing.n_ticks
            times[code] += 1
            episodes.setdefault(code, set()).add(airing.episode_id or "")
    codes = [*dict.fromkeys([*offered, *(code for code in ticks if code is not None)])]
    codes.sort(key=lambda code: -ticks[code])
    named: list[str | None] = [*codes, *([None] if ticks[None] else [])]
    return [
        Share(code, ticks[code], times[code], len(episodes.get(code, ())), round(100 * ticks[code] / total) if total else 0)
        for code in named
    ]
