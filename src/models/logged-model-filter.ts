/** The filters of logged-models/search that this server answers: comparisons of attributes, joined by AND. Pure. */
import { invalid, MlflowError } from "../wire/errors";
import { pythonRepr } from "../wire/json";

/** Attributes by the names MLflow takes for them, each with the column that holds it. */
const TEXT_ATTRIBUTES = {
  name: "name",
  model_id: "model_id",
  model_type: "model_type",
  status: "status",
  source_run_id: "source_run_id",
  experiment_id: "experiment_id",
} as const;

const TIME_ATTRIBUTES = {
  creation_timestamp: "creation_time",
  creation_timestamp_ms: "creation_time",
  creation_time: "creation_time",
  last_updated_timestamp: "last_update_time",
  last_updated_timestamp_ms: "last_update_time",
} as const;

type TextColumn = (typeof TEXT_ATTRIBUTES)[keyof typeof TEXT_ATTRIBUTES];
type TimeColumn = (typeof TIME_ATTRIBUTES)[keyof typeof TIME_ATTRIBUTES];

const TEXT_OPERATORS = ["=", "!=", "LIKE", "ILIKE", "IN", "NOT IN"] as const;
const NUMBER_OPERATORS = ["<", "<=", ">", ">=", "=", "!="] as const;

export type TextOperator = (typeof TEXT_OPERATORS)[number];
export type NumberOperator = (typeof NUMBER_OPERATORS)[number];

/** One comparison; `values` has one entry but for IN and NOT IN. */
export type Comparison =
  | { kind: "text"; column: TextColumn; operator: TextOperator; values: string[] }
  | { kind: "number"; column: TimeColumn; operator: NumberOperator; value: number };

/** The column of an attribute; undefined for a name that is none. */
export function attributeColumn(name: string): TextColumn | TimeColumn | undefined {
  return lookUp(TEXT_ATTRIBUTES, name) ?? lookUp(TIME_ATTRIBUTES, name);
}

const lookUp = <T extends object>(table: T, name: string): T[keyof T] | undefined =>
  Object.hasOwn(table, name) ? table[name as keyof T] : undefined;

const CLAUSE =
  /\s*(?:(\w+)\.)?(?:`([^`]+)`|([\w.]+))\s*(<=|>=|!=|=|<|>|NOT\s+IN\b|IN\b|I?LIKE\b)\s*('[^']*'|\((?:\s*'[^']*'\s*,?)*\s*\)|[-+.\w]+)\s*/iy;

/** Reads a filter. Errors: 400 for what is no filter, 501 for params, tags and metrics, which are not answered yet. */
export function parseFilter(filter: string): Comparison[] {
  const comparisons: Comparison[] = [];
  if (filter.trim() === "") return comparisons;
  for (let at = 0; ; ) {
    CLAUSE.lastIndex = at;
    const match = CLAUSE.exec(filter);
    if (!match) throw invalidFilter(filter);
    comparisons.push(comparison(match));
    at = CLAUSE.lastIndex;
    if (at === filter.length) return comparisons;
    const and = /AND(?=\s)/iy;
    and.lastIndex = at;
    if (!and.test(filter)) throw invalidFilter(filter);
    at = and.lastIndex;
  }
}

const invalidFilter = (filter: string): MlflowError =>
  invalid(
    `Invalid filter string: ${pythonRepr(filter)}. Expected a list of comparisons separated by 'AND' ` +
      "(e.g. 'metrics.loss > 0.1 AND params.lr = 0.01').",
  );

const ENTITIES = ["attributes", "metrics", "params", "tags"];

function comparison([
  ,
  entity = "attributes",
  quotedName,
  plainName,
  operatorText,
  value = "",
]: RegExpExecArray): Comparison {
  const name = quotedName ?? plainName ?? "";
  const operator = (operatorText ?? "").toUpperCase().replace(/\s+/, " ");
  if (!ENTITIES.includes(entity)) {
    throw invalid(`Invalid entity type: '${entity}'. Expected one of ${pythonRepr(ENTITIES)}.`);
  }
  if (entity !== "attributes") {
    throw new MlflowError("NOT_IMPLEMENTED", `Filtering logged models by ${entity} is not implemented by this server.`);
  }
  const text = lookUp(TEXT_ATTRIBUTES, name);
  if (text) {
    checkOperator(name, operator, TEXT_OPERATORS);
    return { kind: "text", column: text, operator, values: textValues(name, operator, value).map(stored(text)) };
  }
  const time = lookUp(TIME_ATTRIBUTES, name);
  if (!time) throw invalid(`Invalid attribute key '${name}' for logged models.`);
  checkOperator(name, operator, NUMBER_OPERATORS);
  const number = Number(value);
  if (!Number.isFinite(number)) throw invalid(`Invalid value ${value} for attributes.${name}: expected a number.`);
  return { kind: "number", column: time, operator, value: number };
}

function checkOperator<T extends string>(name: string, operator: string, known: readonly T[]): asserts operator is T {
  if ((known as readonly string[]).includes(operator)) return;
  const list = known.map((op) => `'${op}'`).join(", ");
  throw invalid(`Invalid comparison operator for attributes.${name}: '${operator}'. Expected one of (${list}).`);
}

function textValues(name: string, operator: string, value: string): string[] {
  const isList = value.startsWith("(");
  if (isList !== operator.endsWith("IN") || !(isList || value.startsWith("'"))) {
    const wanted = operator.endsWith("IN") ? "a list of quoted strings in parentheses" : "a string in single quotes";
    throw invalid(`Invalid value ${value} for attributes.${name}: expected ${wanted}.`);
  }
  return [...value.matchAll(/'([^']*)'/g)].map(([, inner = ""]) => inner);
}

/** MLflow's clients name statuses without the prefix they are stored with. */
const stored = (column: TextColumn) => (value: string) =>
  column === "status" && /^(?:PENDING|READY|UPLOAD_FAILED)$/.test(value) ? `LOGGED_MODEL_${value}` : value;
