"""What a name, a password and an invitation must be; who must stay. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Protocol

from radio.core.people import Role
from radio.core.text import folded, plain

NAME_MIN, NAME_MAX = 2, 40
PASSWORD_MIN, PASSWORD_MAX = 10, 128
INVITATION_DAYS = 7

_ADDED = "0123456789 .!"
"""What people put behind a word to make it a password; alone it is none."""
_NAME = re.compile(r"\w[\w .'’-]*")
_WELL_KNOWN = frozenset({
    "1234567890", "12345678910", "123456789a", "0123456789", "0987654321", "1q2w3e4r5t", "1qaz2wsx3edc", "abcdefghij",
    "letmein123", "password12", "password123", "password1234", "passw0rd123", "qwerty1234", "qwerty12345", "qwertyuiop",
    "liverpool1", "manchester1", "sunshine123", "iloveyou123", "welcome123", "peerradio1", "football123", "princess123",
})  # fmt: skip
"""The ones of ten letters and more that are tried first; shorter ones cannot be chosen anyway."""


class Opening(Protocol):
    """What a rule needs to know of an invitation."""

    @property
    def expires_at(self) -> datetime:
        """The first instant at which it is closed."""
        ...

    @property
    def used_at(self) -> datetime | None:
        """When somebody came in with it."""
        ...


def name_key(name: str) -> str:
    """How names are compared: `Zoë`, `zoe` and ` ZOE ` are one."""
    return folded(plain(name))


def name_fault(name: str) -> str | None:
    """Why this cannot be somebody's name here: `short`, `long` or `characters`; None: it can."""
    name = plain(name)
    if len(name) < NAME_MIN:
        return "short"
    if len(name) > NAME_MAX:
        return "long"
    return None if _NAME.fullmatch(name) else "characters"


def password_fault(password: str, name: str) -> str | None:
    """Why this cannot be a password: `short`, `long`, `name`, `same` or `known`; None: it can.

    Length is what counts; no rule about capitals or digits. Source: NIST SP 800-63B-4 §3.1.1.2.
    """
    if len(password) < PASSWORD_MIN:
        return "short"
    if len(password) > PASSWORD_MAX:
        return "long"
    key, own = folded(password), name_key(name)
    if own and own in key and not key.replace(own, "").strip(_ADDED):
        return "name"
    if len(set(key)) < 4:
        return "same"
    return "known" if key in _WELL_KNOWN or not key.strip(_ADDED) else None


def token_sha256(token: str) -> str:
    """What is kept of an invitation's token. A plain hash will do: the token is 256 bits of chance."""
    return hashlib.sha256(token.encode()).hexdigest()


def is_open(invitation: Opening, now: datetime) -> bool:
    """Whether it can still be accepted: once, and before it expires."""
    return invitation.used_at is None and now < invitation.expires_at


def expiry(now: datetime, days: int) -> datetime:
    """When an invitation made now closes."""
    return now + timedelta(days=days)


def leaves_no_steward(stewards: Collection[str], person_id: str, roles: Collection[Role]) -> bool:
    """Whether nobody could let people in any more, once the person of this id has only these roles."""
    return Role.STEWARD not in roles and set(stewards) == {person_id}
