"""The process that does what outlives a request: `radio worker`."""

from __future__ import annotations

import importlib
import logging
import os
import pkgutil
import signal

from radio.app import create_app
from radio.jobs.beats import Beats
from radio.jobs.carrier import Carrier
from radio.logs import set_up_logs
from radio.settings import Settings
from radio.station import open_clock, open_store

ROOMS_WITH_TASKS = ("jobs", "accounts", "catalogue", "schedule", "editorial", "counting", "studio", "channel", "feeds", "moving")

log = logging.getLogger(__name__)


def import_tasks() -> None:
    """Let every room declare the work it does: in `tasks.py`, and in modules whose names end with `_tasks`."""
    for room in ROOMS_WITH_TASKS:
        folder = importlib.import_module(f"radio.{room}").__path__
        for module in pkgutil.iter_modules(folder):
            if module.name == "tasks" or module.name.endswith("_tasks"):
                importlib.import_module(f"radio.{room}.{module.name}")


def run(settings: Settings) -> None:
    """Work until TERM or INT, then leave within ten seconds; what was not done is in the table for the next worker."""
    set_up_logs(settings)
    import_tasks()
    app = create_app(settings, clock=open_clock(settings), store=open_store(settings))
    carrier = Carrier(app)
    Beats(app).start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: carrier.stop())
    log.info("worker ready")
    carrier.run()
    logging.shutdown()
    os._exit(0)  # a thread that has not noticed in time must not hold us: its job is back in the table
