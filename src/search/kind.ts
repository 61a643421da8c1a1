/**
 * What a searchable kind (runs, experiments, …) says of itself: its fields, their operators, and its words for what it
 * refuses. A new kind is one object of this shape, with `Rule`s made by the helpers of rules.ts; `filterOf(KIND, text)`
 * and `orderOf(KIND, clauses)` then read its filters and orderings. Turning a Comparison into SQL is up to the kind's
 * store; sql.ts has the conditions (LIKE of any length, IN, …) that all of them need. Pure.
 */
import type { Clause, GrammarWords, Operand, Tree } from "./parse";
import type { Span } from "./tokens";

export type Entity = "attribute" | "metric" | "param" | "tag" | "dataset";

export const COMPARATORS = ["=", "!=", "<", "<=", ">", ">="] as const;
export const TEXT_OPERATORS = ["=", "!=", "LIKE", "ILIKE"] as const;
export const LIST_OPERATORS = ["IN", "NOT IN"] as const;
export const NULL_OPERATORS = ["IS NULL", "IS NOT NULL"] as const;

export type Operator =
  | (typeof COMPARATORS)[number]
  | (typeof TEXT_OPERATORS)[number]
  | (typeof LIST_OPERATORS)[number]
  | (typeof NULL_OPERATORS)[number];

/** A list after IN and NOT IN; null after IS NULL and IS NOT NULL. Numbers may be ±Infinity, and NaN where a rule lets it. */
export type Value = string | number | readonly string[] | null;

/** A comparison that means something: `key` is an attribute's own name (aliases resolved), or a metric's, param's … key. */
export interface Comparison extends Span {
  type: "comparison";
  entity: Entity;
  key: string;
  operator: Operator;
  value: Value;
}

export type Filter = Tree<Comparison>;

/** What an identifier names. */
export interface Name {
  entity: Entity;
  key: string;
}

/** What one attribute, or all keys of an entity, may be compared with, and the words for the rest. */
export interface Rule {
  operators: readonly Operator[];
  /** Reads the right side. Errors: SearchError. */
  read(right: Operand, clause: Clause, name: Name): Value;
  wrongOperator(operator: string, name: Name): string;
}

export interface Kind {
  /** Entities by every spelling that a filter may use before the first dot. */
  entities: Readonly<Record<string, Entity>>;
  /** Attributes by every spelling. */
  attributes: Readonly<Record<string, { key: string; rule: Rule }>>;
  /** The rules of entities whose keys are free. */
  keyed: Readonly<Partial<Record<Entity, Rule>>>;
  /** The rules of entities with fixed keys of their own, beside attributes. */
  fixed?: Readonly<Partial<Record<Entity, Readonly<Record<string, Rule>>>>>;
  /** Whether LIKE, ILIKE and IN count in capitals only. */
  capitals?: boolean;
  words: GrammarWords & {
    entity(sent: string): string;
    /** `valid` are the spellings there are. */
    key(entity: Entity, sent: string, valid: readonly string[]): string;
    nullCheck(name: Name): string;
  };
  order: {
    /** Attributes by every spelling an ordering may use. */
    attributes: Readonly<Record<string, string>>;
    /** Entities that an ordering may name. */
    entities: readonly Entity[];
    wrongEntity(entity: Entity, key: string): string;
    /** The words for an attribute that is none, where they are not those of a filter. */
    unknown?(sent: string, valid: readonly string[]): string;
    /** The words for a field named twice, where that is refused. */
    duplicates?(clauses: readonly string[]): string;
  };
}
