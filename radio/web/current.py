"""Who is asking. The gate tells it before each view; views ask here and never look at a session."""

from __future__ import annotations

from flask import g

from radio.core.people import Person


def enter(person: Person | None) -> None:
    """Tell, for the rest of this request, who is asking; None: nobody we know. For the gate only."""
    g.asking = person


def visitor() -> Person | None:
    """Who is asking, if they signed in. Always None at PUBLIC endpoints."""
    found: Person | None = g.get("asking")
    return found


def me() -> Person:
    """The signed-in person who is asking.

    Raises:
        RuntimeError: the endpoint lets anybody in, so there may be nobody to name.
    """
    person = visitor()
    if person is None:
        raise RuntimeError("me() needs an endpoint that only signed-in people may call")
    return person
