/** The fields of registered-models/search and model-versions/search. */
import { COMPARATORS, type Kind, NULL_OPERATORS, type Rule, TEXT_OPERATORS } from "../kind";
import { numbers, shownSet, texts, textsOrLists } from "../rules";
import { unquoted } from "../tokens";
import {
  ATTRIBUTE_OR_TAG,
  attributeOrTag,
  duplicateFields,
  GRAMMAR,
  invalidAttribute,
  onlyLists,
  quotedFor,
  TAG_VALUE,
  wrongTagOperator,
} from "./words";

const wrongOperator = (operator: string): string => `Invalid comparator for attribute: ${operator}`;

/** IS NULL on tags is an addition: MLflow's registry fails on it. */
const tag: Rule = texts({
  operators: [...TEXT_OPERATORS, ...NULL_OPERATORS],
  wrongValue: quotedFor(TAG_VALUE),
  wrongOperator: wrongTagOperator,
});

const words: Kind["words"] = {
  ...GRAMMAR,
  entity: attributeOrTag,
  key: (_, sent, valid) => invalidAttribute(sent, valid),
  nullCheck: ({ key }) => `IS NULL / IS NOT NULL is only supported for tags, not for attribute '${key}'`,
};

const inAList = textsOrLists({ wrongValue: quotedOrNumber, wrongOperator });

/** MLflow names what takes numbers where it finds one. */
function quotedOrNumber(text: string): string {
  if (!/^[-+.\d]/.test(text)) return quotedFor("attributes")(text);
  const numeric = shownSet(["creation_timestamp", "last_updated_timestamp", "version_number"]);
  return `Only the '${numeric}' attributes support comparison with numeric values.`;
}

export const REGISTERED_MODELS: Kind = {
  entities: ATTRIBUTE_OR_TAG,
  attributes: {
    name: {
      key: "name",
      rule: textsOrLists({
        wrongValue: (text) =>
          `Expected a quoted string value or a list of quoted string values for attributes. Got value ${text}`,
        wrongOperator,
      }),
    },
  },
  keyed: { tag },
  words,
  order: {
    attributes: { name: "name", timestamp: "last_updated_timestamp", last_updated_timestamp: "last_updated_timestamp" },
    entities: [],
    wrongEntity: (entity, key) => unknownModelKey(`${entity}s.${key}`),
    unknown: (sent) => unknownModelKey(sent),
    duplicates: duplicateFields,
  },
};

const unknownModelKey = (sent: string): string =>
  `Invalid order by key '${sent}' specified. Valid keys are '${shownSet(["name", "timestamp"])}'`;

/** A version's number: an integer, in quotes or without. */
const number: Rule = {
  operators: COMPARATORS,
  wrongOperator: (operator, { key }) => `Invalid comparator for attribute ${key}: ${operator}`,
  read(right, clause, name) {
    const { text, start, end } = right;
    if (right.type === "text" && /^-?\d+$/.test(unquoted(text, `'"`))) return Number(unquoted(text, `'"`));
    if (right.type === "group" || right.type === "name") return notInAList.read(right, clause, name);
    return integer.read({ type: right.type, text, start, end }, clause, name);
  },
};

const wrongInteger = (value: string, { key }: { key: string }): string =>
  `Invalid value for numeric attribute '${key}': ${value}`;

const integer = numbers({ wrongValue: wrongInteger, integers: wrongInteger, wrongOperator });

const notInAList = textsOrLists({
  wrongValue: quotedOrNumber,
  wrongOperator,
  noLists: onlyLists("'name', 'run_id'"),
});

const VERSION_ORDER = {
  name: "name",
  version_number: "version_number",
  creation_timestamp: "creation_timestamp",
  last_updated_timestamp: "last_updated_timestamp",
};

export const MODEL_VERSIONS: Kind = {
  entities: ATTRIBUTE_OR_TAG,
  attributes: {
    name: { key: "name", rule: inAList },
    run_id: { key: "run_id", rule: inAList },
    source_path: { key: "source_path", rule: notInAList },
    version_number: { key: "version_number", rule: number },
  },
  keyed: { tag },
  words,
  order: {
    attributes: VERSION_ORDER,
    entities: [],
    wrongEntity: (_, key) =>
      `Invalid order by key '${key}' specified. Valid keys are ${shownSet(Object.keys(VERSION_ORDER))}`,
    duplicates: duplicateFields,
  },
};
