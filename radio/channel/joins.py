"""What a join of the rundown will sound like: for the dashboard, before it is heard by anybody else."""

from __future__ import annotations

from flask import Blueprint, Response

from media.grid import DAY_TICKS, tick_at
from radio.channel import rules
from radio.channel.views import channel
from radio.errors import NotFoundError
from radio.station import station
from radio.web.access import Access, access

bp = Blueprint("joins", __name__)

AROUND_TICKS = 8
"""7.68 s before the join and as long after it."""
_FARTHEST_TICKS = 60 * DAY_TICKS


@bp.get("/studio/schedule/joins/<int:tick>.mp3")
@access(Access.PRODUCER)
def join(tick: int) -> Response:
    """The sound around a tick as one small MP3: the very frames that go out. Kept by nobody."""
    now_tick = tick_at(station().clock.unix_ms())
    if abs(tick - now_tick) > _FARTHEST_TICKS:
        raise NotFoundError(f"tick {tick}")
    here, profile = channel(), "standard"
    from_tick, to_tick = tick - AROUND_TICKS, tick + AROUND_TICKS
    held = here.holding.around(from_tick, to_tick)
    made_of = rules.pieces(
        held.aired, from_tick, to_tick, profile=profile, now_tick=now_tick, loop_ticks=here.ticks.loops[profile].n_ticks
    )
    sound = here.ticks.read(made_of, profile)
    return Response(sound, mimetype="audio/mpeg", headers={"Cache-Control": "no-store", "Accept-Ranges": "none"})
