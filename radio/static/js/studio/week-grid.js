// The week's grid: what is dragged, or moved with the keys, ends in the same form that a link opens. Nothing is kept before that.

const QUARTER = 15;
const DAY = 24 * 60;
const pad = (number) => String(number).padStart(2, "0");
const clock = (minutes) => `${pad(Math.floor(minutes / 60) % 24)}:${pad(minutes % 60)}`;
const said = (text, facts) => text.replace(/\{(\w+)\}/g, (_, name) => facts[name] ?? "");

class WeekGrid extends HTMLElement {
  connectedCallback() {
    this.wide = matchMedia("(min-width: 62rem)");
    if (!CSS.supports("selector(::details-content)")) this.#unfold();
    if (!this.dataset.new) return; // who may not change it only looks
    this.says = JSON.parse(this.dataset.says);
    this.voice = this.querySelector("[data-voice]");
    this.dialog = this.querySelector("dialog");
    this.columns = [...this.querySelectorAll(".day-column")];
    const hint = this.querySelector(".hint");
    const show = () => { hint.hidden = !this.wide.matches; };
    this.wide.addEventListener("change", show);
    show();
    for (const block of this.querySelectorAll("[data-slot]")) {
      block.append(Object.assign(document.createElement("span"), { className: "resizes" }));
      block.querySelector("a").draggable = false;
    }
    this.addEventListener("pointerdown", (event) => this.#press(event));
    this.addEventListener("click", (event) => { if (this.dragged) { event.preventDefault(); event.stopPropagation(); this.dragged = false; } }, true);
    this.addEventListener("keydown", (event) => this.#key(event));
    this.addEventListener("focusout", (event) => { if (this.held && event.target.closest("[data-slot]") === this.held.block && !this.placing) this.#leave(); });
    this.dialog.addEventListener("close", () => this.#leave());
  }

  /** Where the style sheet cannot: the grid shows every day, though on a phone they are folded. */
  #unfold() {
    const folds = [...this.querySelectorAll(".day-slots")].filter((fold) => !fold.open);
    const show = () => { for (const fold of folds) fold.open = this.wide.matches; };
    this.wide.addEventListener("change", show);
    if (this.wide.matches) show();
  }

  // where something is: the column, the minute of its day, its length

  #at(block) {
    const [day, time] = block.dataset.start.split("T");
    const [hours, minutes] = time.split(":").map(Number);
    return { column: this.columns.findIndex((one) => one.dataset.day === day), minute: hours * 60 + minutes, length: Number(block.dataset.minutes) };
  }

  #words(place) {
    const heading = this.columns[place.column].querySelector("h3").textContent.trim().replace(/\s+/g, " ");
    return `${heading}, ${clock(place.minute)}–${clock(place.minute + place.length)} (${said(this.says.minutes, { n: place.length })})`;
  }

  #put(block, place) {
    const { column, minute, length } = place;
    const list = this.columns[column].querySelector(".slot-blocks");
    const focused = block.contains(document.activeElement);
    this.placing = true;
    if (block.parentElement !== list) list.append(block);
    if (focused) block.querySelector("a")?.focus({ preventScroll: true });
    this.placing = false;
    block.style.gridRow = `${Math.floor(minute / QUARTER) + 1} / span ${Math.max(1, Math.ceil(Math.min(length, DAY - minute) / QUARTER))}`;
    block.style.gridColumn = "1 / -1";
    const time = block.querySelector(".slot-time");
    if (!time) return;
    time.textContent = clock(minute);
    time.append(Object.assign(document.createElement("span"), { className: "slot-end", textContent: `–${clock(minute + length)}` }));
  }

  #pick(block) {
    this.held = { block, from: this.#at(block), home: block.parentElement, next: block.nextSibling, time: block.querySelector(".slot-time").innerHTML };
    this.held.place = { ...this.held.from };
    block.classList.add("picked");
  }

  #leave() {
    const held = this.held;
    if (!held) return;
    this.held = null;
    this.placing = true;
    held.block.classList.remove("picked");
    held.block.style.gridRow = held.block.style.gridColumn = "";
    const focused = held.block.contains(document.activeElement) || this.dialog.contains(document.activeElement) || document.activeElement === document.body;
    held.home.insertBefore(held.block, held.next);
    held.block.querySelector(".slot-time").innerHTML = held.time;
    if (focused) held.block.querySelector("a").focus({ preventScroll: true });
    this.placing = false;
  }

