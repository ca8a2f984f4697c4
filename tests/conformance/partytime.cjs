// Reads feeds, a JSON list of them on standard input, with the parser of the Podcast Index; writes what it understood as a JSON list.
const { parseFeed } = require("podcast-partytime");

const pieces = [];
process.stdin.on("data", (piece) => pieces.push(piece));
process.stdin.on("end", () => {
  const feeds = JSON.parse(Buffer.concat(pieces).toString("utf8"));
  process.stdout.write(JSON.stringify(feeds.map((feed) => parseFeed(feed))));
});
