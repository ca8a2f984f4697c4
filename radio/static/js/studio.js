// The studio's pages: everything here also works without it, with one page more.

import "./studio/upload-drop.js";
import "./studio/wave-form.js";
import "./studio/describe.js";
import "./studio/week-grid.js";
import { watch } from "./studio/live.js";

watch();
document.querySelector(".error-summary, [data-first]")?.focus();

// Who presses twice means once. After some seconds a form may be sent again: the line may have been dead.
const AGAIN_MS = 5000;
addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method !== "post") return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "yes";
  setTimeout(() => { delete event.target.dataset.sent; }, AGAIN_MS);
});
