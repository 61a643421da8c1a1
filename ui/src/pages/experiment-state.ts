/** What an experiment's address says of its page. */
import { useMemo } from "preact/hooks";
import { useQuery } from "../lib/address";
import { type Column, formatColumns, formatSort, parseColumn, parseSort, type Sort, splitList } from "../table/column";

export type View = "table" | "split" | "charts";
export type Aggregate = "last" | "min" | "max" | "best";

const VIEWS: readonly View[] = ["table", "split", "charts"];
const AGGREGATES: readonly Aggregate[] = ["last", "min", "max", "best"];

export interface ExperimentState {
  filter: string;
  sorts: Sort[];
  /** Undefined: the columns a table begins with. */
  columns: Column[] | undefined;
  /** `p:arch` or `t:env`. */
  group: { kind: "param" | "tag"; key: string } | undefined;
  view: View;
  /** Undefined: the newest runs and the live ones. */
  drawn: string[] | undefined;
  charts: string;
  aggregate: Aggregate;
  deleted: boolean;
  /** A stored address. */
  stored: string | undefined;
  /** What could not be read. */
  problems: string[];
}

export interface ExperimentActions {
  setFilter: (filter: string) => void;
  setSorts: (sorts: Sort[]) => void;
  setColumns: (columns: Column[] | undefined) => void;
  setGroup: (group: string | undefined) => void;
  setView: (view: View) => void;
  setDrawn: (runs: string[] | undefined) => void;
  setCharts: (text: string) => void;
  setAggregate: (aggregate: Aggregate) => void;
  setDeleted: (deleted: boolean) => void;
}

/** @param usual the view where the address names none */
export function useExperimentState(usual: View): [ExperimentState, ExperimentActions] {
  const [query, setQuery] = useQuery();
  const state = useMemo(() => readState(query, usual), [query, usual]);
  const actions = useMemo<ExperimentActions>(
    () => ({
      setFilter: (filter) => setQuery({ q: filter || undefined }, { replace: true }),
      setSorts: (sorts) => setQuery({ sort: formatSort(sorts) }),
      setColumns: (columns) => setQuery({ cols: columns && formatColumns(columns) }, { replace: true }),
      setGroup: (group) => setQuery({ group }),
      setView: (view) => setQuery({ view: view === usual ? undefined : view }),
      setDrawn: (runs) => setQuery({ on: runs && (runs.join(",") || "none") }, { replace: true }),
      setCharts: (text) => setQuery({ m: text || undefined }, { replace: true }),
      setAggregate: (aggregate) => setQuery({ agg: aggregate === "last" ? undefined : aggregate }),
      setDeleted: (deleted) => setQuery({ del: deleted ? "1" : undefined }),
    }),
    [setQuery, usual],
  );
  return [state, actions];
}

export function readState(query: URLSearchParams, usual: View): ExperimentState {
  const problems: string[] = [];
  const oneOf = <T extends string>(name: string, known: readonly T[], fallback: T, words: string): T => {
    const text = query.get(name);
    const found = known.find((one) => one === text);
    if (text !== null && !found) problems.push(`${words} “${text}”`);
    return found ?? fallback;
  };
  const sorts = parseSort(query.get("sort"));
  if (!sorts) problems.push(`the order “${query.get("sort")}”`);
  const group = /^([pt]):(.+)$/s.exec(query.get("group") ?? "");
  if (query.get("group") && !group) problems.push(`the groups “${query.get("group")}”`);
  const columns = query.get("cols");
  const parts = columns === null ? [] : splitList(columns);
  const unread = parts.filter((part) => part && !parseColumn(part));
  if (unread.length) problems.push(`the columns “${unread.join("”, “")}”`);
  const on = query.get("on");
  return {
    filter: query.get("q") ?? "",
    sorts: sorts ?? parseSort(null) ?? [],
    columns: columns === null ? undefined : parts.flatMap((part) => parseColumn(part) ?? []),
    group: group?.[2] ? { kind: group[1] === "p" ? "param" : "tag", key: group[2] } : undefined,
    view: oneOf("view", VIEWS, usual, "the view"),
    drawn: on === null ? undefined : on === "none" ? [] : on.split(",").filter((id) => /^[\w-]+$/.test(id)),
    charts: query.get("m") ?? "",
    aggregate: oneOf("agg", AGGREGATES, "last", "the values"),
    deleted: query.get("del") === "1",
    stored: query.get("v") ?? undefined,
    problems,
  };
}
