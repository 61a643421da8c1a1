/** The filter bar's side of the search grammar, which is the server's own. Plain functions. */
import { SearchError } from "../../../src/search/error";
import { filterOf } from "../../../src/search/filter";
import type { Entity } from "../../../src/search/kind";
import { RUNS } from "../../../src/search/kinds/runs";
import { type Span, type Token, tokenize } from "../../../src/search/tokens";

export interface Problem extends Span {
  message: string;
  /** What to write in place of the span. */
  instead?: string;
}

/** Undefined for a filter that the server will take. */
export function problemOf(text: string): Problem | undefined {
  if (text.trim() === "") return undefined;
  try {
    filterOf(RUNS, text);
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof SearchError)) throw thrown;
    return unknownKind(text) ?? { ...thrown.span, message: `Column ${thrown.span.start + 1}: ${thrown.message}` };
  }
}

/** The usual slip: a kind's name. Said in fewer words than MLflow has for it. */
function unknownKind(text: string): Problem | undefined {
  for (const { type, text: name, start } of tokenize(text)) {
    const dot = name.indexOf(".");
    if (type !== "name" || dot < 0) continue;
    const kind = name.slice(0, dot);
    if (Object.hasOwn(RUNS.entities, kind)) continue;
    const instead = nearestKind(kind);
    const advice = instead ? ` Did you mean ${instead}?` : ` There are ${KINDS.join(", ")}.`;
    return { start, end: start + dot, message: `Column ${start + 1}: unknown kind “${kind}”.${advice}`, instead };
  }
  return undefined;
}

export const KINDS = ["metrics", "params", "tags", "attributes", "datasets"] as const;

function nearestKind(text: string): string | undefined {
  const ranked = KINDS.map((kind) => ({ kind, distance: editDistance(text.toLowerCase(), kind) }));
  const best = ranked.sort((a, b) => a.distance - b.distance)[0];
  return best && best.distance <= 2 ? best.kind : undefined;
}

/** Letters to change, add or take out to get from one word to the other. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + same));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** Words without any comparison: they are looked for in the runs' names. */
export function plainWords(text: string): boolean {
  if (text.trim() === "" || /[=<>!()'"`,;]/.test(text)) return false;
  return tokenize(text).every(({ type, text: word }) => {
    const dot = word.indexOf(".");
    return type !== "name" || dot < 0 || !Object.hasOwn(RUNS.entities, word.slice(0, dot));
  });
}

export function nameFilter(words: string): string {
  return `run_name ILIKE ${quoted(`%${words.trim()}%`)}`;
}

export function quoted(value: string): string {
  return value.includes("'") ? `"${value}"` : `'${value}'`;
}

/** A key as an identifier has it, in backticks where it needs them. */
export function identifier(kind: "metrics" | "params" | "tags", key: string): string {
  return /^[A-Za-z_]\w*$/.test(key) ? `${kind}.${key}` : `${kind}.\`${key}\``;
}

/** Adds one more condition to a filter. */
export function withCondition(filter: string, condition: string): string {
  const before = filter.trim();
  if (!before) return condition;
  return /\bor\b/i.test(before) ? `(${before}) and ${condition}` : `${before} and ${condition}`;
}

/** Without its last condition, for whom it left nothing. */
export function withoutLast(filter: string): string {
  const joins = tokenize(filter).filter(({ type, text }) => type === "name" && /^(and|or)$/i.test(text));
  const last = joins.at(-1);
  return last ? filter.slice(0, last.start).trim() : "";
}

export type Piece = Span & { look: "kind" | "join" | "number" | "text" | "plain" };

/** Stretches of the text to colour, in order and without holes. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let at = 0;
  const add = (end: number, look: Piece["look"]) => {
    if (end > at) found.push({ start: at, end, look });
    at = Math.max(at, end);
  };
  for (const token of tokenize(text)) {
    add(token.start, "plain");
    if (token.type === "name" && isJoin(token)) add(token.end, "join");
    else if (token.type === "name" && token.text.includes(".")) {
      add(token.start + token.text.indexOf("."), "kind");
      add(token.end, "plain");
    } else add(token.end, token.type === "number" ? "number" : token.type === "text" ? "text" : "plain");
  }
  add(text.length, "plain");
  return found;
}

function isJoin({ text }: Token): boolean {
  return /^(and|or|not|in|like|ilike|is|null)$/i.test(text);
}

export type Expected =
  | { what: "name"; span: Span; typed: string }
  | { what: "operator"; span: Span; typed: string; name: string }
  | { what: "value"; span: Span; typed: string; name: string }
  | { what: "join"; span: Span; typed: string };

/** What may stand at the caret, and the piece that is being written there. */
export function expectedAt(text: string, caret: number): Expected {
  const tokens = tokenize(text.slice(0, caret));
  const last = tokens.at(-1);
  const isWriting = last !== undefined && last.end === caret && !["open", "close", "comma"].includes(last.type);
  const done = isWriting ? tokens.slice(0, -1) : tokens;
  const span = isWriting ? { start: last.start, end: caret } : { start: caret, end: caret };
  const typed = isWriting ? last.text : "";
  let state: "name" | "operator" | "value" | "join" = "name";
  let name = "";
  for (const token of done) {
    if (state === "name") {
      if (token.type === "name" && !/^not$/i.test(token.text)) {
        name = token.text;
        state = "operator";
      }
    } else if (state === "operator") {
      if (token.type === "operator" || /^(like|ilike|in)$/i.test(token.text)) state = "value";
      else if (/^null$/i.test(token.text)) state = "join";
    } else if (state === "value") {
      if (token.type === "text" || token.type === "number") state = "join";
    } else if (/^(and|or)$/i.test(token.text)) state = "name";
  }
  // An operator in letters is still being chosen while it is being written.
  if (state === "name" || state === "join") return { what: state, span, typed };
  return { what: state, span, typed, name };
}

/** Splits `metrics.val/auc` and its quoted forms. */
export function splitName(name: string): { entity: Entity | undefined; kind: string; key: string } {
  const dot = name.indexOf(".");
  if (dot < 0) return { entity: "attribute", kind: "", key: name.replaceAll(/[`"]/g, "") };
  const kind = name.slice(0, dot);
  const meant = Object.hasOwn(RUNS.entities, kind) ? kind : (nearestKind(kind) ?? "");
  return { entity: RUNS.entities[meant], kind, key: name.slice(dot + 1).replaceAll(/[`"]/g, "") };
}

export const ATTRIBUTE_NAMES = ["run_name", "status", "user_id", "start_time", "end_time", "run_id"];

export function operatorsFor(name: string): readonly string[] {
  const { entity, key } = splitName(name);
  if (entity === "attribute") return RUNS.attributes[key]?.rule.operators ?? [];
  if (!entity) return [];
  return (RUNS.fixed?.[entity]?.[key] ?? RUNS.keyed[entity])?.operators ?? [];
}
