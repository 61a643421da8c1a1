import type { StatsAnswer } from "../api/page-types";
import { fetchSeries } from "../api/tidemark";
import { useResource } from "../data/resource";
import { formatCount } from "../lib/format";
import { toNumber } from "../lib/runs";

export interface CommonStep {
  /** Values at the step all runs have reached, by metric and run; undefined where the last ones are compared. */
  values: ReadonlyMap<string, ReadonlyMap<string, number>> | undefined;
  /** In words, where the runs ended at different steps. */
  note: string | undefined;
}

/** Runs of different length are compared where the shortest ended. */
export function useCommonStep(
  runs: readonly string[],
  keys: readonly string[],
  stats: StatsAnswer["keys"] | undefined,
  wanted: boolean,
): CommonStep {
  const ends = runs.map((_, i) => lastStep(stats, i)).filter((step) => step > 0);
  const common = Math.min(...ends);
  const differ = ends.length > 1 && common < Math.max(...ends);
  const { data } = useResource(
    `common ${common} ${runs.join()} ${keys.join("\n")}`,
    async (signal) => {
      const request = { run_id: runs, key: keys.slice(0, 100), x: "step" as const, to: common, buckets: 1 };
      const { series } = await fetchSeries(request, signal);
      const values = new Map<string, Map<string, number>>();
      for (const one of series) {
        const ofKey = values.get(one.key) ?? new Map<string, number>();
        ofKey.set(one.run_id, toNumber(one.last[one.rows - 1] ?? Number.NaN));
        values.set(one.key, ofKey);
      }
      return values;
    },
    { idle: !differ || !wanted || runs.length === 0 },
  );
  if (!differ) return { values: undefined, note: undefined };
  if (!wanted)
    return { values: undefined, note: "These runs ended at different steps; their last values are compared." };
  return { values: data, note: `These runs are compared at step ${formatCount(common)}, which all of them reached.` };
}

function lastStep(stats: StatsAnswer["keys"] | undefined, run: number): number {
  return Math.max(0, ...Object.values(stats ?? {}).map(({ step }) => step[run] ?? 0));
}
