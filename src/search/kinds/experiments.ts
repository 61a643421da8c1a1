/** The fields of experiments/search. */
import { type Kind, LIST_OPERATORS, NULL_OPERATORS, type Operator, TEXT_OPERATORS } from "../kind";
import { notOneOf, numbers, texts, textsOrLists } from "../rules";
import {
  ATTRIBUTE_OR_TAG,
  attributeOrTag,
  GRAMMAR,
  invalidAttribute,
  onlyLists,
  quotedFor,
  TAG_VALUE,
  wrongTagOperator,
} from "./words";

const WITH_LISTS: readonly Operator[] = [...TEXT_OPERATORS, ...LIST_OPERATORS];

const time = numbers({
  wrongValue: (value, { key }) => `Expected numeric value type for numeric attribute: ${key}. Found ${value}`,
  wrongOperator: notOneOf(WITH_LISTS),
  integers: (value, { key }) => `Invalid value for numeric attribute '${key}': '${value}'`,
});

export const EXPERIMENTS: Kind = {
  entities: ATTRIBUTE_OR_TAG,
  attributes: {
    name: {
      key: "name",
      rule: textsOrLists({
        wrongValue: quotedFor("attributes"),
        wrongOperator: notOneOf(WITH_LISTS, "'"),
        noLists: onlyLists("'experiment_id'"),
      }),
    },
    experiment_id: {
      key: "experiment_id",
      rule: textsOrLists({
        operators: ["=", "!=", ...LIST_OPERATORS],
        wrongValue: quotedFor("attributes"),
        wrongOperator: (operator) => `Invalid comparator for experiment_id: ${operator}`,
      }),
    },
    creation_time: { key: "creation_time", rule: time },
    last_update_time: { key: "last_update_time", rule: time },
  },
  keyed: {
    tag: texts({
      operators: [...TEXT_OPERATORS, ...NULL_OPERATORS],
      wrongValue: quotedFor(TAG_VALUE),
      wrongOperator: wrongTagOperator,
    }),
  },
  capitals: true,
  words: {
    ...GRAMMAR,
    entity: attributeOrTag,
    key: (_, sent, valid) => invalidAttribute(sent, valid),
    nullCheck: ({ key }) => `IS NULL / IS NOT NULL is only supported for tags, not for attribute '${key}'`,
  },
  order: {
    attributes: {
      name: "name",
      experiment_id: "experiment_id",
      creation_time: "creation_time",
      last_update_time: "last_update_time",
    },
    entities: [],
    wrongEntity: (entity) => `Invalid order_by entity: ${entity}`,
  },
};
