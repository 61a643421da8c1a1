import { getRun } from "../api/mlflow";
import type { ModelVersion } from "../api/registry";
import type { Run } from "../api/types";
import { useResource } from "../data/resource";
import { comparePath, hashHref, modelPath, runPath } from "../lib/address";
import { guessDirection, headlineRank } from "../lib/direction";
import { compareNames, runName, toNumber } from "../lib/runs";
import { Delta } from "../parts/delta";
import { Value } from "../parts/number";
import { Age } from "../parts/status";

/** Versions whose runs are read for their figures. */
const FIGURES_FOR = 20;
const METRICS_SHOWN = 3;

export interface VersionFigures {
  runs: ReadonlyMap<string, Run>;
  /** The metrics worth a column, the most telling first. */
  metrics: readonly string[];
  value: (version: ModelVersion | undefined, metric: string) => number | undefined;
}

/** What the runs behind the newest versions measured. */
export function useVersionFigures(versions: readonly ModelVersion[] | undefined): VersionFigures {
  const ids = [...new Set((versions ?? []).slice(0, FIGURES_FOR).flatMap(({ run_id }) => run_id || []))];
  const { data } = useResource(
    `figures ${ids.join()}`,
    async (signal) => {
      // A run may be gone while its version stays.
      const runs = await Promise.all(ids.map((id) => getRun(id, signal).catch(() => undefined)));
      return new Map(runs.flatMap((run) => (run ? [[run.info.run_id, run] as const] : [])));
    },
    { idle: ids.length === 0 },
  );
  const runs = data ?? new Map<string, Run>();
  const uses = new Map<string, number>();
  for (const run of runs.values())
    for (const { key } of run.data.metrics ?? []) uses.set(key, (uses.get(key) ?? 0) + 1);
  const rank = (key: string) => headlineRank(key) + (uses.get(key) ?? 0);
  const metrics = [...uses.keys()].sort((a, b) => rank(b) - rank(a) || compareNames(a, b)).slice(0, METRICS_SHOWN);
  return {
    runs,
    metrics,
    value: (version, metric) => {
      const found = runs.get(version?.run_id ?? "")?.data.metrics?.find(({ key }) => key === metric);
      return found && toNumber(found.value);
    },
  };
}

interface Props {
  name: string;
  versions: readonly ModelVersion[];
  champion: ModelVersion | undefined;
  alias: string | undefined;
  figures: VersionFigures;
}

export function VersionTable({ name, versions, champion, alias, figures }: Props) {
  const { metrics, runs, value } = figures;
  const compared = [...new Set(versions.flatMap(({ run_id }) => run_id || []))]
    .filter((run) => run !== champion?.run_id)
    .slice(0, 10);
  return (
    <section class="panel" aria-labelledby="versions">
      <div class="panel-head">
        <h2 id="versions">
          Versions <span class="count">{versions.length}</span>
        </h2>
        <div class="tools">
          {champion && (
            <span class="quiet small wide-only-inline">
              differences are against {alias ? `@${alias}` : `v${champion.version}`}
            </span>
          )}
          {compared.length > 0 && (
            <a class="button" href={hashHref(comparePath(compared, champion?.run_id))}>
              Compare
            </a>
          )}
        </div>
      </div>
      {versions.length === 0 && (
        <p class="foot">
          No versions. <code>mlflow.register_model("runs:/…/model", "{name}")</code> makes one.
        </p>
      )}
      {versions.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
        <section class="scroll-x" tabIndex={0} aria-label="Versions and their figures">
          <table class="table versions">
            <thead>
              <tr>
                <th scope="col">Version</th>
                <th scope="col">Aliases</th>
                <th scope="col" class="wide-only">
                  Stage
                </th>
                {metrics.map((metric, i) => (
                  <th scope="col" class={i === 0 ? "right" : "right wide-only"} key={metric}>
                    {metric}
                  </th>
                ))}
                <th scope="col" class="wide-only">
                  Run
                </th>
                <th scope="col" class="right wide-only">
                  Registered
                </th>
              </tr>
            </thead>
            <tbody>
              {versions.map((version) => {
                const run = runs.get(version.run_id ?? "");
                const isChampion = version.version === champion?.version;
                return (
                  <tr key={version.version} class={isChampion ? "row-base" : undefined}>
                    <th scope="row">
                      <a class="row-name" href={hashHref(modelPath(name, version.version))}>
                        v{version.version}
                      </a>
                    </th>
                    <td>
                      {version.aliases?.length ? (
                        version.aliases.map((one) => (
                          <span class={one === alias ? "chip chip-accent" : "chip"} key={one}>
                            @{one}
                          </span>
                        ))
                      ) : (
                        <span class="quiet">–</span>
                      )}
                    </td>
                    <td class="wide-only">
                      {version.current_stage && version.current_stage !== "None" ? version.current_stage : "–"}
                    </td>
                    {metrics.map((metric, i) => {
                      const figure = value(version, metric);
                      return (
                        <td class={i === 0 ? "right" : "right wide-only"} key={metric}>
                          {figure !== undefined && <Value value={figure} />}{" "}
                          {isChampion ? (
                            figure !== undefined && <span class="quiet small">baseline</span>
                          ) : (
                            <Delta
                              value={figure}
                              baseline={value(champion, metric)}
                              direction={guessDirection(metric)}
                            />
                          )}
                        </td>
                      );
                    })}
                    <td class="wide-only clip">
                      {version.run_id && (
                        <a href={hashHref(runPath(version.run_id))}>
                          {run ? runName(run.info) : version.run_id.slice(0, 8)}
                        </a>
                      )}
                    </td>
                    <td class="right num wide-only">
                      {version.creation_timestamp && <Age at={version.creation_timestamp} />}
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}
