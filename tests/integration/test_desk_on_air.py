"""The desk on air, the log of what was aired, and the same from the command line, as people use them."""

from __future__ import annotations

import codecs
import csv
import http.server
import io
import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from media.grid import HOUR_TICKS, tick_at, tick_start_ms
from radio.accounts.models import Person
from radio.catalogue.actions import set_voices
from radio.catalogue.models import Episode, EpisodeTag, Recording
from radio.catalogue.rules import RecordingState
from radio.channel.outages import Outages
from radio.clock import SetClock
from radio.core.people import Role
from radio.editorial import actions as editorial
from radio.editorial import air
from radio.editorial.commands import air as air_command
from radio.editorial.commands import asrun as asrun_command
from radio.editorial.rules import AT_THE_CONSOLE
from radio.errors import RefusedError
from radio.jobs.models import Job
from radio.schedule import actions, overrides, overriding, queries, swapping
from radio.schedule.airings import Airing, Part, on_air
from radio.schedule.asrun import Outcome, as_run
from radio.schedule.asrun_sheets import BYTE_ORDER_MARK
from radio.schedule.models import Outage
from radio.station import Station
from tests.air import make_catalogue
from tests.makers import make_episode, make_person, make_show, make_slot
from tests.visitor import Visitor

Browsers = Callable[[Person | None], Visitor]


@pytest.fixture
def here(station: Station, app: Flask) -> Station:
    """The station with a horizon of a day."""
    found = app.extensions["station"] = replace(station, settings=replace(station.settings, horizon_days=1))
    return found


@pytest.fixture
def on(session: Session, here: Station, clock: SetClock) -> Airing:
    """A station that is on air, in the middle of a programme, which this gives."""
    make_catalogue(session, None, here)
    actions.extend(session, here)
    session.commit()
    clock.move(timedelta(minutes=10))
    now = tick_at(clock.unix_ms())
    airing = next(
        a for a in queries.rundown(session, now, now + HOUR_TICKS).airings if a.part is Part.PROGRAMME and a.n_ticks > 180
    )
    airing = on_air(queries.rundown(session, now - HOUR_TICKS, now + HOUR_TICKS), airing.start_tick) or airing
    clock.move(timedelta(milliseconds=(airing.start_tick + 40) * 960 - clock.unix_ms()))
    return airing


@pytest.fixture
def olu(session: Session) -> Person:
    """An operator."""
    return make_person(session, name="olu", roles=(Role.OPERATOR,))


def test_one_person_stops_the_station_with_one_question_and_another_resumes(
    browser_of: Browsers, session: Session, on: Airing, olu: Person, edith: Person
) -> None:
    operator, editor = browser_of(olu), browser_of(edith)
    assert "/studio/air/stop" in operator.get("/studio/air").text
    assert "Stop now" in operator.get("/studio/air/stop").text
    assert overriding.the_stop(session) is None, "to look changes nothing"
    assert "emergency loop" in operator.post("/studio/air/stop", follow_redirects=True).text
    assert overriding.the_stop(session) is not None
    assert "already" in operator.post("/studio/air/stop", follow_redirects=True).text
    assert operator.get("/studio/air/resume").status_code == 403
    assert "/studio/air/resume" in editor.get("/studio/air").text
    assert "Resumed" in editor.post("/studio/air/resume", follow_redirects=True).text
    assert overriding.the_stop(session) is None


@pytest.mark.parametrize("path", ["/studio/air/stop", "/studio/air/resume", "/studio/air/alert"])
def test_a_producer_may_look_and_a_contributor_may_not(
    browser_of: Browsers, on: Airing, alice: Person, charlie: Person, path: str
) -> None:
    assert "Swap" not in browser_of(alice).get("/studio/air").text
    assert browser_of(alice).post(path).status_code == 403
    assert browser_of(charlie).get("/studio/air").status_code == 403
    assert browser_of(None).get("/studio/air").status_code in {302, 401}


