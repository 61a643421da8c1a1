import { useEffect } from "preact/hooks";
import { getRun } from "../api/mlflow";
import type { HomeExperiment, KeysAnswer } from "../api/page-types";
import { useResource } from "../data/resource";
import { FilterBar } from "../filter/filter-bar";
import { plural } from "../lib/format";
import { runName } from "../lib/runs";
import { Segments } from "../parts/segments";
import type { Draft, Gap } from "./draft";

interface Props {
  draft: Draft;
  onChange: (change: Partial<Draft>) => void;
  experiments: readonly HomeExperiment[];
  models: readonly { name: string; aliases: readonly string[] }[];
  keys: KeysAnswer | undefined;
  /** Runs that the scope has now, where that is known. */
  runs: number | undefined;
  gap: Gap | undefined;
}

const SCOPES = [
  { value: "experiment", label: "Experiment" },
  { value: "run", label: "Run" },
  { value: "model", label: "Model alias" },
] as const;

/** Which runs are watched: those of an experiment that a filter lets through, one run, or whatever run is behind an alias. */
export function FormScope({ draft, onChange, experiments, models, keys, runs, gap }: Props) {
  const run = useResource(`run ${draft.run}`, (signal) => getRun(draft.run, signal), {
    idle: draft.scope !== "run" || !/^[0-9a-f]{32}$/.test(draft.run),
  });
  const experimentOfRun = run.data?.info.experiment_id;
  // Whoever came from a run finds its experiment chosen when they widen the scope.
  useEffect(() => {
    if (experimentOfRun && draft.experiment === "") onChange({ experiment: experimentOfRun });
  }, [experimentOfRun]);
  const aliases = models.find(({ name }) => name === draft.model)?.aliases ?? [];
  return (
    <div class="form-scope">
      <div class="tools">
        <Segments
          label="Applies to"
          options={[...SCOPES]}
          value={draft.scope}
          onChange={(scope) => onChange({ scope })}
        />
        {draft.scope === "experiment" && (
          <select
            class="input select form-experiment"
            aria-label="Experiment"
            aria-invalid={gap === "experiment"}
            value={draft.experiment}
            onChange={(event) => onChange({ experiment: event.currentTarget.value, filter: "" })}
          >
            <option value="" disabled>
              Choose an experiment
            </option>
            {experiments.map(({ experiment_id, name }) => (
              <option key={experiment_id} value={experiment_id}>
                {name}
              </option>
            ))}
          </select>
        )}
        {draft.scope === "run" && (
          <>
            <input
              class="input key form-run"
              aria-label="Run id"
              aria-invalid={gap === "run"}
              placeholder="Run id"
              autocomplete="off"
              spellcheck={false}
              value={draft.run}
              onInput={(event) => onChange({ run: event.currentTarget.value.trim() })}
            />
            {run.data && <span class="clip">{runName(run.data.info)}</span>}
            {run.error && <span class="field-error">{run.error.message}</span>}
          </>
        )}
        {draft.scope === "model" && (
          <>
            <select
              class="input select"
              aria-label="Model"
              aria-invalid={gap === "model"}
              value={draft.model}
              onChange={(event) => onChange({ model: event.currentTarget.value, alias: "" })}
            >
              <option value="" disabled>
                Choose a model
              </option>
              {withOwn(
                models.map(({ name }) => name),
                draft.model,
              ).map((name) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </select>
            <select
              class="input select"
              aria-label="Alias"
              aria-invalid={gap === "alias"}
              value={draft.alias}
              onChange={(event) => onChange({ alias: event.currentTarget.value })}
            >
              <option value="" disabled>
                Choose an alias
              </option>
              {withOwn(aliases, draft.alias).map((alias) => (
                <option key={alias} value={alias}>
                  @{alias}
                </option>
              ))}
            </select>
          </>
        )}
      </div>
      {draft.scope === "experiment" && draft.experiment !== "" && (
        <FilterBar
          key={draft.experiment}
          experiment={draft.experiment}
          value={draft.filter}
          onChange={(filter) => onChange({ filter })}
          keys={keys}
          result={runs === undefined ? "" : plural(runs, "run")}
        />
      )}
    </div>
  );
}

/** What a monitor names stays to be chosen, even where it is gone. */
const withOwn = (list: readonly string[], own: string): readonly string[] =>
  own === "" || list.includes(own) ? list : [own, ...list];
