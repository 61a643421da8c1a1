/**
 * Monitors: from the acknowledgement of a breaching point to its alert and to the delivered webhook, with 200 live runs; and
 * what ten monitors on a run cost its ingest. `npm run bench:monitors`. Options: --only alerts,ingest (the other part's results
 * stay), --turns, --seconds, --quick, --folder, --out.
 */
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createExperiment, createRuns } from "../lib/api.mjs";
import { KEYS } from "../lib/bodies.mjs";
import { machine, machineLine } from "../lib/machine.mjs";
import { ROOT } from "../lib/peers.mjs";
import { freshRuns, options, progress, withPeers, writeTurn } from "../lib/session.mjs";
import { ascending, median, percentile } from "../lib/stats.mjs";

const TIDEMARK = "/api/2.0/tidemark";
/** Each live run logs a point about this often, and breaches once within the time of the measurement. */
const PERIOD_MS = 2000;
const POLL_MS = 25;
const LIMIT_MS = 15_000;
const LIMIT = 1e6;
/** Metrics a request and connections of the cases of ingest. */
const INGEST = [
  [1, 16],
  [100, 1],
  [100, 16],
  [1000, 16],
];

const isAsked = (part) => given.only?.includes(part) ?? true;
const given = options({ turns: 5, peers: ["tidemark"], out: join(ROOT, "bench/results/monitors.json") });
const runCount = given.quick ? 20 : 200;
const breachMs = given.quick ? 5000 : 40_000;
// The receiver is on this machine.
process.env.TIDEMARK_WEBHOOKS_ALLOW_PRIVATE = "true";

async function post(port, path, body) {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${(await answer.text()).slice(0, 300)}`);
  return await answer.json();
}

/** A receiver that notes when each run's first message came. */
async function withReceiver(use) {
  const came = new Map();
  const seen = new Map();
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { action, data } = JSON.parse(Buffer.concat(chunks).toString());
    if (action === "fired" && !came.has(data.run_id)) came.set(data.run_id, performance.now());
    const name = `${data.alert_id} ${action}`;
    seen.set(name, (seen.get(name) ?? 0) + 1);
    response.end("ok");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await use(`http://127.0.0.1:${server.address().port}/`, came, seen);
  } finally {
    server.close();
  }
}

/** Logs a value each period, and once the breaching one; then waits for its alert. Gives ms from the acknowledgement. */
async function live(port, runId, breachAt, end) {
  let step = 0;
  let result;
  const logged = (value) =>
    post(port, "/api/2.0/mlflow/runs/log-metric", {
      run_id: runId,
      key: "loss",
      value,
      timestamp: Date.now(),
      step: step++,
    });
  await sleep(Math.random() * PERIOD_MS);
  while (performance.now() < end) {
    if (!result && performance.now() >= breachAt) {
      await logged(2 * LIMIT);
      const acknowledged = performance.now();
      result = { runId, acknowledged, visible: await alertTime(port, runId, acknowledged) };
    } else await logged(1);
    await sleep(PERIOD_MS);
  }
  return result;
}

async function alertTime(port, runId, since) {
  while (performance.now() - since < LIMIT_MS) {
    const answer = await fetch(`http://127.0.0.1:${port}${TIDEMARK}/alerts?run_id=${runId}`);
    const asked = performance.now();
    if ((await answer.json()).alerts.length > 0) return asked - since;
    await sleep(POLL_MS);
  }
  return Number.POSITIVE_INFINITY;
}

async function latencies({ port }) {
  return await withReceiver(async (url, came, seen) => {
    const experiment_id = await createExperiment(port, `monitors-${process.pid}`);
    await post(port, `${TIDEMARK}/monitors`, {
      metric: "loss",
      direction: "min",
      scope: { experiment_id },
      condition: { type: "threshold", value: LIMIT },
      notify: [{ url, secret: "bench" }],
    });
    const ids = await createRuns(port, experiment_id, runCount);
    progress(`  ${runCount} live runs`);
    const start = performance.now();
    const end = start + breachMs + 3 * PERIOD_MS;
    const all = await Promise.all(
      ids.map((id) => live(port, id, start + PERIOD_MS + Math.random() * (breachMs - PERIOD_MS), end)),
    );
    await sleep(3000);
    const delivered = all.map(
      ({ runId, acknowledged }) => (came.get(runId) ?? Number.POSITIVE_INFINITY) - acknowledged,
    );
    return {
      runs: runCount,
      visible: spread(all.map(({ visible }) => visible)),
      delivered: spread(delivered),
      deliveredTwice: [...seen.values()].filter((times) => times > 1).length,
    };
  });
}

