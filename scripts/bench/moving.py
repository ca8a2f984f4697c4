#!/usr/bin/env python3
"""Import a show of 200 episodes from a server on this machine: scripts/bench/moving.py [EPISODES] [SECONDS OF EACH].

Prints how long it took until all was fetched, until all was ready for air, and the most memory that the worker had. The
store is the embedded one; the sound of every episode is the same tone, so encoding is measured and not the line.
"""

import os
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sqlalchemy import func, select

from media.seaweed import Seaweed
from media.store import S3Store
from radio import keyring, schema
from radio.app import create_app
from radio.clock import SystemClock
from radio.db import committing, reading, session
from radio.editorial.rules import AT_THE_CONSOLE
from radio.jobs.carrier import Carrier
from radio.moving import actions
from radio.moving.models import Arrival, ArrivalItem
from radio.moving.rules import OPEN, ItemState
from radio.settings import Settings
from radio.worker import import_tasks
from tests.elsewhere import Item, rss, served
from tests.sounds import tone


def main(episodes: int, seconds: float) -> None:
    with tempfile.TemporaryDirectory() as folder, served() as elsewhere:
        settings = Settings.from_env({"RADIO_DATA": folder, "RADIO_IMPORT_ALLOW": elsewhere.place})
        keyring.make(settings)
        schema.upgrade(settings)
        server = Seaweed(Path(folder) / "store", access_key="radio", secret_key="bench", durable=False, timer_slack_ms=0)
        server.start()
        try:
            server.wait_ready()
            store = S3Store(server.settings("radio"))
            store.ensure_bucket()
            content = tone(seconds, rate_hz=16_000)
            sound = elsewhere.give("/1.wav", content)
            feed = rss([Item(f"{sound}?{n}", f"guid {n}", f"Episode {n}") for n in range(episodes)])
            measure(
                create_app(settings, clock=SystemClock(), store=store), elsewhere.give("/feed.xml", feed), episodes, len(content)
            )
        finally:
            server.stop()


def measure(app, feed: str, episodes: int, size_bytes: int) -> None:
    import threading

    import_tasks()
    carrier = Carrier(app)
    with app.app_context(), reading():
        with committing() as rows:
            arrival_id = actions.begin(rows, address=feed, by=AT_THE_CONSOLE, now=SystemClock().now())[0].id
        start_s = time.monotonic()
        thread = threading.Thread(target=carrier.run)
        thread.start()
        fetched_s = None
        while True:
            time.sleep(0.5)
            waiting = session().scalar(
                select(func.count()).select_from(ArrivalItem).where(ArrivalItem.state == ItemState.WAITING)
            )
            state = session().get_one(Arrival, arrival_id).state
            session().rollback()
            if fetched_s is None and not waiting and state != "reading":
                fetched_s = time.monotonic() - start_s
            if state not in OPEN:
                break
        whole = session().scalar(select(func.count()).select_from(ArrivalItem).where(ArrivalItem.state == ItemState.WHOLE))
        took_s = time.monotonic() - start_s
        carrier.stop()
        thread.join()
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    child_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{whole} of {episodes} episodes of {size_bytes / 1e6:.2f} MB: fetched after {fetched_s:.1f} s, ready after {took_s:.1f} s "
          f"({took_s / episodes:.2f} s each, {os.cpu_count()} cores)")  # fmt: skip
    print(f"most memory: worker {peak_mb:.0f} MB (the test server and the feed are in it), largest child {child_mb:.0f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200, float(sys.argv[2]) if len(sys.argv) > 2 else 3.0)
