"""The arithmetic of an upload in parts, and the states a producer sees. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from radio.catalogue.rules import RecordingState, State
from radio.editorial.rules import Lack
from radio.jobs.rules import JobState

PART_BYTES = 8 * 1024 * 1024
"""Parts are all equal but the last, as some stores demand, and above S3's 5 MiB."""
SIGN_SECONDS = 3600
MOST_SIGNED = 20
ABANDONED_AFTER = timedelta(hours=48)

_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


def looks_like_fingerprint(text: object) -> bool:
    """Whether this is a SHA-256 in hex: what a browser knows a file again by."""
    return isinstance(text, str) and _FINGERPRINT.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Parts:
    """How a file of `size_bytes` is cut; part numbers count from 1."""

    size_bytes: int
    part_bytes: int = PART_BYTES

    @property
    def count(self) -> int:
        """How many parts there are."""
        return -(-self.size_bytes // self.part_bytes)

    def size_of(self, number: int) -> int:
        """The bytes of one part.

        Raises:
            ValueError: there is no such part.
        """
        if not 1 <= number <= self.count:
            raise ValueError(f"part {number} of {self.count}")
        return min(self.part_bytes, self.size_bytes - (number - 1) * self.part_bytes)

    def missing(self, sizes: Mapping[int, int]) -> tuple[int, ...]:
        """Which parts have not arrived whole, given the size of each that has arrived."""
        return tuple(number for number in range(1, self.count + 1) if sizes.get(number) != self.size_of(number))

    def whole(self, sizes: Mapping[int, int]) -> tuple[int, ...]:
        """Which parts need not be sent again."""
        lacking = set(self.missing(sizes))
        return tuple(number for number in range(1, self.count + 1) if number not in lacking)


class Standing(StrEnum):
    """Where an episode stands, as its producer sees it."""

    NO_RECORDING = "no-recording"
    UPLOADING = "uploading"
    WORKING = "working"
    TROUBLED = "troubled"
    """An attempt failed for a reason that is ours; it is tried again."""
    BROKEN = "broken"
    """It was tried often enough; a person must ask for it again."""
    REFUSED = "refused"
    LACKING = "lacking"
    COMPLETE = "complete"
    """A draft that lacks nothing: it can be submitted."""
    WAITING = "waiting"
    PUBLISHED = "published"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


def standing(
    state: State, lacks: Iterable[Lack], *, uploading: bool, job: JobState | None, job_failed_before: bool, expired: bool
) -> Standing:
    """Where an episode stands; `job` is that of its newest recording while that is worked on."""
    decided = {State.READY: Standing.WAITING, State.WITHDRAWN: Standing.WITHDRAWN}
    if state in decided:
        return decided[state]
    if state is State.PUBLISHED:
        return Standing.EXPIRED if expired else Standing.PUBLISHED
    lacking = set(lacks)
    if Lack.RECORDING_WORKING in lacking:
        return _at_work(job, failed_before=job_failed_before)
    if uploading:
        return Standing.UPLOADING
    for lack, shown in ((Lack.RECORDING_REFUSED, Standing.REFUSED), (Lack.RECORDING, Standing.NO_RECORDING)):
        if lack in lacking:
            return shown
    return Standing.LACKING if lacking else Standing.COMPLETE


def _at_work(job: JobState | None, *, failed_before: bool) -> Standing:
    if job in {None, JobState.FAILED}:
        return Standing.BROKEN
    return Standing.TROUBLED if job is JobState.QUEUED and failed_before else Standing.WORKING


UNFINISHED = frozenset({RecordingState.RECEIVED, RecordingState.INGESTING})
