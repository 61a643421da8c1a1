/** The fields of runs/search. */
import { COMPARATORS, type Kind, LIST_OPERATORS, NULL_OPERATORS, type Operator, TEXT_OPERATORS } from "../kind";
import { notOneOf, numbers, shownList, shownSet, texts, textsOrLists } from "../rules";
import { duplicateFields, GRAMMAR, invalidAttribute, onlyLists, quotedFor, TAG_VALUE } from "./words";

const WITH_LISTS: readonly Operator[] = [...TEXT_OPERATORS, ...LIST_OPERATORS];
const WITH_NULLS: readonly Operator[] = [...TEXT_OPERATORS, ...NULL_OPERATORS];

const text = textsOrLists({
  wrongValue: quotedFor("attributes"),
  wrongOperator: notOneOf(WITH_LISTS, "'"),
  noLists: onlyLists("'run_id'"),
});
const time = numbers({
  wrongValue: (value, { key }) => `Expected numeric value type for numeric attribute: ${key}. Found ${value}`,
  wrongOperator: notOneOf(WITH_LISTS),
});
const dataset = textsOrLists({
  wrongValue: quotedFor("dataset attributes"),
  wrongOperator: notOneOf(WITH_LISTS),
});

const attributes: Kind["attributes"] = {
  run_id: {
    key: "run_id",
    rule: textsOrLists({ wrongValue: quotedFor("attributes"), wrongOperator: notOneOf(WITH_LISTS, "'") }),
  },
  run_name: { key: "run_name", rule: text },
  "run name": { key: "run_name", rule: text },
  "Run name": { key: "run_name", rule: text },
  "Run Name": { key: "run_name", rule: text },
  user_id: { key: "user_id", rule: text },
  status: { key: "status", rule: text },
  artifact_uri: { key: "artifact_uri", rule: text },
  start_time: { key: "start_time", rule: time },
  created: { key: "start_time", rule: time },
  Created: { key: "start_time", rule: time },
  end_time: { key: "end_time", rule: time },
};

const ENTITIES = ["metric", "parameter", "tag", "attribute", "dataset"];
const SPOKEN = {
  metric: "metric",
  param: "parameter",
  tag: "tag",
  attribute: "attribute",
  dataset: "dataset",
} as const;

export const RUNS: Kind = {
  entities: {
    metric: "metric",
    metrics: "metric",
    param: "param",
    params: "param",
    parameter: "param",
    parameters: "param",
    tag: "tag",
    tags: "tag",
    attribute: "attribute",
    attributes: "attribute",
    attr: "attribute",
    run: "attribute",
    dataset: "dataset",
    datasets: "dataset",
  },
  attributes,
  keyed: {
    metric: numbers({
      wrongValue: (value) => `Expected numeric value type for metric. Found ${value}`,
      wrongOperator: notOneOf(COMPARATORS),
    }),
    param: texts({
      operators: WITH_NULLS,
      wrongValue: quotedFor("parameter (e.g. 'my-value')"),
      wrongOperator: notOneOf(WITH_NULLS, "'"),
    }),
    tag: texts({ operators: WITH_NULLS, wrongValue: quotedFor(TAG_VALUE), wrongOperator: notOneOf(WITH_NULLS) }),
  },
  fixed: { dataset: { name: dataset, digest: dataset, context: dataset } },
  words: {
    ...GRAMMAR,
    invalidClauses: (clauses) => GRAMMAR.invalidClauses(clauses.map((clause) => `'${clause}'`)),
    entity: (sent) => `Invalid entity type '${sent}'. Valid values are ${shownList(ENTITIES)}`,
    key: (entity, sent, valid) =>
      entity === "dataset"
        ? `Invalid dataset key '${sent}' specified. Valid keys are '${shownSet(valid)}'`
        : invalidAttribute(sent, valid),
    nullCheck: ({ entity, key }) =>
      `IS NULL / IS NOT NULL is only supported for tags and params, not for '${SPOKEN[entity]}' '${key}'`,
  },
  order: {
    attributes: {
      run_id: "run_id",
      run_name: "run_name",
      user_id: "user_id",
      status: "status",
      artifact_uri: "artifact_uri",
      start_time: "start_time",
      created: "start_time",
      Created: "start_time",
      end_time: "end_time",
    },
    entities: ["metric", "param", "tag"],
    wrongEntity: (entity) => `Invalid identifier type '${entity}'`,
    duplicates: duplicateFields,
  },
};
