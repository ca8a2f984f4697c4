"""The headers of every answer: nothing foreign is loaded, nothing is told to others."""

from __future__ import annotations

from flask import Flask, Response

from radio.settings import Settings


def content_security_policy(settings: Settings) -> str:
    """What a page of ours may load: only from us, and sound from the store where it is public."""
    store = f" {settings.s3_public_endpoint}" if settings.s3_public_endpoint else ""
    return "; ".join((
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data: blob:",
        f"media-src 'self' blob:{store}", f"connect-src 'self'{store}", "worker-src 'self' blob:", "manifest-src 'self'",
        "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'",
    ))  # fmt: skip


def embed_policy(settings: Settings) -> str:
    """The same for the player in other sites' frames: no script at all, sound and style from us, and any site around it."""
    store = f" {settings.s3_public_endpoint}" if settings.s3_public_endpoint else ""
    return "; ".join((
        "default-src 'none'", "style-src 'self'", "img-src 'self'", f"media-src 'self'{store}", "base-uri 'none'",
        "form-action 'none'", "frame-ancestors *",
    ))  # fmt: skip


def install(app: Flask, settings: Settings) -> None:
    """Put the headers on every answer that does not set its own."""
    policy = content_security_policy(settings)

    @app.after_request
    def _headers(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", policy)
        if "frame-ancestors *" not in headers["Content-Security-Policy"]:
            headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "no-referrer")
        headers.setdefault("Permissions-Policy", "geolocation=(), camera=(), payment=(), microphone=(self)")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        if settings.https:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        return response