def test_what_is_on_is_swapped_from_the_desk(browser_of: Browsers, session: Session, on: Airing, edith: Person) -> None:
    editor, address = browser_of(edith), f"/studio/air/swap/{on.start_tick}"
    assert address in editor.get("/studio/air").text
    assert "cut in 24 seconds" in editor.get(address).text
    assert "meanwhile" in editor.post(address, data={"instead_of": "another"}, follow_redirects=True).text
    refused = editor.post(address, data={"instead_of": on.episode_id, "episode_id": "nothing"})
    assert (refused.status_code, "Choose another" in refused.text) == (422, True)
    done = editor.post(address, data={"instead_of": on.episode_id, "episode_id": ""}, follow_redirects=True)
    assert "Swapped" in done.text
    later = queries.rundown(session, on.start_tick + 70, on.start_tick + 2000).airings
    assert on.episode_id not in {airing.episode_id for airing in later}
    assert editor.get("/studio/air/swap/5").status_code == 404


def test_the_list_says_beforehand_what_would_not_fit(
    browser_of: Browsers, session: Session, here: Station, on: Airing, edith: Person, clock: SetClock
) -> None:
    """What the list offers is taken, and what it says does not fit would be refused: by day, at night, and where messages are owed."""
    show = make_show(session, slug="more", title="More", now=here.now())
    helpline = make_episode(session, show=show, kind="message", ticks=40, now=here.now())
    session.add(EpisodeTag(episode_id=helpline.id, vocabulary="support", code="helpline"))
    grave = make_episode(session, show=show, title="Grave", ticks=380, now=here.now())
    grave.content_notes = [{"code": "suicide", "from_ms": None, "to_ms": None}]
    for ticks in (400, 700, 1100, 1500, 3000):
        make_episode(session, show=show, title=f"Long {ticks}", ticks=ticks, now=here.now())
    start = here.now().astimezone(here.settings.tz).replace(tzinfo=None, microsecond=0)
    for hours in (0, 10):
        make_slot(session, first_start=(start + timedelta(hours=hours, minutes=15)).isoformat(), length_minutes=20)
    actions.revise(session, here, why="slot-changed", effective_tick=0)
    session.commit()

    told = Counter[str]()
    for hours in (10, 0):
        now = tick_at(clock.unix_ms()) + hours * HOUR_TICKS
        around = [one for one in queries.rundown(session, now + 60, now + HOUR_TICKS).airings[1:] if one.recording_id]
        in_slot = next(one for one in around if one.slot_id)
        for airing in (around[0], in_slot):
            for offer in swapping.place(session, here, airing.start_tick).offers:
                if offer.airable.episode_id != airing.episode_id:
                    told[f"{hours} {offer.fault}"] += 1
                    assert refused(session, here, airing, offer) == bool(offer.fault), (airing, offer)
    assert {"0 ", "0 too-long", "10 ", "10 too-long"} <= set(told)

    page = browser_of(edith).get(f"/studio/air/swap/{in_slot.start_tick}").text
    fits, too_long = page.split('<optgroup label="Too long for the time until ')
    assert re.match(r'\d\d:\d\d" disabled>', too_long)
    assert "Long 3000" in too_long
    assert "Long 3000" not in fits


def refused(session: Session, here: Station, airing: Airing, offer: swapping.Offer) -> bool:
    """Whether it would be refused if somebody chose it."""
    trial = session.begin_nested()
    try:
        overrides.swap(session, here, airing, episode_id=offer.airable.episode_id, by=AT_THE_CONSOLE)
    except RefusedError as error:
        return error.code == "does-not-fit"
    finally:
        trial.rollback()
    return False


def test_an_alert_is_relayed_and_ended_from_the_desk(
    browser_of: Browsers, session: Session, here: Station, on: Airing, sam: Person
) -> None:
    steward = browser_of(sam)
    assert "no published alert yet" in steward.get("/studio/air/alert").text
    warning = make_episode(session, title="A warning", kind="alert", ticks=30, now=here.now())
    typed = {"episode_id": warning.id, "issuer": "", "link": "https://health.example/7", "area": "Somewhere", "grade": "act-now",
             "until": "2026-11-28", "every_minutes": "30"}  # fmt: skip
    refused = steward.post("/studio/air/alert", data=typed)
    assert (refused.status_code, "Say who warns" in refused.text, "Somewhere" in refused.text) == (422, True, True)
    nothing = typed | {"episode_id": "", "link": "here", "area": "", "grade": "", "until": "soon", "every_minutes": "often"}
    refused = steward.post("/studio/air/alert", data=nothing)
    faulty = re.findall(r'<li><a href="#(\w+)">', refused.text)
    assert faulty == ["episode_id", "issuer", "link", "area", "grade", "until", "every_minutes"], "every fault at once, in order"
    assert all(f'id="{name}"' in refused.text and f'id="{name}-fault"' in refused.text for name in faulty), "each at its field"
    assert 'value="often"' in refused.text, "what was typed stays"
    assert "on its way" in steward.post("/studio/air/alert", data=typed | {"issuer": "An office"}, follow_redirects=True).text
    (row,) = overriding.alerts(session, 0)
    assert (row.issuer, row.grade) == ("An office", "act-now")
    assert "An office, Somewhere" in steward.get("/studio/air").text
    assert "An office" in steward.get(f"/studio/air/alert/{row.id}/cancel").text
    assert "is over" in steward.post(f"/studio/air/alert/{row.id}/cancel", follow_redirects=True).text


