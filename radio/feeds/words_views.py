"""What apps fetch beside a feed: transcripts, chapters; and the page for a person who opened a feed."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("feed_words", __name__)
