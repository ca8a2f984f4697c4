"""The sample station: alive at the first start, and honest about what it is."""

from __future__ import annotations

import re
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from mutagen.oggopus import OggOpus

from media.fmp4 import flat_header
from media.grid import TICK_SAMPLES, ticks_for
from media.profiles import MP3_BITRATES, OPUS_BITRATES, Profile, low, standard
from radio.catalogue.terms import vocabulary
from radio.sample import SampleEpisode, SampleSlot, load

SAMPLE = load()
BY_NAME = {episode.name: episode for episode in SAMPLE.episodes}
SHOWS = {show.slug: show for show in SAMPLE.shows}
EMERGENCY = Path(__file__).parents[3] / "radio" / "channel" / "emergency"
LOOP_TICKS = 30
ROOT = Path(__file__).parents[3]

each_episode = pytest.mark.parametrize("episode", SAMPLE.episodes, ids=lambda episode: episode.name)
each_slot = pytest.mark.parametrize("slot", SAMPLE.slots, ids=lambda slot: slot.title)


def length_s(episode: SampleEpisode) -> float:
    return float(OggOpus(episode.audio).info.length)


def of_kind(name: str) -> list[SampleEpisode]:
    return [episode for episode in SAMPLE.episodes if episode.name.startswith(name)]


def test_every_file_has_its_words_and_every_word_its_file() -> None:
    audio = set((ROOT / "radio/sample/audio").iterdir())
    transcripts = set((ROOT / "radio/sample/transcripts").iterdir())

    assert {episode.audio for episode in SAMPLE.episodes} == audio
    assert {episode.transcript for episode in SAMPLE.episodes if episode.transcript} == transcripts
    assert {episode.show for episode in SAMPLE.episodes} == set(SHOWS)


@each_episode
def test_every_episode_says_what_it_is(episode: SampleEpisode) -> None:
    assert "sample" in episode.title or "example, not checked" in episode.title
    assert "ynthetic" in episode.summary
    assert SAMPLE.sentence in episode.notes
    assert episode.synthetic
    assert SHOWS[episode.show].title.startswith("Sample: ")


def test_every_show_and_slot_says_that_it_is_a_sample() -> None:
    assert all("sample" in show.description.lower() and "synthetic" in show.description for show in SAMPLE.shows)
    assert all(show.synthetic for show in SAMPLE.shows)
    assert all(slot.title.startswith("Sample: ") for slot in SAMPLE.slots)


def test_what_looks_like_guidance_says_in_text_and_in_sound_that_it_is_not_checked() -> None:
    guidance = [episode for episode in SAMPLE.episodes if episode.kind == "guidance"]

    assert len(guidance) == 2
    for episode in guidance:
        assert "not checked" in episode.title
        assert "no advice" in episode.summary
        assert episode.transcript is not None
        cues = episode.transcript.read_text().split("\n\n")[1:]
        spoken = " ".join(cue.split(">")[-1] for cue in cues)
        assert "not been checked" in " ".join(cues[:4])
        assert "not been checked" in " ".join(cues[-5:])
        assert not re.search(r"\d", spoken), "no numbers: no dose, no telephone"


def test_nobody_tells_a_story_in_the_sample() -> None:
    assert {episode.kind for episode in SAMPLE.episodes} == {"programme", "guidance", "company", "ident"}
    assert not any(name in {"substance", "pathway"} for episode in SAMPLE.episodes for name, _ in episode.tags)


def test_titles_and_names_stand_once() -> None:
    assert len({episode.title for episode in SAMPLE.episodes}) == len(SAMPLE.episodes)
    assert len(BY_NAME) == len(SAMPLE.episodes)
    assert len({show.title for show in SAMPLE.shows}) == len(SAMPLE.shows)


@each_episode
def test_every_tag_is_a_word_of_the_vocabulary(episode: SampleEpisode) -> None:
    assert vocabulary().problems([*episode.tags, ("kind", episode.kind), ("detail", episode.detail)]) == ()


def test_there_is_half_an_hour_of_it_and_it_is_small() -> None:
    assert 20 * 60 <= sum(map(length_s, SAMPLE.episodes)) <= 30 * 60
    assert sum(episode.audio.stat().st_size for episode in SAMPLE.episodes) <= 6_000_000


@each_episode
def test_every_file_costs_what_small_sound_costs(episode: SampleEpisode) -> None:
    info = OggOpus(episode.audio).info

    assert info.channels == 1
    assert episode.audio.stat().st_size * 8 / info.length < 40_000