function spread(values) {
  const sorted = ascending(values);
  return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99), max: sorted.at(-1) };
}

/** Ten monitors of several kinds, one on each key that the generator logs. */
function tenMonitors(run_id) {
  const rules = [
    { condition: { type: "threshold", value: 1e300 } },
    { condition: { type: "threshold", value: 1e300 }, aggregate: "mean", window: { points: 100 } },
    { condition: { type: "threshold", value: 1e300 }, aggregate: "p95", window: { points: 100 } },
    { condition: { type: "threshold", value: 1e300 }, aggregate: "max", window: { points: 1000 }, consecutive: 3 },
    {
      condition: { type: "baseline", baseline: { trailing: { points: 500 } }, margin: 1e300 },
      window: { points: 10 },
      aggregate: "mean",
    },
  ];
  return KEYS.slice(0, 10).map((metric, i) => ({
    metric,
    direction: "min",
    scope: { run_id },
    ...rules[i % rules.length],
  }));
}

async function ingest(peer, test) {
  const plain = [];
  const watched = [];
  for (let turn = 0; turn < given.turns; turn++) {
    for (const isWatched of turn % 2 === 0 ? [false, true] : [true, false]) {
      const runIds = await freshRuns(peer, 1);
      if (isWatched)
        for (const monitor of tenMonitors(runIds[0])) await post(peer.port, `${TIDEMARK}/monitors`, monitor);
      const { requestsPerSecond, refused } = await writeTurn(peer, test, given.seconds, { runIds, check: false });
      if (refused.total > 0) throw new Error(`refused: ${refused.samples[0]}`);
      (isWatched ? watched : plain).push(requestsPerSecond);
    }
  }
  const ratio = median(watched) / median(plain);
  return { ...test, plain: median(plain), watched: median(watched), ratio, turns: { plain, watched } };
}

/** What another part found, which stays. */
async function measuredBefore() {
  return existsSync(given.out) ? JSON.parse(await readFile(given.out, "utf8")) : {};
}

const report = await withPeers(["tidemark"], given.folder, async ([peer], work) => {
  const on = machine(work);
  const measured = { on };
  if (isAsked("alerts")) {
    progress("alerts and deliveries");
    measured.alerts = await latencies(peer);
  }
  if (isAsked("ingest")) {
    measured.cases = [];
    for (const [metrics, connections] of INGEST) {
      progress(`ingest, log-batch of ${metrics} at ${connections}`);
      measured.cases.push(await ingest(peer, { kind: "log-batch", metrics, connections, runs: 1 }));
    }
  }
  return { ...(given.only ? await measuredBefore() : {}), ...measured };
});

await mkdir(dirname(given.out), { recursive: true });
await writeFile(given.out, `${JSON.stringify(report, null, 2)}\n`);
const ms = (value) => `${Math.round(value)} ms`;
const { alerts, cases } = report;
const told = alerts && [
  `| ${alerts.runs} live runs, from the acknowledgement | median | p99 | bar |`,
  "|---|---|---|---|",
  `| alert visible by API | ${ms(alerts.visible.p50)} | ${ms(alerts.visible.p99)} | 1,000 ms |`,
  `| webhook delivered | ${ms(alerts.delivered.p50)} | ${ms(alerts.delivered.p99)} | 3,000 ms |`,
  "",
];
const paid = cases && [
  "| ingest, requests/s | no monitor | ten monitors | ratio (bar 0.9) |",
  "|---|---|---|---|",
  ...cases.map(
    ({ metrics, connections, plain, watched, ratio }) =>
      `| log-batch of ${metrics} at ${connections} | ${Math.round(plain)} | ${Math.round(watched)} | ${ratio.toFixed(3)} |`,
  ),
  "",
];
process.stdout.write([machineLine(report.on), "", ...(told ?? []), ...(paid ?? [])].join("\n"));
