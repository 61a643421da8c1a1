/** registered-models/search and model-versions/search: from a request to SQL, and the tokens between its pages. Pure. */
import {
  conjuncts,
  filterCondition,
  joined,
  likePrefix,
  listOf,
  numberCondition,
  Params,
  prefixRange,
  textCondition,
} from "../search/conditions";
import { comparisons, filterOf, type OrderKey, orderOf } from "../search/filter";
import type { Comparison, Filter, Kind, Operator } from "../search/kind";
import { MODEL_VERSIONS, REGISTERED_MODELS } from "../search/kinds/registry";
import { WORKSPACE } from "../tracking/experiment";
import { invalid } from "../wire/errors";
import { pythonRepr } from "../wire/json";
import { parseToken } from "../wire/paging";
import { IS_PROMPT_TAG, type ModelVersionRow, type RegisteredModelRow } from "./registry";

/** What a search asks, as requests carry it. */
export interface Asked {
  filter?: string | undefined;
  order_by?: string[] | undefined;
  page_token?: string | undefined;
}

/** A page as SQL in models `m` and versions `v`, with numbered parameters. */
export interface Page<Row> {
  where: string;
  tail: string;
  values: (string | number)[];
  /** The token of the page that follows a row. */
  tokenAfter(row: Row): string;
}

type Place = string | number;

/** What an ordering may name: its column, and the same of a row. */
interface Column<Row> {
  column: string;
  of(row: Row): Place;
}

interface Searched<Row> {
  kind: Kind;
  columns: Readonly<Record<string, Column<Row>>>;
  /** The order of a search that asks for none. */
  natural: readonly OrderKey[];
  /** What breaks the ties of one that asks. */
  ties: readonly OrderKey[];
  attribute(comparison: Comparison, params: Params): string;
  /** The tags `t` of a row. */
  tags: string;
}

const by = (key: string, descending = false): OrderKey => ({ entity: "attribute", key, descending });

const MODELS: Searched<RegisteredModelRow> = {
  kind: REGISTERED_MODELS,
  columns: {
    name: { column: "m.name", of: (row) => row.name },
    last_updated_timestamp: { column: "m.last_updated_time", of: (row) => row.last_updated_time },
  },
  natural: [],
  ties: [by("name")],
  attribute: (comparison, params) => textCondition("m.name", comparison, params),
  tags: "registered_model_tags t WHERE t.model_id = m.model_id",
};

const VERSIONS: Searched<ModelVersionRow> = {
  kind: MODEL_VERSIONS,
  columns: {
    name: { column: "m.name", of: (row) => row.name },
    version_number: { column: "v.version", of: (row) => row.version },
    creation_timestamp: { column: "v.creation_time", of: (row) => row.creation_time },
    last_updated_timestamp: { column: "v.last_updated_time", of: (row) => row.last_updated_time },
  },
  natural: [by("last_updated_timestamp", true)],
  ties: [by("name"), by("version_number", true)],
  attribute: versionAttribute,
  tags: "model_version_tags t WHERE t.model_id = v.model_id AND t.version = v.version",
};

function versionAttribute(comparison: Comparison, params: Params): string {
  switch (comparison.key) {
    case "version_number":
      return numberCondition("v.version", comparison.operator, Number(comparison.value), params);
    case "run_id":
      return textCondition("v.run_id", comparison, params);
    case "source_path":
      return textCondition("v.source", comparison, params);
    default:
      return textCondition("m.name", comparison, params);
  }
}

/** A page of models, one more than asked. Errors: 400 for a filter, an order or a token that is none. */
export function modelsPage(asked: Asked, limit: number): Page<RegisteredModelRow> {
  const filter = filterOf(MODELS.kind, asked.filter);
  const params = new Params();
  const workspace = `m.workspace = ${params.bind(WORKSPACE)}`;
  const prefixes = namesCompared(filter, "LIKE").map((pattern) => likePrefix(pattern));
  const ranges = prefixes.filter((prefix) => prefix !== "").map((prefix) => prefixRange("m.name", prefix, params));
  const prompt = `EXISTS (SELECT 1 FROM ${MODELS.tags} AND t.key = '${IS_PROMPT_TAG}' AND t.value = 'true')`;
  return pageOf(MODELS, asked, limit, { filter, params, where: [workspace, ...ranges], prompt });
}

/** A page of versions, one more than asked. Errors: as for models. */
export function versionsPage(asked: Asked, limit: number): Page<ModelVersionRow> {
  const filter = filterOf(VERSIONS.kind, asked.filter);
  const params = new Params();
  const workspace = params.bind(WORKSPACE);
  const [name] = namesCompared(filter, "=");
  const ids = `SELECT model_id FROM registered_models WHERE workspace = ${workspace} AND name`;
  const where = [`m.workspace = ${workspace}`];
  if (name !== undefined) where.push(`v.model_id = (${ids} = ${params.bind(name)})`);
  for (const part of conjuncts(filter)) {
    if (!isName(part) || part.operator !== "IN") continue;
    where.push(`v.model_id IN (${ids} IN ${params.list(listOf(part.value))})`);
  }
  // In the words of the partial index that answers it.
  const prompt = `EXISTS (SELECT 1 FROM model_version_tags t
    WHERE t.model_id = v.model_id AND t.key = 'mlflow.prompt.is_prompt' AND t.value = 'true')`;
  return pageOf(VERSIONS, asked, limit, { filter, params, where, prompt, isOneModel: name !== undefined });
}

