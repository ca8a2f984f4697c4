"""A crowd of listeners in one process: `crowd.py mp3|hls PORT N SECONDS`; prints what they went through as JSON.

MP3: every listener reads the stream as it comes. HLS: every listener asks for the playlist and the newest segment each 5.76 s, at a
moment of its own, over a kept connection.
"""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import sys
import time


def ramp_s(n: int) -> float:
    """How long it takes until all are there: three hundred a second, as after a news item, not all in one instant."""
    return max(3.0, n / 300)


async def mp3_listener(port: int, until: float, seen: list[tuple[int, float]]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 17)
    writer.write(b"GET /live.mp3 HTTP/1.0\r\nIcy-MetaData: 1\r\n\r\n")
    n_bytes, worst, last, begun = 0, 0.0, None, time.monotonic()
    while time.monotonic() < until:
        try:
            content = await asyncio.wait_for(reader.read(65_536), 20)
        except TimeoutError:
            worst = 20.0
            break
        now = time.monotonic()
        if not content:
            break
        if last is not None and now - begun > 3:
            worst = max(worst, now - last)
        n_bytes, last = n_bytes + len(content), now
    writer.close()
    seen.append((n_bytes, worst))


async def hls_listener(port: int, until: float, waits: list[float], gaps: list[float]) -> None:
    await asyncio.sleep(random.random() * 5.76)
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 17)

    async def asked(path: str) -> bytes:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head[:60]
        length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
        return await reader.readexactly(length)

    due, last, got = time.monotonic(), None, ""
    while due < until:
        begun = time.monotonic()
        newest = (await asked("/live/standard.m3u8")).decode().splitlines()[-1]
        if newest != got:
            await asked("/live/" + newest)
        now = time.monotonic()
        waits.append(now - begun)
        if last is not None:
            gaps.append(now - last)
        last, got, due = now, newest, due + 5.76
        await asyncio.sleep(max(0.0, due - time.monotonic()))
    writer.close()


async def main(kind: str, port: int, n: int, seconds: float) -> dict[str, object]:
    until = time.monotonic() + seconds
    if kind == "mp3":
        seen: list[tuple[int, float]] = []

        async def later(i: int) -> None:
            await asyncio.sleep(ramp_s(n) * i / n)
            await mp3_listener(port, until, seen)

        await asyncio.gather(*(later(i) for i in range(n)))
        worst = sorted(gap for _, gap in seen)
        least = min(n_bytes for n_bytes, _ in seen)
        starved = sum(1 for n_bytes, gap in seen if gap > 5.76 or n_bytes < 8000 * (seconds - ramp_s(n) - 6))
        return {"listeners": len(seen), "least_heard_s": round(least / 8000, 1), "gap_median_s": round(statistics.median(worst), 2),
                "worst_gap_s": round(worst[-1], 2), "starved": starved}  # fmt: skip
    waits: list[float] = []
    gaps: list[float] = []
    await asyncio.gather(*(hls_listener(port, until, waits, gaps) for _ in range(n)))
    waits.sort()
    return {"rounds": len(waits), "wait_p50_ms": round(1000 * waits[len(waits) // 2], 1), "wait_p95_ms": round(1000 * waits[len(waits) * 95 // 100], 1),
            "wait_worst_ms": round(1000 * waits[-1]), "worst_gap_s": round(max(gaps), 2)}  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))))