  #moved(place) {
    this.held.place = place;
    this.#put(this.held.block, place);
  }

  async #ask() {
    const { block, place, from } = this.held;
    if (place.column === from.column && place.minute === from.minute && place.length === from.length) { this.#leave(); return; }
    const asked = new URLSearchParams({ date: this.columns[place.column].dataset.day, time: clock(place.minute), length_minutes: place.length });
    const address = `${block.dataset.dayForm}?${asked}`;
    const answer = await fetch(address, { headers: { Accept: "text/html" } }).catch(() => null);
    const page = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
    const form = page && page.getElementById("ask");
    if (!form || !this.held) { location.assign(address); return; }
    this.dialog.replaceChildren(document.adoptNode(form));
    const back = this.dialog.querySelector("[data-leave]");
    back.textContent = this.says.close;
    back.addEventListener("click", (event) => { event.preventDefault(); this.dialog.close(); });
    this.placing = true;
    this.dialog.showModal();
    this.placing = false;
    this.dialog.querySelector("button[name=which]").focus();
  }

  // by hand

  #press(event) {
    if (!this.wide.matches || event.button !== 0 || this.dialog.open) return;
    const block = event.target.closest("[data-slot]");
    const list = event.target.closest(".slot-blocks");
    if (!block && event.target !== list) return;
    if (this.held) this.#leave();
    const drag = block ? this.#dragging(block, event) : this.#drawing(list, event);
    event.preventDefault();
    block?.querySelector("a").focus({ preventScroll: true });
    const move = (moved) => drag.move(moved);
    const end = (ended) => {
      for (const [name, handler] of [["pointermove", move], ["pointerup", end], ["pointercancel", end]]) removeEventListener(name, handler);
      drag.end(ended.type === "pointercancel");
    };
    for (const [name, handler] of [["pointermove", move], ["pointerup", end], ["pointercancel", end]]) addEventListener(name, handler);
  }

  #minuteAt(list, event) {
    const { top, height } = list.getBoundingClientRect();
    return Math.max(0, Math.min(DAY - QUARTER, Math.floor(((event.clientY - top) / height) * 96) * QUARTER));
  }

  #dragging(block, first) {
    const resizes = first.target.classList.contains("resizes");
    const from = this.#at(block);
    const list = block.parentElement;
    const { left, width } = list.getBoundingClientRect();
    const step = this.columns[1].getBoundingClientRect().left - this.columns[0].getBoundingClientRect().left;
    const grabbed = this.#minuteAt(list, first) - Math.floor(from.minute / QUARTER) * QUARTER;
    let begun = false;
    return {
      move: (event) => {
        if (!begun && Math.hypot(event.clientX - first.clientX, event.clientY - first.clientY) < 5) return;
        if (!begun) { begun = true; this.dragged = true; this.#pick(block); }
        const minute = this.#minuteAt(list, event);
        if (resizes) { this.#moved({ ...from, length: Math.max(QUARTER, minute + QUARTER - from.minute) }); return; }
        const column = Math.max(0, Math.min(6, from.column + Math.floor((event.clientX - left) / step)));
        this.#moved({ column: width ? column : from.column, minute: Math.max(0, Math.min(DAY - QUARTER, minute - grabbed + (from.minute % QUARTER))), length: from.length });
      },
      end: (cancelled) => {
        setTimeout(() => { this.dragged = false; }, 0);
        if (!begun) return;
        if (cancelled) this.#leave(); else this.#ask();
      },
    };
  }

  #drawing(list, first) {
    const day = list.closest(".day-column").dataset.day;
    const start = this.#minuteAt(list, first);
    const shadow = document.createElement("li");
    shadow.className = "slot-block shadow";
    shadow.innerHTML = '<div class="slot-face"><span class="slot-time"></span></div>';
    let length = 0;
    return {
      move: (event) => {
        if (!length && Math.abs(event.clientY - first.clientY) < 5) return;
        if (!length) list.append(shadow);
        length = Math.max(QUARTER, this.#minuteAt(list, event) + QUARTER - start);
        this.#put(shadow, { column: this.columns.findIndex((one) => one.dataset.day === day), minute: start, length });
      },
      end: (cancelled) => {
        shadow.remove();
        if (!length || cancelled) return;
        location.assign(`${this.dataset.new}?${new URLSearchParams({ date: day, time: clock(start), length_minutes: length })}`);
      },
    };
  }

  // by keyboard

  #key(event) {
    const block = event.target.closest("[data-slot]");
    if (!block || this.dialog.open || event.ctrlKey || event.metaKey || event.altKey) return;
    const title = block.querySelector(".slot-title").textContent;
    if (!this.held) {
      if (event.key !== "m" && event.key !== "M") return;
      if (!this.wide.matches) { location.assign(block.dataset.dayForm); return; }
      this.#pick(block);
      this.voice.textContent = said(this.says.picked, { title, when: this.#words(this.held.place) });
      event.preventDefault();
      return;
    }
    const next = this.#step(event, this.held.place);
    if (next) {
      this.#moved(next);
      this.voice.textContent = said(this.says.moved, { when: this.#words(next) });
    } else if (event.key === "Enter") this.#ask();
    else if (event.key === "Escape" || event.key === "m" || event.key === "M") { this.#leave(); this.voice.textContent = said(this.says.left, { title }); }
    else return;
    event.preventDefault();
  }

  #step(event, { column, minute, length }) {
    const way = { ArrowUp: [0, -QUARTER], ArrowDown: [0, QUARTER], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
    if (!way) return null;
    if (event.shiftKey) return { column, minute, length: Math.max(QUARTER, Math.min(DAY, length + way[1])) };
    return { column: Math.max(0, Math.min(6, column + way[0])), minute: Math.max(0, Math.min(DAY - QUARTER, minute + way[1])), length };
  }
}

// A slot while it is typed: only what an answer needs is shown, and what it would meet is said.

class SlotForm extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.findings = this.querySelector("[data-findings]");
    this.form.addEventListener("input", () => this.#soon());
    this.#soon(0);
  }

  #soon(wait = 500) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#look(), wait);
  }

  async #look() {
    const asked = (this.asked = {});
    const body = new URLSearchParams(new FormData(this.form));
    body.set("check", "yes");
    const answer = await fetch(location.href, { method: "POST", body }).catch(() => null);
    if (![200, 422].includes(answer?.status) || answer.redirected || asked !== this.asked) return; // 422: it cannot be said now
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-findings]");
    if (fresh && fresh.innerHTML !== this.findings.innerHTML) this.findings.replaceChildren(...fresh.childNodes);
  }
}

