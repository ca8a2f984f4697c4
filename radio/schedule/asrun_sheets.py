"""The as-run log for others: CSV and JSON of everything, and a cue sheet of the music. Pure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping

from media.grid import TICK_MS, tick_start_ms
from radio.core.time import from_unix_ms
from radio.schedule.asrun import AsRun

FORMATS = {"csv": "text/csv; charset=utf-8", "json": "application/json", "cue": "text/csv; charset=utf-8"}
"""What can be had, and its media type; the cue sheet is CSV too."""
_COLUMNS = (
    "start",
    "end",
    "seconds",
    "source",
    "outcome",
    "because",
    "episode",
    "recording",
    "sound_sha256",
    "title",
    "show",
    "kind",
)
_CUE_COLUMNS = ("start", "end", "seconds", "title", "composer", "performer", "show", "credit", "licence", "episode", "recording")
"""What a collecting society asks, as far as a station knows it. `credit` is who stands for the show."""
_OPENS_A_FORMULA = frozenset("=+-@\t\r＝＋－＠")
"""Source: OWASP, CSV injection; the wide forms are taken for the narrow ones by some spreadsheets."""
BYTE_ORDER_MARK = "\ufeff"
"""Before a sheet that a person opens: without it some spreadsheets read letters of other alphabets wrongly."""


def sheet(rows: Iterable[AsRun], form: str) -> str:
    """The log in one of the `FORMATS`. Times are UTC; a spreadsheet takes no cell for a formula."""
    if form == "cue":
        return _csv(_CUE_COLUMNS, (_cue(row) for row in rows if row.is_music))
    facts = [_facts(row) for row in rows]
    if form == "json":
        return json.dumps({"as_run": facts}, ensure_ascii=False, indent=1) + "\n"
    return _csv(_COLUMNS, facts)


def _facts(row: AsRun) -> dict[str, object]:
    return {
        "start": _time(row.airing.start_tick), "end": _time(row.airing.end_tick), "seconds": _seconds(row), "source": row.source,
        "outcome": row.outcome, "because": row.because, "episode": row.airing.episode_id or "",
        "recording": row.airing.recording_id or "", "sound_sha256": row.about.sound_sha256, "title": row.about.title,
        "show": row.about.show_title, "kind": row.about.kind,
    }  # fmt: skip


def _cue(row: AsRun) -> dict[str, object]:
    return {
        "start": _time(row.airing.start_tick), "end": _time(row.airing.end_tick), "seconds": _seconds(row), "title": row.about.title,
        "composer": "; ".join(row.about.writers), "performer": "; ".join(row.about.performers), "show": row.about.show_title, "credit": row.about.author, "licence": row.about.license, "episode": row.airing.episode_id or "", "recording": row.airing.recording_id or "",
    }  # fmt: skip


def _csv(columns: tuple[str, ...], rows: Iterable[Mapping[str, object]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns)
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return out.getvalue()


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value[:1] in _OPENS_A_FORMULA else value


def _seconds(row: AsRun) -> float:
    return row.airing.n_ticks * TICK_MS / 1000


def _time(tick: int) -> str:
    return from_unix_ms(tick_start_ms(tick)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
