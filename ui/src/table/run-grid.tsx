import { useEffect, useRef, useState } from "preact/hooks";
import { useNow } from "../data/clock";
import { useMedia } from "../data/media";
import { preferences } from "../data/prefs";
import { type Store, useStore } from "../data/store";
import { navigate, runPath } from "../lib/address";
import type { Direction } from "../lib/compare";
import { useKeys } from "../lib/keys";
import { useVirtual } from "../lib/use-virtual";
import { lazy } from "../parts/lazy";
import type { Arrangement } from "./arrange";
import { type Column, columnId, columnWidth, nextSort, type Sort } from "./column";
import type { RunColumns } from "./columns-data";
import { GridHead } from "./grid-head";
import { GroupRow, type RowContext, RunRow } from "./grid-row";

const RunSheet = lazy(() => import("./run-sheet").then((part) => part.RunSheet));

export interface GridProps {
  data: RunColumns;
  version: number;
  items: Arrangement;
  columns: readonly Column[];
  sorts: readonly Sort[];
  onSort: (sorts: Sort[]) => void;
  onColumns: (columns: Column[]) => void;
  /** The value shown for a metric; last, min, max or best. */
  metric: (key: string, row: number) => number | undefined;
  baselineValue: (key: string) => number | undefined;
  direction: (key: string) => Direction | undefined;
  /** The baseline's own row, which stands first and stays in view. */
  baseline: RunColumns | undefined;
  groupBy: string | undefined;
  onGroup: (value: string | undefined) => void;
  /** Runs that are drawn, with the number of their colour. */
  drawn: ReadonlyMap<string, number>;
  onDraw: (run: string) => void;
  /** Draws the first rows as they stand, or none. */
  onDrawAll: (all: boolean) => void;
  lifted: Store<string | undefined>;
  onBaseline: (run: string) => void;
  onFilter: (column: Column, value: string) => void;
}

const NAME_WIDTH = { wide: 216, phone: 158 };
const DRAW_WIDTH = 36;
const GROUP_WIDTH = 176;
/** Rows in the document at most, and the height around the table's rows. */
const MAX_ROWS = 56;
const AROUND = 240;
const PHONE_WIDTHS: Partial<Record<Column["kind"], number>> = { metric: 84, delta: 78 };

