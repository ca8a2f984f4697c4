"""Who does which kind of work. A room's `tasks.py` says so; the worker imports it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from radio.jobs.work import Work

Handler = Callable[[Work], None]


@dataclass(frozen=True, slots=True)
class Craft:
    """How a kind of work is done. `every`: None for work that is asked for.

    `heavy` work fills a core; `far` work waits for other servers, sometimes for hours.
    """

    do: Handler
    heavy: bool = False
    every: timedelta | None = None
    far: bool = False

    @property
    def lane(self) -> str:
        """Work of one lane waits for places of its own: none holds another up."""
        return "heavy" if self.heavy else "far" if self.far else "light"


CRAFTS: dict[str, Craft] = {}
"""Kind → how it is done, of all rooms whose tasks have been imported."""


def handles(kind: str, *, heavy: bool = False, far: bool = False) -> Callable[[Handler], Handler]:
    """Declare who does this kind of work. No more heavy work runs at once than there are cores; the rest never waits for it.

    `far` work takes long and needs no core: other servers, or very large files.
    """
    return _declare(kind, lambda do: Craft(do, heavy=heavy, far=far))


def periodic(*, every: timedelta, kind: str) -> Callable[[Handler], Handler]:
    """Declare work that the station does by itself: at the first start, then this long after the last time, by one worker."""
    return _declare(kind, lambda do: Craft(do, every=every))


def _declare(kind: str, craft: Callable[[Handler], Craft]) -> Callable[[Handler], Handler]:
    def declare(do: Handler) -> Handler:
        if kind in CRAFTS and CRAFTS[kind].do is not do:
            raise RuntimeError(f"two handlers for {kind}: {CRAFTS[kind].do.__module__} and {do.__module__}")
        CRAFTS[kind] = craft(do)
        return do

    return declare
