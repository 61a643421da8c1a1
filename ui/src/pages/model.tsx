import { useMemo, useState } from "preact/hooks";
import {
  describeModel,
  getRegisteredModel,
  type ModelVersion,
  type RegisteredModel,
  searchModelVersions,
} from "../api/registry";
import { useResource } from "../data/resource";
import { hashHref } from "../lib/address";
import { useTitle } from "../lib/title";
import { Code } from "../parts/code";
import { CopyButton } from "../parts/copy";
import { focusOnce, InlineForm } from "../parts/inline-form";
import { lazy } from "../parts/lazy";
import { ErrorNote, PendingRows } from "../parts/states";
import { Activity, Promote } from "./model-side";
import { ModelVersionPanel } from "./model-version";
import { useVersionFigures, VersionTable } from "./model-versions";

const InProduction = lazy(() => import("./model-production").then((part) => part.InProduction));

/** The alias that stands for what is in use. */
const CHAMPION = "champion";

/** A registered model: its versions beside the one in use, how to load it, and how to put another in its place. */
export function ModelPage({ name, version }: { name: string; version: string | undefined }) {
  useTitle(name);
  const model = useResource(`model ${name}`, (signal) => getRegisteredModel(name, signal));
  const versions = useResource(`versions ${name}`, (signal) =>
    searchModelVersions(`name = '${name.replaceAll("'", "''")}'`, signal),
  );
  const reload = () => {
    model.reload();
    versions.reload();
  };
  const rows = useMemo(() => withAliases(model.data, versions.data), [model.data, versions.data]);
  const champion = championOf(model.data, rows);
  const figures = useVersionFigures(rows);
  const newest = rows?.[0];
  const inUse = figures.runs.get(champion?.version.run_id ?? "");
  const alias = champion?.alias;
  const loaded = alias ? `models:/${name}@${alias}` : `models:/${name}/${newest?.version ?? 1}`;
  const lines = `import mlflow\nmlflow.set_tracking_uri("${location.origin}")\nmodel = mlflow.pyfunc.load_model(\n    "${loaded}")`;
  return (
    <div class="page">
      <div class="section-head">
        <h1 class="crumbs">
          <a href={hashHref("/models")}>Models</a>
          <span class="slash" aria-hidden="true">
            /
          </span>
          <span class="clip" title={name}>
            {name}
          </span>
        </h1>
        {champion && (
          <span class="chip chip-accent">
            {champion.alias ? `@${champion.alias} ` : ""}v{champion.version.version}
          </span>
        )}
      </div>
      {model.data && <Description model={model.data} onChange={model.reload} />}
      {model.error && (
        <ErrorNote stale={model.data !== undefined} what="The model" error={model.error} retry={model.reload} />
      )}
      {versions.error && (
        <ErrorNote
          stale={versions.data !== undefined}
          what="The versions"
          error={versions.error}
          retry={versions.reload}
        />
      )}
      {!versions.data && !versions.error && !model.error && (
        <div class="panel">
          <PendingRows rows={4} label="Loading versions" />
        </div>
      )}
      {rows && model.data && (
        <div class="model-columns">
          <div class="model-main">
            <VersionTable
              name={name}
              versions={rows}
              champion={champion?.version}
              alias={champion?.alias}
              figures={figures}
            />
            {inUse && figures.metrics.length > 0 && (
              <InProduction
                key={inUse.info.run_id}
                run={inUse}
                metrics={figures.metrics.filter((key) => inUse.data.metrics?.some((metric) => metric.key === key))}
                name={alias ? `@${alias}` : `v${champion?.version.version}`}
              />
            )}
            {version && (
              <ModelVersionPanel
                model={model.data}
                version={rows.find((one) => one.version === version)}
                asked={version}
                onChange={reload}
              />
            )}
          </div>
          <aside class="model-side" aria-label="Use and promotion">
            <section class="panel snippet">
              <div class="panel-head">
                <h2>Load it</h2>
                <CopyButton text={lines} />
              </div>
              <Code text={lines} label="Lines to paste" />
            </section>
            {newest && newest.version !== champion?.version.version && (
              <Promote
                name={name}
                candidate={newest}
                champion={champion?.version}
                alias={champion?.alias ?? CHAMPION}
                figures={figures}
                onChange={reload}
              />
            )}
            <Activity model={model.data} versions={rows} />
          </aside>
        </div>
      )}
    </div>
  );
}

/** A search leaves aliases out; the model has them all. */
function withAliases(
  model: RegisteredModel | undefined,
  versions: readonly ModelVersion[] | undefined,
): ModelVersion[] | undefined {
  return versions?.map((one) => ({
    ...one,
    aliases: (model?.aliases ?? []).filter(({ version }) => String(version) === one.version).map(({ alias }) => alias),
  }));
}

/** The version in use: the alias "champion", another alias, or the stage Production. */
function championOf(
  model: RegisteredModel | undefined,
  versions: readonly ModelVersion[] | undefined,
): { alias: string | undefined; version: ModelVersion } | undefined {
  const aliases = model?.aliases ?? [];
  const found = aliases.find(({ alias }) => alias === CHAMPION) ?? aliases[0];
  const version = versions?.find((one) => one.version === String(found?.version));
  if (found && version) return { alias: found.alias, version };
  const staged = versions?.find(({ current_stage }) => current_stage === "Production");
  return staged && { alias: undefined, version: staged };
}

function Description({ model, onChange }: { model: RegisteredModel; onChange: () => void }) {
  const [text, setText] = useState<string | undefined>(undefined);
  if (text === undefined) {
    return (
      <p class="description">
        {model.description || <span class="quiet">No description.</span>}{" "}
        <button type="button" class="link-button" onClick={() => setText(model.description ?? "")}>
          {model.description ? "Change" : "Describe it"}
        </button>
      </p>
    );
  }
  const save = async () => {
    await describeModel(model.name, text);
    setText(undefined);
    onChange();
  };
  return (
    <InlineForm onSave={save} onCancel={() => setText(undefined)}>
      {(isRefused) => (
        <input
          class="input input-wide"
          aria-label="Description"
          ref={focusOnce}
          value={text}
          aria-invalid={isRefused}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      )}
    </InlineForm>
  );
}
