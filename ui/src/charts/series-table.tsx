import type { XKind } from "../api/tidemark";
import { formatCount, formatNumber } from "../lib/format";
import type { ChartLine } from "./line";
import { positionText } from "./tooltip";

const ROWS = 400;

/** What a chart draws, as rows: one for each x that any line has, evenly thinned when they are many. */
export function SeriesTable({ lines, kind }: { lines: readonly ChartLine[]; kind: XKind }) {
  const xs = [...new Set(lines.flatMap(({ track }) => track.x))].sort((a, b) => a - b);
  const step = Math.max(1, Math.ceil(xs.length / ROWS));
  const shown = xs.filter((_, i) => i % step === 0 || i === xs.length - 1);
  const columns = lines.map(({ track }) => new Map(track.x.map((x, i) => [x, track.last[i]])));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
    <section class="series-table" tabIndex={0} aria-label="Points">
      <table class="table">
        <thead>
          <tr>
            <th scope="col" class="right">
              {kind}
            </th>
            {lines.map((line) => (
              <th scope="col" class="right" key={line.id}>
                {line.baseline ? `${line.name} (baseline)` : line.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((x) => (
            <tr key={x}>
              <th scope="row" class="right num">
                {positionText(x, kind)}
              </th>
              {columns.map((column, i) => {
                const value = column.get(x);
                return (
                  <td class="right num" key={lines[i]?.id} title={value === undefined ? undefined : String(value)}>
                    {value === undefined ? "" : formatNumber(value)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      {step > 1 && (
        <p class="foot">
          Every {formatCount(step)}th of {formatCount(xs.length)} rows. The CSV has every point.
        </p>
      )}
    </section>
  );
}
