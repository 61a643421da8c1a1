/**
 * The load generator, a process of its own: reads one job as JSON from standard input, runs it, prints the result as JSON.
 *
 * Closed loop: each connection sends its next request once the last is answered. Kinds of job (see the functions):
 *   write  log-batch or log-metric, for a window of time
 *   runs   runs/create followed by runs/update to FINISHED, for a number of runs
 *   read   the same GET or POST, for a number of repeats
 */
import { text } from "node:stream/consumers";
import { FIRST_STEP, getRequest, postRequest, WriteRequest } from "./bodies.mjs";
import { Connection } from "./connection.mjs";
import { ascending, percentile } from "./stats.mjs";

/** How long answers still owed at the end of a window are waited for before the job gives up on them. */
const DRAIN_MS = 120_000;
const SAMPLES = 3;

/** Counts answers other than 200 and keeps the first few for showing. */
class Refusals {
  total = 0;
  byStatus = {};
  samples = [];

  add(error, status, body) {
    const what = error ? error.message : String(status);
    this.total++;
    this.byStatus[what] = (this.byStatus[what] ?? 0) + 1;
    if (this.samples.length < SAMPLES) {
      this.samples.push(error ? error.message : `${status} ${body?.toString("utf8", 0, 300) ?? ""}`);
    }
  }
}

function latencies(milliseconds) {
  const sorted = ascending(milliseconds);
  return {
    p50: percentile(sorted, 0.5),
    p90: percentile(sorted, 0.9),
    p99: percentile(sorted, 0.99),
    max: sorted.at(-1) ?? Number.NaN,
  };
}

/**
 * Writes for `warmupSeconds` and then `seconds` without a pause between. Only answers inside the window count
 * for the rate; every acknowledged observation counts for `acknowledged`, whatever its time.
 */
async function write({ port, shape, runIds, connections, seconds, warmupSeconds, firstStep = FIRST_STEP }) {
  const start = performance.now();
  const windowStart = start + warmupSeconds * 1000;
  const windowEnd = windowStart + seconds * 1000;
  const cpuStart = process.cpuUsage();
  const refusals = new Refusals();
  const times = [];
  const acknowledged = Object.fromEntries(runIds.map((id) => [id, 0]));
  let nextStep = firstStep;
  let sent = 0;
  let okInWindow = 0;
  let inFlight = 0;

  const drained = Promise.withResolvers();
  const open = Array.from({ length: connections }, (_, index) => {
    const runId = runIds[index % runIds.length];
    const request = new WriteRequest({ ...shape, runId, seed: index, port });
    const connection = new Connection(port);
    const next = () => {
      const sentAt = performance.now();
      if (sentAt >= windowEnd) {
        if (inFlight === 0) drained.resolve();
        return;
      }
      const bytes = request.renew(nextStep);
      nextStep += request.steps;
      sent++;
      inFlight++;
      connection.send(bytes, (error, status, body) => {
        const now = performance.now();
        inFlight--;
        if (error || status !== 200) refusals.add(error, status, body);
        else {
          acknowledged[runId] += request.points;
          if (now >= windowStart && now < windowEnd) {
            okInWindow++;
            times.push(now - sentAt);
          }
        }
        // A refused connection must not turn into a busy loop of new ones.
        if (error) setTimeout(next, 20);
        else next();
      });
    };
    next();
    return connection;
  });
  const limit = setTimeout(() => drained.resolve(), windowEnd - start + DRAIN_MS);
  await drained.promise;
  clearTimeout(limit);
  const cpu = process.cpuUsage(cpuStart);
  for (const connection of open) connection.close();
  return {
    requestsPerSecond: okInWindow / seconds,
    ok: okInWindow,
    sent,
    unanswered: inFlight,
    latencyMs: latencies(times),
    generatorCpuMs: (cpu.user + cpu.system) / 1000 / sent,
    acknowledged,
    steps: { first: firstStep, end: nextStep },
    refused: refusals,
  };
}

/** Creates `count` runs and ends each, as fast as `connections` allow. */
async function runs({ port, experimentId, connections, count }) {
  const refusals = new Refusals();
  const started = performance.now();
  let next = 0;
  let ok = 0;
  const call = async (connection, path, body) => {
    try {
      const answer = await connection.request(postRequest(path, port, JSON.stringify(body)));
      if (answer.status === 200) return JSON.parse(answer.body.toString());
      refusals.add(null, answer.status, answer.body);
    } catch (error) {
      refusals.add(error);
    }
    return null;
  };
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const connection = new Connection(port, { keepBody: true });
      while (next < count) {
        const index = next++;
        const created = await call(connection, "/api/2.0/mlflow/runs/create", {
          experiment_id: experimentId,
          start_time: Date.now(),
          run_name: `run-${index}`,
          tags: [
            { key: "mlflow.user", value: "bench" },
            { key: "mlflow.source.name", value: "train.py" },
            { key: "mlflow.source.type", value: "LOCAL" },
          ],
        });
        if (created === null) continue;
        const id = created.run.info.run_id;
        const ended = await call(connection, "/api/2.0/mlflow/runs/update", {
          run_uuid: id,
          run_id: id,
          status: "FINISHED",
          end_time: Date.now(),
        });
        if (ended !== null) ok++;
      }
      connection.close();
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  return { runsPerSecond: ok / seconds, ok, seconds, refused: refusals };
}

/** Sends one request `repeats` times on one connection and times each to its last byte. */
async function read({ port, path, json, repeats }) {
  const refusals = new Refusals();
  const times = [];
  const connection = new Connection(port);
  const request = json === undefined ? getRequest(path, port) : postRequest(path, port, JSON.stringify(json));
  let bytes = 0;
  for (let i = 0; i < repeats; i++) {
    const started = performance.now();
    try {
      const answer = await connection.request(request);
      if (answer.status === 200) {
        times.push(performance.now() - started);
        bytes = answer.bytes;
      } else refusals.add(null, answer.status, answer.body);
    } catch (error) {
      refusals.add(error);
    }
  }
  connection.close();
  return { milliseconds: times, bytes, refused: refusals };
}

const job = JSON.parse(await text(process.stdin));
const kinds = { write, runs, read };
process.stdout.write(JSON.stringify(await kinds[job.kind](job)));
