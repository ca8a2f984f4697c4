"""A web process of its own counts, writes its sums down when it ends, and leaves nothing of anybody anywhere."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from media.objects import StoreSettings
from media.store import S3Store
from radio.channel import loop
from radio.counting.models import EpisodeDay
from radio.settings import Settings
from tests.makers import make_episode
from tests.ports import free_port
from tests.waiting import answered, ended

ROOT = Path(__file__).resolve().parents[2]
AGENT, ADDRESS = "AntennaPod/3.4.0 somebody-s-telephone", "203.0.113.77"
SOUND = bytes(range(256)) * 30 * 125


def fetched(url: str, *, address: str = ADDRESS, piece: str = "bytes=0-") -> int:
    headers = {"User-Agent": AGENT, "X-Forwarded-For": address, "Range": piece}
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=60) as answer:
        return len(answer.read())


def test_a_process_writes_its_sums_down_when_it_ends_and_nothing_else(
    settings: Settings, s3: StoreSettings, store: S3Store, session: Session, tmp_path: Path
) -> None:
    episode = make_episode(session, ticks=125, now=datetime.now(UTC))
    assert episode.recording is not None
    for rendition in episode.recording.renditions:
        rendition.key = f"renditions/counted-{rendition.profile}"
        store.put_bytes(rendition.key, SOUND[: rendition.size_bytes], rendition.media_type)
    episode_id = episode.id
    session.commit()
    port = free_port()
    env = {
        "RADIO_DATA": str(settings.data), "RADIO_DATABASE_URL": settings.database_url, "RADIO_S3_ENDPOINT": s3.endpoint_url,
        "RADIO_S3_BUCKET": s3.bucket, "RADIO_S3_ACCESS_KEY": s3.access_key, "RADIO_S3_SECRET_KEY": s3.secret_key,
        "RADIO_PROXIES": "1", "RADIO_LOG_LEVEL": "DEBUG",
    }  # fmt: skip
    said = tmp_path / "said.txt"
    with said.open("wb") as out:
        command = [sys.executable, "-m", "tests.web_process", str(port), str(loop.FOLDER)]
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | env, stdout=out, stderr=out)
        try:
            url = f"http://127.0.0.1:{port}/audio/{episode_id}"
            answered(f"http://127.0.0.1:{port}/robots.txt", process)
            assert fetched(f"{url}.mp3") == len(SOUND)
            assert fetched(f"{url}.mp3", piece="bytes=0-1") == 2
            assert fetched(f"{url}.m4a", address="203.0.113.78") > 0
            assert fetched(f"{url}.m4a", address="198.51.100.1, 203.0.113.78") > 0
        finally:
            ended(process)

    session.expire_all()
    rows = session.scalars(select(EpisodeDay)).all()
    assert {row.episode_id for row in rows} == {episode_id}
    assert sum(row.n_fetched for row in rows) == 2, "on one day, or on two at midnight"
    files = [said, *(path for path in settings.data.rglob("*") if path.is_file())]
    for word in (AGENT.encode(), b"somebody-s-telephone", ADDRESS.encode(), b"203.0.113"):
        assert not [path.name for path in files if word in path.read_bytes()]
