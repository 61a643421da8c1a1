/**
 * The registry at 10,000 versions of one model, Tidemark beside MLflow's own server: `npm run bench:registry`.
 * Options: --turns, --quick, --peers, --only (names of cases), --folder, --out. See ../README.md for the method.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { withApi } from "../lib/api.mjs";
import { getRequest } from "../lib/bodies.mjs";
import { Connection } from "../lib/connection.mjs";
import { generate } from "../lib/generator.mjs";
import { machine, machineLine } from "../lib/machine.mjs";
import { PEERS, ROOT } from "../lib/peers.mjs";
import { interleave, options, progress, withPeers } from "../lib/session.mjs";
import { median, summary } from "../lib/stats.mjs";
import { markdown, short, spread } from "../lib/table.mjs";
import { seed, version } from "./seed.mjs";

const OURS = "tidemark";
const MODELS = 1000;
const VERSIONS = 10_000;
const PAGE = 100;
const DEEP_PAGE = 50;
const REPEATS = 9;
const SLOW_REPEATS = 3;

const given = options({ turns: 3, peers: [OURS, "mlflow"], out: join(ROOT, "bench/results/registry.json") });
const versions = given.quick ? 1000 : VERSIONS;

const search = (what, query) => `${what}/search?${new URLSearchParams(query)}`;
const ofModel = (name, more = "") => ({ filter: `name = '${name}'${more}`, max_results: String(PAGE) });

/** What is asked; `rows` is how many an answer must have. */
const CASES = [
  {
    name: "first-page",
    label: `versions of a model, first ${PAGE}`,
    rows: PAGE,
    path: (name) => search("model-versions", ofModel(name)),
  },
  {
    name: "deep-page",
    label: `versions of a model, page ${given.quick ? 5 : DEEP_PAGE} of ${PAGE}`,
    rows: PAGE,
    path: deepPage,
  },
  {
    name: "all",
    label: `all ${versions.toLocaleString("en-US")} versions of a model in one page`,
    rows: versions,
    path: (name) => search("model-versions", { ...ofModel(name), max_results: "10000" }),
  },
  {
    name: "by-tag",
    label: "versions of a model with a tag that 1 % have",
    rows: Math.min(PAGE, versions / 100),
    path: (name) => search("model-versions", ofModel(name, " AND tags.quality = 'gold'")),
  },
  {
    name: "by-run",
    label: "versions of a run, over all models",
    rows: Math.ceil(versions / 1000),
    path: () => search("model-versions", { filter: `run_id = '${"7".padStart(32, "0")}'`, max_results: String(PAGE) }),
  },
  {
    name: "any",
    label: `versions of all models, first ${PAGE}`,
    rows: PAGE,
    path: () => search("model-versions", { max_results: String(PAGE) }),
  },
  {
    name: "model",
    label: "a model with its latest versions",
    rows: 1,
    path: (name) => `registered-models/get?name=${name}`,
  },
  {
    name: "alias",
    label: "a version by its alias",
    rows: 1,
    path: (name) => `registered-models/alias?name=${name}&alias=champion`,
  },
  {
    name: "models",
    label: `${MODELS.toLocaleString("en-US")} models, first ${PAGE}`,
    rows: PAGE,
    path: () => search("registered-models", { max_results: String(PAGE) }),
  },
  { name: "create", label: "a version created, one after another" },
];

async function deepPage(name, port) {
  let query = ofModel(name);
  return withApi(port, async (api) => {
    for (let i = 1; i < (given.quick ? 5 : DEEP_PAGE); i++) {
      const { next_page_token } = await api.get(search("model-versions", query));
      query = { ...ofModel(name), page_token: next_page_token };
    }
    return search("model-versions", query);
  });
}

/** Errors: an answer that is not the one meant; then its time says nothing. */
async function checkAnswer(peer, path, rows) {
  const connection = new Connection(peer.port, { keepBody: true });
  const { status, body } = await connection.request(getRequest(path, peer.port));
  connection.close();
  const answer = JSON.parse(body.toString());
  const found = (answer.model_versions ?? answer.registered_models ?? Object.values(answer)).length;
  if (status !== 200 || found !== rows) throw new Error(`${peer.label} answered ${path} with ${status}, ${found} rows`);
}

async function createTurn(peer, name) {
  const times = [];
  await withApi(peer.port, async (api) => {
    for (let i = 0; i < (peer.slow ? 5 : 25); i++) {
      const started = performance.now();
      await api.post("model-versions/create", { ...version(name, 1), run_id: "" });
      times.push(performance.now() - started);
    }
  });
  return median(times);
}

async function readTurn(peer, path) {
  const repeats = peer.slow ? SLOW_REPEATS : REPEATS;
  const { milliseconds, refused } = await generate({ kind: "read", port: peer.port, path, repeats });
  if (refused.total > 0) throw new Error(`${peer.label} refused ${path}: ${refused.samples[0]}`);
  return median(milliseconds);
}

const report = await withPeers(given.peers, given.folder, async (peers, work) => {
  const on = machine(work);
  const names = {};
  for (const peer of peers) {
    progress(`${peer.label}: ${MODELS} models, ${versions} versions`);
    names[peer.name] = await seed(peer, MODELS, versions);
  }
  const results = {};
  for (const test of CASES.filter((one) => given.only === null || given.only.includes(one.name))) {
    const paths = {};
    for (const peer of test.path ? peers : []) {
      paths[peer.name] = `/api/2.0/mlflow/${await test.path(names[peer.name][0], peer.port)}`;
      await checkAnswer(peer, paths[peer.name], test.rows);
    }
    results[test.name] = await interleave(peers, given.turns, async (peer) => {
      const time = test.path ? await readTurn(peer, paths[peer.name]) : await createTurn(peer, names[peer.name][0]);
      progress(`${test.label}: ${peer.label} ${time.toFixed(1)} ms`);
      await peer.process.settle();
      return time;
    });
  }
  // Without the places of this machine: they say nothing to a reader of the figures.
  const { folder: _folder, out: _out, ...asked } = given;
  return { date: new Date().toISOString(), machine: on, options: asked, models: MODELS, versions, results };
});

const others = given.peers.filter((name) => name !== OURS);
const rows = CASES.filter(({ name }) => report.results[name]).map(({ name, label }) => {
  const times = (peer) => summary(report.results[name][peer]);
  return [
    label,
    ...given.peers.map((peer) => spread(times(peer))),
    ...others.map((peer) => `${short(times(peer).median / times(OURS).median)}x`),
  ];
});
const labels = given.peers.map((name) => `${PEERS[name].label}, ms`);
const head = ["case", ...labels, ...others.map((name) => `faster than ${PEERS[name].label}`)];
process.stdout.write(`${machineLine(report.machine)}\n\n${markdown(head, rows)}\n`);
await mkdir(dirname(given.out), { recursive: true });
await writeFile(given.out, `${JSON.stringify(report, null, 1)}\n`);
progress(`written to ${given.out}`);
