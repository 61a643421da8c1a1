/** Puts the first page together: three trips to D1, two more while alerts fire, and a call to the log of each run shown as live. */
import type { Env } from "../env";
import { latestInLogs } from "../metrics/latest";
import { wireDouble } from "../wire/json";
import { BASELINE_TAG, type Direction, directionIn, HEADLINE_TAG, headlineRank } from "./direction";
import { firingPart } from "./firing";
import { type FiringNow, firingNow, type MonitorCount, monitorCounts } from "./firing-store";
import {
  type Details,
  type ExperimentRow,
  experimentDetails,
  type HomeRun,
  type HotRun,
  headlineValues,
  RUNS_COUNTED,
  recentExperiments,
  type Value,
} from "./home-store";

/** Live runs shown with their values. */
const LIVE = 20;
const WEEK_MS = 7 * 24 * 3_600_000;

type Point = Pick<Value, "value" | "step" | "timestamp">;

interface Headline {
  key: string;
  direction: Direction | undefined;
}

/** What is shown of an experiment, beside its own row. */
interface Known {
  row: ExperimentRow;
  tags: { key: string; value: string }[];
  newest: HomeRun[];
  runs: number;
  headline: Headline | undefined;
  baseline: string | undefined;
}

/** The answer of the home call; see docs/page-api.md. */
export async function home(env: Env, limit: number, now: number) {
  const [{ experiments, hot }, firing] = await Promise.all([recentExperiments(env.DB, limit), firingNow(env.DB)]);
  const ids = experiments.map((row) => row.experiment_id);
  const live = hot.sort((a, b) => b.start_time - a.start_time || (a.run_id < b.run_id ? -1 : 1)).slice(0, LIVE);
  const [details, logs, counts, firingAlerts] = await Promise.all([
    experimentDetails(env.DB, ids),
    latestInLogs(
      env,
      live.map(({ run_id }) => run_id),
    ),
    firing.isWatched ? monitorCounts(env.DB, ids, now) : [],
    firingPart(env, firing, now),
  ]);
  const monitors = monitorsOf(counts, firing);
  // Metrics of runs that have published nothing yet count for an experiment's headline, too.
  const fresh = live.flatMap(({ run_id, experiment_id }) =>
    Array.from(logs.get(run_id)?.keys() ?? [], (key) => ({ experiment_id, key })),
  );
  const known = knownOf(experiments, { ...details, keys: [...details.keys, ...fresh] });
  const found = await valuesOf(env, known, now);
  const values = new Map(found.values.map((v) => [v.run_id, { ...v, value: v.is_nan ? Number.NaN : v.value }]));
  const names = new Map([...known.flatMap((k) => k.newest), ...found.runs].map((run) => [run.run_id, run.name]));
  const owners = new Map(details.owners.map(({ experiment_id, owner }) => [experiment_id, owner]));
  const best = new Map(found.best.map((b) => [b.experiment_id, b.run_id]));
  const headlines = new Map(known.map((k) => [k.row.experiment_id, k.headline?.key]));
  const liveRuns = live.map((run) => liveRun(run, logs.get(run.run_id) ?? new Map(), headlines.get(run.experiment_id)));
  for (const { run_id, headline } of liveRuns) {
    if (headline) values.set(run_id, { ...headline, run_id, is_nan: 0 });
  }
  const ofRun = (id: string | undefined) => {
    const value = id === undefined ? undefined : values.get(id)?.value;
    return id === undefined || !names.has(id)
      ? undefined
      : { run_id: id, run_name: names.get(id), value: value === undefined ? undefined : wireDouble(value) };
  };
  return {
    now,
    total: experiments[0]?.total ?? 0,
    firing: firingAlerts,
    experiments: known.map(({ row, tags, newest, runs, headline, baseline }) => {
      const own = liveRuns.filter((run) => run.experiment_id === row.experiment_id);
      const moments = newest.flatMap((run) => [run.end_time ?? 0, values.get(run.run_id)?.timestamp ?? 0]);
      return {
        experiment_id: row.experiment_id,
        name: row.name,
        creation_time: row.creation_time,
        last_update_time: row.last_update_time,
        tags,
        runs: Math.min(runs, RUNS_COUNTED),
        runs_more: runs > RUNS_COUNTED,
        live: hot.filter((run) => run.experiment_id === row.experiment_id).length,
        last_activity: Math.max(row.active, ...moments, ...own.map((run) => run.last_point)),
        owner: newest[0]?.user_id || owners.get(row.experiment_id),
        headline,
        newest: newest.map(({ run_id }) => {
          const value = values.get(run_id)?.value;
          return { run_id, value: value === undefined ? undefined : wireDouble(value) };
        }),
        best: ofRun(best.get(row.experiment_id)),
        baseline: ofRun(baseline),
        monitors: monitors.get(row.experiment_id),
      };
    }),
    live: liveRuns.map(({ headline, ...run }) => ({
      ...run,
      headline: headline && { ...headline, value: wireDouble(headline.value) },
    })),
  };
}

