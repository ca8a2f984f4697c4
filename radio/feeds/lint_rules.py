"""What a feed must satisfy: each rule with its source and the sentence for whoever made the fault. Pure.

Sources: RSS = RSS 2.0; Apple = “A Podcaster's Guide to RSS” and Apple's feed requirements; PSP = PSP-1, Podcast Standards Project;
NS/x = podcast namespace, tag x; ours = what this station has promised.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `grave`: apps or directories refuse or lose something, so nothing is published with it."""

    source: str
    words: str
    grave: bool = True


def _(words: str) -> str:
    """Marks a sentence for translation; pages translate it."""
    return words


RULES = {
    # the document
    "well-formed": Rule("XML 1.0 §2.1", _("This is not well-formed XML: no app can read any of it.")),
    "declaration": Rule("Apple; PSP", _("The feed begins with an XML declaration that says UTF-8.")),
    "doctype": Rule("ours", _("A feed declares no document type and no entities.")),
    "rss-version": Rule("RSS", _("The root is rss, version 2.0.")),
    "one-channel": Rule("RSS", _("There is exactly one channel.")),
    "namespace-itunes": Rule("Apple", _("The itunes namespace is spelt exactly as Apple does.")),
    "namespace-podcast": Rule("PSP", _("The podcast namespace is spelt exactly as its standard does.")),
    "namespace-atom": Rule("PSP", _("The atom namespace is declared.")),
    "namespace-content": Rule("PSP", _("The content namespace is declared.")),
    # the channel
    "title": Rule("RSS; Apple; PSP", _("The show has a title.")),
    "title-long": Rule("Apple; PSP", _("A title has at most 255 letters.")),
    "description": Rule("RSS; Apple; PSP", _("The show has a description.")),
    "description-long": Rule("Apple; PSP", _("A description has at most 4,000 bytes.")),
    "link": Rule("PSP", _("The show has a web page.")),
    "address": Rule("RSS", _("An address is whole: it begins with https:// and has a name behind it.")),
    "https": Rule("NS", _("Addresses begin with https, so that nobody on the way reads what is fetched."), grave=False),
    "language": Rule("Apple; PSP", _("The feed says its language.")),
    "language-code": Rule("Apple; PSP", _("The language is a code such as en-gb.")),
    "category": Rule("Apple; PSP", _("The show has a category.")),
    "category-unknown": Rule("Apple", _("The category is one of Apple's, spelt as Apple does.")),
    "explicit": Rule("Apple; PSP", _("It says whether there is strong language or vivid detail.")),
    "explicit-value": Rule("Apple; PSP", _("Explicit is true or false, and no other word.")),
    "image": Rule("Apple; PSP", _("There is a picture.")),
    "image-type": Rule("Apple; PSP", _("A picture's address ends in .jpg or .png.")),
    "self": Rule("PSP", _("The feed names its own address.")),
    "self-type": Rule("PSP", _("The link to itself says application/rss+xml."), grave=False),
    "author": Rule("Apple; PSP", _("It says who makes it."), grave=False),
    "type-value": Rule("Apple", _("A show is episodic or serial.")),
    "mail-address": Rule("ours", _("No e-mail address stands in a feed: it cannot be taken back.")),
    "copyright-sign": Rule("PSP", _("The copyright names its holder, without © and without a year."), grave=False),
    "block-value": Rule("Apple", _("Block is “Yes” or left out.")),
    "complete-value": Rule("Apple", _("Complete is “Yes” or left out.")),
    "podcast-guid": Rule("NS/guid; PSP", _("The show has its podcast GUID.")),
    "podcast-guid-form": Rule("NS/guid", _("A podcast GUID is a UUID.")),
    "locked": Rule("NS/locked; PSP", _("It says whether other hosts may import it.")),
    "locked-value": Rule("NS/locked", _("Locked is yes or no.")),
    "medium": Rule("NS/medium", _("It says what kind of thing it is, such as podcast.")),
    "medium-unknown": Rule("NS/medium", _("The medium is a word of the standard's list.")),
    "list-items": Rule("NS/medium", _("A list feed holds pointers to others and no items of its own.")),
    "funding-url": Rule("NS/funding", _("Where people can give has an address.")),
    "text-128": Rule("NS", _("These words have at most 128 letters.")),
    "podping-value": Rule("NS/podping", _("Podping says usesPodping true or false.")),
    "frequency-rule": Rule("NS/update-frequency; RFC 5545", _("How often it comes is a recurrence rule.")),
    "frequency-start": Rule("NS/update-frequency", _("A rule with a count says when it begins.")),
    "podroll-empty": Rule("NS/podroll", _("A list of recommended shows names at least one.")),
    "remote-guid": Rule("NS/remote-item", _("A pointer to another feed has its podcast GUID.")),
    "publisher-one": Rule("NS/publisher", _("The publisher is one pointer to a feed of medium publisher.")),
    "person-name": Rule("NS/person", _("A person has a name, or is not there.")),
    "location-name": Rule("NS/location", _("A place has a name.")),
    "location-rel": Rule("NS/location", _("A place is the subject or the creator.")),
    "location-country": Rule("NS/location", _("A country is two letters.")),
    "location-exact": Rule("ours", _("No place smaller than a country is told: it could tell who somebody is.")),
    "license-name": Rule("NS/license", _("A licence is an identifier in small letters.")),
    "license-url": Rule("NS/license", _("A licence of one's own says where it can be read.")),
    "trailer-url": Rule("NS/trailer", _("A trailer says where it is and when it came.")),
    "trailer-date": Rule("NS/trailer", _("A trailer's date has the form of RFC 2822.")),
    "podcast-image": Rule("NS/image", _("A picture has an address.")),
    "podcast-block": Rule("NS/block", _("Block is yes or no.")),
    "txt-long": Rule("NS/txt", _("A text has at most 4,000 letters.")),
    "live-status": Rule("NS/live-item", _("A live item is pending, live or ended.")),
    "live-start": Rule("NS/live-item", _("A live item says when it starts.")),
    "live-end": Rule("NS/live-item", _("A live item ends after it starts.")),
    "live-guid": Rule("NS/live-item", _("A live item has a GUID.")),
    "live-enclosure": Rule("NS/live-item", _("A live item says where the stream is.")),
    "live-content-link": Rule("NS/live-item", _("A live item links to a page where it can be heard.")),
    "social": Rule("NS/social-interact", _("Comments that are turned off have no address, and others have one.")),
    "build-date": Rule("RSS", _("It says when its content last changed."), grave=False),
    "date": Rule("RSS; Apple", _("A date has the form of RFC 2822, with a zone in numbers.")),
    "paging": Rule("RFC 5005 §3", _("A paged feed names its first page, and every page has a whole address.")),
    "no-items": Rule("Apple", _("There is at least one episode."), grave=False),
    "new-feed-url": Rule("Apple", _("The new address of the feed is whole.")),
    # an item
    "item-title": Rule("Apple; PSP", _("The episode has a title.")),
    "item-title-again": Rule("AntennaPod", _("No two episodes of one day have the same title: an app would show one of them only.")),
    "title-direction": Rule("ours", _("No hidden characters turn the direction of the text.")),
    "enclosure": Rule("Apple; PSP", _("The episode has exactly one enclosure.")),
    "enclosure-length": Rule("Apple; PSP", _("The enclosure says how many bytes it has.")),
    "enclosure-type": Rule("Apple", _("The enclosure is of a type that apps play.")),
    "enclosure-extension": Rule("Apple", _("The enclosure's address ends as its type does.")),
    "enclosure-ascii": Rule("Apple", _("Addresses are made of plain letters and digits.")),
    "enclosure-again": Rule("Apple", _("Every enclosure has an address of its own.")),
    "guid": Rule("Apple; PSP", _("The episode has a GUID.")),
    "guid-again": Rule("Apple; PSP", _("Every episode has a GUID of its own.")),
    "guid-permalink": Rule("RSS", _("A GUID that is no address says isPermaLink false.")),
    "pub-date": Rule("Apple; PSP", _("The episode has a date.")),
    "item-description": Rule("PSP", _("The episode has a description.")),
    "content": Rule("NS", _("The episode has its notes as content:encoded too."), grave=False),
    "html": Rule("Apple; ours", _("Notes hold no script, style, frame or picture of others.")),
    "item-link": Rule("PSP", _("The episode has a page.")),
    "duration": Rule("Apple", _("The episode says how long it is, in whole seconds.")),
    "season-number": Rule("Apple; PSP", _("Seasons and episodes are numbers from 1.")),
    "serial-number": Rule("Apple", _("Episodes of a serial are numbered.")),
    "release": Rule("Apple", _("An episode is full, a trailer or a bonus.")),
    "transcript-url": Rule("NS/transcript", _("A transcript has an address and a type.")),
    "transcript-type": Rule("NS/transcript; Apple", _("A transcript is WebVTT, SubRip, HTML, JSON or plain text.")),
    "transcript-rel": Rule("NS/transcript", _("What a transcript is for is “captions” or left out.")),
    "chapters-url": Rule("NS/chapters", _("Chapters have an address and the type application/json+chapters.")),
    "chapters-order": Rule("Podlove Simple Chapters", _("Chapters follow each other in time and have titles.")),
    "soundbite-span": Rule("NS/soundbite", _("A part that may stand alone lasts 15 to 120 seconds and lies within the episode.")),
    "alternate-type": Rule("NS/alternate-enclosure", _("Another form of the sound says its type.")),
    "alternate-source": Rule("NS/alternate-enclosure", _("Another form of the sound says where it is.")),
    "alternate-title": Rule("NS/alternate-enclosure", _("The name of another form has at most 32 letters.")),
    "integrity": Rule("NS/integrity; SRI", _("There is at most one integrity, and it is a hash of SHA-256, 384 or 512.")),
    "episode-display": Rule("NS/episode", _("How an episode's number is shown has at most 32 letters.")),
    "newest-first": Rule("ours", _("The newest episode comes first."), grave=False),
}  # fmt: skip

