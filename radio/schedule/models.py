"""Slots, revisions of the rundown, airings, overrides. Rundown rows are appended, never changed; their past is the as-run log."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from radio.core.ids import new_id
from radio.db import Base, Code, Instant
from radio.schedule.standing import OverrideKind


class Slot(Base):
    """A recurring place in the week by the station's wall clock."""

    __tablename__ = "slot"

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    title: Mapped[str] = mapped_column(String(150))
    zone: Mapped[str] = mapped_column(String(60))
    first_start: Mapped[str] = mapped_column(String(19))
    """DTSTART as a naive wall-clock time, `YYYY-MM-DDTHH:MM:SS`, read in `zone`."""
    length_minutes: Mapped[int]
    rrule: Mapped[str] = mapped_column(String(300))
    """RFC 5545 RRULE without the name, such as FREQ=WEEKLY;BYDAY=MO,WE; empty: once."""
    exceptions: Mapped[list[str]] = mapped_column(JSON, default=list)
    """EXDATEs: wall-clock starts that do not happen."""
    overrides: Mapped[dict[str, dict[str, object]]] = mapped_column(JSON, default=dict)
    """Wall-clock start → what is different that day: start, length_minutes, fill."""
    start_rule: Mapped[str] = mapped_column(String(10), default="hard")
    """hard, or soft (may start up to `tolerance_minutes` late)."""
    tolerance_minutes: Mapped[int] = mapped_column(default=0)
    priority: Mapped[int] = mapped_column(default=0)
    """Where two slots want the same time the higher one has it."""
    under_run: Mapped[str] = mapped_column(String(10), default="open", server_default="open")
    """What follows when what it asks for ends early: open (the station's rotation), show (more of the same show), bed (music)."""
    over_run: Mapped[str] = mapped_column(String(10), default="refuse", server_default="refuse")
    """What happens when what it asks for is longer: refuse (it is not begun, and a producer is told days before) or run-on
    (it is heard whole, and what follows begins late; a slot of higher priority is never made late)."""
    fill: Mapped[dict[str, object]] = mapped_column(JSON)
    """What fills it: {"rung": "episode", "episode_id"} | {"rung": "latest", "show_id"} | {"rung": "next", "show_id"} |
    {"rung": "rotation", "kinds": […], "tags": [[list, code], …], "show_ids": […], "weights": [[list, code, weight], …]}."""
    made_at: Mapped[datetime] = mapped_column(Instant)
    changed_at: Mapped[datetime] = mapped_column(Instant)
    retired_at: Mapped[datetime | None] = mapped_column(Instant)


class Revision(Base):
    """One compiled piece of rundown, `[effective_tick, end_tick)`. At a tick the newest revision that covers it holds.

    A change of the future is as many revisions as it has pieces, so what is not concerned is not written again.
    """

    __tablename__ = "revision"
    __table_args__ = (Index("ix_revision_end", "end_tick"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    effective_tick: Mapped[int] = mapped_column(BigInteger)
    """Ticks outgrow 32 bits in 2035."""
    end_tick: Mapped[int] = mapped_column(BigInteger)
    made_at: Mapped[datetime] = mapped_column(Instant)
    why: Mapped[str] = mapped_column(String(40))
    """A code: extended, slot-changed, catalogue-changed, withdrawn, swapped, alert, stopped, resumed."""
    inputs_hash: Mapped[str] = mapped_column(String(64))
    previous_hash: Mapped[str] = mapped_column(String(64), unique=True)
    """Unique, so that the chain never forks: of two writers one has to look again."""
    hash: Mapped[str] = mapped_column(String(64), unique=True)

    airings: Mapped[list[Airing]] = relationship(back_populates="revision", order_by="Airing.start_tick")


class Airing(Base):
    """One recording (or the emergency loop) at one span of ticks."""

    __tablename__ = "airing"
    __table_args__ = (Index("ix_airing_revision_start", "revision_id", "start_tick"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey("revision.id"))
    start_tick: Mapped[int] = mapped_column(BigInteger)
    n_ticks: Mapped[int]
    recording_id: Mapped[str | None] = mapped_column(ForeignKey("recording.id"), index=True)
    """None: the emergency loop."""
    episode_id: Mapped[str | None] = mapped_column(ForeignKey("episode.id"), index=True)
    first_tick: Mapped[int] = mapped_column(default=0)
    """The tick inside the rendition at which the airing begins."""
    part: Mapped[str] = mapped_column(String(12))
    """programme, filler, ident, bed or emergency."""
    slot_id: Mapped[str | None] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text, default="")
    """Why this one, in codes and facts that `schedule` puts into words."""

    revision: Mapped[Revision] = relationship(back_populates="airings")


class Desk(Base):
    """The one row that every writer of the rundown holds while it writes; and the seed of its chance."""

    __tablename__ = "desk"

    id: Mapped[int] = mapped_column(primary_key=True)
    """Always 1."""
    seed: Mapped[str] = mapped_column(String(64))
    """Made once, never shown: replicas and later days compile with the same."""
    catalogue_number: Mapped[int] = mapped_column(default=-1)
    """`catalogue.change_number` when the future was last compiled as a whole."""
    faults: Mapped[list[list[object]]] = mapped_column(JSON, default=list, server_default="[]")
    """What the compiled future cannot do as it is asked: [tick, code, slot or None, facts], in order of time."""


class StationRules(Base):
    """One version of what the stewards decided about the air. Rows are added, never changed; the newest holds."""

    __tablename__ = "station_rules"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """1, 2, 3…; 0 are the defaults of `policy.StationRules`, and have no row."""
    rules: Mapped[dict[str, object]] = mapped_column(JSON)
    """As `policy.StationRules.stored` gives them."""
    made_at: Mapped[datetime] = mapped_column(Instant)
    made_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    """None: the operator, from a command."""
    why: Mapped[str] = mapped_column(String(500))
    """Why they decided so, in their words."""


class Ingredient(Base):
    """A piece of what a future was compiled from, kept once under its hash, so that the day can be compiled again."""

    __tablename__ = "ingredient"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), index=True)
    """recipe (names the others; a revision's `inputs_hash` is its hash), slots, rules or pool."""
    content: Mapped[bytes] = mapped_column(LargeBinary)
    """Canonical JSON, packed with zlib."""
    kept_at: Mapped[datetime] = mapped_column(Instant)
    """When it was last used."""


