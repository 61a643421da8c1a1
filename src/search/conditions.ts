/** Comparisons → SQL conditions with bound parameters, the same for every kind. Pure. */
import { D1_MAX_PARAMETERS, D1_MAX_PATTERN } from "../limits";
import type { Comparison, Filter, Operator } from "./kind";

/**
 * The parameters of a statement, numbered, each value once. What passes D1's limit travels together in the last one, as
 * JSON. A place holder stands for the same value wherever in the statement it is used.
 */
export class Params {
  readonly #direct: (string | number)[] = [];
  readonly #overflow: (string | number)[] = [];
  readonly #known = new Map<string | number, string>();

  /** The place holder of a value; numbers must be finite. */
  bind(value: string | number): string {
    const known = this.#known.get(value);
    if (known) return known;
    const last = D1_MAX_PARAMETERS;
    const holder =
      this.#direct.length < last - 1
        ? `?${this.#direct.push(value)}`
        : `(?${last} ->> ${this.#overflow.push(value) - 1})`;
    this.#known.set(value, holder);
    return holder;
  }

  /** A list as a subquery of one column named value. */
  list(values: readonly (string | number)[]): string {
    return `(SELECT value FROM json_each(${this.bind(JSON.stringify(values))}))`;
  }

  /** What to bind, where every place holder is used. */
  get values(): (string | number)[] {
    return this.#overflow.length > 0 ? [...this.#direct, JSON.stringify(this.#overflow)] : [...this.#direct];
  }

  /** A statement with what to bind to it: D1 refuses more values than the last place holder counts. */
  statement(sql: string): Statement {
    const last = Math.max(0, ...Array.from(sql.matchAll(/\?(\d+)/g), ([, number]) => Number(number)));
    return { sql, values: this.values.slice(0, last) };
  }
}

export interface Statement {
  sql: string;
  values: (string | number)[];
}

/** Conditions joined in a tree that is as flat as can be: D1 bounds the depth of an expression, not its length. */
export function joined(operator: "AND" | "OR", conditions: readonly string[]): string {
  if (conditions.length <= 1) return conditions[0] ?? "1";
  const half = conditions.length >> 1;
  return `(${joined(operator, conditions.slice(0, half))} ${operator} ${joined(operator, conditions.slice(half))})`;
}

/** A filter's condition; `leaf` makes that of a comparison, which must be true or false and never NULL. */
export function filterCondition(filter: Filter, leaf: (comparison: Comparison) => string): string {
  switch (filter.type) {
    case "comparison":
      return leaf(filter);
    case "not":
      return `(NOT ${filterCondition(filter.part, leaf)})`;
    default:
      return joined(
        filter.type === "and" ? "AND" : "OR",
        filter.parts.map((part) => filterCondition(part, leaf)),
      );
  }
}

/** The comparisons and other parts that must all hold. */
export const conjuncts = (filter: Filter | undefined): Filter[] => {
  if (!filter) return [];
  return filter.type === "and" ? filter.parts.flatMap(conjuncts) : [filter];
};

/** A comparison of a column of numbers. A NaN equals nothing, and is neither more nor less. */
export function numberCondition(column: string, operator: Operator, value: number, params: Params): string {
  if (Number.isNaN(value)) return operator === "!=" ? "1" : "0";
  return `${column} ${operator === "!=" ? "<>" : operator} ${numberLiteral(value, params)}`;
}

/** A number as SQL takes it: an infinity, which has no JSON on its way to D1, as a literal too large. */
export function numberLiteral(value: number, params: Params): string {
  if (Number.isFinite(value)) return params.bind(value);
  return value > 0 ? "9e999" : "-9e999";
}

/** A comparison of a column of texts, or its test for NULL. */
export function textCondition(column: string, { operator, value }: Comparison, params: Params): string {
  if (operator === "IS NULL" || operator === "IS NOT NULL") return `${column} ${operator}`;
  if (operator === "IN" || operator === "NOT IN") return `${column} ${operator} ${params.list(listOf(value))}`;
  const text = String(value);
  if (operator === "LIKE") return likeCondition(column, text, params);
  if (operator === "ILIKE") return ilikeCondition(column, text, params);
  return `${column} ${operator === "!=" ? "<>" : operator} ${params.bind(text)}`;
}

export const listOf = (value: Comparison["value"]): readonly string[] =>
  Array.isArray(value) ? (value as readonly string[]) : [String(value)];

/** The text that all matches of a LIKE pattern begin with. */
export const likePrefix = (pattern: string): string => pattern.split(/[%_]/, 1)[0] ?? "";