const isName = (part: Filter): part is Comparison =>
  part.type === "comparison" && part.entity === "attribute" && part.key === "name";

/** What the name of every result is compared with by an operator. */
const namesCompared = (filter: Filter | undefined, operator: Operator): string[] =>
  conjuncts(filter).flatMap((part) => (isName(part) && part.operator === operator ? [String(part.value)] : []));

interface Parts {
  filter: Filter | undefined;
  params: Params;
  where: string[];
  prompt: string;
  /** All results are of one model, so that its name orders nothing. */
  isOneModel?: boolean;
}

function pageOf<Row>(table: Searched<Row>, asked: Asked, limit: number, found: Parts): Page<Row> {
  const { filter, params, prompt, isOneModel = false } = found;
  const where = [...found.where];
  const asksPrompts = isAskingForPrompts(filter);
  if (!asksPrompts) where.push(`NOT ${prompt}`);
  for (const part of conjuncts(filter)) {
    if (asksPrompts || !isPromptClause(part)) where.push(conditionOf(table, part, params));
  }
  const order = wholeOrder(table, orderOf(table.kind, asked.order_by)).filter(
    ({ key }) => !(isOneModel && key === "name"),
  );
  const places = placesOf(asked.page_token, order.length);
  if (places) where.push(behind(table, order, places, params));
  const columns = order.map(({ key, descending }) => `${columnOf(table, key).column} ${descending ? "DESC" : "ASC"}`);
  return {
    where: where.join(" AND "),
    tail: `ORDER BY ${columns.join(", ")} LIMIT ${limit + 1}`,
    values: params.values,
    tokenAfter: (row) => encoded({ after: order.map(({ key }) => columnOf(table, key).of(row)) }),
  };
}

const isPromptClause = (part: Filter): boolean =>
  part.type === "comparison" && part.entity === "tag" && part.key === IS_PROMPT_TAG;

/** Prompts are found by whoever asks for them by their tag; the first such comparison counts, as in MLflow. */
function isAskingForPrompts(filter: Filter | undefined): boolean {
  for (const comparison of comparisons(filter)) {
    if (!isPromptClause(comparison)) continue;
    const value = String(comparison.value).toLowerCase();
    return (comparison.operator === "=" && value === "true") || (comparison.operator === "!=" && value === "false");
  }
  return false;
}

function conditionOf<Row>(table: Searched<Row>, filter: Filter, params: Params): string {
  return filterCondition(filter, (comparison) => {
    if (comparison.entity === "attribute") return table.attribute(comparison, params);
    const tag = `SELECT 1 FROM ${table.tags} AND t.key = ${params.bind(comparison.key)}`;
    if (comparison.operator === "IS NULL") return `NOT EXISTS (${tag})`;
    if (comparison.operator === "IS NOT NULL") return `EXISTS (${tag})`;
    return `EXISTS (${tag} AND ${textCondition("t.value", comparison, params)})`;
  });
}

/** The order asked for, completed so that no two rows have the same place. */
function wholeOrder<Row>({ natural, ties }: Searched<Row>, asked: readonly OrderKey[]): OrderKey[] {
  const keys = [...(asked.length > 0 ? asked : natural), ...ties];
  return keys.filter(({ key }, i) => keys.findIndex((other) => other.key === key) === i);
}

function columnOf<Row>({ columns }: Searched<Row>, key: string): Column<Row> {
  const column = columns[key];
  if (!column) throw new Error(`No column for the order by ${key}`);
  return column;
}

/** The rows behind a place in the order. The first key bounds them by itself, so that an index can begin there. */
function behind<Row>(
  table: Searched<Row>,
  order: readonly OrderKey[],
  places: readonly Place[],
  params: Params,
): string {
  const alternatives = order.map((_, i) => {
    const equal = order
      .slice(0, i)
      .map(({ key }, j) => `${columnOf(table, key).column} = ${params.bind(places[j] ?? "")}`);
    return joined("AND", [...equal, beyond(table, order[i], places[i], "", params)]);
  });
  return `${beyond(table, order[0], places[0], "=", params)} AND ${joined("OR", alternatives)}`;
}

function beyond<Row>(
  table: Searched<Row>,
  key: OrderKey | undefined,
  place: Place = "",
  orEqual: "" | "=",
  params: Params,
): string {
  const sign = key?.descending ? "<" : ">";
  return `${columnOf(table, key?.key ?? "name").column} ${sign}${orEqual} ${params.bind(place)}`;
}

const encoded = (token: object): string =>
  btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(token))));

/** Where the page before ended. Errors: 400 for a token that this search did not give out. */
function placesOf(token: string | undefined, count: number): Place[] | undefined {
  if (!token) return undefined;
  const parsed = parseToken(token);
  const after = (parsed as { after?: unknown } | null)?.after;
  const isPlace = (place: unknown) => typeof place === "string" || Number.isSafeInteger(place);
  if (Array.isArray(after) && after.length === count && after.every(isPlace)) return after as Place[];
  throw invalid(`Invalid page token, parsed value=${pythonRepr(parsed)}`);
}
