// Resumable uploads in parts. Nothing precious is kept in the browser: which parts have arrived is the store's to say.
// A file is known again by a fingerprint; its name never leaves this machine.

const LANES = 3;
const STALLED_MS = 30_000;
const LONGEST_WAIT_MS = 30_000;
const SIGN_AT_ONCE = 10;
/** So often a part is tried straight to the store; a line that lets only the station through gets the rest through the station. */
const STRAIGHT_TRIES = 2;

/** Something that trying again does not cure; `message` is in words when the server gave some. */
export class Fatal extends Error {}
/** The server does not know this upload any more: begin again. */
class Lost extends Error {}

const token = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const online = () => new Promise((resolve) => addEventListener("online", resolve, { once: true }));
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** POST JSON; gives the answer's JSON. 409 with missing parts is an answer, not a fault. */
async function post(address, body, signal) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token() },
    body: JSON.stringify(body),
    signal,
  });
  const said = await answer.json().catch(() => ({}));
  if (answer.ok || (answer.status === 409 && said.missing)) return said;
  if (answer.status === 404 || answer.status === 410) throw new Lost();
  if (answer.status >= 400 && answer.status < 500 && answer.status !== 408 && answer.status !== 429) throw new Fatal(said.message ?? "");
  throw new Error(`${answer.status}`);
}

/** Try for ever, with jittered waits of up to 30 s that end when the line is back. */
async function patiently(work, { signal, waiting }) {
  for (let tries = 0; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || error instanceof Fatal || error instanceof Lost) throw error;
      waiting(true);
      const wait = Math.min(LONGEST_WAIT_MS, 500 * 2 ** Math.min(tries, 8)) * (0.5 + Math.random() / 2);
      await Promise.race([sleep(wait), online(), aborted(signal)]);
      if (signal.aborted) throw error;
      waiting(false);
    }
  }
}

const aborted = (signal) => new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));

/** PUT one part; ends with an error when no byte has gone for 30 s. */
function put(url, blob, { signal, progressed }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let last = Date.now();
    const watch = setInterval(() => { if (Date.now() - last > STALLED_MS) request.abort(); }, 2000);
    const stop = () => request.abort();
    signal.addEventListener("abort", stop, { once: true });
    request.upload.onprogress = (event) => { last = Date.now(); progressed(event.loaded); };
    request.onloadend = () => {
      clearInterval(watch);
      signal.removeEventListener("abort", stop);
      if (request.status >= 200 && request.status < 300) resolve();
      else if (request.status === 404 || request.status === 409 || request.status === 410) reject(new Lost());
      else reject(new Error(`${request.status}`));
    };
    request.open("PUT", url);
    if (url.startsWith("/")) {
      request.setRequestHeader("X-CSRFToken", token());
      request.setRequestHeader("Accept", "application/json");
      request.setRequestHeader("Content-Type", "application/octet-stream");
    }
    request.send(blob);
  });
}

/** 64 hex digits by which this file is known again after a reload. */
export async function fingerprint(file) {
  const head = new Uint8Array(await file.slice(0, 65_536).arrayBuffer());
  const facts = new TextEncoder().encode(`${file.name}|${file.size}|${file.lastModified}|`);
  const whole = new Uint8Array(facts.length + head.length);
  whole.set(facts);
  whole.set(head, facts.length);
  if (crypto.subtle) return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", whole)));
  return weakly(whole); // no secure context (plain HTTP in a local network): enough to know a file again
}

function weakly(bytes) {
  const lanes = new Uint32Array(8).map((_, lane) => 0x811c9dc5 ^ Math.imul(lane + 1, 0x9e3779b1));
  for (const byte of bytes) for (let lane = 0; lane < 8; lane += 1) lanes[lane] = Math.imul(lanes[lane] ^ (byte + lane), 0x01000193);
  return hex(new Uint8Array(lanes.buffer));
}

/**
 * Send a file; gives the server's last answer ({episode, address}).
 * told: {waiting(bool), progress(0..1), resumed(), checking(), begun(answer)}. facts: what is said at the beginning besides the file.
 */
export async function upload(file, { begin, facts = {}, signal, told }) {
  const mark = await fingerprint(file);
  const calm = { signal, waiting: told.waiting };
  for (;;) {
    try {
      const row = await patiently(() => post(begin, { ...facts, fingerprint: mark, size_bytes: file.size }, signal), calm);
      told.begun(row);
      if (row.complete) return row;
      if (row.have.length) told.resumed();
      await sendParts(file, row, calm, told);
      told.checking();
      const end = await patiently(() => post(`/studio/uploads/${row.id}/complete`, {}, signal), calm);
      if (!end.missing) return end;
    } catch (error) {
      if (!(error instanceof Lost) || signal.aborted) throw error;
      await sleep(1000);
    }
  }
}

async function sendParts(file, row, calm, told) {
  const count = Math.ceil(file.size / row.part_bytes);
  const have = new Set(row.have);
  const todo = Array.from({ length: count }, (_, index) => index + 1).filter((number) => !have.has(number));
  const live = new Map();
  const sizeOf = (number) => Math.min(row.part_bytes, file.size - (number - 1) * row.part_bytes);
  let sent = row.have.reduce((sum, number) => sum + sizeOf(number), 0);
  let urls = {};
  let relay = false;
  const tell = () => told.progress((sent + [...live.values()].reduce((a, b) => a + b, 0)) / file.size);
  const place = async (number) => {
    if (!urls[number]) {
      const said = await post(`/studio/uploads/${row.id}/sign`, { parts: [number, ...todo.slice(0, SIGN_AT_ONCE - 1)], relay }, calm.signal);
      urls = { ...urls, ...said.urls };
    }
    return urls[number];
  };
  const lane = async () => {
    for (let number = todo.shift(); number !== undefined; number = todo.shift()) {
      const part = number;
      let refused = 0;
      await patiently(async () => {
        const url = await place(part);
        try {
          const blob = file.slice((part - 1) * row.part_bytes, part * row.part_bytes);
          await put(url, blob, { signal: calm.signal, progressed: (bytes) => { live.set(part, Math.min(bytes, sizeOf(part))); tell(); } });
        } catch (error) {
          if (!url.startsWith("/")) refused += 1;
          if (refused === STRAIGHT_TRIES && !relay) [relay, urls] = [true, {}];
          delete urls[part];
          live.delete(part);
          throw error;
        }
      }, calm);
      live.delete(part);
      sent += sizeOf(part);
      tell();
    }
  };
  tell();
  const lanes = await Promise.allSettled(Array.from({ length: LANES }, lane));
  const failed = lanes.find((each) => each.status === "rejected");
  if (failed) throw failed.reason;
}
