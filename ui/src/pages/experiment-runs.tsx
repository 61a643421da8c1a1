import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { KeysAnswer } from "../api/page-types";
import { fetchStats } from "../api/tidemark";
import { ChartGrid } from "../charts/chart-grid";
import { ExperimentWatch } from "../charts/lazy-watch";
import { useCharts } from "../charts/use-context";
import { type Conventions, setDirection } from "../data/experiment";
import { type ExperimentChange, watchExperiment } from "../data/experiment-feed";
import { toldAlert } from "../data/told-alerts";
import { useDrawnLive } from "../data/use-drawn-live";
import { FilterBar } from "../filter/filter-bar";
import { identifier, quoted, withCondition, withoutLast } from "../filter/language";
import { comparePath, hashHref, navigate } from "../lib/address";
import { formatCount, plural } from "../lib/format";
import { useKeys } from "../lib/keys";
import { toNumber } from "../lib/runs";
import { changeBaseline } from "../parts/baseline";
import { BusyBar, ErrorNote, PendingRows } from "../parts/states";
import { type Arrangement, arrange, groupId } from "../table/arrange";
import type { RunColumns } from "../table/columns-data";
import { RunGrid } from "../table/run-grid";
import { useAggregates } from "../table/use-aggregates";
import { usePositions } from "../table/use-positions";
import { chartGroups, chartRuns, LINES, useDrawn } from "./experiment-drawn";
import type { ExperimentActions, ExperimentState } from "./experiment-state";
import type { RunsTable } from "./experiment-table";
import { ExperimentTools } from "./experiment-tools";

const COMPARE_MAX = 10;
/** Values of live runs that no line follows are read this often while they are in view. */
const FIGURES_MS = 10_000;
const SETTLE_MS = 1_500;

interface Props {
  id: string;
  /** There is nothing to show, only to wait for. */
  hidden: boolean;
  state: ExperimentState;
  actions: ExperimentActions;
  table: RunsTable;
  keys: KeysAnswer | undefined;
  conventions: Conventions;
  baseline: RunColumns | undefined;
  reloadExperiment: () => void;
  reloadKeys: () => void;
}

