"""Who may do what with an episode, and what it lacks: as laws."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radio.catalogue.rules import Move, RecordingState, State, after
from radio.core.people import THE_STATION, Person, Role
from radio.editorial.rules import AT_THE_CONSOLE, Hands, Lack, hands, may, may_describe, missing, waits_for

PEOPLE = tuple(Person(role.value, role.value, frozenset({role})) for role in Role)


@dataclass
class Take:
    state: RecordingState = RecordingState.TAKEN


@dataclass
class Tag:
    vocabulary: str
    code: str


@dataclass
class Draft:
    title: str = "First light"
    kind: str = "story"
    summary: str = "A walk before dawn."
    content_notes: list[object] | None = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)
    recording: Take | None = field(default_factory=Take)
    recordings: list[Take] = field(default_factory=lambda: [Take()])


steps = st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(Move)), max_size=30)


@given(steps, st.sampled_from(PEOPLE))
def test_nothing_is_published_without_a_submit_and_a_steward_and_what_is_withdrawn_stays_so(
    steps: list[tuple[Person, Move]], maker: Person
) -> None:
    state, made = State.DRAFT, []
    for person, move in steps:
        target = after(move, state)
        if target is None or not may(person, move, maker.id):
            continue
        assert state is not State.WITHDRAWN
        if target is State.PUBLISHED:
            assert made[-1][1] is Move.SUBMIT
            assert person.has(Role.STEWARD)
        made.append((person, move))
        state = target


def test_a_producer_makes_moves_only_with_what_they_made() -> None:
    alice, bob = (Person(name, name, frozenset({Role.PRODUCER})) for name in ("alice", "bob"))

    assert [move for move in Move if may(alice, move, "alice")] == [Move.SUBMIT, Move.SEND_BACK, Move.WITHDRAW]
    assert [move for move in Move if may(bob, move, "alice")] == []
    assert [move for move in Move if may(bob, move, None)] == []


def test_one_steward_alone_may_take_anything_back() -> None:
    assert may(Person("sam", "sam", frozenset({Role.STEWARD})), Move.WITHDRAW, "alice")


def test_neither_the_station_nor_an_operator_has_editorial_power() -> None:
    operator = Person("olga", "olga", frozenset({Role.OPERATOR}))

    for person in (THE_STATION, operator):
        assert not [move for move in Move if may(person, move, None)]


def test_the_machine_s_command_line_may_do_what_a_steward_may() -> None:
    assert all(may(AT_THE_CONSOLE, move, None) for move in Move)


def test_what_others_look_at_or_hear_is_not_changed_by_its_producer_alone() -> None:
    alice = Person("alice", "alice", frozenset({Role.PRODUCER}))

    assert [state for state in State if may_describe(alice, state, "alice")] == [State.DRAFT]


def test_a_whole_draft_lacks_nothing() -> None:
    assert missing(Draft()) == ()


@pytest.mark.parametrize(
    ("draft", "lack"),
    [
        (Draft(title="  "), Lack.TITLE),
        (Draft(kind="advert"), Lack.KIND),
        (Draft(summary=""), Lack.SUMMARY),
        (Draft(content_notes=None), Lack.CONTENT_NOTES),
        (Draft(tags=[Tag("topic", code) for code in ("sleep", "craving", "naloxone", "joy")]), Lack.TAGS),
        (Draft(recording=None, recordings=[]), Lack.RECORDING),
        (Draft(recording=None, recordings=[Take(RecordingState.REFUSED)]), Lack.RECORDING_REFUSED),
        (Draft(recordings=[Take(), Take(RecordingState.INGESTING)]), Lack.RECORDING_WORKING),
    ],
)
def test_what_is_missing_is_named(draft: Draft, lack: Lack) -> None:
    assert missing(draft) == (lack,)


def test_an_older_take_is_heard_when_a_newer_one_was_refused() -> None:
    assert missing(Draft(recordings=[Take(), Take(RecordingState.REFUSED)])) == ()


def test_an_ident_needs_no_summary() -> None:
    assert missing(Draft(kind="ident", summary="")) == ()


def test_it_is_always_known_who_has_the_next_step() -> None:
    assert {hands(lack) for lack in Lack} == {Hands.MAKER, Hands.STATION}
    assert waits_for(State.READY, ()) is Hands.STEWARD
    assert waits_for(State.DRAFT, (Lack.RECORDING_WORKING,)) is Hands.STATION
    assert waits_for(State.DRAFT, (Lack.RECORDING_WORKING, Lack.TITLE)) is Hands.MAKER
    assert waits_for(State.PUBLISHED, ()) is None
