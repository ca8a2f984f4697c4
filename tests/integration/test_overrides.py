"""What a person puts over the rundown: it holds, in the chain, lawfully, until it is ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from flask import Flask
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from media.fmp4 import SEGMENT_PREFIX_BYTES as LOW_PREFIX_BYTES
from media.grid import HOUR_TICKS, first_tick_from, tick_at
from media.mp3 import SEGMENT_PREFIX_BYTES as PREFIX_BYTES
from media.profiles import low, standard
from radio.catalogue.models import Episode, EpisodeTag, Show
from radio.channel import loop
from radio.channel.views import Channel
from radio.clock import SetClock
from radio.core.people import Person, Role
from radio.editorial import air
from radio.editorial.actions import off_air
from radio.editorial.queries import decisions_about
from radio.errors import ForbiddenError, InvalidError, RefusedError
from radio.schedule import actions, models, overriding, queries
from radio.schedule.airings import LOOP_TELLS_TICKS, Airing, Part, on_air
from radio.schedule.overrides import Notice
from radio.schedule.policy import DEFAULTS
from radio.schedule.proof import GOES_ON, law, prove, prove_support
from radio.schedule.wallclock import hours, night
from radio.station import Station
from tests.air import LOOP_TICKS, make_catalogue, tick_content
from tests.makers import make_episode
from tests.visitor import Visitor

STEWARD = Person(None, "sam", frozenset({Role.STEWARD}))
OPERATOR = Person(None, "olu", frozenset({Role.OPERATOR}))
PRODUCER = Person(None, "alice", frozenset({Role.PRODUCER}))


@pytest.fixture
def here(station: Station, app: Flask) -> Station:
    """The station with a horizon of two days."""
    found = app.extensions["station"] = replace(station, settings=replace(station.settings, horizon_days=2))
    return found


@pytest.fixture
def planned(session: Session, here: Station, clock: SetClock) -> list[Episode]:
    """A station that is on air, in the middle of a programme."""
    made = list(make_catalogue(session, None, here))
    actions.extend(session, here)
    session.commit()
    clock.move(timedelta(minutes=10))
    airing = next(a for a in coming(session, here) if a.part is Part.PROGRAMME and a.n_ticks > 180)
    clock.move(timedelta(milliseconds=(airing.start_tick + 40) * 960 - clock.unix_ms()))
    return made


def coming(session: Session, here: Station, n_ticks: int = HOUR_TICKS) -> tuple[Airing, ...]:
    now = tick_at(here.clock.unix_ms())
    return queries.rundown(session, now, now + n_ticks).airings


def guarded(here: Station) -> int:
    return first_tick_from(here.clock.unix_ms() + 24_000)


def notice(here: Station, **changed: object) -> Notice:
    fields = {"issuer": "Public Health Somewhere", "link": "https://health.example/alert/7", "area": "Somewhere", "grade": "act-now",
              "until": here.now() + timedelta(days=2), "every_minutes": 30} | changed  # fmt: skip
    return Notice(**fields)  # type: ignore[arg-type]


def make_alert(session: Session, here: Station, ticks: int = 40) -> Episode:
    return make_episode(session, title="A warning", kind="alert", ticks=ticks, now=here.now())


def proved(session: Session, here: Station, from_tick: int) -> None:
    """The future from the next join on is lawful and whole, and nobody changed the chain."""
    until = queries.planned_until(session)
    now = on_air(queries.rundown(session, from_tick - HOUR_TICKS, until), from_tick)
    assert now is not None
    from_tick = from_tick if now.start_tick == from_tick else now.end_tick
    pool = {airable.episode_id: airable for airable in queries.pool(session, now=here.now())}
    prove(
        queries.rundown(session, from_tick, until).airings, from_tick, until, law(pool, night(here.settings.tz, from_tick, until))
    )
    assert queries.unchained(session) is None


def test_a_stop_is_the_loop_from_the_guard_on_and_no_job_undoes_it(
    session: Session, here: Station, planned: list[Episode], clock: SetClock, work_off: Callable[[], int]
) -> None:
    tick, on = guarded(here), coming(session, here)[0]
    air.stop(session, here, by=STEWARD, now=here.now())
    session.commit()
    assert on_air(queries.rundown(session, tick - 1, tick + 1), tick - 1).recording_id == on.recording_id  # type: ignore[union-attr]

    make_episode(session, title="Something new", now=here.now())
    clock.move(timedelta(hours=9))
    actions.ask_revision(session, why="catalogue-changed", now=here.now())
    work_off()
    actions.revise(session, here, why="slot-changed")
    actions.extend(session, here)
    session.commit()

    until = queries.planned_until(session)
    assert until > tick_at(clock.unix_ms()) + 2 * 90_000, "the future still grows"
    assert {a.part for a in queries.rundown(session, tick, until).airings} == {Part.EMERGENCY}
    assert {a.why["code"] for a in queries.rundown(session, tick, until).airings} == {"stopped"}
    assert queries.unchained(session) is None


def test_a_stop_is_heard_on_every_output(
    session: Session, here: Station, planned: list[Episode], clock: SetClock, client: Visitor, on_air: Channel
) -> None:
    air.stop(session, here, by=STEWARD, now=here.now())
    session.commit()
    clock.move(timedelta(seconds=24 + 20 * 5.76 + 1))
    for profile, first in ((standard(), PREFIX_BYTES), (low(), LOW_PREFIX_BYTES)):
        for line in client.get(f"/live/{profile.name}.m3u8").text.splitlines():
            if line and line[0] != "#":
                number = int(line.split("/")[1].split("-")[0])
                content = b"".join(tick_content("loop", (number * 6 + n) % LOOP_TICKS, profile) for n in range(6))
                assert client.get(f"/live/{line}").data[first:] == content
    half = clock.unix_ms() // 480
    assert on_air.stream.half_tick(half).sound in tick_content("loop", half // 2 % LOOP_TICKS, standard())
    assert client.get("/now.json").json["on_air"]["part"] == "emergency"


def test_what_was_compiled_before_a_stop_is_not_written_after_it(session: Session, here: Station) -> None:
    """Also while nothing is planned yet."""
    make_catalogue(session, None, here)
    actions.hold(session)
    draft = actions.draw_extension(session, here)
    assert draft is not None
    air.stop(session, here, by=STEWARD, now=here.now())
    with pytest.raises(actions.StaleError):
        actions._refuse_stale(session, here, draft)


def test_after_a_stop_the_programme_comes_back(
    session: Session, here: Station, planned: list[Episode], clock: SetClock, work_off: Callable[[], int]
) -> None:
    air.stop(session, here, by=STEWARD, now=here.now())
    clock.move(timedelta(minutes=5))
    air.resume(session, here, by=STEWARD, now=here.now())
    tick = guarded(here)
    session.commit()
    assert overriding.the_stop(session) is None
    assert Part.EMERGENCY not in {a.part for a in queries.rundown(session, tick, tick + HOUR_TICKS).airings}
    work_off()
    assert Part.EMERGENCY not in {a.part for a in queries.rundown(session, tick, queries.planned_until(session)).airings}
    proved(session, here, tick)


def test_one_stop_is_enough_and_an_operator_may_make_it_but_not_end_it(
    session: Session, here: Station, planned: list[Episode]
) -> None:
    stop = air.stop(session, here, by=OPERATOR, now=here.now())
    with pytest.raises(RefusedError, match="already-stopped"):
        air.stop(session, here, by=STEWARD, now=here.now())
    with pytest.raises(ForbiddenError):
        air.resume(session, here, by=OPERATOR, now=here.now())
    with pytest.raises(ForbiddenError):
        air.stop(session, here, by=PRODUCER, now=here.now())
    air.resume(session, here, by=STEWARD, now=here.now())
    assert [entry.what for entry in decisions_about(session, "override", stop.id)] == ["stop", "resume"]


def test_a_stopped_station_takes_no_alert_and_no_swap(session: Session, here: Station, planned: list[Episode]) -> None:
    later = coming(session, here)[3]
    air.stop(session, here, by=STEWARD, now=here.now())
    with pytest.raises(RefusedError, match="stopped"):
        air.swap(session, here, later, episode_id=None, by=STEWARD, now=here.now())
    with pytest.raises(RefusedError, match="stopped"):
        air.alert(session, here, make_alert(session, here), notice(here), by=STEWARD, now=here.now())


def test_an_alert_interrupts_and_what_it_interrupted_goes_on(session: Session, here: Station, planned: list[Episode]) -> None:
    tick, on = guarded(here), coming(session, here)[0]
    whole = session.get_one(Episode, on.episode_id).recording
    assert whole is not None
    warning = make_alert(session, here)
    air.alert(session, here, warning, notice(here), by=STEWARD, now=here.now())
    session.commit()

    before, spoken, rest = queries.rundown(session, tick - 1, tick + 400).airings[:3]
    assert (before.recording_id, before.end_tick) == (on.recording_id, tick)
    assert (spoken.episode_id, spoken.start_tick, spoken.n_ticks) == (warning.id, tick, 40)
    assert (rest.recording_id, rest.start_tick, rest.why["code"]) == (on.recording_id, tick + 40, GOES_ON)
    assert rest.first_tick + rest.n_ticks == whole.n_ticks, "to its own end"
    assert rest.first_tick == before.first_tick + 1, "from where it was interrupted"
    proved(session, here, tick)


@pytest.mark.parametrize("later_s", [5, 40])
def test_a_second_alert_waits_for_the_first_and_what_both_interrupt_goes_on(
    session: Session, here: Station, planned: list[Episode], clock: SetClock, later_s: int
) -> None:
    """It is made before the first is heard, or while it is."""
    tick, on = guarded(here), coming(session, here)[0]
    first = make_alert(session, here, ticks=70)
    second = make_episode(session, show=first.show, title="Another warning", kind="alert", ticks=40, now=here.now())
    row = air.alert(session, here, first, notice(here), by=STEWARD, now=here.now())
    clock.move(timedelta(seconds=later_s))
    air.alert(session, here, second, notice(here), by=STEWARD, now=here.now())
    heard = queries.rundown(session, tick, tick + 500).airings[:3]
    assert [a.episode_id for a in heard] == [first.id, second.id, on.episode_id]
    assert heard[2].why["code"] == GOES_ON
    proved(session, here, tick)

    air.cancel_alert(session, here, row.id, by=STEWARD, now=here.now())
    left = queries.rundown(session, guarded(here), tick + 500).airings[:2]
    assert [a.episode_id for a in left] == [second.id, on.episode_id]
    proved(session, here, guarded(here))


def test_an_alert_comes_round_by_its_interval_and_ends_by_itself(
    session: Session, here: Station, planned: list[Episode], work_off: Callable[[], int]
) -> None:
    warning, until = make_alert(session, here), here.now() + timedelta(hours=5)
    air.alert(session, here, warning, notice(here, until=until), by=STEWARD, now=here.now())
    session.commit()
    work_off()  # the rest of the two days is compiled anew: the alert outlives it
    actions.revise(session, here, why="slot-changed")
    session.commit()
    future = queries.rundown(session, guarded(here), queries.planned_until(session)).airings
    heard = [a for a in future if a.episode_id == warning.id]
    assert 7 <= len(heard) <= 10
    pauses = [later.start_tick - one.end_tick for one, later in pairwise(heard)]
    assert min(pauses) >= HOUR_TICKS // 2, pauses
    assert heard[-1].end_tick <= tick_at(round(until.timestamp() * 1000))
    assert warning.expires_at == until, "pages and feeds let it go too"


def test_an_alert_that_is_not_calm_waits_for_the_morning(
    session: Session, here: Station, planned: list[Episode], clock: SetClock, work_off: Callable[[], int]
) -> None:
    clock.move(timedelta(hours=11, minutes=30))
    warning = make_alert(session, here)
    warning.content_notes = [{"code": "sudden-noise"}]
    air.alert(session, here, warning, notice(here), by=STEWARD, now=here.now())
    work_off()
    first = next(
        a for a in queries.rundown(session, guarded(here), queries.planned_until(session)).airings if a.episode_id == warning.id
    )
    assert first.start_tick >= first_tick_from(1_795_676_400_000), "seven in the morning"
    proved(session, here, guarded(here))


def test_an_alert_that_is_cancelled_is_not_heard_again_and_what_it_interrupted_goes_on(
    session: Session, here: Station, planned: list[Episode], clock: SetClock, work_off: Callable[[], int]
) -> None:
    on = coming(session, here)[0]
    warning = make_alert(session, here, ticks=100)
    row = air.alert(session, here, warning, notice(here), by=STEWARD, now=here.now())
    clock.move(timedelta(seconds=40))
    air.cancel_alert(session, here, row.id, by=STEWARD, now=here.now())
    work_off()
    tick = guarded(here)
    assert warning.id not in {a.episode_id for a in queries.rundown(session, tick, queries.planned_until(session)).airings}
    rest = queries.rundown(session, tick, tick + 1).airings[0]
    assert (rest.recording_id, rest.why["code"]) == (on.recording_id, GOES_ON)
    proved(session, here, tick)
    with pytest.raises(RefusedError, match="already-over"):
        air.cancel_alert(session, here, row.id, by=STEWARD, now=here.now())


def test_an_alert_that_is_relayed_anew_is_heard_at_once_though_it_was_heard_a_moment_ago(
    session: Session, here: Station, planned: list[Episode], clock: SetClock, work_off: Callable[[], int]
) -> None:
    warning = make_alert(session, here)
    row = air.alert(session, here, warning, notice(here), by=STEWARD, now=here.now())
    clock.move(timedelta(seconds=90))
    air.cancel_alert(session, here, row.id, by=STEWARD, now=here.now())
    session.commit()
    tick = guarded(here)
    air.alert(session, here, warning, notice(here, area="A larger area"), by=STEWARD, now=here.now())
    work_off()
    spoken = next(a for a in queries.rundown(session, tick, tick + HOUR_TICKS).airings if a.episode_id == warning.id)
    assert spoken.start_tick <= tick + HOUR_TICKS // 120
    proved(session, here, tick)


def support(session: Session, show: Show, told: str, ticks: int = 25) -> Episode:
    made = make_episode(session, show=show, title=f"Where help is: {told}", kind="message", ticks=ticks)
    made.tags = [EpisodeTag(vocabulary="support", code=told)]
    return made


def test_an_alert_about_an_overdose_has_its_support_around_it_also_where_it_interrupts(
    session: Session, here: Station, planned: list[Episode], clock: SetClock, work_off: Callable[[], int]
) -> None:
    """Source: domain S18, S19."""
    on, warning = coming(session, here)[0], make_alert(session, here)
    warning.content_notes = [{"code": "overdose"}]
    with pytest.raises(RefusedError, match="no-support: overdose"):
        air.alert(session, here, warning, notice(here), by=STEWARD, now=here.now())
    assert session.scalar(select(models.Override)) is None
    wake = support(session, planned[0].show, "overdose")
    row = air.alert(session, here, warning, notice(here), by=STEWARD, now=here.now())
    session.commit()
    tick = guarded(here)
    told = queries.rundown(session, tick, tick + 600).airings[:4]
    assert [a.episode_id for a in told] == [wake.id, warning.id, wake.id, on.episode_id]
    assert told[3].why["code"] == GOES_ON
    proved(session, here, tick)

    # Somebody else is taken back while the alert is spoken: the rest of what it interrupted is not lost.
    clock.move(timedelta(milliseconds=(told[1].start_tick - 20) * 960 - clock.unix_ms()))
    actions.revise(session, here, why="withdrawn", effective_tick=guarded(here))
    assert queries.rundown(session, tick, tick + 600).airings[:4] == told

    # It ends while it is spoken: the support that it needs is heard, then the rest.
    air.cancel_alert(session, here, row.id, by=STEWARD, now=here.now())
    work_off()
    cut = guarded(here)
    left = queries.rundown(session, cut - 1, cut + 400).airings
    assert [a.episode_id for a in left[:3]] == [warning.id, wake.id, on.episode_id]
    assert (left[0].end_tick, left[2].why["code"]) == (cut, GOES_ON)
    proved(session, here, cut)


def help_is_near(session: Session, here: Station, from_tick: int, to_tick: int) -> None:
    """At night a support message is heard every twenty minutes, whatever was put over it."""
    pool = {airable.episode_id: airable for airable in queries.pool(session, now=here.now())}
    airings = queries.rundown(session, from_tick, to_tick).airings
    prove_support(airings, pool, hours(DEFAULTS, here.settings.tz, from_tick, to_tick), DEFAULTS)


def test_an_alert_in_the_middle_of_the_night_makes_no_support_message_late(
    session: Session, here: Station, planned: list[Episode], clock: SetClock
) -> None:
    """What it interrupts was to end when the next message is due, to the tick."""
    for _ in range(3):
        support(session, planned[0].show, "helpline")
    story = make_episode(session, show=planned[0].show, title="Twenty minutes", ticks=HOUR_TICKS // 3, now=here.now())
    start = here.now().replace(hour=23, minute=10, second=0, microsecond=0, tzinfo=None)
    actions.set_slot(session, None, zone="Europe/London", now=here.now(), title="Late", first_start=start, length_minutes=30, rrule="",
                     fill={"rung": "episode", "episode_id": story.id})  # fmt: skip
    actions.revise(session, here, why="slot-changed")
    on = on_air_at(session, tick_at(clock.unix_ms()) // 90_000 * 90_000 + 23 * HOUR_TICKS + HOUR_TICKS // 4)
    assert (on.episode_id, on.n_ticks) == (story.id, HOUR_TICKS // 3)
    span = (on.start_tick - HOUR_TICKS, on.end_tick + HOUR_TICKS)
    help_is_near(session, here, *span)
    clock.move(timedelta(milliseconds=(on.start_tick + 300) * 960 - clock.unix_ms()))
    row = air.alert(session, here, make_alert(session, here, ticks=60), notice(here), by=STEWARD, now=here.now())
    help_is_near(session, here, *span)
    rest = queries.rundown(session, guarded(here), on.end_tick).airings[2]
    assert (rest.episode_id, rest.why["code"]) == (story.id, GOES_ON)
    clock.move(timedelta(seconds=40))
    air.cancel_alert(session, here, row.id, by=STEWARD, now=here.now())
    help_is_near(session, here, *span)


def test_a_stop_at_night_lasts_until_the_loop_has_said_where_help_is(
    session: Session, here: Station, planned: list[Episode], clock: SetClock
) -> None:
    clock.move(timedelta(hours=11))
    air.stop(session, here, by=STEWARD, now=here.now())
    row = air.resume(session, here, by=STEWARD, now=here.now())
    assert (row.until_tick or 0) - row.from_tick >= LOOP_TELLS_TICKS >= 2 * loop.read(standard()).n_ticks
    assert on_air_at(session, (row.until_tick or 0) - 1).part is Part.EMERGENCY


@pytest.fixture
def full(session: Session, here: Station, planned: list[Episode], clock: SetClock) -> Airing:
    """In the first minutes of an episode that fills its slot to the tick, with another such slot behind it; gives that one."""
    hour = clock.unix_ms() // 3_600_000 + 2
    for n, name in enumerate(("first", "second")):
        episode = make_episode(session, show=planned[0].show, title=f"The {name} hour", ticks=HOUR_TICKS, now=here.now())
        start = here.now().replace(hour=hour % 24 + n, minute=0, second=0, microsecond=0, tzinfo=None)
        actions.set_slot(session, None, zone="Europe/London", now=here.now(), title=name, first_start=start, length_minutes=60, rrule="",
                         fill={"rung": "episode", "episode_id": episode.id})  # fmt: skip
    actions.revise(session, here, why="slot-changed")
    session.commit()
    first, second = (on_air_at(session, (hour + n) * HOUR_TICKS) for n in range(2))
    assert (first.n_ticks, second.n_ticks, first.end_tick) == (HOUR_TICKS, HOUR_TICKS, second.start_tick)
    clock.move(timedelta(milliseconds=(first.start_tick + 300) * 960 - clock.unix_ms()))
    return second


def on_air_at(session: Session, tick: int) -> Airing:
    found = on_air(queries.rundown(session, tick - 2 * HOUR_TICKS, tick + 2 * HOUR_TICKS), tick)
    assert found
    return found


def test_what_an_alert_pushes_out_of_a_full_slot_is_told_before_and_heard_as_soon_as_there_is_room(
    session: Session, here: Station, full: Airing, clock: SetClock, work_off: Callable[[], int],
    browser_of: Callable[[object], Visitor], sam: object,
) -> None:  # fmt: skip
    warning, desk = make_alert(session, here), browser_of(sam)
    typed = {"episode_id": warning.id, "issuer": "Public Health Somewhere", "link": "https://health.example/7", "area": "Somewhere", "grade": "act-now",
             "until": f"{here.now() + timedelta(days=1):%Y-%m-%d}", "every_minutes": "60"}  # fmt: skip
    asked = desk.post("/studio/air/alert", data=typed)
    assert asked.status_code == 409
    assert "The second hour" in asked.text
    assert "Heard instead at" in asked.text
    assert session.scalar(select(models.Override)) is None, "nothing is on the air before the steward has seen that"
    assert on_air_at(session, full.start_tick) == full

    again = desk.post("/studio/air/alert", data=typed | {"seen": full.episode_id or ""})
    assert again.status_code == 303
    assert on_air_at(session, guarded(here)).episode_id == warning.id
    work_off()
    later = queries.rundown(session, full.start_tick, full.end_tick + 3 * HOUR_TICKS).airings
    heard = [a for a in later if a.episode_id == full.episode_id]
    assert (heard[0].n_ticks, heard[0].why["code"]) == (HOUR_TICKS, "swapped"), "whole, at the first place with room"
    assert full.end_tick <= heard[0].start_tick < full.end_tick + 2 * HOUR_TICKS
    proved(session, here, guarded(here))


@pytest.mark.parametrize("lacking", ["issuer", "link", "area", "grade"])
def test_an_alert_that_nobody_issued_cannot_be_saved(
    session: Session, here: Station, planned: list[Episode], lacking: str
) -> None:
    warning = make_alert(session, here)
    with pytest.raises(InvalidError) as refused:
        air.alert(session, here, warning, notice(here, **{lacking: " "}), by=STEWARD, now=here.now())
    assert set(refused.value.faults) == {lacking}
    assert session.scalar(select(models.Override)) is None
    row = {"id": "A" * 16, "kind": "alert", "from_tick": 1, "until_tick": 2, "episode_id": warning.id, "every_minutes": 30,
           "issuer": "A", "link": "https://a", "area": "B", "grade": "know", "made_at": here.now()}  # fmt: skip
    with pytest.raises(IntegrityError):
        session.execute(insert(models.Override).values(row | {lacking: None}))


def test_an_alert_lasts_at_most_twenty_eight_days_and_relays_a_published_episode(
    session: Session, here: Station, planned: list[Episode]
) -> None:
    warning = make_alert(session, here)
    for changed in ({"until": here.now() + timedelta(days=29)}, {"until": here.now()}):
        with pytest.raises(InvalidError, match="until"):
            air.alert(session, here, warning, notice(here, **changed), by=STEWARD, now=here.now())
    with pytest.raises(InvalidError, match="episode_id"):
        air.alert(session, here, planned[0], notice(here), by=STEWARD, now=here.now())


def test_what_comes_is_swapped_for_what_somebody_chose(session: Session, here: Station, planned: list[Episode]) -> None:
    later = next(a for a in coming(session, here) if a.part is Part.PROGRAMME and a.start_tick > guarded(here))
    before = [(a.start_tick, a.episode_id) for a in queries.rundown(session, guarded(here), later.start_tick).airings]
    other = make_episode(session, title="Another", ticks=later.n_ticks, now=here.now())
    air.swap(session, here, later, episode_id=other.id, by=STEWARD, now=here.now())
    session.commit()
    heard = queries.rundown(session, later.start_tick, later.start_tick + HOUR_TICKS).airings
    assert (heard[0].episode_id, heard[0].start_tick, heard[0].why["code"]) == (other.id, later.start_tick, "swapped")
    assert later.episode_id not in {a.episode_id for a in heard}
    assert [(a.start_tick, a.episode_id) for a in queries.rundown(session, guarded(here), later.start_tick).airings] == before
    proved(session, here, guarded(here))


def test_what_is_on_is_swapped_by_the_rotation_from_the_guard_on(session: Session, here: Station, planned: list[Episode]) -> None:
    now = tick_at(here.clock.unix_ms())
    on = on_air(queries.rundown(session, now - HOUR_TICKS, now + HOUR_TICKS), now)
    assert on is not None
    air.swap(session, here, on, episode_id=None, by=STEWARD, now=here.now())
    session.commit()
    tick = guarded(here)
    assert on_air(queries.rundown(session, tick - 1, tick), tick - 1).episode_id == on.episode_id  # type: ignore[union-attr]
    assert on.episode_id not in {a.episode_id for a in queries.rundown(session, tick, tick + HOUR_TICKS).airings}
    proved(session, here, tick)


def test_who_no_longer_agrees_to_be_on_air_is_off_it_in_the_middle(
    session: Session, here: Station, planned: list[Episode], work_off: Callable[[], int]
) -> None:
    tick, on = guarded(here), coming(session, here)[0]
    session.get_one(Episode, on.episode_id).scopes = ["site", "podcast"]
    off_air(session, here, now=here.now())
    work_off()
    assert on_air(queries.rundown(session, tick - 1, tick), tick - 1).episode_id == on.episode_id  # type: ignore[union-attr]
    assert on.episode_id not in {a.episode_id for a in queries.rundown(session, tick, queries.planned_until(session)).airings}
    proved(session, here, tick)


def test_a_swap_outlives_a_later_compilation(
    session: Session, here: Station, planned: list[Episode], work_off: Callable[[], int]
) -> None:
    later = next(
        a
        for a in coming(session, here, 4 * HOUR_TICKS)
        if a.part is Part.PROGRAMME and a.start_tick > guarded(here) + 2 * HOUR_TICKS
    )
    other = make_episode(session, title="Another", ticks=later.n_ticks, now=here.now())
    air.swap(session, here, later, episode_id=other.id, by=STEWARD, now=here.now())
    session.commit()
    work_off()
    make_episode(session, show=other.show, title="New", ticks=250, now=here.now())
    actions.revise(session, here, why="slot-changed")
    session.commit()
    around = queries.rundown(session, later.start_tick, later.end_tick + HOUR_TICKS).airings
    assert other.id in {a.episode_id for a in around}
    assert later.episode_id not in {a.episode_id for a in around}


def test_what_may_not_be_heard_cannot_be_swapped_in(session: Session, here: Station, planned: list[Episode]) -> None:
    later = next(a for a in coming(session, here) if a.part is Part.PROGRAMME and a.start_tick > guarded(here))
    over = make_episode(session, title="Over", ticks=later.n_ticks, now=here.now())
    over.expires_at = here.now() + timedelta(minutes=1)
    with pytest.raises(InvalidError, match="not-lawful-then"):
        air.swap(session, here, later, episode_id=over.id, by=STEWARD, now=here.now())
    with pytest.raises(RefusedError, match="changed-meanwhile"):
        air.swap(session, here, replace(later, episode_id=over.id), episode_id=None, by=STEWARD, now=here.now())
    gone = coming(session, here)[0]
    with pytest.raises(RefusedError, match="too-late"):
        air.swap(session, here, replace(gone, n_ticks=1), episode_id=None, by=STEWARD, now=here.now())
