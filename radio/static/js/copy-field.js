/** An address to copy with one press. Where the browser does not let a page write to the clipboard, it is selected. */
class CopyField extends HTMLElement {
  connectedCallback() {
    const field = this.querySelector("input");
    const button = this.querySelector("button");
    button.hidden = false;
    field.addEventListener("focus", () => field.select());
    button.addEventListener("click", () => this.#copy(field));
  }

  async #copy(field) {
    const said = this.querySelector("[role=status]");
    try {
      await navigator.clipboard.writeText(field.value);
      said.textContent = this.dataset.done;
    } catch {
      field.focus();
      field.select();
      said.textContent = this.dataset.byHand;
    }
  }
}

customElements.define("copy-field", CopyField);
