"""The station's own player in Chromium, and every sample that comes out of its <audio>."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

from tests.live import Sound, write_wav

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
PATIENCE_MS = 240_000
_OPTIONS = ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required", "--disable-background-networking",
            "--disable-component-update", "--no-first-run", "--disable-background-timer-throttling"]  # fmt: skip

_TAP = """registerProcessor("tap", class extends AudioWorkletProcessor {
  #kept = new Int16Array(24000); #n = 0;
  process([input]) {
    const sound = input[0] ?? new Float32Array(128);
    for (const sample of sound) {
      this.#kept[this.#n++] = Math.max(-32768, Math.min(32767, Math.round(sample * 32767)));
      if (this.#n === this.#kept.length) { this.port.postMessage(this.#kept.slice()); this.#n = 0; }
    }
    return true;
  }
})"""
_BEGIN = """async tap => {
  const player = document.querySelector("script[type=module]").src.replace("radio-player.js", "sound.js");
  const { sound } = await import(player);
  const context = new AudioContext({ sampleRate: 48000 });
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([tap], { type: "text/javascript" })));
  const node = new AudioWorkletNode(context, "tap", { numberOfInputs: 1, channelCount: 1, channelCountMode: "explicit" });
  window.begin = () => { window.heard = []; window.stood = []; window.heardFromMs = null; };
  window.begin();
  let before = performance.now();
  node.port.onmessage = ({ data }) => {
    const now = performance.now(), n = window.heard.push(data);
    window.heardFromMs ??= Date.now() - 500;
    if (now - before > 750) window.stood.push([n / 2 - 2, n / 2 + 1.5]);
    before = now;
  };
  context.createMediaElementSource(sound.audio).connect(node);
  node.connect(context.destination);
  await context.resume();
}"""
_SETTLED = """async () => {
  const player = document.querySelector("script[type=module]").src.replace("radio-player.js", "sound.js");
  const { audio } = (await import(player)).sound;
  const answered = () => performance.getEntriesByType("resource").some((one) => one.name.endsWith("/now.json") && one.responseEnd);
  let since = performance.now(), before = { at: since, position: audio.currentTime };
  for (const name of ["seeking", "seeked", "waiting"]) audio.addEventListener(name, () => { since = performance.now(); });
  const began = since;
  while (!answered() || performance.now() - since < 4000) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const now = { at: performance.now(), position: audio.currentTime };
    if (Math.abs(now.position - before.position - (now.at - before.at) / 1000) > 0.1) since = now.at;
    before = now;
    if (now.at - began > 200000) throw new Error("it never goes on as the clock does");
  }
}"""
"""Returns when the player has made its one jump, to the true second, and goes on as the clock does."""
_END = """() => {
  const bytes = new Uint8Array(window.heard.length * 48000);
  window.heard.forEach((part, n) => bytes.set(new Uint8Array(part.buffer), n * 48000));
  let text = "";
  for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  return btoa(text);
}"""


def listen(address: str, out: Path, *, low: bool, seconds: float) -> None:
    """Open the front page, press play, and write down what is heard once the player has settled.

    Beside it, in `<out>.begun`, when the first sample came out: milliseconds of this machine's clock. In `<out>.stood`, the spans (in
    seconds of the sound) in which the machine gave the browser no time, whatever was played.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_OPTIONS)
        page = browser.new_context(bypass_csp=True).new_page()  # for the tap; the player itself keeps the policy elsewhere
        page.set_default_timeout(PATIENCE_MS)
        page.goto(address)
        if low:
            page.get_by_role("button", name="Less data").click()
        page.get_by_role("button", name="Play the station, live").click()
        page.wait_for_function("document.documentElement.hasAttribute('data-sounding')", timeout=PATIENCE_MS)
        page.evaluate(_BEGIN, _TAP)
        page.evaluate(_SETTLED)
        page.evaluate("window.begin()")
        page.wait_for_timeout(1000 * seconds)
        for _ in range(10):  # as long again as the machine stood still, within reason
            if page.evaluate("window.heard.length / 2 - 3.5 * window.stood.length") > seconds - 5:
                break
            page.wait_for_timeout(10_000)
        out.with_suffix(".stood").write_text(json.dumps(page.evaluate("window.stood")))
        heard = np.frombuffer(base64.b64decode(page.evaluate(_END)), "<i2")
        out.with_suffix(".begun").write_text(str(page.evaluate("window.heardFromMs")))
        browser.close()
    found: Sound = (heard / 32768).astype(np.float32)
    write_wav(out, found)
