"""`/healthz`: whether the station can do its work now. Says which part ails, never why: reasons are for `radio doctor`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from flask import Blueprint, Flask, Response, jsonify

from radio.web.access import Access, access

log = logging.getLogger(__name__)

Check = Callable[[], bool]


def install(app: Flask, checks: Mapping[str, Check]) -> None:
    """Serve `/healthz`: 200 when every check holds, 503 otherwise. A check that raises does not hold."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    @access(Access.PUBLIC)
    def healthz() -> Response:
        parts = {name: "ok" if _holds(name, check) else "ailing" for name, check in checks.items()}
        well = all(state == "ok" for state in parts.values())
        response = jsonify(ok=well, parts=parts)
        response.status_code = 200 if well else 503
        response.headers["Cache-Control"] = "no-store"
        return response

    app.register_blueprint(blueprint)


def _holds(name: str, check: Check) -> bool:
    try:
        return check()
    except Exception as error:  # noqa: BLE001  whatever is wrong with a part, the answer is that it ails
        log.warning("health: %s: %s", name, type(error).__name__)
        return False