_TAGS = "https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/tags"
_SOURCES = {
    "RSS": "https://www.rssboard.org/rss-specification",
    "Apple": "https://podcasters.apple.com/support/823-podcast-requirements",
    "PSP": "https://github.com/Podcast-Standards-Project/PSP-1-Podcast-RSS-Specification",
    "NS": "https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/1.0.md",
    "XML 1.0 §2.1": "https://www.w3.org/TR/xml/#sec-well-formed",
    "RFC 5005 §3": "https://www.rfc-editor.org/rfc/rfc5005#section-3",
    "RFC 5545": "https://www.rfc-editor.org/rfc/rfc5545#section-3.3.10",
    "SRI": "https://www.w3.org/TR/SRI/",
    "Podlove Simple Chapters": "https://podlove.org/simple-chapters/",
    "AntennaPod": "https://github.com/AntennaPod/AntennaPod/issues/8103",
}


def sources(source: str) -> tuple[tuple[str, str], ...]:
    """The sources of a rule, each with where it can be read; our own promises have no address."""
    return tuple((name, _source_url(name)) for name in source.split("; "))


def _source_url(name: str) -> str:
    return f"{_TAGS}/{name.removeprefix('NS/')}.md" if name.startswith("NS/") else _SOURCES.get(name, "")


