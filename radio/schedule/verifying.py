"""Compiling a day again from what was kept, and comparing it with what was written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from radio.schedule import models, queries, recipe, rules
from radio.schedule.airings import Airing, Part
from radio.schedule.compiling import recent
from radio.schedule.proof import chained, digest, zones_version


@dataclass(frozen=True, slots=True)
class Verified:
    """One revision, and what came of compiling it again.

    Codes: same · different · by-a-person (nothing was compiled) · gone (what it was made of is not kept any more, as after a
    withdrawal) · other-release (another release of the station or of the zone rules made it) · other-seed.
    """

    revision_id: int
    why: str
    code: str
    at_tick: int | None = None
    """Where the first difference is."""


def verified(session: Session, from_tick: int, to_tick: int) -> Iterator[Verified]:
    """Every revision that holds somewhere in a span, compiled again. Seconds for each."""
    made: dict[str, rules.Compiled | str] = {}
    for revision_id in sorted({held[0] for held in queries.held(session, from_tick, to_tick)}):
        revision = session.get_one(models.Revision, revision_id)
        if revision.inputs_hash not in made:
            made[revision.inputs_hash] = _again(session, revision.inputs_hash)
        yield _compared(session, revision, made[revision.inputs_hash])


def _again(session: Session, inputs_hash: str) -> rules.Compiled | str:
    """The future as it is compiled from what was kept; a code: it cannot be."""
    top = session.get(models.Ingredient, inputs_hash)
    if top is None:
        return "gone"
    try:
        found = recipe.read(inputs_hash, lambda sha256: session.get_one(models.Ingredient, sha256).content)
    except NoResultFound:
        return "gone"
    if found.algorithm != rules.ALGORITHM or found.zones != zones_version():
        return "other-release"
    seed = session.get_one(models.Desk, 1).seed
    if digest(seed) != found.seed:
        return "other-seed"
    return rules.compile(
        found.slots, found.pool, zone=ZoneInfo(found.zone), seed=bytes.fromhex(seed), from_tick=found.span[0], to_tick=found.span[1],
        recent=recent(session, found.span[0], found.head_id), rules=found.rules, standing=found.standing,
    )  # fmt: skip


def _compared(session: Session, revision: models.Revision, found: rules.Compiled | str) -> Verified:
    if isinstance(found, str):
        code = "by-a-person" if found == "gone" and revision.why in _BY_PEOPLE else found
        return Verified(revision.id, revision.why, code)
    span = (revision.effective_tick, revision.end_tick)
    written = queries.airings_of(session, revision.id)
    again = [airing for airing in found.airings if span[0] <= airing.start_tick < span[1]]
    again += [a for a in written if a.start_tick >= found.to_tick and a.part is Part.EMERGENCY]  # the joint to the older future
    expected = chained(again, span=span, why=revision.why, inputs_hash=revision.inputs_hash, previous_hash=revision.previous_hash)
    if expected == revision.hash:
        return Verified(revision.id, revision.why, "same")
    return Verified(revision.id, revision.why, "different", _first_difference(written, again))


def _first_difference(written: list[Airing], again: list[Airing]) -> int | None:
    found = next((a for a, b in zip(written, again, strict=False) if a != b), None)
    longer = max(written, again, key=len)[min(len(written), len(again)) :]
    return found.start_tick if found else longer[0].start_tick if longer else None


_BY_PEOPLE = frozenset({"stopped", "alert", "alert-over", "swapped", "resumed"})
