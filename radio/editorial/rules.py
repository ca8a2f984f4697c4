"""Who may do what with an episode, and what it still lacks. Pure.

Producers make and take back what they made; editors and stewards help describe; only stewards put on air.
Review by two people and the teller's consent come into `missing` and `may` here, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from radio.catalogue.rules import STATION_KINDS, Move, RecordingState, State
from radio.catalogue.terms import UnknownTermError, vocabulary
from radio.core.people import Person, Role

AT_THE_CONSOLE = Person(None, "the command line", frozenset({Role.STEWARD}))
"""Whoever holds the machine's own command line may do what a steward may; the trail says that the station did it."""


class Lack(StrEnum):
    """What is missing before an episode can go out."""

    TITLE = "title"
    KIND = "kind"
    SUMMARY = "summary"
    TAGS = "tags"
    CONTENT_NOTES = "content-notes"
    RECORDING = "recording"
    RECORDING_REFUSED = "recording-refused"
    RECORDING_WORKING = "recording-working"


class Surface(StrEnum):
    """Where something public can be met, and so must be gone from; in the order of a receipt."""

    PAGE = "page"
    SEARCH = "search"
    AIR = "air"
    COPY = "copy"
    FEEDS = "feeds"
    DOWNLOADS = "downloads"
    STORE = "store"


OF_APPS = (Surface.FEEDS, Surface.DOWNLOADS)
"""Where what may not be in podcast apps any more must be gone from."""


def surfaces(state: State, unshared_at: datetime | None) -> tuple[Surface, ...]:
    """Where an episode must be gone from; nowhere: it is neither taken back nor out of apps."""
    if state is State.WITHDRAWN:
        return tuple(Surface)
    return OF_APPS if state is State.PUBLISHED and unshared_at is not None else ()


class Hands(StrEnum):
    """Who can give what is missing."""

    MAKER = "maker"
    STATION = "station"
    STEWARD = "steward"


class Power(StrEnum):
    """What people may do with what is on the air."""

    LOOK = "look"
    STOP = "stop"
    RESUME = "resume"
    SWAP = "swap"
    ALERT = "alert"


_WHO_MAY = {
    Power.LOOK: (Role.PRODUCER, Role.EDITOR, Role.STEWARD, Role.OPERATOR),
    Power.STOP: (Role.EDITOR, Role.STEWARD, Role.OPERATOR),
    Power.RESUME: (Role.EDITOR, Role.STEWARD),
    Power.SWAP: (Role.EDITOR, Role.STEWARD),
    Power.ALERT: (Role.STEWARD,),
}
"""Pulling is easier than putting on: who looks after the machines may stop, and nothing else."""


def has_power(person: Person, power: Power) -> bool:
    """Whether one person alone may do this with what is on the air."""
    return person.has(*_WHO_MAY[power])


class _Recording(Protocol):
    @property
    def state(self) -> RecordingState: ...


class _Tag(Protocol):
    @property
    def vocabulary(self) -> str: ...
    @property
    def code(self) -> str: ...


class _Episode(Protocol):
    @property
    def title(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def content_notes(self) -> Sequence[object] | None: ...
    @property
    def tags(self) -> Iterable[_Tag]: ...
    @property
    def recording(self) -> _Recording | None: ...
    @property
    def recordings(self) -> Sequence[_Recording]: ...


def terms_with_feeds(episode: _Episode) -> list[str]:
    """The kind and the tags, `list:code`, under which an episode is told in feeds; those that are never shown have none."""
    terms = [("kind", episode.kind), *((tag.vocabulary, tag.code) for tag in episode.tags)]
    return [f"{listed}:{code}" for listed, code in terms if _is_shown(listed, code)]


def _is_shown(listed: str, code: str) -> bool:
    """Whether there is a feed of it. Nobody is kept from taking something back by a word that no list has."""
    try:
        return not vocabulary().term(listed, code).sensitive
    except UnknownTermError:
        return False


def missing(episode: _Episode) -> tuple[Lack, ...]:
    """What is lacking, in the order in which a person would give it; empty: it can be submitted."""
    lacks = (
        (_recording_lack(episode), True),
        (Lack.TITLE, not episode.title.strip()),
        (Lack.KIND, episode.kind not in {term.code for term in vocabulary().lists["kind"].offered}),
        (Lack.SUMMARY, not episode.summary.strip() and episode.kind not in STATION_KINDS),
        (Lack.TAGS, bool(vocabulary().problems((tag.vocabulary, tag.code) for tag in episode.tags))),
        (Lack.CONTENT_NOTES, episode.content_notes is None),
    )
    return tuple(lack for lack, lacking in lacks if lack is not None and lacking)


def _recording_lack(episode: _Episode) -> Lack | None:
    takes = episode.recordings
    if takes and takes[-1].state in {RecordingState.RECEIVED, RecordingState.INGESTING}:
        return Lack.RECORDING_WORKING
    if episode.recording is not None and episode.recording.state is RecordingState.TAKEN:
        return None
    return Lack.RECORDING_REFUSED if takes and takes[-1].state is RecordingState.REFUSED else Lack.RECORDING


def hands(lack: Lack) -> Hands:
    """In whose hands it is."""
    return Hands.STATION if lack is Lack.RECORDING_WORKING else Hands.MAKER


def waits_for(state: State, lacks: Sequence[Lack]) -> Hands | None:
    """Who has the next step with an episode; None: nobody, it is out or taken back."""
    if state is State.READY:
        return Hands.STEWARD
    if state is State.DRAFT:
        return Hands.STATION if Lack.RECORDING_WORKING in lacks and len(lacks) == 1 else Hands.MAKER
    return None


def may(person: Person, move: Move, made_by: str | None) -> bool:
    """Whether this person may make this move with an episode that `made_by` made (None: the station)."""
    if person.has(Role.STEWARD):
        return True
    own = person.id is not None and person.id == made_by
    match move:
        case Move.SUBMIT:
            return own and person.has(Role.PRODUCER, Role.EDITOR)
        case Move.SEND_BACK:
            return own or person.has(Role.EDITOR)
        case Move.PUBLISH:
            return False
        case Move.WITHDRAW:
            return own


def may_describe(person: Person, state: State, made_by: str | None) -> bool:
    """Whether this person may change what is said of an episode, or its recording.

    What others are looking at, or listeners already see, only stewards and editors change.
    """
    if state is State.WITHDRAWN:
        return False
    if person.has(Role.STEWARD, Role.EDITOR):
        return True
    return state is State.DRAFT and person.has(Role.PRODUCER) and person.id is not None and person.id == made_by


def may_replace_recording(person: Person, state: State, made_by: str | None) -> bool:
    """Whether this person may give an episode another recording: only while it is a draft."""
    return state is State.DRAFT and may_describe(person, state, made_by)


def may_see(person: Person, made_by: str | None) -> bool:
    """Whether this person may see an episode in the studio before it is public."""
    return person.has(Role.STEWARD, Role.EDITOR) or (person.id is not None and person.id == made_by)
