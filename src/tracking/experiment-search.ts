/** experiments/search: from a request to SQL and its answer, which SQLite puts together as JSON text. */

import { runStatements } from "../db/statements";
import { MAX_SEARCH_RESULTS } from "../limits";
import { filterCondition, listOf, numberCondition, Params, type Statement, textCondition } from "../search/conditions";
import { filterOf, type OrderKey, orderOf } from "../search/filter";
import type { Comparison, Filter } from "../search/kind";
import { EXPERIMENTS } from "../search/kinds/experiments";
import {
  after,
  checkOrderLength,
  decodePlace,
  encodePlace,
  orderBy,
  placeOf,
  type SortColumn,
  type SortedRow,
  sortColumns,
} from "../search/places";
import { jsonResponse } from "../wire/answer";
import type { Requests } from "../wire/contract.generated";
import { checkMaxResults } from "../wire/validate";
import { experimentId, WORKSPACE } from "./experiment";
import { stageList, stagesOf } from "./views";

/** Answers a search. Errors: 400 for what MLflow refuses. */
export async function searchExperiments(d1: D1Database, request: Requests["searchExperiments"]): Promise<Response> {
  const { max_results = 0, page_token, view_type } = request;
  checkMaxResults(max_results, MAX_SEARCH_RESULTS);
  const filter = filterOf(EXPERIMENTS, request.filter);
  const keys = orderOf(EXPERIMENTS, request.order_by);
  const columns = experimentOrder(keys);
  const place = decodePlace(page_token, keys, columns);
  const params = new Params();
  const where = [`e.workspace = ${params.bind(WORKSPACE)}`, `e.lifecycle_stage IN ${stageList(stagesOf(view_type))}`];
  if (filter) where.push(experimentCondition(filter, params));
  if (place) where.push(after(columns, place, params));
  const [rows] = await runStatements(d1, [pageStatement(where, columns, max_results + 1, params)]);
  const results = rows as (SortedRow & { text: string })[];
  const page = results.slice(0, max_results);
  const last = page.at(-1);
  if (!last) return jsonResponse("{}");
  const token = results.length > max_results ? encodePlace(keys, placeOf(last, columns)) : undefined;
  const experiments = page.map(({ text }) => text).join(",");
  return jsonResponse(`{"experiments":[${experiments}]${token ? `,"next_page_token":"${token}"` : ""}}`);
}

/** The fields of wireExperiment. */
const TEXT = `rtrim(json_object('experiment_id', e.experiment_id, 'name', e.name, 'artifact_location', e.artifact_location,
    'lifecycle_stage', e.lifecycle_stage, 'last_update_time', e.last_update_time, 'creation_time', e.creation_time), '}')
  || ifnull((SELECT ',"tags":' || nullif(json_group_array(json_object('key', x.key, 'value', x.value)), '[]')
      FROM experiment_tags x WHERE x.experiment_id = e.experiment_id), '')
  || ',"workspace":' || json_quote(e.workspace) || '}'`;

function pageStatement(
  where: readonly string[],
  columns: readonly SortColumn[],
  rows: number,
  params: Params,
): Statement {
  return params.statement(`
    WITH page AS MATERIALIZED (
      SELECT e.experiment_id AS id, ${sortColumns(columns)} FROM experiments e
      WHERE ${where.join(" AND ")} ORDER BY ${orderBy(columns)} LIMIT ${params.bind(rows)})
    SELECT page.*, ${TEXT} AS text FROM page CROSS JOIN experiments e ON e.experiment_id = page.id`);
}

/** The condition of a filter on a row of `experiments e`. Errors: 400 for an id that is no number. */
function experimentCondition(filter: Filter, params: Params): string {
  return filterCondition(filter, (comparison) => condition(comparison, params));
}

function condition(comparison: Comparison, params: Params): string {
  const { entity, key, operator, value } = comparison;
  if (entity === "tag") {
    const row = `SELECT 1 FROM experiment_tags x WHERE x.experiment_id = e.experiment_id AND x.key = ${params.bind(key)}`;
    if (operator === "IS NULL") return `(NOT EXISTS (${row}))`;
    if (operator === "IS NOT NULL") return `EXISTS (${row})`;
    return `EXISTS (${row} AND ${textCondition("x.value", comparison, params)})`;
  }
  if (key === "name") return textCondition("e.name", comparison, params);
  if (key !== "experiment_id") return numberCondition(`e.${key}`, operator, Number(value), params);
  const ids = listOf(value).map(experimentId);
  return textCondition(
    "e.experiment_id",
    { ...comparison, value: Array.isArray(value) ? ids : (ids[0] ?? "") },
    params,
  );
}

/** The newest first unless told otherwise. Ids are decimal texts: by length and then by text they order as numbers. */
function experimentOrder(keys: readonly OrderKey[]): SortColumn[] {
  checkOrderLength(keys);
  const byId = (descending: boolean): SortColumn[] => [
    { sql: "length(e.experiment_id)", descending },
    { sql: "e.experiment_id", descending },
  ];
  if (keys.length === 0) return [{ sql: "e.creation_time", descending: true }, ...byId(false)];
  const columns = keys.flatMap(({ key, descending }) =>
    key === "experiment_id" ? byId(descending) : [{ sql: `e.${key}`, descending }],
  );
  return [...columns, ...byId(true)];
}
