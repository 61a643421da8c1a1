/** Filters and orderings of a kind: from text to what they mean. Pure. */
import { SearchError } from "./error";
import type { Comparison, Entity, Filter, Kind, Name, Operator, Rule } from "./kind";
import { type Clause, parse, type Tree } from "./parse";
import { keyword, type Token, tokenize, unquoted } from "./tokens";

/** What a filter asks; undefined where it asks nothing. Errors: SearchError, with the place in the text. */
export function filterOf(kind: Kind, filter: string | undefined): Filter | undefined {
  const tree = parse(filter ?? "", kind.words);
  return tree && meaning(kind, tree);
}

function meaning(kind: Kind, tree: Tree<Clause>): Filter {
  switch (tree.type) {
    case "clause":
      return comparison(kind, tree);
    case "not":
      return { ...tree, part: meaning(kind, tree.part) };
    default:
      return { ...tree, parts: tree.parts.map((part) => meaning(kind, part)) };
  }
}

function comparison(kind: Kind, clause: Clause): Comparison {
  const { left, right, start, end } = clause;
  const isName = left.type === "name" || (left.type === "text" && left.text.startsWith('"'));
  if (!isName) {
    throw new SearchError(`Invalid comparison clause. Expected 'Identifier' found '${left.text}'`, left);
  }
  const { name, rule } = named(kind, left);
  const operator = operatorOf(kind, clause);
  if (!right) {
    if (!rule.operators.some((known) => known === operator)) throw new SearchError(kind.words.nullCheck(name), clause);
    return { type: "comparison", ...name, operator: operator as Operator, value: null, start, end };
  }
  const value = rule.read(right, clause, name);
  const known = rule.operators.find((one) => one === operator);
  if (!known) throw new SearchError(rule.wrongOperator(operator, name), clause.operatorSpan);
  return { type: "comparison", ...name, operator: known, value, start, end };
}

function operatorOf(kind: Kind, { operator }: Clause): string {
  return kind.capitals ? operator : operator.toUpperCase();
}

function named(kind: Kind, left: Token): { name: Name; rule: Rule } {
  const { entity, key } = identifier(kind, left);
  if (entity === "attribute") {
    const attribute = own(kind.attributes, key);
    if (!attribute) throw new SearchError(kind.words.key(entity, key, Object.keys(kind.attributes)), left);
    return { name: { entity, key: attribute.key }, rule: attribute.rule };
  }
  const fixed = kind.fixed?.[entity];
  const rule = fixed ? own(fixed, key) : kind.keyed[entity];
  if (!rule) throw new SearchError(kind.words.key(entity, key, Object.keys(fixed ?? {})), left);
  return { name: { entity, key }, rule };
}

/** Splits at the first dot, as MLflow does: keys with dots need no quotes. */
function identifier(kind: Kind, { text, start, end }: Token): Name {
  const dot = text.startsWith('"') && !text.includes('".') ? -1 : text.indexOf(".");
  const key = unquoted(text.slice(dot + 1), "'\"`");
  if (dot < 0) return { entity: "attribute", key };
  const sent = unquoted(text.slice(0, dot), "`");
  const entity = own(kind.entities, sent);
  if (!entity) throw new SearchError(kind.words.entity(sent), { start, end });
  return { entity, key };
}

/** One key of an ordering, most important first. */
export interface OrderKey extends Name {
  descending: boolean;
}

/** What an ordering asks. Errors: SearchError, with the clause's number and the place in it. */
export function orderOf(kind: Kind, clauses: readonly string[] = []): OrderKey[] {
  const keys = clauses.map((clause, i) => orderKey(kind, clause, i));
  const seen = new Set<string>();
  for (const [i, { entity, key }] of keys.entries()) {
    const name = JSON.stringify([entity, key]);
    if (seen.has(name) && kind.order.duplicates) {
      throw new SearchError(kind.order.duplicates(clauses), { start: 0, end: clauses[i]?.length ?? 0 }, i);
    }
    seen.add(name);
  }
  return keys;
}

function orderKey(kind: Kind, clause: string, index: number): OrderKey {
  const tokens = tokenize(clause);
  const [left, direction] = tokens;
  const whole = { start: 0, end: clause.length };
  const isName = left?.type === "name" || (left?.type === "text" && left.text.startsWith('"'));
  const isDirection = direction === undefined || direction.type === "name";
  if (!isName || !isDirection || tokens.length > 2 || clause !== clause.trim()) {
    throw new SearchError(`Invalid order_by clause '${clause}'. Could not be parsed.`, whole, index);
  }
  const word = direction ? keyword(direction) : "ASC";
  if (direction && word !== "ASC" && word !== "DESC") {
    throw new SearchError(`Invalid ordering key in order_by clause '${clause}'.`, direction, index);
  }
  return { ...orderName(kind, left, index), descending: word === "DESC" };
}

function orderName(kind: Kind, left: Token, index: number): Name {
  const { order, words } = kind;
  const refused = (message: string) => new SearchError(message, left, index);
  const { entity, key } = identifier(kind, left);
  if (entity === "attribute") {
    const attribute = own(order.attributes, key);
    const unknown = order.unknown ?? ((sent, valid) => words.key(entity, sent, valid));
    if (!attribute) throw refused(unknown(key, Object.keys(order.attributes)));
    return { entity, key: attribute };
  }
  if (!order.entities.includes(entity)) throw refused(order.wrongEntity(entity, key));
  return { entity, key };
}

const own = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;

/** The comparisons of a filter, in the order written. */
export function* comparisons(filter: Filter | undefined): Generator<Comparison> {
  if (!filter) return;
  if (filter.type === "comparison") yield filter;
  else if (filter.type === "not") yield* comparisons(filter.part);
  else for (const part of filter.parts) yield* comparisons(part);
}

/** Whether a search looks at an entity at all: in its filter or in its ordering. */
export const mentions = (entity: Entity, filter: Filter | undefined, order: readonly Name[]): boolean =>
  order.some((key) => key.entity === entity) || comparisons(filter).some((one) => one.entity === entity);
