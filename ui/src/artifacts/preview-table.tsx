import { useRef } from "preact/hooks";
import { plural } from "../lib/format";
import { useVirtual } from "../lib/use-virtual";
import type { Table } from "./kinds";

const ROW = 28;

/** A file's rows; only those in view are in the document. */
export function PreviewTable({ table: { head, rows } }: { table: Table }) {
  const scroller = useRef<HTMLElement>(null);
  const view = useVirtual({
    count: rows.length,
    scroller: () => scroller.current,
    size: () => ROW,
    sizesKey: "",
    overscan: 10,
  });
  const shown = rows.slice(view.first, view.end);
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard */}
      <section class="preview-table" ref={scroller} tabIndex={0} aria-label="Rows">
        <table class="table" aria-rowcount={rows.length + 1}>
          <thead>
            <tr>
              {head.map((name, i) => (
                <th scope="col" key={i} class={isNumber(rows[0]?.[i]) ? "right" : undefined}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {view.before > 0 && (
              <tr>
                <td class="spacer" colSpan={head.length} style={{ height: `${view.before}px` }} />
              </tr>
            )}
            {shown.map((row, i) => (
              <tr key={view.first + i} aria-rowindex={view.first + i + 2}>
                {head.map((_, column) => (
                  <td key={column} class={isNumber(row[column]) ? "right num" : undefined}>
                    {row[column]}
                  </td>
                ))}
              </tr>
            ))}
            {view.after > 0 && (
              <tr>
                <td class="spacer" colSpan={head.length} style={{ height: `${view.after}px` }} />
              </tr>
            )}
          </tbody>
        </table>
      </section>
      <p class="foot">
        {plural(rows.length, "row")}, {plural(head.length, "column")}
      </p>
    </>
  );
}

function isNumber(text: string | undefined): boolean {
  return text !== undefined && text !== "" && Number.isFinite(Number(text));
}
