"""A listener presses play, moves around the site, chooses an episode, and leaves nothing behind."""

from __future__ import annotations

import json
import re
import urllib.request

import pytest
from playwright.sync_api import Browser, Route, expect

from media.grid import SEGMENT_MS
from tests.browser.conftest import PATIENCE_MS, Listener, OnAir, listener_in

pytestmark = pytest.mark.slow


def left_behind(phone: Listener) -> list[object]:
    """Cookies, storage and caches of the site."""
    kept = phone.page.evaluate(
        "async () => [...Object.keys(localStorage), ...Object.keys(sessionStorage), ...(await caches.keys())]"
    )
    return [*phone.page.context.cookies(), *kept]


def test_nothing_of_the_sound_is_fetched_before_somebody_presses_play(phone: Listener) -> None:
    for path in phone.station.pages:
        phone.open(path)
        phone.page.wait_for_timeout(100)

    fetched = [url for url in phone.requests if any(word in url for word in ("/live", "/audio/", "hls", "turbo", "now.json"))]
    assert not fetched


def test_one_press_is_heard_and_goes_on_while_the_listener_moves_around(phone: Listener) -> None:
    phone.open("/")
    phone.page.get_by_role("button", name="Play the station, live").click()
    phone.hears()
    assert any("/live/standard/" in url for url in phone.requests)

    phone.page.wait_for_function("() => 'Turbo' in window")
    window = phone.page.evaluate("window.here = Math.random()")
    for word, heading in (("Schedule", "Today"), ("Shows", "Shows"), ("Listen", "Now")):
        phone.page.get_by_role("navigation", name="Pages").get_by_role("link", name=word).click()
        phone.page.get_by_role("heading", name=heading, level=1).wait_for()
        phone.hears()
    phone.page.go_back()
    phone.hears()

    assert phone.page.evaluate("window.here") == window, "the page was loaded anew"
    assert phone.complaints == []
    assert all(url.startswith((phone.station.url, "blob:")) for url in phone.requests)
    assert left_behind(phone) == []


def test_the_live_sound_is_brought_to_the_stations_second(phone: Listener) -> None:
    phone.open("/")
    phone.page.get_by_role("button", name="Play the station, live").click()
    for _ in range(20):
        phone.hears()
        behind_ms, unsure_ms = how_far_behind(phone)
        # The browser may not have seen the newest playlist yet: then `end` is one segment earlier.
        if min(abs(behind_ms), abs(behind_ms - 5760), abs(behind_ms + 5760)) < 500:
            return
        assert unsure_ms > 300, f"{behind_ms} ms behind"
        bar = phone.page.get_by_role("region", name="Player")  # the machine stood still meanwhile: begin again
        bar.get_by_role("button", name="Stop").click()
        phone.page.get_by_role("button", name="Play the station, live").click()
    raise AssertionError("this machine stands still all the time")


def how_far_behind(phone: Listener) -> tuple[float, float]:
    """By how many milliseconds the sound is behind the station's second, and for how long the station or the page stood still meanwhile."""
    playlist = next(url for url in phone.requests if url.endswith("/live/standard.m3u8"))
    behind_ms, unsure_ms = phone.page.evaluate(
        """async playlist => {
          let before = performance.now(), stood = 0;
          for (let n = 0; n < 30; n += 1) {
            await new Promise((resolve) => setTimeout(resolve, 50));
            stood = Math.max(stood, performance.now() - before - 50);
            before = performance.now();
          }
          const player = document.querySelector("script[type=module]").src.replace("radio-player.js", "sound.js");
          const { sound } = await import(player);
          const text = await (await fetch(playlist)).text();
          const [first] = text.match(/PROGRAM-DATE-TIME:(\\S+)/).slice(1).map(Date.parse);
          const segments = (text.match(/EXTINF/g) || []).length;
          const end = sound.audio.seekable.end(0);
          const asked = performance.now();
          const { server_ms } = await (await fetch("/now.json", { cache: "no-store" })).json();
          const took = performance.now() - asked;
          const asks = performance.getEntriesByType("resource").filter((one) => one.name.endsWith("/now.json"));
          stood = Math.max(stood, ...asks.map((one) => one.responseEnd - one.startTime));
          return [server_ms + took / 2 - (first + segments * 5760 - (end - sound.audio.currentTime) * 1000), stood];
        }""",
        playlist,
    )
    return behind_ms, unsure_ms


