"""The states of an episode and a recording, and the moves between them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from uuid import UUID, uuid5


class State(StrEnum):
    """Where an episode stands."""

    DRAFT = "draft"
    READY = "ready"
    """Submitted: its producer says it is done; others decide."""
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"
    """Taken back, for ever: its id is never used again."""


class RecordingState(StrEnum):
    """Where a recording stands."""

    RECEIVED = "received"
    INGESTING = "ingesting"
    TAKEN = "taken"
    REFUSED = "refused"
    ERASED = "erased"


class Move(StrEnum):
    """What people do with an episode."""

    SUBMIT = "submit"
    SEND_BACK = "send-back"
    PUBLISH = "publish"
    WITHDRAW = "withdraw"


MOVES: Mapping[Move, Mapping[State, State]] = {
    Move.SUBMIT: {State.DRAFT: State.READY},
    Move.SEND_BACK: {State.READY: State.DRAFT},
    Move.PUBLISH: {State.READY: State.PUBLISHED},
    Move.WITHDRAW: {
        State.DRAFT: State.WITHDRAWN,
        State.READY: State.WITHDRAWN,
        State.PUBLISHED: State.WITHDRAWN,
    },
}


def after(move: Move, state: State) -> State | None:
    """The state after the move; None when it may not be made from `state`."""
    return MOVES[move].get(state)


class Scope(StrEnum):
    """Where an episode may be heard: what its teller agreed to. The whole list is `vocabulary/scope.toml`."""

    SITE = "site"
    LIVE = "live"
    PODCAST = "podcast"
    RELAY = "relay"


def first_scopes(kind: str) -> list[str]:
    """What a new episode may be used for until somebody says more: a story leaves the station only when its teller wants it.

    Source: domain study S5: copies in apps and at other stations cannot be called back.
    """
    return [Scope.SITE, Scope.LIVE] if kind == "story" else [Scope.SITE, Scope.LIVE, Scope.PODCAST, Scope.RELAY]


def usual_role(kind: str) -> str:
    """What somebody does in an episode of a kind when nobody says more: in a story or an interview they are a guest."""
    return "guest" if kind in {"story", "interview"} else "host"


STATION_KINDS = frozenset({"ident", "company"})
"""Kinds that live between programmes."""


CHECKED_KINDS = frozenset({"guidance"})
"""What runs out because it must be checked again; other things just end."""
SUMMARY_LIMIT = 4_000
"""Characters of a summary or a show's description. Source: Apple's limit for an episode description."""
NOTES_LIMIT = 20_000
TITLE_LIMIT = 150
VOICE_LIMIT = 80
VOICES_LIMIT = 12
DETAILS = ("none", "mentions", "describes")
INTENSITIES = range(4)

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}")
_PODCASTS = UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6")


def looks_like_language(code: str) -> bool:
    """Whether a code has the form of a language tag. Source: RFC 5646 §2.1, without the rare long forms."""
    return len(code) <= 35 and _LANGUAGE.fullmatch(code) is not None


def podcast_guid(feed_url: str) -> UUID:
    """The id of a feed, made of its first address and kept when the address changes.

    Source: Podcast namespace 1.0, `podcast:guid`: UUIDv5 of the address without scheme and without a slash at the end.
    """
    return uuid5(_PODCASTS, feed_url.split("://", 1)[-1].rstrip("/"))
