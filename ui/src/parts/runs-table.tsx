import { useEffect, useMemo, useRef } from "preact/hooks";
import type { Run } from "../api/types";
import { useNow } from "../data/clock";
import { useMedia } from "../data/media";
import { hashHref, runPath } from "../lib/address";
import { formatDuration } from "../lib/format";
import { keysByUse, runDuration, runName, toNumber } from "../lib/runs";
import { nextSort, type RunSort } from "../lib/sort";
import { useVirtual } from "../lib/use-virtual";
import { Value } from "./number";
import { Age, LiveDot, RunState } from "./status";

interface Props {
  runs: Run[];
  sort: RunSort;
  onSort: (sort: RunSort) => void;
  /** The last rows are in view, and there are more to fetch. */
  onEnd: (() => void) | undefined;
}

interface KeyColumn {
  kind: "metric" | "param";
  key: string;
  width: number;
}

/** Columns that stand on every runs table, in pixels. */
const FIXED_WIDTHS = { status: 92, start: 88, duration: 112 };

/** Runs as rows; latest metrics and params as columns. Only what is in view is in the document. */
export function RunsTable({ runs, sort, onSort, onEnd }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const phone = useMedia("(max-width: 640px)");
  const now = useNow(1000);
  const columns = useMemo(() => keyColumns(runs), [runs]);
  const rowHeight = phone ? 44 : 32;
  const rows = useVirtual({
    count: runs.length,
    scroller: () => scroller.current,
    size: () => rowHeight,
    sizesKey: String(rowHeight),
    overscan: 8,
  });
  const across = useVirtual({
    count: columns.length,
    scroller: () => scroller.current,
    size: (index) => columns[index]?.width ?? 0,
    sizesKey: columns.map(columnId).join("\n"),
    overscan: 4,
    horizontal: true,
  });
  const shown = columns.slice(across.first, across.end);
  const fixed = phone ? 1 : 4;
  const span = fixed + shown.length + 2;
  const width = columns.reduce((sum, column) => sum + column.width, 0);

  const atEnd = rows.end >= runs.length;
  useEffect(() => {
    if (atEnd) onEnd?.();
  }, [atEnd, onEnd]);

  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
    <section class="table-scroll" ref={scroller} tabIndex={0} aria-label="Runs">
      <table
        class="table runs"
        style={{ width: `calc(var(--run-col) + ${width + (phone ? 0 : sumOf(FIXED_WIDTHS))}px)` }}
        aria-rowcount={runs.length + 1}
        aria-colcount={fixed + columns.length}
      >
        <colgroup>
          <col style={{ width: "var(--run-col)" }} />
          {!phone && Object.values(FIXED_WIDTHS).map((w) => <col key={w} style={{ width: `${w}px` }} />)}
          <col style={{ width: `${across.before}px` }} />
          {shown.map((column) => (
            <col key={columnId(column)} style={{ width: `${column.width}px` }} />
          ))}
          <col style={{ width: `${across.after}px` }} />
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            <Head column="name" label="Run" sort={sort} onSort={onSort} class="stuck" />
            {!phone && (
              <>
                <Head column="status" label="Status" sort={sort} onSort={onSort} />
                <Head column="start" label="Started" sort={sort} onSort={onSort} class="right" />
                <th scope="col" class="right">
                  Duration
                </th>
              </>
            )}
            <td class="spacer" />
            {shown.map((column) => (
              <Head
                key={columnId(column)}
                column={columnId(column)}
                label={column.key}
                title={column.kind === "metric" ? `Metric ${column.key}, latest value` : `Parameter ${column.key}`}
                sort={sort}
                onSort={onSort}
                class={`right head-key ${column.kind}${isFirstParam(columns, column) ? " divide" : ""}`}
              />
            ))}
            <td class="spacer" />
          </tr>
        </thead>
        <tbody>
          {rows.before > 0 && <SpacerRow height={rows.before} span={span} />}
          {runs.slice(rows.first, rows.end).map((run, i) => (
            <tr key={run.info.run_id} aria-rowindex={rows.first + i + 2}>
              <th scope="row" class="stuck">
                <a class="row-name" href={hashHref(runPath(run.info.run_id))} title={runName(run.info)}>
                  {runName(run.info)}
                </a>
                {phone && <PhoneState run={run} />}
              </th>
              {!phone && (
                <>
                  <td>
                    <RunState info={run.info} />
                  </td>
                  <td class="right num">{run.info.start_time ? <Age at={run.info.start_time} /> : null}</td>
                  <td class="right num">{durationText(run, now)}</td>
                </>
              )}
              <td class="spacer" />
              {shown.map((column) => (
                <KeyCell key={columnId(column)} run={run} column={column} divide={isFirstParam(columns, column)} />
              ))}
              <td class="spacer" />
            </tr>
          ))}
          {rows.after > 0 && <SpacerRow height={rows.after} span={span} />}
        </tbody>
      </table>
    </section>
  );
}

