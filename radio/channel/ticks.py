"""The bytes of ticks: read from the store in blocks of a minute, kept for a while, shared by everybody who listens here."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from media.errors import MediaError, StoreUnavailableError
from media.store import ObjectStore
from media.types import ByteRange
from radio.channel.loop import Loop
from radio.channel.rules import Piece, Sound

log = logging.getLogger(__name__)

BLOCK_TICKS = 64
KEPT_BYTES = 16_000_000
WAIT_S = 8.0
"""How long a segment may wait for the store before it is answered with 503."""


@dataclass(slots=True)
class _Fetch:
    done: threading.Event = field(default_factory=threading.Event)
    content: bytes | None = None


class Ticks:
    """Reads ticks. Of many who ask for the same block one fetches it; the others wait for that one."""

    def __init__(self, store: ObjectStore, loops: Mapping[str, Loop]) -> None:
        self.loops = loops
        self.failed = 0
        """How many blocks the store did not give."""
        self._store = store
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._kept_bytes = 0
        self._fetches: dict[tuple[str, int], _Fetch] = {}

    @property
    def under_way(self) -> int:
        """How many blocks are being read from the store now."""
        return len(self._fetches)

    def read(self, pieces: Iterable[Piece], profile: str, *, wait_s: float = WAIT_S) -> bytes:
        """The bytes of the pieces, one after the other.

        Raises:
            StoreUnavailableError: the store did not give them within `wait_s`.
        """
        return b"".join(self._piece(piece, profile, wait_s) for piece in pieces)

    def want(self, pieces: Iterable[Piece]) -> None:
        """Fetch what will be read soon, without waiting for it."""
        for piece in pieces:
            if piece.sound:
                for block in _blocks(piece):
                    if self._at_hand(piece.sound, block) is None:
                        self._begin(piece.sound, block)

    def _piece(self, piece: Piece, profile: str, wait_s: float) -> bytes:
        sound = piece.sound
        if sound is None:
            return self.loops[profile].cut(piece.first_tick, piece.n_ticks)
        found = []
        for block in _blocks(piece):
            first = max(piece.first_tick - block * BLOCK_TICKS, 0)
            last = min(piece.first_tick + piece.n_ticks - block * BLOCK_TICKS, BLOCK_TICKS)
            found.append(self._block(sound, block, wait_s)[first * sound.tick_bytes : last * sound.tick_bytes])
        content = b"".join(found)
        if len(content) != piece.n_ticks * sound.tick_bytes:
            raise StoreUnavailableError(f"{sound.key}: {len(content)} bytes of {piece.n_ticks} ticks")
        return content

    def _block(self, sound: Sound, block: int, wait_s: float) -> bytes:
        kept = self._at_hand(sound, block)
        if kept is not None:
            return kept
        fetch = self._begin(sound, block)
        fetch.done.wait(wait_s)
        if fetch.content is None:
            raise StoreUnavailableError(f"{sound.key}: block {block} is not there in time")
        return fetch.content

    def _at_hand(self, sound: Sound, block: int) -> bytes | None:
        with self._lock:
            kept = self._kept.get((sound.key, block))
            if kept is not None:
                self._kept.move_to_end((sound.key, block))
            return kept

    def _begin(self, sound: Sound, block: int) -> _Fetch:
        """The fetch that is under way, or a new one on a thread of its own (a greenlet under gevent)."""
        with self._lock:
            fetch = self._fetches.get((sound.key, block))
            if fetch is None:
                fetch = self._fetches[sound.key, block] = _Fetch()
                threading.Thread(target=self._fetch, args=(sound, block, fetch), daemon=True).start()
            return fetch

    def _fetch(self, sound: Sound, block: int, fetch: _Fetch) -> None:
        start = sound.header_bytes + block * BLOCK_TICKS * sound.tick_bytes
        span = ByteRange(start, min(start + BLOCK_TICKS * sound.tick_bytes, sound.size_bytes))
        try:
            fetch.content = self._store.read(sound.key, span)
        except MediaError as error:
            self.failed += 1
            log.warning("channel: block %d is not to be had: %s", block, type(error).__name__)
        with self._lock:
            self._fetches.pop((sound.key, block), None)
            if fetch.content is not None:
                self._keep((sound.key, block), fetch.content)
        fetch.done.set()

    def _keep(self, name: tuple[str, int], content: bytes) -> None:
        self._kept[name] = content
        self._kept_bytes += len(content)
        while self._kept_bytes > KEPT_BYTES and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._kept_bytes -= len(dropped)


def _blocks(piece: Piece) -> range:
    return range(piece.first_tick // BLOCK_TICKS, (piece.first_tick + piece.n_ticks - 1) // BLOCK_TICKS + 1)
