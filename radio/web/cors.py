"""What pages of others may ask of us before they fetch. Source: Fetch §4.8, CORS-preflight fetch."""

from __future__ import annotations

from flask import Blueprint, Response, request

EVERYBODY = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Accept-Ranges, Content-Range, Content-Length, Content-Encoding, Retry-After",
}
"""Of an answer that any page may read, with what it may read of it: nothing here depends on who asks."""
_PREFLIGHT = {
    "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS", "Access-Control-Max-Age": "86400",
    "Access-Control-Allow-Headers": "Range, If-Range, If-Match, If-None-Match, If-Modified-Since, Cache-Control", "Allow": "GET, HEAD, OPTIONS",
}  # fmt: skip


def open_to_pages(blueprint: Blueprint, *views: str) -> None:
    """Let pages of others ask for these views with headers of their own; without any: all of the blueprint."""
    endpoints = {f"{blueprint.name}.{view}" for view in views}

    @blueprint.before_request
    def _preflight() -> Response | None:
        if request.method != "OPTIONS" or (endpoints and request.endpoint not in endpoints):
            return None
        response = Response(status=204, headers=_PREFLIGHT)
        del response.headers["Content-Type"]  # nothing follows
        return response
