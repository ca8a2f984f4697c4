/**
 * The one sound of this tab. It is no part of a page, so it plays on while pages come and go.
 * Nothing is fetched before `play…` is called, and nothing after `stop`.
 *
 * @typedef {{kind: "live", low: boolean} | {kind: "again", id: string, title: string, low: boolean} |
 *   {kind: "episode", id: string, title: string, address: string}} Source   the id of "again" is the tick it begins at
 * @typedef {"stopped" | "waiting" | "playing" | "paused" | "lost"} State
 */

const SILENCE_MS = 12000; // sound that stands still for so long is taken for a dead line
const PLAIN_AFTER = 3; // after so many lost lines every second try is the plain stream
const AGAIN_MS = [1000, 2000, 4000, 8000, 15000];

class Sound extends EventTarget {
  /** @type {State} */ state = "stopped";
  /** @type {Source | null} */ source = null;
  speed = 1;

  #audio = new Audio();
  #way = null; // what feeds the live channel into the element; see live.js
  #watch = 0;
  #again = 0;
  #tries = 0;
  #moved = { at: 0, position: -1 };
  #turn = 0; // grows with every play and stop: what began in an earlier turn has no say

  constructor() {
    super();
    const audio = this.#audio;
    audio.preload = "none";
    audio.addEventListener("playing", () => { this.#tries = 0; this.#become("playing"); });
    audio.addEventListener("waiting", () => { if (this.state === "playing") this.#become("waiting"); });
    audio.addEventListener("pause", () => { if (this.#wanted() && !audio.ended) this.#paused(); });
    audio.addEventListener("play", () => { if (this.state === "paused") this.#become("waiting"); });
    audio.addEventListener("ended", () => { if (this.source?.kind === "live") this.#lost(); else this.stop(); });
    audio.addEventListener("error", () => { if (this.#wanted() && audio.getAttribute("src")) this.#lost(); });
    for (const name of ["timeupdate", "durationchange", "seeked", "ratechange"]) audio.addEventListener(name, () => this.#say("moved"));
    addEventListener("online", () => { if (this.state === "lost" || this.state === "waiting") this.#reopen(); });
    document.addEventListener("visibilitychange", () => { if (!document.hidden && this.state === "lost") this.#reopen(); });
  }

  get audio() { return this.#audio; }
  get positionS() { return this.#audio.currentTime; }
  get lengthS() {
    const { duration, seekable } = this.#audio;
    if (Number.isFinite(duration)) return duration;
    return this.source?.kind === "again" && seekable.length ? seekable.end(seekable.length - 1) : 0;
  }

  /** Whether this is what is chosen and not stopped. */
  is(source) {
    if (!this.source || this.state === "stopped" || this.source.kind !== source.kind) return false;
    return source.kind === "live" || this.source.id === source.id;
  }

  playLive(low) { this.#open({ kind: "live", low }); }

  /** What was on at a tick, from there: still on the air or not. */
  playAgain({ id, title }, low, fromS = 0) { this.#open({ kind: "again", id, title, low }, fromS); }

  playEpisode({ id, title, address }, fromS = 0) { this.#open({ kind: "episode", id, title, address }, fromS); }

  /** Go on with what is paused. The live channel is never paused: it is stopped. */
  resume() {
    if (this.state === "paused") this.#start();
  }

  pause() {
    if (this.source?.kind === "live") this.stop();
    else this.#audio.pause();
  }

  stop() {
    this.#close();
    this.#become("stopped");
    this.source = null;
    this.#say("state");
  }

  /** Move by so many seconds. */
  move(byS) {
    if (!this.source || this.source.kind === "live") return;
    const end = this.lengthS || Infinity;
    this.#audio.currentTime = Math.min(Math.max(0, this.#audio.currentTime + byS), end);
  }

  moveTo(positionS) {
    if (this.source && this.source.kind !== "live") this.#audio.currentTime = positionS;
  }

  setSpeed(speed) {
    this.speed = speed;
    if (this.source && this.source.kind !== "live") this.#audio.playbackRate = speed;
  }

  async #open(source, fromS = 0) {
    this.#close();
    this.source = source;
    this.#tries = 0;
    this.#become("waiting");
    await this.#feed(fromS);
  }

  async #feed(fromS) {
    const turn = this.#turn;
    this.#moved = { at: performance.now(), position: -1 };
    clearInterval(this.#watch);
    this.#watch = setInterval(() => this.#look(), 2000);
    const { source } = this;
    if (source.kind === "episode") {
      this.#audio.src = source.address;
      if (fromS) this.#audio.currentTime = fromS;
      this.#audio.defaultPlaybackRate = this.speed;
      this.#start();
      return;
    }
    this.#audio.defaultPlaybackRate = this.#audio.playbackRate = source.kind === "again" ? this.speed : 1;
    const native = nativeLive(this.#audio);
    if (native) {
      this.#audio.src = addressOf(source);
      this.#start(); // at once: Safari lets only the press itself start a sound
    }
    try {
      if (this.#tries >= PLAIN_AFTER && this.#tries % 2) throw new Error("the playlists do not come");
      const { open } = await import("./live.js");
      if (turn !== this.#turn) return;
      this.#way = await open(this.#audio, addressOf(source), { native, fromS, isLive: source.kind === "live", fault: () => turn === this.#turn && this.#lost() });
      if (turn !== this.#turn) { this.#way?.close(); this.#way = null; return; }
    } catch {
      if (turn !== this.#turn) return;
      if (source.kind === "again") { this.#lost(); return; }
      this.#audio.src = "/live.mp3"; // it needs no player and no playlist
    }
    if (!native) this.#start();
  }

  async #start() {
    const turn = this.#turn;
    try {
      await this.#audio.play();
    } catch (error) {
      if (turn === this.#turn && error.name === "NotAllowedError") this.stop();
      // anything else is an error event, or a newer turn that took over
    }
  }

  #close() {
    this.#turn += 1;
    clearInterval(this.#watch);
    clearTimeout(this.#again);
    this.#way?.close();
    this.#way = null;
    this.#audio.pause();
    if (this.#audio.getAttribute("src")) {
      this.#audio.removeAttribute("src");
      this.#audio.load();
    }
  }

  #wanted() { return this.source !== null && this.state !== "stopped" && this.state !== "lost"; }

  #paused() {
    if (this.source?.kind === "live") this.stop(); // from the lock screen: a live channel that waits is not live
    else this.#become("paused");
  }

  /** The watch: a position that no longer moves is a dead line, whatever the browser thinks. */
  #look() {
    if (this.state !== "playing" && this.state !== "waiting") return;
    const now = performance.now();
    if (this.#audio.currentTime !== this.#moved.position) this.#moved = { at: now, position: this.#audio.currentTime };
    else if (now - this.#moved.at > SILENCE_MS) this.#lost();
  }

  #lost() {
    if (this.source === null || this.state === "lost" || this.state === "stopped") return;
    const pauseMs = AGAIN_MS[Math.min(this.#tries, AGAIN_MS.length - 1)];
    this.#tries += 1;
    this.#become("lost");
    clearTimeout(this.#again);
    this.#again = setTimeout(() => this.#reopen(), pauseMs);
  }

  #reopen() {
    const fromS = this.source?.kind === "live" ? 0 : this.#audio.currentTime;
    this.#close();
    this.#become("waiting");
    this.#feed(fromS);
  }

  /** @param {State} state */
  #become(state) {
    if (this.state === state) return;
    this.state = state;
    this.#say("state");
  }

  #say(name) { this.dispatchEvent(new Event(name)); }
}

function addressOf(source) {
  if (source.kind === "again") return `/live/${source.low ? "low" : "standard"}.m3u8?from=${source.id}`;
  return source.low ? "/live-low.m3u8" : "/live.m3u8";
}

/** Whether the browser's own HLS is to be used: Safari's, and where there is nothing to feed hls.js into. */
function nativeLive(audio) {
  const hls = audio.canPlayType("application/vnd.apple.mpegurl") !== "";
  return hls && ("webkitShowPlaybackTargetPicker" in audio || !("MediaSource" in window || "ManagedMediaSource" in window));
}

/**
 * What /now.json says, with `asked` and `came`: performance.now() around the answer. One answer serves all who ask within two
 * seconds.
 */
export function askStation() {
  if (!answer || performance.now() - answer.at > 2000) {
    const asked = performance.now();
    const came = fetch("/now.json", { cache: "no-store" }).then(async (response) => ({ asked, came: performance.now(), ...(await response.json()) }));
    answer = { at: asked, came };
    came.catch(() => { answer = null; });
  }
  return answer.came;
}
let answer = null;

export const sound = new Sound();