/** Texts that begin with a prefix, as a range that an index serves. Nothing sorts after U+10FFFF. */
export function prefixRange(column: string, prefix: string, params: Params): string {
  return `(${column} >= ${params.bind(prefix)} AND ${column} < ${params.bind(`${prefix}\u{10ffff}`)})`;
}

const bytes = (text: string): number => new TextEncoder().encode(text).length;

/** `%` stands for any text, `_` for one character; letters count as written. */
function likeCondition(column: string, pattern: string, params: Params): string {
  // SQLite's LIKE knows no case; GLOB does, and what it would read as a wildcard stands for itself in brackets.
  const glob = pattern.replace(/[[*?]/g, "[$&]").replaceAll("%", "*").replaceAll("_", "?");
  return bytes(glob) <= D1_MAX_PATTERN ? `${column} GLOB ${params.bind(glob)}` : longPattern(column, pattern, params);
}

/** As LIKE, A to Z like a to z: that much MLflow's own database does. */
function ilikeCondition(column: string, pattern: string, params: Params): string {
  if (bytes(pattern) <= D1_MAX_PATTERN) return `${column} LIKE ${params.bind(pattern)}`;
  const lower = pattern.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return longPattern(`lower(${column})`, lower, params);
}

/** A pattern longer than D1 takes, put together from comparisons of its pieces. */
function longPattern(text: string, pattern: string, params: Params): string {
  const pieces = pattern.split(/[%_]+/).filter((piece) => piece !== "");
  if (pattern.includes("_")) {
    // Only texts that hold every piece are walked through.
    const held = pieces.map((piece) => `instr(${text}, ${params.bind(piece)}) > 0`);
    return `(CASE WHEN ${joined("AND", held)} THEN ${walked(text, pattern, params)} ELSE 0 END)`;
  }
  const parts = pattern.split("%");
  const [first = "", last = ""] = [parts[0], parts.at(-1)];
  if (parts.length === 1) return `${text} = ${params.bind(pattern)}`;
  const conditions = [`length(${text}) >= ${params.bind(codePoints(pieces.join("")))}`];
  if (first) conditions.push(`substr(${text}, 1, ${codePoints(first)}) = ${params.bind(first)}`);
  if (last) conditions.push(`substr(${text}, -${codePoints(last)}) = ${params.bind(last)}`);
  const middle = parts.slice(1, -1).filter((part) => part !== "");
  if (middle.length > 0) {
    const between = codePoints(first) + codePoints(last);
    const body = `substr(${text}, ${codePoints(first) + 1}, length(${text}) - ${between})`;
    conditions.push(inTurn(body, middle, params));
  }
  return joined("AND", conditions);
}

const codePoints = (text: string): number => Array.from(text).length;

/** Whether a text holds some pieces one after the other: each is cut off where it is first found. */
function inTurn(text: string, pieces: readonly string[], params: Params): string {
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined) return `instr(${text}, ${params.bind(only)}) > 0`;
  const piece = `(${params.bind(JSON.stringify(pieces))} ->> n)`;
  return `EXISTS (
    WITH RECURSIVE cut(n, rest) AS (
      SELECT 0, ${text} UNION ALL
      SELECT n + 1, substr(rest, instr(rest, ${piece}) + length(${piece})) FROM cut
      WHERE n < ${pieces.length} AND instr(rest, ${piece}) > 0)
    SELECT 1 FROM cut WHERE n = ${pieces.length})`;
}

/** Walks a pattern along a text, remembering every pair of places reached: exact, and slow for what is long. */
function walked(text: string, pattern: string, params: Params): string {
  const p = params.bind(pattern.replace(/%+/g, "%"));
  const sign = `substr(${p}, at, 1)`;
  return `EXISTS (
    WITH RECURSIVE walk(at, place) AS (
      SELECT 1, 1 UNION
      SELECT CASE WHEN ${sign} = '%' AND step = 1 THEN at ELSE at + 1 END,
        CASE WHEN ${sign} = '%' AND step = 0 THEN place ELSE place + 1 END
      FROM walk, (SELECT 0 AS step UNION ALL SELECT 1)
      WHERE at <= length(${p})
        AND CASE WHEN ${sign} = '%' THEN step = 0 OR place <= length(${text})
          ELSE step = 1 AND place <= length(${text}) AND ${sign} IN ('_', substr(${text}, place, 1)) END)
    SELECT 1 FROM walk WHERE at > length(${p}) AND place > length(${text}))`;
}
