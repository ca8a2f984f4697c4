"""The vocabulary: stable codes, plain words, and limits that keep tags few."""

from __future__ import annotations

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radio.catalogue.terms import Problem, TagProblem, Term, UnknownTermError, offered_roles, role_of, term_list, vocabulary

WORDS = vocabulary()
TERMS: tuple[Term, ...] = tuple(chain.from_iterable(each.terms for each in WORDS.lists.values()))
A_LIST = {"list": "fruit", "label": "Fruit", "definition": "What grows.", "version": 1, "source": "us"}


def test_every_list_of_the_first_charter_is_there() -> None:
    assert set(WORDS.lists) == {
        *("kind", "topic", "substance", "pathway", "capital", "chime", "audience", "form", "voice", "note", "scope"),
        *("story-shape", "story-stage", "story-told-by", "story-tone", "intensity", "detail", "support", "role"),
    }


def test_the_codes_others_have_stored_are_still_there() -> None:
    """Codes are in rows, feeds and bookmarks: one may be retired, none may vanish."""
    sizes = {name: len(each.terms) for name, each in WORDS.lists.items()}

    assert sizes["kind"] == 10
    assert sizes["topic"] == 28
    assert sizes["substance"] == 26
    assert sizes["pathway"] == 14
    assert sizes["capital"] == 5
    assert sizes["audience"] == 12
    assert sizes["note"] == 20


@pytest.mark.parametrize("name", sorted(WORDS.lists))
def test_a_code_stands_once_in_its_list_and_is_fit_for_an_address(name: str) -> None:
    codes = [term.code for term in WORDS.lists[name].terms]

    assert len(codes) == len(set(codes))
    assert all(code == code.lower() and code.replace("-", "").isalnum() for code in codes)


@pytest.mark.parametrize("term", TERMS, ids=lambda term: f"{term.list}:{term.code}")
def test_every_term_has_plain_words_and_a_true_place(term: Term) -> None:
    assert term.label[0].isupper()
    assert not term.label.endswith(".")
    assert term.definition.endswith(".")
    assert term.source
    assert term.label not in term.also_called
    if term.broader is not None:
        assert WORDS.term(term.list, term.broader).broader is None
    if term.gate is not None:
        assert WORDS.term("kind", term.gate)


def test_what_says_something_of_a_persons_health_needs_their_word() -> None:
    sensitive = {f"{term.list}:{term.code}" for term in TERMS if term.sensitive}

    assert {
        "topic:mental-health",
        "topic:law",
        "topic:identity",
        "topic:parenting",
        "pathway:faith-culture",
    } <= sensitive
    assert all(term.sensitive for term in TERMS if term.list in {"substance", "pathway", "story-stage", "story-told-by"})
    assert not any(term.sensitive for term in TERMS if term.list in {"kind", "capital", "audience"})


def test_the_night_keeps_out_what_may_grip() -> None:
    kept_out = {term.code for term in TERMS if term.list == "note" and term.never_at_night}

    assert kept_out == {
        *(
            "use-described",
            "injecting",
            "drug-sounds",
            "overdose",
            "withdrawal-described",
            "suicide",
            "self-harm",
        ),
        *("abuse-domestic", "abuse-sexual", "abuse-child", "sudden-noise"),
    }
    assert WORDS.term("detail", "describes").never_at_night
    assert not WORDS.term("intensity", "1").never_at_night
    assert WORDS.term("intensity", "2").never_at_night


def test_an_unknown_term_is_an_error_and_not_a_guess() -> None:
    with pytest.raises(UnknownTermError):
        WORDS.term("topic", "weather")
    with pytest.raises(UnknownTermError):
        WORDS.term("colour", "plum")


