/** logged-models/search: from a request to SQL, and the page tokens between its pages. */
import { type SQL, sql } from "drizzle-orm";
import type { Database } from "../db/client";
import { LOGGED_MODELS_PAGE } from "../limits";
import type { Requests } from "../wire/contract.generated";
import { invalid, MlflowError } from "../wire/errors";
import { pythonRepr } from "../wire/json";
import { checkMaxResults } from "../wire/validate";
import { checkExperimentId, type LoggedModel } from "./logged-model";
import { attributeColumn, type Comparison, parseFilter } from "./logged-model-filter";
import { pageOfModels } from "./logged-model-store";

type Request = Requests["searchLoggedModels"];
type OrderBy = NonNullable<Request["order_by"]>;

const DEFAULT_RESULTS = 100;

/** A page of the active models of some experiments. Errors: 400 for what MLflow refuses, 501 for metrics and datasets. */
export async function searchModels(
  db: Database,
  request: Request,
): Promise<{ models: LoggedModel[]; next_page_token?: string }> {
  for (const id of request.experiment_ids) checkExperimentId(id);
  const asked = request.max_results || DEFAULT_RESULTS;
  checkMaxResults(asked);
  checkDatasets(request.datasets ?? []);
  const offset = decodeToken(request);
  const order = orderOf(request.order_by ?? []);
  const where = whereOf(request.experiment_ids, parseFilter(request.filter ?? ""));
  if (request.experiment_ids.length === 0) return { models: [] };
  // A larger page than this is cut; the token leads on, and MLflow's clients follow it.
  const limit = Math.min(asked, LOGGED_MODELS_PAGE);
  const models = await pageOfModels(db, { where, order, limit: limit + 1, offset });
  if (models.length <= limit) return { models };
  return { models: models.slice(0, limit), next_page_token: encodeToken(request, offset + limit) };
}

function checkDatasets(datasets: NonNullable<Request["datasets"]>): void {
  if (datasets.length === 0) return;
  if (datasets.some((d) => !d.dataset_name))
    throw invalid("`dataset_name` in the `datasets` clause must be specified.");
  throw new MlflowError("NOT_IMPLEMENTED", "Searching logged models by dataset is not implemented by this server.");
}

function whereOf(experimentIds: string[], comparisons: Comparison[]): SQL {
  // One experiment as an equality: only then does its index give the order too.
  const among =
    experimentIds.length === 1
      ? sql`experiment_id = ${experimentIds[0]}`
      : sql`experiment_id IN (SELECT value FROM json_each(${JSON.stringify(experimentIds)}))`;
  return sql.join([among, sql`lifecycle_stage = 'active'`, ...comparisons.map(sqlOf)], sql` AND `);
}

function sqlOf(c: Comparison): SQL {
  const column = sql.identifier(c.column);
  if (c.kind === "number") return sql`${column} ${sql.raw(c.operator)} ${c.value}`;
  const [value = ""] = c.values;
  switch (c.operator) {
    case "LIKE":
      return sql`${column} GLOB ${patternOf(globOf(value))}`;
    case "ILIKE":
      return sql`${column} LIKE ${patternOf(value)}`;
    case "IN":
    case "NOT IN":
      return sql`${column} ${sql.raw(c.operator)} (SELECT value FROM json_each(${JSON.stringify(c.values)}))`;
    default:
      return sql`${column} ${sql.raw(c.operator)} ${value}`;
  }
}

/** SQLite's LIKE ignores case and GLOB does not; what GLOB would read as a wildcard stands for itself in brackets. */
const globOf = (pattern: string): string => pattern.replace(/[[*?]/g, "[$&]").replaceAll("%", "*").replaceAll("_", "?");

/** D1 refuses longer patterns (developers.cloudflare.com/d1/platform/limits). */
const MAX_PATTERN_BYTES = 50;

function patternOf(pattern: string): string {
  if (new TextEncoder().encode(pattern).length <= MAX_PATTERN_BYTES) return pattern;
  throw invalid(`A LIKE or ILIKE pattern may have ${MAX_PATTERN_BYTES} bytes at most.`);
}

function orderOf(orderBy: OrderBy): SQL[] {
  const asked = orderBy.map(({ field_name = "", ascending = true }) => {
    const direction = sql.raw(ascending ? "ASC" : "DESC");
    return sql`${sql.identifier(orderColumn(field_name))} ${direction}`;
  });
  return [...asked, sql`creation_time DESC`, sql`model_id ASC`];
}

function orderColumn(field: string): string {
  if (/^metrics\./.test(field)) {
    throw new MlflowError("NOT_IMPLEMENTED", "Ordering logged models by metrics is not implemented by this server.");
  }
  if (field.includes(".")) throw invalid(`Invalid order by field name: ${field}. Only metrics are supported.`);
  const column = attributeColumn(field);
  if (!column) throw invalid(`Invalid order by field name: ${field}`);
  return column;
}

/** What a token remembers of its request, in MLflow's form; a page of another request is refused. */
function remembered(request: Request) {
  const orderBy = (request.order_by ?? []).map((o) => ({
    field_name: o.field_name ?? "",
    ascending: o.ascending ?? true,
    dataset_name: o.dataset_name ?? null,
    dataset_digest: o.dataset_digest ?? null,
  }));
  return {
    experiment_ids: request.experiment_ids,
    filter_string: request.filter || null,
    order_by: orderBy.length > 0 ? orderBy : null,
  };
}

function encodeToken(request: Request, offset: number): string {
  const bytes = new TextEncoder().encode(JSON.stringify({ ...remembered(request), offset }));
  return btoa(String.fromCharCode(...bytes));
}

const TOKEN_FIELDS = [
  ["experiment_ids", "Experiment IDs in the page token do not match the requested experiment IDs."],
  ["filter_string", "Filter string in the page token does not match the requested filter string."],
  ["order_by", "Order by in the page token does not match the requested order by."],
] as const;

/** The offset of the request's token; 0 without one. Errors: 400 for a token of another request, or none of ours. */
function decodeToken(request: Request): number {
  if (!request.page_token) return 0;
  const token = parseToken(request.page_token);
  const expected = remembered(request);
  for (const [field, message] of TOKEN_FIELDS) {
    const found = token[field] ?? null;
    if (JSON.stringify(found) === JSON.stringify(expected[field])) continue;
    throw invalid(`${message} Expected: ${shown(expected[field])}. Found: ${shown(found)}`);
  }
  const { offset } = token;
  if (typeof offset !== "number" || !Number.isSafeInteger(offset) || offset < 1) {
    throw invalid(`Invalid page token, parsed value=${pythonRepr(token)}`);
  }
  return offset;
}

const shown = (value: unknown): string => (typeof value === "string" ? value : pythonRepr(value));

function parseToken(token: string): Record<string, unknown> {
  let text: string;
  try {
    text = new TextDecoder().decode(Uint8Array.from(atob(token), (c) => c.charCodeAt(0)));
  } catch {
    throw invalid("Invalid page token, could not base64-decode");
  }
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed))
      return parsed as Record<string, unknown>;
  } catch {
    // Falls through to the same answer as other texts that are no object.
  }
  throw invalid(`Invalid page token, decoded value=b${pythonRepr(text)}`);
}
