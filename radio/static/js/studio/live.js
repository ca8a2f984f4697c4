// Parts of a page that are kept up to date while work goes on: [data-live] is exchanged, what is being typed never is.

const EVERY_MS = 2000;
const ON_AIR_EVERY_MS = 10_000;
const PROGRESS = "/studio/progress";

/** Fetch this page anew and exchange its live parts. */
export async function refresh() {
  const answer = await fetch(location.pathname + location.search, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const old of document.querySelectorAll("[data-live]")) {
    const fresh = page.getElementById(old.id);
    if (fresh && fresh.innerHTML !== old.innerHTML && !playing(old) && !old.contains(document.activeElement)) old.replaceWith(document.adoptNode(fresh));
  }
}

const playing = (part) => [...part.querySelectorAll("audio")].some((audio) => !audio.paused);

/** Look every two seconds as long as something goes on and somebody looks. [data-going]: the page itself says how far. */
export function watch() {
  setInterval(() => { if (!document.hidden && document.querySelector("[data-going]")) refresh(); }, EVERY_MS);
  setInterval(() => { if (!document.hidden && document.querySelector("[data-work]")) look(); }, EVERY_MS);
  setInterval(() => { if (!document.hidden && document.querySelector("[data-on-air]")) refresh(); }, ON_AIR_EVERY_MS);
}

async function look() {
  const answer = await fetch(PROGRESS, { headers: { Accept: "application/json" } }).catch(() => null);
  if (!answer?.ok) return;
  const { work } = await answer.json();
  const now = new Map(work.map((each) => [each.episode, each]));
  let changed = false;
  for (const place of document.querySelectorAll("[data-work]")) {
    const each = now.get(place.dataset.work);
    if (!each || each.standing !== place.dataset.standing) { changed = true; continue; }
    place.querySelector("progress").value = each.fraction;
    const step = place.querySelector("[data-step]");
    if (step.textContent !== each.step) step.textContent = each.step;
  }
  if (changed) await refresh();
}
