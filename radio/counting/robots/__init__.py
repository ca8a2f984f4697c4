"""Which programs fetch without anybody who listens: a list that others look after, and a few lines of ours."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_HERE = Path(__file__).resolve().parent


def is_robot(agent: str) -> bool:
    """Whether a program that says it is `agent` fetches for nobody; one that does not say what it is, too."""
    return not agent.strip() or _known().search(agent) is not None


@cache
def _known() -> re.Pattern[str]:
    ours = _lines("ours.txt")
    people = {line.removeprefix("people ") for line in ours if line.startswith("people ")}
    published = [line for line in _lines("patterns.txt") if line not in people]
    # Flags may only stand at the start of a pattern: ours that begin with them carry them in a group of their own.
    own = [re.sub(r"^\(\?i\)(.*)$", r"(?i:\1)", line) for line in ours if not line.startswith("people ")]
    return re.compile("|".join(published + own))


def _lines(name: str) -> list[str]:
    return [line for line in (_HERE / name).read_text().splitlines() if line and not line.startswith("# ")]
