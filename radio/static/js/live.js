/**
 * How the live channel gets into an <audio>: through hls.js, brought to the true second once.
 * Loaded only when somebody presses play.
 */

import { askStation } from "./sound.js";

const ENOUGH_AHEAD_S = 3; // never closer than this to the end of what is listed

// When something is taken back, listed segments get new addresses. hls.js takes a new address under an old number for a broken
// playlist and stops, unless only the query differs: so it is shown the digest as a query, and the true address is asked for.
const shown = (playlist) => playlist.replace(/^(.*\/\d+)-(\w+)(\.\w+)$/gm, "$1$3?$2");
const asked = (address) => address.replace(/^(.*\/\d+)(\.\w+)\?(\w+)$/, "$1-$3$2");

/**
 * @param {HTMLAudioElement} audio
 * @param {string} address of the playlist
 * @param {{native: boolean, isLive: boolean, fromS: number, fault: () => void}} wishes `isLive`: bring it to the true second;
 *   otherwise it begins where the playlist says, or `fromS` seconds after its beginning
 * @returns {Promise<{close: () => void}>}
 * @throws when hls.js cannot be loaded or has nothing to play into
 */
export async function open(audio, address, { native, isLive, fromS, fault }) {
  const clock = isLive ? serverClock() : null;
  if (native) {
    if (isLive) audio.addEventListener("playing", () => toTheTrueSecond(audio, clock, () => audio.getStartDate?.().getTime() + audio.currentTime * 1000), { once: true });
    return { close() {} };
  }
  const { default: Hls } = await import("../vendor/hls/hls.light.min.mjs");
  if (!Hls.isSupported()) throw new Error("nothing to play into");
  const hls = new Hls({
    pLoader: playlistLoader(Hls.DefaultConfig.loader),
    xhrSetup: (xhr, address) => xhr.open("GET", asked(address), true),
    enableWorker: false, // 46 kB each six seconds are no work
    lowLatencyMode: false,
    backBufferLength: 30,
    maxBufferLength: 20,
    liveDurationInfinity: true,
    startPosition: isLive || !fromS ? -1 : fromS,
    enableID3MetadataCues: false, // its text track is a data: address, which our policy refuses
    enableEmsgMetadataCues: false,
    enableDateRangeMetadataCues: false,
  });
  hls.on(Hls.Events.ERROR, (_name, error) => {
    if (error.fatal) fault();
  });
  hls.loadSource(address);
  hls.attachMedia(audio);
  const correct = () => toTheTrueSecond(audio, clock, () => hls.playingDate?.getTime());
  if (isLive) audio.addEventListener("playing", correct, { once: true });
  return {
    close() {
      audio.removeEventListener("playing", correct);
      hls.destroy();
    },
  };
}

/** A loader whose playlists can be revised. */
const playlistLoader = (Loader) => class extends Loader {
  load(context, config, callbacks) {
    super.load(context, config, {
      ...callbacks,
      onSuccess(response, ...more) { callbacks.onSuccess({ ...response, data: shown(response.data) }, ...more); },
    });
  }
};

/** Players start some seconds behind the true second; one jump right after the start is heard as the start. */
async function toTheTrueSecond(audio, clock, playingMs) {
  const now = await clock;
  const playing = playingMs();
  if (!now || !playing) return;
  const behindS = (now() - playing) / 1000;
  const ranges = audio.seekable;
  const end = ranges.length ? ranges.end(ranges.length - 1) : 0;
  const wanted = audio.currentTime + behindS;
  if (Math.abs(behindS) > 0.15 && wanted > 0 && wanted < end - ENOUGH_AHEAD_S) audio.currentTime = wanted;
}

/**
 * The station's clock as a function that gives Unix milliseconds; null when the station cannot be asked.
 * The listener's own clock is never believed, only its running.
 */
async function serverClock() {
  try {
    const { asked: begun, came, server_ms: serverMs } = await askStation();
    return () => serverMs + (performance.now() - (begun + came) / 2);
  } catch {
    return null;
  }
}
