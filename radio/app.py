"""Composes the application. Nothing imports this but commands and tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix

from media.store import S3Store
from radio import db as database
from radio import keyring, parts
from radio.accounts import gate, sign_in
from radio.accounts import views as accounts
from radio.clock import Clock
from radio.feeds import served
from radio.settings import Settings
from radio.station import Station
from radio.web import assets, errors, headers, health, locale
from radio.web.access import refuse_undeclared
from radio.web.spool import SpoolingRequest

HERE = Path(__file__).resolve().parent
MIGRATIONS = HERE / "migrations"


class StationApp(Flask):
    """Flask, told that none of our functions is a coroutine: it would look into each of them at each request."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function as it is."""
        return func


def templates_folder() -> Path:
    """`templates/` beside the package in a checkout, inside it in a wheel."""
    inside = HERE / "templates"
    return inside if inside.is_dir() else HERE.parent / "templates"


def create_app(settings: Settings, *, clock: Clock, store: S3Store) -> Flask:
    """The whole station as a WSGI application."""
    app = StationApp("radio", template_folder=str(templates_folder()), static_folder=None)
    app.config.from_mapping(_config(settings))
    app.request_class = SpoolingRequest
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=0)  # type: ignore[method-assign]
    app.extensions["station"] = Station(settings, clock, store)
    app.jinja_env.add_extension("jinja2.ext.do")
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["station_name"] = settings.station_name
    database.db.init_app(app)
    for install_with in (headers.install, locale.install):
        install_with(app, settings)
    for install in (errors.install, assets.install):
        install(app)
    app.before_request(_reads_only)
    app.teardown_request(_may_write_again)
    gate.install(app, settings)
    health.install(app, parts.CHECKS)
    _open_rooms(app)
    sign_in.install(app, settings)
    refuse_undeclared(app)
    served.install(app)
    return app


def _config(settings: Settings) -> dict[str, object]:
    return {
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": {
            "pool_pre_ping": not settings.database_url.startswith("sqlite"),
            "pool_size": 20,
            "hide_parameters": True,  # what people typed is in no log, also when a statement fails
        },
        "SECRET_KEY": keyring.read(settings, "session"),
        "SESSION_COOKIE_NAME": "studio",
        "SESSION_COOKIE_SECURE": settings.https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "MAX_CONTENT_LENGTH": settings.max_upload_mb * 1_000_000,
        "MAX_FORM_MEMORY_SIZE": 2_000_000,
    }


def _reads_only() -> None:
    database.only_reads(request.method in {"GET", "HEAD", "OPTIONS"})


def _may_write_again(_error: BaseException | None) -> None:
    database.only_reads(False)


def _open_rooms(app: Flask) -> None:
    """Register every room's blueprint here, lowest room first."""
    from radio.channel import joins
    from radio.channel.listings import bp as listings
    from radio.channel.views import bp as channel
    from radio.counting.views import bp as counting
    from radio.feeds.delivery import bp as enclosures
    from radio.feeds.views import bp as feeds
    from radio.feeds.words_views import bp as words
    from radio.moving.views import bp as moving
    from radio.pages.cards import bp as cards
    from radio.pages.elsewhere import bp as elsewhere
    from radio.pages.pictures import bp as pictures
    from radio.pages.views import bp as pages
    from radio.schedule import balancing, slots, stationrules
    from radio.schedule.views import bp as schedule
    from radio.studio import onair, picture, shows, transcripts, uploads
    from radio.studio.views import bp as studio

    week = (schedule, balancing.bp, stationrules.bp, slots.bp, joins.bp)
    rooms = (
        accounts.bp, studio, shows.bp, uploads.bp, transcripts.bp, picture.bp, onair.bp, *week, counting, channel, listings, feeds, enclosures,
        words, pages, pictures, cards, elsewhere, moving,
    )  # fmt: skip
    for room in rooms:
        app.register_blueprint(room)


__all__ = ["MIGRATIONS", "create_app"]