def log(session: Session, on: Airing, clock: SetClock) -> list[tuple[Outcome, str]]:
    rows = as_run(session, on.start_tick, on.start_tick + HOUR_TICKS, now_tick=tick_at(clock.unix_ms()))
    assert all(one.airing.end_tick == later.airing.start_tick for one, later in pairwise(rows)), "no hole"
    return [(row.outcome, row.because) for row in rows]


def test_the_log_says_what_became_of_each_airing(session: Session, here: Station, on: Airing, clock: SetClock) -> None:
    assert log(session, on, clock) == [(Outcome.ON_AIR, "")]
    air.stop(session, here, by=AT_THE_CONSOLE, now=here.now())
    clock.move(timedelta(minutes=2))
    air.resume(session, here, by=AT_THE_CONSOLE, now=here.now())
    clock.move(timedelta(minutes=30))
    now_tick = tick_at(clock.unix_ms())
    heard = next(a for a in queries.rundown(session, now_tick - 1500, now_tick).airings[1:-1] if a.part is Part.PROGRAMME)
    session.add(Outage(process="web-1", from_tick=heard.start_tick + 1, to_tick=heard.start_tick + 11))
    session.commit()
    told = log(session, on, clock)
    assert told[:2] == [(Outcome.CUT, "stopped"), (Outcome.LOOP, "stopped")]
    assert told[-1] == (Outcome.ON_AIR, "")
    assert [outcome for outcome, _ in told[2:-1] if outcome is not Outcome.AIRED] == [Outcome.PARTLY_LOOP]


def test_what_went_by_while_no_process_ran_was_not_sent(app: Flask, session: Session, on: Airing, clock: SetClock) -> None:
    before, after = Outages(app), Outages(app)

    def told(minutes: int, *seen: Outages) -> list[tuple[Outcome, str]]:
        clock.move(timedelta(minutes=minutes))
        for outages in seen:
            outages.note(session, "web-1")
            session.commit()
        return log(session, on, clock)

    assert told(0, before) == [(Outcome.ON_AIR, "")]
    away = told(20)
    assert away[0] == (Outcome.PARTLY_SENT, "nobody"), "it was on when a process was seen last"
    assert set(away[1:]) == {(Outcome.NOT_SENT, "nobody")}
    session.execute(update(Episode).values(kind="company"))
    sent = [
        one.airing
        for one in as_run(session, on.start_tick, on.start_tick + HOUR_TICKS, now_tick=tick_at(clock.unix_ms()))
        if one.is_music
    ]
    assert sent == [on], "nobody is paid for what was not sent"
    again = told(0, after, before, after)
    assert again[: len(away)] == away
    later = told(15, after, before)
    assert later[: len(away) - 1] == away[:-1]
    assert (Outcome.AIRED, "") in later[len(away) :]
    assert later[-1] == (Outcome.ON_AIR, "")


