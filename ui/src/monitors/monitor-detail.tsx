import { useMemo, useState } from "preact/hooks";
import type { Alert, Monitor } from "../api/monitor-types";
import { useAlerts } from "../data/alerts";
import { useNow } from "../data/clock";
import { hashHref, runPath, useQueryKey } from "../lib/address";
import { formatNumber, formatTick, plural } from "../lib/format";
import { useKeys } from "../lib/keys";
import { toNumber } from "../lib/runs";
import { ErrorNote } from "../parts/states";
import { AcknowledgeForm } from "./acknowledge";
import type { Side } from "./draft";
import { AlertMarks, LevelLine, LimitLine, type Mark } from "./marks";
import { MonitorChart } from "./monitor-chart";
import { Sentence } from "./monitor-list";
import { MonitorTools } from "./monitor-tools";
import type { ScopeRun } from "./scope-runs";
import { StateChip } from "./state-chip";
import { useLivePoints } from "./use-live-points";
import { spanFor, useShownRun, useStanding, useTracks } from "./use-standing";
import { comparedText, evidenceText, levelText, limitOf, momentText, stateOf, targetText } from "./words";

const TICK_MS = 5_000;
const MARKED = 200;
const NONE: readonly Alert[] = [];

interface Props {
  monitor: Monitor;
  firing: readonly Alert[] | undefined;
  /** Puts an alert's evidence in view. */
  onAlert: (id: string) => void;
  onChange: () => void;
  /** The run to show, where the page is a run's. */
  run?: string;
}

/** One monitor: its metric with its limit and its alerts, and what can be done. */
export function MonitorDetail({ monitor, firing, onAlert, onChange, run: given }: Props) {
  const now = useNow(TICK_MS);
  const [asked, setAsked] = useQueryKey("run");
  const mine = (firing ?? NONE).filter(({ monitor_id }) => monitor_id === monitor.monitor_id);
  const alerts = useAlerts({ monitor_id: monitor.monitor_id, limit: MARKED });
  const { runs, run } = useShownRun(monitor, given ?? asked ?? mine[0]?.run_id);
  const shown = useMemo(() => (run ? [run] : []), [run?.id, run?.live]);
  const span = spanFor(run?.lastPoint);
  const tracks = useTracks({ runs: shown, metric: monitor.metric, ms: span.ms });
  const track = tracks.data?.[0];
  // A run's own page has its line open already, and reads the series now and then
  const grown = useLivePoints(run?.live && given === undefined ? run.id : undefined, track, tracks.reload);
  const standing = useStanding(monitor, run?.id, track).data;
  const [acknowledging, setAcknowledging] = useState(false);
  const unseen = mine.find(({ acknowledged_time }) => acknowledged_time === undefined);
  useKeys({ a: unseen ? () => setAcknowledging(true) : undefined });

  const lines = useMemo(
    () => (track && run ? [{ id: run.id, name: run.name, color: 0, baseline: false, live: run.live, track }] : []),
    [track, grown, run?.id, run?.name, run?.live],
  );
  const limit = limitOf(monitor, standing);
  const level = standing?.baseline === undefined ? undefined : toNumber(standing.baseline);
  const ofRun = (alerts.data?.alerts ?? []).filter(({ run_id }) => run_id === run?.id);
  const marks = ofRun.map(
    (alert): Mark => ({
      at: alert.opened_timestamp,
      open: alert.state === "firing",
      label: `Alert at ${momentText(alert.opened_timestamp, now)}: ${evidenceText(alert.evidence)}`,
      onClick: () => onAlert(alert.alert_id),
    }),
  );
  const first = track?.x[0] ?? 0;
  const inView = marks.filter(({ at }) => at >= first);
  const side: Side = monitor.direction === "min" ? "above" : monitor.direction === "max" ? "below" : "away";
  const always = [limit, level].filter((value): value is number => value !== undefined && Number.isFinite(value));
  const limitText = limit === undefined ? undefined : textOfLimit(monitor, side, limit);
  const state = stateOf(monitor, firing, now);
  const name = monitor.name || monitor.sentence;
  const error = runs.error ?? tracks.error;
  return (
    <section class="monitor-detail" aria-label={name}>
      <div class="monitor-head">
        <div class="monitor-title">
          <h2 class={given === undefined ? "wide-only" : undefined}>{name}</h2>
          <span class="quiet small">
            {run && (
              <>
                <a class="plain-link" href={hashHref(runPath(run.id))}>
                  {run.name}
                </a>
                , last {span.text}, {plural(inView.length, "alert")}
                {limit === undefined && standing && ` · ${comparedText(standing)}`}
              </>
            )}
            {!run && runs.data && "no run has this metric yet"}
          </span>
        </div>
        <MonitorTools
          monitor={monitor}
          unseen={unseen}
          onAcknowledge={() => setAcknowledging(true)}
          onChange={onChange}
        />
      </div>
      {acknowledging && unseen && <AcknowledgeForm alert={unseen} onDone={() => setAcknowledging(false)} />}
      <p class="phone-only monitor-said">
        <StateChip state={state} now={now} />
        <Sentence monitor={monitor} />
      </p>
      {error && (
        <ErrorNote
          stale={lines.length > 0}
          what="The chart"
          error={error}
          retry={() => {
            runs.reload();
            tracks.reload();
          }}
        />
      )}
      <MonitorChart
        lines={lines}
        always={always}
        times={inView.map(({ at }) => at)}
        label={`${monitor.metric}${run ? ` of ${run.name}` : ""}, ${monitor.sentence}, ${plural(inView.length, "alert")}`}
      >
        {(frame) => (
          <>
            {limit !== undefined && <LimitLine frame={frame} value={limit} side={side} text={limitText} />}
            {level !== undefined && Number.isFinite(level) && (
              <LevelLine frame={frame} value={level} text={levelText(monitor.condition)} />
            )}
            <AlertMarks frame={frame} marks={inView} />
          </>
        )}
      </MonitorChart>
      <div class="monitor-foot">
        {!given && runs.data && runs.data.length > 1 && (
          <label class="field">
            <span class="label">Run</span>
            <select
              class="input select"
              value={run?.id}
              onChange={(event) => setAsked(event.currentTarget.value, { replace: true })}
            >
              {withShown(runs.data, run).map(({ id, name: runName }) => (
                <option key={id} value={id}>
                  {runName}
                </option>
              ))}
            </select>
          </label>
        )}
        <span class="quiet small monitor-told">
          {monitor.notify.length > 0 ? (
            <>
              Tells{" "}
              {monitor.notify.map((target) => (
                <span class="chip" key={target.url} title={target.url}>
                  {targetText(target)}
                </span>
              ))}
            </>
          ) : (
            "Tells nobody; its alerts are listed here."
          )}
        </span>
      </div>
    </section>
  );
}

/** What stands on the line: "critical above 200"; a limit that moves with what it is compared with says so. */
function textOfLimit({ severity, condition }: Monitor, side: Side, limit: number): string {
  const beyond = side === "away" ? severity : `${severity} ${side}`;
  return condition.type === "threshold" ? `${beyond} ${formatTick(limit)}` : `${beyond} ${formatNumber(limit)} now`;
}

/** The runs to choose from; the one that is shown is among them, though it may be older than they are. */
const withShown = (runs: readonly ScopeRun[], shown: ScopeRun | undefined): readonly ScopeRun[] =>
  !shown || runs.some(({ id }) => id === shown.id) ? runs : [shown, ...runs];
