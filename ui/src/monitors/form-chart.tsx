import { useEffect, useMemo, useState } from "preact/hooks";
import type { Preview } from "../api/monitor-types";
import { seriesToken } from "../data/theme";
import { formatDuration, formatNumber, plural } from "../lib/format";
import { toNumber } from "../lib/runs";
import type { Draft } from "./draft";
import { numberOf } from "./draft";
import { AlertMarks, LevelLine, LimitLine } from "./marks";
import { MonitorChart } from "./monitor-chart";
import { outlyingValue } from "./nice";
import type { ScopeRun } from "./scope-runs";
import { ThresholdHandle } from "./threshold-handle";
import type { Previewed } from "./use-preview";
import { SPANS, type SpanChoice, useTracks } from "./use-standing";
import { levelText } from "./words";

/** Lines at once; the newest runs. */
const DRAWN = 5;

interface Props {
  draft: Draft;
  /** The metric whose runs are known. */
  metric: string;
  runs: readonly ScopeRun[] | undefined;
  span: SpanChoice;
  onSpan: (name: string) => void;
  preview: Previewed;
  /** @param own the reader moved it; otherwise it is a suggestion */
  onValue: (value: string, own: boolean) => void;
}

/** The metric with the line to drag, and when the rule would have fired. */
export function FormChart({ draft, metric, runs, span, onSpan, preview, onValue }: Props) {
  const shown = useMemo(() => (runs ?? []).slice(0, DRAWN), [runs]);
  const tracks = useTracks({ runs: shown, metric, ms: span.ms });
  const lines = useMemo(
    () =>
      shown.flatMap((run, i) => {
        const track = tracks.data?.find((one) => one.run === run.id);
        return track ? [{ id: run.id, name: run.name, color: i, baseline: false, live: run.live, track }] : [];
      }),
    [shown, tracks.data],
  );
  const [held, setHeld] = useState(false);
  const value = draft.kind === "threshold" ? numberOf(draft.value) : undefined;

  // A first value, beyond nearly everything there is: it can be dragged from there.
  const isWanting = draft.kind === "threshold" && draft.value === "" && draft.side !== "away";
  useEffect(() => {
    if (!isWanting || lines.length === 0 || draft.metric !== metric) return;
    const found = outlyingValue(
      // The newer half: how a training begins says nothing of how it goes on.
      lines.flatMap(({ track }) => track.last.slice(track.last.length >> 1)),
      draft.side === "below" ? "below" : "above",
    );
    if (found !== undefined) onValue(String(found), false);
  }, [isWanting, lines, metric, draft.metric]);

  const standing = preview.data?.now.find(({ run_id }) => run_id === lines[0]?.id);
  const isBeside = draft.kind === "baseline" || draft.kind === "change";
  const limit = isBeside && standing ? finite(toNumber(standing.limit)) : undefined;
  const level = isBeside && standing?.baseline !== undefined ? finite(toNumber(standing.baseline)) : undefined;
  const drawn = new Set(lines.map(({ id }) => id));
  const first = Math.min(...lines.map(({ track }) => track.x[0] ?? 0));
  const marks = (preview.data?.alerts ?? [])
    .filter(({ run_id, fired }) => drawn.has(run_id) && fired.timestamp >= first)
    .map(({ fired }) => ({ at: fired.timestamp, open: true }));
  const always = [value, limit, level].filter((one): one is number => one !== undefined);
  return (
    <>
      <MonitorChart
        lines={lines}
        always={always}
        frozen={held}
        label={`${metric || "No metric"}, ${plural(lines.length, "run")}, last ${span.text}`}
      >
        {(frame) => (
          <>
            {value !== undefined && <LimitLine frame={frame} value={value} side={draft.side} />}
            {limit !== undefined && (
              <LimitLine frame={frame} value={limit} side={draft.side} text={`limit now ${formatNumber(limit)}`} />
            )}
            {level !== undefined && <LevelLine frame={frame} value={level} text={levelText({ type: draft.kind })} />}
            <AlertMarks frame={frame} marks={marks} />
            {value !== undefined && (
              <ThresholdHandle
                frame={frame}
                value={value}
                onMove={(next) => onValue(String(next), true)}
                onHold={setHeld}
              />
            )}
          </>
        )}
      </MonitorChart>
      <ul class="legend form-legend">
        {lines.map(({ id, name, color }) => (
          <li key={id}>
            <span class="swatch" style={{ background: `var(${seriesToken(color)})` }} aria-hidden="true" />
            {name}
          </li>
        ))}
      </ul>
      <div class="form-would">
        <p role="status" class={preview.busy ? "would would-old" : "would"}>
          <Would draft={draft} runs={runs} preview={preview} span={span} />
        </p>
        <label class="field">
          <span class="label">Last</span>
          <select
            class="input select"
            value={span.name}
            onChange={(event) => onSpan(event.currentTarget.value)}
            aria-label="How far back"
          >
            {SPANS.map(({ name, text }) => (
              <option key={name} value={name}>
                {text}
              </option>
            ))}
          </select>
        </label>
      </div>
    </>
  );
}

const finite = (value: number): number | undefined => (Number.isFinite(value) ? value : undefined);

interface WouldProps {
  draft: Draft;
  runs: readonly ScopeRun[] | undefined;
  preview: Previewed;
  span: SpanChoice;
}

/** What the rule would have told, in a sentence. */
function Would({ draft, runs, preview, span }: WouldProps) {
  if (draft.metric === "") return <span class="quiet">Name a metric to see it.</span>;
  if (draft.kind === "silence") return <span class="quiet">A silence leaves no points behind to look at.</span>;
  if (runs?.length === 0)
    return <span class="quiet">No run here has this metric yet. It is watched once one has.</span>;
  if (preview.error) return <span class="quiet">What it would have told is not known.</span>;
  const { data } = preview;
  if (!data) return <span class="quiet">Looking back</span>;
  if (data.points === 0) return <span class="quiet">No points in the last {span.text}.</span>;
  const minutes = breachMs(data, runs ?? []);
  const notes = [
    minutes > 0 ? `${formatDuration(minutes)} in breach` : undefined,
    data.runs > 1 ? `${plural(data.runs, "run")} looked at` : undefined,
    data.firing > 0 ? `would be firing now${data.firing > 1 ? ` on ${data.firing} runs` : ""}` : undefined,
  ].filter(Boolean);
  return (
    <>
      <span class={data.fired > 0 ? "would-dot would-fired" : "would-dot"} aria-hidden="true" />
      <b>
        Would have fired {plural(data.fired, "time")} in the last {span.text}
      </b>{" "}
      <span class="quiet small">{notes.join(" · ")}</span>
    </>
  );
}

/** How long alerts would have lasted, together; those that last are counted up to their run's newest point. */
function breachMs({ alerts }: Preview, runs: readonly ScopeRun[]): number {
  let sum = 0;
  for (const { run_id, fired, resolved } of alerts) {
    const end = resolved?.timestamp ?? runs.find(({ id }) => id === run_id)?.lastPoint ?? fired.timestamp;
    sum += Math.max(0, end - fired.timestamp);
  }
  return sum;
}