def test_less_data_plays_the_low_rendition_and_the_bar_does_not_repeat_the_large_button(phone: Listener) -> None:
    phone.open("/")
    small = phone.page.get_by_role("region", name="Player").get_by_role("button", name="Play live radio")
    expect(small).to_be_hidden()
    phone.page.get_by_role("contentinfo").scroll_into_view_if_needed()
    expect(small).to_be_visible()
    phone.page.get_by_role("button", name="Play the station, live").scroll_into_view_if_needed()
    expect(small).to_be_hidden()
    phone.page.get_by_role("button", name="Less data").click()
    phone.page.get_by_role("button", name="Play the station, live").click()
    phone.hears()

    assert any("/live/low/" in url for url in phone.requests)
    assert not any("/live/standard/" in url for url in phone.requests)
    assert phone.complaints == []


def test_stop_means_that_nothing_more_is_fetched(phone: Listener) -> None:
    phone.open("/")
    phone.page.get_by_role("button", name="Play the station, live").click()
    phone.hears()
    phone.page.get_by_role("region", name="Player").get_by_role("button", name="Stop").click()
    assert phone.sound()["state"] == "stopped"

    phone.requests.clear()
    phone.page.wait_for_timeout(7000)
    assert phone.requests == []


def test_an_episode_plays_in_the_same_bar_and_moves_by_fifteen_seconds(phone: Listener) -> None:
    phone.open("/shows/kitchen-table")
    phone.page.get_by_role("button", name="Play Bread").click()
    phone.hears()
    bar = phone.page.get_by_role("region", name="Player")
    before = float(str(phone.sound()["position"]))
    bar.get_by_role("button", name="15 seconds on").click()
    phone.hears()

    assert float(str(phone.sound()["position"])) > before + 14
    assert "Bread" in bar.locator(".bar-what").inner_text()
    bar.get_by_role("button", name="Pause Bread").click()
    assert phone.sound()["state"] == "paused"
    bar.get_by_role("button", name="Play").click()
    phone.hears()
    assert phone.page.evaluate("navigator.mediaSession.metadata.title") == "Radio"


def test_a_listener_starts_what_is_on_again_from_its_beginning_and_comes_back_to_now(phone: Listener) -> None:
    phone.open("/schedule")
    again = phone.page.get_by_role("button", name="Start again").first
    for _ in range(240):  # a station that was just made begins with the emergency loop
        if again.count():
            break
        phone.page.wait_for_timeout(1000)
        phone.page.reload()
    phone.page.wait_for_timeout(3000)
    pressed_s = phone.page.evaluate("performance.now() / 1000")
    again.click()
    phone.hears()
    bar = phone.page.get_by_role("region", name="Player")

    assert any("/live/standard.m3u8?from=" in url for url in phone.requests)
    now = phone.sound()
    heard_s = float(str(now["at"])) - pressed_s
    assert float(str(now["position"])) < SEGMENT_MS / 1000 + heard_s + 1, (
        "from its beginning on, within the first segment of the list"
    )
    assert bar.get_by_role("button", name="15 seconds on").is_visible()
    bar.get_by_role("button", name="Live").click()
    phone.hears()
    assert any(url.endswith("/live.m3u8") for url in phone.requests)
    assert phone.complaints == [], "the facts for search engines are held against no policy either"


