// Reads a feed from standard input with the parser of the Podcast Index, and writes what it understood as JSON.
const { parseFeed } = require("podcast-partytime");

const pieces = [];
process.stdin.on("data", (piece) => pieces.push(piece));
process.stdin.on("end", () => process.stdout.write(JSON.stringify(parseFeed(Buffer.concat(pieces).toString("utf8")))));
