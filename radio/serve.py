"""The web process: gunicorn with gevent workers, which hold a thousand listeners where threads hold thirty.

`patch` comes before every other import of the process: sockets made earlier would block everybody.
"""

from __future__ import annotations

import resource
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from radio.logs import set_up_logs
from radio.settings import Settings

if TYPE_CHECKING:
    from flask import Flask

STREAMS_PER_WORKER = 4000
STOP_WITHIN_S = 4
DATABASE_WITHIN_S = 8.0
"""When it says nothing for so long, it is away: podcast apps give up within half a minute, and connecting anew takes its time too."""


class QuietLogger(Logger):  # type: ignore[misc]
    """Gunicorn's own words without the addresses of listeners and without what they asked for."""

    def warning(self, msg: str, *args: object, **kwargs: Any) -> None:
        """Warn, without `ip=…`."""
        if str(msg).startswith("Invalid request"):
            msg, args = "an invalid request was refused", ()
        super().warning(msg, *args, **kwargs)

    def exception(self, msg: str, *args: object, **kwargs: Any) -> None:
        """Tell of a fault, without the address that was asked for."""
        if "request" in str(msg):
            msg, args = "a request failed", ()
        super().exception(msg, *args, **kwargs)


class WebServer(BaseApplication):  # type: ignore[misc]
    """The station behind gunicorn. `bind` is `host:port`, or `fd://N` for a socket that our parent keeps open."""

    def __init__(self, settings: Settings, bind: str) -> None:
        self._settings, self._bind = settings, bind
        super().__init__()

    def load_config(self) -> None:
        """What differs from gunicorn's defaults."""
        chosen = {
            "bind": self._bind, "workers": self._settings.web_workers, "worker_class": "gevent",
            "worker_connections": STREAMS_PER_WORKER,
            "timeout": 60, "graceful_timeout": STOP_WITHIN_S, "keepalive": 20, "backlog": 2048, "umask": 0o077,
            "accesslog": None, "loglevel": "warning", "logger_class": QuietLogger, "control_socket_disable": True,
            "worker_tmp_dir": _memory_folder(), "worker_exit": _write_down_the_rest,
        }  # fmt: skip
        for name, value in chosen.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """The application, imported and made in each worker after the fork: their parent stays small."""
        from radio import db
        from radio.app import create_app
        from radio.channel.outages import Outages
        from radio.counting.answers import keep_writing_down
        from radio.jobs.beats import Beats
        from radio.station import open_clock, open_store

        app = create_app(self._settings, clock=open_clock(self._settings), store=open_store(self._settings))
        with app.app_context():
            db.answer_within(db.db.engine, DATABASE_WITHIN_S)
        keep_writing_down(app)
        Beats(app, also=Outages(app).note).start()
        return app


def run(settings: Settings, bind: str) -> None:
    """Serve until TERM or INT."""
    set_up_logs(settings)
    _allow_many_sockets()
    WebServer(settings, bind).run()


def _write_down_the_rest(_arbiter: object, worker: Any) -> None:
    """What was counted in the last minute before a process ends."""
    from flask import Flask

    from radio.counting.answers import write_down

    app = getattr(worker, "wsgi", None)
    if isinstance(app, Flask):
        write_down(app)


def _memory_folder() -> str | None:
    """Workers touch a file every second; in memory that costs no disk."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108


def _allow_many_sockets() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most if most != resource.RLIM_INFINITY else 65_536, most))
