"""Shows, episodes, recordings, renditions, tags; and the number that changes when anything public does."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from radio.catalogue.rules import RecordingState, Scope, State
from radio.core.ids import new_id
from radio.db import Base, Code, Instant
from radio.web import markdown


class Show(Base):
    """A continuing thing with a name, art, language and a feed."""

    __tablename__ = "show"

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    guid: Mapped[UUID] = mapped_column(unique=True)
    """`podcast:guid`: assigned once, kept for ever."""
    title: Mapped[str] = mapped_column(String(150))
    description: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(String(35), default="en-GB")
    category: Mapped[str] = mapped_column(String(80), default="Health & Fitness > Mental Health")
    """Apple's category, `Parent` or `Parent > Child`."""
    author: Mapped[str] = mapped_column(String(150), default="")
    """A group, never a person; empty: the station."""
    kind: Mapped[str] = mapped_column(String(20), default="programme")
    """What its episodes usually are."""
    explicit: Mapped[bool] = mapped_column(default=False)
    artwork_sha256: Mapped[str | None] = mapped_column(String(64))
    """Names the pictures in the store; None: a pattern is drawn from the id."""
    synthetic: Mapped[bool] = mapped_column(default=False)
    """A sample made with a synthetic voice; said so everywhere it shows."""
    in_feeds: Mapped[bool] = mapped_column(default=True)
    """False for the station's own idents and beds: they have no page and no feed."""
    serial: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Told in order, from the first: apps show the oldest first."""
    complete: Mapped[bool] = mapped_column(default=False, server_default=false())
    """No episode will follow: apps ask less often."""
    blocked: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Directories are asked not to list it; whoever has the address can subscribe."""
    license: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """An identifier such as cc-by-nc-4.0, lower case; empty: nothing is said."""
    license_url: Mapped[str] = mapped_column(String(500), default="", server_default="")
    funding_url: Mapped[str] = mapped_column(String(500), default="", server_default="")
    funding_words: Mapped[str] = mapped_column(String(128), default="", server_default="")
    country: Mapped[str] = mapped_column(String(2), default="", server_default="")
    """Which country it is about, ISO 3166; never a smaller place. Empty: nothing is said."""
    verifications: Mapped[list[dict[str, str]] | None] = mapped_column(JSON)
    """[{purpose, text}]: what directories ask a show to say, to prove whose it is."""
    podroll: Mapped[list[dict[str, str]] | None] = mapped_column(JSON)
    """[{guid, url, title}]: shows of others that it recommends."""
    seasons: Mapped[dict[str, str] | None] = mapped_column(JSON)
    """Season number → its name."""
    hosts: Mapped[dict[str, str] | None] = mapped_column(JSON)
    """Whoever is usually heard and agreed to be named: name → role, a code of the list `role`; an empty code: host."""
    made_at: Mapped[datetime] = mapped_column(Instant)
    changed_at: Mapped[datetime] = mapped_column(Instant)
    moved_to: Mapped[str | None] = mapped_column(String(2000))
    """The address of its feed at another host, once it has left."""
    redirects_from: Mapped[datetime | None] = mapped_column(Instant)
    """From this instant our address of its feed leads there; before it the feed only tells."""

    episodes: Mapped[list[Episode]] = relationship(back_populates="show", passive_deletes=True)


