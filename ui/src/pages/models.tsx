import type { RegisteredModel } from "../api/registry";
import { searchRegisteredModels } from "../api/registry";
import { useResource } from "../data/resource";
import { hashHref, modelPath, useQueryKey } from "../lib/address";
import { formatCount } from "../lib/format";
import { useTitle } from "../lib/title";
import { Code } from "../parts/code";
import { CopyButton } from "../parts/copy";
import { ErrorNote, PendingRows } from "../parts/states";
import { Age } from "../parts/status";

const FIRST_MODEL = (origin: string) =>
  `import mlflow\nmlflow.set_tracking_uri("${origin}")\n\nmlflow.sklearn.log_model(model, name="model", registered_model_name="my-model")`;

/** Every page of the list: models are few beside runs. */
async function allModels(signal: AbortSignal): Promise<RegisteredModel[]> {
  const models: RegisteredModel[] = [];
  let pageToken: string | undefined;
  do {
    const page = await searchRegisteredModels({ pageToken }, signal);
    models.push(...page.items);
    pageToken = page.next;
  } while (pageToken);
  return models.filter(
    ({ tags }) => !tags?.some(({ key, value }) => key === "mlflow.prompt.is_prompt" && value === "true"),
  );
}

/** Registered models. */
export function ModelsPage() {
  useTitle("Models");
  const { data, error, reload } = useResource("registered models", allModels);
  const [q, setQ] = useQueryKey("q");
  const wanted = (q ?? "").toLowerCase();
  const rows = data?.filter(({ name }) => name.toLowerCase().includes(wanted));
  return (
    <div class="page">
      <div class="section-head">
        <h1>Models {data && <span class="count">{formatCount(data.length)}</span>}</h1>
        {data && data.length > 0 && (
          <input
            class="input push"
            type="search"
            placeholder="Filter by name"
            aria-label="Filter models by name"
            value={q ?? ""}
            onInput={(event) => setQ(event.currentTarget.value || undefined, { replace: true })}
          />
        )}
      </div>
      {error && <ErrorNote stale={data !== undefined} what="The models" error={error} retry={reload} />}
      {!data && !error && (
        <div class="panel">
          <PendingRows rows={6} label="Loading models" />
        </div>
      )}
      {data?.length === 0 && <NoModels />}
      {rows && rows.length > 0 && <ModelTable models={rows} />}
      {data && data.length > 0 && rows?.length === 0 && (
        <p class="panel foot">
          No model matches.{" "}
          <button type="button" class="button" onClick={() => setQ(undefined)}>
            Clear the filter
          </button>
        </p>
      )}
    </div>
  );
}

function NoModels() {
  const lines = FIRST_MODEL(location.origin);
  return (
    <section class="notice">
      <h2>No models yet</h2>
      <p class="lead">One line registers a model with the run that made it.</p>
      <div class="panel snippet">
        <div class="panel-head">
          <span class="label">Python</span>
          <CopyButton text={lines} />
        </div>
        <Code text={lines} label="Lines to paste" />
      </div>
    </section>
  );
}

function ModelTable({ models }: { models: readonly RegisteredModel[] }) {
  return (
    <div class="panel">
      <table class="table models">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Newest</th>
            <th scope="col" class="wide-only">
              Aliases
            </th>
            <th scope="col" class="wide-only">
              Description
            </th>
            <th scope="col" class="right">
              Changed
            </th>
          </tr>
        </thead>
        <tbody>
          {models.map((model) => {
            const newest = Math.max(0, ...(model.latest_versions ?? []).map(({ version }) => Number(version)));
            return (
              <tr key={model.name}>
                <th scope="row">
                  <a class="row-name" href={hashHref(modelPath(model.name))} title={model.name}>
                    {model.name}
                  </a>
                </th>
                <td>{newest > 0 ? `v${newest}` : <span class="quiet">none</span>}</td>
                <td class="wide-only clip">
                  {(model.aliases ?? []).map(({ alias, version }) => (
                    <span class="chip" key={alias}>
                      @{alias} v{version}
                    </span>
                  ))}
                </td>
                <td class="wide-only clip" title={model.description}>
                  {model.description}
                </td>
                <td class="right num">{model.last_updated_timestamp && <Age at={model.last_updated_timestamp} />}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
