"""People, roles, passkeys, invitations. No address, no diagnosis, no history: only what signing in needs."""

from __future__ import annotations

import secrets
from datetime import datetime

from flask_security.core import RoleMixin, UserMixin, WebAuthnMixin
from sqlalchemy import JSON, Column, ForeignKey, LargeBinary, String, Table
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from radio.accounts.rules import name_key
from radio.core.ids import new_id
from radio.core.people import Person as Asking
from radio.core.people import Role as RoleName
from radio.db import Base, Instant

person_role = Table(
    "person_role",
    Base.metadata,
    Column("person_id", ForeignKey("person.id", ondelete="CASCADE"), primary_key=True),
    Column("role_id", ForeignKey("role.id", ondelete="CASCADE"), primary_key=True),
)


class Role(Base, RoleMixin):  # type: ignore[misc]
    """One of `core.people.Role`."""

    __tablename__ = "role"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20), unique=True)
    description: Mapped[str | None] = mapped_column(String(200))


class Person(Base, UserMixin):  # type: ignore[misc]
    """Somebody who was invited. `username` is the name they sign in with and are called by."""

    __tablename__ = "person"

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    username: Mapped[str] = mapped_column(String(40))
    name_key: Mapped[str] = mapped_column(String(120), unique=True)
    """`username` folded; follows it by itself. Two people never have names that read alike, in any database."""
    email: Mapped[str | None] = mapped_column(String(200), unique=True)
    """Optional: nobody needs an address to take part."""
    password: Mapped[str | None] = mapped_column(String(255))
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True, default=lambda: secrets.token_hex(16))
    """What a session cookie holds. A new one ends every session of the person."""
    fs_webauthn_user_handle: Mapped[str | None] = mapped_column(String(64), unique=True)
    tf_primary_method: Mapped[str | None] = mapped_column(String(64))
    tf_totp_secret: Mapped[str | None] = mapped_column(String(255))
    mf_recovery_codes: Mapped[list[str] | None] = mapped_column(MutableList.as_mutable(JSON))
    us_totp_secrets: Mapped[str | None] = mapped_column(String(1000))
    create_datetime: Mapped[datetime | None] = mapped_column(Instant)
    update_datetime: Mapped[datetime | None] = mapped_column(Instant)

    roles: Mapped[list[Role]] = relationship(secondary=person_role, lazy="joined")
    webauthn: Mapped[list[Passkey]] = relationship(back_populates="person", cascade="all, delete-orphan")

    @validates("username")
    def _fold(self, _field: str, username: str) -> str:
        self.name_key = name_key(username)
        return username

    @property
    def asking(self) -> Asking:
        """The person as rules and actions see them."""
        return Asking(self.id, self.username, frozenset(RoleName(role.name) for role in self.roles))


class Passkey(Base, WebAuthnMixin):  # type: ignore[misc]
    """A passkey (WebAuthn credential) of a person."""

    __tablename__ = "passkey"

    id: Mapped[int] = mapped_column(primary_key=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1024), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(default=0)
    transports: Mapped[list[str] | None] = mapped_column(MutableList.as_mutable(JSON))
    backup_state: Mapped[bool]
    device_type: Mapped[str] = mapped_column(String(64))
    extensions: Mapped[str | None] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(64))
    usage: Mapped[str] = mapped_column(String(64))
    create_datetime: Mapped[datetime | None] = mapped_column(Instant, nullable=False)
    user_id: Mapped[str] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))

    person: Mapped[Person] = relationship(back_populates="webauthn")

    @property
    def lastuse_datetime(self) -> datetime | None:
        """When it was made: the library asks for the last use, and nobody's coming and going is kept here."""
        return self.create_datetime

    @lastuse_datetime.setter
    def lastuse_datetime(self, instant: datetime) -> None:
        if self.create_datetime is None:
            self.create_datetime = instant


class Invitation(Base):
    """A one-time door: only the hash of its token is kept."""

    __tablename__ = "invitation"

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    roles: Mapped[list[str]] = mapped_column(JSON)
    invited_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    """None: the station itself invites its first steward."""
    for_person: Mapped[str | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    """Set: a new way in for somebody who is here already, in place of a lost password or passkey."""
    made_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
    used_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
