"""The endless MP3: half ticks at their time, the same bytes for everybody, cut once in this process.

No listener has a playhead and nothing ticks: each waits for the next half tick by the clock, and the first to wake cuts it.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from media.errors import StoreUnavailableError
from media.icy import Interleaver, metadata_block
from radio.channel.held import Holding
from radio.channel.rules import BURST_HALVES, HALF_MS, Aired
from radio.channel.ticks import Ticks
from radio.clock import Clock

log = logging.getLogger(__name__)

METAINT_BYTES = 16_000
FELL_BEHIND_HALVES = 40
"""Who has not taken what was sent for 19 s is let go: their player begins again at the clock."""
PREPARED_TICKS = 21
"""How far ahead the store is read: 20 s, longer than it may need."""
SEND_BUFFER_BYTES = 65_536
"""What the system keeps for a listener who does not read; by default it is megabytes, minutes of sound."""
_KEPT_HALVES = 64
_FIRST_WAIT_S = 3.0


@dataclass(frozen=True, slots=True)
class HalfTick:
    """Half a tick of MP3 frames and the ICY block that says what they are."""

    sound: bytes
    block: bytes


@dataclass(slots=True)
class _Seat:
    """A listener: where they are, and the line to cut when they stop reading. Nothing tells who they are."""

    half: int
    line: socket.socket | None


class Stream:
    """The MP3 stream of one process. `pause` waits for so many seconds."""

    def __init__(
        self, clock: Clock, holding: Holding, ticks: Ticks, station_name: str, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock, self._holding, self._ticks, self._name, self._pause = clock, holding, ticks, station_name, pause
        self._cut_already: dict[int, HalfTick] = {}
        self._seats: dict[int, _Seat] = {}
        self._lock = threading.Lock()
        self._store_away = False

    @property
    def listeners(self) -> int:
        """How many listen here now; nothing else is known of them."""
        return len(self._seats)

    def listen(self, *, with_titles: bool, line: socket.socket | None = None) -> Iterator[bytes]:
        """What one listener is sent: what has just been on, then each half tick when it begins. Ends when they fall behind."""
        titles = Interleaver(METAINT_BYTES) if with_titles else None
        seat = _Seat(self._present() - BURST_HALVES, line)
        self._seats[id(seat)] = seat
        try:
            burst = [self._said(self.half_tick(seat.half + n, _FIRST_WAIT_S), titles) for n in range(BURST_HALVES)]
            seat.half += BURST_HALVES
            yield b"".join(burst)
            while True:
                self._await(seat.half)
                if not 0 <= self._present() - seat.half < FELL_BEHIND_HALVES:
                    return
                sound = self.half_tick(seat.half)
                seat.half += 1
                yield self._said(sound, titles)
        finally:
            self._seats.pop(id(seat), None)

    def half_tick(self, half: int, wait_s: float = 0.0) -> HalfTick:
        """The sound of a half tick, counted from the epoch. When the store is away it is the emergency loop's."""
        found = self._cut_already.get(half)
        if found is None:
            with self._lock:
                found = self._cut_already.get(half) or self._cut(half, wait_s)
                self._cut_already[half] = found
                for old in [kept for kept in self._cut_already if kept < half - _KEPT_HALVES]:
                    del self._cut_already[old]
            self._let_go(half)
        return found

    @staticmethod
    def _said(sound: HalfTick, titles: Interleaver | None) -> bytes:
        return titles.send(sound.sound, sound.block) if titles else sound.sound

    def _present(self) -> int:
        """The half tick that is next to be sent."""
        return -(-self._clock.unix_ms() // HALF_MS)

    def _await(self, half: int) -> None:
        while (wait_ms := half * HALF_MS - self._clock.unix_ms()) > 0:
            self._pause(min(wait_ms, 1_000) / 1_000)

    def _cut(self, half: int, wait_s: float) -> HalfTick:
        tick, second = divmod(half, 2)
        now_tick = max(tick, self._clock.unix_ms() // (2 * HALF_MS))
        made_of, on = self._holding.tick("standard", tick, now_tick)
        self._ticks.want(made_of)
        for ahead in self._ahead(half, tick):
            self._ticks.want(self._holding.tick("standard", ahead, now_tick)[0])
        try:
            sound = self._ticks.read(made_of, "standard", wait_s=wait_s)
            self._say(store_away=False)
        except StoreUnavailableError:
            loop = self._ticks.loops["standard"]
            sound, on = loop.cut(tick % loop.n_ticks, 1), None
            self._say(store_away=True)
        middle = len(sound) // 2
        return HalfTick(sound[middle:] if second else sound[:middle], metadata_block(self._title(on)))

    def _ahead(self, half: int, tick: int) -> range:
        """The ticks to be read now, though they are sent later: one, or at the first listener all from here on."""
        first = tick + 1 if half - 1 not in self._cut_already else tick + PREPARED_TICKS
        return range(first, tick + PREPARED_TICKS + 1)

    def _title(self, on: Aired | None) -> str:
        return (on.words if on and on.has_page else "") or self._name

    def _let_go(self, half: int) -> None:
        """Cut the line of listeners who do not read: they hold memory, and their own player has given up on them."""
        for seat in list(self._seats.values()):
            if half - seat.half > FELL_BEHIND_HALVES and seat.line is not None:
                # Through a second handle: gevent would end the first one's wait with an error of its own, not with a broken pipe.
                with suppress(OSError), seat.line.dup() as line:
                    line.shutdown(socket.SHUT_RDWR)

    def _say(self, *, store_away: bool) -> None:
        if store_away and not self._store_away:
            log.error("channel: the store is away; the stream plays the emergency loop")
        elif not store_away and self._store_away:
            log.warning("channel: the store is back")
        self._store_away = store_away
