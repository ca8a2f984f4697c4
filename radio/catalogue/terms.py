"""The words an episode is tagged with: controlled lists in `vocabulary/*.toml`, one file a list.

A code is stable and never used again for something else. A term that is no longer offered is retired, not
taken away.
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any


class Status(StrEnum):
    """Whether a term is still offered."""

    ACTIVE = "active"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a list.

    `also_called` is only for search and never shown. `sensitive`: with a person who can be recognised it
    is special-category or criminal-offence data, so the teller agrees to the tag or it is not shown. `gate`
    names the kind whose review an episode with this term needs. `maps_to` are codes of outside lists.
    """

    list: str
    code: str
    label: str
    definition: str
    source: str
    also_called: tuple[str, ...] = ()
    broader: str | None = None
    status: Status = Status.ACTIVE
    sensitive: bool = False
    never_at_night: bool = False
    gate: str | None = None
    maps_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TermList:
    """One list; `at_most` is how many of its terms one episode may carry, None for any number."""

    name: str
    label: str
    definition: str
    version: int
    source: str
    at_most: int | None
    terms: tuple[Term, ...]

    @property
    def offered(self) -> tuple[Term, ...]:
        """The terms a producer may choose today, in the order of the file."""
        return tuple(term for term in self.terms if term.status is Status.ACTIVE)


class TagProblem(StrEnum):
    """Why a set of tags cannot stand."""

    UNKNOWN_LIST = "unknown-list"
    UNKNOWN_TERM = "unknown-term"
    RETIRED = "retired"
    REPEATED = "repeated"
    TOO_MANY = "too-many"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one tag, or with one list when `code` is None. `at_most` is set for too many."""

    why: TagProblem
    list: str
    code: str | None = None
    at_most: int | None = None


class UnknownTermError(LookupError):
    """No list has this term."""

    def __init__(self, name: str, code: str) -> None:
        super().__init__(f"{name}:{code}")
        self.list, self.code = name, code


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All lists by name."""

    lists: Mapping[str, TermList]

    def term(self, name: str, code: str) -> Term:
        """The term, retired or not.

        Raises:
            UnknownTermError: there is no such list, or no such code in it.
        """
        if name in self.lists:
            for term in self.lists[name].terms:
                if term.code == code:
                    return term
        raise UnknownTermError(name, code)

    def narrower(self, name: str, code: str) -> tuple[Term, ...]:
        """The term itself and all that stands below it: what a listener means who picks the broad one."""
        own = self.term(name, code)
        below = (term for term in self.lists[name].terms if term.broader == code)
        return (own, *(narrow for term in below for narrow in self.narrower(name, term.code)))

    def find(self, text: str, *, within: Iterable[str] | None = None) -> tuple[Term, ...]:
        """The offered terms whose label, code or other name holds `text`, whole words and labels first.

        Accents and capitals do not matter. `within` names the lists to look in, None for all. Blank finds
        nothing.
        """
        sought = _folded(text)
        if not sought:
            return ()
        names = tuple(self.lists) if within is None else tuple(within)
        ranked = [
            (rank, term) for name in names for term in self.lists[name].offered if (rank := _rank(term, sought)) is not None
        ]
        return tuple(term for _, term in sorted(ranked, key=lambda pair: pair[0]))

    def problems(self, tags: Iterable[tuple[str, str]]) -> tuple[Problem, ...]:
        """What is wrong with tags given as (list, code); empty when they may stand together."""
        chosen = list(tags)
        counted = Counter(chosen)
        each = [problem for tag in counted if (problem := self._problem(tag, counted[tag]))]
        sizes = Counter(name for name, _ in counted if name in self.lists)
        limits = ((name, size, self.lists[name].at_most) for name, size in sizes.items())
        crowded = [
            Problem(TagProblem.TOO_MANY, name, at_most=at_most)
            for name, size, at_most in limits
            if at_most is not None and size > at_most
        ]
        return (*each, *crowded)

    def _problem(self, tag: tuple[str, str], times: int) -> Problem | None:
        name, code = tag
        if name not in self.lists:
            return Problem(TagProblem.UNKNOWN_LIST, name, code)
        try:
            term = self.term(name, code)
        except UnknownTermError:
            return Problem(TagProblem.UNKNOWN_TERM, name, code)
        if term.status is Status.RETIRED:
            return Problem(TagProblem.RETIRED, name, code)
        return Problem(TagProblem.REPEATED, name, code) if times > 1 else None


@cache
def vocabulary() -> Vocabulary:
    """The vocabulary this station is shipped with."""
    folder = files("radio.catalogue") / "vocabulary"
    texts = {entry.name: entry.read_text("utf-8") for entry in folder.iterdir() if entry.name.endswith(".toml")}
    lists = [term_list(tomllib.loads(texts[name])) for name in sorted(texts)]
    return Vocabulary(MappingProxyType({each.name: each for each in lists}))


def offered_roles() -> tuple[Term, ...]:
    """What somebody may do in an episode; the others of the list `role` are the groups these stand in."""
    return tuple(term for term in vocabulary().lists["role"].offered if term.broader is not None)


@cache
def role_words(code: str) -> tuple[str, str]:
    """A role and its group in the words of the Podcast Taxonomy, as feeds write them."""
    term = vocabulary().term("role", code)
    return term.label.lower(), vocabulary().term("role", term.broader or "").label.lower()


def role_of(words: str, group: str = "") -> str:
    """The code of a role that is written as people and feeds write it; empty: there is none of that name.

    `group` decides between two of one name; a group that nobody knows does not matter. Source: podcast namespace, `person`.
    """
    found = [
        term for term in offered_roles() if _folded(words) in {_folded(term.label), term.code, *map(_folded, term.also_called)}
    ]
    of_group = [term for term in found if _folded(vocabulary().term("role", term.broader or "").label) == _folded(group)]
    return next((term.code for term in (*of_group, *found)), "")


def term_list(table: Mapping[str, Any]) -> TermList:
    """A list from the table of its file; a term without `source` or `sensitive` takes the list's."""
    return TermList(
        name=table["list"],
        label=table["label"],
        definition=table["definition"],
        version=table["version"],
        source=table["source"],
        at_most=table.get("at_most"),
        terms=tuple(_term(table, row) for row in table["term"]),
    )


def _term(table: Mapping[str, Any], row: Mapping[str, Any]) -> Term:
    return Term(
        list=table["list"],
        code=row["code"],
        label=row["label"],
        definition=row["definition"],
        source=row.get("source", table["source"]),
        also_called=tuple(row.get("also_called", ())),
        broader=row.get("broader"),
        status=Status(row["status"]),
        sensitive=row.get("sensitive", table.get("sensitive", False)),
        never_at_night=row.get("never_at_night", False),
        gate=row.get("gate"),
        maps_to=tuple(row.get("maps_to", ())),
    )


def _rank(term: Term, sought: str) -> tuple[int, str] | None:
    """How well a term answers, lower is better; None when it does not. A bare letter must be a whole name."""
    names = [_folded(name) for name in (term.label, term.code, *term.also_called)]
    label = names[0]
    if sought in names:
        return (0, label)
    if len(sought) < 2:
        return None
    if any(f" {sought}" in f" {name}" for name in names):
        return (1, label)
    return (2, label) if any(sought in name for name in names) else None


def _folded(text: str) -> str:
    """Small letters without accents, words parted by one space."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(letter))
    return " ".join("".join(letter if letter.isalnum() else " " for letter in plain).split())
