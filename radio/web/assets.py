"""Static files under one hash of the whole tree: relative imports go on working, caching is for ever."""

from __future__ import annotations

import hashlib
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, send_from_directory

from radio.web.access import Access, access

STATIC = Path(__file__).resolve().parent.parent / "static"


def tree_hash(root: Path = STATIC) -> str:
    """Twelve hex digits that change when any file in the tree does."""
    digest = hashlib.sha256()
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def install(app: Flask) -> None:
    """Serve `/static/<hash>/…` and give templates `asset('css/base.css')`."""
    blueprint = Blueprint("assets", __name__)
    current = tree_hash()

    @blueprint.get("/static/<tree>/<path:name>")
    @access(Access.PUBLIC)
    def static(tree: str, name: str) -> Response:
        if len(tree) != 12:
            abort(404)
        response = send_from_directory(STATIC, name, max_age=31_536_000 if tree == current else 60)
        if tree == current:
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        response.headers.pop("Last-Modified", None)
        return response

    app.register_blueprint(blueprint)
    app.jinja_env.globals["asset"] = lambda name: f"/static/{current}/{name}"