interface HeadProps {
  column: string;
  label: string;
  title?: string;
  sort: RunSort;
  onSort: (sort: RunSort) => void;
  class?: string;
}

function Head({ column, label, title, sort, onSort, class: extra }: HeadProps) {
  const active = sort.column === column;
  const direction = sort.descending ? "descending" : "ascending";
  return (
    <th scope="col" class={extra} aria-sort={active ? direction : undefined}>
      <button type="button" class="head-button" title={title} onClick={() => onSort(nextSort(sort, column))}>
        <span class="clip">{label}</span>
        {active && (
          <span class="sort-mark" aria-hidden="true">
            {sort.descending ? "▼" : "▲"}
          </span>
        )}
      </button>
    </th>
  );
}

function KeyCell({ run, column, divide }: { run: Run; column: KeyColumn; divide: boolean }) {
  const edge = divide ? " divide" : "";
  if (column.kind === "metric") {
    const metric = run.data.metrics?.find(({ key }) => key === column.key);
    return <td class={`right${edge}`}>{metric && <Value value={toNumber(metric.value)} />}</td>;
  }
  const value = run.data.params?.find(({ key }) => key === column.key)?.value;
  return (
    <td class={`right clip num${edge}`} title={value}>
      {value}
    </td>
  );
}

function PhoneState({ run }: { run: Run }) {
  const { info } = run;
  return (
    <span class="row-sub">
      {info.status === "RUNNING" ? <LiveDot /> : null}
      {info.status === "FAILED" ? <RunState info={info} /> : null}
      {info.start_time ? <Age at={info.start_time} /> : null}
    </span>
  );
}

function SpacerRow({ height, span }: { height: number; span: number }) {
  return (
    <tr>
      <td class="spacer spacer-row" colSpan={span} style={{ height: `${height}px` }} />
    </tr>
  );
}

function keyColumns(runs: readonly Run[]): KeyColumn[] {
  const metrics = keysByUse(runs, (run) => run.data.metrics);
  const params = keysByUse(runs, (run) => run.data.params);
  return [
    ...metrics.map((key): KeyColumn => ({ kind: "metric", key, width: widthFor(key) })),
    ...params.map((key): KeyColumn => ({ kind: "param", key, width: widthFor(key) })),
  ];
}

/** Wide enough for its name; 7.5 pixels a character, room for padding and the sort mark. */
function widthFor(key: string): number {
  return Math.round(Math.min(220, Math.max(96, key.length * 7.5 + 40)));
}

function columnId(column: KeyColumn): string {
  return `${column.kind}:${column.key}`;
}

function isFirstParam(columns: readonly KeyColumn[], column: KeyColumn): boolean {
  return column.kind === "param" && columns.find(({ kind }) => kind === "param") === column;
}

function durationText(run: Run, now: number): string {
  const duration = runDuration(run.info, now);
  return duration === undefined ? "" : formatDuration(duration);
}

function sumOf(widths: Record<string, number>): number {
  return Object.values(widths).reduce((sum, width) => sum + width, 0);
}
