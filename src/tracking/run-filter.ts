/** A filter of runs as SQL on `runs r`: a condition on each run, and the indexes that could lead to its runs. Pure. */
import type { LifecycleStage } from "../db/schema/experiments";
import { D1_MAX_COMPOUND } from "../limits";
import {
  conjuncts,
  filterCondition,
  joined,
  likePrefix,
  listOf,
  numberCondition,
  type Params,
  prefixRange,
  textCondition,
} from "../search/conditions";
import type { Comparison, Filter } from "../search/kind";
import { RUN_NAME_TAG } from "./run";
import { stageList } from "./views";

/** Which runs a search looks through: those of some experiments in some stages. */
export interface RunScope {
  experimentIds: readonly string[];
  stages: readonly LifecycleStage[];
}

/** The condition that rows with an experiment's id are of the scope. One experiment is an equality: only then does an index order too. */
export function inExperiments(alias: string, { experimentIds }: RunScope, params: Params): string {
  const [only] = experimentIds;
  return experimentIds.length === 1 && only !== undefined
    ? `${alias}.experiment_id = ${params.bind(only)}`
    : `${alias}.experiment_id IN ${params.list(experimentIds)}`;
}

export function inStages(alias: string, { stages }: RunScope): string {
  return `${alias}.lifecycle_stage IN ${stageList(stages)}`;
}

/** The condition of a filter on a row of `runs r`. */
export const runCondition = (filter: Filter, params: Params): string =>
  joined("AND", partConditions(conjuncts(filter), params));

/** Where conditions are asked. */
interface Asked {
  /** The scope that the run is known to be of. */
  scope?: RunScope;
  /** SQL for the run's id. */
  id?: string;
}

/** The conditions that some parts of a filter hold for a run: those come first that cost and pass least. */
export function partConditions(parts: readonly Filter[], params: Params, asked: Asked = {}): string[] {
  return byCost(parts).map((part) => filterCondition(part, (comparison) => condition(comparison, params, asked)));
}

export const byCost = (parts: readonly Filter[]): Filter[] => parts.toSorted((a, b) => costOf(a) - costOf(b));

/** A run's own columns are at hand; equal texts are rarer than what is like a text, or beyond a number. */
function costOf(part: Filter): number {
  if (part.type !== "comparison") return 4;
  if (part.entity === "attribute" && part.key !== "run_name") return 0;
  if (part.operator === "=" || part.operator === "IN") return 1;
  return part.operator === "LIKE" || part.operator === "ILIKE" ? 2 : 3;
}

function condition(comparison: Comparison, params: Params, asked: Asked): string {
  const { entity, key, operator } = comparison;
  const { id = "r.run_id" } = asked;
  switch (entity) {
    case "metric":
      return `EXISTS (SELECT 1 FROM latest_metrics x
        WHERE x.run_id = ${id} AND x.key = ${params.bind(key)} AND ${metricCondition(comparison, params)})`;
    case "dataset":
      return `EXISTS (SELECT 1 FROM dataset_inputs x
        WHERE x.run_id = ${id} AND ${textCondition(`x.${key}`, comparison, params)})`;
    case "attribute":
      if (key === "run_name") return entryCondition("tags", { ...comparison, key: RUN_NAME_TAG }, params, asked);
      if (key === "run_id") return textCondition(id, comparison, params);
      if (key === "start_time") return numberCondition("r.start_time", operator, Number(comparison.value), params);
      if (key === "end_time") {
        return `(r.end_time IS NOT NULL AND ${numberCondition("r.end_time", operator, Number(comparison.value), params)})`;
      }
      return textCondition(`r.${key}`, comparison, params);
    default:
      return entryCondition(entity === "tag" ? "tags" : "params", comparison, params, asked);
  }
}

/** A NaN is unequal to every number, and nothing else. */
function metricCondition({ operator, value }: Comparison, params: Params): string {
  const compared = numberCondition("x.value", operator, Number(value), params);
  return operator === "!=" ? `(x.is_nan = 1 OR ${compared})` : `x.is_nan = 0 AND ${compared}`;
}

function entryCondition(
  table: "params" | "tags",
  comparison: Comparison,
  params: Params,
  { scope, id = "r.run_id" }: Asked,
): string {
  const { key, operator } = comparison;
  if (operator === "=" && scope?.experimentIds.length === 1) {
    // The index of values ends with the run's id: its part for one value is small, where the table is all values' size.
    return `EXISTS (SELECT 1 FROM ${table} x INDEXED BY ${table}_by_value
      WHERE ${inExperiments("x", scope, params)} AND x.key = ${params.bind(key)}
        AND ${textCondition("x.value", comparison, params)} AND x.run_id = ${id})`;
  }
  const row = `SELECT 1 FROM ${table} x WHERE x.run_id = ${id} AND x.key = ${params.bind(key)}`;
  if (operator === "IS NULL") return `(NOT EXISTS (${row}))`;
  if (operator === "IS NOT NULL") return `EXISTS (${row})`;
  return `EXISTS (${row} AND ${textCondition("x.value", comparison, params)})`;
}

