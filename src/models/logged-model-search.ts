/** logged-models/search: from a request to SQL, and the page tokens between its pages. */
import type { Database } from "../db/client";
import { runStatements } from "../db/statements";
import { LOGGED_MODELS_PAGE } from "../limits";
import { filterCondition, numberCondition, Params, textCondition } from "../search/conditions";
import { filterOf } from "../search/filter";
import type { Comparison, Filter } from "../search/kind";
import { LOGGED_MODELS } from "../search/kinds/logged-models";
import {
  after,
  checkOrderLength,
  isPlace,
  orderBy,
  type Place,
  placeOf,
  type SortColumn,
  type SortedRow,
  sortColumns,
} from "../search/places";
import type { Requests } from "../wire/contract.generated";
import { invalid, unknownAttribute } from "../wire/errors";
import { pythonJson, pythonRepr } from "../wire/json";
import { parseToken } from "../wire/paging";
import { checkMaxResults } from "../wire/validate";
import { checkExperimentId, type LoggedModel } from "./logged-model";
import { modelsById } from "./logged-model-store";

type Request = Requests["searchLoggedModels"];
type Datasets = NonNullable<Request["datasets"]>;
type OrderBy = NonNullable<Request["order_by"]>[number];

const DEFAULT_RESULTS = 100;

/** A page of the active models of some experiments. Errors: 400 for what MLflow refuses. */
export async function searchModels(
  db: Database,
  request: Request,
): Promise<{ models: LoggedModel[]; next_page_token?: string }> {
  for (const id of request.experiment_ids) checkExperimentId(id);
  const asked = request.max_results || DEFAULT_RESULTS;
  checkMaxResults(asked);
  const params = new Params();
  const columns = modelOrder(request.order_by ?? [], params);
  const place = decodeToken(request, columns.length);
  const where = conditions(request, params);
  if (place) where.push(after(columns, place, params));
  if (request.experiment_ids.length === 0) return { models: [] };
  // A larger page than this is cut; the token leads on, and MLflow's clients follow it.
  const limit = Math.min(asked, LOGGED_MODELS_PAGE);
  const statement = params.statement(`
    SELECT m.model_id AS id, ${sortColumns(columns)} FROM logged_models m
    WHERE ${where.join(" AND ")} ORDER BY ${orderBy(columns)} LIMIT ${params.bind(limit + 1)}`);
  const [rows] = await runStatements(db.$client, [statement]);
  const results = rows as (SortedRow & { id: string })[];
  const page = results.slice(0, limit);
  const models = await modelsById(
    db,
    page.map(({ id }) => id),
  );
  const last = page.at(-1);
  if (!last || results.length <= limit) return { models };
  return { models, next_page_token: encodeToken(request, placeOf(last, columns)) };
}

function conditions({ experiment_ids, filter, datasets = [] }: Request, params: Params): string[] {
  const [only] = experiment_ids;
  // One experiment as an equality: only then does its index give the order too.
  const among =
    experiment_ids.length === 1 && only !== undefined
      ? `m.experiment_id = ${params.bind(only)}`
      : `m.experiment_id IN ${params.list(experiment_ids)}`;
  const where = [among, "m.lifecycle_stage = 'active'"];
  const tree = filterOf(LOGGED_MODELS, filter?.trim());
  const onDatasets = datasets.length > 0 ? datasetCondition(datasets, params) : undefined;
  if (tree) where.push(filterCondition(tree, (comparison) => condition(comparison, onDatasets, params)));
  if (onDatasets && !hasMetric(tree)) {
    where.push(`EXISTS (SELECT 1 FROM logged_model_metrics x WHERE x.model_id = m.model_id AND ${onDatasets})`);
  }
  return where;
}

/** Of a metric's rows `x`, those on one of some datasets. Without a digest any version of the dataset will do. */
function datasetCondition(datasets: Datasets, params: Params): string {
  const one = ({ dataset_name, dataset_digest }: Datasets[number]) => {
    if (!dataset_name) throw invalid("`dataset_name` in the `datasets` clause must be specified.");
    return { n: dataset_name, ...(dataset_digest && { d: dataset_digest }) };
  };
  const list = params.bind(JSON.stringify(datasets.map(one)));
  return `EXISTS (SELECT 1 FROM json_each(${list}) j WHERE x.dataset_name = j.value ->> 'n'
    AND x.dataset_digest = ifnull(j.value ->> 'd', x.dataset_digest))`;
}

function hasMetric(filter: Filter | undefined): boolean {
  if (!filter) return false;
  if (filter.type === "comparison") return filter.entity === "metric";
  return filter.type === "not" ? hasMetric(filter.part) : filter.parts.some(hasMetric);
}

