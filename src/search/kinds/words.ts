/** Words that several kinds share. */
import { shownList, shownSet } from "../rules";

const blank = (filter: string): string => `Invalid filter '${filter}'. Could not be parsed.`;
const severalStatements = (filter: string): string =>
  `Search filter contained multiple expression "${filter}". Provide AND-ed expression list.`;
const invalidClauses = (texts: readonly string[]): string => `Invalid clause(s) in filter string: ${texts.join(", ")}`;

export const GRAMMAR = { blank, severalStatements, invalidClauses };

export const invalidAttribute = (sent: string, valid: readonly string[]): string =>
  `Invalid attribute key '${sent}' specified. Valid keys are '${shownSet(valid)}'`;

/** Of a field that an ordering names twice. */
export const duplicateFields = (clauses: readonly string[]): string =>
  `\`order_by\` contains duplicate fields: ${shownList(clauses)}`;

export const onlyLists = (keys: string): string =>
  `Only [${keys}] attributes support comparison with a list of quoted string values.`;

export const quotedFor =
  (what: string) =>
  (text: string): string =>
    `Expected a quoted string value for ${what}. Got value ${text}`;

/** Of the kinds that have attributes and tags only. */
export const attributeOrTag = (sent: string): string =>
  `Invalid entity type '${sent}'. Valid entity types are ('attribute', 'tag', 'tags')`;

export const ATTRIBUTE_OR_TAG = { attribute: "attribute", tag: "tag", tags: "tag" } as const;

export const TAG_VALUE = "tag (e.g. 'my-value')";

export const wrongTagOperator = (operator: string): string => `Invalid comparator for tag: ${operator}`;
