"""Asks our own public addresses, and no others, as a podcast app would.

Which machine is asked stands in the settings alone; nobody who types a title can choose it. A redirect is followed once, and only
to the public address of our own store.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urlsplit

from radio.settings import Settings

TIMEOUT_S = 15.0
MOST_BYTES = 8_000_000
"""More is never kept of one answer."""
_CHUNK_BYTES = 256 * 1024
_LATER = frozenset({429, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class NoVerdictError(Exception):
    """Nobody answered, or they said "later": nothing follows for what was asked about."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `headers` have small names."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole answer that was read and not kept."""

    status: int
    size_bytes: int
    sha256: str


class Reach:
    """The way to our own public addresses."""

    def __init__(self, settings: Settings) -> None:
        self._public, self._store = settings.public_url, settings.s3_public_endpoint
        self._base = settings.gate_url or settings.public_url

    def is_us(self) -> bool:
        """Whether this station answers there: somebody, and nobody else."""
        try:
            said = json.loads(self.ask("/healthz", later=False).body)
        except (NoVerdictError, ValueError):
            return False
        return isinstance(said, dict) and {"ok", "parts"} <= set(said)

    def ask(self, path: str, *, method: str = "GET", later: bool = True, whole: bool = True, **headers: str) -> Answer:
        """The answer to a path of ours, its body up to 8 MB. `later`: an answer that says so is none. `whole` false: hang up before its body.

        Raises:
            NoVerdictError: nobody answered.
        """
        with self._opened(path, method, headers, later=later) as answer:
            body = answer.read(MOST_BYTES) if whole else b""
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, body)

    def fetch(self, path: str) -> Fetched:
        """Read all of it.

        Raises:
            NoVerdictError: nobody answered, or the line broke.
        """
        sha256, size_bytes = hashlib.sha256(), 0
        with self._opened(path, "GET", {}, later=True) as answer:
            while chunk := answer.read(_CHUNK_BYTES):
                sha256.update(chunk)
                size_bytes += len(chunk)
            return Fetched(answer.status, size_bytes, sha256.hexdigest())

    @contextmanager
    def _opened(self, path: str, method: str, headers: Mapping[str, str], *, later: bool) -> Iterator[HTTPResponse]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            with self._answer(self._base, path, method, {"Host": urlsplit(self._public).netloc, **named}) as answer:
                where = answer.getheader("Location", "")
                if answer.status not in _REDIRECTS or not self._store or not where.startswith(f"{self._store}/"):
                    yield _judged(answer, later=later)
                    return
            with self._answer(self._store, where.removeprefix(self._store), method, named) as answer:
                yield _judged(answer, later=later)
        except (OSError, HTTPException) as error:
            raise NoVerdictError(type(error).__name__) from error

    @contextmanager
    def _answer(self, base: str, path: str, method: str, headers: Mapping[str, str]) -> Iterator[HTTPResponse]:
        parts = urlsplit(base)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
        try:
            connection.request(method, path, headers={"User-Agent": "PeerRadio-gate (bot; the station itself)", **headers})
            yield connection.getresponse()
        finally:
            connection.close()


def _judged(answer: HTTPResponse, *, later: bool) -> HTTPResponse:
    if later and answer.status in _LATER:
        raise NoVerdictError(str(answer.status))
    return answer


class RemoteFile(io.RawIOBase):
    """A download read by ranges, as far as somebody who looks into it reads. `size_bytes` is what it was said to have."""

    BLOCK_BYTES = 64 * 1024

    def __init__(self, reach: Reach, path: str, size_bytes: int) -> None:
        super().__init__()
        self._reach, self._path, self._size_bytes, self._at = reach, path, size_bytes, 0
        self._blocks: dict[int, bytes] = {}

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """As files do."""
        self._at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size_bytes}[whence])
        return self._at

    def tell(self) -> int:
        """As files do."""
        return self._at

    def read(self, size: int = -1) -> bytes:
        """As files do; asks for whole blocks, each once."""
        stop = self._size_bytes if size < 0 else min(self._at + size, self._size_bytes)
        pieces = []
        while self._at < stop:
            number, inside = divmod(self._at, self.BLOCK_BYTES)
            piece = self._block(number)[inside : inside + stop - self._at]
            if not piece:
                break
            pieces.append(piece)
            self._at += len(piece)
        return b"".join(pieces)

    def _block(self, number: int) -> bytes:
        if number not in self._blocks:
            start = number * self.BLOCK_BYTES
            stop = min(start + self.BLOCK_BYTES, self._size_bytes)
            answer = self._reach.ask(self._path, Range=f"bytes={start}-{stop - 1}")
            self._blocks[number] = answer.body if answer.status == 206 else b""
        return self._blocks[number]
