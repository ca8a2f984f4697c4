"""How the edge reaches the outside: settings, clock, store. One frozen value, made once, passed on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import current_app

from media.objects import StoreSettings
from media.profiles import Profile, low, standard
from media.store import S3Store
from radio import keyring
from radio.clock import AgreedClock, Clock, SystemClock, counter_ms
from radio.settings import Settings


@dataclass(frozen=True, slots=True)
class Station:
    """What this process needs of the world."""

    settings: Settings
    clock: Clock
    store: S3Store

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

    def sign_in_url(self, path: str) -> str:
        """As `url`, for somebody who will sign in."""
        return self.settings.sign_in_origin + path


def open_clock(settings: Settings) -> Clock:
    """The clock this station goes by."""
    return AgreedClock(SystemClock(settings.clock_offset_ms), counter_ms)


def open_store(settings: Settings) -> S3Store:
    """The store of the settings; unset, the embedded one where this station's keys say that it listens."""
    if settings.embedded_s3:
        where = StoreSettings(
            f"http://127.0.0.1:{keyring.read(settings, 's3-port')}", settings.s3_bucket,
            keyring.read(settings, "s3-access-key"), keyring.read(settings, "s3-secret-key"),
            connect_timeout_s=1.0, read_timeout_s=30.0,
        )  # fmt: skip
    else:
        where = StoreSettings(
            settings.s3_endpoint, settings.s3_bucket, settings.s3_access_key, settings.s3_secret_key,
            region=settings.s3_region, addressing=settings.s3_addressing, public_endpoint_url=settings.s3_public_endpoint or None,
        )  # fmt: skip
    return S3Store(where)


def station() -> Station:
    """The station of the running application; for views, tasks and commands only."""
    found: Station = current_app.extensions["station"]
    return found
