import { Component } from "preact";
import type { Store } from "../data/store";
import { seriesToken } from "../data/theme";
import { hashHref, runPath } from "../lib/address";
import type { Direction } from "../lib/compare";
import { formatCount, formatDuration, formatNumber } from "../lib/format";
import { Delta } from "../parts/delta";
import { Icon } from "../parts/icon";
import { Value } from "../parts/number";
import { Age, LiveDot } from "../parts/status";
import { groupFigures, type Item } from "./arrange";
import { type Column, columnId } from "./column";
import type { RunColumns } from "./columns-data";

/** What all rows of a grid share. */
export interface RowContext {
  data: RunColumns;
  /** Only those in view, `before` pixels after the name. */
  columns: readonly Column[];
  widths: readonly number[];
  before: number;
  nameWidth: number;
  height: number;
  phone: boolean;
  metric: (key: string, row: number) => number | undefined;
  baselineValue: (key: string) => number | undefined;
  direction: (key: string) => Direction | undefined;
  groupBy: string | undefined;
  onDraw: (run: string) => void;
  onFilter: (column: Column, value: string) => void;
  onGroup: (value: string | undefined) => void;
  /** Shows the columns that a phone's row has no room for. */
  onMore: (run: string) => void;
  lifted: Store<string | undefined>;
  stamp: string;
}

interface RowProps {
  context: RowContext;
  row: number;
  /** Place in the list; −1 for the row that is stuck below the head. */
  index: number;
  ariaIndex: number;
  active: boolean;
  /** The number of its colour, where it is drawn. */
  color: number | undefined;
  /** Its line is under the reader's hand. */
  lit: boolean;
  baseline: boolean;
}

/** A run's row, drawn again only when it has other cells: scrolling draws the rows that come. */
export class RunRow extends Component<RowProps> {
  override shouldComponentUpdate(next: RowProps): boolean {
    const now = this.props;
    return (
      next.context.stamp !== now.context.stamp ||
      next.context.data !== now.context.data ||
      next.row !== now.row ||
      next.index !== now.index ||
      next.active !== now.active ||
      next.color !== now.color ||
      next.lit !== now.lit ||
      next.baseline !== now.baseline
    );
  }

  override render({ context, row, index, ariaIndex, active, color, lit, baseline }: RowProps) {
    const { data, height, nameWidth, onDraw, lifted } = context;
    const id = data.id[row] ?? "";
    const name = data.name[row] ?? "";
    const isDrawn = color !== undefined;
    return (
      <div
        role="row"
        id={index >= 0 ? `row-${index}` : undefined}
        aria-rowindex={ariaIndex}
        aria-selected={isDrawn}
        class={`grid-row${active ? " active" : ""}${lit ? " lit" : ""}${baseline ? " grid-baseline" : ""}`}
        style={
          index >= 0
            ? { transform: `translateY(${index * height}px)`, height: `${height}px` }
            : { height: `${height}px` }
        }
        onMouseEnter={() => isDrawn && lifted.set(id)}
        onMouseLeave={() => lifted.set(undefined)}
      >
        <div role="gridcell" class="cell cell-draw">
          {baseline ? (
            <span class="swatch swatch-base" role="img" aria-label="Baseline" />
          ) : (
            <input
              type="checkbox"
              tabIndex={-1}
              aria-label={`Draw ${name}`}
              checked={isDrawn}
              onChange={() => onDraw(id)}
            />
          )}
        </div>
        <div role="rowheader" class="cell cell-name" style={{ width: `${nameWidth}px` }}>
          {isDrawn && !baseline && (
            <span class="swatch" style={{ background: `var(${seriesToken(color)})` }} aria-hidden="true" />
          )}
          <a class="row-name" tabIndex={-1} href={hashHref(runPath(id))} title={name}>
            {name}
          </a>
          <StateMark data={data} row={row} />
          {context.phone && (
            <button
              type="button"
              tabIndex={-1}
              class="icon-button row-more"
              aria-label={`All columns of ${name}`}
              onClick={() => context.onMore(id)}
            >
              <Icon name="more" />
            </button>
          )}
        </div>
        <span class="cell-gap" style={{ width: `${context.before}px` }} />
        {context.columns.map((column, i) => (
          <div
            role="gridcell"
            key={columnId(column)}
            class={`cell cell-${column.kind}`}
            style={{ width: `${context.widths[i]}px` }}
          >
            <Cell context={context} column={column} row={row} baseline={baseline} />
          </div>
        ))}
      </div>
    );
  }
}

