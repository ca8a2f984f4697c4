"""Every endpoint declares who may call it, or the application does not start."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar

from flask import Blueprint, Flask

from radio.core.people import Role

View = TypeVar("View", bound=Callable[..., Any])


class Access(Enum):
    """Who may call an endpoint. Stewards may do what editors may, editors what producers may."""

    PUBLIC = frozenset[Role]()
    """Anybody, without an account; the session is not even looked at."""
    ANYONE = frozenset({"anyone"})
    """Anybody; the page may know who is signed in (sign-in pages)."""
    SIGNED_IN = frozenset(Role)
    PRODUCER = frozenset({Role.PRODUCER, Role.EDITOR, Role.STEWARD})
    EDITOR = frozenset({Role.EDITOR, Role.STEWARD})
    STEWARD = frozenset({Role.STEWARD})
    STOP = frozenset({Role.EDITOR, Role.STEWARD, Role.OPERATOR})
    """Who may stop the station, alone."""
    DESK = frozenset({Role.PRODUCER, Role.EDITOR, Role.STEWARD, Role.OPERATOR})
    """Who may look at what is on the air; what each may do there is asked of `editorial.rules`."""
    OPERATOR = frozenset({Role.OPERATOR, Role.STEWARD})


def access(who: Access) -> Callable[[View], View]:
    """Declare who may call this view."""

    def declare(view: View) -> View:
        view.__dict__["access"] = who
        return view

    return declare


def declare_blueprint(blueprint: Blueprint | Flask, endpoints: dict[str, Access]) -> None:
    """Declare for views that a library brings; endpoints by their full name."""
    blueprint.__dict__.setdefault("declared_access", {}).update(endpoints)


def access_of(app: Flask, endpoint: str) -> Access | None:
    """What an endpoint declared; None: nothing."""
    declared: dict[str, Access] = app.__dict__.get("declared_access", {})
    if endpoint in declared:
        return declared[endpoint]
    view = app.view_functions.get(endpoint)
    found = getattr(view, "access", None)
    return found if isinstance(found, Access) else None


def refuse_undeclared(app: Flask) -> None:
    """Stop the start when an endpoint says nothing.

    Raises:
        RuntimeError: names every endpoint that lacks `@access`.
    """
    silent = sorted({rule.endpoint for rule in app.url_map.iter_rules() if access_of(app, rule.endpoint) is None})
    if silent:
        raise RuntimeError("These endpoints do not declare who may call them (add @access): " + ", ".join(silent))