class Episode(Base):
    """One part of a show, published once. Its id is public and tells nothing."""

    __tablename__ = "episode"
    __table_args__ = (
        Index("ix_episode_state_published", "state", "published_at"),
        Index("uq_episode_show_feed_guid", "show_id", "feed_guid", unique=True),
        CheckConstraint("state <> 'published' OR published_at IS NOT NULL", name="published_has_time"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    show_id: Mapped[str] = mapped_column(ForeignKey("show.id"), index=True)
    guid: Mapped[UUID] = mapped_column(unique=True)
    feed_guid: Mapped[str | None] = mapped_column(String(1000))
    """The id under which apps know it from an earlier host, exactly, when that is not `guid`; its show's feed goes on giving it."""
    held_at: Mapped[datetime | None] = mapped_column(Instant)
    """Since when a draft from elsewhere waits for a steward to say that those who are heard agree; None: it does not."""
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[State] = mapped_column(Code(State, 12), default=State.DRAFT)
    title: Mapped[str] = mapped_column(String(150), default="")
    summary: Mapped[str] = mapped_column(Text, default="")
    """Plain text."""
    notes: Mapped[str] = mapped_column(Text, default="")
    """Markdown as typed."""
    notes_html: Mapped[str] = mapped_column(Text, default="")
    """The notes as safe HTML, made once when they are written: a feed of a thousand episodes has no time for it."""
    language: Mapped[str] = mapped_column(String(35), default="en-GB")
    season_number: Mapped[int | None]
    episode_number: Mapped[int | None]
    explicit: Mapped[bool] = mapped_column(default=False)
    synthetic: Mapped[bool] = mapped_column(default=False)
    intensity: Mapped[int] = mapped_column(default=0)
    """0 calm … 3 vivid distress."""
    detail: Mapped[str] = mapped_column(String(12), default="none")
    """none, mentions or describes use."""
    content_notes: Mapped[list[dict[str, object]] | None] = mapped_column(JSON)
    """[{code, from_ms, to_ms}]; None: nobody has said yet; []: a person said there are none."""
    scopes: Mapped[list[str]] = mapped_column(JSON, server_default='["site", "live", "podcast"]')
    """Where it may be heard, codes of the list `scope`: what its teller agreed to. In SQL ask `catalogue.queries.agreed`."""
    unshared_at: Mapped[datetime | None] = mapped_column(Instant)
    """Since when podcast apps may not have it any more, which it was in reach of; None: they may, or never might."""
    release: Mapped[str] = mapped_column(String(8), default="full", server_default="full")
    """What it is in its show: full, trailer or bonus."""
    chapters: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON)
    """[{start_ms, title}] in order of time."""
    soundbites: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON)
    """[{from_ms, to_ms, title}]: parts that may stand alone, chosen by a person."""
    own_license: Mapped[dict[str, str] | None] = mapped_column(JSON)
    """{name, url}, as those of a show, where it is under another licence; None: its show's."""
    artwork_sha256: Mapped[str | None] = mapped_column(String(64))
    """Names its own pictures in the store, which no other episode shares; None: its show's is shown."""
    recording_id: Mapped[str | None] = mapped_column(ForeignKey("recording.id", use_alter=True))
    """The recording that is heard."""
    made_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(Instant)
    changed_at: Mapped[datetime] = mapped_column(Instant)
    submitted_at: Mapped[datetime | None] = mapped_column(Instant)
    published_at: Mapped[datetime | None] = mapped_column(Instant)
    """Of a draft from elsewhere: when it was published there. It keeps that date."""
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    """From this instant it is off the site, the air and the feeds by itself."""
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)
    erased_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the last of its objects was gone from the store."""

    show: Mapped[Show] = relationship(back_populates="episodes")
    recording: Mapped[Recording | None] = relationship(foreign_keys=[recording_id], post_update=True)
    recordings: Mapped[list[Recording]] = relationship(
        foreign_keys="Recording.episode_id", order_by="Recording.received_at, Recording.id", viewonly=True
    )
    """Every take that was ever uploaded for it, oldest first."""
    tags: Mapped[list[EpisodeTag]] = relationship(
        back_populates="episode", cascade="all, delete-orphan", order_by="EpisodeTag.position"
    )

    voices: Mapped[list[EpisodeVoice]] = relationship(
        back_populates="episode", cascade="all, delete-orphan", order_by="EpisodeVoice.position"
    )

    transcripts: Mapped[list[Transcript]] = relationship(
        back_populates="episode", cascade="all, delete-orphan", order_by="Transcript.language"
    )

    @validates("scopes")
    def _share_again(self, _name: str, scopes: list[str]) -> list[str]:
        if Scope.PODCAST in scopes:
            self.unshared_at = None
        return scopes

    @validates("notes")
    def _make_html(self, _name: str, notes: str) -> str:
        self.notes_html = markdown.html(notes) if notes else ""
        return notes


class EpisodeTag(Base):
    """One term of the vocabulary on one episode."""

    __tablename__ = "episode_tag"
    __table_args__ = (Index("ix_episode_tag_term", "vocabulary", "code"),)

    episode_id: Mapped[str] = mapped_column(ForeignKey("episode.id", ondelete="CASCADE"), primary_key=True)
    vocabulary: Mapped[str] = mapped_column(String(20), primary_key=True)
    """The list: topic, pathway, capital, audience, substance, form …"""
    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    position: Mapped[int] = mapped_column(default=0)

    episode: Mapped[Episode] = relationship(back_populates="tags")


class Transcript(Base):
    """The words of one episode in one language."""

    __tablename__ = "transcript"

    episode_id: Mapped[str] = mapped_column(ForeignKey("episode.id", ondelete="CASCADE"), primary_key=True)
    language: Mapped[str] = mapped_column(String(35), primary_key=True)
    timed: Mapped[bool]
    """Whether it knows when each line is said; otherwise it is paragraphs."""
    text: Mapped[str] = mapped_column(Text)
    """As `media.transcript` writes it: WebVTT when timed, plain paragraphs otherwise."""
    changed_at: Mapped[datetime] = mapped_column(Instant)

    episode: Mapped[Episode] = relationship(back_populates="transcripts")


class Voice(Base):
    """Somebody who is heard, known by the name they chose: so that nobody is heard too often in one night."""

    __tablename__ = "voice"

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(80))
    name_key: Mapped[str] = mapped_column(String(400), unique=True)
    """The name folded: however it is typed, it is the same voice."""
    made_at: Mapped[datetime] = mapped_column(Instant)


class EpisodeVoice(Base):
    """One voice in one episode."""

    __tablename__ = "episode_voice"

    episode_id: Mapped[str] = mapped_column(ForeignKey("episode.id", ondelete="CASCADE"), primary_key=True)
    voice_id: Mapped[str] = mapped_column(ForeignKey("voice.id"), primary_key=True, index=True)
    named: Mapped[bool] = mapped_column(default=False)
    """Whether the public may read the name; without it the name stays in the studio."""
    role: Mapped[str] = mapped_column(String(40), default="", server_default="")
    """What they do in it, a code of the list `role`; empty: what is usual in an episode of its kind."""
    position: Mapped[int] = mapped_column(default=0)

    episode: Mapped[Episode] = relationship(back_populates="voices")
    voice: Mapped[Voice] = relationship(lazy="joined")


class Recording(Base):
    """What was uploaded: private, untouched, known only by its content. Its file name is never kept."""

    __tablename__ = "recording"

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    episode_id: Mapped[str] = mapped_column(ForeignKey("episode.id"), index=True)
    state: Mapped[RecordingState] = mapped_column(Code(RecordingState, 12), default=RecordingState.RECEIVED)
    original_key: Mapped[str | None] = mapped_column(String(200))
    """Where the untouched upload lies; None after erasure."""
    size_bytes: Mapped[int]
    received_at: Mapped[datetime] = mapped_column(Instant)
    received_from: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    refusal: Mapped[str | None] = mapped_column(String(30))
    """A `media.errors.Refusal` code when the state is refused."""
    container: Mapped[str | None] = mapped_column(String(40))
    codec: Mapped[str | None] = mapped_column(String(40))
    n_samples: Mapped[int | None]
    n_ticks: Mapped[int | None]
    integrated_lufs: Mapped[float | None]
    true_peak_dbtp: Mapped[float | None]
    gain_db: Mapped[float | None]
    peaks_key: Mapped[str | None] = mapped_column(String(200))
    withdrawn_from_tick: Mapped[int | None] = mapped_column(BigInteger)
    """From this tick on no output gives any sound of it, whatever the rundown said."""

    renditions: Mapped[list[Rendition]] = relationship(back_populates="recording", cascade="all, delete-orphan")

    @property
    def length_ms(self) -> int:
        """Its true length; 0 until it is taken."""
        return (self.n_samples or 0) // 48

    def rendition(self, profile: str) -> Rendition | None:
        """The rendition `standard` or `low`, None before ingest."""
        return next((r for r in self.renditions if r.profile == profile), None)


class Rendition(Base):
    """One encoded form of a recording, under a key made of its content; its bytes never change."""

    __tablename__ = "rendition"
    __table_args__ = (UniqueConstraint("recording_id", "profile"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id", ondelete="CASCADE"))
    profile: Mapped[str] = mapped_column(String(12))
    code: Mapped[str] = mapped_column(String(12))
    """Codec and rate, such as mp3-64."""
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    key: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(40))
    size_bytes: Mapped[int]
    header_bytes: Mapped[int]
    tick_bytes: Mapped[int]

    recording: Mapped[Recording] = relationship(back_populates="renditions")


class Enclosure(Base):
    """What the permanent address of an episode serves: a head of public facts, then a rendition from its `header_bytes` on.

    Feeds read length and hash from here, the address serves by it: one row is changed, so they always agree.
    """

    __tablename__ = "enclosure"

    episode_id: Mapped[str] = mapped_column(ForeignKey("episode.id", ondelete="CASCADE"), primary_key=True)
    profile: Mapped[str] = mapped_column(String(12), primary_key=True)
    facts_sha256: Mapped[str] = mapped_column(String(64))
    """Of what the head was made from: other facts need another head."""
    rendition_sha256: Mapped[str] = mapped_column(String(64))
    """The rendition it was made for; a row for another one does not hold."""
    head_key: Mapped[str] = mapped_column(String(200))
    head_bytes: Mapped[int]
    whole_key: Mapped[str | None] = mapped_column(String(200))
    """The same bytes as one object, where the store itself may answer; None: we put the two together."""
    sha256: Mapped[str] = mapped_column(String(64))
    """Of all its bytes."""
    size_bytes: Mapped[int]
    since: Mapped[datetime] = mapped_column(Instant)


class EpisodeText(Base):
    """What search finds a published episode by: folded text, never shown. `catalogue.search` keeps an index over it."""

    __tablename__ = "episode_text"

    id: Mapped[int] = mapped_column(primary_key=True)
    episode_id: Mapped[str] = mapped_column(ForeignKey("episode.id", ondelete="CASCADE"), unique=True)
    title: Mapped[str] = mapped_column(Text)
    tags: Mapped[str] = mapped_column(Text)
    summary: Mapped[str] = mapped_column(Text)
    notes: Mapped[str] = mapped_column(Text)


class Change(Base):
    """One row, one number: it grows in every transaction that changes something public.

    Feeds and pages compare it instead of asking many tables.
    """

    __tablename__ = "change"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    number: Mapped[int] = mapped_column(default=0)