class Override(Base):
    """What a person has put over the rundown. It holds from `from_tick` until `until_tick`, or until somebody ends it."""

    __tablename__ = "override"
    __table_args__ = (
        CheckConstraint(
            "kind <> 'alert' OR (issuer <> '' AND link <> '' AND area <> '' AND grade <> '' AND issuer IS NOT NULL"
            " AND link IS NOT NULL AND area IS NOT NULL AND grade IS NOT NULL AND episode_id IS NOT NULL"
            " AND until_tick IS NOT NULL AND every_minutes IS NOT NULL)",
            name="alert_is_relayed",
        ),
        CheckConstraint("until_tick IS NULL OR until_tick >= from_tick", name="ends_after_it_begins"),
        Index(
            "uq_override_one_stop", "kind", unique=True,
            sqlite_where=text("kind = 'stop' AND ended_at IS NULL"), postgresql_where=text("kind = 'stop' AND ended_at IS NULL"),
        ),
        Index("ix_override_until", "until_tick"),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    kind: Mapped[OverrideKind] = mapped_column(Code(OverrideKind, 8))
    from_tick: Mapped[int] = mapped_column(BigInteger)
    until_tick: Mapped[int | None] = mapped_column(BigInteger)
    """None: until somebody ends it (a stop)."""
    episode_id: Mapped[str | None] = mapped_column(ForeignKey("episode.id"))
    """What is to be heard: the alert, or what was swapped in; None: what the station chooses."""
    instead_of: Mapped[str | None] = mapped_column(ForeignKey("episode.id"))
    """What was swapped away."""
    every_minutes: Mapped[int | None]
    """How soon an alert is heard again."""
    issuer: Mapped[str | None] = mapped_column(String(150))
    """Who warns: a named office, never a listener."""
    link: Mapped[str | None] = mapped_column(String(500))
    """Where the issuer says it."""
    area: Mapped[str | None] = mapped_column(String(150))
    grade: Mapped[str | None] = mapped_column(String(12))
    """The issuer's: act-now, take-care or know."""
    made_at: Mapped[datetime] = mapped_column(Instant)
    made_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    """None: the command line."""
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    """When somebody ended it before its time."""
    ended_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))


class Outage(Base):
    """A time in which one process had no sound from the store, so its listeners heard the emergency loop; or in which no web process ran."""

    __tablename__ = "outage"
    __table_args__ = (Index("ix_outage_from", "from_tick"),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    process: Mapped[str] = mapped_column(String(40))
    """Which of several web processes; empty: none ran."""
    from_tick: Mapped[int] = mapped_column(BigInteger)
    to_tick: Mapped[int | None] = mapped_column(BigInteger)
    """None: it goes on, or the process died in it. The one row of those without a process says when a web process was last seen."""
