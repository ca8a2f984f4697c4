"""Finding episodes by words: FTS5 on SQLite, tsvector on PostgreSQL, over the same folded text, with the same hits.

People's words never become query syntax: they are cut into letters and digits, and each word is quoted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Table, delete, event, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session, joinedload, selectinload

from radio.catalogue.models import Episode, EpisodeText, Recording, Show
from radio.catalogue.queries import public
from radio.catalogue.terms import UnknownTermError, vocabulary
from radio.core.text import folded

_WORD = re.compile(r"[^\W_]+")
_MOST_WORDS = 12
_PREFIX_FROM = 3
"""A word of at least so many letters also finds longer words that begin with it."""

_SQLITE_UP = (
    """CREATE VIRTUAL TABLE episode_search USING fts5(title, tags, summary, notes, content='episode_text', content_rowid='id',
        tokenize='unicode61 remove_diacritics 2', prefix='3')""",
    """CREATE TRIGGER episode_text_in AFTER INSERT ON episode_text BEGIN
        INSERT INTO episode_search(rowid, title, tags, summary, notes)
        VALUES (new.id, new.title, new.tags, new.summary, new.notes); END""",
    """CREATE TRIGGER episode_text_out AFTER DELETE ON episode_text BEGIN
        INSERT INTO episode_search(episode_search, rowid, title, tags, summary, notes)
        VALUES ('delete', old.id, old.title, old.tags, old.summary, old.notes); END""",
    """CREATE TRIGGER episode_text_new AFTER UPDATE ON episode_text BEGIN
        INSERT INTO episode_search(episode_search, rowid, title, tags, summary, notes)
        VALUES ('delete', old.id, old.title, old.tags, old.summary, old.notes);
        INSERT INTO episode_search(rowid, title, tags, summary, notes)
        VALUES (new.id, new.title, new.tags, new.summary, new.notes); END""",
)
_SQLITE_DOWN = (
    "DROP TRIGGER IF EXISTS episode_text_in", "DROP TRIGGER IF EXISTS episode_text_out",
    "DROP TRIGGER IF EXISTS episode_text_new", "DROP TABLE IF EXISTS episode_search",
)  # fmt: skip
_POSTGRESQL_UP = (
    """ALTER TABLE episode_text ADD COLUMN words tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('simple', tags), 'B') ||
        setweight(to_tsvector('simple', summary), 'C') || setweight(to_tsvector('simple', notes), 'D')) STORED""",
    "CREATE INDEX ix_episode_text_words ON episode_text USING gin (words)",
)
_POSTGRESQL_DOWN = (
    "DROP INDEX IF EXISTS ix_episode_text_words", "ALTER TABLE episode_text DROP COLUMN IF EXISTS words",
)  # fmt: skip
_SQLITE_HITS = (
    "SELECT t.episode_id FROM episode_search JOIN episode_text t ON t.id = episode_search.rowid"
    " WHERE episode_search MATCH :words ORDER BY bm25(episode_search, 10.0, 6.0, 4.0, 1.0), t.id DESC LIMIT :most"
)
_POSTGRESQL_HITS = (
    "WITH hit AS MATERIALIZED (SELECT id, episode_id, words FROM episode_text WHERE words @@ to_tsquery('simple', :words))"
    " SELECT episode_id FROM hit ORDER BY ts_rank(words, to_tsquery('simple', :words)) DESC, id DESC LIMIT :most"
)


def create(connection: Connection) -> None:
    """Build the index over the table `episode_text`, which must exist. Migrations call it; `create_all` does so by itself."""
    statements = _SQLITE_UP if connection.dialect.name == "sqlite" else _POSTGRESQL_UP
    for statement in statements:
        connection.execute(text(statement))


def drop(connection: Connection) -> None:
    """Take the index away again; a second time is harmless."""
    for statement in _SQLITE_DOWN if connection.dialect.name == "sqlite" else _POSTGRESQL_DOWN:
        connection.execute(text(statement))


@event.listens_for(EpisodeText.__table__, "after_create")
def _with_its_table(_table: Table, connection: Connection, **_: object) -> None:
    create(connection)


def index(session: Session, episode: Episode) -> None:
    """Make an episode findable by its present words; the caller knows that it is published."""
    row = session.scalar(select(EpisodeText).where(EpisodeText.episode_id == episode.id)) or EpisodeText(episode_id=episode.id)
    row.title = _findable(episode.title)
    row.summary = _findable(episode.summary)
    row.notes = _findable(episode.notes)
    row.tags = _findable(" ".join(_names_of_tags(episode)))
    session.add(row)
    session.flush()


def unindex(session: Session, episode: Episode) -> None:
    """Make an episode unfindable and forget its words."""
    session.execute(delete(EpisodeText).where(EpisodeText.episode_id == episode.id))
    if session.get_bind().dialect.name == "sqlite":
        # FTS5 only marks words as gone; merging its pages is what forgets them.
        session.execute(text("INSERT INTO episode_search(episode_search) VALUES ('optimize')"))


def indexed_but_over(session: Session, *, now: datetime) -> Sequence[Episode]:
    """Episodes that have run out and are still findable: those whose expiry nobody has acted on."""
    query = select(Episode).join(EpisodeText, EpisodeText.episode_id == Episode.id).where(Episode.expires_at <= now)
    return session.scalars(query).unique().all()


def find(session: Session, words: str, *, now: datetime, limit: int = 50) -> list[Episode]:
    """The public episodes that hold all of these words, best first; blank finds nothing."""
    wanted = _WORD.findall(folded(words))[:_MOST_WORDS]
    if not wanted:
        return []
    sqlite = session.get_bind().dialect.name == "sqlite"
    query, quoted = (_SQLITE_HITS, _for_fts5(wanted)) if sqlite else (_POSTGRESQL_HITS, _for_tsquery(wanted))
    ranked = session.scalars(text(query), {"words": quoted, "most": limit * 2}).all()
    found = session.scalars(
        select(Episode).join(Show).where(Episode.id.in_(ranked), public(now)).options(
            joinedload(Episode.show), selectinload(Episode.tags),
            joinedload(Episode.recording).selectinload(Recording.renditions),
        )
    ).unique()  # fmt: skip
    by_id = {episode.id: episode for episode in found}
    return [by_id[episode_id] for episode_id in ranked if episode_id in by_id][:limit]


def _for_fts5(words: list[str]) -> str:
    return " ".join(f'"{word}"*' if len(word) >= _PREFIX_FROM else f'"{word}"' for word in words)


def _for_tsquery(words: list[str]) -> str:
    return " & ".join(f"'{word}':*" if len(word) >= _PREFIX_FROM else f"'{word}'" for word in words)


def _findable(words: str) -> str:
    return " ".join(_WORD.findall(folded(words)))


def _names_of_tags(episode: Episode) -> list[str]:
    """Labels and other names of the tags. Sensitive terms are left out: nobody is found by what they did not agree to."""
    names = []
    for tag in episode.tags:
        try:
            term = vocabulary().term(tag.vocabulary, tag.code)
        except UnknownTermError:
            continue
        if not term.sensitive:
            names += [term.label, *term.also_called]
    return names
