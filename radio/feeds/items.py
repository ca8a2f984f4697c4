"""One `<item>` as text. feedgen writes the channel; a thousand items through its objects would take the time of ten.

Everything that a person typed goes through `_escaped`, so what comes out is well-formed; `xml.write` reads it again all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from radio.core.text import allowed
from radio.feeds.rules import Item, Live, Sound

_SPECIAL = re.compile(r'[&<>"\n\t]')
_NAMES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "\n", "\t": "\t"}
CHAPTERS_TYPE = "application/json+chapters"
HLS_TYPE = "application/vnd.apple.mpegurl"


def _escaped(text: str) -> str:
    """As text or as a quoted attribute. Source: XML 1.0 §2.4."""
    return _SPECIAL.sub(lambda found: _NAMES[found[0]], text) if _SPECIAL.search(text) else text


def tag(name: str, text: str = "", /, **attributes: str | int | None) -> str:
    """One element without children. `type_` stands for `type`; an attribute that is None is left out."""
    said = "".join(f' {key.rstrip("_")}="{_escaped(str(value))}"' for key, value in attributes.items() if value is not None)
    return f"<{name}{said}>{_escaped(text)}</{name}>" if text else f"<{name}{said}/>"


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def rfc_2822(at: datetime) -> str:
    """A date of RSS, in UTC. Python's own takes five times as long, which a thousand items feel."""
    at = at.astimezone(UTC)
    return f"{_DAYS[at.weekday()]}, {at.day:02} {_MONTHS[at.month - 1]} {at.year:04} {at.hour:02}:{at.minute:02}:{at.second:02} +0000"


def written(item: Item, channel_image_url: str) -> str:
    """The item as XML text; prefixes are those of the channel."""
    head = (
        f"<item>{tag('title', item.title)}{tag('link', item.link)}{tag('description', item.summary)}"
        f'<guid isPermaLink="false">{_escaped(str(item.guid))}</guid>{_enclosure(item.standard)}<pubDate>{rfc_2822(item.published_at)}</pubDate>'
    )
    rest = "".join((*_itunes(item, channel_image_url), *_podcast(item)))
    return f"{allowed(head)}{_content(item.notes_html)}{allowed(rest)}</item>"  # the notes are safe already, and the longest


def _content(html: str) -> str:
    """Source: XML 1.0 §2.7: a CDATA section ends at the first `]]>`."""
    return f"<content:encoded><![CDATA[{html.replace(']]>', ']]]]><![CDATA[>')}]]></content:encoded>" if html else ""


def _enclosure(sound: Sound) -> str:
    return f'<enclosure url="{_escaped(sound.url)}" length="{sound.size_bytes}" type="{_escaped(sound.media_type)}"/>'


def _itunes(item: Item, channel_image_url: str) -> Iterator[str]:
    yield f"<itunes:title>{_escaped(item.title)}</itunes:title>"
    yield f"<itunes:duration>{max(1, round(item.length_ms / 1000))}</itunes:duration>"
    yield f"<itunes:explicit>{'true' if item.explicit else 'false'}</itunes:explicit>"
    yield f"<itunes:episodeType>{item.release}</itunes:episodeType>"
    if item.author:
        yield tag("itunes:author", item.author)
    if item.image_url != channel_image_url:
        yield tag("itunes:image", href=item.image_url)
        yield image(item.image_url, item.author or item.title)
    if item.season_number:
        yield f"<itunes:season>{item.season_number}</itunes:season>"
    if item.episode_number:
        yield f"<itunes:episode>{item.episode_number}</itunes:episode>"
    if item.blocked:
        yield "<itunes:block>Yes</itunes:block>"


def image(url: str, what: str) -> str:
    """Source: podcast namespace, `image`."""
    said = f'href="{_escaped(url)}" alt="{_escaped(what)}" aspect-ratio="1/1" width="1400" type="image/jpeg" purpose="artwork"'
    return f"<podcast:image {said}/>"


