/** Rules that kinds are put together from. Pure. */
import { SearchError } from "./error";
import { COMPARATORS, LIST_OPERATORS, type Name, type Operator, type Rule, TEXT_OPERATORS, type Value } from "./kind";
import type { Clause, Group, Operand } from "./parse";
import { type Token, unquoted } from "./tokens";

/** Python's way to show a set, in the order given (MLflow's own order changes from start to start). */
export const shownSet = (items: readonly string[]): string => `{${items.map((item) => `'${item}'`).join(", ")}}`;
export const shownList = (items: readonly string[]): string => `[${items.map((item) => `'${item}'`).join(", ")}]`;

type WrongOperator = Rule["wrongOperator"];
type WrongValue = (text: string, name: Name) => string;

export const notOneOf =
  (operators: readonly Operator[], end = ""): WrongOperator =>
  (operator) =>
    `Invalid comparator '${operator}' not one of '${shownSet(operators)}${end}`;

/** Numbers as SQL writes them. */
export function numbers(words: { wrongValue: WrongValue; wrongOperator: WrongOperator; integers?: WrongValue }): Rule {
  const { wrongValue, wrongOperator, integers } = words;
  return {
    operators: COMPARATORS,
    wrongOperator,
    read(right, _, name) {
      if (right.type !== "number") throw new SearchError(wrongValue(right.text, name), right);
      if (integers && !/^-?\d+$/.test(right.text))
        throw new SearchError(integers(pythonFloat(right.text), name), right);
      return Number(right.text);
    },
  };
}

const pythonFloat = (text: string): string => {
  const value = Number(text);
  return Number.isInteger(value) ? `${value}.0` : String(value);
};

interface TextWords {
  wrongValue: WrongValue;
  wrongOperator: WrongOperator;
  operators?: readonly Operator[];
}

/** Texts in single or double quotes. */
export function texts({ wrongValue, wrongOperator, operators = TEXT_OPERATORS }: TextWords): Rule {
  return { operators, wrongOperator, read: (right, _, name) => readText(right, wrongValue, name) };
}

/** Texts, or lists of them after IN and NOT IN. `noLists` are the words where a list is not welcome. */
export function textsOrLists(words: TextWords & { noLists?: string }): Rule {
  const { wrongValue, wrongOperator, noLists, operators = [...TEXT_OPERATORS, ...LIST_OPERATORS] } = words;
  return {
    operators,
    wrongOperator,
    read(right, clause, name) {
      if (right.type !== "group") return readText(right, wrongValue, name);
      if (noLists) throw new SearchError(noLists, right);
      if (!isListOperator(clause)) throw new SearchError(wrongValue(right.text, name), right);
      return readList(right);
    },
  };
}

export const isListOperator = ({ operator }: Clause): boolean => /(^|\s)IN$/i.test(operator);

function readText(right: Operand, wrongValue: WrongValue, name: Name): Value {
  if (right.type === "text") return unquoted(right.text, `'"`);
  const isUnquoted = right.type === "name" && !/^null$/i.test(right.text);
  throw new SearchError(isUnquoted ? notQuoted(right.text) : wrongValue(right.text, name), right);
}

const notQuoted = (text: string): string =>
  "Parameter value is either not quoted or unidentified quote types used for string value " +
  `${text}. Use either single or double quotes.`;

const IN_A_LIST = "While parsing a list in the query, expected";

/** A list of quoted texts, read as Python reads a tuple: adjacent texts are one. */
export function readList(group: Group): string[] {
  const values: string[] = [];
  let open = false;
  for (const item of group.items) {
    if (item.type === "comma" && open) {
      open = false;
      continue;
    }
    if (item.type !== "text") throw new SearchError(otherType(group), item);
    values.push((open ? (values.pop() ?? "") : "") + pythonText(item));
    open = true;
  }
  if (values.length > 0) return values;
  throw new SearchError(`${IN_A_LIST} a non-empty list of string values, but got empty list`, group);
}

const otherType = ({ items, text }: Group): string =>
  `${IN_A_LIST} string value, punctuation, or whitespace, but got different type in list: ` +
  (items.length === 1 ? `${text.slice(0, -1)},)` : text);

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

function pythonText({ text }: Token): string {
  const quote = text.charAt(0);
  // Two quotes inside end one literal and begin the next.
  return text
    .slice(1, -1)
    .replaceAll(quote + quote, "")
    .replace(/\\([\\'"nrt])/g, (_, escaped: string) => ESCAPES[escaped] ?? escaped);
}
