import type { XKind } from "../api/tidemark";
import { seriesToken } from "../data/theme";
import { type Direction, difference, formatDifference } from "../lib/compare";
import { formatCount, formatDuration, formatNumber, formatTime, formatUtc } from "../lib/format";
import type { ChartLine } from "./line";
import { nearestRow } from "./track";

const SHOWN = 8;

interface Reading {
  line: ChartLine;
  row: number;
  value: number;
}

/** Each line's value at the row nearest to `x`, the largest first; lines that end before are left out. */
export function readingsAt(lines: readonly ChartLine[], x: number): Reading[] {
  const found: Reading[] = [];
  for (const line of lines) {
    const { track } = line;
    const row = nearestRow(track, x);
    if (row === undefined) continue;
    const first = track.x[0] ?? 0;
    const last = track.x[track.x.length - 1] ?? 0;
    const slack = (last - first) / 50;
    if (x < first - slack || x > last + slack) continue;
    found.push({ line, row, value: track.last[row] ?? Number.NaN });
  }
  return found.sort((a, b) => (Number.isNaN(a.value) ? 1 : Number.isNaN(b.value) ? -1 : b.value - a.value));
}

export function positionText(x: number, kind: XKind): string {
  if (kind === "step") return formatCount(x);
  return kind === "time" ? formatTime(x) : formatDuration(x);
}

interface Props {
  lines: readonly ChartLine[];
  x: number;
  kind: XKind;
  focus: string | undefined;
  baseline: string | undefined;
  direction: Direction | undefined;
  /** The left half of the chart is under the cursor: the tooltip goes right. */
  toRight: boolean;
}

/** What the lines say where the cursor is. */
export function Tooltip({ lines, x, kind, focus, baseline, direction, toRight }: Props) {
  const all = readingsAt(lines, x);
  const base = all.find(({ line }) => line.baseline);
  const own = all.filter(({ line }) => !line.baseline);
  const first = own[0] ?? base;
  if (!first) return null;
  const at = first.line.track.x[first.row] ?? x;
  return (
    <div class={toRight ? "tooltip to-right" : "tooltip"} aria-hidden="true">
      <div class="tooltip-row quiet">
        <span>{kind === "step" ? "step" : kind}</span>
        <b class="num" title={kind === "time" ? formatUtc(at) : undefined}>
          {positionText(at, kind)}
        </b>
      </div>
      {own.slice(0, SHOWN).map((reading) => (
        <Row
          key={reading.line.id}
          reading={reading}
          name={reading.line.id === focus ? "this run" : undefined}
          base={focus ? undefined : base}
          direction={direction}
        />
      ))}
      {own.length > SHOWN && <div class="tooltip-row quiet">{own.length - SHOWN} more</div>}
      {base && (
        <Row
          reading={base}
          name={base.line.id === focus ? "this run, the baseline" : "baseline"}
          base={undefined}
          direction={direction}
        />
      )}
      {focus && baseline !== focus && base && own[0] && (
        <Verdict value={own[0].value} base={base.value} direction={direction} />
      )}
    </div>
  );
}

interface RowProps {
  reading: Reading;
  name: string | undefined;
  base: Reading | undefined;
  direction: Direction | undefined;
}

function Row({ reading: { line, row, value }, name, base, direction }: RowProps) {
  const { track } = line;
  const against = base && difference(value, base.value, direction);
  const count = track.count[row] ?? 1;
  const nans = track.nans[row] ?? 0;
  return (
    <>
      <div class="tooltip-row">
        <span
          class={line.baseline ? "swatch swatch-base" : "swatch"}
          style={line.baseline ? undefined : { background: `var(${seriesToken(line.color)})` }}
        />
        <span class="tooltip-name">{line.runs ? `mean of ${line.runs} runs` : (name ?? line.name)}</span>
        <b class="num">{formatNumber(value)}</b>
        {against && <span class={`delta ${against.tone}`}>{formatDifference(against)}</span>}
      </div>
      {(count > 1 || line.runs !== undefined) && Number.isFinite(track.min[row]) && (
        <div class="tooltip-row quiet">
          <span class="tooltip-name tooltip-sub">min–max</span>
          <span class="num">
            {formatNumber(track.min[row] ?? 0)}–{formatNumber(track.max[row] ?? 0)}
          </span>
        </div>
      )}
      {count > 1 && line.runs === undefined && (
        <div class="tooltip-row quiet">
          <span class="tooltip-name tooltip-sub">
            1 of {formatCount(count)} points{nans > 0 && `, ${formatCount(nans)} NaN`}
          </span>
        </div>
      )}
    </>
  );
}

function Verdict({ value, base, direction }: { value: number; base: number; direction: Direction | undefined }) {
  const found = difference(value, base, direction);
  if (!found) return null;
  const word = found.tone === "unknown" ? "difference" : found.tone === "even" ? "equal" : found.tone;
  return (
    <div class={`tooltip-row tooltip-verdict ${found.tone}`}>
      <span class="tooltip-name">
        {found.tone !== "even" && (found.amount > 0 ? "▲" : "▼")} {word}
      </span>
      <b class="num">{formatDifference(found)}</b>
    </div>
  );
}
