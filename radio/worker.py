"""The process that does what outlives a request: `radio worker`."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import signal

from radio.app import create_app
from radio.jobs.carrier import Carrier
from radio.logs import set_up_logs
from radio.settings import Settings
from radio.station import open_clock, open_store

ROOMS_WITH_TASKS = ("jobs", "accounts", "catalogue", "schedule", "editorial", "studio", "feeds", "moving")

log = logging.getLogger(__name__)


def import_tasks() -> None:
    """Let every room declare the work it does."""
    for room in ROOMS_WITH_TASKS:
        if importlib.util.find_spec(f"radio.{room}.tasks") is not None:
            importlib.import_module(f"radio.{room}.tasks")


def run(settings: Settings) -> None:
    """Work until TERM or INT, then leave within ten seconds; what was not done is in the table for the next worker."""
    set_up_logs(settings)
    import_tasks()
    carrier = Carrier(create_app(settings, clock=open_clock(settings), store=open_store(settings)))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: carrier.stop())
    log.info("worker ready")
    carrier.run()
    logging.shutdown()
    os._exit(0)  # a thread that has not noticed in time must not hold us: its job is back in the table
