/** What the home page shows, gathered from two MLflow calls. */
import { searchExperiments, searchRuns } from "../api/mlflow";
import type { Experiment, Run } from "../api/types";
import { isLive, lastActivity } from "../lib/runs";

/** Only the newest experiments and runs are looked at; the page says so when there are more. */
export const EXPERIMENTS_MAX = 1000;
export const RUNS_MAX = 500;

export interface ExperimentRow {
  experiment: Experiment;
  /** Runs among those looked at. */
  runs: number;
  live: number;
  newest: Run | undefined;
  /** UTC milliseconds: the newest thing known to have happened there. */
  active: number;
}

export interface Home {
  rows: ExperimentRow[];
  live: { run: Run; experiment: Experiment }[];
  newestRun: Run | undefined;
  moreExperiments: boolean;
  /** There are older runs, so that counts are lower bounds. */
  moreRuns: boolean;
}

/** @throws {ApiError} */
export async function loadHome(signal: AbortSignal): Promise<Home> {
  const experiments = await searchExperiments({ max: EXPERIMENTS_MAX }, signal);
  const ids = experiments.items.map((experiment) => experiment.experiment_id);
  const runs = ids.length
    ? await searchRuns({ experiments: ids, max: RUNS_MAX, orderBy: ["attributes.start_time DESC"] }, signal)
    : { items: [], next: undefined };
  return {
    ...arrange(experiments.items, runs.items, Date.now()),
    moreExperiments: experiments.next !== undefined,
    moreRuns: runs.next !== undefined,
  };
}

/** @param runs newest first */
export function arrange(
  experiments: readonly Experiment[],
  runs: readonly Run[],
  now: number,
): Pick<Home, "rows" | "live" | "newestRun"> {
  const rows = new Map<string, ExperimentRow>();
  for (const experiment of experiments) {
    const active = experiment.last_update_time ?? experiment.creation_time ?? 0;
    rows.set(experiment.experiment_id, { experiment, runs: 0, live: 0, newest: undefined, active });
  }
  const live: Home["live"] = [];
  for (const run of runs) {
    const row = rows.get(run.info.experiment_id);
    if (!row) continue;
    row.runs += 1;
    row.newest ??= run;
    row.active = Math.max(row.active, lastActivity(run, now));
    if (!isLive(run.info)) continue;
    row.live += 1;
    live.push({ run, experiment: row.experiment });
  }
  return { rows: [...rows.values()].sort((a, b) => b.active - a.active), live, newestRun: runs[0] };
}
