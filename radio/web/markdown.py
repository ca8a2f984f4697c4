"""The one place that makes HTML of people's words: Markdown to a small safe set of elements."""

from __future__ import annotations

import re
from functools import cache
from html import unescape

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

ELEMENTS = frozenset({"p", "ul", "ol", "li", "a", "em", "strong", "h3", "h4", "blockquote", "code", "br"})
SCHEMES = frozenset({"http", "https", "mailto", "tel"})
_HEADING = re.compile(r"<(/?)h([1-6])>")


@cache
def _markdown() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True, "linkify": False})
    return parser.disable(["image", "html_block", "html_inline", "hr", "fence", "code"])


def html(markdown: str) -> Markup:
    """Safe HTML of what a person typed: no pictures, no foreign elements, headings below the page's own."""
    raw = _HEADING.sub(_lower, _markdown().render(markdown))
    return Markup(  # noqa: S704 - nh3 keeps only the elements and schemes named above
        nh3.clean(
            raw,
            tags=set(ELEMENTS),
            attributes={"a": {"href"}},
            url_schemes=set(SCHEMES),
            link_rel="noopener noreferrer nofollow",
        )
    )


def _lower(match: re.Match[str]) -> str:
    return f"<{match[1]}h{3 if int(match[2]) <= 2 else 4}>"


def text(markdown: str) -> str:
    """The words alone, for places that show no HTML."""
    return unescape(nh3.clean(_markdown().render(markdown), tags=set())).strip()
