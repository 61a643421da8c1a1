import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { setRunTag } from "../api/mlflow";
import type { KeyValue, Run } from "../api/types";
import { useNow } from "../data/clock";
import type { Latest } from "../data/use-run";
import { formatCount, formatDuration, formatTime, formatUtc } from "../lib/format";
import { groupByPrefix, ownTags, runDuration, runName, systemTags, tagValue } from "../lib/runs";
import { CopyButton } from "../parts/copy";
import { FieldError } from "../parts/field-error";
import { Value } from "../parts/number";
import { Pairs } from "../parts/pairs";
import { Age, RunState } from "../parts/status";
import { TagForm } from "../parts/tag-chips";

interface Props {
  run: Run;
  latest: ReadonlyMap<string, Latest>;
  onChange: () => void;
}

/** Everything known about a run, in words and figures. */
export function RunDetails({ run, latest, onChange }: Props) {
  const [text, setText] = useState("");
  const wanted = text.toLowerCase();
  const matches = ({ key, value }: KeyValue) =>
    key.toLowerCase().includes(wanted) || value.toLowerCase().includes(wanted);
  const pairsOf = (list: readonly KeyValue[]) =>
    list.filter(matches).map(({ key, value }) => ({ key, value, title: value }));
  return (
    <>
      <input
        class="input"
        type="search"
        placeholder="Filter params, tags and metrics"
        aria-label="Filter params, tags and metrics"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <div class="details-grid">
        <div class="panel">
          <About run={run} />
        </div>
        <div class="panel">
          <LatestMetrics latest={latest} wanted={wanted} />
        </div>
        <div class="panel">
          <Pairs
            title="Parameters"
            none={
              run.data.params?.length
                ? "None matches."
                : 'No parameters. mlflow.log_param("learning_rate", 0.001) logs one.'
            }
            pairs={pairsOf(run.data.params ?? [])}
          />
        </div>
        <div class="panel">
          <Tags run={run.info.run_id} tags={ownTags(run).filter(matches)} onChange={onChange} />
          <Pairs title="Tags set by MLflow" pairs={pairsOf(systemTags(run))} />
        </div>
      </div>
    </>
  );
}

/** Tags people set: changed in place, and taken away. */
function Tags({ run, tags, onChange }: { run: string; tags: readonly KeyValue[]; onChange: () => void }) {
  const [editing, setEditing] = useState<string | undefined>(undefined);
  const [adding, setAdding] = useState(false);
  const [error, setError] = useState<string | undefined>(undefined);
  const done = (saved: boolean) => {
    setEditing(undefined);
    setAdding(false);
    if (saved) onChange();
  };
  const remove = (key: string) =>
    setRunTag(run, key, undefined).then(
      () => done(true),
      (thrown: Error) => setError(thrown.message),
    );
  return (
    <section class="pairs">
      <h2>Tags {tags.length > 0 && <span class="count">{tags.length}</span>}</h2>
      <dl>
        {tags.map((tag) => (
          <div class="pair" key={tag.key}>
            <dt class="key" title={tag.key}>
              {tag.key}
            </dt>
            <dd>
              {editing === tag.key ? (
                <TagForm run={run} tag={tag} onDone={done} />
              ) : (
                <>
                  {tag.value}
                  <button
                    type="button"
                    class="button quiet-button"
                    aria-label={`Change ${tag.key}`}
                    onClick={() => setEditing(tag.key)}
                  >
                    Change
                  </button>
                  <button
                    type="button"
                    class="button quiet-button"
                    aria-label={`Remove ${tag.key}`}
                    onClick={() => void remove(tag.key)}
                  >
                    Remove
                  </button>
                </>
              )}
            </dd>
          </div>
        ))}
      </dl>
      <FieldError text={error} />
      {adding ? (
        <TagForm run={run} onDone={done} />
      ) : (
        <button type="button" class="button" onClick={() => setAdding(true)}>
          Add tag
        </button>
      )}
    </section>
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

function LatestMetrics({ latest, wanted }: { latest: ReadonlyMap<string, Latest>; wanted: string }) {
  const keys = groupByPrefix([...latest.keys()].filter((key) => key.toLowerCase().includes(wanted))).flatMap(
    (group) => group.keys,
  );
  return (
    <section class="pairs">
      <h2>Metrics {keys.length > 0 && <span class="count">{keys.length}</span>}</h2>
      {keys.length === 0 && (
        <p class="quiet">
          {latest.size ? "None matches." : 'No metrics. mlflow.log_metric("loss", 0.5, step=0) logs one.'}
        </p>
      )}
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
              const metric = latest.get(key);
              return (
                metric && (
                  <tr key={key}>
                    <th scope="row" class="key clip" title={key}>
                      {key}
                    </th>
                    <td class="right">
                      <Value value={metric.value} />
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
