"""Every setting of the station, read from the environment once. All faults are told at once.

`docs/settings.md` explains each for operators; a house test holds the two together.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from media.profiles import MP3_BITRATES, OPUS_BITRATES
from radio.errors import SettingsError

_DEFAULT_ADDRESS = "http://127.0.0.1:8000"


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator decides. Every field is one `RADIO_…` variable of the same name in capitals."""

    data: Path
    """The folder of everything this station keeps on this machine."""
    public_url: str
    """The address listeners use, without a slash at the end; unset: where `radio up` last listened."""
    gate_url: str
    """Where this station's own worker reaches the public pages to check them; unset: the public address."""
    database_url: str
    """SQLAlchemy URL; unset: SQLite in the data folder."""
    station_name: str
    zone: str
    """IANA zone of the station's wall clock."""
    language: str
    """BCP 47 language of the station and its feeds."""
    mp3_kbps: int
    opus_kbps: int
    freeze_minutes: int
    """How far ahead the rundown can no longer be changed except by an override."""
    horizon_days: int
    """How far ahead the rundown is compiled."""
    max_recording_hours: int
    max_upload_mb: int
    s3_endpoint: str
    """Unset (empty): the embedded SeaweedFS that `radio up` runs."""
    s3_bucket: str
    s3_access_key: str
    s3_secret_key: str
    s3_region: str
    s3_addressing: str
    s3_public_endpoint: str
    """Set: on-demand audio and upload parts go straight to storage by presigned URL; unset: the app relays them."""
    web_workers: int
    """How many processes serve; one holds some thousand listeners."""
    proxies: int
    """How many proxies of ours stand in front; only what they say of an address is believed. 0: none, nothing is."""
    secrets: Path
    """Folder (mode 0700) of keys made at the first start."""
    mail_url: str
    """`smtp://user:password@host:port`, `smtps://…`; unset: no mail is sent."""
    mail_from: str
    purge_url: str
    """Where the worker tells a cache to forget what was taken back; unset: caches forget by themselves within twenty seconds."""
    import_allow: str
    """`host:port` of servers on a private address that shows may be fetched from all the same; empty: none."""
    import_patience_s: int
    """How long another server may say nothing."""
    import_max_mb: int
    """The largest file of a whole show or station that is taken."""
    websub_hub: str
    """The WebSub hub that is told when a feed changes, and named in every feed; unset: none."""
    podping_url: str
    """Where podpings are sent; unset: none are."""
    podping_token: str
    log_level: str
    clock_offset_ms: int
    """Added to the machine's clock; only for trying the station at another hour."""

    @property
    def tz(self) -> ZoneInfo:
        """The station's zone."""
        return ZoneInfo(self.zone)

    @property
    def embedded_s3(self) -> bool:
        """Whether the store is the SeaweedFS child of `radio up`."""
        return not self.s3_endpoint

    @property
    def store_folder(self) -> Path:
        """Where the embedded store keeps its files."""
        return self.data / "store"

    @property
    def https(self) -> bool:
        """Whether listeners come over TLS; decides Secure cookies and HSTS."""
        return self.public_url.startswith("https://")

    @property
    def sign_in_origin(self) -> str:
        """Where people sign in. Passkeys need a name, so this machine is localhost to them."""
        return self.public_url.replace("http://127.0.0.1", "http://localhost", 1)

    @property
    def origins(self) -> tuple[str, ...]:
        """Where browsers open the station's own pages."""
        return tuple(dict.fromkeys((self.public_url, self.sign_in_origin)))

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Settings:
        """Read and check `RADIO_…` variables.

        Raises:
            SettingsError: one or more are unusable; all faults are in it.
        """
        return _Reader(os.environ if env is None else env).settings()


