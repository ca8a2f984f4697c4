"""How often somebody may try to sign in. Counted in memory under salted hashes; no address is kept."""

from __future__ import annotations

import hashlib
import math
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, Response, request
from flask_limiter import Limiter, RequestLimit

from radio.accounts.rules import name_key
from radio.clock import SystemClock
from radio.station import station
from radio.web import current, errors

PER_NAME, PER_ADDRESS, PER_STATION = "10 per 5 minutes", "30 per minute", "120 per minute"
"""The last keeps the sound going: each try costs a fifth of a second of one core."""

_GUESSED = ("security.login", "security.verify", "security.change_password", "security.wan_signin_response",
            "security.wan_verify_response", "accounts.welcome")  # fmt: skip


class Salt:
    """Hides what is counted; forgotten after ten minutes. Source: requirement S34."""

    def __init__(self) -> None:
        self._made_at: datetime | None = None
        self._salt = b""

    def hide(self, text: str, now: datetime) -> str:
        """A key that nobody can turn back."""
        if self._made_at is None or not self._made_at <= now < self._made_at + timedelta(minutes=10):
            self._made_at, self._salt = now, secrets.token_bytes(16)
        return hashlib.blake2b(text.encode(), key=self._salt, digest_size=16).hexdigest()


def install(app: Flask) -> None:
    """Count the tries at every door where something can be guessed; call it when all of them are there."""
    salt = Salt()

    def address() -> str:
        return salt.hide("address " + (request.remote_addr or ""), station().now())

    def name() -> str:
        person = current.visitor()
        tried = person.name if person else request.form.get("username", request.path)
        return salt.hide("name " + name_key(tried), station().now())

    hooks: tuple[Any, ...] = (app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs)
    ours = [list(hook.get(None, ())) for hook in hooks]
    limiter = Limiter(address, app=app, storage_uri="memory://", strategy="moving-window", on_breach=_later)
    for hook, known in zip(hooks, ours, strict=True):
        hook[None] = [*known, *(_at_a_door(look) for look in hook[None] if look not in known)]
    for endpoint in _GUESSED:
        if endpoint not in app.view_functions:
            continue
        view: Any = app.view_functions[endpoint]
        for rate, key in ((PER_STATION, lambda: "station"), (PER_ADDRESS, address), (PER_NAME, name)):
            view = limiter.limit(rate, key_func=key, methods=["POST"], scope="sign-in")(view)
        app.view_functions[endpoint] = view


def _later(limit: RequestLimit) -> Response:
    """The refusal, and when the next try is taken: what is asked for before is refused again."""
    machine_s = SystemClock().unix_ms() / 1000  # by which the library counts
    return errors.answer(429, later_s=max(1, math.ceil(limit.window.reset_time - machine_s)))


def _at_a_door(look: Callable[..., Any]) -> Callable[..., Any]:
    """What the library does at every request, only where something can be guessed: a fifth of the cost of a live segment."""

    def looking(*answer: Any) -> Any:
        return look(*answer) if request.endpoint in _GUESSED else (answer or (None,))[0]

    return looking
