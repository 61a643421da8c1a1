/** What is replayed. Each is scaled down where it is linear in what is left out; `full` says what it stands for. */
import type { World } from "./world";

export interface Workload {
  title: string;
  /** The whole of what it stands for, and how much of it is replayed. */
  full: string;
  /** Returns the number of metrics logged. */
  run(world: World): Promise<number>;
}

interface Metric {
  key: string;
  value: number;
  timestamp: number;
  step: number;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const keysOf = (count: number) => Array.from({ length: count }, (_, i) => `train/metric_${i}`);

/** A noisy curve that falls, with all the digits a double has. */
function value(step: number, key: number): number {
  const noise = Math.sin(step * 12.9898 + key * 78.233) * 43758.5453;
  return 1 / (1 + step * 0.001) + 0.05 * (noise - Math.floor(noise));
}

async function createRun(world: World, params: number): Promise<string> {
  const { run } = await world.call("runs/create", {
    experiment_id: "0",
    start_time: world.now,
    tags: [
      { key: "mlflow.user", value: "someone" },
      { key: "mlflow.source.name", value: "train.py" },
      { key: "mlflow.source.type", value: "LOCAL" },
    ],
  });
  const runId = (run as { info: { run_id: string } }).info.run_id;
  if (params > 0) {
    const list = Array.from({ length: params }, (_, i) => ({ key: `param_${i}`, value: String(i / 7) }));
    await world.call("runs/log-batch", { run_id: runId, params: list });
  }
  return runId;
}

const endRun = (world: World, runId: string) =>
  world.call("runs/update", { run_id: runId, status: "FINISHED", end_time: world.now });

async function log(world: World, runId: string, metrics: readonly Metric[]): Promise<void> {
  const [only] = metrics;
  if (metrics.length === 1 && only) await world.call("runs/log-metric", { run_id: runId, ...only });
  else await world.call("runs/log-batch", { run_id: runId, metrics });
}

interface Training {
  steps: number;
  stepMs: number;
  batch: number;
  keys?: number;
  /** Called when the clock has come to a step, before its metrics are sent. */
  watch?: (runId: string) => Promise<void>;
}

/** Every step has a value of every key; a request goes out once it is full. */
async function train(world: World, { steps, stepMs, batch, keys = 20, watch }: Training): Promise<number> {
  const names = keysOf(keys);
  const runId = await createRun(world, 20);
  let waiting: Metric[] = [];
  for (let step = 0; step < steps; step++) {
    await world.until(world.now + stepMs);
    await watch?.(runId);
    for (const [i, key] of names.entries()) {
      waiting.push({ key, value: value(step, i), timestamp: world.now, step });
      if (waiting.length < batch) continue;
      await log(world, runId, waiting);
      waiting = [];
    }
  }
  if (waiting.length > 0) await log(world, runId, waiting);
  await endRun(world, runId);
  await world.until(world.now + 30 * MINUTE);
  return steps * keys;
}

const training = (batch: number, stepMs: number, steps: number): Workload => ({
  title: `training, ${batch === 1 ? "1 metric" : `${batch.toLocaleString("en-US")} metrics`} a request, ${pace(stepMs)}`,
  full: `20 keys × 10,000 steps in one run${steps < 10_000 ? `; replayed: ${steps.toLocaleString("en-US")} steps` : ""}`,
  run: (world) => train(world, { steps, stepMs, batch }),
});

const pace = (stepMs: number) =>
  stepMs <= SECOND ? `${SECOND / stepMs} step${stepMs === SECOND ? "" : "s"}/s` : `a step in ${stepMs / SECOND} s`;

/** Runs that never end, each with one value a second. */
async function infer(world: World, services: number, seconds: number, batch: number): Promise<number> {
  const runs: string[] = [];
  for (let i = 0; i < services; i++) runs.push(await createRun(world, 0));
  const waiting = runs.map((): Metric[] => []);
  for (let second = 0; second < seconds; second++) {
    await world.until(world.now + SECOND);
    for (const [i, runId] of runs.entries()) {
      const metrics = waiting[i] as Metric[];
      metrics.push({ key: "latency_ms", value: 40 * value(second, i), timestamp: world.now, step: second });
      // Services don't send all at the same moment.
      if ((second + i * 7) % batch !== 0) continue;
      await log(world, runId, metrics.splice(0));
    }
  }
  for (const [i, runId] of runs.entries()) {
    const rest = waiting[i] as Metric[];
    if (rest.length > 0) await log(world, runId, rest);
  }
  await world.until(world.now + 30 * MINUTE);
  return services * seconds;
}

/** Short runs: params, one request an epoch, a small artifact, an end. */
async function sweep(world: World, runs: number): Promise<number> {
  const [epochs, names] = [30, keysOf(5)];
  for (let i = 0; i < runs; i++) {
    const runId = await createRun(world, 10);
    for (let epoch = 0; epoch < epochs; epoch++) {
      await world.until(world.now + 2 * SECOND);
      const metrics = names.map((key, k) => ({ key, value: value(epoch, k), timestamp: world.now, step: epoch }));
      await log(world, runId, metrics);
    }
    await world.fetch(`/api/2.0/mlflow-artifacts/artifacts/0/${runId}/artifacts/model.bin`, {
      method: "PUT",
      body: new Uint8Array(100_000),
    });
    await endRun(world, runId);
  }
  await world.until(world.now + 30 * MINUTE);
  return runs * epochs * names.length;
}

/** The page of a run, kept open: it asks for the run every two seconds, and for six charts when that brought news. */
function pageOf(world: World): (runId: string) => Promise<void> {
  let last = 0;
  let shown = "";
  return async (runId) => {
    if (world.now - last < 2 * SECOND) return;
    last = world.now;
    const news = JSON.stringify(await world.call(`runs/get?run_id=${runId}`));
    if (news === shown) return;
    shown = news;
    for (const key of keysOf(6)) {
      await world.call(`metrics/get-history?run_id=${runId}&metric_key=${encodeURIComponent(key)}&max_results=5000`);
    }
  };
}

/** Real time a viewer's object gets to serve it; far more than it takes. */
const SERVE_MS = 5;

/** A viewer on the run's WebSocket, who acknowledges each message as the page's client would. */
function socketOf(world: World): (runId: string) => Promise<void> {
  let socket: WebSocket | undefined;
  return async (runId) => {
    if (!socket) {
      const upgrade = { headers: { Upgrade: "websocket" } };
      const { webSocket } = await world.fetch(`/api/2.0/tidemark/runs/${runId}/live`, upgrade);
      if (!webSocket) throw new Error("no socket");
      socket = webSocket;
      socket.accept();
      socket.addEventListener("message", ({ data }) => {
        const { sequence } = JSON.parse(String(data)) as { sequence?: number };
        if (sequence !== undefined) webSocket.send(JSON.stringify({ type: "ack", sequence }));
      });
    }
    await scheduler.wait(SERVE_MS);
  };
}

const WATCHED = { steps: 1000, stepMs: SECOND, batch: 100 };

/** By name; the order is the report's. */
export const WORKLOADS: Record<string, Workload> = {
  "training-1": training(1, SECOND, 1000),
  "training-100": training(100, SECOND, 5000),
  "training-1000": training(1000, SECOND, 10_000),
  "training-1-fast": training(1, SECOND / 10, 1000),
  "training-100-fast": training(100, SECOND / 10, 10_000),
  "training-1000-fast": training(1000, SECOND / 10, 10_000),
  "training-100-slow": training(100, 10 * SECOND, 1000),
  "inference-1": {
    title: "inference, 1 metric a request",
    full: "50 services, 1 metric a second each; replayed: 10 of them for 15 minutes",
    run: (world) => infer(world, 10, 15 * 60, 1),
  },
  "inference-100": {
    title: "inference, 100 metrics a request",
    full: "50 services, 1 metric a second each; replayed: 10 of them for 3 hours",
    run: (world) => infer(world, 10, 3 * 3600, 100),
  },
  sweep: {
    title: "sweep of short runs",
    full: "1,000 runs of 30 epochs × 5 keys with 10 params and an artifact; replayed: 100 of them",
    run: (world) => sweep(world, 100),
  },
  unwatched: {
    title: "a run nobody watches",
    full: "20 keys × 1,000 steps, 100 metrics a request, 1 step/s",
    run: (world) => train(world, WATCHED),
  },
  polled: {
    title: "the same with its page open",
    full: "the page asks for the run every two seconds, and for six charts when there is news",
    run: (world) => train(world, { ...WATCHED, watch: pageOf(world) }),
  },
  live: {
    title: "the same with a viewer on its socket",
    full: "one WebSocket that gets every observation and acknowledges each message",
    run: (world) => train(world, { ...WATCHED, watch: socketOf(world) }),
  },
};
