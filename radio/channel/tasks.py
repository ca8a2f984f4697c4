"""Work on the channel that nobody waits for."""

from __future__ import annotations

from datetime import timedelta

from radio.channel.export import Exporter
from radio.jobs.registry import periodic
from radio.jobs.work import Work
from radio.station import station


@periodic(every=timedelta(minutes=1), kind="copy")
def copy(work: Work) -> None:
    """Keep the copy in the bucket true, where somebody has asked for one: what was taken back is gone from it too."""
    exporter = Exporter(station())
    there = exporter.present()
    if there is not None and not exporter.is_true(there):
        exporter.write(there.n_segments, work.progress)
