// <upload-drop>: a form that sends its files in parts, several at once, and shows how far each is.

import { Fatal, upload } from "../upload.js";
import { refresh } from "./live.js";

const AT_ONCE = 2;

class UploadDrop extends HTMLElement {
  #running = new Set();
  #waiting = [];

  connectedCallback() {
    this.form = this.querySelector("form");
    this.input = this.querySelector("input[type=file]");
    this.list = this.querySelector(".sending");
    this.classList.add("ready");
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.#take(this.input.files); });
    this.input.addEventListener("change", () => this.#take(this.input.files));
    for (const kind of ["dragenter", "dragover"]) this.addEventListener(kind, (event) => this.#over(event));
    for (const kind of ["dragleave", "drop"]) this.addEventListener(kind, () => this.classList.remove("over"));
    this.addEventListener("drop", (event) => { event.preventDefault(); this.#take(event.dataTransfer.files); });
    this.leaving = (event) => { if (this.#running.size || this.#waiting.length) event.preventDefault(); };
    addEventListener("beforeunload", this.leaving);
  }

  disconnectedCallback() {
    removeEventListener("beforeunload", this.leaving);
  }

  #over(event) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    this.classList.add("over");
  }

  #take(files) {
    const taken = this.input.multiple ? [...files] : [...files].slice(0, 1);
    for (const file of taken) this.#waiting.push([file, this.#line(file)]);
    this.input.value = "";
    this.#next();
  }

  #next() {
    while (this.#waiting.length && this.#running.size < AT_ONCE) {
      const [file, line] = this.#waiting.shift();
      const sending = this.#send(file, line).finally(() => { this.#running.delete(sending); this.#next(); });
      this.#running.add(sending);
    }
  }

  /** One line of the list; the name is shown here and goes nowhere. */
  #line(file) {
    const item = document.createElement("li");
    const head = document.createElement("div");
    head.className = "file";
    const name = document.createElement("span");
    name.textContent = file.name;
    const stop = document.createElement("button");
    stop.type = "button";
    stop.className = "plain";
    stop.textContent = this.dataset.saidStop;
    stop.setAttribute("aria-label", `${this.dataset.saidStop}: ${file.name}`);
    head.append(name, stop);
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", file.name);
    const said = document.createElement("p");
    said.className = "said";
    item.append(head, bar, said);
    this.list.append(item);
    return { item, bar, said, stop };
  }

  async #send(file, line) {
    const { item, bar, said, stop } = line;
    const fault = (words) => { item.classList.add("fault"); said.textContent = words; stop.remove(); };
    if (file.size === 0) return fault(this.dataset.saidEmpty);
    if (file.size > Number(this.dataset.mostBytes)) return fault(this.dataset.saidTooBig);
    const cancel = new AbortController();
    stop.addEventListener("click", () => cancel.abort());
    let begun = null;
    let sending = this.dataset.saidSending;
    const percent = () => `${sending}: ${Math.floor(bar.value * 100)} %`;
    try {
      said.textContent = sending;
      const end = await upload(file, {
        begin: this.dataset.begin,
        facts: this.form.elements.show ? { show: this.form.elements.show.value } : {},
        signal: cancel.signal,
        told: {
          begun: (row) => { begun = row; },
          waiting: (yes) => { said.textContent = yes ? this.dataset.saidWaiting : percent(); },
          resumed: () => { sending = this.dataset.saidResumed; },
          progress: (fraction) => { bar.value = fraction; said.textContent = percent(); },
          checking: () => { said.textContent = this.dataset.saidChecking; },
        },
      });
      this.#done(line, end);
    } catch (error) {
      if (cancel.signal.aborted) {
        if (begun) this.#abort(begun.id);
        fault(this.dataset.saidStopped);
      } else {
        fault((error instanceof Fatal && error.message) || this.dataset.saidBroken);
      }
    }
    return undefined;
  }

  #done({ item, bar, said, stop }, end) {
    bar.value = 1;
    stop.remove();
    said.textContent = this.dataset.saidDone;
    if (this.form.elements.show) {
      const link = document.createElement("a");
      link.href = end.address;
      link.textContent = this.dataset.saidOpen;
      said.append(" ", link);
    }
    item.classList.add("done");
    refresh();
  }

  #abort(id) {
    const token = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
    fetch(`/studio/uploads/${id}/abort`, { method: "POST", headers: { "X-CSRFToken": token, Accept: "application/json" } }).then(refresh, () => {});
  }
}

customElements.define("upload-drop", UploadDrop);
