import type { Monitor, Standing } from "../api/monitor-types";
import { previewMonitor } from "../api/monitors";
import { fetchSeries } from "../api/tidemark";
import { type Track, toTrack } from "../charts/track";
import { useResource } from "../data/resource";
import { runsOfScope, type ScopeRun } from "./scope-runs";

const HOUR = 3_600_000;
/** Stretches of time that are shown, the shortest that holds the newest point. */
export const SPANS = [
  { name: "24h", text: "24 h", ms: 24 * HOUR },
  { name: "7d", text: "7 d", ms: 7 * 24 * HOUR },
  { name: "30d", text: "30 d", ms: 30 * 24 * HOUR },
  { name: "1y", text: "year", ms: 365 * 24 * HOUR },
] as const;
export type SpanChoice = (typeof SPANS)[number];

const SPARK_ROWS = 60;
const CHART_ROWS = 600;
/** Live runs are read again this often; which runs there are, less often. */
const LIVE_MS = 10_000;
const RUNS_MS = 60_000;
/** How a window stands is asked for once in so many milliseconds of points. */
const STANDING_MS = 5_000;

/** The shortest stretch in which there is something to see. */
export function spanFor(lastPoint: number | undefined, now = Date.now()): SpanChoice {
  const age = lastPoint === undefined ? 0 : now - lastPoint;
  return SPANS.find(({ ms }) => age < ms * 0.9) ?? SPANS[3];
}

/** Runs that a monitor looks at, the newest first. */
export function useScopeRuns(monitor: Pick<Monitor, "scope" | "metric"> | undefined, idle = false) {
  const scope = monitor?.scope ?? { run_id: "" };
  const metric = monitor?.metric ?? "";
  return useResource(`scope runs ${JSON.stringify(scope)} ${metric}`, (signal) => runsOfScope(scope, metric, signal), {
    idle: idle || !monitor || metric === "",
    pollMs: () => RUNS_MS,
  });
}

/**
 * The run of a monitor that is to be shown: the one that is wanted, whether or not it is among the newest, else the newest
 * one that has the metric.
 */
export function useShownRun(monitor: Monitor, wanted: string | undefined, idle = false) {
  const runs = useScopeRuns(monitor, idle);
  const listed = runs.data?.find(({ id }) => id === wanted);
  const isOlder = wanted !== undefined && runs.data !== undefined && !listed;
  const older = useScopeRuns({ scope: { run_id: wanted ?? "" }, metric: monitor.metric }, idle || !isOlder);
  const isAsked = isOlder && older.data === undefined && !older.error;
  return {
    runs,
    run: isAsked ? undefined : (listed ?? older.data?.[0] ?? runs.data?.[0]),
    settled: runs.data !== undefined && !isAsked,
  };
}

/** The metric of some runs by time, over the last `ms` milliseconds; runs without a point of it are left out. */
export function useTracks(
  { runs, metric, ms, rows = CHART_ROWS }: { runs: readonly ScopeRun[]; metric: string; ms: number; rows?: number },
  idle = false,
) {
  const ids = runs.map(({ id }) => id);
  return useResource(
    `tracks ${ids.join()} ${metric} ${ms} ${rows}`,
    async (signal): Promise<Track[]> => {
      const from = Date.now() - ms;
      const { series } = await fetchSeries({ run_id: ids, key: [metric], x: "time", from, buckets: rows }, signal);
      return series.map(toTrack);
    },
    {
      idle: idle || ids.length === 0 || metric === "",
      pollMs: () => (runs.some(({ live }) => live) ? LIVE_MS : undefined),
    },
  );
}

/** How a monitor stands on one of its runs, and its metric there lately. */
export interface MonitorNow {
  run: ScopeRun | undefined;
  span: SpanChoice;
  track: Track | undefined;
  standing: Standing | undefined;
  /** Everything that can be known is known. */
  settled: boolean;
  error: Error | undefined;
}

/** @param wanted the run to look at; where it is none of the monitor's, or not given, the newest one */
export function useMonitorNow(monitor: Monitor, wanted: string | undefined, idle: boolean): MonitorNow {
  const { runs, run, settled } = useShownRun(monitor, wanted, idle);
  const span = spanFor(run?.lastPoint);
  const tracks = useTracks({ runs: run ? [run] : [], metric: monitor.metric, ms: span.ms, rows: SPARK_ROWS }, idle);
  const track = tracks.data?.[0];
  const standing = useStanding(monitor, run?.id, track, idle);
  return {
    run,
    span,
    track,
    standing: standing.data,
    settled: settled && (!run || tracks.data !== undefined),
    error: runs.error ?? tracks.error,
  };
}

/** The newest window of a run as the monitor's rule sees it, looked at again as points come. */
export function useStanding(monitor: Monitor, run: string | undefined, track: Track | undefined, idle = false) {
  const rows = track?.x.length ?? 0;
  const newest = track?.x[rows - 1];
  const { metric, window, aggregate, condition, direction, consecutive, recovery, every, cooldown_minutes } = monitor;
  const rule = { metric, window, aggregate, condition, direction, consecutive, recovery, cooldown_minutes };
  const isSilence = condition.type === "silence";
  return useResource(
    `standing ${monitor.monitor_id} ${monitor.updated_time} ${run} ${Math.floor((newest ?? 0) / STANDING_MS)}`,
    async (signal): Promise<Standing | undefined> => {
      const scope = { run_id: run ?? "" };
      const seen = await previewMonitor(
        { ...rule, ...(every === undefined ? {} : { every }), scope, since: newest ?? 0 },
        signal,
      );
      return seen.now[0];
    },
    { idle: idle || isSilence || run === undefined || newest === undefined },
  );
}
