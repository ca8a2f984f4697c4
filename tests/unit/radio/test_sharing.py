"""What leaves the house, and with whose leave."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radio.core.ids import new_id
from radio.pages import sharing
from radio.pages.sharing import EpisodeFacts, ShowFacts
from tests.makers import NOON

SCOPES = ["site", "live", "podcast", "relay", "training", "prison", "press-clip", "archive"]
SHOW = ShowFacts("Night Desk", "Talk.", "https://r.example/shows/n", "https://r.example/shows/n/feed.xml", "https://r.example/a.jpg",
                 "en-GB", "Peer Radio")  # fmt: skip
EPISODE = EpisodeFacts("Bread", "A talk.", "https://r.example/episodes/e", "en-GB", NOON, 3_725_000, "https://r.example/audio/e.mp3",
                       "audio/mpeg", 1_000_000, 2, 3)  # fmt: skip
_WORK = {"name", "description", "url", "image", "inLanguage", "isAccessibleForFree", "author", "datePublished", "associatedMedia"}
PROPERTIES = {
    "PodcastSeries": _WORK | {"webFeed"},
    "PodcastEpisode": _WORK | {"duration", "episodeNumber", "partOfSeason", "partOfSeries"},
    "PodcastSeason": _WORK | {"seasonNumber"},
    "AudioObject": _WORK | {"contentUrl", "contentSize", "encodingFormat", "duration"},
    "Organization": {"name", "url"},
}
"""Source: schema.org, the properties of each type and of those above it, as far as we use them."""


@given(st.sets(st.sampled_from(SCOPES)))
def test_nothing_is_on_other_sites_without_both_agreements(scopes: set[str]) -> None:
    assert sharing.may_be_embedded(scopes) is ({"site", "relay"} <= scopes)


@given(st.sampled_from(["story", "programme", "guidance"]), st.sets(st.sampled_from(SCOPES)))
def test_what_may_not_leave_is_in_no_index(kind: str, scopes: set[str]) -> None:
    leaves = "site" in scopes and bool(scopes & {"podcast", "relay"})

    assert sharing.may_be_listed(scopes) is leaves
    assert ("noindex" in sharing.robots(kind, scopes)) is not leaves
    assert kind != "story" or "noarchive" in sharing.robots(kind, scopes)


@pytest.mark.parametrize(
    ("kind", "detail", "intensity", "discreet"),
    [("story", "none", 0, True), ("interview", "none", 0, True), ("guidance", "mentions", 1, False), ("guidance", "describes", 0, True),
     ("programme", "none", 2, True), ("programme", "none", 0, False), ("local", "none", 0, False)],
)  # fmt: skip
def test_lives_and_hard_things_are_not_told_over_a_shoulder(kind: str, detail: str, intensity: int, discreet: bool) -> None:
    assert sharing.is_discreet(kind, detail, intensity) is discreet


def objects(linked: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    yield linked
    for value in linked.values():
        if isinstance(value, Mapping):
            yield from objects(value)


@pytest.mark.parametrize(
    "linked",
    [sharing.linked_show(SHOW), sharing.linked_episode(EPISODE, SHOW),
     sharing.linked_episode(replace(EPISODE, season_number=None, episode_number=None, summary=""), SHOW)],
)  # fmt: skip
def test_machines_are_told_only_what_schema_org_has_a_word_for(linked: Mapping[str, object]) -> None:
    assert linked["@context"] == "https://schema.org"
    for each in objects(linked):
        named = {name for name in each if not name.startswith("@")}
        assert named <= PROPERTIES[str(each["@type"])]
        assert all(value not in {"", None} for value in each.values() if not isinstance(value, Mapping))


@given(st.integers(0, 200_000_000))
def test_a_length_can_be_read_back(length_ms: int) -> None:
    found = re.fullmatch(r"PT(?:(\d+)H)?(?:(\d+)M)?(\d+)S", sharing.iso_length(length_ms))

    assert found
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    assert hours * 3600 + minutes * 60 + seconds == round(length_ms / 1000)


@given(st.data())
def test_a_short_link_is_the_beginning_of_no_earlier_id(data: st.DataObject) -> None:
    own = new_id()
    alike = data.draw(st.lists(st.integers(0, 15), max_size=5))
    others = [own[:n] + new_id()[n:] for n in alike]
    others = [other for other in others if other != own]

    short = sharing.short(own, others)

    assert own.startswith(short)
    assert len(short) >= sharing.SHORT_LEAST
    assert not any(other.startswith(short) for other in others)


def test_letters_that_look_like_digits_may_be_typed() -> None:
    assert sharing.short_ids("OIL0lo9Z") == "0110109z"


def test_what_is_copied_into_another_page_cannot_leave_its_quotes() -> None:
    code = sharing.iframe("https://r.example/embed/e", '"><script>alert("&', (480, 210))

    assert "<script" not in code
    assert code.count("<") == 2
