/** Which rows and columns an experiment's table shows, and where its values come from. */
import { useEffect, useMemo, useState } from "preact/hooks";
import type { KeysAnswer } from "../api/page-types";
import { streamTable, type TableRequest } from "../api/tidemark";
import type { Conventions } from "../data/experiment";
import { type Column, NEWEST, orderBy } from "../table/column";
import { RunColumns } from "../table/columns-data";
import { defaultColumns, guessHeadline } from "../table/defaults";
import { type TableState, useTable } from "../table/use-table";
import type { ExperimentState } from "./experiment-state";

/** What the first look at an experiment asks for, as index.html begins it: names, states and times. */
const FIRST_LOOK = 100;

export interface RunsTable extends Omit<TableState, "columns"> {
  data: RunColumns | undefined;
  columns: readonly Column[];
  headline: string | undefined;
  request: TableRequest | undefined;
}

interface Setup {
  id: string;
  state: ExperimentState;
  keys: KeysAnswer | undefined;
  conventions: Conventions;
  /** The experiment's conventions are known. */
  settled: boolean;
}

export function useRunsTable({ id, state, keys, conventions, settled }: Setup): RunsTable {
  const headline = conventions.headline ?? (keys && guessHeadline(keys.metrics));
  const hasBaseline = conventions.baseline !== undefined;
  const columns = useMemo(
    () => state.columns ?? (keys ? defaultColumns(keys, headline, hasBaseline) : []),
    [state.columns, keys, headline, hasBaseline],
  );
  // Columns that the address names wait for nothing.
  const isKnown = state.columns !== undefined || (keys !== undefined && settled);
  const request = useMemo<TableRequest>(() => {
    const first: TableRequest = {
      experiment_ids: [id],
      filter: state.filter || undefined,
      order_by: orderBy(state.sorts.length ? state.sorts : NEWEST),
      run_view_type: state.deleted ? "DELETED_ONLY" : undefined,
    };
    if (!isKnown) return { ...first, max_results: FIRST_LOOK };
    const wanted = state.group ? [...columns, { kind: state.group.kind, key: state.group.key }] : columns;
    const keysOf = (...kinds: string[]) => [
      ...new Set(wanted.filter(({ kind }) => kinds.includes(kind)).map(({ key }) => key)),
    ];
    return { ...first, metrics: keysOf("metric", "delta"), params: keysOf("param"), tags: keysOf("tag") };
  }, [id, state.filter, state.sorts, state.deleted, state.group, isKnown, columns]);
  const { columns: data, ...rest } = useTable(request);
  return { ...rest, data, columns, headline, request: isKnown ? request : undefined };
}

/** The baseline's own row, whether the filter lets it through or not. */
export function useBaselineRow(
  experiment: string,
  run: string | undefined,
  request: TableRequest | undefined,
): RunColumns | undefined {
  const [row, setRow] = useState<{ run: string; data: RunColumns } | undefined>(undefined);
  const asked = request && JSON.stringify([request.metrics, request.params, request.tags]);
  useEffect(() => {
    if (!run || !request) return;
    const control = new AbortController();
    const { metrics, params, tags } = request;
    const data = new RunColumns();
    (async () => {
      const filter = `attributes.run_id = '${run}'`;
      const wanted = { experiment_ids: [experiment], filter, metrics, params, tags, max_results: 1 };
      for await (const part of streamTable(wanted, control.signal)) if ("page" in part) data.append(part.page);
      data.done = true;
      data.total = data.loaded;
      if (data.loaded > 0) setRow({ run, data });
    })().catch(() => undefined);
    return () => control.abort();
  }, [experiment, run, asked]);
  return row && row.run === run ? row.data : undefined;
}
