// Describing: find a tag by its other names, see notes as they will look, be asked before typed words are left behind.

const folded = (text) => text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");

class TagFinder extends HTMLElement {
  connectedCallback() {
    const field = this.querySelector(".field");
    field.hidden = false;
    this.input = field.querySelector("input");
    this.none = field.querySelector("[data-none]");
    this.terms = [...this.querySelectorAll(".term")].map((element) => [element, folded(element.dataset.words)]);
    this.lists = [...this.querySelectorAll("details")];
    this.input.addEventListener("input", () => this.#find());
    this.input.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  }

  #find() {
    const words = folded(this.input.value.trim());
    let found = 0;
    for (const [element, names] of this.terms) {
      element.hidden = words !== "" && !names.includes(words);
      found += element.hidden ? 0 : 1;
    }
    for (const list of this.lists) {
      const some = [...list.querySelectorAll(".term")].some((element) => !element.hidden);
      list.hidden = !some;
      list.open = words !== "" && some;
    }
    this.none.hidden = found > 0;
  }
}

class NotesPreview extends HTMLElement {
  connectedCallback() {
    this.shown = this.querySelector("[data-shown]");
    const area = this.querySelector("textarea");
    this.querySelector("button").addEventListener("click", async (event) => {
      event.preventDefault();
      const token = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
      const body = new URLSearchParams({ notes: area.value });
      const answer = await fetch(this.dataset.address, { method: "POST", body, headers: { "X-CSRFToken": token } }).catch(() => null);
      if (!answer?.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html"); // the server's own safe subset
      this.shown.replaceChildren(...page.body.childNodes);
      this.shown.hidden = false;
    });
  }
}

customElements.define("tag-finder", TagFinder);
customElements.define("notes-preview", NotesPreview);

for (const details of document.querySelectorAll("details.terms")) {
  const count = details.querySelector("[data-count]");
  const most = Number(details.dataset.atMost) || Infinity;
  if (!count) continue;
  details.addEventListener("change", () => {
    const chosen = [...details.querySelectorAll("input[type=checkbox]:checked")].map((box) => box.labels[0].querySelector("[data-label]").textContent);
    count.textContent = chosen.join(", ");
    count.classList.toggle("over", chosen.length > most);
  });
}

for (const box of document.querySelectorAll("input[name=note]")) {
  box.addEventListener("change", () => { if (box.checked) document.getElementById("content_notes-some").checked = true; });
}

for (const form of document.querySelectorAll("form[data-keep]")) {
  let typed = false;
  form.addEventListener("input", () => { typed = true; });
  form.addEventListener("submit", () => { typed = false; });
  addEventListener("beforeunload", (event) => { if (typed) event.preventDefault(); });
}
