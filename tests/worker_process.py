"""A worker to be killed: `python -m tests.worker_process` with the station's settings in the environment.

Its one kind of work, `count`, takes a third of a second, or as long as there is a file `<subject>.held`, and adds 1 to a number of
its subject when it is done. Whoever works on a subject holds a lock on a file of it; a second one at the same time is written down
as `double`.
"""

from __future__ import annotations

import fcntl
import signal
import time

from radio.app import create_app
from radio.catalogue.models import Change
from radio.clock import SystemClock
from radio.jobs.carrier import Carrier
from radio.jobs.registry import Craft
from radio.jobs.work import Work
from radio.settings import Settings
from radio.station import station

STEPS = 10


def count(work: Work) -> None:
    """Work a while, alone, then count once."""
    folder = station().settings.data
    with (folder / f"{work.subject}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _add(work, "double")
        for step in range(STEPS):
            work.progress(step / STEPS, step="counting")
            time.sleep(0.03)
            while (folder / f"{work.subject}.held").exists():
                work.progress(step / STEPS)
                time.sleep(0.03)
        with work.publishing() as session:
            number = session.get(Change, work.subject) or Change(name=work.subject, number=0)
            number.number += 1
            session.add(number)


def _add(work: Work, name: str) -> None:
    with work.writing() as session:
        session.merge(Change(name=name, number=1))


def main() -> None:
    """Run until TERM."""
    settings = Settings.from_env()
    carrier = Carrier(create_app(settings, clock=SystemClock(), store=None), crafts={"count": Craft(count)})  # type: ignore[arg-type]
    signal.signal(signal.SIGTERM, lambda *_: carrier.stop())
    carrier.run()


if __name__ == "__main__":
    main()
