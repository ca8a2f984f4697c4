"""What the podcast namespace says of a show and its items: what of it has a place here, and what is told to stay behind. Pure.

Notes are codes, some with a detail after a space; `words.note` makes sentences of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from radio.catalogue.feed_fields import SOUNDBITE_MS, SOUNDBITES_LIMIT, is_address, show_faults
from radio.catalogue.rules import VOICE_LIMIT, VOICES_LIMIT
from radio.catalogue.terms import role_of
from radio.core.text import folded, plain
from radio.moving.found import FoundItem, FoundPerson, FoundShow

OF_ALL = frozenset({
    "alternates-left", "others-left", "persons-held", "persons-linked", "persons-left", "block-left", "license-own", "soundbites-left",
    "display-left",
})  # fmt: skip
"""Notes that are told once for the whole arrival, with how many episodes they are of."""
_TOLD_AT_MOST = 20
_YES = frozenset({"yes", "true", "explicit"})


def is_yes(text: str) -> bool:
    """As feeds say yes."""
    return text.strip().lower() in _YES


def of_show(show: FoundShow) -> tuple[dict[str, Any], list[str]]:
    """Fields of the catalogue, and notes."""
    fields: dict[str, Any] = {"blocked": is_yes(show.block)}
    notes: list[str] = []
    fields |= _license(show, notes) | _funding(show, notes) | _place(show, notes) | _podroll(show, notes)
    fields["seasons"] = _seasons(show) or None
    fields["synthetic"] = is_yes(show.synthetic)
    if show.author.strip():
        notes.append(f"author-came {plain(show.author)[:80]}")
    if show.has_owner:
        notes.append("owner-left")
    if show.proofs:
        notes.append("proofs-left " + _listed(show.proofs))
    if show.blocked_platforms and not fields["blocked"]:
        notes.append("platforms-left " + _listed(show.blocked_platforms))
    if show.moved_to.strip():
        notes.append(f"moved-on {plain(show.moved_to)[:300]}")
    if show.medium.strip().lower() not in {"", "podcast"}:
        notes.append(f"medium-left {plain(show.medium)[:40]}")
    if show.others:
        notes.append("others-left-of-show " + _listed(show.others))
    return fields, notes


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted({plain(name)[:60] for name in names if plain(name)})[:40])


def _taken(**fields: Any) -> dict[str, Any]:
    """The fields, if each may stand in the catalogue; else none."""
    return {} if show_faults(fields) else fields


def _named(license_: tuple[str, str]) -> tuple[str, str]:
    """A licence as ours are named, and where it can be read."""
    return plain(license_[0]).lower().replace(" ", "-"), license_[1].strip()


def _license(show: FoundShow, notes: list[str]) -> dict[str, Any]:
    name, url = _named(show.license)
    if not name and not url:
        return {}
    found = _taken(license=name, license_url=url) or _taken(license=name)
    if found.get("license_url") != url or not found:
        notes.append("license-left " + plain(" ".join(show.license))[:200])
    return found


def _funding(show: FoundShow, notes: list[str]) -> dict[str, Any]:
    told = [(url.strip(), plain(words)[:128]) for url, words in show.funding]
    good = [each for each in told if each[0] and is_address(each[0])]
    if left := [url for url, _words in told if (url, _words) not in good[:1]]:
        notes.append("funding-left " + _listed(left))
    return {"funding_url": good[0][0], "funding_words": good[0][1]} if good else {}


def _place(show: FoundShow, notes: list[str]) -> dict[str, Any]:
    """Only the country: a town may tell who somebody is."""
    countries = [code.strip().upper() for code, _words in show.places if code.strip()]
    if show.places:
        notes.append("places-left")
    return _taken(country=countries[0]) if countries else {}


def _podroll(show: FoundShow, notes: list[str]) -> dict[str, Any]:
    told = [
        {"guid": guid.strip().lower(), "url": url.strip()[:500], "title": plain(title)[:150]} for guid, url, title in show.podroll
    ]
    good = [each for each in told if _taken(podroll=[each])][:50]
    if len(good) < len(told):
        notes.append("podroll-left " + _listed(each["url"] or each["title"] or "?" for each in told if each not in good))
    return {"podroll": good} if good else {}


def _seasons(show: FoundShow) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in show.items:
        number = whole_number(item.season)
        if number and plain(item.season_name):
            found.setdefault(str(number), plain(item.season_name)[:128])
    return found


def whole_number(text: str) -> int | None:
    """The whole number in front of a point; None: there is none above nought."""
    text = text.strip().partition(".")[0]
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    return number or None


def of_item(item: FoundItem, show: FoundShow) -> tuple[dict[str, Any], list[dict[str, Any]], list[str]]:
    """Fields of the catalogue, voices that wait for a yes, and notes."""
    notes: list[str] = []
    persons = item.persons or show.persons  # source: podcast namespace, `person`: those of an item replace the channel's
    voices = list(_voices(persons, notes))
    if voices:
        notes.append("persons-held")
    if item.n_alternates:
        notes.append("alternates-left")
    if is_yes(item.block):
        notes.append("block-left")
    notes += [f"others-left {plain(name)[:60]}" for name in sorted(set(item.others))[:20]]
    for told in (item.season, item.number):
        if told.strip() and str(whole_number(told)) != told.strip().lstrip("0"):
            notes.append("number-changed " + plain(told)[:20])
    if plain(item.display) and plain(item.display) != str(whole_number(item.number)):
        notes.append("display-left " + plain(item.display)[:32])
    fields = {"soundbites": _soundbites(item, notes) or None, "synthetic": is_yes(item.synthetic)}
    return fields | {"own_license": _own_license(item, show, notes)}, voices, notes


def _own_license(item: FoundItem, show: FoundShow, notes: list[str]) -> dict[str, str] | None:
    """That of an item which is under another one than its show."""
    name, url = _named(item.license)
    if not name or (name, url or _named(show.license)[1]) == _named(show.license):
        return None
    found = _taken(license=name, license_url=url) or _taken(license=name)
    if found.get("license_url", "") != url or not found:
        notes.append("license-own " + plain(" ".join(item.license))[:120])
    return {"name": name, "url": found.get("license_url", "")} if found else None


def _voices(persons: Sequence[FoundPerson], notes: list[str]) -> Iterator[dict[str, Any]]:
    """One for each name; nobody's is public. One who does several things is known here by the first."""
    seen: set[str] = set()
    for person in persons:
        name = plain(person.name)
        if not name or folded(name) in seen:
            continue
        if len(name) > VOICE_LIMIT or len(seen) >= VOICES_LIMIT:
            notes.append("persons-left")
            continue
        seen.add(folded(name))
        role = role_of(person.role or "host", person.group)
        if not role:
            notes.append("role-unknown " + plain(person.role)[:40])
        yield {"name": name, "role": role, "named": False}
    if any(person.is_linked for person in persons):
        notes.append("persons-linked")