/** A metric's comparison holds where any of the model's observations does. */
function condition(comparison: Comparison, onDatasets: string | undefined, params: Params): string {
  const { entity, key, operator, value } = comparison;
  if (entity === "attribute") return attributeCondition(comparison, params);
  if (entity === "metric") {
    const compared = numberCondition("x.value", operator, Number(value), params);
    const holds = operator === "!=" ? `(x.is_nan = 1 OR ${compared})` : `x.is_nan = 0 AND ${compared}`;
    return `EXISTS (SELECT 1 FROM logged_model_metrics x WHERE x.model_id = m.model_id
      AND x.key = ${params.bind(key)} AND ${holds}${onDatasets ? ` AND ${onDatasets}` : ""})`;
  }
  return `EXISTS (SELECT 1 FROM logged_model_${entity}s x WHERE x.model_id = m.model_id
    AND x.key = ${params.bind(key)} AND ${textCondition("x.value", comparison, params)})`;
}

const COLUMNS: Readonly<Record<string, string>> = {
  creation_timestamp: "m.creation_time",
  last_updated_timestamp: "m.last_update_time",
};

function attributeCondition(comparison: Comparison, params: Params): string {
  const { key, operator, value } = comparison;
  const time = COLUMNS[key];
  if (time) return numberCondition(time, operator, Number(value), params);
  if (key !== "status") return textCondition(`m.${key}`, comparison, params);
  const stored = Array.isArray(value) ? value.map(storedStatus) : storedStatus(String(value));
  return textCondition("m.status", { ...comparison, value: stored }, params);
}

/** MLflow's clients name statuses without the prefix they are stored with. */
const storedStatus = (value: string): string =>
  /^(?:PENDING|READY|UPLOAD_FAILED)$/.test(value) ? `LOGGED_MODEL_${value}` : value;

/** What was asked for, then the newest first. */
function modelOrder(asked: readonly OrderBy[], params: Params): SortColumn[] {
  checkOrderLength(asked);
  return [
    ...asked.flatMap((clause) => orderColumns(clause, params)),
    { sql: "m.creation_time", descending: true },
    { sql: "m.model_id", descending: false },
  ];
}

/** A metric orders by its observation of the latest time, then step; models without one come last either way. */
function orderColumns(clause: OrderBy, params: Params): SortColumn[] {
  const { field_name = "", ascending = true, dataset_name, dataset_digest } = clause;
  const descending = !ascending;
  if (!field_name.startsWith("metrics.")) return [{ sql: orderColumn(field_name), descending }];
  const where = ["x.model_id = m.model_id", `x.key = ${params.bind(field_name.slice("metrics.".length))}`];
  if (dataset_name) where.push(`x.dataset_name = ${params.bind(dataset_name)}`);
  if (dataset_digest) where.push(`x.dataset_digest = ${params.bind(dataset_digest)}`);
  const latest = (column: string) => `(SELECT ${column} FROM logged_model_metrics x WHERE ${where.join(" AND ")}
    ORDER BY x.timestamp DESC, x.step DESC LIMIT 1)`;
  return [
    { sql: `ifnull(${latest("x.is_nan")}, 2)`, descending: false },
    { sql: latest("x.value"), descending },
  ];
}

function orderColumn(field: string): string {
  if (field.includes(".")) throw unknownAttribute(`Invalid order by field name: ${field}. Only metrics are supported.`);
  const { attributes } = LOGGED_MODELS.order;
  const key = Object.hasOwn(attributes, field) ? attributes[field] : undefined;
  if (key === undefined) throw unknownAttribute(`Invalid order by field name: ${field}`);
  return COLUMNS[key] ?? `m.${key}`;
}

/** What a token remembers of its request, in MLflow's form; a page of another request is refused. */
function remembered(request: Request) {
  const orderedBy = (request.order_by ?? []).map((o) => ({
    field_name: o.field_name ?? "",
    ascending: o.ascending ?? true,
    dataset_name: o.dataset_name ?? null,
    dataset_digest: o.dataset_digest ?? null,
  }));
  return {
    experiment_ids: request.experiment_ids,
    filter_string: request.filter || null,
    order_by: orderedBy.length > 0 ? orderedBy : null,
  };
}

const encodeToken = (request: Request, place: Place): string =>
  new TextEncoder().encode(JSON.stringify({ ...remembered(request), after: place })).toBase64();

const TOKEN_FIELDS = [
  ["experiment_ids", "Experiment IDs in the page token do not match the requested experiment IDs."],
  ["filter_string", "Filter string in the page token does not match the requested filter string."],
  ["order_by", "Order by in the page token does not match the requested order by."],
] as const;

/** Where the request's token says the page before ended. Errors: 400 for a token of another request, or none of ours. */
function decodeToken(request: Request, columns: number): Place | undefined {
  if (!request.page_token) return undefined;
  const parsed = parseToken(request.page_token);
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw invalid(`Invalid page token, decoded value=b${pythonRepr(pythonJson(parsed))}`);
  }
  const token = parsed as Record<string, unknown>;
  const expected = remembered(request);
  for (const [field, message] of TOKEN_FIELDS) {
    const found = token[field] ?? null;
    if (JSON.stringify(found) === JSON.stringify(expected[field])) continue;
    throw invalid(`${message} Expected: ${shown(expected[field])}. Found: ${shown(found)}`);
  }
  if (!isPlace(token.after, columns)) throw invalid(`Invalid page token, parsed value=${pythonRepr(token)}`);
  return token.after;
}

const shown = (value: unknown): string => (typeof value === "string" ? value : pythonRepr(value));