/**
 * A way to the runs of a part of a filter that all results must satisfy: a select of `run_id`s from an index, each once.
 * A narrow one reads what it returns; a wide one reads all that have the key.
 */
export interface Driver {
  part: Filter;
  select: string;
  isNarrow: boolean;
}

/** The indexes that could lead to the runs of some parts of a filter. */
export function driversOf(parts: readonly Filter[], scope: RunScope, params: Params): Driver[] {
  return parts.flatMap((part) => {
    const found = partDriver(part, scope, params);
    return found ? [{ part, ...found }] : [];
  });
}

type Way = Pick<Driver, "select" | "isNarrow">;

/** Parts of an OR that may lead: each is a select in the statement. */
const MAX_CHOICES = 25;

/** An OR leads where each of its parts does. */
function partDriver(part: Filter, scope: RunScope, params: Params): Way | undefined {
  if (part.type === "comparison") return driver(part, scope, params);
  if (part.type !== "or" || part.parts.length > MAX_CHOICES) return undefined;
  const ways = part.parts.map((choice) => (choice.type === "comparison" ? driver(choice, scope, params) : undefined));
  const narrow = ways.filter((way) => way?.isNarrow).map((way) => way?.select ?? "");
  if (narrow.length < ways.length) return undefined;
  return { select: `SELECT DISTINCT run_id FROM (${unionOf(narrow)})`, isNarrow: true };
}

/** Selects one after the other, however many: one compound takes no more than D1's limit. */
export function unionOf(selects: readonly string[]): string {
  const size = D1_MAX_COMPOUND ** Math.max(0, Math.ceil(Math.log(selects.length) / Math.log(D1_MAX_COMPOUND)) - 1);
  const parts = [];
  for (let i = 0; i < selects.length; i += size) parts.push(selects.slice(i, i + size));
  return parts.map((part) => `SELECT * FROM (${part.length > 1 ? unionOf(part) : part[0]})`).join(" UNION ALL ");
}

function driver(comparison: Comparison, scope: RunScope, params: Params): Way | undefined {
  const { entity, key, operator, value } = comparison;
  if (entity === "metric") {
    if (operator === "!=") return undefined;
    const where = `${inExperiments("x", scope, params)} AND x.key = ${params.bind(key)}`;
    const select = `SELECT x.run_id FROM latest_metrics x INDEXED BY latest_metrics_by_value
      WHERE ${where} AND ${metricCondition(comparison, params)}`;
    return { select, isNarrow: true };
  }
  if (entity === "param" || entity === "tag") return entryDriver(entity, comparison, scope, params);
  if (entity === "dataset") {
    if (operator === "!=" || operator === "NOT IN") return undefined;
    const select = `SELECT DISTINCT x.run_id FROM dataset_inputs x INDEXED BY dataset_inputs_by_name
      WHERE ${inExperiments("x", scope, params)} AND ${textCondition(`x.${key}`, comparison, params)}`;
    return { select, isNarrow: key === "name" && (operator === "=" || operator === "IN") };
  }
  if (key === "run_name") return entryDriver("tag", { ...comparison, key: RUN_NAME_TAG }, scope, params);
  if (operator !== "=" && operator !== "IN") return undefined;
  if (key === "run_id")
    return { select: `SELECT DISTINCT value AS run_id FROM ${params.list(listOf(value))}`, isNarrow: true };
  if (key !== "status") return undefined;
  const select = `SELECT x.run_id FROM runs x INDEXED BY runs_by_status
    WHERE ${inExperiments("x", scope, params)} AND ${inStages("x", scope)} AND x.status = ${params.bind(String(value))}`;
  return { select, isNarrow: true };
}

function entryDriver(
  entity: "param" | "tag",
  comparison: Comparison,
  scope: RunScope,
  params: Params,
): Way | undefined {
  const { key, operator, value } = comparison;
  if (operator === "IS NULL") return undefined;
  const table = entity === "tag" ? "tags" : "params";
  const conditions = [inExperiments("x", scope, params), `x.key = ${params.bind(key)}`];
  const prefix = operator === "LIKE" ? likePrefix(String(value)) : "";
  if (prefix) conditions.push(prefixRange("x.value", prefix, params));
  if (operator !== "IS NOT NULL") conditions.push(textCondition("x.value", comparison, params));
  const select = `SELECT x.run_id FROM ${table} x INDEXED BY ${table}_by_value WHERE ${conditions.join(" AND ")}`;
  return { select, isNarrow: operator === "=" || prefix !== "" };
}
