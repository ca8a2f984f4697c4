"""Static files under one hash of the whole tree: relative imports go on working, caching is for ever.

The style sheets stay small files in the tree and are served as one: `css/site.css` for every page, `css/studio.css` for
the rooms behind the sign-in.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from functools import cache
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, request, send_from_directory

from radio.web.access import Access, access

STATIC = Path(__file__).resolve().parent.parent / "static"
SHEETS = {
    "css/site.css": ("css/tokens.css", "css/base.css", "css/components/*.css"),
    "css/studio.css": ("css/studio/*.css",),
}
"""Sheet → the files it is made of, in the order of the cascade."""
_COMPRESSED = {".css", ".js", ".mjs", ".svg", ".webmanifest", ".txt"}


def tree_hash(root: Path = STATIC) -> str:
    """Twelve hex digits that change when any file in the tree does."""
    digest = hashlib.sha256()
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def sheet(name: str, root: Path = STATIC) -> bytes:
    """The style sheet `name` of `SHEETS`: its files, one after the other."""
    return b"\n".join(path.read_bytes() for pattern in SHEETS[name] for path in sorted(root.glob(pattern)))


@cache
def _text(tree: str, name: str) -> tuple[bytes, bytes] | None:  # noqa: ARG001 - the tree is part of the cache's key
    """The bytes of a text file or sheet, plain and gzipped; None: there is no such file."""
    path = STATIC / name
    if name in SHEETS:
        content = sheet(name)
    elif path.is_file():
        content = path.read_bytes()
    else:
        return None
    return content, gzip.compress(content, 9, mtime=0)


def text_response(content: bytes, zipped: bytes, media_type: str) -> Response:
    """A text that is gzipped for whoever takes it."""
    takes_gzip = request.accept_encodings["gzip"] > 0
    response = Response(zipped if takes_gzip else content, mimetype=media_type)
    response.headers["Vary"] = "Accept-Encoding"
    if takes_gzip:
        response.headers["Content-Encoding"] = "gzip"
    return response


def install(app: Flask) -> None:
    """Serve `/static/<hash>/…` and give templates `asset('css/site.css')`."""
    blueprint = Blueprint("assets", __name__)
    current = tree_hash()

    @blueprint.get("/static/<tree>/<path:name>")
    @access(Access.PUBLIC)
    def static(tree: str, name: str) -> Response:
        if len(tree) != 12:
            abort(404)
        response = _answer(current, name)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if tree == current else "public, max-age=60"
        response.headers.pop("Last-Modified", None)
        return response

    app.register_blueprint(blueprint)
    app.jinja_env.globals["asset"] = lambda name: f"/static/{current}/{name}"


def _answer(tree: str, name: str) -> Response:
    clean = ".." not in name.split("/") and Path(name).suffix in _COMPRESSED
    texts = _text(tree, name) if clean else None
    if texts is None:
        return send_from_directory(STATIC, name)
    media_type = "text/javascript" if name.endswith("js") else mimetypes.guess_type(name)[0] or "text/plain"
    return text_response(*texts, media_type)
