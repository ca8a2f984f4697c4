/**
 * <radio-player>: the bar at the foot of every page. Without it the page has the browser's own controls.
 * It also takes over the links that say what to play (data-play="live" | "again" | "episode"): with it they are buttons.
 */
import { askStation, sound } from "./sound.js";

let lowData = Boolean(navigator.connection?.saveData);
let turbo = null;
let onAir = null; // the programme on air, as /now.json said last
let nowTimer = 0;
const ASK_EVERY_MS = 15_000;

class RadioPlayer extends HTMLElement {
  #off = new AbortController();
  #inView = false; // the page's large button

  connectedCallback() {
    this.#off = new AbortController();
    const { signal } = this.#off;
    this.querySelector(".plain-bar")?.remove();
    const bar = this.querySelector(".bar");
    bar.hidden = false;
    sound.addEventListener("state", () => this.#show(), { signal });
    sound.addEventListener("moved", () => this.#showPosition(), { signal });
    document.addEventListener("now", () => this.#showNow(), { signal });
    bar.addEventListener("click", (event) => this.#pressed(event.target.closest("button")?.dataset.does), { signal });
    this.querySelector("[name=speed]").addEventListener("change", (event) => sound.setSpeed(Number(event.target.value)), { signal });
    this.querySelector("[name=position]").addEventListener("change", (event) => sound.moveTo(Number(event.target.value)), { signal });
    this.querySelector("[name=speed]").value = String(sound.speed);
    for (const link of document.querySelectorAll("a[data-play]")) becomeButton(link, signal);
    this.#watchTheLarge(signal);
    this.#show();
    this.#showNow();
  }

  disconnectedCallback() {
    this.#off.abort();
  }

  /** While the page's own button for the station is in view and nothing sounds, the bar does not repeat it. */
  #watchTheLarge(signal) {
    const large = document.querySelector(".play.round[data-play=live]");
    this.#inView = false;
    if (!large || !("IntersectionObserver" in window)) return;
    const watching = new IntersectionObserver(([seen]) => { this.#inView = seen.isIntersecting; this.#show(); }, { threshold: 0.5 });
    watching.observe(large);
    signal.addEventListener("abort", () => watching.disconnect());
  }

  #pressed(does) {
    if (does === "toggle") toggle(sound.source ?? { kind: "live" });
    else if (does === "back") sound.move(-15);
    else if (does === "forward") sound.move(15);
    else if (does === "live") play({ kind: "live" });
    else if (does === "less") {
      lowData = !lowData;
      if (sound.source && sound.source.kind !== "episode") play(sound.source);
    }
    this.#show();
  }

  #show() {
    const { state, source } = sound;
    const sounding = state === "playing" || state === "waiting" || state === "lost";
    const live = !source || source.kind === "live";
    this.dataset.state = state;
    this.dataset.kind = live ? "live" : "episode";
    const button = this.querySelector("[data-does=toggle]");
    showButton(button, sounding, live);
    button.querySelector("[data-of]").textContent = live ? button.dataset.ofLive : source.title;
    button.hidden = this.#inView && !sounding && live && document.activeElement !== button;
    this.querySelector(".bar-said").textContent = this.dataset[`say${state[0].toUpperCase()}${state.slice(1)}`] ?? "";
    this.querySelector("[data-does=less]").setAttribute("aria-pressed", String(lowData));
    for (const part of this.querySelectorAll("[data-for]")) part.hidden = part.dataset.for !== this.dataset.kind;
    for (const button of document.querySelectorAll("button[data-play]")) {
      const its = sourceOf(button);
      showButton(button, sound.is(its) && sounding, its.kind === "live");
    }
    document.documentElement.toggleAttribute("data-sounding", state === "playing");
    this.#showNow();
    this.#showPosition();
    tellTheSystem(source, state, this.dataset);
  }

  #showNow() {
    const what = this.querySelector(".bar-what");
    if (sound.source && sound.source.kind !== "live") what.textContent = sound.source.title;
    else what.textContent = onAir?.title || this.dataset.live;
    const headline = document.querySelector("h1[data-on-air]");
    if (headline && onAir) headline.textContent = this.#sentence();
    for (const part of document.querySelectorAll("[data-of-episode]")) part.hidden = Boolean(onAir) && onAir.episode !== part.dataset.ofEpisode;
  }

  /** "Now, until 21:30: …", with the pattern and the clock of the station. */
  #sentence() {
    const { now, company, zone } = this.dataset;
    if (!onAir.title) return company;
    const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: zone });
    return now.replace("{end}", time.format(Math.round(onAir.end_ms / 60_000) * 60_000)).replace("{title}", onAir.title);
  }

  #showPosition() {
    if (!sound.source || sound.source.kind === "live") return;
    const bar = this.querySelector("[name=position]");
    if (document.activeElement === bar && bar.matches(":active")) return;
    bar.max = String(Math.round(sound.lengthS) || 1);
    bar.value = String(Math.round(sound.positionS));
    bar.setAttribute("aria-valuetext", clock(sound.positionS));
    this.querySelector(".bar-time").textContent = `${clock(sound.positionS)} / ${clock(sound.lengthS)}`;
  }
}

