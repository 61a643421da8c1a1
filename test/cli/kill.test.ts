/**
 * What was acknowledged survives kill -9. Three kills in `npm test`, twenty in `npm run test:kill`; TIDEMARK_KILLS and
 * TIDEMARK_KILL_SEED choose otherwise.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { descendants, type Launched, launch } from "./launcher.ts";
import { faults, Ledger, latestOf } from "./ledger.ts";
import { call, Load, readHistory, readLatest } from "./load.ts";
import { between, seeded } from "./random.ts";

const KILLS = Number(process.env.TIDEMARK_KILLS ?? 3);
const SEED = Number(process.env.TIDEMARK_KILL_SEED ?? 1);
const RUNS = 3;
/** The same after each restart, and outside the range that outgoing connections take their ports from. */
const PORT = 20_000 + (process.pid % 10_000);
const ROUND_MS = 120_000;

const random = seeded(SEED);
let folder: string;
let server: Launched;
let ledgers: Ledger[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tidemark-kill-"));
  server = await launch("--data", folder, "--port", String(PORT));
  ledgers = [];
  for (let i = 0; i < RUNS; i++) {
    const { body } = await call(server.url, "runs/create", { experiment_id: "0", start_time: i });
    ledgers.push(new Ledger((body as { run: { info: { run_id: string } } }).run.info.run_id));
  }
});

afterAll(async () => {
  server.process.kill("SIGTERM");
  await server.ended;
  rmSync(folder, { recursive: true, force: true });
});

/** Every process of the server at once, or its runtime alone, which the launcher then starts again. */
function processesToKill(all: boolean): number[] {
  const below = descendants(server.process.pid ?? -1);
  if (all) return [...below.map(({ pid }) => pid), server.process.pid ?? -1];
  return below.filter(({ command }) => command.includes("workerd serve")).map(({ pid }) => pid);
}

function kill(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      // The supervisor ends by itself once its server is gone.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

/** Under load: kill -9 at a random moment, every other time while the end of a run publishes. */
async function killUnderLoad(round: number): Promise<string> {
  const all = round % 3 !== 2;
  const pids = processesToKill(all);
  const load = new Load(server.url, ledgers, random);
  await sleep(between(random, 300, 2000));
  if (round % 2 === 0) {
    void load.endRun();
    await sleep(random() * 40);
  }
  kill(pids);
  await load.stop();
  expect(load.refusals).toEqual([]);
  expect(load.acknowledged).toBeGreaterThan(0);
  if (all) {
    await server.ended;
    server = await launch("--data", folder, "--port", String(PORT));
  } else {
    await answering();
  }
  return `${all ? "all" : "the runtime"} after ${load.acknowledged} requests, ${load.ending} publishes for run ends cut off`;
}

async function answering(): Promise<void> {
  for (let i = 0; i < 300; i++) {
    if ((await call(server.url, "experiments/get?experiment_id=0")).status === 200) return;
    await sleep(100);
  }
  throw new Error(`the runtime did not come back:\n${server.output()}`);
}

/** Compares what the server has with what it acknowledged; returns how many observations it has. */
async function verify(): Promise<number> {
  let count = 0;
  for (const ledger of ledgers) {
    const latest = await readLatest(server.url, ledger.runId);
    const keys = new Set([...latest.keys(), ...ledger.batches.flatMap((b) => b.observations.map(({ key }) => key))]);
    const history = await readHistory(server.url, ledger.runId, keys);
    expect(faults(ledger, history)).toEqual([]);
    expect(latest).toEqual(latestOf(history));
    count += history.length;
  }
  return count;
}

it.each(Array.from({ length: KILLS }, (_, round) => round + 1))(
  `keeps what it acknowledged, once each, through kill -9 number %i (seed ${SEED})`,
  async (number) => {
    const what = await killUnderLoad(number - 1);
    const count = await verify();
    console.log(`kill ${number}: ${what}; ${count} observations right`);
  },
  ROUND_MS,
);

it("has them all when the runs have ended and everything is published", { timeout: ROUND_MS }, async () => {
  for (const { runId } of ledgers) {
    const { status } = await call(server.url, "runs/update", { run_id: runId, status: "FINISHED" });
    expect(status).toBe(200);
  }
  await verify();
});