def test_the_log_tells_starts_and_lengths_to_the_second(
    browser_of: Browsers, session: Session, here: Station, on: Airing, clock: SetClock, alice: Person
) -> None:
    clock.move(timedelta(minutes=30))
    told = re.findall(
        r">(\d\d:\d\d:\d\d)</time></td>\s*<td>(?:(\d+):)?(\d+):(\d\d)</td>", browser_of(alice).get("/studio/air/log").text
    )
    rows = as_run(session, 0, tick_at(clock.unix_ms()), now_tick=tick_at(clock.unix_ms()))
    starts = [(tick_start_ms(row.airing.start_tick) // 1000) % 86_400 for row in rows]

    assert [sum(int(n) * of for n, of in zip(at.split(":"), (3600, 60, 1), strict=True)) for at, *_ in told] == starts
    lengths = [int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) for _, hours, minutes, seconds in told]
    assert [start + length for start, length in zip(starts, lengths, strict=True)][:-1] == starts[1:]


def test_what_an_alert_interrupted_is_in_the_log_in_two_pieces(
    session: Session, here: Station, on: Airing, clock: SetClock
) -> None:
    warning = make_episode(session, title="A warning", kind="alert", ticks=30, now=here.now())
    notice = air.Notice("An office", "https://health.example", "Here", "know", here.now() + timedelta(days=1), 60)
    air.alert(session, here, warning, notice, by=AT_THE_CONSOLE, now=here.now())
    clock.move(timedelta(minutes=10))
    session.commit()
    rows = as_run(session, on.start_tick, on.start_tick + 300, now_tick=tick_at(clock.unix_ms()))
    assert [(row.outcome, row.source) for row in rows[:2]] == [(Outcome.INTERRUPTED, "rotation"), (Outcome.AIRED, "alert")]
    assert rows[0].airing.n_ticks + rows[2].airing.n_ticks == on.n_ticks


def test_of_what_was_taken_back_the_log_keeps_ids_and_times_only(
    browser_of: Browsers, session: Session, here: Station, on: Airing, clock: SetClock, alice: Person, app: Flask
) -> None:
    episode = session.get_one(Episode, on.episode_id)
    title, show = episode.title, episode.show.title
    editorial.withdraw(session, here, episode, by=AT_THE_CONSOLE, now=here.now())
    session.commit()
    clock.move(timedelta(minutes=20))
    (row, *_) = as_run(session, on.start_tick, on.start_tick + 10, now_tick=tick_at(clock.unix_ms()))
    assert (row.taken_back, row.outcome, row.because, row.airing.episode_id) == (True, Outcome.CUT, "withdrawn", episode.id)
    day = "2026-11-25"
    browser = browser_of(alice)
    for address in (f"/studio/air/log?day={day}", f"/studio/air/log.csv?day={day}", f"/studio/air/log.json?day={day}"):
        text = browser.get(address).text
        assert title not in text, address
        assert episode.id in text, address
    first = json.loads(browser.get(f"/studio/air/log.json?day={day}").text)["as_run"]
    mine = next(one for one in first if one["episode"] == episode.id)
    assert {name for name, value in mine.items() if value} == {
        "start",
        "end",
        "seconds",
        "source",
        "outcome",
        "because",
        "episode",
        "recording",
    }
    assert show


def test_the_log_is_there_after_more_than_forty_two_days(
    browser_of: Browsers, session: Session, on: Airing, clock: SetClock, alice: Person, work_off: Callable[[], int]
) -> None:
    clock.move(timedelta(days=60))
    work_off()
    rows = list(
        csv.DictReader(io.StringIO(browser_of(alice).get("/studio/air/log.csv?day=2026-11-25").text.lstrip(BYTE_ORDER_MARK)))
    )
    assert any(row["episode"] == on.episode_id and row["outcome"] == "aired" and len(row["sound_sha256"]) == 64 for row in rows)
    music = list(
        csv.DictReader(io.StringIO(browser_of(alice).get("/studio/air/log.cue?day=2026-11-25").text.lstrip(BYTE_ORDER_MARK)))
    )
    assert {row["show"] for row in music} <= {"House"}


def test_a_spreadsheet_takes_no_title_for_a_formula(
    browser_of: Browsers, session: Session, on: Airing, clock: SetClock, alice: Person
) -> None:
    for title in ("=1+1", "+49 170", "-1", "@sum(1)", "＝1+1", "Zoë’s “night”; 1,5"):
        session.get_one(Episode, on.episode_id).title = title
        content = browser_of(alice).get("/studio/air/log.csv").data
        assert content.startswith(codecs.BOM_UTF8), "or a spreadsheet guesses at the alphabet"
        told = {row["title"] for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig")))}
        assert (title if title[0] == "Z" else f"'{title}") in told


def test_the_cue_sheet_tells_what_a_collecting_society_asks(
    browser_of: Browsers, session: Session, here: Station, on: Airing, clock: SetClock, alice: Person
) -> None:
    """Source: domain 3.2, programmes: title, who made it, when and how long; and under which licence."""
    piece = make_episode(session, title="Slow tide", kind="company", ticks=300, now=here.now())
    piece.show.author, piece.show.license, piece.own_license = "The Tuesday Choir", "cc-by-4.0", {"name": "cc0-1.0", "url": ""}
    set_voices(session, piece, ("Ada", "Wren"), named=True, now=here.now(), roles={"Ada": "composer"})
    air.swap(session, here, on, episode_id=piece.id, by=AT_THE_CONSOLE, now=here.now())
    clock.move(timedelta(minutes=10))
    content = browser_of(alice).get("/studio/air/log.cue").data
    told = next(row for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig"))) if row["title"] == "Slow tide")
    lasts = datetime.fromisoformat(told["end"]) - datetime.fromisoformat(told["start"])
    assert lasts.total_seconds() == float(told["seconds"]) == 300 * 0.96
    assert (told["composer"], told["performer"]) == ("Ada", "Wren")
    assert (told["credit"], told["licence"], told["episode"]) == ("The Tuesday Choir", "cc0-1.0", piece.id), (
        "its own, not its show's"
    )


def test_the_command_line_stops_looks_and_resumes(app: Flask, session: Session, on: Airing) -> None:
    runner = CliRunner()

    def run(*words: str) -> tuple[int, str]:
        session.rollback()
        with app.app_context():
            found = runner.invoke(air_command, list(words))
        return found.exit_code, found.output

    assert run("status")[0] == 0
    assert "now" in run("status")[1]
    assert run("stop")[0] == 0
    assert run("stop") == (1, "Error: the station is stopped already\n")
    assert "stopped since" in run("status")[1]
    assert run("resume")[0] == 0
    assert run("resume")[0] == 1
    with app.app_context():
        session.rollback()
        told = runner.invoke(asrun_command, ["2026-11-25", "2026-11-26", "--format", "json"])
        assert "TO must be later than FROM" in runner.invoke(asrun_command, ["2026-11-26", "2026-11-25"]).output
    assert {one["outcome"] for one in json.loads(told.output)["as_run"]} >= {"aired", "on-air"}


@pytest.fixture
def cache() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """A cache that takes PURGE and writes down what it was told: path and names."""
    told: list[tuple[str, str]] = []

    class Cache(http.server.BaseHTTPRequestHandler):
        def do_PURGE(self) -> None:
            told.append((self.path, self.headers["Surrogate-Key"]))
            self.send_response(404 if self.path.startswith("/audio") else 200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Cache) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", told
        server.shutdown()


def test_a_cache_is_told_to_forget_what_was_taken_back(
    app: Flask, client: Visitor, session: Session, on: Airing, here: Station, clock: SetClock, work_off: Callable[[], int],
    cache: tuple[str, list[tuple[str, str]]],
) -> None:  # fmt: skip
    address, told = cache
    here = app.extensions["station"] = replace(here, settings=replace(here.settings, purge_url=address))
    handed_out = [line for line in client.get("/live/standard.m3u8").text.splitlines() if line.startswith("standard/")]
    editorial.withdraw(session, here, session.get_one(Episode, on.episode_id), by=AT_THE_CONSOLE, now=here.now())
    work_off()
    assert told == [], "until the guard is over a cache would only ask again"
    assert session.get_one(Recording, on.recording_id).state is not RecordingState.ERASED

    clock.move(timedelta(seconds=29))
    work_off()
    assert {names for _, names in told} == {f"recording-{on.recording_id}"}
    paths = [path for path, _ in told]
    assert paths[:4] == ["/", f"/audio/{on.episode_id}.mp3", f"/audio/{on.episode_id}.m4a", f"/episodes/{on.episode_id}"]
    begun, now = on.start_tick // 6, on.start_tick // 6 + 6
    mine = [f"/live/{line}" for line in handed_out if begun <= int(line[9:].split("-")[0]) <= now]
    assert mine
    assert set(mine) <= set(paths)
    assert any(path.startswith("/live/low/") for path in paths)

    clock.move(timedelta(seconds=30))
    work_off()
    assert session.get_one(Recording, on.recording_id).state is RecordingState.ERASED
    assert session.query(Job).filter_by(kind="purge", state="done").count() == 1
