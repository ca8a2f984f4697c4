"""Real players on a live server, over joins and the wrap of the timestamps: what they play is every sample, once, in order.

The station's clock is set so that the 33-bit timestamps of the MP3 segments begin anew while everybody listens; it happens every
26.5 hours.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from media.grid import tick_at
from media.objects import StoreSettings
from tests.conformance.in_chromium import CHROMIUM, listen
from tests.live import TICK, Live, Sound, air, chirp, decoded, make_live, offset_of, read_wav, web
from tests.waiting import PATIENCE_S, ended, until

pytestmark = pytest.mark.slow

SECONDS = 42
WRAP_AFTER_MS = 22_000
"""After the players are started; they hear it up to a segment or three later."""
STARTS_WITHIN_MS = (6_000, 60_000, 240_000)
"""How long the web process may take to answer: on the first try, the second, the third."""
WRAP_TICKS = 1 << 33
LOOKED_AT = TICK // 3
SLACK = 2_400
NEAR = 41
"""In samples: less than a millisecond. A lost MP3 frame is 1,152, a lost Opus packet 960."""
SLIP = 480
"""In samples: on a loaded machine Chromium's own output slips by some milliseconds, now and then, whatever it plays."""
SWEEPS = {
    "rise": (8.2, 300, 3000),
    "fall": (5.1, 3400, 500),
    "high": (11.7, 2000, 5200),
    "short": (3.2, 700, 1500),
    "low": (6.9, 200, 900),
}


@dataclass(frozen=True)
class Captured:
    """The station that was heard, when each airing began, and the folder of what the players wrote."""

    live: Live
    airings: list[tuple[int, str]]
    folder: Path
    wrap_after_ms: int = 0
    """How long after the players were started the timestamps began anew."""


def ffmpeg(url: str, out: Path) -> list[str]:
    return ["ffmpeg", "-nostdin", "-v", "warning", "-y", "-i", url, "-t", str(SECONDS), "-ac", "1", "-ar", "48000", str(out)]


def mpv(url: str, out: Path) -> list[str]:
    return ["mpv", "--no-config", "--no-video", "--ao=pcm", f"--ao-pcm-file={out}", "--audio-format=s16", "--audio-samplerate=48000",
            "--audio-channels=mono", f"--length={SECONDS}", "--really-quiet", url]  # fmt: skip


def vlc(url: str, out: Path) -> list[str]:
    chain = f"#transcode{{acodec=s16l,channels=1,samplerate=48000}}:std{{access=file,mux=wav,dst={out}}}"
    return [
        "cvlc",
        "-q",
        "--no-interact",
        url,
        "--sout",
        chain,
    ]  # its --run-time counts from the stream's own clock, so it is told to end


RUNS = {
    "ffmpeg-standard": (ffmpeg, "/live.m3u8"), "ffmpeg-low": (ffmpeg, "/live-low.m3u8"), "ffmpeg-stream": (ffmpeg, "/live.mp3"),
    "mpv-standard": (mpv, "/live.m3u8"), "mpv-low": (mpv, "/live-low.m3u8"), "mpv-stream": (mpv, "/live.mp3"),
    "vlc-standard": (vlc, "/live.m3u8"), "vlc-low": (vlc, "/live-low.m3u8"), "vlc-stream": (vlc, "/live.mp3"),
}  # fmt: skip
IN_CHROMIUM = {"chromium-standard": False, "chromium-low": True}
"""Name → whether it is the low rendition: the station's own page with hls.js."""


def to_wrap_ms(now_ms: int) -> int:
    """How long until the timestamps of the segments begin anew."""
    return -(-now_ms * 90 // WRAP_TICKS) * WRAP_TICKS // 90 - now_ms


def _play(command: list[str], out: Path) -> None:
    folder = out.parent
    home = folder / command[0]
    home.mkdir(exist_ok=True)
    as_root = os.geteuid() == 0  # VLC refuses to run as root
    nobody = pwd.getpwnam("nobody") if as_root and command[0] == "cvlc" else None
    if nobody:
        os.chown(home, nobody.pw_uid, nobody.pw_gid)
    env = {**os.environ, "HOME": str(home), "XDG_RUNTIME_DIR": str(home)}
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                               user=nobody and nobody.pw_uid, group=nobody and nobody.pw_gid)  # fmt: skip

    def is_over() -> bool:
        """It has ended, or heard enough: VLC does not end by itself."""
        return process.poll() is not None or (out.is_file() and out.stat().st_size > 2 * 48_000 * (SECONDS + 2))

    try:
        until(is_over, every_s=0.5, within_s=SECONDS + PATIENCE_S)
    finally:
        ended(process)


@pytest.fixture(scope="module")
def captured(s3: StoreSettings) -> Iterator[Captured]:
    """All players at once, for three quarters of a minute, in a folder that VLC may enter as somebody else."""
    with tempfile.TemporaryDirectory(prefix="players-") as name:
        Path(name).chmod(0o755)
        yield listened(Path(name), s3)


