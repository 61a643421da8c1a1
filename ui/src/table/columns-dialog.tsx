import { useMemo, useState } from "preact/hooks";
import type { Direction, KeysAnswer } from "../api/page-types";
import { formatCount } from "../lib/format";
import { isSystemKey } from "../lib/runs";
import { Dialog } from "../parts/dialog";
import { Icon } from "../parts/icon";
import { ATTRIBUTES, type Column, columnId, columnLabel, columnTitle, columnWidth } from "./column";

interface Props {
  keys: KeysAnswer | undefined;
  columns: readonly Column[];
  direction: (key: string) => Direction | undefined;
  onDirection: (key: string, direction: Direction) => void;
  onChange: (columns: Column[] | undefined) => void;
  onClose: () => void;
}

const SHOWN = 200;
const WIDER = 24;

/** Which columns a table has, and in which order. */
export function ColumnsDialog({ keys, columns, direction, onDirection, onChange, onClose }: Props) {
  const [text, setText] = useState("");
  const [dragged, setDragged] = useState<string | undefined>(undefined);
  const chosen = new Set(columns.map(columnId));
  const all = useMemo(() => candidates(keys), [keys]);
  const found = all.filter(({ column }) => columnTitle(column).toLowerCase().includes(text.toLowerCase()));
  const toggle = (column: Column) => {
    const id = columnId(column);
    onChange(chosen.has(id) ? columns.filter((one) => columnId(one) !== id) : [...columns, column]);
  };
  const move = (id: string, by: number) => {
    const from = columns.findIndex((column) => columnId(column) === id);
    place(id, from + by);
  };
  const place = (id: string, to: number) => {
    const column = columns.find((one) => columnId(one) === id);
    if (!column || to < 0 || to >= columns.length) return;
    const rest = columns.filter((one) => one !== column);
    onChange([...rest.slice(0, to), column, ...rest.slice(to)]);
  };
  const widen = (id: string, by: number) =>
    onChange(
      columns.map((one) =>
        columnId(one) === id ? { ...one, width: Math.min(480, Math.max(56, columnWidth(one) + by)) } : one,
      ),
    );
  const onlyDiffering = () => {
    const differing = (keys?.params ?? [])
      .filter(({ values = 1 }) => values > 1)
      .map(({ key }): Column => ({ kind: "param", key }));
    onChange([...columns.filter(({ kind }) => kind !== "param"), ...differing]);
  };
  return (
    <Dialog
      title="Columns"
      wide
      onClose={onClose}
      tools={
        <button type="button" class="button" onClick={() => onChange(undefined)}>
          As at first
        </button>
      }
    >
      <div class="columns-dialog">
        <section aria-label="Shown columns">
          <h3>Shown, in order</h3>
          <ol class="column-list">
            {columns.map((column, i) => {
              const id = columnId(column);
              return (
                <li
                  key={id}
                  draggable
                  class={dragged === id ? "dragged" : undefined}
                  onDragStart={() => setDragged(id)}
                  onDragEnd={() => setDragged(undefined)}
                  onDragOver={(event) => {
                    event.preventDefault();
                    if (dragged && dragged !== id) place(dragged, i);
                  }}
                >
                  <span class="clip" title={columnTitle(column)}>
                    {column.kind === "delta" ? `${column.key} vs base` : columnLabel(column)}
                  </span>
                  {column.kind === "metric" && (
                    <DirectionButton metric={column.key} direction={direction(column.key)} onDirection={onDirection} />
                  )}
                  <button
                    type="button"
                    class="icon-button"
                    aria-label={`Narrower: ${columnTitle(column)}`}
                    onClick={() => widen(id, -WIDER)}
                  >
                    −
                  </button>
                  <button
                    type="button"
                    class="icon-button"
                    aria-label={`Wider: ${columnTitle(column)}`}
                    onClick={() => widen(id, WIDER)}
                  >
                    +
                  </button>
                  <button
                    type="button"
                    class="icon-button"
                    disabled={i === 0}
                    aria-label={`Before: ${columnTitle(column)}`}
                    onClick={() => move(id, -1)}
                  >
                    ↑
                  </button>
                  <button
                    type="button"
                    class="icon-button"
                    disabled={i === columns.length - 1}
                    aria-label={`After: ${columnTitle(column)}`}
                    onClick={() => move(id, 1)}
                  >
                    ↓
                  </button>
                  <button
                    type="button"
                    class="icon-button"
                    aria-label={`Hide ${columnTitle(column)}`}
                    onClick={() => toggle(column)}
                  >
                    <Icon name="close" size={12} />
                  </button>
                </li>
              );
            })}
          </ol>
        </section>
        <section aria-label="All columns">
          <div class="tools">
            <input
              class="input"
              type="search"
              placeholder="Find a metric, parameter or tag"
              aria-label="Find a column"
              value={text}
              onInput={(event) => setText(event.currentTarget.value)}
            />
            <button type="button" class="button" onClick={onlyDiffering}>
              Differing params only
            </button>
          </div>
          <ul class="column-choices">
            {found.slice(0, SHOWN).map(({ column, note }) => (
              <li key={columnId(column)}>
                <label class="check">
                  <input type="checkbox" checked={chosen.has(columnId(column))} onChange={() => toggle(column)} />
                  <span class="clip">{column.kind === "delta" ? `${column.key} vs base` : columnLabel(column)}</span>
                  <span class="quiet small">{note}</span>
                </label>
              </li>
            ))}
          </ul>
          {found.length > SHOWN && (
            <p class="quiet small">{formatCount(found.length - SHOWN)} more. Write part of a name.</p>
          )}
          {found.length === 0 && <p class="quiet">Nothing is called that.</p>}
        </section>
      </div>
    </Dialog>
  );
}

interface DirectionProps {
  metric: string;
  direction: Direction | undefined;
  onDirection: (key: string, direction: Direction) => void;
}

/** Which way is better: guessed from the name, turned round by a press, kept with the experiment. */
function DirectionButton({ metric, direction, onDirection }: DirectionProps) {
  const words =
    direction === "max" ? "higher is better" : direction === "min" ? "lower is better" : "neither is better";
  return (
    <button
      type="button"
      class="button quiet-button"
      aria-label={`${metric}: ${words}. Turn round`}
      onClick={() => onDirection(metric, direction === "max" ? "min" : "max")}
    >
      {words}
    </button>
  );
}

function candidates(keys: KeysAnswer | undefined): { column: Column; note: string }[] {
  const runs = (n: number) => `${formatCount(n)} runs`;
  const metrics = (keys?.metrics ?? []).toSorted((a, b) => Number(isSystemKey(a.key)) - Number(isSystemKey(b.key)));
  return [
    ...Object.entries(ATTRIBUTES).map(([key]): { column: Column; note: string } => ({
      column: { kind: "attribute", key },
      note: "run",
    })),
    ...metrics.flatMap(({ key, runs: n }): { column: Column; note: string }[] => [
      { column: { kind: "metric", key }, note: `metric · ${runs(n)}` },
      { column: { kind: "delta", key }, note: "difference" },
    ]),
    ...(keys?.params ?? []).map(({ key, runs: n, values = 0 }): { column: Column; note: string } => ({
      column: { kind: "param", key },
      note: `parameter · ${runs(n)} · ${formatCount(values)} values`,
    })),
    ...(keys?.tags ?? []).map(({ key, runs: n }): { column: Column; note: string } => ({
      column: { kind: "tag", key },
      note: `tag · ${runs(n)}`,
    })),
  ];
}