def test_the_rundown_finds_a_part_for_every_sound() -> None:
    """Programmes are longer than a short may be; shorts and the bed are what their show makes of them."""
    assert all(3 * 60 <= length_s(episode) <= 5 * 60 for episode in of_kind("morning-table"))
    assert all(121 <= length_s(episode) <= 180 for episode in of_kind("quiet-hours"))
    assert all(15 <= length_s(episode) <= 45 and SHOWS[episode.show].in_feeds for episode in of_kind("short"))
    assert len(of_kind("ident")) >= 5
    assert all(3 <= length_s(episode) <= 6 for episode in of_kind("ident"))
    assert 60 <= length_s(BY_NAME["bed"]) <= 120
    assert not SHOWS[BY_NAME["bed"].show].in_feeds


def test_the_bed_leaves_no_silence_on_its_last_tick() -> None:
    samples = round(length_s(BY_NAME["bed"]) * 48_000)

    assert ticks_for(samples) * TICK_SAMPLES - samples < 0.1 * 48_000


@pytest.mark.parametrize("episode", [e for e in SAMPLE.episodes if e.transcript], ids=lambda e: e.name)
def test_captions_follow_the_voice(episode: SampleEpisode) -> None:
    assert episode.transcript is not None
    text = episode.transcript.read_text("utf-8")
    times = [clock(found) for found in re.findall(r"\d\d:\d\d:\d\d\.\d{3}", text)]

    assert text.startswith("WEBVTT\n\n")
    assert all(before <= after for before, after in pairwise(times))
    assert times[-1] <= length_s(episode)
    assert "<v Synthetic voice" in text


def clock(text: str) -> float:
    hours, minutes, seconds = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def test_the_words_are_those_that_the_voices_were_given() -> None:
    texts = "\n".join(path.read_text("utf-8") for path in (ROOT / "scripts/sample_making/texts").glob("*.txt"))
    written = " ".join(re.sub(r"^[AB]: ", "", line) for line in texts.splitlines())
    captions = [line for e in SAMPLE.episodes if e.transcript for line in e.transcript.read_text("utf-8").splitlines()]
    said = [line.split(">", 1)[1] for line in captions if line.startswith("<v ")]

    assert len(said) > 150
    assert [sentence for sentence in said if sentence not in written] == []


@each_slot
def test_every_slot_asks_for_something_that_is_there(slot: SampleSlot) -> None:
    fill = slot.fill

    assert fill.rung in {"episode", "latest", "next", "rotation"}
    assert (fill.show is not None) == (fill.rung in {"latest", "next"})
    assert (fill.episode is not None) == (fill.rung == "episode")
    assert {*fill.shows, *([fill.show] if fill.show else [])} <= set(SHOWS)
    assert fill.episode is None or fill.episode in BY_NAME
    assert {("kind", kind) for kind in fill.kinds} <= {("kind", term.code) for term in vocabulary().lists["kind"].terms}
    assert all(vocabulary().term(*tag) for tag in fill.tags)
    assert slot.start_rule in {"hard", "soft"}


def test_no_two_slots_want_the_same_minute() -> None:
    days = ("mo", "tu", "we", "th", "fr", "sa", "su")
    taken: set[tuple[int, int]] = set()
    for slot in SAMPLE.slots:
        for day in slot.weekdays:
            first = slot.starts_at.hour * 60 + slot.starts_at.minute
            minutes = {divmod(days.index(day) * 1440 + first + n, 1440) for n in range(slot.length_minutes)}
            assert not minutes & taken, slot.title
            taken |= minutes


def test_a_slot_recurs_as_calendars_say_it() -> None:
    slot = next(slot for slot in SAMPLE.slots if slot.title == "Sample: Staying Safer")

    assert slot.rrule == "FREQ=WEEKLY;BYDAY=MO,WE,FR"


@pytest.mark.parametrize("profile", [*map(standard, MP3_BITRATES), *map(low, OPUS_BITRATES)], ids=lambda profile: profile.code)
def test_the_emergency_loop_lies_on_the_grid_at_every_rate(profile: Profile) -> None:
    loop = (EMERGENCY / f"{profile.code}.{profile.extension}").read_bytes()

    assert len(loop) == profile.header_bytes + LOOP_TICKS * profile.tick_bytes
    if profile.codec == "opus":
        assert loop.startswith(flat_header(LOOP_TICKS * profile.units_per_tick, profile.unit_bytes))
    else:
        assert all(loop[at : at + 2] == b"\xff\xfb" for at in range(0, len(loop), profile.unit_bytes))


def test_the_emergency_loop_is_small_enough_to_go_everywhere() -> None:
    assert sum(path.stat().st_size for path in EMERGENCY.iterdir()) <= 1_500_000


def test_no_uncompressed_sound_is_in_the_repository() -> None:
    listed = subprocess.run(["git", "ls-files", "radio", "scripts"], cwd=ROOT, capture_output=True, text=True, check=True)

    assert not [name for name in listed.stdout.split() if name.endswith((".wav", ".flac", ".aiff"))]
