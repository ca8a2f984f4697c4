"""Opaque public ids: a URL never tells a title."""

from __future__ import annotations

import secrets

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
ID_LENGTH = 16


def new_id() -> str:
    """Sixteen characters of Crockford's base 32: 80 bits of chance, readable aloud."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(ID_LENGTH))


def looks_like_id(text: str) -> bool:
    """Whether `text` has the form of an id; asked before a database is."""
    return len(text) == ID_LENGTH and all(c in _ALPHABET for c in text)
