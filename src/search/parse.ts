/** Tokens → tree, before anything is known of fields: the same for every kind. Pure. */
import { SearchError } from "./error";
import { keyword, type Span, type Token, tokenize } from "./tokens";

/** Comparisons of one filter, and parentheses inside each other: what SQL made of them stays within D1's limits. */
export const MAX_COMPARISONS = 100;
export const MAX_NESTING = 20;

/** A list in parentheses, as written. */
export interface Group extends Span {
  type: "group";
  text: string;
  /** What stands between the parentheses. */
  items: Token[];
}

/** The right side of a comparison. */
export type Operand = Token | Group;

/** One comparison as written; `right` is absent after IS NULL and IS NOT NULL. */
export interface Clause extends Span {
  type: "clause";
  left: Token;
  /** As written, but words of two or three (`not  in`) in capitals with one space between. */
  operator: string;
  operatorSpan: Span;
  right?: Operand;
}

/** AND, OR and NOT over leaves; lists of `parts` have two or more. */
export type Tree<Leaf> =
  | Leaf
  | (Span & { type: "and" | "or"; parts: Tree<Leaf>[] })
  | (Span & { type: "not"; part: Tree<Leaf> });

/** The words of a kind for what the grammar itself refuses. */
export interface GrammarWords {
  /** Stretches of the text that are no comparison, in order. */
  invalidClauses(texts: readonly string[], filter: string): string;
  severalStatements(filter: string): string;
  blank(filter: string): string;
}

/**
 * Reads a filter: comparisons joined by AND, OR and NOT, with parentheses; AND binds tighter than OR. As in MLflow, a
 * missing AND counts as one (save before IN and IS NULL, where it is refused), and one too many as none. Undefined for a
 * filter that asks nothing. Errors: SearchError.
 */
export function parse(filter: string, words: GrammarWords): Tree<Clause> | undefined {
  if (filter === "") return undefined;
  if (filter.trim() === "") throw new SearchError(words.blank(filter), { start: 0, end: filter.length });
  const tokens = tokenize(filter);
  const semicolon = tokens.findIndex((token) => token.text === ";");
  const after = tokens[semicolon + 1];
  if (semicolon >= 0 && after) throw new SearchError(words.severalStatements(filter), after);
  const parser = new Parser(filter, tokens);
  const tree = parser.tree();
  const invalid = parser.invalid.toSorted((a, b) => a.start - b.start);
  const [first] = invalid;
  if (first) {
    const texts = invalid.map(({ start, end }) => filter.slice(start, end));
    throw new SearchError(words.invalidClauses(texts, filter), first);
  }
  return tree;
}

const WORD_OPERATORS = new Set(["LIKE", "ILIKE", "RLIKE", "REGEXP"]);
const AFTER_NOT = new Set([...WORD_OPERATORS, "IN"]);

class Parser {
  readonly #filter: string;
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;
  #clauses = 0;
  /** Where the last value or parenthesis ended. */
  #valueEnd = -1;
  /** What is no comparison. */
  readonly invalid: Span[] = [];

  constructor(filter: string, tokens: readonly Token[]) {
    this.#filter = filter;
    this.#tokens = tokens;
  }

  tree(): Tree<Clause> | undefined {
    const tree = this.#or();
    // What stopped it short of the end is a parenthesis that nothing opened.
    for (const token of this.#tokens.slice(this.#at)) this.invalid.push(token);
    return tree;
  }

  #peek(ahead = 0): Token | undefined {
    return this.#tokens[this.#at + ahead];
  }

  #or(): Tree<Clause> | undefined {
    let [part, lastOr] = [this.#and(), this.#peek()];
    const parts = [];
    while (keyword(lastOr) === "OR" && lastOr) {
      this.#at++;
      const next = this.#and();
      if (part === undefined || next === undefined) this.invalid.push(lastOr);
      if (part) parts.push(part);
      part = next;
      lastOr = this.#peek();
    }
    if (part) parts.push(part);
    return joined("or", parts);
  }

