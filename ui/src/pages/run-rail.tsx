import { useState } from "preact/hooks";
import { fetchSeries } from "../api/tidemark";
import type { Run } from "../api/types";
import { useNow } from "../data/clock";
import { useResource } from "../data/resource";
import type { Latest } from "../data/use-run";
import { hashHref, runPath } from "../lib/address";
import type { Direction } from "../lib/compare";
import { formatCount, formatDuration, formatMoment, formatUtc } from "../lib/format";
import { groupByPrefix, isSystemKey, ownTags, runDuration, tagValue, toNumber } from "../lib/runs";
import { Delta } from "../parts/delta";
import { Value } from "../parts/number";
import { TagChips } from "../parts/tag-chips";

interface Props {
  run: Run;
  latest: ReadonlyMap<string, Latest>;
  baseline: Run | undefined;
  direction: (key: string) => Direction | undefined;
  onTags: () => void;
}

/** The run in figures, beside its charts. */
export function RunRail({ run, latest, baseline, direction, onTags }: Props) {
  return (
    <aside class="panel rail" aria-label="The run in figures">
      <Figures latest={latest} baseline={baseline} direction={direction} />
      <Params run={run} baseline={baseline} />
      <section class="rail-part">
        <h2>Tags</h2>
        <TagChips run={run.info.run_id} tags={ownTags(run)} onChange={onTags} />
      </section>
      <Origin run={run} />
    </aside>
  );
}

/** Charts of a longer baseline are compared where this run is now; a fiftieth of the way is close enough to ask again. */
const STOPS = 50;

function Figures({ latest, baseline, direction }: Pick<Props, "latest" | "baseline" | "direction">) {
  const [atEnd, setAtEnd] = useState(false);
  const keys = groupByPrefix([...latest.keys()].filter((key) => !isSystemKey(key))).flatMap((group) => group.keys);
  const last = new Map((baseline?.data.metrics ?? []).map((metric) => [metric.key, metric]));
  const step = Math.max(0, ...keys.map((key) => latest.get(key)?.step ?? 0));
  const baseStep = Math.max(0, ...keys.map((key) => last.get(key)?.step ?? 0));
  const behind = baseline !== undefined && step > 0 && step < baseStep;
  const stop = behind ? Math.max(1, Math.floor(Math.floor((step / baseStep) * STOPS) * (baseStep / STOPS))) : 0;
  const upTo = Math.max(stop, Math.min(step, stop + Math.ceil(baseStep / STOPS)));
  const shared = keys.filter((key) => last.has(key)).slice(0, 100);
  const common = useResource(
    `at ${baseline?.info.run_id} ${upTo} ${shared.join("\n")}`,
    async (signal) => {
      const request = { run_id: [baseline?.info.run_id ?? ""], key: shared, x: "step" as const, to: upTo, buckets: 1 };
      const { series } = await fetchSeries(request, signal);
      return new Map(series.map((one) => [one.key, one.last[one.rows - 1]]));
    },
    { idle: !behind || shared.length === 0 },
  );
  const isCommon = behind && !atEnd && common.data !== undefined;
  const baseOf = (key: string) => {
    if (isCommon) return common.data?.get(key);
    const metric = last.get(key);
    return metric && toNumber(metric.value);
  };
  return (
    <section class="rail-part">
      <h2>{baseline ? "Latest against baseline" : "Latest"}</h2>
      {behind && (
        <p class="quiet small">
          {isCommon ? `The baseline at step ${formatCount(upTo)}.` : "The baseline at its end."}{" "}
          <button type="button" class="link-button" onClick={() => setAtEnd(!atEnd)}>
            {atEnd ? "At this step" : "At its end"}
          </button>
        </p>
      )}
      {keys.length === 0 && <p class="quiet">No metrics yet.</p>}
      <dl>
        {keys.map((key) => (
          <div class={baseline ? "figure-row" : "figure-row alone"} key={key}>
            <dt class="key" title={key}>
              {key}
            </dt>
            <dd>
              <Value value={latest.get(key)?.value ?? Number.NaN} />
            </dd>
            {baseline && (
              <dd>
                <Delta value={latest.get(key)?.value} baseline={baseOf(key)} direction={direction(key)} />
              </dd>
            )}
          </div>
        ))}
      </dl>
    </section>
  );
}

function Params({ run, baseline }: { run: Run; baseline: Run | undefined }) {
  const [all, setAll] = useState(false);
  const params = run.data.params ?? [];
  const before = new Map((baseline?.data.params ?? []).map(({ key, value }) => [key, value]));
  const changed = params.filter(({ key, value }) => before.get(key) !== value);
  const shown = baseline && !all ? changed : params;
  return (
    <section class="rail-part">
      <div class="rail-head">
        <h2>Parameters</h2>
        {baseline && params.length > 0 && (
          <button type="button" class="toggle" aria-pressed={!all} onClick={() => setAll(!all)}>
            Changed only
          </button>
        )}
      </div>
      {shown.length === 0 && <p class="quiet">{params.length ? "All equal the baseline's." : "No parameters."}</p>}
      <dl>
        {shown.map(({ key, value }) => {
          const old = before.get(key);
          return (
            <div class="pair" key={key}>
              <dt class="key" title={key}>
                {key}
              </dt>
              <dd title={value}>
                {old !== undefined && old !== value && <del class="quiet">{old}</del>} {value}
              </dd>
            </div>
          );
        })}
      </dl>
    </section>
  );
}

function Origin({ run }: { run: Run }) {
  const { info } = run;
  const duration = runDuration(info, useNow(1000));
  const parent = tagValue(run, "mlflow.parentRunId");
  const dataset = run.inputs?.dataset_inputs?.[0]?.dataset;
  const model = run.outputs?.model_outputs?.[0]?.model_id;
  return (
    <section class="rail-part">
      <h2>Lineage</h2>
      <dl>
        {dataset && (
          <div class="pair">
            <dt>Dataset</dt>
            <dd class="key" title={`${dataset.name} @ ${dataset.digest}`}>
              {dataset.name} @ {dataset.digest.slice(0, 8)}
            </dd>
          </div>
        )}
        {parent && (
          <div class="pair">
            <dt>Parent run</dt>
            <dd>
              <a href={hashHref(runPath(parent))}>{parent.slice(0, 8)}</a>
            </dd>
          </div>
        )}
        {model && (
          <div class="pair">
            <dt>Model</dt>
            <dd>
              <a href={hashHref(runPath(info.run_id, "lineage"))}>{model.slice(0, 12)}</a>
            </dd>
          </div>
        )}
        <div class="pair">
          <dt>User</dt>
          <dd>{tagValue(run, "mlflow.user") ?? info.user_id ?? "–"}</dd>
        </div>
        {info.start_time && (
          <div class="pair">
            <dt>Started</dt>
            <dd title={formatUtc(info.start_time)}>
              {formatMoment(info.start_time)}
              {duration !== undefined && `, ${formatDuration(duration)}`}
            </dd>
          </div>
        )}
      </dl>
    </section>
  );
}