function fold(root) {
  for (const part of root.querySelectorAll("[data-when]")) {
    const chosen = part.closest("form").querySelector(`[name=${part.dataset.when}]:checked`);
    part.hidden = !part.dataset.is.split(" ").includes(chosen?.value);
  }
}

// Hearing a join: one sound at a time, and a second press stops it.

class JoinPlayer extends HTMLElement {
  connectedCallback() {
    this.audio = new Audio();
    this.audio.preload = "none";
    for (const link of this.querySelectorAll(".join")) link.setAttribute("role", "button");
    for (const name of ["ended", "pause"]) this.audio.addEventListener(name, () => this.#mark(null));
    this.audio.addEventListener("error", () => { this.#mark(null); this.querySelector("[data-voice]").textContent = this.dataset.fault; });
    this.addEventListener("click", (event) => {
      const link = event.target.closest(".join");
      if (link) { event.preventDefault(); this.#hear(link); }
    });
    this.addEventListener("keydown", (event) => {
      if (event.key === " " && event.target.matches(".join")) { event.preventDefault(); this.#hear(event.target); }
    });
  }

  #hear(link) {
    const stops = this.on === link;
    this.audio.pause();
    this.#mark(null);
    if (stops) return;
    this.querySelector("[data-voice]").textContent = "";
    this.audio.src = link.href;
    this.audio.play().then(() => this.#mark(link)).catch(() => {});
  }

  #mark(link) {
    this.on?.setAttribute("aria-pressed", "false");
    this.on = link;
    link?.setAttribute("aria-pressed", "true");
  }
}

customElements.define("week-grid", WeekGrid);
customElements.define("slot-form", SlotForm);
customElements.define("join-player", JoinPlayer);
fold(document);
document.addEventListener("change", () => fold(document));