function StateMark({ data, row }: { data: RunColumns; row: number }) {
  const status = data.status[row];
  if (status === "RUNNING") {
    const stale = data.isStale(row, Date.now());
    return (
      <>
        {stale ? (
          <span class="dot-stale" title="No point for much longer than usual" aria-hidden="true" />
        ) : (
          <LiveDot />
        )}
        <span class="unseen">{stale ? "stale" : "live"}</span>
      </>
    );
  }
  if (status === "FAILED" || status === "KILLED") {
    return <span class={status === "FAILED" ? "state state-failed" : "state"}>{status.toLowerCase()}</span>;
  }
  return null;
}

interface CellProps {
  context: RowContext;
  column: Column;
  row: number;
  baseline: boolean;
}

/** What stands in a cell. */
export function Cell({ context, column: { kind, key }, row, baseline }: CellProps) {
  const { data } = context;
  switch (kind) {
    case "metric": {
      const value = context.metric(key, row);
      return value === undefined ? null : <Value value={value} />;
    }
    case "delta":
      if (baseline) return <span class="quiet">baseline</span>;
      return (
        <Delta
          value={context.metric(key, row)}
          baseline={context.baselineValue(key)}
          direction={context.direction(key)}
        />
      );
    case "attribute":
      return <AttributeCell data={data} row={row} name={key} />;
    default: {
      const value = (kind === "param" ? data.params : data.tags).get(key)?.[row];
      if (value === undefined) return null;
      return (
        <button
          type="button"
          tabIndex={-1}
          class="cell-value"
          title={`${value}\nClick to filter by it`}
          onClick={() => context.onFilter({ kind, key }, value)}
        >
          {value}
        </button>
      );
    }
  }
}

function AttributeCell({ data, row, name }: { data: RunColumns; row: number; name: string }) {
  const start = data.start[row];
  const end = data.end[row];
  if (name === "start") {
    const stale = data.isStale(row, Date.now());
    if (data.isRunning(row) && !stale) return <span class="num">now</span>;
    const at = stale ? data.lastPoint[row] : start;
    return at === undefined ? null : (
      <span class="num">
        <Age at={at} still />
      </span>
    );
  }
  if (name === "duration") {
    if (start === undefined) return null;
    return <span class="num">{end === undefined ? "" : formatDuration(end - start)}</span>;
  }
  if (name === "status") return <span>{(data.status[row] ?? "").toLowerCase()}</span>;
  return <span class="clip">{data.user[row]}</span>;
}

interface GroupProps {
  context: RowContext;
  item: Extract<Item, { kind: "group" }>;
  index: number;
  ariaIndex: number;
  active: boolean;
}

/** Runs that share a value, in one row: how many, their means and bests. */
export function GroupRow({ context, item, index, ariaIndex, active }: GroupProps) {
  const { data, height, nameWidth, onGroup } = context;
  return (
    <div
      role="row"
      id={`row-${index}`}
      aria-rowindex={ariaIndex}
      aria-expanded={item.open}
      class={`grid-row grid-group${active ? " active" : ""}`}
      style={{ transform: `translateY(${index * height}px)`, height: `${height}px` }}
    >
      <div role="rowheader" class="cell cell-name cell-group" style={{ width: `${nameWidth + 36}px` }}>
        <button type="button" tabIndex={-1} class="group-toggle" onClick={() => onGroup(item.value)}>
          <Icon name={item.open ? "down" : "right"} size={12} />
          <span class="clip">{item.value ?? "not set"}</span>
          <span class="count">{formatCount(item.rows.length)}</span>
        </button>
      </div>
      <span class="cell-gap" style={{ width: `${context.before}px` }} />
      {context.columns.map((column, i) => {
        const figures =
          column.kind === "metric"
            ? groupFigures(
                item.rows.map((row) => context.metric(column.key, row)),
                item.rows.map((_, at) => at),
                context.direction(column.key),
              )
            : undefined;
        return (
          <div
            role="gridcell"
            key={columnId(column)}
            class={`cell cell-${column.kind}`}
            style={{ width: `${context.widths[i]}px` }}
          >
            {figures && (
              <span
                class="num"
                title={`mean ${figures.mean}\nbest ${figures.best}\n${figures.n} of ${item.rows.length} runs; ${data.total} in all`}
              >
                <span class="quiet small">mean </span>
                {formatNumber(figures.mean)}
                <span class="quiet small"> best </span>
                {formatNumber(figures.best)}
              </span>
            )}
          </div>
        );
      })}
    </div>
  );
}
