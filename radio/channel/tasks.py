"""Work on the channel that nobody waits for."""

from __future__ import annotations

from sqlalchemy import select

from radio.catalogue.models import Recording
from radio.channel.caching import tag
from radio.channel.export import FOLLOWED_EVERY, Exporter
from radio.channel.purging import segments_of, tell_cache
from radio.db import session as station_session
from radio.jobs.registry import handles, periodic
from radio.jobs.work import Work
from radio.station import station


@periodic(every=FOLLOWED_EVERY, kind="copy")
def copy(work: Work) -> None:
    """Keep the copy in the bucket true, where somebody has asked for one: what was taken back is gone from it too."""
    Exporter(station()).follow(work.progress)


@handles("purge")
def purge(work: Work) -> None:
    """Send the cache the names of an episode's recordings, then every path that gave their sound lately. May be repeated."""
    here = station()
    if here.settings.purge_url:
        recordings = station_session().scalars(select(Recording.id).where(Recording.episode_id == work.subject)).all()
        paths = [f"/audio/{work.subject}.mp3", f"/audio/{work.subject}.m4a", f"/episodes/{work.subject}"]
        paths += segments_of(station_session(), here, set(recordings))
        station_session().rollback()
        names = [tag(recording) for recording in sorted(recordings)]
        for done, path in enumerate(["", *paths]):
            work.progress(done / len(paths), "purging")
            tell_cache(here.settings.purge_url + path, names)
    with work.publishing():
        pass
