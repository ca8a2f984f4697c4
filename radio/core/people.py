"""Who is asking, and what they are to the station."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person does here. Codes are stored."""

    CONTRIBUTOR = "contributor"
    PRODUCER = "producer"
    EDITOR = "editor"
    REVIEWER = "reviewer"
    KEEPER = "keeper"
    STEWARD = "steward"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Person:
    """A signed-in person, or the station itself when a job acts (`id` is then None)."""

    id: str | None
    name: str
    roles: frozenset[Role]

    def has(self, *roles: Role) -> bool:
        """Whether the person has one of these roles."""
        return not self.roles.isdisjoint(roles)


THE_STATION = Person(None, "the station", frozenset())
"""Acts in jobs and commands; has no editorial power of its own."""
