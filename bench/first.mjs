/**
 * The short benchmark: log-batch of 1, 100 and 1,000 metrics at 1 and 16 connections, Tidemark against MLflow's own server.
 * Run with `npm run bench:first`; the full set is `npm run bench:metrics`. See README.md.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { machine, machineLine } from "./lib/machine.mjs";
import { PEERS, ROOT } from "./lib/peers.mjs";
import { interleave, options, progress, withPeers, writeTurn } from "./lib/session.mjs";
import { summary } from "./lib/stats.mjs";
import { markdown, short, spread } from "./lib/table.mjs";

const OURS = "tidemark";
const cases = [1, 100, 1000].flatMap((metrics) =>
  [1, 16].map((connections) => ({
    name: `batch-${metrics}@${connections}`,
    kind: "log-batch",
    metrics,
    connections,
    runs: 1,
    // Sixteen batches of 1,000 take MLflow several seconds each round; a shorter window would count almost none.
    slowSeconds: metrics === 1000 && connections === 16 ? 20 : 5,
  })),
);

const given = options({
  turns: 3,
  seconds: 2,
  peers: [OURS, "mlflow", "mlflow-default"],
  out: join(ROOT, "bench/results/first.json"),
});
const wanted = cases.filter((test) => given.only === null || given.only.includes(test.name));

const report = await withPeers([...given.peers, "null"], given.folder, async (all, work) => {
  const peers = all.filter((peer) => peer.name !== "null");
  const nothing = all.find((peer) => peer.name === "null");
  const on = machine(work);
  const results = {};
  for (const test of wanted) {
    progress(test.name);
    results[test.name] = await interleave(peers, given.turns, (peer) => writeTurn(peer, test, given.seconds));
    results[test.name].null = [await writeTurn(nothing, test, Math.min(1, given.seconds))];
  }
  // Without the places of this machine: they say nothing to a reader of the figures.
  const { folder: _folder, out: _out, ...asked } = given;
  return { date: new Date().toISOString(), machine: on, options: asked, results };
});

const times = (ratio) => (Number.isNaN(ratio) ? "–" : `${short(ratio)}x`);
const others = given.peers.filter((name) => name !== OURS);
const rows = wanted.map((test) => {
  const result = report.results[test.name];
  const rate = (name) => summary((result[name] ?? []).map((turn) => turn.requestsPerSecond));
  const refused = given.peers.map((name) => (result[name] ?? []).reduce((sum, turn) => sum + turn.refused.total, 0));
  return [
    test.name,
    ...given.peers.map((name) => spread(rate(name))),
    ...others.map((name) => times(rate(OURS).median / rate(name).median)),
    short(rate("null").median),
    refused.join(" · "),
  ];
});
const head = [
  "requests/s, median (min..max)",
  ...given.peers.map((name) => PEERS[name].label),
  ...others.map((name) => `against ${PEERS[name].label}`),
  "generator's ceiling",
  "not 200",
];
process.stdout.write(`${machineLine(report.machine)}\n\n${markdown(head, rows)}\n`);
await mkdir(dirname(given.out), { recursive: true });
await writeFile(given.out, `${JSON.stringify(report, null, 1)}\n`);
