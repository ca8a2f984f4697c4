"""The arithmetic of parts, and where an episode stands."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from radio.catalogue.rules import State
from radio.editorial.rules import Lack
from radio.jobs.rules import JobState
from radio.studio.rules import Parts, Standing, looks_like_fingerprint, standing


@given(st.integers(1, 10**6), st.integers(1, 10**5))
def test_parts_cover_a_file_exactly_and_only_the_last_is_smaller(size_bytes: int, part_bytes: int) -> None:
    parts = Parts(size_bytes, max(part_bytes, size_bytes // 500 + 1))
    sizes = [parts.size_of(number) for number in range(1, parts.count + 1)]

    assert sum(sizes) == size_bytes
    assert set(sizes[:-1]) <= {parts.part_bytes}
    assert 0 < sizes[-1] <= parts.part_bytes


@given(st.integers(1, 5000), st.dictionaries(st.integers(0, 60), st.integers(0, 200)))
def test_every_part_is_either_whole_or_missing(size_bytes: int, arrived: dict[int, int]) -> None:
    parts = Parts(size_bytes, 100)

    assert sorted(parts.whole(arrived) + parts.missing(arrived)) == list(range(1, parts.count + 1))


def test_a_fingerprint_is_a_digest_and_never_a_name() -> None:
    assert looks_like_fingerprint("0" * 64)
    assert not any(map(looks_like_fingerprint, ("", "my walk.m4a", "0" * 63, "G" * 64, None, 64)))


def stands(
    state: State = State.DRAFT, *lacks: Lack, uploading: bool = False, job: JobState | None = None, failed: bool = False
) -> Standing:
    return standing(state, lacks, uploading=uploading, job=job, job_failed_before=failed, expired=False)


def test_where_a_draft_stands_follows_its_recording_first() -> None:
    working = Lack.RECORDING_WORKING
    assert stands(State.DRAFT, Lack.RECORDING, Lack.TITLE) is Standing.NO_RECORDING
    assert stands(State.DRAFT, Lack.RECORDING, uploading=True) is Standing.UPLOADING
    assert stands(State.DRAFT, working, job=JobState.RUNNING) is Standing.WORKING
    assert stands(State.DRAFT, working, job=JobState.QUEUED, failed=True) is Standing.TROUBLED
    assert stands(State.DRAFT, working, job=JobState.FAILED) is Standing.BROKEN
    assert stands(State.DRAFT, Lack.RECORDING_REFUSED) is Standing.REFUSED
    assert stands(State.DRAFT, Lack.TITLE) is Standing.LACKING
    assert stands(State.DRAFT) is Standing.COMPLETE
    assert stands(State.READY) is Standing.WAITING
