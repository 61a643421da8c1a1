import { useEffect, useRef, useState } from "preact/hooks";
import { seriesCsvAddress } from "../api/tidemark";
import { preferences } from "../data/prefs";
import { useStore } from "../data/store";
import { fileName } from "../lib/csv";
import { Dialog } from "../parts/dialog";
import { Segments } from "../parts/segments";
import type { CanvasHandle } from "./chart-canvas";
import type { ChartContext } from "./context";
import { savePicture } from "./export";
import { MetricChart } from "./metric-chart";
import { SeriesTable } from "./series-table";
import { useLines } from "./use-lines";

interface Props {
  metric: string;
  /** In the order of the page; the dialog goes from one to the next. */
  metrics: readonly string[];
  context: ChartContext;
  onMove: (metric: string) => void;
  onClose: () => void;
}

/** One chart as large as the screen allows, as a picture, as a table and as a file. */
export function ChartDialog({ metric, metrics, context, onMove, onClose }: Props) {
  const [form, setForm] = useState<"chart" | "table">("chart");
  const source = useStore(context.marks);
  const handle = useRef<CanvasHandle | undefined>(undefined);
  const [row, setRow] = useState<number | undefined>(undefined);
  const { lines } = useLines(context, metric, true);
  const at = metrics.indexOf(metric);
  const log = context.isLog(metric);
  const walked = lines.find(({ id }) => id === context.focus) ?? lines[0];

  useEffect(() => setRow(undefined), [metric]);
  useLetters({
    n: () => source?.newMonitor(metric),
    a: () => source?.acknowledge(metric),
  });
  useEffect(() => {
    const x = row === undefined ? undefined : walked?.track.x[row];
    if (x !== undefined) handle.current?.point(x);
  }, [row]);

  const walk = (event: KeyboardEvent) => {
    const rows = walked?.track.x.length ?? 0;
    if (rows === 0 || !["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) return;
    event.preventDefault();
    const step = (event.shiftKey ? 10 : 1) * (event.key === "ArrowLeft" ? -1 : 1);
    const from = row ?? rows - 1;
    const next = event.key === "Home" ? 0 : event.key === "End" ? rows - 1 : from + step;
    setRow(Math.min(rows - 1, Math.max(0, next)));
  };
  const runs = lines.filter(({ runs: many }) => many === undefined).map(({ id }) => id);
  return (
    <Dialog
      title={metric}
      wide
      onClose={onClose}
      tools={
        <>
          <button type="button" class="button" disabled={at <= 0} onClick={() => onMove(metrics[at - 1] ?? metric)}>
            Previous
          </button>
          <button
            type="button"
            class="button"
            disabled={at >= metrics.length - 1}
            onClick={() => onMove(metrics[at + 1] ?? metric)}
          >
            Next
          </button>
        </>
      }
    >
      <div class="dialog-tools">
        <Segments
          label="Form"
          options={[
            { value: "chart", label: "Chart" },
            { value: "table", label: "Table" },
          ]}
          value={form}
          onChange={setForm}
        />
        <button type="button" class="button" aria-pressed={log} onClick={() => context.toggleLog(metric)}>
          Logarithmic
        </button>
        {source && (
          <button type="button" class="button" onClick={() => source.newMonitor(metric)}>
            New monitor
          </button>
        )}
        {source?.of(metric).firing && (
          <button type="button" class="button" onClick={() => source.acknowledge(metric)}>
            Acknowledge
          </button>
        )}
        <span class="push" />
        <button
          type="button"
          class="button"
          disabled={form !== "chart"}
          onClick={() => handle.current && savePicture(handle.current.canvas, metric, lines)}
        >
          Save PNG
        </button>
        <a class="button" href={seriesCsvAddress(runs, [metric])} download={`${fileName(metric)}.csv`}>
          Save CSV
        </a>
      </div>
      {form === "chart" ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrows walk the points from here
        <section class="chart-stage" tabIndex={0} aria-label={`${metric}: arrows walk the points`} onKeyDown={walk}>
          <MetricChart
            key={metric}
            metric={metric}
            context={context}
            large
            onReady={(made) => {
              handle.current = made;
            }}
          />
        </section>
      ) : (
        <SeriesTable lines={lines} kind={context.x} />
      )}
      <p class="unseen" aria-live="polite">
        {row !== undefined && walked && `${walked.name}, ${walked.track.x[row]}: ${walked.track.last[row]}`}
      </p>
      <Legend context={context} lines={lines} />
    </Dialog>
  );
}

/** Keys that act in the dialog, where those of the page are silent. */
function useLetters(map: Record<string, () => unknown>): void {
  const newest = useRef(map);
  newest.current = map;
  useEffect(() => {
    const act = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !preferences.get().letters) return;
      newest.current[event.key]?.();
    };
    addEventListener("keydown", act);
    return () => removeEventListener("keydown", act);
  }, []);
}

function Legend({ lines, context }: { lines: ReturnType<typeof useLines>["lines"]; context: ChartContext }) {
  return (
    <ul class="legend">
      {lines.map((line) => (
        <li
          key={line.id}
          onMouseEnter={() => context.lifted.set(line.id)}
          onMouseLeave={() => context.lifted.set(undefined)}
        >
          <span
            class={line.baseline ? "swatch swatch-base" : "swatch"}
            style={line.baseline ? undefined : { background: `var(--series-${(line.color % 12) + 1})` }}
          />
          {line.name}
          {line.baseline && <span class="quiet"> baseline</span>}
        </li>
      ))}
    </ul>
  );
}
