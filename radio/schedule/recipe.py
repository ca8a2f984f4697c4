"""What a future was compiled from, written so that it can be kept once and compiled again: pieces named by their hash. Pure.

A recipe names its pieces: the slots, the station's rules, and the pool in parts, of which a new episode changes one. What was
heard before is not kept twice: it is the rundown as it stood at `head_id`.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from radio.schedule.airings import Airable, Part, canonical
from radio.schedule.policy import StationRules
from radio.schedule.standing import OverrideKind, Standing
from radio.schedule.wallclock import Slot

POOL_PARTS = 32
Pieces = dict[str, tuple[str, bytes]]
"""SHA-256 → what kind of piece it is, and its packed bytes."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that compiling depends on, but for what was heard before and the seed itself."""

    slots: Sequence[Slot]
    pool: Sequence[Airable]
    rules: StationRules
    rules_number: int
    zone: str
    zones: str
    """The release of the zone rules."""
    seed: str
    """The hash of the seed: whoever has the recipe cannot foretell the chance of other days."""
    span: tuple[int, int]
    head_id: int
    """The newest revision when it was compiled; 0: none."""
    algorithm: int
    standing: Sequence[Standing] = ()
    """The overrides that held."""


def part_of_pool(episode_id: str) -> str:
    """Which part of the pool an episode is kept in."""
    return f"pool-{hashlib.sha256(episode_id.encode()).digest()[0] % POOL_PARTS:02}"


def kept(recipe: Recipe) -> tuple[str, Pieces]:
    """The recipe's hash, and all its pieces; the recipe is one of them."""
    pieces: Pieces = {}
    parts: dict[str, list[Airable]] = {}
    for airable in sorted(recipe.pool, key=lambda one: one.episode_id):
        parts.setdefault(part_of_pool(airable.episode_id), []).append(airable)
    said = {
        "slots": _piece(pieces, "slots", [_slot(slot) for slot in recipe.slots]),
        "rules": _piece(pieces, "rules", recipe.rules.stored()),
        "pool": [_piece(pieces, part, [_airable(one) for one in parts[part]]) for part in sorted(parts)],
        "rules_number": recipe.rules_number, "zone": recipe.zone, "zones": recipe.zones, "seed": recipe.seed,
        "span": list(recipe.span), "head": recipe.head_id, "algorithm": recipe.algorithm,
        "overrides": [[one.override_id, *one.facts] for one in recipe.standing],
    }  # fmt: skip
    return _piece(pieces, "recipe", said), pieces


def _piece(pieces: Pieces, kind: str, value: object) -> str:
    text = canonical(value).encode()
    sha256 = hashlib.sha256(text).hexdigest()
    pieces[sha256] = (kind, zlib.compress(text, 6))
    return sha256


def unpacked(content: bytes) -> Any:
    """A piece as it was before it was packed."""
    return json.loads(zlib.decompress(content))


def read(inputs_hash: str, piece: Callable[[str], bytes]) -> Recipe:
    """The recipe with this hash. `piece` gives the packed bytes by their hash, and raises when they are not there."""
    said: Mapping[str, Any] = unpacked(piece(inputs_hash))
    return Recipe(
        slots=tuple(_read_slot(one) for one in unpacked(piece(said["slots"]))),
        pool=tuple(_read_airable(one) for part in said["pool"] for one in unpacked(piece(part))),
        rules=StationRules.read(unpacked(piece(said["rules"]))), rules_number=said["rules_number"], zone=said["zone"],
        zones=said["zones"], seed=said["seed"], span=(said["span"][0], said["span"][1]), head_id=said["head"],
        algorithm=said["algorithm"],
        standing=tuple(Standing(one[0], OverrideKind(one[1]), *one[2:]) for one in said["overrides"]),
    )  # fmt: skip


def _slot(slot: Slot) -> list[object]:
    return [
        slot.slot_id, slot.zone, slot.first_start.isoformat(), slot.length // timedelta(milliseconds=1), slot.rrule, slot.fill,
        sorted(start.isoformat() for start in slot.exceptions), {k.isoformat(): v for k, v in slot.overrides.items()},
        slot.priority, slot.tolerance // timedelta(milliseconds=1), slot.under_run, slot.over_run,
    ]  # fmt: skip


def _read_slot(said: Sequence[Any]) -> Slot:
    slot_id, zone, start, length, rrule, fill, exceptions, overrides, priority, tolerance, under, over = said
    return Slot(
        slot_id, zone, datetime.fromisoformat(start), timedelta(milliseconds=length), rrule, fill,
        frozenset(datetime.fromisoformat(one) for one in exceptions),
        {datetime.fromisoformat(one): changed for one, changed in overrides.items()},
        priority, timedelta(milliseconds=tolerance), under, over,
    )  # fmt: skip


def _airable(one: Airable) -> list[object]:
    return [
        one.episode_id, one.recording_id, one.show_id, one.kind, one.part, one.n_ticks, one.published_tick, one.expires_tick,
        one.night_ok, one.heavy, one.order, sorted(one.tags), sorted(one.voices), sorted(one.notes),
    ]  # fmt: skip


def _read_airable(said: Sequence[Any]) -> Airable:
    episode, recording, show, kind, part, n_ticks, published, expires, night_ok, heavy, order, tags, voices, notes = said
    return Airable(
        episode, recording, show, kind, Part(part), n_ticks, published, expires, night_ok, heavy, order,
        frozenset((list_, code) for list_, code in tags), frozenset(voices), frozenset(notes),
    )  # fmt: skip
