"""The guides as their formats ask: which elements in which order, which attributes, how long and of which form."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from lxml import etree

from radio.channel import guides
from radio.channel.programmes import Programme, Told

SERVICE = """
<!ELEMENT serviceInformation (services?, serviceGroups?)+>
<!ATTLIST serviceInformation xmlns CDATA #FIXED "http://www.worlddab.org/schemas/spi/31"
 version NMTOKEN #IMPLIED creationTime CDATA #IMPLIED originator CDATA #IMPLIED xml:lang CDATA #IMPLIED>
<!ELEMENT services (serviceProvider?, service*)>
<!ELEMENT serviceProvider ((shortName+, mediumName+, longName*)+, mediaDescription*, keywords*, link*, geolocation?)>
<!ELEMENT service ((shortName+, mediumName+, longName*)+, mediaDescription*, genre*, keywords*, link*, bearer*, radiodns?)>
<!ELEMENT radiodns EMPTY> <!ATTLIST radiodns fqdn CDATA #REQUIRED serviceIdentifier NMTOKEN #REQUIRED>
"""
PROGRAMMES = """
<!ELEMENT epg (programmeGroups | schedule)*>
<!ATTLIST epg xmlns CDATA #FIXED "http://www.worlddab.org/schemas/spi/31" xml:lang CDATA #IMPLIED>
<!ELEMENT schedule (scope?, programme*)>
<!ATTLIST schedule version NMTOKEN #IMPLIED creationTime CDATA #IMPLIED originator CDATA #IMPLIED>
<!ELEMENT scope (serviceScope*)> <!ATTLIST scope startTime CDATA #REQUIRED stopTime CDATA #REQUIRED>
<!ELEMENT serviceScope EMPTY> <!ATTLIST serviceScope id CDATA #REQUIRED>
<!ELEMENT programme ((shortName*, mediumName+, longName*)+, location*, onDemand*, mediaDescription*, genre*, keywords*, memberOf*, link*)>
<!ATTLIST programme id CDATA #REQUIRED shortId NMTOKEN #REQUIRED xml:lang CDATA #IMPLIED>
<!ELEMENT location (time+, bearer*)>
<!ELEMENT time EMPTY> <!ATTLIST time time CDATA #REQUIRED duration CDATA #REQUIRED>
"""
SHARED = """
<!ELEMENT shortName (#PCDATA)> <!ATTLIST shortName xml:lang CDATA #IMPLIED>
<!ELEMENT mediumName (#PCDATA)> <!ATTLIST mediumName xml:lang CDATA #IMPLIED>
<!ELEMENT longName (#PCDATA)> <!ATTLIST longName xml:lang CDATA #IMPLIED>
<!ELEMENT mediaDescription (shortDescription*, longDescription*)>
<!ELEMENT shortDescription (#PCDATA)> <!ELEMENT longDescription (#PCDATA)> <!ATTLIST longDescription xml:lang CDATA #IMPLIED>
<!ELEMENT link EMPTY> <!ATTLIST link uri CDATA #REQUIRED mimeValue CDATA #IMPLIED>
<!ELEMENT bearer EMPTY>
<!ATTLIST bearer id CDATA #REQUIRED cost NMTOKEN #REQUIRED mimeValue CDATA #IMPLIED bitrate NMTOKEN #IMPLIED offset NMTOKEN #IMPLIED>
"""
"""What we write of SPI, as its schema orders it. Source: ETSI TS 102 818 v3.4.1, annex with the schema, types serviceType, programmeType,
locationType (time before bearer), bearerType (id and cost are required)."""
XMLTV = """
<!ELEMENT tv (channel*, programme*)> <!ATTLIST tv generator-info-name CDATA #IMPLIED source-info-url CDATA #IMPLIED>
<!ELEMENT channel (display-name+, icon*, url*)> <!ATTLIST channel id CDATA #REQUIRED>
<!ELEMENT display-name (#PCDATA)> <!ATTLIST display-name lang CDATA #IMPLIED>
<!ELEMENT programme (title+, sub-title*, desc*, category*, keyword*, url*)>
<!ATTLIST programme start CDATA #REQUIRED stop CDATA #IMPLIED channel CDATA #REQUIRED>
<!ELEMENT title (#PCDATA)> <!ATTLIST title lang CDATA #IMPLIED> <!ELEMENT sub-title (#PCDATA)> <!ATTLIST sub-title lang CDATA #IMPLIED>
<!ELEMENT desc (#PCDATA)> <!ATTLIST desc lang CDATA #IMPLIED> <!ELEMENT category (#PCDATA)> <!ATTLIST category lang CDATA #IMPLIED>
<!ELEMENT url (#PCDATA)>
"""
"""The same of XMLTV. Source: the document type of XMLTV 1.x, elements tv, channel, programme."""

LONG = "A title & <more> of it — \x07with a bell, " * 20
TELLER = guides.Teller("A radio with a very long name indeed " * 6, "en-GB", "https://radio.example:8443", "radio.example",
                       ZoneInfo("Europe/London"))  # fmt: skip
WAYS = (
    guides.Way("https://radio.example:8443/live.mp3", "audio/mpeg", 64, 20, 5760),
    guides.Way("https://radio.example:8443/live.m3u8", "application/vnd.apple.mpegurl", 64, 30, 5760),
)
FIRST = int(datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp() * 1000) // 960
"""Half an hour before the clocks go back."""


def shown() -> list[Programme]:
    """Programmes one after the other over a change of the clock, with lengths that are no whole seconds."""
    public = Told(
        "a" * 16, LONG, LONG * 3, "en", "story", "A show whose name is too long", "a-show", synthetic=False, has_page=True
    )
    air_only = Told("b" * 16, "Only here", "", "de-DE", "interview", "Show", "show", synthetic=True, has_page=False)
    edges = [FIRST, FIRST + 4, FIRST + 701, FIRST + 1998, FIRST + 9001]
    return [Programme(start, end, (public, air_only)[n % 2]) for n, (start, end) in enumerate(pairwise(edges))]


def programme_information() -> bytes:
    span = (FIRST * 960, FIRST * 960 + 90_000_000)
    return guides.programme_information(TELLER, shown(), WAYS, span_ms=span, changed_at=datetime(2026, 10, 25, tzinfo=UTC))


def service_information() -> bytes:
    return guides.service_information(TELLER, WAYS, changed_at=datetime(2026, 10, 25, tzinfo=UTC))


@pytest.mark.parametrize(
    ("content", "shape"),
    [
        (service_information(), SERVICE + SHARED),
        (programme_information(), PROGRAMMES + SHARED),
        (guides.xmltv(TELLER, shown()), XMLTV),
    ],
    ids=["service", "programmes", "xmltv"],
)
def test_a_guide_has_the_shape_of_its_format(content: bytes, shape: str) -> None:
    form = etree.DTD(io.StringIO(shape))
    assert form.validate(etree.fromstring(content)), form.error_log


@pytest.mark.parametrize("content", [service_information(), programme_information()], ids=["service", "programmes"])
def test_what_a_hybrid_radio_reads_is_of_the_length_and_form_it_takes(content: bytes) -> None:
    """Source: ETSI TS 102 818 §5: nameGroup, CRIDType, shortCRIDType, timePointType, durationType, mimeType."""
    root = etree.fromstring(content)
    longest = {"shortName": 8, "mediumName": 16, "longName": 128, "longDescription": 1200}
    forms = {
        "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", "duration": r"PT(?=\d)(\d+H)?(\d+M)?(\d+S)?", "id": r"crid://[^/]+/.+|https?://.+",
        "mimeValue": r"[!-~]+/[!-~]+", "cost": r"\d+", "offset": r"\d+", "bitrate": r"\d+", "serviceIdentifier": r"[a-z0-9]{1,16}",
        "originator": r".{1,128}", "shortId": r"\d+",
    }  # fmt: skip
    forms |= dict.fromkeys(("creationTime", "startTime", "stopTime"), forms["time"])
    for element in root.iter():
        name = etree.QName(element).localname
        assert len(element.text or "") <= longest.get(name, 10_000), name
        for key, value in element.attrib.items():
            assert re.fullmatch(forms.get(key, ".*"), str(value)), (name, key, value)
        assert int(element.get("shortId", "0")) < 1 << 24


def test_programmes_follow_one_another_in_whole_seconds_over_a_change_of_the_clock() -> None:
    """Whoever adds the length to the start must come to the next start: no second is told twice or left out."""
    times = etree.fromstring(programme_information()).iterfind(".//{*}time")
    read = [(datetime.fromisoformat(str(t.get("time"))), _seconds(str(t.get("duration")))) for t in times]
    assert {start.utcoffset() for start, _ in read} == {
        datetime.fromisoformat(f"2026-10-25T00:00:00+0{n}:00").utcoffset() for n in (0, 1)
    }
    for (start, lasts), (following, _) in pairwise(read):
        assert start.timestamp() + lasts == following.timestamp()


def _seconds(duration: str) -> int:
    found = re.fullmatch(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?", duration)
    assert found
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds


def test_chapters_name_only_what_their_format_knows() -> None:
    """Source: podcast namespace, JSON chapters 1.2: `startTime` in seconds and `title`; `endTime` and `url` where there are any."""
    said = guides.chapters(TELLER, shown(), title="A day", from_ms=FIRST * 960)
    chapters = said["chapters"]
    assert isinstance(chapters, list)
    assert set(said) <= {"version", "chapters", "author", "title", "podcastName", "description", "fileName", "waypoints"}
    for one, following in pairwise(chapters):
        assert {"startTime", "title"} <= set(one) <= {"startTime", "endTime", "title", "url", "img", "toc", "location"}
        assert isinstance(one["startTime"], float)
        assert one["endTime"] == following["startTime"]
    assert ["url" in one for one in chapters] == [True, False, True, False]
