"""The parser of the Podcast Index reads what we wrote, every tag of it. `scripts/test` fetches it from npm."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.unit.radio.test_feed_rules import FEED, OTHER, SITE, WHOLE, whole_item

HERE = Path(__file__).resolve().parent
MODULES = Path(os.environ.get("RADIO_TEST_NODE_MODULES", HERE.parents[1] / "node_modules"))

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or not (MODULES / "podcast-partytime").is_dir(),
    reason="needs node and `npm install --no-save podcast-partytime@5.0.0`; scripts/test does that",
)


@pytest.fixture(scope="module")
def read() -> dict[str, Any]:
    """The whole feed of the rules' test as the parser understands it."""
    environment = {"PATH": os.environ["PATH"], "NODE_PATH": str(MODULES), "PARTYTIME_LOG": "silent"}
    done = subprocess.run(
        ["node", str(HERE / "partytime.cjs")], input=FEED.encode(), capture_output=True, check=True, timeout=60, env=environment
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_it_understands_the_show(read: dict[str, Any]) -> None:
    assert (read["title"], read["description"], read["link"]) == (WHOLE.title, WHOLE.description, WHOLE.link)
    assert read["guid"] == str(WHOLE.guid)
    assert read["pubsub"]["self"] == WHOLE.self_url
    assert read["pubsub"]["hub"] == WHOLE.hub_url
    assert read["pubsub"]["next"] == WHOLE.page_url(2)
    assert read["itunesCategory"] == [WHOLE.category]
    assert (read["itunesType"], read["medium"], read["explicit"]) == ("serial", "podcast", False)
    assert read["podcastFunding"] == [{"message": "Give", "url": WHOLE.funding_url}]
    assert read["podcastLocation"]["name"] == "United Kingdom"
    assert read["license"] == {"identifier": "cc-by-nc-4.0", "url": WHOLE.license_url}
    assert read["trailers"][0]["url"] == whole_item(2).standard.url
    assert read["podroll"][0]["feedGuid"] == OTHER
    assert "publisher" in read["pc20support"]["7"]


def test_it_understands_what_is_on_air(read: dict[str, Any]) -> None:
    (live,) = read["podcastLiveItems"]
    assert (live["status"], live["start"], live["end"]) == ("live", "2026-11-21T12:00:00.000Z", "2026-11-21T13:00:00.000Z")
    assert live["enclosure"]["url"] == f"{SITE}/live.mp3"
    assert [one["type"] for one in live["alternativeEnclosures"]] == ["audio/mpeg", "application/vnd.apple.mpegurl"]


@pytest.mark.parametrize("number", [1, 2])
def test_it_understands_every_episode(read: dict[str, Any], number: int) -> None:
    told, item = whole_item(number), read["items"][number - 1]
    assert (item["guid"], item["title"], item["link"]) == (str(told.guid), told.title, told.link)
    assert item["enclosure"] == {"url": told.standard.url, "length": told.standard.size_bytes, "type": "audio/mpeg"}
    assert (item["duration"], item["explicit"], item["content"]) == (300, False, told.notes_html)
    assert item["itunesEpisodeType"] == told.release
    assert item["podcastSeason"] == {"number": 1, "name": "The winter"}
    assert item["podcastEpisode"]["number"] == number
    assert [(one["url"], one["language"]) for one in item["podcastTranscripts"]] == [
        (f"{told.link}/transcript{end}", language)
        for end, language in ((".vtt", "en-GB"), (".srt", "en-GB"), (".html", "en-GB"), (".cy.html", "cy"))
    ]
    assert item["podcastChapters"]["url"] == f"{told.link}/chapters.json"
    assert item["podcastSoundbites"] == [{"duration": 30, "startTime": 10, "title": "The lamp"}]
    assert [(one["name"], one["role"].lower()) for one in item["podcastPeople"]] == [("Ann of the lamp", "host")]
    (less,) = item["alternativeEnclosures"]
    assert told.low is not None
    assert (less["length"], less["integrity"]["value"], less["source"][0]["uri"]) == (
        told.low.size_bytes, told.low.integrity, told.low.url,
    )  # fmt: skip
