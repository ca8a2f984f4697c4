"""What the station asks of other servers. It asks only those that anybody may ask: no machine of its own network.

A name is resolved once, every address it has is checked, and the connection goes to the address that was checked; the same
for every redirect. Whatever a server does - stall, drop the line, lie about lengths - ends in bytes that are whole or in a code.

Source: OWASP "Server-Side Request Forgery Prevention"; RFC 9110 §13.1.5 (If-Range), §14 (ranges), §15.4 (redirects).
"""

from __future__ import annotations

import http.client
import io
import re
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import IO
from urllib.parse import urljoin

from radio.settings import Settings
from radio.web.addresses import OutsideError, Place, may_be_asked, place
from radio.web.pinned import Pinned

__all__ = ["Fetched", "Outside", "OutsideError", "may_be_asked", "place", "unpacked"]

CHUNK_BYTES = 64 * 1024
MOST_REDIRECTS = 5
TRIES_WITHOUT_PROGRESS = 2
MOST_TRIES = 60
LONGEST_S = 2 * 3600
"""However patient we are: one file may take no longer."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that may be others another time. Source: RFC 9110 §15.5, §15.6; RFC 6585 §4."""
_CERTIFICATES = {
    9: "not-yet",
    10: "expired",
    18: "self-signed",
    19: "self-signed",
    20: "unknown",
    21: "unknown",
    62: "other-name",
    64: "other-name",
}
"""What is wrong with one. Source: OpenSSL, `X509_V_ERR_…`."""
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was fetched. `url`: where it was in the end. `short`: how many bytes fewer or more than somebody had promised."""

    url: str
    media_type: str
    size_bytes: int
    short: int = 0


class Outside:
    """Asks other servers. `allow`: `host:port` that may be asked though they are private, for trying things."""

    def __init__(self, *, allow: frozenset[str] = frozenset(), patience_s: float = 30.0, agent: str = "PeerRadio") -> None:
        self._allow, self._patience_s, self._agent = allow, patience_s, agent

    @classmethod
    def of(cls, settings: Settings) -> Outside:
        """As an operator decided."""
        return cls(
            allow=frozenset(settings.import_allow.replace(",", " ").split()),
            patience_s=settings.import_patience_s,
            agent=f"PeerRadio (+{settings.public_url})",
        )

    def read(self, url: str, *, most_bytes: int, on_bytes: Callable[[int], None] = lambda _: None) -> tuple[bytes, Fetched]:
        """The whole of a small thing, unpacked when the server packs it.

        Raises:
            OutsideError: it cannot be had.
        """
        into = io.BytesIO()
        fetched = self.fetch(url, into, most_bytes=most_bytes, on_bytes=on_bytes, may_be_packed=True)
        content = into.getvalue()
        if content[:2] == b"\x1f\x8b":
            content = unpacked(content, most_bytes)
        return content, fetched

    def fetch(
        self, url: str, into: IO[bytes], *, most_bytes: int, promised_bytes: int = 0,
        on_bytes: Callable[[int], None] = lambda _: None, check: Callable[[str], None] = lambda _: None,
        may_be_packed: bool = False,
    ) -> Fetched:  # fmt: skip
        """Fetch a file into an empty one, and go on where the line broke. `promised_bytes`: what a feed said of it, 0: nothing.

        `check` is told the media type before the first byte, `on_bytes` how many there are; both may raise to stop it.

        Raises:
            OutsideError: it cannot be had, or not whole.
        """
        one = _One(self, url, into, most_bytes=most_bytes, on_bytes=on_bytes, check=check, may_be_packed=may_be_packed)
        one.bring()
        if promised_bytes > one.have and not one.packed:
            one.look_for_more()
        return Fetched(one.final_url or url, one.media_type, one.have, one.have - promised_bytes if promised_bytes else 0)

    @contextmanager
    def asked(self, url: str, headers: dict[str, str]) -> Iterator[tuple[http.client.HTTPResponse, str]]:
        """The answer of whoever has it in the end, and its address.

        Raises:
            OutsideError: nobody answers, or somebody who may not be asked would have to.
        """
        for _ in range(MOST_REDIRECTS + 1):
            where = place(url)
            connection = self._connection(where)
            try:
                answer = self._answer(connection, where, headers)
                if answer.status not in _REDIRECTS:
                    yield answer, where.url
                    return
                onward = answer.headers.get("Location", "")
            finally:
                connection.close()
            if not onward:
                raise OutsideError("status", str(answer.status))
            url = urljoin(where.url, onward)
        raise OutsideError("too-many-redirects")

    def _connection(self, where: Place) -> Pinned:
        return Pinned(where, self._addresses(where), self._patience_s)

    def _addresses(self, where: Place) -> list[str]:
        try:
            found = socket.getaddrinfo(where.host, where.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise OutsideError("unknown-host", later=True) from None
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        if f"{where.host}:{where.port}" in self._allow:
            return addresses
        if not addresses or not all(may_be_asked(address) for address in addresses):
            raise OutsideError("private-address")
        return addresses

    def _answer(self, connection: Pinned, where: Place, headers: dict[str, str]) -> http.client.HTTPResponse:
        asked = {"User-Agent": self._agent, "Accept-Encoding": "identity", "Connection": "close", **headers}
        watch = threading.Timer(self._patience_s * 2, connection.cut)  # one byte now and then is no answer
        watch.daemon = True
        watch.start()
        try:
            connection.request("GET", where.target, headers=asked)
            return connection.getresponse()
        except TimeoutError:
            raise OutsideError("stalled", later=True) from None
        except ssl.SSLCertVerificationError as error:
            raise OutsideError("not-secure", _CERTIFICATES.get(error.verify_code, "")) from None
        except ssl.SSLError:
            raise OutsideError("not-secure", "handshake", later=True) from None
        except ConnectionRefusedError:
            raise OutsideError("refuses-us", later=True) from None
        except (OSError, http.client.HTTPException, ValueError):
            raise OutsideError("no-answer", later=True) from None
        finally:
            watch.cancel()


class _One:
    """One file on its way in, over as many connections as it takes."""

    def __init__(
        self, outside: Outside, url: str, into: IO[bytes], *, most_bytes: int, on_bytes: Callable[[int], None],
        check: Callable[[str], None], may_be_packed: bool,
    ) -> None:  # fmt: skip
        self._outside, self._url, self._into, self._most_bytes = outside, url, into, most_bytes
        self._on_bytes, self._check, self._may_be_packed = on_bytes, check, may_be_packed
        self._until_s = time.monotonic() + LONGEST_S
        self.have, self._best = 0, 0
        self._total: int | None = None
        self._validator = ""
        self.final_url, self.media_type, self.packed = "", "", False

    def bring(self) -> None:
        idle = 0
        for _ in range(MOST_TRIES):
            before = self._best
            try:
                if self._once():
                    return
                failure = OutsideError("dropped", later=True)
            except OutsideError as error:
                if not error.later or error.code == "status":
                    raise
                failure = error
            idle = 0 if self._best > before else idle + 1
            if idle >= TRIES_WITHOUT_PROGRESS:
                raise failure
        raise OutsideError("dropped", later=True)

    def look_for_more(self) -> None:
        """The server said it was all, the feed promised more: ask once for what comes after."""
        have, self._total = self.have, None
        try:
            if self._once(only_more=True):
                return
        except OutsideError:
            pass
        self.have = have
        self._into.seek(have)
        self._into.truncate()

    def _once(self, *, only_more: bool = False) -> bool:
        """One connection; whether all is there after it."""
        headers = {"Range": f"bytes={self.have}-"} if self.have else {}
        if self.have and self._validator:
            headers["If-Range"] = self._validator
        with self._outside.asked(self._url, headers) as (answer, self.final_url):
            if self.have and answer.status == 416:
                if only_more:
                    raise OutsideError("no-more")
                self._start_over()
                return False
            self._begin(answer, only_more=only_more)
            return self._read(answer)

    def _begin(self, answer: http.client.HTTPResponse, *, only_more: bool) -> None:
        if answer.status == 206 and self.have:
            span = _RANGE.fullmatch(answer.headers.get("Content-Range", "").strip())
            if span is None or int(span[1]) != self.have:
                raise OutsideError("no-more") if only_more else self._lies()
            self._total = None if span[2] == "*" else int(span[2])
        elif answer.status == 200 and not only_more:
            self._start_over()
            declared = answer.headers.get("Content-Length", "")
            chunked = "chunked" in answer.headers.get("Transfer-Encoding", "").lower()
            self._total = int(declared) if declared.isdigit() and not chunked else None
        else:
            after_s = _asked_to_wait_s(answer.headers.get("Retry-After", ""), answer.headers.get("Date", ""))
            raise OutsideError("status", str(answer.status), later=answer.status in _LATER, after_s=after_s)
        self.media_type = answer.headers.get_content_type() if "Content-Type" in answer.headers else ""
        self._check(self.media_type)
        self.packed = answer.headers.get("Content-Encoding", "identity").lower() not in {"identity", ""}
        if self.packed and not self._may_be_packed:
            raise OutsideError("packed")
        if self._total is not None and self._total > self._most_bytes:
            raise OutsideError("too-big")
        tag = answer.headers.get("ETag", "")
        self._validator = tag if tag.startswith('"') else ""

    def _lies(self) -> OutsideError:
        self._start_over()
        return OutsideError("dropped", later=True)

    def _start_over(self) -> None:
        self.have = 0
        self._into.seek(0)
        self._into.truncate()

    def _read(self, answer: http.client.HTTPResponse) -> bool:
        try:
            while chunk := answer.read1(CHUNK_BYTES):
                self.have += self._into.write(chunk)
                self._best = max(self._best, self.have)
                if self.have > self._most_bytes:
                    raise OutsideError("too-big")
                self._on_bytes(self.have)
                if time.monotonic() > self._until_s:
                    raise OutsideError("too-slow")
        except TimeoutError:
            raise OutsideError("stalled", later=True) from None
        except (OSError, http.client.HTTPException, ValueError):
            raise OutsideError("dropped", later=True) from None
        if self._total is None and not self.have:  # a line that broke in the middle of the headers looks like this
            return False
        return self._total is None or self.have >= self._total


def _asked_to_wait_s(told: str, its_now: str) -> int:
    """Seconds, by the server's own clock; 0: nothing that can be understood, or the past. Source: RFC 9110 §10.2.3, §6.6.1."""
    told = told.strip()
    if told.isascii() and told.isdigit() and len(told) < 10:
        return int(told)
    try:
        return max(0, round((parsedate_to_datetime(told) - parsedate_to_datetime(its_now)).total_seconds()))
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0


def unpacked(content: bytes, most_bytes: int) -> bytes:
    """What was packed with gzip.

    Raises:
        OutsideError: packed, when it cannot be read; too-big.
    """
    try:
        found = zlib.decompressobj(47).decompress(content, most_bytes + 1)
    except zlib.error:
        raise OutsideError("packed") from None
    if len(found) > most_bytes:
        raise OutsideError("too-big")
    return found
