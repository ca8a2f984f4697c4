"""What the rule engine finds, shown to those who can mend it: on the pages of a show and of an episode, and on the board.

The studio knows nothing of feeds: its templates ask for these by name.
"""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, render_template
from markupsafe import Markup
from sqlalchemy.orm import Session

from radio.catalogue.models import Episode, Show
from radio.db import session
from radio.feeds import actions, channels, lint, queries, xml
from radio.feeds.lint import Finding
from radio.feeds.names import FeedName, Of
from radio.feeds.rules import Due
from radio.station import Station, station


def of_episode(rows: Session, here: Station, episode: Episode, *, now: datetime) -> list[Finding]:
    """What an episode would do wrong in its show's feed, published or not; empty too while it has no sound."""
    name = FeedName(Of.SHOW, episode.show.slug)
    due = Due(episode.id, episode.guid, episode.title, episode.published_at or now)
    told, broken = queries.items(rows, here, [due], name)
    if not told and not broken:
        return []
    channel = channels.show_channel(rows, here, episode.show, name, now=now)
    written = xml.write(channel, told)
    if broken or written.left_out:
        return [lint.finding("well-formed", f"item {episode.guid}")]
    return lint.of_item(lint.findings(written.content), str(episode.guid))


def of_show(rows: Session, here: Station, show: Show, *, now: datetime) -> list[Finding]:
    """What a show's feed does wrong."""
    return lint.findings(actions.render(rows, here, FeedName(Of.SHOW, show.slug).key, now=now).identity)


def install(blueprint: Blueprint) -> None:
    """Give them to the templates of other rooms."""
    blueprint.add_app_template_global(_episode_findings, "episode_findings")
    blueprint.add_app_template_global(_show_findings, "show_findings")
    blueprint.add_app_template_global(_left_out, "left_out_of_feeds")


def _episode_findings(episode: Episode) -> Markup:
    found = of_episode(session(), station(), episode, now=station().now()) if episode.show.in_feeds else []
    return Markup(render_template("feeds/findings.html", findings=found))  # noqa: S704 - an escaped template


def _show_findings(show: Show) -> Markup:
    found = of_show(session(), station(), show, now=station().now())
    named = queries.of_guids(session(), show.id, {one.guid for one in found if one.guid})
    return Markup(render_template("feeds/findings.html", findings=found, episodes=named))  # noqa: S704 - an escaped template


def _left_out() -> list[Episode]:
    """The episodes without which a feed goes on, because they could not be written."""
    return queries.left_out(session())
