import type { Run } from "../api/types";
import { toNumber } from "./runs";
import type { RunSort } from "./sort";

/**
 * Orders runs as MLflow's order_by does: in both directions numbers come before NaN and missing values last.
 * @param runs newest first, which is the order among equals
 */
export function sortRuns(runs: readonly Run[], sort: RunSort): Run[] {
  const keyed = runs.map((run) => ({ run, value: cellOf(run, sort.column) }));
  const sign = sort.descending ? -1 : 1;
  keyed.sort((a, b) => rank(a.value) - rank(b.value) || sign * compare(a.value, b.value));
  return keyed.map(({ run }) => run);
}

type Value = string | number | undefined;

function cellOf({ info, data }: Run, column: string): Value {
  if (column === "start") return info.start_time;
  if (column === "name") return info.run_name;
  if (column === "status") return info.status;
  const key = column.slice(column.indexOf(":") + 1);
  if (column.startsWith("param:")) return data.params?.find((param) => param.key === key)?.value;
  const metric = data.metrics?.find((one) => one.key === key);
  return metric && toNumber(metric.value);
}

function rank(value: Value): number {
  if (value === undefined) return 2;
  return Number.isNaN(value) ? 1 : 0;
}

/** Texts by their code points, as the database has them: "B" before "a". */
function compare(a: Value, b: Value): number {
  if (a === undefined || b === undefined || a === b) return 0;
  if (a < b) return -1;
  return a > b ? 1 : 0;
}
