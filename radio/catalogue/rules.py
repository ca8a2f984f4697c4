"""The states of an episode and a recording, and the moves between them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


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


STATION_KINDS = frozenset({"ident", "company"})
"""Kinds that live between programmes."""