/** The filter, the table and the charts of an experiment's runs, and what ties them together. */
export function ExperimentRuns(props: Props) {
  const { id, state, actions, table, keys, conventions, baseline } = props;
  const { data, version } = table;
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const drawn = useDrawn(state, data, version);
  const base = conventions.baseline;
  const groups = useMemo(() => chartGroups(state, data, drawn), [state.group, data, version, drawn]);
  const runs = useMemo(
    () => chartRuns(groups.length ? [] : drawn, data, baseline, base),
    [groups, drawn, data, version, baseline, base],
  );
  const controls = useCharts({
    page: `experiment ${id}`,
    runs,
    groups,
    baseline: base,
    direction: conventions.direction,
  });
  const live = useMemo(() => liveRows(data), [data, version]);
  const followed = useMemo(() => drawn.filter((run) => live.includes(run)), [drawn, live]);
  const askedFor = useMemo(() => new Set<string>(), [id]);
  const { latest, version: liveVersion } = useDrawnLive(
    followed,
    controls.context.store,
    table.reload,
    (run, points) => {
      const row = data?.rowOf(run);
      for (const [key, list] of Object.entries(points)) {
        const [step, timestamp] = list.at(-1) ?? [];
        if (row !== undefined && step !== undefined && timestamp !== undefined) data?.saw(row, timestamp, step);
        if (!keys || askedFor.has(key)) continue;
        askedFor.add(key);
        if (!keys.metrics.some((one) => one.key === key)) props.reloadKeys();
      }
    },
  );
  useFeed(id, props);
  useFigures(
    table,
    live.filter((run) => !followed.includes(run)),
  );

  const metricKeys = [
    ...new Set(table.columns.filter(({ kind }) => kind === "metric" || kind === "delta").map(({ key }) => key)),
  ];
  const aggregates = useAggregates(data, metricKeys, state.aggregate, conventions.direction);
  const baseAggregates = useAggregates(baseline, metricKeys, state.aggregate, conventions.direction);
  const metric = (key: string, row: number) => {
    if (state.aggregate !== "last") return aggregates.value(key, row);
    return latest(data?.id[row] ?? "", key) ?? data?.metrics.get(key)?.[row];
  };
  const baselineValue = (key: string) =>
    state.aggregate === "last" ? baseline?.metrics.get(key)?.[0] : baseAggregates.value(key, 0);

  const sorted = state.sorts[0];
  const ownSort =
    state.aggregate !== "last" && sorted && /^[md]:/.test(sorted.id)
      ? { values: (row: number) => metric(sorted.id.slice(2), row), descending: sorted.descending }
      : undefined;
  const rowsLive = useMemo(() => live.flatMap((run) => data?.rowOf(run) ?? []), [live, data]);
  const positions = usePositions(state.group || ownSort ? undefined : data, {
    request: JSON.stringify(table.shown ?? null),
    live: rowsLive,
    sort:
      sorted && /^[md]:/.test(sorted.id)
        ? { value: (row) => metric(sorted.id.slice(2), row), descending: sorted.descending }
        : undefined,
    reload: table.reload,
  });
  const items = useMemo(
    () =>
      data &&
      arrange(data, {
        order: positions.order,
        group: state.group && ((state.group.kind === "param" ? data.params : data.tags).get(state.group.key) ?? []),
        open,
        sort: ownSort,
        without: base === undefined || state.group ? undefined : data.rowOf(base),
      }),
    [
      data,
      version,
      state.group,
      open,
      base,
      ownSort?.descending,
      sorted?.id,
      ownSort && aggregates.known,
      positions.order,
    ],
  );

  const colors = useMemo(() => new Map(drawn.map((run, i) => [run, i])), [drawn]);
  const draw = (run: string) =>
    actions.setDrawn(drawn.includes(run) ? drawn.filter((one) => one !== run) : [...drawn, run]);
  const nameOf = (run: string) =>
    data?.name[data.rowOf(run) ?? -1] ?? (baseline?.id[0] === run ? baseline.name[0] : undefined) ?? run.slice(0, 8);
  const setBase = (run: string) =>
    void changeBaseline(
      id,
      { id: run, name: nameOf(run) },
      base === undefined ? undefined : { id: base, name: nameOf(base) },
      props.reloadExperiment,
    );
  const compared = drawn.slice(0, COMPARE_MAX);
  const compare = compared.length > 0 ? comparePath(compared, base) : undefined;
  useKeys({
    c: compare ? () => navigate(compare) : undefined,
    "1": () => actions.setView("table"),
    "2": () => actions.setView("split"),
    "3": () => actions.setView("charts"),
  });
  if (props.hidden) return null;

  const saying = data ? rowsLive.filter((row) => !data.isStale(row, Date.now())).length : 0;
  const metrics = (keys?.metrics ?? [])
    .map(({ key }) => key)
    .filter((key) => key.toLowerCase().includes(state.charts.toLowerCase()));
  const isFiltered = state.filter !== "";
  return (
    <>
      <ExperimentTools
        id={id}
        state={state}
        actions={actions}
        keys={keys}
        columns={table.columns}
        conventions={conventions}
        data={data}
        metric={metric}
        baselineValue={baselineValue}
        onDirection={(key, direction) =>
          void setDirection(id, key, direction).then(props.reloadExperiment, () => undefined)
        }
        filter={
          <FilterBar
            experiment={id}
            value={state.filter}
            onChange={actions.setFilter}
            keys={keys}
            result={resultText(table, isFiltered)}
          />
        }
      />
      {table.error && <ErrorNote stale={data !== undefined} what="The runs" error={table.error} retry={table.reload} />}
      {aggregates.error && <ErrorNote what="The statistics" error={aggregates.error} retry={table.reload} />}
      <div class={`experiment-body view-${state.view}`}>
        {state.view !== "charts" && (
          <div class="panel table-panel">
            <BusyBar busy={table.busy && data !== undefined} />
            {data && items && items.count > 0 && (
              <RunGrid
                data={data}
                baseline={baseline}
                version={version + liveVersion + aggregates.known + baseAggregates.known}
                items={items}
                columns={table.columns}
                sorts={state.sorts}
                onSort={actions.setSorts}
                onColumns={actions.setColumns}
                metric={metric}
                baselineValue={baselineValue}
                direction={conventions.direction}
                groupBy={state.group?.key}
                onGroup={(value) => setOpen(toggled(open, groupId(value)))}
                drawn={colors}
                onDraw={draw}
                onDrawAll={(all) => actions.setDrawn(all ? firstRuns(data, items) : [])}
                lifted={controls.context.lifted}
                onBaseline={setBase}
                onFilter={({ kind, key }, value) =>
                  actions.setFilter(
                    withCondition(
                      state.filter,
                      `${identifier(kind === "param" ? "params" : "tags", key)} = ${quoted(value)}`,
                    ),
                  )
                }
              />
            )}
            {!data && !table.error && <PendingRows rows={12} label="Loading runs" />}
            {data && items?.count === 0 && data.done && (
              <p class="foot">
                {isFiltered ? `No run matches. ${plural(data.of, "run")} without this filter.` : "No other runs."}{" "}
                {isFiltered && (
                  <button type="button" class="button" onClick={() => actions.setFilter(withoutLast(state.filter))}>
                    Clear last
                  </button>
                )}
              </p>
            )}
            {data && (
              <p class="foot grid-foot">
                <span aria-live="polite">
                  {data.done
                    ? plural(data.total, "run")
                    : `${formatCount(data.loaded)} of ${plural(data.total, "run")}`}
                  {saying > 0 && ` · ${formatCount(saying)} live`}
                </span>
                {positions.moved > 0 && (
                  <button type="button" class="link-button" onClick={positions.settle}>
                    {plural(positions.moved, "new position")}, sort again
                  </button>
                )}
                <span class="push">
                  {formatCount(drawn.length)} drawn{base !== undefined && " + baseline"}
                </span>
                {compare && <a href={hashHref(compare)}>Compare {compared.length}</a>}
                {base === undefined && data.total > 1 && table.headline && (
                  <UseBest table={table} conventions={conventions} onPick={setBase} />
                )}
              </p>
            )}
          </div>
        )}
        {state.view !== "table" && (
          <div class="experiment-charts">
            {data?.done && <ExperimentWatch context={controls.context} experiment={id} />}
            <ChartGrid
              controls={controls}
              metrics={metrics}
              tools={
                <input
                  class="input input-short"
                  type="search"
                  placeholder="Filter charts"
                  aria-label="Filter charts"
                  value={state.charts}
                  onInput={(event) => actions.setCharts(event.currentTarget.value)}
                />
              }
              none={
                keys ? (state.charts ? `No chart matches “${state.charts}”.` : "No metrics yet.") : "Loading charts"
              }
            />
          </div>
        )}
      </div>
    </>
  );
}