def test_a_dead_line_is_survived(phone: Listener) -> None:
    phone.open("/")
    phone.page.get_by_role("button", name="Play the station, live").click()
    phone.hears()

    phone.page.context.set_offline(True)
    for _ in range(240):  # what was loaded ahead is played first
        if phone.sound()["state"] != "playing":
            break
        phone.page.wait_for_timeout(500)
    assert phone.sound()["state"] in {"waiting", "lost"}
    phone.page.context.set_offline(False)

    phone.hears()


def test_everything_can_be_done_by_keyboard(phone: Listener) -> None:
    phone.open("/")
    phone.page.keyboard.press("Tab")
    assert phone.page.evaluate("document.activeElement.textContent") == "Skip to the page"
    phone.page.keyboard.press("Enter")
    phone.page.keyboard.press("Tab")
    phone.page.keyboard.press("Space")
    phone.hears()


def test_without_javascript_the_browsers_own_controls_play(browser: Browser, served: OnAir) -> None:
    context = browser.new_context(java_script_enabled=False)
    phone = listener_in(context, served)
    phone.open("/")
    audio = phone.page.locator("radio-player audio")

    assert audio.is_visible()
    assert audio.get_attribute("src") == "/live.mp3"
    assert audio.get_attribute("preload") == "none"
    assert phone.page.get_by_role("link", name="Play the station, live").get_attribute("href") == "/live.mp3"
    context.close()


@pytest.mark.parametrize("n", range(10))
def test_a_first_load_is_small(browser: Browser, served: OnAir, n: int) -> None:
    context = browser.new_context()
    phone = listener_in(context, served)
    session = context.new_cdp_session(phone.page)
    session.send("Network.enable")
    sizes: list[int] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    phone.open(served.pages[n])
    phone.page.wait_for_timeout(500)

    assert len(phone.requests) <= 6, phone.requests
    assert sum(sizes) <= 50_000
    context.close()


def test_now_json_is_what_the_player_reads(served: OnAir) -> None:
    with urllib.request.urlopen(served.url + "/now.json") as response:
        now = json.load(response)

    assert {"server_ms", "ms_to_change", "on_air"} <= set(now)
    assert {"title", "end_ms"} <= set(now["on_air"])


def test_what_is_taken_back_does_not_stop_the_player(phone: Listener) -> None:
    def revise(route: Route) -> None:
        playlist = route.fetch(timeout=PATIENCE_MS)
        oldest, seen = re.findall(r"standard/(\d+)-(\w+)\.mp3", playlist.text())[0], phone.page.evaluate("window.revised")
        phone.page.evaluate("window.revised = true")
        body = playlist.text().replace(f"{oldest[0]}-{oldest[1]}", f"{oldest[0]}-{'0' * 16}") if seen else playlist.text()
        route.fulfill(response=playlist, body=body)

    def told(route: Route) -> None:
        answer = route.fetch(timeout=PATIENCE_MS)
        if not phone.page.evaluate("window.revised"):
            return route.fulfill(response=answer)
        now = answer.json()
        gone = {**now["on_air"], "title": None, "episode": None, "show": None}
        return route.fulfill(response=answer, body=json.dumps({**now, "on_air": gone}))

    phone.open("/")
    phone.page.route("**/live/standard.m3u8", revise)
    phone.page.route("**/now.json", told)
    phone.page.get_by_role("button", name="Play the station, live").click()
    phone.hears()
    phone.page.evaluate("""async module => { const { sound } = await import(module); window.states = [];
        sound.addEventListener('state', () => window.states.push(sound.state)) }""",
        phone.page.eval_on_selector("script[type=module]", "s => s.src").replace("radio-player.js", "sound.js"),
    )  # fmt: skip
    phone.page.get_by_role("heading", name="Now: music and company").wait_for()
    assert not phone.page.locator("[data-of-episode]:visible").count()
    phone.hears()

    assert "lost" not in phone.page.evaluate("window.states")
    assert phone.complaints == []
