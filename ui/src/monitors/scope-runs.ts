/** Which runs a monitor looks at, and what their metric was lately. */

import { getRun } from "../api/mlflow";
import type { Scope } from "../api/monitor-types";
import { searchModelVersions, searchRegisteredModels } from "../api/registry";
import { streamTable } from "../api/tidemark";
import { runName, toNumber } from "../lib/runs";

export interface ScopeRun {
  id: string;
  name: string;
  experiment: string;
  live: boolean;
  /** The newest point of the metric, where it is known: UTC milliseconds. */
  lastPoint: number | undefined;
  last: number | undefined;
}

/** Runs that are looked through for those that have the metric. */
const LOOKED_AT = 50;

/** The newest runs of a scope that have the metric, the newest first. Errors: ApiError. */
export async function runsOfScope(scope: Scope, metric: string, signal: AbortSignal): Promise<ScopeRun[]> {
  if ("experiment_id" in scope) return await runsOfExperiment(scope, metric, signal);
  const id = "run_id" in scope ? scope.run_id : await runOfAlias(scope.model, scope.alias, signal);
  if (id === undefined) return [];
  const { info, data } = await getRun(id, signal);
  const point = data.metrics?.find(({ key }) => key === metric);
  return [
    {
      id,
      name: runName(info),
      experiment: info.experiment_id,
      live: info.status === "RUNNING",
      lastPoint: point && Number(point.timestamp),
      last: point && toNumber(point.value),
    },
  ];
}

async function runsOfExperiment(
  { experiment_id, filter }: { experiment_id: string; filter?: string | undefined },
  metric: string,
  signal: AbortSignal,
): Promise<ScopeRun[]> {
  const request = {
    experiment_ids: [experiment_id],
    order_by: ["attributes.start_time DESC"],
    metrics: [metric],
    max_results: LOOKED_AT,
    ...(filter ? { filter } : {}),
  };
  const found: ScopeRun[] = [];
  for await (const part of streamTable(request, signal)) {
    if (!("page" in part)) continue;
    const { page } = part;
    const values = page.metrics?.[metric];
    page.run_id.forEach((id, i) => {
      const value = values?.value[i];
      if (value === undefined || value === null) return;
      found.push({
        id,
        name: page.run_name[i] ?? id.slice(0, 8),
        experiment: experiment_id,
        live: page.status[i] === "RUNNING",
        lastPoint: values?.timestamp[i] ?? undefined,
        last: toNumber(value),
      });
    });
  }
  return found;
}

async function runOfAlias(model: string, alias: string, signal: AbortSignal): Promise<string | undefined> {
  const quoted = model.replaceAll("'", "''");
  const { items } = await searchRegisteredModels({ filter: `name = '${quoted}'` }, signal);
  const version = items[0]?.aliases?.find((one) => one.alias === alias)?.version;
  if (version === undefined) return undefined;
  const versions = await searchModelVersions(`name = '${quoted}'`, signal);
  return versions.find((one) => one.version === version)?.run_id;
}

/** The metrics of the run that a scope names. Errors: ApiError. */
export async function keysOfRun(scope: Scope, signal: AbortSignal): Promise<string[]> {
  if ("experiment_id" in scope) return [];
  const id = "run_id" in scope ? scope.run_id : await runOfAlias(scope.model, scope.alias, signal);
  if (id === undefined) return [];
  return ((await getRun(id, signal)).data.metrics ?? []).map(({ key }) => key).sort();
}
