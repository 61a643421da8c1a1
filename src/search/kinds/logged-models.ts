/** The fields of logged-models/search, which has a grammar of its own in MLflow: other quotes, other words. */
import { pythonRepr } from "../../wire/json";
import { SearchError } from "../error";
import { COMPARATORS, type Kind, LIST_OPERATORS, type Operator, type Rule, TEXT_OPERATORS } from "../kind";
import type { Group } from "../parse";
import { readList } from "../rules";
import { unquoted } from "../tokens";

const TEXTS: readonly Operator[] = [...TEXT_OPERATORS, ...LIST_OPERATORS];
const NUMBERS: readonly Operator[] = ["<", "<=", ">", ">=", "=", "!="];
const PREFIXES = { attribute: "attributes", metric: "metrics", param: "params", tag: "tags", dataset: "datasets" };

const wrongOperator =
  (known: readonly Operator[]): Rule["wrongOperator"] =>
  (operator, { entity, key }) =>
    `Invalid comparison operator for ${PREFIXES[entity]}.${key}: '${operator}'. ` +
    `Expected one of (${known.map((one) => `'${one}'`).join(", ")}).`;

/** Texts lose single quotes and no others, but in lists either; what is not quoted counts as it stands. */
const texts: Rule = {
  operators: TEXTS,
  wrongOperator: wrongOperator(TEXTS),
  read(right, { operator }, { entity, key }) {
    const isList = /IN$/i.test(operator);
    if (isList && right.type === "group") return list(right);
    // An attribute is a text to whoever writes it without quotes, and would never be found.
    const isQuoted = right.type === "text" || right.type === "number";
    // MLflow's parser takes a text such as a% apart.
    if (right.type === "other" && right.text.includes("%")) throw new SearchError(noFilter(right.text), right);
    if (right.type !== "group" && (entity !== "attribute" || isQuoted)) return unquoted(right.text, "'");
    const wanted = isList ? "a list of quoted strings in parentheses" : "a string in single quotes";
    throw new SearchError(`Invalid value ${right.text} for ${PREFIXES[entity]}.${key}: expected ${wanted}.`, right);
  },
};

/** Lists may be empty, and hold numbers, too. */
function list(group: Group): string[] {
  const values = group.items.filter(({ type }) => type !== "comma");
  const isOfTexts = values.length > 0 && values.every(({ type }) => type === "text");
  return isOfTexts ? readList(group) : values.map(({ text }) => unquoted(text, `'"`));
}

/** What Python's float() reads without quotes; a NaN, which equals nothing, too. */
const numbers: Rule = {
  operators: NUMBERS,
  wrongOperator: wrongOperator(NUMBERS),
  read(right, { operator }, name) {
    // The operator first, as MLflow does.
    if (!COMPARATORS.some((known) => known === operator)) {
      throw new SearchError(this.wrongOperator(operator.toUpperCase(), name), right);
    }
    if (right.type === "number") return Number(right.text);
    if (/^inf(inity)?$/i.test(right.text)) return Number.POSITIVE_INFINITY;
    if (/^nan$/i.test(right.text)) return Number.NaN;
    const { entity, key } = name;
    throw new SearchError(`Invalid value ${right.text} for ${PREFIXES[entity]}.${key}: expected a number.`, right);
  },
};

const ATTRIBUTES: Kind["attributes"] = {
  name: { key: "name", rule: texts },
  model_id: { key: "model_id", rule: texts },
  model_type: { key: "model_type", rule: texts },
  status: { key: "status", rule: texts },
  source_run_id: { key: "source_run_id", rule: texts },
  experiment_id: { key: "experiment_id", rule: texts },
  creation_timestamp: { key: "creation_timestamp", rule: numbers },
  creation_timestamp_ms: { key: "creation_timestamp", rule: numbers },
  creation_time: { key: "creation_timestamp", rule: numbers },
  last_updated_timestamp: { key: "last_updated_timestamp", rule: numbers },
  last_updated_timestamp_ms: { key: "last_updated_timestamp", rule: numbers },
};

const ENTITIES = { attributes: "attribute", metrics: "metric", params: "param", tags: "tag" } as const;

const noFilter = (filter: string): string =>
  `Invalid filter string: ${pythonRepr(filter)}. Expected a list of comparisons separated by 'AND' ` +
  "(e.g. 'metrics.loss > 0.1 AND params.lr = 0.01').";

export const LOGGED_MODELS: Kind = {
  entities: ENTITIES,
  attributes: ATTRIBUTES,
  keyed: { metric: numbers, param: texts, tag: texts },
  words: {
    blank: noFilter,
    severalStatements: noFilter,
    invalidClauses: (_, filter) => noFilter(filter),
    entity: (sent) => `Invalid entity type: '${sent}'. Expected one of ${pythonRepr(Object.keys(ENTITIES))}.`,
    key: (_, sent) => `Invalid attribute key '${sent}' for logged models.`,
    nullCheck: ({ entity, key }) =>
      `Invalid comparison: ${PREFIXES[entity]}.${key} IS NULL. Expected a comparison with 3 tokens.`,
  },
  // Orderings are objects there, not clauses; this says which attributes they may name.
  order: {
    attributes: Object.fromEntries(Object.entries(ATTRIBUTES).map(([name, { key }]) => [name, key])),
    entities: ["metric"],
    wrongEntity: (entity, key) => `Invalid order by field name: ${entity}.${key}. Only metrics are supported.`,
  },
};
