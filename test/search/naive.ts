/** A search of runs in plain JavaScript, to hold the SQL against: slow, and short enough to be believed. */
import type { OrderKey } from "../../src/search/filter";
import type { Comparison, Filter } from "../../src/search/kind";

export interface NaiveRun {
  run_id: string;
  name: string;
  status: string;
  start_time: number;
  end_time: number | null;
  metrics: Record<string, number>;
  params: Record<string, string>;
  tags: Record<string, string>;
  datasets: { name: string; digest: string; context: string | null }[];
}

export function holds(filter: Filter, run: NaiveRun): boolean {
  switch (filter.type) {
    case "and":
      return filter.parts.every((part) => holds(part, run));
    case "or":
      return filter.parts.some((part) => holds(part, run));
    case "not":
      return !holds(filter.part, run);
    default:
      return compares(filter, run);
  }
}

function compares(c: Comparison, run: NaiveRun): boolean {
  if (c.entity === "dataset") {
    return run.datasets.some((dataset) => matches(c, dataset[c.key as "name" | "digest" | "context"] ?? undefined));
  }
  if (c.entity === "metric") return matches(c, run.metrics[c.key]);
  if (c.entity === "param") return matches(c, run.params[c.key]);
  if (c.entity === "tag") return matches(c, run.tags[c.key]);
  if (c.key === "run_name") return matches(c, run.tags["mlflow.runName"]);
  return matches(c, run[c.key as "run_id" | "status" | "start_time" | "end_time"] ?? undefined);
}

function matches({ operator, value }: Comparison, found: string | number | undefined): boolean {
  if (operator === "IS NULL") return found === undefined;
  if (found === undefined) return false;
  if (operator === "IS NOT NULL") return true;
  if (Array.isArray(value)) return value.includes(found) === (operator === "IN");
  const wanted = value as string | number;
  switch (operator) {
    case "=":
      return found === wanted;
    case "!=":
      return found !== wanted;
    case "<":
      return found < wanted;
    case "<=":
      return found <= wanted;
    case ">":
      return found > wanted;
    case ">=":
      return found >= wanted;
    case "LIKE":
      return like(String(found), String(wanted));
    default:
      return like(lower(String(found)), lower(String(wanted)));
  }
}

const lower = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

export function like(text: string, pattern: string): boolean {
  const escaped = pattern.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("%", ".*").replaceAll("_", ".")}$`, "su").test(text);
}

/** Runs in an order: missing values last either way, NaN before them. */
export function sorted(runs: readonly NaiveRun[], keys: readonly OrderKey[]): NaiveRun[] {
  const all: OrderKey[] = [
    ...keys,
    { entity: "attribute", key: "start_time", descending: true },
    { entity: "attribute", key: "run_id", descending: false },
  ];
  return runs.toSorted((a, b) => {
    for (const key of all) {
      const difference = compare(sortValue(a, key), sortValue(b, key), key.descending);
      if (difference !== 0) return difference;
    }
    return 0;
  });
}

type Value = string | number | null | undefined;

function sortValue(run: NaiveRun, { entity, key }: OrderKey): Value {
  if (entity === "metric") return run.metrics[key];
  if (entity === "param") return run.params[key];
  if (entity === "tag") return run.tags[key];
  return key === "run_name" ? run.name : run[key as "run_id" | "status" | "start_time" | "end_time"];
}

const rank = (value: Value): number => (value === undefined || value === null ? 2 : Number(Number.isNaN(value)));

function compare(a: Value, b: Value, descending: boolean): number {
  if (rank(a) !== rank(b) || rank(a) > 0) return rank(a) - rank(b);
  const less = (a as string) < (b as string);
  if (a === b) return 0;
  return less === descending ? 1 : -1;
}