  #and(): Tree<Clause> | undefined {
    const parts = [];
    for (let token = this.#peek(); token && token.type !== "close" && keyword(token) !== "OR"; token = this.#peek()) {
      if (keyword(token) === "AND") {
        this.#at++;
        continue;
      }
      const part = this.#unary(token);
      if (part) parts.push(part);
    }
    return joined("and", parts);
  }

  #unary(token: Token): Tree<Clause> | undefined {
    if (token.type === "open") return this.#nested(token);
    if (keyword(token) !== "NOT") return this.#clause(token);
    this.#at++;
    const next = this.#peek();
    const isOperand = next && next.type !== "close" && !["AND", "OR"].includes(keyword(next) ?? "");
    const part = isOperand ? this.#deeper(next, () => this.#unary(next)) : undefined;
    if (!part) {
      this.invalid.push(token);
      return undefined;
    }
    return { type: "not", part, start: token.start, end: part.end };
  }

  #nested(open: Token): Tree<Clause> | undefined {
    this.#at++;
    const found = this.invalid.length;
    const inner = this.#deeper(open, () => this.#or());
    const close = this.#peek();
    if (close?.type !== "close") {
      this.invalid.push(open);
      return inner;
    }
    this.#at++;
    this.#valueEnd = this.#at;
    if (!inner && this.invalid.length === found) this.invalid.push({ start: open.start, end: close.end });
    return inner && { ...inner, start: open.start, end: close.end };
  }

  #deeper<T>(at: Span, work: () => T): T {
    if (++this.#depth > MAX_NESTING) {
      throw new SearchError(`A filter may nest parentheses and NOT ${MAX_NESTING} deep at most.`, at);
    }
    const result = work();
    this.#depth--;
    return result;
  }

  #clause(left: Token): Tree<Clause> | undefined {
    const words = this.#operatorWords();
    const last = this.#peek(words);
    const { start } = this.#peek(1) ?? left;
    if (words === 0 || !last) return this.#reject(1);
    const operatorSpan = { start, end: last.end };
    const texts = this.#tokens.slice(this.#at + 1, this.#at + words + 1).map((token) => token.text);
    const operator = texts.length > 1 ? texts.join(" ").toUpperCase() : (texts[0] ?? "");
    // MLflow's parser takes the value and the name after it for one piece.
    if (/^(IN|NOT IN|IS .*)$/i.test(operator) && this.#at === this.#valueEnd) {
      const clause = { start: left.start, end: last.end };
      const text = this.#filter.slice(clause.start, clause.end);
      throw new SearchError(`Invalid clause in filter string: '${text}' needs an AND before it.`, clause);
    }
    if (operator === "IS NULL" || operator === "IS NOT NULL") {
      this.#at += words + 1;
      return this.#counted({ type: "clause", left, operator, operatorSpan, start: left.start, end: last.end });
    }
    const right = this.#operand(words + 1);
    if (!right || (/(^|\s)IN$/i.test(operator) && right.type !== "group")) return this.#reject(words + 1);
    this.#at += words + 1 + (right.type === "group" ? right.items.length + 2 : 1);
    this.#valueEnd = this.#at;
    return this.#counted({ type: "clause", left, operator, operatorSpan, right, start: left.start, end: right.end });
  }

  #counted(clause: Clause): Clause {
    if (++this.#clauses <= MAX_COMPARISONS) return clause;
    throw new SearchError(`A filter may have ${MAX_COMPARISONS} comparisons at most.`, clause);
  }

  /** How many tokens after the current one make up an operator. */
  #operatorWords(): number {
    const token = this.#peek(1);
    if (token?.type === "operator") return 1;
    const [first = "", second = "", third = ""] = [keyword(token), keyword(this.#peek(2)), keyword(this.#peek(3))];
    if (WORD_OPERATORS.has(first) || first === "IN") return 1;
    if (first === "NOT" && AFTER_NOT.has(second)) return 2;
    if (first === "IS" && second === "NULL") return 2;
    return first === "IS" && second === "NOT" && third === "NULL" ? 3 : 0;
  }

  #operand(ahead: number): Operand | undefined {
    const token = this.#peek(ahead);
    if (!token || (token.type === "name" && ["AND", "OR", "NOT"].includes(keyword(token) ?? ""))) return undefined;
    if (token.type === "open") return this.#group(token, ahead);
    const isValue = ["name", "text", "number"].includes(token.type) || /^[\p{L}\p{N}_]/u.test(token.text);
    return isValue ? token : undefined;
  }

  #group(open: Token, ahead: number): Group | undefined {
    let depth = 0;
    for (let i = this.#at + ahead; i < this.#tokens.length; i++) {
      const token = this.#tokens[i];
      if (token?.type === "open") depth++;
      if (token?.type !== "close" || --depth > 0) continue;
      const items = this.#tokens.slice(this.#at + ahead + 1, i);
      const { start } = open;
      return { type: "group", text: this.#filter.slice(start, token.end), items, start, end: token.end };
    }
    return undefined;
  }

  #reject(tokens: number): undefined {
    this.invalid.push(...this.#tokens.slice(this.#at, this.#at + tokens));
    this.#at += tokens;
    return undefined;
  }
}

function joined(type: "and" | "or", parts: Tree<Clause>[]): Tree<Clause> | undefined {
  const [first, last] = [parts[0], parts.at(-1)];
  if (!first || !last || parts.length === 1) return first;
  return { type, parts, start: first.start, end: last.end };
}
