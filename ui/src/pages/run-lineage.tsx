import { getLoggedModel, getRun, searchRuns } from "../api/mlflow";
import { searchModelVersions } from "../api/registry";
import type { DatasetInput, Run } from "../api/types";
import { useResource } from "../data/resource";
import { hashHref, modelPath, runPath } from "../lib/address";
import { runName, tagValue } from "../lib/runs";
import { ErrorNote } from "../parts/states";
import { Age, RunState } from "../parts/status";

const CHILDREN_MAX = 200;

/** Where a run came from and what came of it: datasets, models, the run above it and those below. */
export function RunLineage({ run }: { run: Run }) {
  const { run_id: id, experiment_id: experiment } = run.info;
  const parentId = tagValue(run, "mlflow.parentRunId");
  const parent = useResource(`run ${parentId}`, (signal) => getRun(parentId ?? "", signal), { idle: !parentId });
  const children = useResource(`children ${id}`, (signal) =>
    searchRuns({ experiments: [experiment], filter: `tags.mlflow.parentRunId = '${id}'`, max: CHILDREN_MAX }, signal),
  );
  const versions = useResource(`versions of ${id}`, (signal) => searchModelVersions(`run_id = '${id}'`, signal));
  const datasets = run.inputs?.dataset_inputs ?? [];
  const made = (run.outputs?.model_outputs ?? []).map(({ model_id }) => model_id);
  const read = (run.inputs?.model_inputs ?? []).map(({ model_id }) => model_id);
  return (
    <div class="details-grid">
      <section class="panel pairs">
        <h2>Datasets {datasets.length > 0 && <span class="count">{datasets.length}</span>}</h2>
        {datasets.length === 0 && (
          <p class="quiet">No datasets. mlflow.log_input(dataset, context="training") logs one.</p>
        )}
        {datasets.map((input) => (
          <Dataset key={input.dataset.name + input.dataset.digest} input={input} />
        ))}
      </section>
      <section class="panel pairs">
        <h2>Models</h2>
        {made.length + read.length === 0 && !versions.data?.length && (
          <p class="quiet">No models. mlflow.sklearn.log_model(model, name="model") logs one.</p>
        )}
        <ul class="lines">
          {made.map((model) => (
            <Model key={model} id={model} relation="made" run={id} />
          ))}
          {read.map((model) => (
            <Model key={model} id={model} relation="read" run={id} />
          ))}
          {versions.data?.map((version) => (
            <li key={version.name + version.version}>
              <a href={hashHref(modelPath(version.name, version.version))}>
                {version.name} v{version.version}
              </a>
              <span class="quiet"> registered</span>
            </li>
          ))}
        </ul>
      </section>
      <section class="panel pairs">
        <h2>Parent run</h2>
        {parent.error && <ErrorNote what="The parent run" error={parent.error} retry={parent.reload} />}
        {parentId ? (
          <RunLine run={parent.data} id={parentId} />
        ) : (
          <p class="quiet">None. mlflow.start_run(nested=True) makes one run part of another.</p>
        )}
      </section>
      <section class="panel pairs">
        <h2>
          Child runs {children.data && children.data.length > 0 && <span class="count">{children.data.length}</span>}
        </h2>
        {children.error && <ErrorNote what="The child runs" error={children.error} retry={children.reload} />}
        {children.data?.length === 0 && <p class="quiet">None.</p>}
        {children.data?.map((child) => (
          <RunLine key={child.info.run_id} run={child} id={child.info.run_id} />
        ))}
      </section>
    </div>
  );
}

function RunLine({ run, id }: { run: Run | undefined; id: string }) {
  return (
    <p class="run-line">
      <a href={hashHref(runPath(id))}>{run ? runName(run.info) : id.slice(0, 8)}</a>
      {run && <RunState info={run.info} />}
      {run?.info.start_time && (
        <span class="quiet small">
          <Age at={run.info.start_time} ago />
        </span>
      )}
    </p>
  );
}

function Model({ id, relation, run }: { id: string; relation: string; run: string }) {
  const { data } = useResource(`logged model ${id}`, (signal) => getLoggedModel(id, signal));
  const source = data?.info.source_run_id;
  return (
    <li>
      <span title={id}>{data?.info.name ?? id}</span>
      <span class="quiet"> {relation}</span>
      {source && source !== run && (
        <>
          {" "}
          <a href={hashHref(runPath(source))}>by another run</a>
        </>
      )}
    </li>
  );
}

function Dataset({ input: { dataset, tags } }: { input: DatasetInput }) {
  const context = tags?.find(({ key }) => key === "mlflow.data.context")?.value;
  return (
    <div class="dataset">
      <p>
        <b>{dataset.name}</b> <code title={dataset.digest}>@ {dataset.digest}</code>
        {context && <span class="quiet"> {context}</span>}
      </p>
      {dataset.source && (
        <p class="quiet small clip" title={dataset.source}>
          {dataset.source_type}: {dataset.source}
        </p>
      )}
    </div>
  );
}
