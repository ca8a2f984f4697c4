"""What one process keeps of feeds, and the shortest way to them: a look at two numbers, then bytes.

The view answers the first time and leaves its answer here; from then on an unchanged feed is answered before Flask begins,
whose request takes ten times as long as the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from flask import Flask

from radio.feeds import names
from radio.feeds.models import StoredFeed
from radio.feeds.queries import NUMBERS
from radio.station import Station
from radio.web.cors import EVERYBODY
from radio.web.respond import SOON_GONE_S, opaque

_OF_THIS_ANSWER = frozenset({"etag", "content-length", "content-encoding", "content-type"})
FOR_APPS = {
    "Cache-Control": f"public, max-age={SOON_GONE_S}", "Vary": "Accept-Encoding, Sec-Fetch-Dest", **EVERYBODY,
}  # fmt: skip
"""No Last-Modified: apps that are given both believe the worse one. Source: AntennaPod's downloader."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A feed as it is served, and the numbers at which it holds. Validators are without quotes."""

    name: str
    change_number: int
    rundown_number: int
    valid_until: datetime | None
    etag: str
    identity: bytes
    gzip: bytes

    @classmethod
    def of(cls, feed: StoredFeed) -> Ready:
        """The row's values, free of its session."""
        return cls(feed.name, feed.change_number, feed.rundown_number, feed.valid_until, feed.etag, feed.identity, feed.gzip)


class _Dated(Protocol):
    """What says how long a rendered feed holds: a row of it, or what a process keeps."""

    @property
    def name(self) -> str: ...
    @property
    def change_number(self) -> int: ...
    @property
    def rundown_number(self) -> int: ...
    @property
    def valid_until(self) -> datetime | None: ...


def holds(feed: _Dated, numbers: tuple[int, int], now: datetime) -> bool:
    """Whether nothing it is made of has changed."""
    if feed.change_number != numbers[0] or (feed.valid_until is not None and now >= feed.valid_until):
        return False
    return feed.rundown_number == numbers[1] or not names.follows_rundown(feed.name)


def numbers_now(engine: Any) -> tuple[int, int]:
    """The two numbers, through the driver alone."""
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute(NUMBERS)
        change_number, revision_id = cursor.fetchone()
        cursor.close()
    finally:
        connection.close()
    return change_number or 0, revision_id or 0


def for_a_person(environ: dict[str, Any]) -> bool:
    """Whether a browser asks for a page. Source: Fetch Metadata §2.1; no podcast app sends this."""
    return environ.get("HTTP_SEC_FETCH_DEST") == "document"


def etag_of(ready: Ready, *, gzipped: bool) -> str:
    """The strong validator: other bytes, another one. Source: RFC 9110 §8.8.3.3."""
    return f'"{ready.etag}-gzip"' if gzipped else f'"{ready.etag}"'


class Served:
    """The feeds of this process, in front of the application."""

    def __init__(self, inner: Any, station: Station) -> None:
        self._inner, self._station = inner, station
        self.engine: Any = None
        """The database, known from the first feed on."""
        self.feeds: dict[str, Ready] = {}
        self._answers: dict[str, tuple[str, list[tuple[str, str]]]] = {}
        """Address → name of the feed, and the headers that the application gave."""

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer what is kept and holds; let the application answer everything else."""
        known = self._answers.get(environ.get("PATH_INFO", ""))
        if (
            known
            and not environ.get("QUERY_STRING")
            and environ["REQUEST_METHOD"] in {"GET", "HEAD"}
            and "HTTP_IF_MATCH" not in environ
            and not for_a_person(environ)
        ):
            ready = self.feeds[known[0]]
            with suppress(Exception):  # whatever is the matter with the database, the application says it
                if holds(ready, numbers_now(self.engine), self._station.now()):
                    return _answer(ready, known[1], environ, start_response)

        def started(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            ready = environ.get("radio.feed")
            if ready and status.startswith("200") and not environ.get("QUERY_STRING"):
                kept = [(name, value) for name, value in headers if name.lower() not in _OF_THIS_ANSWER]
                self._answers[environ["PATH_INFO"]] = (ready.name, kept)
            return start_response(status, headers, *rest)

        answer: Iterable[bytes] = self._inner(environ, started)
        return answer


def install(app: Flask) -> None:
    """Answer what is kept before the application begins."""
    app.extensions["feeds"] = app.wsgi_app = Served(app.wsgi_app, app.extensions["station"])  # type: ignore[method-assign]


def _answer(
    ready: Ready, headers: list[tuple[str, str]], environ: dict[str, Any], start_response: Callable[..., Any]
) -> Iterable[bytes]:
    gzipped = _takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", ""))
    etag = etag_of(ready, gzipped=gzipped)
    asked = environ.get("HTTP_IF_NONE_MATCH", "")
    if asked and (asked.strip() == "*" or opaque(etag) in map(opaque, asked.split(","))):
        start_response("304 NOT MODIFIED", [*headers, ("ETag", etag)])
        return ()
    body = ready.gzip if gzipped else ready.identity
    said = [("Content-Type", names.MEDIA_TYPES[names.split(ready.name)[0]]), ("Content-Length", str(len(body))), ("ETag", etag)]
    start_response("200 OK", [*headers, *said, *([("Content-Encoding", "gzip")] if gzipped else [])])
    return () if environ["REQUEST_METHOD"] == "HEAD" else (body,)


def _takes_gzip(header: str) -> bool:
    """Source: RFC 9110 §12.5.3: a weight of 0 refuses."""
    for part in header.split(","):
        coding, _, weight = part.partition(";")
        if coding.strip().lower() in {"gzip", "*"}:
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
