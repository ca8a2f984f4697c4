"""The station as listeners get it: gunicorn with gevent, in a process of its own. `python -m tests.browser.served PORT LOOP`."""

from __future__ import annotations

import sys
from pathlib import Path

from gevent import monkey

monkey.patch_all()

from flask import Flask  # noqa: E402 - sockets made before the patch would block everybody

from radio import serve  # noqa: E402
from radio.channel.views import open_channel  # noqa: E402
from radio.settings import Settings  # noqa: E402


class Served(serve.WebServer):
    """The web server with the emergency loop of a test."""

    def load(self) -> Flask:
        """The application, made in the worker."""
        app = super().load()
        app.extensions["channel"] = open_channel(app, emergency=Path(sys.argv[2]))
        return app


if __name__ == "__main__":
    Served(Settings.from_env(), f"127.0.0.1:{sys.argv[1]}").run()
