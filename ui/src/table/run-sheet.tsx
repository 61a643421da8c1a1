import { hashHref, runPath } from "../lib/address";
import { Dialog } from "../parts/dialog";
import { Pairs } from "../parts/pairs";
import { type Column, columnId, columnLabel } from "./column";
import { Cell, type RowContext } from "./grid-row";

interface Props {
  context: RowContext;
  /** All of the table's columns: a phone's row has room for two. */
  columns: readonly Column[];
  row: number;
  drawn: boolean;
  /** It is the run that the others are held against. */
  baseline: boolean;
  onBaseline: (run: string) => void;
  onClose: () => void;
}

/** A run's row in full, over the table of a phone. */
export function RunSheet({ context, columns, row, drawn, baseline, onBaseline, onClose }: Props) {
  const { data } = context;
  const id = data.id[row] ?? "";
  const onFilter = (column: Column, value: string) => {
    onClose();
    context.onFilter(column, value);
  };
  const act = (action: (run: string) => void) => () => {
    action(id);
    onClose();
  };
  return (
    <Dialog title={data.name[row] ?? id} onClose={onClose}>
      <div class="run-sheet">
        <Pairs
          title="Columns"
          none="No columns are chosen."
          pairs={columns.map((column) => ({
            key: column.kind === "delta" ? `${column.key} ${columnLabel(column)}` : columnLabel(column),
            value: (
              <Cell
                key={columnId(column)}
                context={{ ...context, onFilter }}
                column={column}
                row={row}
                baseline={baseline}
              />
            ),
          }))}
        />
        <div class="dialog-tools">
          <a class="button button-main" href={hashHref(runPath(id))}>
            Open run
          </a>
          {!baseline && (
            <>
              <button type="button" class="button" onClick={act(context.onDraw)}>
                {drawn ? "Stop drawing" : "Draw"}
              </button>
              <button type="button" class="button" onClick={act(onBaseline)}>
                Set as baseline
              </button>
            </>
          )}
        </div>
      </div>
    </Dialog>
  );
}
