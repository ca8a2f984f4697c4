"""A day's programmes as other people's programs read them: XMLTV, RadioDNS SPI, JSON chapters. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from lxml import etree

from radio.channel.programmes import Programme
from radio.core.text import plain
from radio.core.time import from_unix_ms

SPI = "http://www.worlddab.org/schemas/spi/31"
SHORT_NAME, MEDIUM_NAME, LONG_NAME = 8, 16, 128
"""In characters. Source: ETSI TS 102 818 §5.4.1."""
_LONG_DESCRIPTION, _ORIGINATOR = 1200, 128
_XML = "{http://www.w3.org/XML/1998/namespace}"


@dataclass(frozen=True, slots=True)
class Teller:
    """The station as a guide names it. `host` is what its hybrid-radio names are made of."""

    name: str
    language: str
    url: str
    host: str
    zone: ZoneInfo

    @property
    def service_id(self) -> str:
        """What follows the host in the service's bearer-less address."""
        return "live"


@dataclass(frozen=True, slots=True)
class Way:
    """How the station is heard: a bearer of SPI. The cheaper is tried first."""

    url: str
    media_type: str
    kbps: int
    cost: int
    offset_ms: int


def xmltv(teller: Teller, shown: Iterable[Programme]) -> bytes:
    """Source: the XMLTV document type, order of elements in `programme`."""
    root = etree.Element("tv", {"generator-info-name": "Peer Radio", "source-info-url": teller.url})
    channel = _add(root, "channel", {"id": teller.host})
    _text(channel, "display-name", teller.name, lang=teller.language)
    _text(channel, "url", teller.url)
    for one in shown:
        times = {"start": _xmltv_time(one.start_ms, teller.zone), "stop": _xmltv_time(one.end_ms, teller.zone)}
        programme = _add(root, "programme", {**times, "channel": teller.host})
        _text(programme, "title", one.told.show_title, lang=one.told.language)
        _text(programme, "sub-title", one.told.title, lang=one.told.language)
        if one.told.summary:
            _text(programme, "desc", one.told.summary, lang=one.told.language)
        _text(programme, "category", one.told.kind, lang="en")
        if one.told.has_page:
            _text(programme, "url", f"{teller.url}/episodes/{one.told.episode_id}")
    return _document(root, '<!DOCTYPE tv SYSTEM "xmltv.dtd">')


def service_information(teller: Teller, ways: Sequence[Way], *, changed_at: datetime) -> bytes:
    """What a hybrid radio learns of the station. Source: ETSI TS 102 818 §6, §10."""
    root = _spi("serviceInformation", teller, changed_at)
    services = _add(root, "services")
    provider = _add(services, "serviceProvider")
    _names(provider, teller.name, teller.language)
    service = _add(services, "service")
    _names(service, teller.name, teller.language)
    _add(service, "link", {"uri": teller.url + "/", "mimeValue": "text/html"})
    for way in ways:
        _add(
            service, "bearer", {"id": way.url, "mimeValue": way.media_type, "bitrate": str(way.kbps), "cost": str(way.cost),
                                "offset": str(way.offset_ms)},
        )  # fmt: skip
    _add(service, "radiodns", {"fqdn": teller.host, "serviceIdentifier": teller.service_id})
    return _document(root)


def programme_information(
    teller: Teller, shown: Sequence[Programme], ways: Sequence[Way], *, span_ms: tuple[int, int], changed_at: datetime
) -> bytes:
    """One day's programmes for a hybrid radio. Source: ETSI TS 102 818 §7."""
    root = _spi("epg", teller, changed_at)
    schedule = _add(
        root, "schedule", {"version": "1", "originator": _cut(teller.name, _ORIGINATOR), "creationTime": _iso(changed_at)}
    )
    start, stop = (_iso(_local(ms, teller.zone)) for ms in span_ms)
    scope = _add(schedule, "scope", {"startTime": start, "stopTime": stop})
    for way in ways:
        _add(scope, "serviceScope", {"id": way.url})
    for one in shown:
        _spi_programme(schedule, teller, one, ways)
    return _document(root)