interface BestProps {
  table: RunsTable;
  conventions: Conventions;
  onPick: (run: string) => void;
}

function UseBest({ table: { data, headline = "" }, conventions, onPick }: BestProps) {
  const cells = data?.metrics.get(headline);
  const direction = conventions.direction(headline);
  if (!data || !cells || !direction) return null;
  let best: number | undefined;
  cells.forEach((value, row) => {
    const old = best === undefined ? undefined : cells[best];
    if (value === undefined || !Number.isFinite(value)) return;
    if (old === undefined || (direction === "max" ? value > old : value < old)) best = row;
  });
  const run = best === undefined ? undefined : data.id[best];
  if (!run) return null;
  return (
    <span>
      Pick the run to beat.{" "}
      <button type="button" class="link-button" onClick={() => onPick(run)}>
        Use the best run
      </button>
    </span>
  );
}

/** As many runs as are told apart, in the order they stand. */
function firstRuns(data: RunColumns, items: Arrangement): string[] {
  const runs: string[] = [];
  for (let i = 0; i < items.count && runs.length < LINES; i++) {
    const item = items.at(i);
    if (item?.kind === "row") runs.push(data.id[item.row] ?? "");
  }
  return runs;
}

function toggled(set: ReadonlySet<string>, value: string): Set<string> {
  const next = new Set(set);
  if (!next.delete(value)) next.add(value);
  return next;
}

function resultText({ data, took, busy }: RunsTable, isFiltered: boolean): string {
  if (!data) return "";
  const count = data.done ? formatCount(data.total) : `${formatCount(data.loaded)} of ${formatCount(data.total)}`;
  if (!isFiltered) return "";
  const of = data.done ? `${count} of ${formatCount(data.of)}` : count;
  return busy && !data.done ? of : `${of} · ${Math.round(took ?? 0)} ms`;
}

function liveRows(data: RunColumns | undefined): string[] {
  if (!data) return [];
  return data.id.filter((_, row) => data.status[row] === "RUNNING");
}

/** Changes of the experiment's runs: small ones at once, others by reading the table again when they have settled. */
function useFeed(id: string, props: Props): void {
  const newest = useRef(props);
  newest.current = props;
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const later = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        newest.current.table.reload();
        newest.current.reloadKeys();
      }, SETTLE_MS);
    };
    const take = (change: ExperimentChange) => {
      const { table, reloadExperiment } = newest.current;
      if (change.change === "alert_changed") return toldAlert.set(change.alert);
      if (change.change === "run_updated" && table.data?.update(change.run)) return table.touch();
      if (change.change.startsWith("experiment")) return reloadExperiment();
      if (change.change === "run_tags_set" && table.data?.rowOf(change.run_id) === undefined) return;
      later();
    };
    const stop = watchExperiment(id, { onChanges: (changes) => changes.forEach(take), onStale: later });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [id]);
}

/** Reads the newest values of live runs now and then, of the columns in view. */
function useFigures({ data, columns, touch }: RunsTable, runs: readonly string[]): void {
  const some = runs.slice(0, 100).join();
  useEffect(() => {
    const keys = [...new Set(columns.filter(({ kind }) => kind === "metric").map(({ key }) => key))].slice(0, 100);
    if (!data || !some || keys.length === 0) return;
    const ids = some.split(",");
    const timer = setInterval(async () => {
      if (document.hidden) return;
      const stats = await fetchStats(ids, keys).catch(() => undefined);
      for (const [key, { last, timestamp, step }] of Object.entries(stats ?? {})) {
        last.forEach((value, i) => {
          const row = data.rowOf(ids[i] ?? "");
          const cells = data.metrics.get(key);
          if (value === null || row === undefined || !cells) return;
          cells[row] = toNumber(value);
          data.saw(row, timestamp[i] ?? 0, step[i] ?? 0);
        });
      }
      touch();
    }, FIGURES_MS);
    return () => clearInterval(timer);
  }, [data, some, columns]);
}
