// The studio's pages: everything here also works without it, with one page more.

import "./studio/upload-drop.js";
import "./studio/wave-form.js";
import "./studio/describe.js";
import "./studio/week-grid.js";
import { watch } from "./studio/live.js";

watch();
document.querySelector(".error-summary, [data-first]")?.focus();
