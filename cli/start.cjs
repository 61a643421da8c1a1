// `npm start`. This file alone keeps to old syntax: it has to run on a Node that is too old in order to say so.
var MIN_NODE = 20;
var major = Number(process.versions.node.split(".")[0]);
if (major < MIN_NODE) {
  console.error("tidemark: Node %s or newer is needed; this is Node %s.", MIN_NODE, process.versions.node);
  process.exit(1);
}
require("./supervise.cjs").main(process.argv.slice(2));
