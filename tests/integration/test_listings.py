"""The schedule as other programs read it: what it says is what goes out."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import icalendar
import pytest
import recurring_ical_events
from lxml import etree
from sqlalchemy.orm import Session

from media.store import ObjectStore
from radio.catalogue.actions import describe, touched
from radio.catalogue.models import Episode
from radio.clock import SetClock
from radio.schedule.actions import set_slot
from radio.station import Station
from tests.air import extend, make_catalogue
from tests.visitor import Visitor

NS = {"spi": "http://www.worlddab.org/schemas/spi/31"}


def compiled(session: Session, station: Station, *slots: dict[str, object], days: int = 2) -> list[Episode]:
    """A catalogue without sound, and some days of it."""
    made = list(make_catalogue(session, None, station))
    for fields in slots:
        set_slot(session, None, zone="Europe/London", now=station.now(), fill={"rung": "rotation"}, **fields)  # type: ignore[arg-type]
    session.commit()
    extend(session, replace(station, settings=replace(station.settings, horizon_days=days)))
    return made


def programmes(client: Visitor, days: int = 1) -> list[dict[str, object]]:
    found: list[dict[str, object]] = client.get(f"/schedule.json?days={days}").json["programmes"]
    return found


@pytest.mark.parametrize("change", [datetime(2027, 3, 28, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)])
def test_the_calendar_and_the_schedule_agree_over_a_change_of_the_clock(
    client: Visitor, session: Session, station: Station, clock: SetClock, change: datetime
) -> None:
    clock.set(change - timedelta(days=3))
    first = f"{clock.now():%Y-%m-%d}"
    compiled(
        session, station, {"title": "Small hours", "first_start": datetime.fromisoformat(f"{first}T01:15:00"), "length_minutes": 120, "rrule": "FREQ=DAILY"},
        {"title": "Morning", "first_start": datetime.fromisoformat(f"{first}T08:00:00"), "length_minutes": 60, "rrule": "FREQ=DAILY"},
        days=6,
    )  # fmt: skip
    said = client.get("/schedule.json?days=6").json
    calendar = icalendar.Calendar.from_ical(client.get("/schedule.ics").data)
    start, end = clock.now(), clock.now() + timedelta(days=5)
    events = [e for e in recurring_ical_events.of(calendar).between(start, end) if start <= e.start.astimezone(UTC) < end]
    shown = {(str(e["SUMMARY"]), e.start.astimezone(UTC), e.end.astimezone(UTC)) for e in events}

    def second(ms: int) -> datetime:
        return datetime.fromtimestamp(ms // 1000, UTC)

    places = {(p["title"], second(p["start_ms"]), second(p["end_ms"])) for p in said["slots"]}
    assert shown == {place for place in places if start <= place[1] < end}
    assert len(shown) >= 9
    for programme in said["programmes"]:
        if programme["slot"] and second(programme["end_ms"]) < end - timedelta(hours=3):
            moment = second(programme["start_ms"])
            assert any(title == programme["slot"] and begin <= moment < over for title, begin, over in places)


def test_xmltv_says_what_the_schedule_says(client: Visitor, session: Session, station: Station) -> None:
    compiled(session, station)
    root = etree.fromstring(client.get("/schedule.xml").data)

    told = [(p.get("start"), p.findtext("title"), p.findtext("sub-title"), p.findtext("url")) for p in root.iter("programme")]
    for each in programmes(client, 2)[1:]:
        start = datetime.fromtimestamp(int(str(each["start_ms"])) // 1000, UTC).strftime("%Y%m%d%H%M%S +0000")
        assert (start, each["show"], each["title"], each["url"]) in told
    assert {p.get("channel") for p in root.iter("programme")} == {c.get("id") for c in root.iter("channel")}


def test_a_hybrid_radio_finds_the_service_and_its_day(client: Visitor, session: Session, station: Station) -> None:
    compiled(session, station)
    service = etree.fromstring(client.get("/radiodns/spi/3.1/SI.xml").data).find(".//spi:service", NS)
    bearers = [b.get("id") for b in service.findall("spi:bearer", NS)]
    assert bearers[0] == station.url("/live.mp3")
    assert len(service.findtext("spi:shortName", namespaces=NS)) <= 8
    name = service.find("spi:radiodns", NS)

    address = f"/radiodns/spi/3.1/id/{name.get('fqdn')}/{name.get('serviceIdentifier')}/{station.now():%Y%m%d}_PI.xml"
    day = etree.fromstring(client.get(address).data)
    scope = day.find(".//spi:scope", NS)
    times = [datetime.fromisoformat(t.get("time")) for t in day.iterfind(".//spi:time", NS)]
    assert times == sorted(times)
    assert datetime.fromisoformat(scope.get("startTime")) <= times[0] < times[-1] < datetime.fromisoformat(scope.get("stopTime"))
    starts = {int(str(p["start_ms"])) // 1000 for p in programmes(client)[1:] if int(str(p["start_ms"])) < _midnight_ms(scope)}
    assert starts <= {int(time.timestamp()) for time in times}
    assert all(re.fullmatch(r"PT(\d+H)?(\d+M)?(\d+S)?", t.get("duration")) for t in day.iterfind(".//spi:time", NS))
    assert client.get("/radiodns/spi/3.1/fm/ce1/c586/09580/20261125_PI.xml").status_code == 200
    assert client.get("/radiodns/spi/3.1/id/x/y/2026_PI.xml").status_code == 404


def _midnight_ms(scope: etree._Element) -> int:
    return int(datetime.fromisoformat(str(scope.get("stopTime"))).timestamp() * 1000)


def test_chapters_of_the_day_count_from_its_midnight(client: Visitor, session: Session, station: Station) -> None:
    compiled(session, station)
    answer = client.get(f"/schedule/{station.now():%Y-%m-%d}/chapters.json")
    said = json.loads(answer.data)
    chapters = said["chapters"]
    assert (answer.mimetype, said["version"]) == ("application/json+chapters", "1.2.0")
    midnight = datetime.combine(station.now().astimezone(station.settings.tz).date(), datetime.min.time(), station.settings.tz)
    first = next(c for c in chapters if c["startTime"] * 1000 + midnight.timestamp() * 1000 == programmes(client)[1]["start_ms"])
    assert first["url"] == programmes(client)[1]["url"]
    assert [c["startTime"] for c in chapters] == sorted(c["startTime"] for c in chapters)
    for wrong in ("2026-13-40", "2020-01-01", "x"):
        assert client.get(f"/schedule/{wrong}/chapters.json").status_code == 404


def test_what_is_for_the_air_only_is_told_without_an_address(
    client: Visitor, session: Session, station: Station, clock: SetClock
) -> None:
    made = compiled(session, station)
    for episode in made:
        describe(session, episode, now=clock.now(), scopes=["live"])
    touched(session)
    session.commit()
    root = etree.fromstring(client.get("/schedule.xml").data)
    assert len(root.findall("programme")) > 20
    assert root.find("programme/url") is None
    chapters = json.loads(client.get(f"/schedule/{station.now():%Y-%m-%d}/chapters.json").data)["chapters"]
    assert chapters
    assert not any("url" in chapter for chapter in chapters)
    assert {(one["url"], one["episode"]) for one in programmes(client)} == {(None, None)}


@pytest.mark.parametrize("address", ["/", "/schedule"])
def test_pages_tell_search_engines_what_goes_out(client: Visitor, session: Session, station: Station, address: str) -> None:
    compiled(session, station)
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', client.get(address).text)
    assert found
    graph = json.loads(found[1])["@graph"]
    events = [one for one in graph if one["@type"] == "BroadcastEvent"]
    named = {one["@id"]: one for one in graph if one not in events}
    assert len(named) == len(graph) - len(events), "the station, each show and each episode once"
    assert {one["partOfSeries"]["@id"] for one in named.values() if one["@type"] == "RadioEpisode"} <= set(named)
    assert {event[of]["@id"] for event in events for of in ("publishedOn", "workPerformed")} <= set(named)
    assert {event["startDate"] for event in events} & {
        datetime.fromtimestamp(int(str(p["start_ms"])) // 1000, UTC).isoformat() for p in programmes(client)
    }


def test_the_schedule_is_light_for_a_prepaid_phone(client: Visitor, session: Session, station: Station, clock: SetClock) -> None:
    """Search engines are told what the page names, not every airing of the day; nothing of what is over."""
    compiled(session, station)
    clock.move(timedelta(hours=5))
    page = client.get("/schedule").text
    graph = json.loads(re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)[0])["@graph"]
    events = [one for one in graph if one["@type"] == "BroadcastEvent"]
    blocks = page.count('class="block now') + page.count('class="block later')
    assert 0 < len(events) <= 12 * blocks < 240
    assert min(event["endDate"] for event in events) > clock.now().isoformat()


def test_a_title_cannot_leave_the_facts(client: Visitor, session: Session, station: Station, clock: SetClock) -> None:
    for episode in compiled(session, station):
        describe(session, episode, now=clock.now(), title="</script><script>alert(1)</script>")
    touched(session)
    session.commit()
    assert "<script>alert" not in client.get("/schedule").text


def test_directories_read_the_station_from_the_stream_and_a_file(client: Visitor, station: Station) -> None:
    told = client.get("/streaminfo.json").json
    headers = client.head("/live.mp3").headers
    assert told["icy-main-stream-url"] == headers["icy-main-stream-url"] == station.url("/live.mp3")
    assert (headers["icy-index-metadata"], headers["icy-version"], headers["icy-country-code"]) == ("1", "2", "GB")
    assert headers["icy-name"] == told["icy-name"] == station.settings.station_name


def test_an_empty_station_has_listings_too(client: Visitor, station: Station, store: ObjectStore) -> None:
    day = f"{station.now():%Y-%m-%d}"
    for address in ("/schedule.ics", "/schedule.xml", "/radiodns/spi/3.1/SI.xml", f"/schedule/{day}/chapters.json",
                    f"/radiodns/spi/3.1/id/x/live/{day.replace('-', '')}_PI.xml", "/live.m3u", "/live.pls", "/live.xspf"):  # fmt: skip
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
