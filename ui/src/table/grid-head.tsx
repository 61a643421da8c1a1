import { useRef } from "preact/hooks";
import { columnId, columnLabel, columnTitle, columnWidth, type Sort } from "./column";
import type { RowContext } from "./grid-row";

interface Props {
  context: RowContext;
  /** Where the columns in view begin among all. */
  offset: number;
  sorts: readonly Sort[];
  onSort: (id: string, add: boolean) => void;
  /** A column's width while it is dragged, and once more when that is done. */
  onWidth: (id: string, width: number, isDone: boolean) => void;
  /** How many runs are drawn. */
  drawn: number;
  onDrawAll: (all: boolean) => void;
}

const WIDTH = { min: 56, max: 480 };

/** The heads: a click sorts, shift adds a second order, the right edge drags the width. */
export function GridHead({ context, offset, sorts, onSort, onWidth, drawn, onDrawAll }: Props) {
  return (
    <div
      role="row"
      aria-rowindex={1}
      class="grid-row grid-heads"
      style={{ height: `${Math.min(context.height, 36)}px` }}
    >
      <div role="columnheader" class="cell cell-draw">
        <input
          type="checkbox"
          aria-label={drawn > 0 ? "Draw none" : "Draw the first runs"}
          title={drawn > 0 ? "Draw none" : "Draw the first runs"}
          checked={drawn > 0}
          onChange={() => onDrawAll(drawn === 0)}
        />
      </div>
      <Head
        id="a:name"
        label="Run"
        title="Name of the run"
        width={context.nameWidth}
        class="cell-name"
        sorts={sorts}
        onSort={onSort}
      />
      <span class="cell-gap" style={{ width: `${context.before}px` }} />
      {context.columns.map((column, i) => (
        <Head
          key={columnId(column)}
          id={columnId(column)}
          label={columnLabel(column)}
          title={columnTitle(column)}
          width={context.widths[i] ?? columnWidth(column)}
          class={`cell-${column.kind}`}
          sorts={sorts}
          onSort={column.key === "duration" && column.kind === "attribute" ? undefined : onSort}
          onWidth={(width, isDone) => onWidth(columnId(column), width, isDone)}
          colIndex={offset + i + 3}
        />
      ))}
    </div>
  );
}

interface HeadProps {
  id: string;
  label: string;
  title: string;
  width: number;
  class: string;
  sorts: readonly Sort[];
  onSort: ((id: string, add: boolean) => void) | undefined;
  onWidth?: (width: number, isDone: boolean) => void;
  colIndex?: number;
}

function Head({ id, label, title, width, class: extra, sorts, onSort, onWidth, colIndex }: HeadProps) {
  const place = sorts.findIndex((sort) => sort.id === id);
  const sort = sorts[place];
  return (
    <div
      role="columnheader"
      class={`cell ${extra}`}
      style={{ width: `${width}px` }}
      aria-colindex={colIndex}
      aria-sort={sort ? (sort.descending ? "descending" : "ascending") : undefined}
    >
      {onSort ? (
        <button type="button" class="head-button" title={title} onClick={(event) => onSort(id, event.shiftKey)}>
          <span class="clip">{label}</span>
          {sort && (
            <span class="sort-mark" aria-hidden="true">
              {sort.descending ? "▼" : "▲"}
              {sorts.length > 1 && place + 1}
            </span>
          )}
        </button>
      ) : (
        <span class="clip" title={title}>
          {label}
        </span>
      )}
      {onWidth && <Handle width={width} onWidth={onWidth} />}
    </div>
  );
}

/** Drags a column's width; the Columns layer does the same by keys. */
function Handle({ width, onWidth }: { width: number; onWidth: (width: number, isDone: boolean) => void }) {
  const from = useRef({ x: 0, width: 0 });
  const tell = (event: PointerEvent, isDone: boolean) => {
    const wanted = from.current.width + event.clientX - from.current.x;
    onWidth(Math.round(Math.min(WIDTH.max, Math.max(WIDTH.min, wanted))), isDone);
  };
  return (
    <span
      class="head-handle"
      aria-hidden="true"
      onPointerDown={(event) => {
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
        from.current = { x: event.clientX, width };
      }}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) tell(event, false);
      }}
      onPointerUp={(event) => {
        event.currentTarget.releasePointerCapture(event.pointerId);
        tell(event, true);
      }}
    />
  );
}