def _spi_programme(schedule: Any, teller: Teller, one: Programme, ways: Sequence[Way]) -> None:
    # A crid names the airing, not the episode: the same one is heard again. Source: ETSI TS 102 818 §5.2.3
    crid = f"crid://{teller.host}/{one.told.episode_id}/{one.start_tick}"
    programme = _add(schedule, "programme", {"id": crid, "shortId": str(one.start_tick % 16_777_216)})
    programme.set(f"{_XML}lang", one.told.language)
    _text(programme, "mediumName", _cut(one.told.show_title, MEDIUM_NAME), **{f"{_XML}lang": one.told.language})
    _text(
        programme, "longName", _cut(f"{one.told.show_title}: {one.told.title}", LONG_NAME), **{f"{_XML}lang": one.told.language}
    )
    location = _add(programme, "location")
    _add(location, "time", {"time": _iso(_local(one.start_ms, teller.zone)), "duration": _lasts(one.start_ms, one.end_ms)})
    for way in ways:
        _add(location, "bearer", {"id": way.url, "cost": str(way.cost)})
    if one.told.summary:
        description = _add(programme, "mediaDescription")
        _text(description, "longDescription", _cut(one.told.summary, _LONG_DESCRIPTION), **{f"{_XML}lang": one.told.language})
    if one.told.has_page:
        _add(programme, "link", {"uri": f"{teller.url}/episodes/{one.told.episode_id}", "mimeValue": "text/html"})


def chapters(teller: Teller, shown: Iterable[Programme], *, title: str, from_ms: int) -> dict[str, object]:
    """A day as chapters from its first second. Source: podcast namespace, JSON chapters 1.2."""
    return {
        "version": "1.2.0",
        "title": title,
        "podcastName": teller.name,
        "chapters": [
            {"startTime": (one.start_ms - from_ms) / 1000, "endTime": (one.end_ms - from_ms) / 1000,
             "title": f"{one.told.show_title}: {one.told.title}",
             **({"url": f"{teller.url}/episodes/{one.told.episode_id}"} if one.told.has_page else {})}
            for one in shown
        ],
    }  # fmt: skip


def _spi(name: str, teller: Teller, changed_at: datetime) -> Any:
    root = etree.Element(f"{{{SPI}}}{name}", {f"{_XML}lang": teller.language}, nsmap={None: SPI})
    if name == "serviceInformation":
        root.set("version", "1")
        root.set("creationTime", _iso(changed_at))
        root.set("originator", _cut(teller.name, _ORIGINATOR))
    return root


def _names(parent: Any, name: str, language: str) -> None:
    for tag, length in (("shortName", SHORT_NAME), ("mediumName", MEDIUM_NAME), ("longName", LONG_NAME)):
        _text(parent, tag, _cut(name, length), **{f"{_XML}lang": language})


def _add(parent: Any, name: str, attributes: Mapping[str, str] | None = None) -> Any:
    """An element in the namespace of its parent."""
    namespace = etree.QName(parent).namespace
    return etree.SubElement(parent, f"{{{namespace}}}{name}" if namespace else name, dict(attributes or {}))


def _text(parent: Any, name: str, text: str, **attributes: str) -> None:
    """An element with text on one line."""
    _add(parent, name, attributes).text = plain(text)


def _cut(text: str, length: int) -> str:
    text = plain(text)
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def _local(ms: int, zone: ZoneInfo) -> datetime:
    return from_unix_ms(ms).astimezone(zone)


def _iso(instant: datetime) -> str:
    return instant.replace(microsecond=0).isoformat()


def _xmltv_time(ms: int, zone: ZoneInfo) -> str:
    return _local(ms, zone).strftime("%Y%m%d%H%M%S %z")


def _lasts(start_ms: int, end_ms: int) -> str:
    """From the second in which it starts to that in which it ends: so what follows one another also does so in whole seconds."""
    minutes, seconds = divmod(end_ms // 1000 - start_ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    parts = f"{hours}H" * bool(hours) + f"{minutes}M" * bool(minutes) + f"{seconds}S" * bool(seconds)
    return f"PT{parts or '0S'}"


def _document(root: Any, doctype: str | None = None) -> bytes:
    written: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True, doctype=doctype, pretty_print=True)
    return written