/** Monitors by experiment, where there are any. One of a model's alias is counted where it fires. */
function monitorsOf(counts: readonly MonitorCount[], { monitors }: FiringNow) {
  const firing = new Map(monitors.map((row) => [row.experiment_id, row.firing]));
  const ids = new Set([...counts.map((row) => row.experiment_id), ...firing.keys()]);
  const byId = new Map(counts.map((row) => [row.experiment_id, row]));
  return new Map(
    Array.from(ids, (id) => {
      const { total = 0, muted = 0 } = byId.get(id) ?? {};
      const fires = firing.get(id) ?? 0;
      return [id, { total: Math.max(total, fires), firing: fires, muted }];
    }),
  );
}

function knownOf(experiments: readonly ExperimentRow[], details: Details): Known[] {
  const tags = Map.groupBy(details.tags, (tag) => tag.experiment_id);
  const newest = Map.groupBy(details.newest, (run) => run.experiment_id);
  const keys = Map.groupBy(details.keys, (entry) => entry.experiment_id);
  const counts = new Map(details.counts.map(({ experiment_id, runs }) => [experiment_id, runs]));
  return experiments.map((row) => {
    const id = row.experiment_id;
    const own = (tags.get(id) ?? []).map(({ key, value }) => ({ key, value }));
    const byKey = new Map(own.map(({ key, value }) => [key, value]));
    const key = byKey.get(HEADLINE_TAG) || bestRanked((keys.get(id) ?? []).map((entry) => entry.key));
    return {
      row,
      tags: own,
      newest: newest.get(id) ?? [],
      runs: counts.get(id) ?? 0,
      headline: key === undefined ? undefined : { key, direction: directionIn(byKey, key) },
      baseline: byKey.get(BASELINE_TAG) || undefined,
    };
  });
}

/** The key most likely to stand for its experiment; of equals the first by name. */
function bestRanked(keys: readonly string[]): string | undefined {
  return keys.toSorted((a, b) => headlineRank(b) - headlineRank(a) || (a < b ? -1 : 1))[0];
}

async function valuesOf(env: Env, known: readonly Known[], now: number) {
  const asked = {
    values: known.flatMap(({ newest, headline, baseline }) => {
      if (!headline) return [];
      const runs = newest.map((run) => run.run_id);
      return [...new Set(baseline ? [...runs, baseline] : runs)].map((run): [string, string] => [run, headline.key]);
    }),
    headlines: known.flatMap(({ row, headline }) =>
      headline?.direction
        ? [
            {
              experiment_id: row.experiment_id,
              key: headline.key,
              sign: headline.direction === "max" ? 1 : -1,
            } as const,
          ]
        : [],
    ),
    since: now - WEEK_MS,
    runs: known.flatMap(({ baseline }) => baseline ?? []),
  };
  const found = await headlineValues(env.DB, asked);
  const missing = found.best.filter(({ run_id }) => !asked.values.some(([run]) => run === run_id));
  if (missing.length === 0) return found;
  // A best run that is not among the newest: its name and value, too.
  const keys = new Map(asked.headlines.map(({ experiment_id, key }) => [experiment_id, key]));
  const more = await headlineValues(env.DB, {
    values: missing.map(({ experiment_id, run_id }) => [run_id, keys.get(experiment_id) ?? ""]),
    headlines: [],
    since: 0,
    runs: missing.map(({ run_id }) => run_id),
  });
  return { ...found, values: [...found.values, ...more.values], runs: [...found.runs, ...more.runs] };
}

/** A log lacks what it has published already: a live run shows a metric that came lately, its experiment's if that did. */
function liveRun(run: HotRun, points: ReadonlyMap<string, Point>, headline: string | undefined) {
  const key = headline !== undefined && points.has(headline) ? headline : bestRanked([...points.keys()]);
  const point = key === undefined ? undefined : points.get(key);
  return {
    run_id: run.run_id,
    run_name: run.name,
    experiment_id: run.experiment_id,
    experiment_name: run.experiment_name,
    user_id: run.user_id,
    start_time: run.start_time,
    headline: key !== undefined && point ? { key, ...point } : undefined,
    last_point: Array.from(points.values()).reduce((last, { timestamp }) => Math.max(last, timestamp), run.start_time),
  };
}
