// What every page loads: the player bar. Turbo and hls.js come only when somebody presses play.