def _podcast(item: Item) -> Iterator[str]:
    if item.season_number:
        yield tag("podcast:season", str(item.season_number), name=item.season_name or None)
    if item.episode_number:
        yield f"<podcast:episode>{item.episode_number}</podcast:episode>"
    yield from _people(item)
    yield from _transcripts(item)
    if item.chapters:
        yield tag("podcast:chapters", url=f"{item.link}/chapters.json", type_=CHAPTERS_TYPE)
        yield _simple_chapters(item)
    for bite in item.soundbites:
        yield tag("podcast:soundbite", bite.title, startTime=_seconds(bite.from_ms), duration=_seconds(bite.to_ms - bite.from_ms))
    if item.synthetic:
        yield '<podcast:txt purpose="ai-content">true</podcast:txt>'
    if item.gone:
        yield f'<podcast:txt purpose="gone">{item.gone}</podcast:txt>'
    if item.expires_at:
        yield f'<podcast:txt purpose="review">{item.expires_at.date().isoformat()}</podcast:txt>'
    if item.low:
        yield _alternate(item.low, "Less data")
    yield '<podcast:socialInteract protocol="disabled"/>'


def _people(item: Item) -> Iterator[str]:
    """Who is heard, and what they allow."""
    for person in item.persons:
        yield tag("podcast:person", person.name, role=person.role, group=person.group)
    if item.license:
        yield tag("podcast:license", item.license, url=item.license_url or None)


def _transcripts(item: Item) -> Iterator[str]:
    """Source: podcast namespace, `transcript`."""
    for words in item.words:
        stem = f"{item.link}/transcript{words.suffix}"
        if words.timed:
            yield tag("podcast:transcript", url=f"{stem}.vtt", type_="text/vtt", language=words.language)
            yield tag(
                "podcast:transcript", url=f"{stem}.srt", type_="application/x-subrip", language=words.language, rel="captions"
            )
        yield tag("podcast:transcript", url=f"{stem}.html", type_="text/html", language=words.language)


def _simple_chapters(item: Item) -> str:
    """Source: Podlove Simple Chapters 1.2; start is normal play time, RFC 2326 §3.6."""
    inside = "".join(tag("psc:chapter", start=clock(chapter.start_ms), title=chapter.title) for chapter in item.chapters)
    return f'<psc:chapters version="1.2">{inside}</psc:chapters>'


def clock(ms: int) -> str:
    """HH:MM:SS.mmm."""
    seconds, rest = divmod(ms, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"


def _seconds(ms: int) -> str:
    return f"{ms / 1000:.3f}".rstrip("0").rstrip(".")


def _alternate(sound: Sound, title: str) -> str:
    """Source: podcast namespace, `alternateEnclosure`, `source`, `integrity`."""
    codecs = ' codecs="opus"' if sound.media_type == "audio/mp4" else ""
    return (
        f'<podcast:alternateEnclosure type="{sound.media_type}" length="{sound.size_bytes}" bitrate="{sound.bitrate_bps}"{codecs}'
        f' title="{_escaped(title)}"><podcast:source uri="{_escaped(sound.url)}"/>'
        f'<podcast:integrity type="sri" value="{sound.integrity}"/></podcast:alternateEnclosure>'
    )


def live(told: Live, urls: tuple[str, str, str], station_name: str) -> str:
    """A programme of the 24-hour channel. Its length is not known, so it is told as 0. Source: podcast namespace, `liveItem`."""
    stream, playlist, page = (_escaped(url) for url in urls)
    status = "live" if told.on_air else "pending"
    return allowed("".join((
        f'<podcast:liveItem status="{status}" start="{_instant(told.start)}" end="{_instant(told.end)}">',
        tag("title", told.title), tag("description", told.summary or told.title), f"<link>{page}</link>",
        f'<guid isPermaLink="false">{told.guid}</guid>', f'<enclosure url="{stream}" length="0" type="audio/mpeg"/>',
        tag("itunes:image", href=told.image_url),
        _stream("audio/mpeg", stream, ' default="true"'), _stream(HLS_TYPE, playlist),
        tag("podcast:contentLink", station_name, href=urls[2]), "</podcast:liveItem>",
    )))  # fmt: skip


def _stream(media_type: str, url: str, said: str = "") -> str:
    source = f'<podcast:source uri="{url}"/>'
    return f'<podcast:alternateEnclosure type="{media_type}" length="0"{said}>{source}</podcast:alternateEnclosure>'


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
