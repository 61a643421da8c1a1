/** A monitor between its three forms: what the API takes and gives, what is stored, and what a log evaluates. */
import type * as v from "valibot";
import { directionOf } from "../page/direction";
import { filterOf } from "../search/filter";
import { RUNS } from "../search/kinds/runs";
import { experimentId } from "../tracking/experiment";
import { invalid } from "../wire/errors";
import type { SealedTarget } from "./alert-message";
import {
  type MONITOR_FIELDS,
  type Rule,
  ruleProblem,
  type Scope,
  type Severity,
  sentence,
  type Target,
} from "./monitor";
import type { MonitorRow } from "./store";

/** What is stored as `definition`. */
export interface Definition {
  scope: Scope;
  rule: Rule;
  severity: Severity;
}

/** A monitor as a log reads it, see MONITORS_OF_RUN. */
export interface WatchedRow {
  monitor_id: string;
  version: number;
  name: string;
  definition: Definition;
  targets: SealedTarget[];
  muted_until: number;
  updated_time: number;
  experiment_id: string;
  run_name: string;
  alert: {
    alert_id: string;
    state: "firing" | "resolved";
    opened_time: number;
    timestamp: number;
    step: number;
  } | null;
}

type Fields = typeof MONITOR_FIELDS;

/** What a request gives of a monitor. */
export type MonitorRequest = { [K in keyof Fields]: v.InferOutput<Fields[K]> };

/** The rule of a request. A direction that is not given is the metric's, guessed from its name. Errors: 400. */
export function ruleOf(request: Omit<Rule, "direction"> & { direction?: Rule["direction"] | undefined }): Rule {
  const { metric, window, aggregate, condition, consecutive, recovery, every, cooldown_minutes } = request;
  const direction = request.direction ?? guessedDirection(metric, condition.type);
  const given = { metric, window, aggregate, condition, direction, consecutive, recovery, cooldown_minutes };
  const rule: Rule = every === undefined ? given : { ...given, every };
  const problem = ruleProblem(rule);
  if (problem) throw invalid(`Invalid monitor: ${problem}.`);
  return rule;
}

function guessedDirection(metric: string, kind: string): Rule["direction"] {
  if (kind !== "threshold" && kind !== "baseline") return "either";
  const guessed = directionOf(metric);
  if (guessed) return guessed;
  throw invalid(
    `Missing value for required parameter 'direction': whether more of '${metric}' is better ('max') or less ('min').`,
  );
}

/** Errors: 400 for an id or a filter that is none. */
export function checkedScope(scope: Scope): Scope {
  if (!("experiment_id" in scope)) return scope;
  const id = experimentId(scope.experiment_id);
  if (!scope.filter?.trim()) return { experiment_id: id };
  filterOf(RUNS, scope.filter);
  return { experiment_id: id, filter: scope.filter };
}

/** A monitor as the API gives it. */
export function wireMonitor(row: MonitorRow, firing = 0) {
  const { scope, rule, severity } = JSON.parse(row.definition) as Definition;
  const targets = JSON.parse(row.targets) as (Target & { secret?: string })[];
  return {
    monitor_id: row.monitorId,
    name: row.name,
    sentence: sentence(rule),
    scope,
    ...rule,
    severity,
    enabled: row.enabled === 1,
    ...(row.mutedUntil > 0 ? { muted_until: row.mutedUntil } : {}),
    notify: targets.map(({ format, url, secret }) => ({ format, url, signed: secret !== undefined })),
    firing,
    created_time: row.createdTime,
    updated_time: row.updatedTime,
  };
}