class _Reader:
    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self._faults: list[str] = []

    def settings(self) -> Settings:
        data = Path(self._text("DATA", "var")).absolute()
        found = Settings(
            data=data,
            public_url=self._checked(
                "PUBLIC_URL", _last_address(data), _is_origin, "an address such as https://radio.example"
            ).rstrip("/"),
            gate_url=self._checked("GATE_URL", "", _is_origin_or_empty, "an address such as http://127.0.0.1:8000").rstrip("/"),
            database_url=self._database_url(data),
            station_name=self._checked(
                "STATION_NAME", "Peer Radio", lambda v: 0 < len(v) <= 80, "a name of at most 80 characters"
            ),
            zone=self._checked(
                "ZONE", "Europe/London", lambda v: v in available_timezones(), "an IANA zone such as Europe/London"
            ),
            language=self._text("LANGUAGE", "en-GB"),
            mp3_kbps=self._number("MP3_KBPS", 64, MP3_BITRATES),
            opus_kbps=self._number("OPUS_KBPS", 24, OPUS_BITRATES),
            freeze_minutes=self._number("FREEZE_MINUTES", 60, range(1, 24 * 60)),
            horizon_days=self._number("HORIZON_DAYS", 14, range(1, 61)),
            max_recording_hours=self._number("MAX_RECORDING_HOURS", 12, range(1, 25)),
            max_upload_mb=self._number("MAX_UPLOAD_MB", 2048, range(1, 10_241)),
            s3_endpoint=self._checked("S3_ENDPOINT", "", _is_origin_or_empty, "an address such as https://s3.example"),
            s3_bucket=self._text("S3_BUCKET", "radio"),
            s3_access_key=self._text("S3_ACCESS_KEY", ""),
            s3_secret_key=self._text("S3_SECRET_KEY", ""),
            s3_region=self._text("S3_REGION", "us-east-1"),
            s3_addressing=self._checked("S3_ADDRESSING", "path", lambda v: v in {"path", "virtual"}, "path or virtual"),
            s3_public_endpoint=self._checked(
                "S3_PUBLIC_ENDPOINT", "", _is_origin_or_empty, "an address such as https://s3.example"
            ),
            web_workers=self._number("WEB_WORKERS", 1, range(1, 65)),
            proxies=self._number("PROXIES", 0, range(10)),
            secrets=Path(self._text("SECRETS", str(data / "secrets"))).absolute(),
            mail_url=self._checked(
                "MAIL_URL", "", lambda v: not v or v.startswith(("smtp://", "smtps://")), "smtp://… or smtps://…"
            ),
            mail_from=self._text("MAIL_FROM", ""),
            purge_url=self._checked("PURGE_URL", "", _is_origin_or_empty, "an address such as http://127.0.0.1:6081").rstrip("/"),
            import_allow=self._checked("IMPORT_ALLOW", "", _are_places, "host:port, or several with commas between"),
            import_patience_s=self._number("IMPORT_PATIENCE_S", 30, range(1, 301)),
            import_max_mb=self._number("IMPORT_MAX_MB", 20_480, range(1, 1_000_001)),
            websub_hub=self._checked("WEBSUB_HUB", "", _is_address_or_empty, "an address such as https://hub.example/"),
            podping_url=self._checked("PODPING_URL", "", _is_address_or_empty, "an address such as https://podping.example/"),
            podping_token=self._text("PODPING_TOKEN", ""),
            log_level=self._checked(
                "LOG_LEVEL", "WARNING", lambda v: v in {"DEBUG", "INFO", "WARNING", "ERROR"}, "DEBUG, INFO, WARNING or ERROR"
            ),
            clock_offset_ms=self._number("CLOCK_OFFSET_MS", 0, None),
        )
        self._check_together(found)
        if self._faults:
            raise SettingsError(tuple(self._faults))
        return found

    def _check_together(self, found: Settings) -> None:
        if found.s3_endpoint and not (found.s3_access_key and found.s3_secret_key):
            self._faults.append("RADIO_S3_ENDPOINT is set, so RADIO_S3_ACCESS_KEY and RADIO_S3_SECRET_KEY are needed too.")
        if found.s3_public_endpoint and not found.s3_endpoint:
            self._faults.append("RADIO_S3_PUBLIC_ENDPOINT needs RADIO_S3_ENDPOINT: the embedded store is for this machine only.")
        if found.mail_url and "@" not in found.mail_from:
            self._faults.append("RADIO_MAIL_URL is set, so RADIO_MAIL_FROM must be an e-mail address.")
        known = {f"RADIO_{name.upper()}" for name in Settings.__dataclass_fields__}
        for name in sorted(set(self._env) - known):
            if name.startswith("RADIO_"):
                self._faults.append(f"{name} is not a setting of this station.")

    def _database_url(self, data: Path) -> str:
        value = self._text("DATABASE_URL", f"sqlite:///{data / 'radio.db'}")
        value = value.replace("postgres://", "postgresql://", 1).replace("postgresql://", "postgresql+psycopg://", 1)
        if not value.startswith(("sqlite:///", "postgresql+psycopg://")):
            self._faults.append("RADIO_DATABASE_URL must begin with sqlite:/// or postgresql://.")
        return value

    def _text(self, name: str, default: str) -> str:
        return self._env.get(f"RADIO_{name}", "").strip() or default

    def _checked(self, name: str, default: str, holds: Callable[[str], bool], wanted: str) -> str:
        value = self._text(name, default)
        if not holds(value):
            self._faults.append(f"RADIO_{name} must be {wanted}; it is “{value}”.")
        return value

    def _number(self, name: str, default: int, allowed: range | tuple[int, ...] | None) -> int:
        text = self._text(name, str(default))
        try:
            value = int(text)
        except ValueError:
            self._faults.append(f"RADIO_{name} must be a whole number; it is “{text}”.")
            return default
        if allowed is not None and value not in allowed:
            wanted = f"from {allowed[0]} to {allowed[-1]}" if isinstance(allowed, range) else " or ".join(map(str, allowed))
            self._faults.append(f"RADIO_{name} must be {wanted}; it is {value}.")
        return value


def address_file(data: Path) -> Path:
    """Where `radio up` writes down its address, so that links made by other commands lead there."""
    return data / "address"


def _last_address(data: Path) -> str:
    try:
        return address_file(data).read_text().strip() or _DEFAULT_ADDRESS
    except OSError:
        return _DEFAULT_ADDRESS


def _is_origin(value: str) -> bool:
    parts = urlsplit(value)
    return parts.scheme in {"http", "https"} and bool(parts.netloc) and parts.path in {"", "/"} and not parts.query


def _is_address_or_empty(value: str) -> bool:
    parts = urlsplit(value)
    return not value or (parts.scheme in {"http", "https"} and bool(parts.netloc) and not parts.fragment)


def _is_origin_or_empty(value: str) -> bool:
    return not value or _is_origin(value)


def _are_places(value: str) -> bool:
    return all(":" in place and place.rpartition(":")[2].isdigit() for place in value.replace(",", " ").split())
