/** What the filter bar offers to write. Plain functions. */
import type { KeysAnswer } from "../api/page-types";
import { formatCount, plural } from "../lib/format";
import { ATTRIBUTE_NAMES, type Expected, identifier, operatorsFor, quoted, splitName } from "./language";

export interface Suggestion {
  /** What is put in place of what is being written. */
  insert: string;
  note?: string;
}

const SHOWN = 12;
const STATES = ["RUNNING", "FINISHED", "FAILED", "KILLED", "SCHEDULED"];
const KEY_KINDS = ["metrics", "params", "tags"] as const;

export interface Known {
  keys: KeysAnswer | undefined;
  /** The most frequent values of the param or tag in question. */
  values: readonly { value: string; runs: number }[];
}

export function suggestionsFor(expected: Expected, { keys, values }: Known): Suggestion[] {
  switch (expected.what) {
    case "name":
      return nameSuggestions(expected.typed, keys);
    case "operator":
      return operatorsFor(expected.name)
        .filter((operator) => operator.toLowerCase().startsWith(expected.typed.toLowerCase()))
        .map((operator) => ({ insert: `${operator} ` }));
    case "value":
      return valueSuggestions(expected.name, expected.typed, values);
    default:
      return ["and", "or"]
        .filter((word) => word.startsWith(expected.typed.toLowerCase()))
        .map((word) => ({ insert: `${word} ` }));
  }
}

function nameSuggestions(typed: string, keys: KeysAnswer | undefined): Suggestion[] {
  const hasDot = typed.includes(".");
  const { entity, key } = splitName(typed);
  const wanted = (hasDot ? key : typed).toLowerCase();
  const found: (Suggestion & { rank: number })[] = [];
  for (const kind of KEY_KINDS) {
    if (hasDot && `${entity}s` !== kind) continue;
    for (const use of keys?.[kind] ?? []) {
      const place = use.key.toLowerCase().indexOf(wanted);
      if (place < 0 && !kind.startsWith(wanted)) continue;
      const values = use.values === undefined ? "" : ` · ${plural(use.values, "value")}`;
      found.push({
        insert: `${identifier(kind, use.key)} `,
        note: `${plural(use.runs, "run")}${values}`,
        rank:
          (place < 0 ? 500 : place) -
          use.runs / 1e6 +
          (use.key.startsWith("mlflow.") || use.key.startsWith("system/") ? 1000 : 0),
      });
    }
  }
  found.sort((a, b) => a.rank - b.rank);
  const attributes =
    hasDot && entity !== "attribute" ? [] : ATTRIBUTE_NAMES.filter((name) => name.includes(hasDot ? key : wanted));
  return [
    ...found.slice(0, SHOWN).map(({ insert, note }) => ({ insert, note })),
    ...attributes.map((name) => ({ insert: `${name} `, note: "attribute" })),
  ].slice(0, SHOWN);
}

function valueSuggestions(name: string, typed: string, values: Known["values"]): Suggestion[] {
  const { entity, key } = splitName(name);
  const wanted = typed.replaceAll(/^['"]|['"]$/g, "").toLowerCase();
  if (entity === "attribute" && key === "status") {
    return STATES.filter((state) => state.toLowerCase().startsWith(wanted)).map((state) => ({
      insert: `${quoted(state)} `,
    }));
  }
  if (entity !== "param" && entity !== "tag") return [];
  return values
    .filter(({ value }) => value.toLowerCase().includes(wanted))
    .slice(0, SHOWN)
    .map(({ value, runs }) => ({ insert: `${quoted(value)} `, note: `${formatCount(runs)} runs` }));
}