APPLE_CATEGORIES = {
    "Arts": "Books|Design|Fashion & Beauty|Food|Performing Arts|Visual Arts",
    "Business": "Careers|Entrepreneurship|Investing|Management|Marketing|Non-Profit",
    "Comedy": "Comedy Interviews|Improv|Stand-Up",
    "Education": "Courses|How To|Language Learning|Self-Improvement",
    "Fiction": "Comedy Fiction|Drama|Science Fiction",
    "Government": "", "History": "", "Technology": "", "True Crime": "",
    "Health & Fitness": "Alternative Health|Fitness|Medicine|Mental Health|Nutrition|Sexuality",
    "Kids & Family": "Education for Kids|Parenting|Pets & Animals|Stories for Kids",
    "Leisure": "Animation & Manga|Automotive|Aviation|Crafts|Games|Hobbies|Home & Garden|Video Games",
    "Music": "Music Commentary|Music History|Music Interviews",
    "News": "Business News|Daily News|Entertainment News|News Commentary|Politics|Sports News|Tech News",
    "Religion & Spirituality": "Buddhism|Christianity|Hinduism|Islam|Judaism|Religion|Spirituality",
    "Science": "Astronomy|Chemistry|Earth Sciences|Life Sciences|Mathematics|Natural Sciences|Nature|Physics|Social Sciences",
    "Society & Culture": "Documentary|Personal Journals|Philosophy|Places & Travel|Relationships",
    "Sports": "Baseball|Basketball|Cricket|Fantasy Sports|Football|Golf|Hockey|Rugby|Running|Soccer|Swimming|Tennis|Volleyball|"
              "Wilderness|Wrestling",
    "TV & Film": "After Shows|Film History|Film Interviews|Film Reviews|TV Reviews",
}  # fmt: skip
"""Parent → its children. Source: Apple Podcasts categories."""
MEDIUMS = frozenset({
    "podcast", "music", "video", "film", "audiobook", "newsletter", "blog", "publisher", "course", "mixed",
})  # fmt: skip
"""With an L behind it: a list of them. Source: podcast namespace, `medium`."""
EXTENSIONS = {
    "audio/mpeg": ("mp3",), "audio/mp4": ("m4a", "mp4"), "audio/x-m4a": ("m4a",), "audio/m4a": ("m4a",), "audio/aac": ("aac", "m4a"),
    "audio/ogg": ("ogg", "opus"), "audio/opus": ("opus",), "video/mp4": ("mp4", "m4v"), "video/x-m4v": ("m4v",),
    "video/quicktime": ("mov",),
}  # fmt: skip
TRANSCRIPT_TYPES = frozenset({
    "text/vtt", "application/x-subrip", "application/srt", "text/html", "application/json", "text/plain",
})  # fmt: skip
