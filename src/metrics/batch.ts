/** MLflow's checks of logged metrics, and their packing for a RunLog. Pure. */
import { MAX_BATCH_METRICS, MAX_BATCH_PARAMS, MAX_BATCH_TAGS, MAX_BATCH_TOTAL } from "../limits";
import type { Messages } from "../wire/contract.generated";
import { missingParameter } from "../wire/decode";
import { invalid } from "../wire/errors";
import { pythonRepr } from "../wire/json";
import { checkKey } from "../wire/validate";
import { newColumns, storedValue } from "./observation";
import { encodePack, type KeyedColumns } from "./pack";

export interface MetricInput {
  key: string;
  value: number;
  timestamp: number;
  step: number;
  model_id?: string;
  dataset_name?: string;
  dataset_digest?: string;
}

/** Keys found valid before: a training loop sends the same few over and over. */
const validKeys = new Set<string>();
const MAX_REMEMBERED = 10_000;

/**
 * Checks decoded metrics in place and gives them their stored form: step 0 where absent, ±Infinity as the largest
 * double. In messages, one of a batch is named by its place (`metrics[3].`).
 * Errors: 400 naming the field.
 */
export function checkMetrics(metrics: Messages["mlflow.Metric"][], inBatch: boolean): MetricInput[] {
  checkPresent(metrics, inBatch);
  return checkValues(metrics as MetricInput[], inBatch);
}

/** That metrics have all they must. Errors: 400. */
export function checkPresent(metrics: Messages["mlflow.Metric"][], inBatch: boolean): void {
  for (let i = 0; i < metrics.length; i++) {
    const m = metrics[i] as Messages["mlflow.Metric"];
    const prefix = inBatch ? `metrics[${i}].` : "";
    if (!m.key) throw missingParameter(`${prefix}key`);
    if (m.value === undefined) throw missingParameter(`${prefix}value`);
    if (m.timestamp === undefined) throw missingParameter(`${prefix}timestamp`);
    if (!m.dataset_name !== !m.dataset_digest) {
      throw invalid("Both dataset_name and dataset_digest must be provided if one is provided");
    }
  }
}

/** Metrics as they are stored. Errors: 400 for a key or a timestamp that is none. */
export function checkValues(metrics: MetricInput[], inBatch: boolean): MetricInput[] {
  for (let i = 0; i < metrics.length; i++) {
    const m = metrics[i] as MetricInput;
    if (!validKeys.has(m.key)) {
      checkKey(m.key, inBatch ? `metrics[${i}].name` : "name", "Metric name");
      if (validKeys.size >= MAX_REMEMBERED) validKeys.clear();
      validKeys.add(m.key);
    }
    if (m.timestamp < 0) {
      throw invalid(
        `Invalid value ${m.timestamp} for parameter '${inBatch ? `metrics[${i}].` : ""}timestamp' supplied: metric ` +
          `'${m.key}' (value=${pythonFloat(m.value)}). Timestamp must be a nonnegative long (64-bit integer) `,
      );
    }
    m.step ??= 0;
    m.value = storedValue(m.value);
  }
  return metrics;
}

/** A double as Python shows it. */
function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const size = Math.abs(value);
  if (value === 0 || (size >= 1e-4 && size < 1e16)) return Number.isInteger(value) ? `${value}.0` : String(value);
  return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
}

/** The counts a batch may have. Errors: 400 with MLflow's advice to split. */
export function checkCounts(metrics: number, params: number, tags: number): void {
  const check = (count: number, limit: number, what: string) => {
    if (count <= limit) return;
    throw invalid(
      `A batch logging request can contain at most ${limit} ${what}. Got ${count} ${what}. ` +
        `Please split up ${what} across multiple requests and try again.`,
    );
  };
  check(metrics, MAX_BATCH_METRICS, "metrics");
  check(params, MAX_BATCH_PARAMS, "params");
  check(tags, MAX_BATCH_TAGS, "tags");
  check(metrics + params + tags, MAX_BATCH_TOTAL, "metrics, params, and tags");
}

/** Errors: 400 naming the keys sent more than once. */
export function checkDuplicateParams(params: readonly { key: string }[]): void {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const { key } of params) (seen.has(key) ? twice : seen).add(key);
  if (twice.size > 0) {
    throw invalid(
      `Duplicate parameter keys have been submitted: ${pythonRepr([...twice])}. ` +
        "Please ensure the request contains only one param value per param key.",
    );
  }
}

/** Checked metrics as one pack, grouped by key in order of first appearance. */
export function packMetrics(metrics: readonly MetricInput[]): Uint8Array {
  const counts = new Map<string, number>();
  for (const { key } of metrics) counts.set(key, (counts.get(key) ?? 0) + 1);
  const groups = new Map<string, { columns: KeyedColumns["columns"]; next: number }>();
  for (const [key, count] of counts) groups.set(key, { columns: newColumns(count), next: 0 });
  for (const m of metrics) {
    const group = groups.get(m.key);
    if (!group) continue;
    const i = group.next++;
    group.columns.steps[i] = m.step;
    group.columns.timestamps[i] = m.timestamp;
    group.columns.values[i] = m.value;
  }
  return encodePack(Array.from(groups, ([key, { columns }]) => ({ key, columns })));
}
