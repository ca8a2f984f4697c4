"""Who asks: a page of ours, or somebody else. The same address answers both, because apps keep addresses for ever."""

from __future__ import annotations

from flask import request

FROM_WHERE = "Sec-Fetch-Site"
"""Browsers say it of themselves, no podcast app does, and no page can forge it. Source: Fetch Metadata §2.3."""


def on_our_page() -> bool:
    """Whether a page of this station asks. One that is too old to say so counts as somebody else: the careful answer."""
    return request.headers.get(FROM_WHERE) == "same-origin"
