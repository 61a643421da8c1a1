/** What a publish writes to D1, as one batch: the run's log position, latest values, sealed chunks. */
import type { Columns } from "./block";
import { sealChunks } from "./chunk";
import { sortedDistinct } from "./observation";
import type { Series } from "./series";

export interface Publication {
  runId: string;
  /** Everything at or before this log position is in the publication, or stays in the log as a carry. */
  position: number;
  /** Whether the log is empty after it: then the run is no longer hot. */
  cold: boolean;
  accepted: number;
  duplicate: number;
  rejected: number;
  latest: ReadonlyMap<string, Series>;
  /** Keys whose history goes out, each with all it has up to `position`. */
  sealed: Map<string, Columns>;
}

/** Characters of one statement's JSON parameter: below D1's 2 MB with room for what JSON adds. */
const MAX_PARAMETER = 1_400_000;

/**
 * Idempotent: latest values only grow, chunks are keyed by the position they were published at, and the position only
 * moves forward. Nothing is written for a run that has been removed meanwhile.
 */
export function publishStatements(d1: D1Database, p: Publication): D1PreparedStatement[] {
  const statements = [
    d1
      .prepare(
        `UPDATE runs SET log_position = max(log_position, ?2), log_accepted = ?3, log_duplicate = ?4,
           log_rejected = ?5${p.cold ? ", hot = 0" : ""}
         WHERE run_id = ?1`,
      )
      .bind(p.runId, p.position, p.accepted, p.duplicate, p.rejected),
  ];
  statements.push(...latestStatements(d1, p), ...chunkStatements(d1, p));
  return statements;
}

/** Latest values alone. What is published later only moves them forward. */
export function latestStatements(d1: D1Database, p: Pick<Publication, "runId" | "latest">): D1PreparedStatement[] {
  const rows: unknown[][] = [];
  for (const [key, series] of p.latest) {
    const latest = series.latest();
    if (!latest) continue;
    const nan = Number.isNaN(latest.value);
    rows.push([key, nan ? 0 : latest.value, latest.timestamp, latest.step, Number(nan)]);
  }
  return slices(rows, (row) => String(row[0]).length * 3 + 80).map((part) =>
    d1
      .prepare(
        `INSERT INTO latest_metrics (run_id, key, value, timestamp, step, is_nan, experiment_id)
         SELECT runs.run_id, j.value ->> 0, j.value ->> 1, j.value ->> 2, j.value ->> 3, j.value ->> 4, runs.experiment_id
         FROM json_each(?2) AS j JOIN runs ON runs.run_id = ?1 WHERE true
         ON CONFLICT (run_id, key) DO UPDATE SET
           value = excluded.value, timestamp = excluded.timestamp, step = excluded.step, is_nan = excluded.is_nan
         WHERE (excluded.step, excluded.timestamp, excluded.value, excluded.is_nan)
             > (latest_metrics.step, latest_metrics.timestamp, latest_metrics.value, latest_metrics.is_nan)`,
      )
      .bind(p.runId, JSON.stringify(part)),
  );
}

/** Inserts for observations of some keys, sealed at a position. */
export function chunkStatements(
  d1: D1Database,
  p: Pick<Publication, "runId" | "position" | "sealed">,
): D1PreparedStatement[] {
  const rows: unknown[][] = [];
  for (const [key, columns] of p.sealed) {
    sealChunks(sortedDistinct(columns)).forEach((c, part) => {
      rows.push([key, part, c.count, c.minStep, c.maxStep, c.minTimestamp, c.maxTimestamp, c.directory, c.data]);
    });
  }
  return slices(rows, (row) => String(row[0]).length * 3 + String(row[7]).length + String(row[8]).length + 160).map(
    (part) =>
      d1
        .prepare(
          `INSERT OR IGNORE INTO metric_chunks (run_id, key, position, part, count, min_step, max_step,
             min_timestamp, max_timestamp, directory, data)
           SELECT runs.run_id, j.value ->> 0, ?3, j.value ->> 1, j.value ->> 2, j.value ->> 3, j.value ->> 4,
             j.value ->> 5, j.value ->> 6, j.value ->> 7, j.value ->> 8
           FROM json_each(?2) AS j JOIN runs ON runs.run_id = ?1`,
        )
        .bind(p.runId, JSON.stringify(part), p.position),
  );
}

function slices<T>(rows: readonly T[], size: (row: T) => number): T[][] {
  const out: T[][] = [];
  let room = 0;
  for (const row of rows) {
    const need = size(row);
    if (need > room) {
      out.push([]);
      room = MAX_PARAMETER;
    }
    out[out.length - 1]?.push(row);
    room -= need;
  }
  return out;
}