def test_who_picks_the_broad_term_means_the_narrow_ones_too() -> None:
    codes = [term.code for term in WORDS.narrower("substance", "opioids")]

    assert codes == ["opioids", "heroin", "rx-opioids", "synthetic-opioids"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("relapse", "lapse"),
        ("SLEEP", "sleep"),
        ("hépatitis c", "bbv"),
        ("12 steps", "mutual-aid"),
        ("mental health", "mental-health"),
        ("  benefits ", "money"),
        ("universal", "money"),
    ],
)
def test_people_find_a_topic_by_their_own_word(text: str, code: str) -> None:
    assert WORDS.find(text, within=["topic"])[0].code == code


def test_the_whole_word_comes_before_the_part() -> None:
    found = [term.code for term in WORDS.find("family", within=["audience", "topic", "pathway"])]

    assert found[0] == "family"
    assert "family-recovery" in found


@pytest.mark.parametrize("text", ["", "   ", "!?", "qqzz"])
def test_nothing_asked_is_nothing_found(text: str) -> None:
    assert WORDS.find(text) == ()


def test_one_letter_finds_only_what_is_called_so() -> None:
    assert {term.code for term in WORDS.find("g")} == {"ghb-gbl"}


def test_three_topics_stand_and_a_fourth_does_not() -> None:
    three = [("topic", "sleep"), ("topic", "joy"), ("topic", "money")]

    assert WORDS.problems(three) == ()
    assert WORDS.problems([*three, ("topic", "work")]) == (Problem(TagProblem.TOO_MANY, "topic", at_most=3),)


@pytest.mark.parametrize(("name", "at_most"), [("kind", 1), ("topic", 3), ("pathway", 2), ("capital", 2), ("note", None)])
def test_the_limits_are_those_of_the_charter(name: str, at_most: int | None) -> None:
    assert WORDS.lists[name].at_most == at_most


def test_every_wrong_tag_is_told_apart() -> None:
    tags = [("topic", "sleep"), ("topic", "sleep"), ("topic", "weather"), ("colour", "plum")]

    assert WORDS.problems(tags) == (
        Problem(TagProblem.REPEATED, "topic", "sleep"),
        Problem(TagProblem.UNKNOWN_TERM, "topic", "weather"),
        Problem(TagProblem.UNKNOWN_LIST, "colour", "plum"),
    )


def test_a_retired_term_is_known_but_no_longer_offered() -> None:
    fruit = term_list(
        A_LIST
        | {
            "term": [
                {"code": "pear", "label": "Pear", "definition": "Green.", "status": "active"},
                {"code": "quince", "label": "Quince", "definition": "Yellow.", "status": "retired"},
            ]
        }
    )
    words = type(WORDS)({"fruit": fruit})

    assert [term.code for term in fruit.offered] == ["pear"]
    assert words.find("quince") == ()
    assert words.term("fruit", "quince").label == "Quince"
    assert words.problems([("fruit", "quince")]) == (Problem(TagProblem.RETIRED, "fruit", "quince"),)


@given(st.lists(st.sampled_from(TERMS), unique=True, max_size=12))
def test_known_terms_within_the_limits_have_no_problem(terms: list[Term]) -> None:
    tags = [(term.list, term.code) for term in terms]
    crowded = {
        name
        for name, each in WORDS.lists.items()
        if each.at_most is not None and sum(tag[0] == name for tag in tags) > each.at_most
    }

    assert {problem.list for problem in WORDS.problems(tags)} == crowded


@given(st.text(max_size=30))
def test_any_text_may_be_looked_for(text: str) -> None:
    assert all(term.list in WORDS.lists for term in WORDS.find(text))


def test_roles_are_read_as_people_and_feeds_write_them() -> None:
    """Source: Podcast Taxonomy: 63 roles in 11 groups; one name stands in two of them."""
    roles = offered_roles()

    assert (len(roles), len({role.broader for role in roles})) == (63, 11)
    assert [role_of(words) for words in ("HOST", "Co-Host", "cover art designer", "juggler", "cast", "")] == [
        "host", "co-host", "cover-art-designer", "", "", "",
    ]  # fmt: skip
    assert (role_of("editor", "Writing"), role_of("editor", "video post-production"), role_of("Editor", "?")) == (
        "editor", "video-editor", "editor",
    )  # fmt: skip