@contextmanager
def on_air_before_the_wrap(live: Live) -> Iterator[tuple[str, int]]:
    """A web process whose timestamps begin anew `WRAP_AFTER_MS` from now, however long it took to start; and how far its clock is ahead."""
    for starts_within_ms in STARTS_WITHIN_MS:
        now_ms = time.time_ns() // 1_000_000
        offset_ms = to_wrap_ms(now_ms) - WRAP_AFTER_MS - starts_within_ms
        with web(live, RADIO_CLOCK_OFFSET_MS=str(offset_ms)) as (address, _):
            early_ms = to_wrap_ms(time.time_ns() // 1_000_000 + offset_ms) - WRAP_AFTER_MS
            if 0 <= early_ms <= starts_within_ms:
                time.sleep(early_ms / 1000)
                yield address, offset_ms
                return
    raise AssertionError("the web process does not start")


def listened(folder: Path, s3: StoreSettings) -> Captured:
    now = datetime.now(UTC)
    live = make_live(folder, s3, {name: chirp(*sweep) for name, sweep in SWEEPS.items()}, now=now)
    out = folder / "out"
    out.mkdir()
    out.chmod(0o777)
    now_ms = time.time_ns() // 1_000_000
    wrap_tick = tick_at(now_ms + to_wrap_ms(now_ms))
    airings = air(live, list(live.made), wrap_tick - 700, wrap_tick + 4000, now=now)
    with on_air_before_the_wrap(live) as (address, offset_ms):
        listeners = [
            threading.Thread(target=_play, args=(make(address + path, out / f"{name}.wav"), out / f"{name}.wav"))
            for name, (make, path) in RUNS.items() if shutil.which(make("", Path())[0])
        ]  # fmt: skip
        if Path(CHROMIUM).exists():
            listeners += [
                threading.Thread(target=listen, args=(address, out / f"{name}.wav"), kwargs={"low": low, "seconds": SECONDS - 4})
                for name, low in IN_CHROMIUM.items()
            ]
        wrap_after_ms = to_wrap_ms(time.time_ns() // 1_000_000 + offset_ms)
        for listener in listeners:
            listener.start()
        for listener in listeners:
            listener.join()
    return Captured(live, airings, out, wrap_after_ms)


def excerpts(captured: Captured, profile: str) -> list[tuple[int, Sound]]:
    """Three thirds of a second of every airing, as ffmpeg decodes the stored rendition: (sample on the grid, sound)."""
    whole = {recording_id: decoded(next(r.path for r in made.renditions if r.profile == profile))
             for recording_id, made in captured.live.made.items()}  # fmt: skip
    found = []
    for start_tick, recording_id in captured.airings:
        for part in (0.5, 0.12, 0.85):
            at = int(part * captured.live.made[recording_id].n_samples)
            found.append((start_tick * TICK + at, whole[recording_id][at : at + LOOKED_AT]))
    return found


def beginning(sought: list[tuple[int, Sound]], heard: Sound, about_ms: int | None = None) -> int:
    """Which sample of the grid is the first that was heard.

    `about_ms`: what was on then was heard first, or not long before or after; None: the programmes come round again, any round will do.
    """
    round_ = sought[: 3 * len(SWEEPS) : 3]
    cycle = sought[3 * len(SWEEPS)][0] - sought[0][0]
    early = heard[: 60 * 48_000]
    votes = [(grid - where) % cycle for grid, sound in round_ for where, alike in [offset_of(sound, early)] if alike > 0.98]
    assert votes, "nothing of what was sent was heard"
    start = max(votes, key=lambda vote: sum(abs(vote - other) <= NEAR for other in votes))
    first = start + (sought[0][0] // cycle + 1) * cycle
    return first if about_ms is None else first + round((about_ms * 48 - first) / cycle) * cycle


def places(captured: Captured, heard: Sound, profile: str, about_ms: int | None = None) -> list[tuple[float, int, float]]:
    """Where every excerpt was heard: (second, how many samples late, how alike); `about_ms` as in `beginning`."""
    sought = excerpts(captured, profile)
    first = beginning(sought, heard, about_ms)
    found = []
    for grid, sound in sought:
        begin = grid - first - SLACK
        if SLACK < begin < len(heard) - LOOKED_AT - 3 * SLACK:
            where, alike = offset_of(sound, heard[begin : begin + LOOKED_AT + 2 * SLACK])
            found.append((round((grid - first) / 48_000, 1), where - SLACK, round(alike, 3)))
    return found


def is_here(name: str) -> bool:
    return Path(CHROMIUM).exists() if name in IN_CHROMIUM else bool(shutil.which(RUNS[name][0]("", Path())[0]))


@pytest.mark.parametrize("name", [*RUNS, *IN_CHROMIUM])
def test_a_player_hears_every_sample_once_across_the_joins_and_the_wrap(captured: Captured, name: str) -> None:
    if not is_here(name):
        pytest.skip("this player is not installed here")
    heard = read_wav(captured.folder / f"{name}.wav")
    assert len(heard) > 30 * 48_000, f"only {len(heard) / 48_000:.1f} s were heard"
    assert 0 < captured.wrap_after_ms < 28_000, "every player has heard it"
    stood = json.loads((captured.folder / f"{name}.stood").read_text()) if name in IN_CHROMIUM else []
    found = [
        (at, late, alike) for at, late, alike in places(captured, heard, "low" if name.endswith("low") else "standard")
        if not any(start < at < end for start, end in stood)
    ]  # fmt: skip
    assert len(found) >= 9, "at least three programmes and the joins between them"
    near = SLIP if name in IN_CHROMIUM else NEAR
    whole = [alike > 0.95 for _, _, alike in found]
    assert all(abs(late) <= near for _, late, alike in found if alike > 0.95), found
    assert all(whole) or (name in IN_CHROMIUM and sum(whole) >= 0.9 * len(whole)), found
