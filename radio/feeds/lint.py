"""Looks at a feed's bytes as a directory would, and names what is wrong: the rule, where it comes from, and the place. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from radio.feeds import lint_channel, lint_items
from radio.feeds.lint_rules import RULES, sources
from radio.feeds.lint_tree import NAMESPACES, Fault

_DECLARATION = re.compile(rb"""\A<\?xml\s+version=["']1\.[01]["']\s+encoding=["']utf-8["'][^>]*\?>""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that is not kept. `place` names the element, for an item with its GUID."""

    rule: str
    source: str
    place: str
    words: str
    grave: bool

    @property
    def element(self) -> str:
        """What is wrong there, without saying in which item; empty: the whole of it."""
        return self.place if not self.guid else self.place.removeprefix(f"item {self.guid}").strip()

    @property
    def guid(self) -> str:
        """Of the item it lies in; empty: it lies in none, or in one without a GUID."""
        return self.place.split(" ")[1] if self.place.startswith("item ") else ""

    @property
    def sources(self) -> tuple[tuple[str, str], ...]:
        """Where the rule comes from: names, and addresses where it can be read."""
        return sources(self.source)


def findings(feed: bytes) -> list[Finding]:
    """Everything that is wrong with a feed, in the order of the document; empty: nothing."""
    return [finding(rule, place) for rule, place in dict.fromkeys(_faults(feed))]


def finding(rule: str, place: str) -> Finding:
    """That a rule is not kept at a place."""
    return Finding(rule, RULES[rule].source, place, RULES[rule].words, RULES[rule].grave)


def of_item(found: list[Finding], guid: str) -> list[Finding]:
    """Those that lie in one item."""
    return [one for one in found if one.place.startswith(f"item {guid}")]


def _faults(feed: bytes) -> Iterator[Fault]:
    if not _DECLARATION.match(feed):
        yield "declaration", "the first line"
    if b"<!DOCTYPE" in feed[:2000]:
        yield "doctype", "the first lines"
        return
    try:
        root = etree.fromstring(feed, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    except etree.XMLSyntaxError as error:
        yield "well-formed", f"line {error.lineno}"
        return
    if root.tag != "rss" or root.get("version") != "2.0":
        yield "rss-version", "rss"
    declared = set(root.nsmap.values())
    yield from ((f"namespace-{prefix}", "rss") for prefix, url in NAMESPACES.items() if prefix != "psc" and url not in declared)
    channels = root.findall("channel")
    if len(channels) != 1:
        yield "one-channel", "rss"
    for channel in channels[:1]:
        yield from lint_channel.faults(channel)
        yield from lint_items.faults(channel)
        yield from _everywhere(channel)


def _everywhere(channel: Any) -> Iterator[Fault]:
    """Rules that hold wherever an address, an e-mail address or a long word may stand."""
    for element in channel.iter(etree.Element):
        name = etree.QName(element)
        if name.localname in {"email", "managingEditor", "webMaster"} or (name.localname == "locked" and element.get("owner")):
            yield "mail-address", name.localname
        podcast = name.namespace == NAMESPACES["podcast"]
        addresses = [element.get(key) for key in ("url", "href", "uri", "feedUrl") if element.get(key)]
        for address in addresses:
            yield from _address_faults(address, name.localname, secret=podcast)


def _address_faults(address: str, where: str, *, secret: bool) -> Iterator[Fault]:
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        yield "address", f"{where} {address[:80]}"
    elif secret and parts.scheme == "http" and parts.hostname not in {"localhost", "127.0.0.1"}:
        yield "https", f"{where} {address[:80]}"