def _soundbites(item: FoundItem, notes: list[str]) -> list[dict[str, Any]]:
    found = []
    for start, duration, title in item.soundbites:
        from_ms, length_ms = _ms(start), _ms(duration)
        if from_ms is not None and length_ms is not None and SOUNDBITE_MS[0] <= length_ms <= SOUNDBITE_MS[1]:
            found.append({"from_ms": from_ms, "to_ms": from_ms + length_ms, "title": plain(title)[:128]})
    if len(found[:SOUNDBITES_LIMIT]) < len(item.soundbites):
        notes.append("soundbites-left")
    return found[:SOUNDBITES_LIMIT]


def _ms(seconds: str) -> int | None:
    try:
        found = float(seconds)
    except ValueError:
        return None
    return round(found * 1000) if 0 <= found < 86_400 else None


def as_items(show: FoundShow) -> tuple[FoundItem, ...]:
    """The items, and those trailers of the channel that are none of them; what a trailer leads to is one."""
    trailers = {each.url.strip(): each for each in show.trailers if each.url.strip()}
    items = []
    for item in show.items:
        told = trailers.pop(item.enclosure_url.strip(), None)
        items.append(item if told is None or item.episode_type.strip() else _with_type(item))
    return (*items, *(
        FoundItem(title=each.title, date=each.date, enclosure_url=url, enclosure_type=each.media_type, enclosure_bytes=each.size_bytes,
                  season=each.season, episode_type="trailer", guid=f"trailer {url}")
        for url, each in trailers.items()
    ))  # fmt: skip


def _with_type(item: FoundItem) -> FoundItem:
    return replace(item, episode_type="trailer")


def own_of(notes: Sequence[str]) -> list[str]:
    """Those that stand beside the item itself."""
    return [note for note in notes if note.partition(" ")[0] not in OF_ALL]


def gathered(notes: Iterable[Sequence[str]]) -> list[str]:
    """What is told once of all items: a code, of how many, and its details."""
    counts: Counter[str] = Counter()
    details: dict[str, Counter[str]] = {}
    for of_one in notes:
        codes = {note.partition(" ")[0] for note in of_one} & OF_ALL
        counts.update(codes)
        for note in of_one:
            code, _, detail = note.partition(" ")
            if code in OF_ALL and detail:
                details.setdefault(code, Counter())[detail] += 1
    return [
        " ".join([code, str(number), _some(details.get(code, Counter()))]).rstrip() for code, number in sorted(counts.items())
    ]


def _some(counted: Counter[str]) -> str:
    told = [f"{name} ({n})" for name, n in sorted(counted.items())]
    return ", ".join([*told[:_TOLD_AT_MOST], *(["…"] if len(told) > _TOLD_AT_MOST else [])])
