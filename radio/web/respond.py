"""Answers that speak HTTP exactly: validators, ranges, HEAD."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Callable, Iterable

from flask import Response, request

from media.errors import UnsatisfiableRangeError
from media.ranges import content_range, if_range_matches, single
from media.types import ByteRange

Bytes = Callable[[ByteRange], Iterable[bytes]]


def strong_etag(content: bytes) -> str:
    """A quoted strong validator made of the content."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def none_match(etag: str) -> bool:
    """Whether the client already has this. Forgives what some proxies append. Source: RFC 9110 §13.1.2."""
    header = request.headers.get("If-None-Match")
    if header is None:
        return False
    if header.strip() == "*":
        return True
    ours = opaque(etag)
    return any(opaque(tag) == ours for tag in header.split(","))


def is_another(etag: str) -> bool:
    """Whether the client wants only what it knows, and this is another. A weak validator proves nothing. Source: RFC 9110 §13.1.1."""
    header = request.headers.get("If-Match")
    if header is None or header.strip() == "*":
        return False
    return opaque(etag) not in {opaque(tag) for tag in header.split(",") if not tag.strip().startswith("W/")}


def another(etag: str, **headers: str) -> Response:
    """412 with the validator of what is here now, kept by nobody. Source: RFC 9110 §15.5.13."""
    return Response(status=412, mimetype="text/plain", headers={**headers, "ETag": etag, "Cache-Control": "no-store"})


_APPENDED = re.compile(r"(--|-|;)(gzip|br|zstd|df)\Z")
"""Source: mod_deflate and mod_brotli (`-gzip`, `-br`), Jetty (`--gzip`), `;gzip` of older Apaches, `-df` of some delivery networks."""


def opaque(tag: str) -> str:
    """A validator without quotes, weakness and what proxies append."""
    return _APPENDED.sub("", tag.strip().removeprefix("W/").strip('"'))


def not_modified(etag: str, **headers: str) -> Response:
    """304 with the headers that a 200 would have had. Source: RFC 9110 §15.4.5."""
    response = Response(status=304, mimetype="text/plain")
    response.headers["ETag"] = etag
    for name, value in headers.items():
        response.headers[name.replace("_", "-")] = value
    return response


def object_response(size_bytes: int, etag: str, media_type: str, read: Bytes) -> Response:
    """Answer HEAD or GET for an object: whole, part, 304 or 416. Source: RFC 9110 §13, §14.

    `read` gives the bytes of a range; it is not called for HEAD, 304 or 416.
    """
    if is_another(etag):
        return another(etag)
    if none_match(etag):
        return not_modified(etag, Accept_Ranges="bytes")
    header = request.headers.get("Range") if request.method == "GET" else None  # HEAD has no ranges: RFC 9110 §14.2
    if header and not if_range_matches(request.headers.get("If-Range"), etag):
        header = None
    try:
        part = single(header, size_bytes)
    except UnsatisfiableRangeError:
        response = Response(status=416, mimetype="text/plain")
        response.headers["Content-Range"] = f"bytes */{size_bytes}"
        response.headers["Accept-Ranges"] = "bytes"
        return response
    wanted = part or ByteRange(0, size_bytes)
    body: Iterable[bytes] = () if request.method == "HEAD" else read(wanted)
    response = Response(body, status=206 if part else 200, mimetype=media_type, direct_passthrough=True)
    if part:
        response.headers["Content-Range"] = content_range(wanted, size_bytes)
    response.headers["Content-Length"] = str(wanted.size_bytes)
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["ETag"] = etag
    return response


SOON_GONE_S = 20
"""For how long a cache may keep what may be taken back: two in a row, the second not told how old it is, forget it within a minute."""


def page_response(content: bytes, media_type: str, *, kept_s: int) -> Response:
    """A public page: a browser asks each time whether it changed, a cache before the station may keep it for `kept_s`.

    So the phone itself never shows again what was taken back. Gzipped for whoever takes that. Source: RFC 9111 §5.2.2.
    """
    etag = strong_etag(content)
    takes_gzip = request.accept_encodings["gzip"] > 0
    if takes_gzip:
        etag = f'{etag[:-1]}-gzip"'  # other bytes, so another strong validator. Source: RFC 9110 §8.8.3.3
    headers = {"Cache-Control": f"public, max-age=0, must-revalidate, s-maxage={kept_s}", "Vary": "Accept-Encoding"}
    if is_another(etag):
        return another(etag)
    if none_match(etag):
        return not_modified(etag, **{name.replace("-", "_"): value for name, value in headers.items()})
    response = Response(gzip.compress(content, 6, mtime=0) if takes_gzip else content, mimetype=media_type)
    if takes_gzip:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["ETag"] = etag
    response.headers.update(headers)
    return response
