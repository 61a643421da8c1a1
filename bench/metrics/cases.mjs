const batch = (metrics, connections, bars, slowSeconds = 6) => ({
  name: `batch-${metrics}@${connections}`,
  label: `log-batch of ${metrics.toLocaleString("en-US")}, ${connections} connection${connections > 1 ? "s" : ""}`,
  kind: "log-batch",
  metrics,
  connections,
  runs: 1,
  slowSeconds,
  bars,
});

/**
 * Write cases, in requests a second. `bars` say how many times as fast as a peer Tidemark has to be;
 * `slowSeconds` is the shortest window in which a slow server answers often enough to be counted.
 */
export const WRITES = [
  batch(1, 16, { mlflow: 45, fasttrackml: 3 }),
  {
    ...batch(1, 16, { mlflow: 30, fasttrackml: 2 }),
    name: "log-metric@16",
    label: "log-metric, 16 connections",
    kind: "log-metric",
  },
  batch(1, 1, { mlflow: 45, fasttrackml: 1.2 }),
  batch(100, 1, { mlflow: 65, fasttrackml: 4 }),
  batch(100, 16, { mlflow: 60, fasttrackml: 8 }),
  batch(1000, 1, { mlflow: 90, fasttrackml: 10 }, 10),
  batch(1000, 16, { mlflow: 110, fasttrackml: 15 }, 20),
  {
    ...batch(100, 50, { mlflow: 100, fasttrackml: 5 }, 20),
    name: "runs-50@50",
    label: "50 runs at once, 100 a batch, 50 connections",
    runs: 50,
  },
];

const HISTORY = { kind: "history", bars: { mlflow: 40, fasttrackml: 6 } };
const INTERVAL = { kind: "interval", runs: 1, points: 1_000_000, bars: { mlflow: 90 } };

/** Read cases, in milliseconds to the last byte, on runs at rest. Ratios are the peer's time over Tidemark's. */
export const READS = [
  { ...HISTORY, name: "history-25k", label: "get-history, 25,000 of 25,000 points", runs: 1, points: 25_000 },
  {
    ...HISTORY,
    name: "history-1m",
    label: "get-history, 25,000 of 1,000,000 points",
    runs: 1,
    points: 1_000_000,
    bars: { mlflow: 45, fasttrackml: 6 },
  },
  { ...INTERVAL, name: "interval-1m", label: "get-history-bulk-interval, 320 of 1,000,000 points" },
  {
    ...INTERVAL,
    name: "interval-100",
    label: "get-history-bulk-interval, one metric of 100 runs of 1,000 points",
    runs: 100,
    points: 1000,
    bars: { mlflow: 50 },
  },
];

/** FastTrackML has no sampling route worth timing: it answers without points. */
export const supports = (peer, test) => !(test.kind === "interval" && peer.name === "fasttrackml");

export const LIFECYCLE = {
  name: "lifecycle@16",
  label: "1,000 runs started and ended, 16 connections",
  count: 1000,
  connections: 16,
  bars: { mlflow: 10, fasttrackml: 0.8 },
};

/** p99 of this write case is a row of its own. */
export const TAIL = {
  of: "batch-100@16",
  label: "p99 of log-batch of 100, 16 connections",
  bars: { mlflow: 50, fasttrackml: 5 },
};

export const STORAGE = {
  name: "storage",
  label: "bytes a point stored, 1,000,000 points of 10 keys",
  keys: 10,
  points: 1_000_000,
  bars: { mlflow: 30, fasttrackml: 10 },
};

export const MEMORY = { label: "peak memory of all server processes", bars: { mlflow: 1.5 } };

/** Writes into a run that already holds so many points; no slower than into an empty one by more than `within`. */
export const GROWTH = {
  name: "growth",
  points: [0, 10_000, 1_000_000, 10_000_000],
  /** The peers' tables are seeded only up to here: ten million rows are gigabytes and many minutes for them. */
  peerPoints: [0, 10_000, 1_000_000],
  writes: [batch(100, 16, {}), batch(1, 1, {})],
  within: 1.25,
};

export const SAMPLES = 320;
export const BULK_PATH = "/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval";