/** Seconds as 3:07 or 1:02:09. */
function clock(seconds) {
  const s = Math.max(0, Math.round(seconds || 0));
  const parts = s < 3600 ? [Math.floor(s / 60)] : [Math.floor(s / 3600), String(Math.floor((s % 3600) / 60)).padStart(2, "0")];
  return [...parts, String(s % 60).padStart(2, "0")].join(":");
}

function showButton(button, sounding, live) {
  const word = sounding ? (live ? button.dataset.stop : button.dataset.pause) : button.dataset.start;
  button.dataset.shape = sounding ? (live ? "stop" : "pause") : "play";
  const text = button.querySelector(".word");
  if (text.textContent !== word) text.textContent = word;
}

/** A link that says what to play becomes a button that plays it here. */
function becomeButton(link, signal) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = link.className;
  Object.assign(button.dataset, link.dataset, { address: link.getAttribute("href") });
  if (link.hasAttribute("aria-describedby")) button.setAttribute("aria-describedby", link.getAttribute("aria-describedby"));
  button.append(...link.childNodes);
  button.addEventListener("click", () => toggle(sourceOf(button)), { signal });
  link.replaceWith(button);
}

function sourceOf(button) {
  const { play: kind, id, title, address, low } = button.dataset;
  return kind === "live" ? { kind } : { kind, id, title, address, low };
}

function toggle(source) {
  if (!sound.is(source)) play(source);
  else if (sound.state === "paused") sound.resume();
  else sound.pause();
}

function play(source) {
  if (source.kind === "live") sound.playLive(lowData);
  else if (source.kind === "again") sound.playAgain(source, lowData);
  else sound.playEpisode({ ...source, address: lowData && source.low && playsOpus() ? source.low : source.address });
  stayWhileMoving();
  followNow();
}

function playsOpus() {
  return sound.audio.canPlayType('audio/mp4; codecs="opus"') !== "";
}

/** Turbo swaps pages under the sound. It comes after the first sound: until then a page is a page. */
function stayWhileMoving() {
  if (turbo) return;
  turbo = new Promise((begin) => { sound.audio.addEventListener("playing", begin, { once: true }); })
    .then(withoutInlineStyle)
    .then(({ config }) => {
      config.drive.progressBarDelay = 0x7fffffff;
      addEventListener("turbo:before-render", ({ detail }) => {
        const page = detail.newBody.ownerDocument.documentElement;
        document.documentElement.toggleAttribute("data-night", page.hasAttribute("data-night"));
      });
      addEventListener("turbo:load", () => document.getElementById("main")?.focus({ preventScroll: true }));
    })
    .catch(() => { turbo = null; });
}

/** Turbo puts the <style> of its progress bar into the head while it loads. Our policy refuses inline styles: it is not put. */
async function withoutInlineStyle() {
  const { head } = document;
  const insert = head.insertBefore;
  head.insertBefore = (node, before) => (node.localName === "style" ? node : insert.call(head, node, before));
  try {
    return await import("../vendor/turbo/turbo.es2017-esm.js");
  } finally {
    delete head.insertBefore;
  }
}

/** What is on air: asked at the press, at each change, and now and then between, so that what is taken back leaves the page too. */
async function followNow() {
  clearTimeout(nowTimer);
  if (sound.source?.kind !== "live") {
    onAir = null;
    return;
  }
  let waitMs = ASK_EVERY_MS;
  try {
    const answer = await askStation();
    onAir = answer.on_air;
    waitMs = Math.min(waitMs, Math.max(2000, answer.ms_to_change + 500));
  } catch { /* the line is down: the sound says so */ }
  document.dispatchEvent(new Event("now"));
  nowTimer = setTimeout(followNow, waitMs);
}

/** Lock screen and headphone keys. What it shows is discreet: who looks at the phone learns "Radio". */
function tellTheSystem(source, state, words) {
  const session = navigator.mediaSession;
  if (!session || !window.MediaMetadata) return;
  session.metadata = source ? new MediaMetadata({ title: words.discreet }) : null;
  session.playbackState = state === "stopped" ? "none" : state === "paused" ? "paused" : "playing";
  const episode = source && source.kind !== "live";
  const does = {
    play: source && (() => (episode ? sound.resume() : sound.playLive(lowData))),
    pause: source && (() => sound.pause()),
    stop: source && (() => sound.stop()),
    seekbackward: episode ? () => sound.move(-15) : null,
    seekforward: episode ? () => sound.move(15) : null,
  };
  for (const [action, does_it] of Object.entries(does)) {
    try { session.setActionHandler(action, does_it); } catch { /* an action this browser does not know */ }
  }
}

customElements.define("radio-player", RadioPlayer);
