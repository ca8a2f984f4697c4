// <wave-form>: the shape of the sound, and where it is now. A press goes there.

class WaveForm extends HTMLElement {
  async connectedCallback() {
    this.canvas = this.querySelector("canvas");
    this.audio = document.getElementById(this.dataset.audio);
    const answer = await fetch(this.dataset.peaks).catch(() => null);
    if (!answer?.ok || !this.canvas) return;
    ({ peaks: this.peaks, length_ms: this.lengthMs } = await answer.json());
    this.loudest = Math.max(1, ...this.peaks.map(([low, top]) => Math.max(-low, top)));
    this.canvas.hidden = false;
    this.draw();
    this.audio?.addEventListener("timeupdate", () => this.draw());
    this.canvas.addEventListener("click", (event) => this.#go(event));
    this.resized = new ResizeObserver(() => this.draw());
    this.resized.observe(this);
    this.night = matchMedia("(prefers-color-scheme: dark)");
    this.night.addEventListener("change", () => this.draw());
  }

  disconnectedCallback() {
    this.resized?.disconnect();
  }

  #go(event) {
    if (!this.audio) return;
    const box = this.canvas.getBoundingClientRect();
    this.audio.currentTime = ((event.clientX - box.left) / box.width) * (this.lengthMs / 1000);
    this.audio.play();
  }

  draw() {
    const scale = devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width) return;
    this.canvas.width = width * scale;
    this.canvas.height = height * scale;
    const pen = this.canvas.getContext("2d");
    const style = getComputedStyle(this);
    const [heard, ahead] = [style.getPropertyValue("--on-air"), style.getPropertyValue("--accent")];
    const now = this.audio && this.lengthMs ? (this.audio.currentTime * 1000) / this.lengthMs : 0;
    const step = 3 * scale;
    const bars = Math.floor(this.canvas.width / step);
    for (let bar = 0; bar < bars; bar += 1) {
      const part = this.peaks.slice(Math.floor((bar * this.peaks.length) / bars), Math.max(1, Math.ceil(((bar + 1) * this.peaks.length) / bars)));
      const high = Math.max(...part.map(([low, top]) => Math.max(-low, top))) / this.loudest;
      const tall = Math.max(2 * scale, high * this.canvas.height);
      pen.fillStyle = bar / bars < now ? heard : ahead;
      pen.fillRect(bar * step, (this.canvas.height - tall) / 2, 2 * scale, tall);
    }
  }
}

customElements.define("wave-form", WaveForm);