/** Runs as rows. Only what is in view is in the document; one tab stop, arrows or j and k inside. */
export function RunGrid(props: GridProps) {
  const { data, items, columns, sorts, baseline } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const phone = useMedia("(max-width: 640px)");
  const { density } = useStore(preferences);
  const lifted = useStore(props.lifted);
  const [active, setActive] = useState(-1);
  /** The run whose columns are shown over the table. */
  const [sheet, setSheet] = useState<string | undefined>(undefined);
  const isBaselineSheet = sheet !== undefined && sheet === baseline?.id[0];
  const sheetRow = phone && sheet !== undefined ? (isBaselineSheet ? baseline : data)?.rowOf(sheet) : undefined;
  /** A column under the hand: the address learns its width when it is let go. */
  const [dragged, setDragged] = useState<{ id: string; width: number } | undefined>(undefined);
  const minute = Math.floor(useNow(10_000) / 10_000);
  const rowHeight = phone ? 44 : density === "compact" ? 28 : 32;
  const rows = useVirtual({
    count: items.count,
    scroller: () => scroller.current,
    size: () => rowHeight,
    sizesKey: String(rowHeight),
    // More beyond the edges on a small screen than on a high one, which has many rows in view.
    overscan: Math.max(2, Math.min(6, Math.floor((MAX_ROWS - (innerHeight - AROUND) / rowHeight) / 2))),
  });
  const shownColumns = phone ? phoneColumns(columns) : columns;
  const widths = phone
    ? shownColumns.map(({ kind }) => PHONE_WIDTHS[kind] ?? 80)
    : shownColumns.map((column) => {
        if (columnId(column) === dragged?.id) return dragged.width;
        // A group's mean and best stand side by side.
        return props.groupBy && column.kind === "metric"
          ? Math.max(GROUP_WIDTH, columnWidth(column))
          : columnWidth(column);
      });
  const across = useVirtual({
    count: shownColumns.length,
    scroller: () => scroller.current,
    size: (index) => widths[index] ?? 0,
    sizesKey: shownColumns.map((column, i) => columnId(column) + widths[i]).join("\n"),
    overscan: 3,
    horizontal: true,
  });
  const nameWidth = phone ? NAME_WIDTH.phone : NAME_WIDTH.wide;
  const width = DRAW_WIDTH + nameWidth + widths.reduce((sum, one) => sum + one, 0);

  useEffect(() => {
    if (active >= items.count) setActive(-1);
  }, [items.count]);

  const headRows = 1 + Number(baseline !== undefined);
  const move = (to: number) => {
    const next = Math.max(0, Math.min(items.count - 1, to));
    setActive(next);
    const element = scroller.current;
    if (!element) return;
    const top = next * rowHeight;
    const room = element.clientHeight - headRows * rowHeight;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + rowHeight > element.scrollTop + room) element.scrollTop = top + rowHeight - room;
  };
  const runAt = (index: number) => {
    const item = items.at(index);
    return item?.kind === "row" ? data.id[item.row] : undefined;
  };
  const page = Math.max(1, rows.end - rows.first - 14);
  const onActive = (act: (run: string) => void) => () => {
    const run = runAt(active);
    if (run) act(run);
  };
  // Whatever has the focus takes its own Enter.
  const openFromPage = () => {
    if (document.activeElement !== document.body) return false;
    openActive();
    return true;
  };
  useKeys({
    j: () => move(active + 1),
    k: () => move(active - 1),
    x: active >= 0 ? onActive(props.onDraw) : undefined,
    b: active >= 0 ? onActive(props.onBaseline) : undefined,
    Enter: active >= 0 ? openFromPage : undefined,
  });
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== scroller.current) return;
    if (event.key === "ArrowDown") move(active + 1);
    else if (event.key === "ArrowUp") move(active - 1);
    else if (event.key === "PageDown") move(active + page);
    else if (event.key === "PageUp") move(active - page);
    else if (event.key === "Home" && event.ctrlKey) move(0);
    else if (event.key === "End" && event.ctrlKey) move(items.count - 1);
    else if (event.key === " ") onActive(props.onDraw)();
    else if (event.key === "Enter") openActive();
    else return;
    event.preventDefault();
  };
  const openActive = () => {
    const item = items.at(active);
    if (item?.kind === "group") props.onGroup(item.value);
    else onActive((run) => navigate(runPath(run)))();
  };

  const resize = (id: string, width: number, isDone: boolean) => {
    setDragged(isDone ? undefined : { id, width });
    if (isDone) props.onColumns(columns.map((column) => (columnId(column) === id ? { ...column, width } : column)));
  };
  const context: RowContext = {
    data,
    columns: shownColumns.slice(across.first, across.end),
    widths: widths.slice(across.first, across.end),
    before: across.before,
    nameWidth,
    height: rowHeight,
    phone,
    metric: props.metric,
    baselineValue: props.baselineValue,
    direction: props.direction,
    groupBy: props.groupBy,
    onDraw: props.onDraw,
    onFilter: props.onFilter,
    onGroup: props.onGroup,
    onMore: setSheet,
    lifted: props.lifted,
    /** Rows are drawn again when this changes. */
    stamp: `${props.version} ${minute} ${across.first} ${across.end} ${shownColumns.map((c, i) => columnId(c) + widths[i])} ${phone} ${rowHeight} ${props.groupBy} ${baseline?.id[0]} ${baseline?.metrics.size}`,
  };
  const shown = Array.from({ length: rows.end - rows.first }, (_, i) => rows.first + i);
  return (
    <>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: it is a grid, or a tree grid where it is grouped */}
      {/* biome-ignore lint/a11y/useAriaPropsSupportedByRole: as above */}
      <div
        class="grid"
        role={props.groupBy ? "treegrid" : "grid"}
        aria-label="Runs"
        aria-rowcount={items.count + headRows}
        aria-colcount={shownColumns.length + 2}
        aria-activedescendant={active >= rows.first && active < rows.end ? `row-${active}` : undefined}
        aria-multiselectable="true"
        tabIndex={0}
        ref={scroller}
        onKeyDown={onKeyDown}
        onFocus={() => active < 0 && items.count > 0 && setActive(rows.first)}
      >
        <div class="grid-inner" style={{ width: `${width}px` }}>
          <div role="rowgroup" class="grid-head">
            <GridHead
              context={context}
              offset={across.first}
              sorts={sorts}
              onSort={(id, add) => props.onSort(nextSort(sorts, id, add))}
              onWidth={resize}
              drawn={props.drawn.size}
              onDrawAll={props.onDrawAll}
            />
            {baseline && (
              <RunRow
                context={baselineContext(context, baseline, props)}
                row={0}
                index={-1}
                ariaIndex={2}
                active={false}
                color={undefined}
                lit={lifted === baseline.id[0]}
                baseline
              />
            )}
          </div>
          <div role="rowgroup" class="grid-body" style={{ height: `${items.count * rowHeight}px` }}>
            {shown.map((index) => {
              const item = items.at(index);
              if (item?.kind === "group") {
                return (
                  <GroupRow
                    key={`g${index}`}
                    context={context}
                    item={item}
                    index={index}
                    ariaIndex={index + headRows + 1}
                    active={index === active}
                  />
                );
              }
              if (!item) {
                return (
                  <div
                    key={index}
                    role="row"
                    aria-rowindex={index + headRows + 1}
                    class="grid-row pending-line"
                    style={{ transform: `translateY(${index * rowHeight}px)`, height: `${rowHeight}px` }}
                  >
                    <span role="gridcell" class="pending" aria-label="Loading" />
                  </div>
                );
              }
              const id = data.id[item.row] ?? "";
              return (
                <RunRow
                  key={id}
                  context={context}
                  row={item.row}
                  index={index}
                  ariaIndex={index + headRows + 1}
                  active={index === active}
                  color={props.drawn.get(id)}
                  lit={lifted === id}
                  baseline={false}
                />
              );
            })}
          </div>
        </div>
      </div>
      {sheetRow !== undefined && (
        <RunSheet
          context={isBaselineSheet && baseline ? baselineContext(context, baseline, props) : context}
          columns={columns}
          row={sheetRow}
          baseline={isBaselineSheet}
          drawn={props.drawn.has(sheet ?? "")}
          onBaseline={props.onBaseline}
          onClose={() => setSheet(undefined)}
        />
      )}
    </>
  );
}

/** The baseline's own row has its own data. */
function baselineContext(context: RowContext, data: RunColumns, props: GridProps): RowContext {
  return { ...context, data, metric: props.baselineValue };
}

/** A phone has room for a value and its difference. */
function phoneColumns(columns: readonly Column[]): Column[] {
  const metric = columns.find(({ kind }) => kind === "metric");
  if (!metric) return columns.slice(0, 2);
  const delta = columns.find(({ kind, key }) => kind === "delta" && key === metric.key);
  return [metric, ...(delta ? [delta] : columns.filter(({ kind }) => kind === "attribute").slice(0, 1))];
}
