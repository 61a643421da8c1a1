import type { ComponentChildren } from "preact";
import type { Run } from "../api/types";
import { useNow } from "../data/clock";
import { formatCount, formatDuration, formatTime, formatUtc } from "../lib/format";
import { groupByPrefix, ownTags, runDuration, runName, systemTags, tagValue, toNumber } from "../lib/runs";
import { CopyButton } from "../parts/copy";
import { Value } from "../parts/number";
import { Pairs } from "../parts/pairs";
import { Age, RunState } from "../parts/status";

/** Everything known about a run, in words and figures. */
export function RunDetails({ run }: { run: Run }) {
  const pairsOf = (list: { key: string; value: string }[]) =>
    list.map(({ key, value }) => ({ key, value, title: value }));
  return (
    <div class="details-grid">
      <div class="panel">
        <About run={run} />
      </div>
      <div class="panel">
        <LatestMetrics run={run} />
      </div>
      <div class="panel">
        <Pairs
          title="Parameters"
          none='No parameters. mlflow.log_param("learning_rate", 0.001) logs one.'
          pairs={pairsOf(run.data.params ?? [])}
        />
      </div>
      <div class="panel">
        <Pairs title="Tags" none='No tags. mlflow.set_tag("team", "fraud") sets one.' pairs={pairsOf(ownTags(run))} />
        <Pairs title="Tags set by MLflow" pairs={pairsOf(systemTags(run))} />
      </div>
    </div>
  );
}

function About({ run }: { run: Run }) {
  const { info } = run;
  const duration = runDuration(info, useNow(1000));
  const facts: [string, ComponentChildren][] = [
    ["Name", runName(info)],
    ["State", <RunState info={info} />],
    [
      "Run id",
      <>
        <code>{info.run_id}</code> <CopyButton text={info.run_id} />
      </>,
    ],
    ["Started", info.start_time && moment(info.start_time)],
    ["Ended", info.end_time && moment(info.end_time)],
    ["Duration", duration !== undefined && formatDuration(duration)],
    ["User", tagValue(run, "mlflow.user") ?? info.user_id],
    ["Source", tagValue(run, "mlflow.source.name")],
    ["Commit", tagValue(run, "mlflow.source.git.commit")],
    ["Artifacts", info.artifact_uri && <code>{info.artifact_uri}</code>],
  ];
  return <Pairs facts title="Run" pairs={facts.filter(([, value]) => value).map(([key, value]) => ({ key, value }))} />;
}

function moment(ms: number): ComponentChildren {
  return <span title={formatUtc(ms)}>{formatTime(ms)}</span>;
}

function LatestMetrics({ run }: { run: Run }) {
  const metrics = new Map((run.data.metrics ?? []).map((metric) => [metric.key, metric]));
  const keys = groupByPrefix([...metrics.keys()]).flatMap((group) => group.keys);
  return (
    <section class="pairs">
      <h2>Metrics {keys.length > 0 && <span class="count">{keys.length}</span>}</h2>
      {keys.length === 0 && <p class="quiet">No metrics. mlflow.log_metric("loss", 0.5, step=0) logs one.</p>}
      {keys.length > 0 && (
        <table class="table plain">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col" class="right">
                Latest
              </th>
              <th scope="col" class="right">
                Step
              </th>
              <th scope="col" class="right wide-only">
                Logged
              </th>
            </tr>
          </thead>
          <tbody>
            {keys.map((key) => {
              const metric = metrics.get(key);
              return (
                metric && (
                  <tr key={key}>
                    <th scope="row" class="key clip" title={key}>
                      {key}
                    </th>
                    <td class="right">
                      <Value value={toNumber(metric.value)} />
                    </td>
                    <td class="right num">{formatCount(metric.step)}</td>
                    <td class="right num wide-only">
                      <Age at={metric.timestamp} />
                    </td>
                  </tr>
                )
              );
            })}
          </tbody>
        </table>
      )}
    </section>
  );
}
