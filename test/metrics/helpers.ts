import { env } from "cloudflare:workers";
import { historyPage } from "../../src/metrics/history-page";
import type { RunLogStub } from "../../src/metrics/log-calls";
import { encodePack } from "../../src/metrics/pack";
import type { RunLog } from "../../src/metrics/run-log";

export type Point = [step: number, timestamp: number, value: number];

/** A small seeded generator (mulberry32), so that a failure can be run again. */
export function random(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export const newId = (): string => crypto.randomUUID().replaceAll("-", "");

/** A run straight in D1. */
export async function makeRun(runId = newId(), stage = "active"): Promise<string> {
  await env.DB.prepare(
    `INSERT INTO runs (run_id, experiment_id, name, user_id, status, start_time, artifact_uri, lifecycle_stage)
     VALUES (?1, '0', 'r', '', 'RUNNING', 0, '', ?2)`,
  )
    .bind(runId, stage)
    .run();
  return runId;
}

export function objectOf(runId: string): DurableObjectStub<RunLog> {
  return env.RUN_LOGS.get(env.RUN_LOGS.idFromName(runId));
}

export const logOf = (runId: string): RunLogStub => objectOf(runId) as unknown as RunLogStub;

export function packOf(points: Record<string, Point[]>): Uint8Array {
  return encodePack(
    Object.entries(points).map(([key, list]) => ({
      key,
      columns: {
        steps: Float64Array.from(list, (p) => p[0]),
        timestamps: Float64Array.from(list, (p) => p[1]),
        values: Float64Array.from(list, (p) => p[2]),
      },
    })),
  );
}

/** A run's history of one key as the API reads it, in MLflow's order. */
export async function historyOf(runId: string, key: string): Promise<Point[]> {
  const { columns } = await historyPage(env, runId, key, 0);
  return Array.from(columns.values, (v, i): Point => [columns.steps[i] as number, columns.timestamps[i] as number, v]);
}

export async function runRow(runId: string): Promise<{ hot: number; log_position: number; log_accepted: number }> {
  const row = await env.DB.prepare("SELECT hot, log_position, log_accepted FROM runs WHERE run_id = ?1")
    .bind(runId)
    .first<{ hot: number; log_position: number; log_accepted: number }>();
  if (!row) throw new Error("no such run");
  return row;
}

export async function chunkCount(runId: string): Promise<number> {
  const row = await env.DB.prepare("SELECT count(*) AS n FROM metric_chunks WHERE run_id = ?1")
    .bind(runId)
    .first<{ n: number }>();
  return row?.n ?? 0;
}
