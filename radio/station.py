"""How the edge reaches the outside: settings, clock, store. One frozen value, made once, passed on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import current_app

from media.profiles import Profile, low, standard
from media.store import ObjectStore
from radio.clock import Clock
from radio.settings import Settings


@dataclass(frozen=True, slots=True)
class Station:
    """What this process needs of the world."""

    settings: Settings
    clock: Clock
    store: ObjectStore

    def now(self) -> datetime:
        """The aware UTC instant by the station's clock."""
        return self.clock.now()

    @property
    def profiles(self) -> tuple[Profile, Profile]:
        """The two renditions as this station makes them: standard, low."""
        return standard(self.settings.mp3_kbps), low(self.settings.opus_kbps)

    def url(self, path: str) -> str:
        """The public address of a path that begins with a slash."""
        return self.settings.public_url + path


def station() -> Station:
    """The station of the running application; for views, tasks and commands only."""
    found: Station = current_app.extensions["station"]
    return found
