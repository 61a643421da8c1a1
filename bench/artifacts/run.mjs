/**
 * Artifacts with the stock Python client, Tidemark beside MLflow's own server: `npm run bench:artifacts`. One file of
 * 500 MB and a tree of 500 files of 10 KB, up and down. Options: --only big,small, --turns, --quick, --folder, --out.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { machine, machineLine } from "../lib/machine.mjs";
import { PEERS, ROOT } from "../lib/peers.mjs";
import { run } from "../lib/process.mjs";
import { interleave, options, progress, withPeers } from "../lib/session.mjs";
import { summary } from "../lib/stats.mjs";
import { markdown, short, spread } from "../lib/table.mjs";
import { environment } from "../lib/venv.mjs";

const OURS = "tidemark";
const WAYS = ["upload", "download"];
/** `bar` is what the ratio must reach: half of MLflow's speed for bytes, all of it for files. */
const CASES = [
  { name: "big", label: "1 file of 500 MB", files: 1, bytes: 500_000_000, bar: 0.5 },
  { name: "small", label: "500 files of 10 KB", files: 500, bytes: 10_000, bar: 1 },
];

const given = options({
  turns: 3,
  seconds: 0,
  peers: [OURS, "mlflow"],
  out: join(ROOT, "bench/results/artifacts.json"),
});
const wanted = CASES.filter((test) => given.only === null || given.only.includes(test.name));

async function turn(python, peer, test, work) {
  const args = [`http://127.0.0.1:${peer.port}`, work, String(test.files), String(test.bytes)];
  const result = JSON.parse(await run(python, [join(ROOT, "bench/artifacts/client.py"), ...args]));
  if (result.equal !== test.files) throw new Error(`${peer.label} gave back ${result.equal} of ${test.files} files`);
  await peer.process.settle();
  progress(`  ${peer.label}: up ${short(result.upload)} s, down ${short(result.download)} s`);
  return { upload: result.upload, download: result.download };
}

const report = await withPeers(given.peers, given.folder, async (peers, work) => {
  const python = join(await environment(ROOT, "mlflow"), "python");
  const on = machine(work);
  const results = {};
  for (const test of wanted) {
    progress(test.label);
    results[test.name] = await interleave(peers, given.turns, (peer) => turn(python, peer, test, work));
  }
  const memory = Object.fromEntries(peers.map((peer) => [peer.name, { peakRss: peer.process.peakRss }]));
  // Without the places of this machine: they say nothing to a reader of the figures.
  const { folder: _folder, out: _out, seconds: _seconds, ...asked } = given;
  return { date: new Date().toISOString(), machine: on, options: asked, results, memory };
});

const others = given.peers.filter((name) => name !== OURS);
const seconds = (test, name, way) => summary((report.results[test.name][name] ?? []).map((one) => one[way]));
const rows = wanted.flatMap((test) =>
  WAYS.map((way) => {
    const ours = seconds(test, OURS, way).median;
    const ratios = others.map((name) => seconds(test, name, way).median / ours);
    return [
      `${test.label}, ${way}`,
      ...given.peers.map((name) => spread(seconds(test, name, way))),
      ...ratios.map((ratio) => `${short(ratio)}x of ${test.bar}x ${ratio >= test.bar ? "ok" : "MISSED"}`),
    ];
  }),
);
const head = [
  "seconds, median (min..max)",
  ...given.peers.map((name) => PEERS[name].label),
  ...others.map((name) => `against ${PEERS[name].label}`),
];
const memory = given.peers.map((name) => `${PEERS[name].label} ${short(report.memory[name].peakRss / 2 ** 20)} MiB`);
process.stdout.write(
  `${machineLine(report.machine)}\n\n${markdown(head, rows)}\n\nPeak memory: ${memory.join(", ")}\n`,
);
await mkdir(dirname(given.out), { recursive: true });
await writeFile(given.out, `${JSON.stringify(report, null, 1)}\n`);
