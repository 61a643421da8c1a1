import type { HomeLive } from "../api/page-types";
import { fetchSeries } from "../api/tidemark";
import { useResource } from "../data/resource";
import { hashHref, runPath } from "../lib/address";
import { formatCount } from "../lib/format";
import { toNumber } from "../lib/runs";
import { Value } from "../parts/number";
import { Spark } from "../parts/spark";
import { Age, LiveDot } from "../parts/status";

/** Live runs listed by name; the rest are counted. */
const SHOWN = 6;
const SPARK_POINTS = 50;
const SPARK_MS = 10_000;

/** Runs that log now, with the metric each is known by. */
export function LiveNow({ live }: { live: readonly HomeLive[] }) {
  const shown = live.slice(0, SHOWN);
  const sparks = useSparks(shown);
  const newest = Math.max(0, ...live.map(({ last_point }) => last_point ?? 0));
  return (
    <section class="panel" aria-labelledby="live-now">
      <div class="panel-head">
        <h2 id="live-now">
          Live now <span class="count">{formatCount(live.length)}</span>
        </h2>
        {newest > 0 && (
          <span class="quiet small">
            newest point <Age at={newest} ago />
          </span>
        )}
      </div>
      <ul class="rows live-rows">
        {shown.map((run) => (
          <li class="live-row" key={run.run_id}>
            <LiveDot />
            <a class="row-name" href={hashHref(runPath(run.run_id))}>
              {run.run_name}
            </a>
            <span class="live-experiment quiet">{run.experiment_name}</span>
            <span class="live-key key quiet clip">{run.headline?.key}</span>
            <Spark values={sparks.get(run.run_id) ?? []} />
            <span class="live-value">{run.headline && <Value value={toNumber(run.headline.value)} />}</span>
          </li>
        ))}
      </ul>
      {live.length > SHOWN && <p class="foot">{formatCount(live.length - SHOWN)} more live</p>}
    </section>
  );
}

/** One call for all sparks. */
function useSparks(runs: readonly HomeLive[]): ReadonlyMap<string, number[]> {
  const wanted = runs.filter(({ headline }) => headline !== undefined);
  const ids = wanted.map(({ run_id }) => run_id);
  const keys = [...new Set(wanted.map(({ headline }) => headline?.key ?? ""))];
  const { data } = useResource(
    `sparks ${ids.join()} ${keys.join("\n")}`,
    async (signal) => {
      const { series } = await fetchSeries({ run_id: ids, key: keys, x: "step", buckets: SPARK_POINTS }, signal);
      return new Map(
        wanted.map(({ run_id, headline }): [string, number[]] => {
          const found = series.find((one) => one.run_id === run_id && one.key === headline?.key);
          return [run_id, found ? Array.from(found.last) : []];
        }),
      );
    },
    { idle: ids.length === 0, pollMs: () => SPARK_MS },
  );
  return data ?? new Map();
}
