import { useState } from "preact/hooks";
import { acknowledgeAlert } from "../api/monitors";
import type { HomeAlert, HomeFiring } from "../api/page-types";
import { alertsChanged } from "../data/alerts";
import { useNow } from "../data/clock";
import { experimentPath, hashHref, monitorPath, pathWithQuery, runPath } from "../lib/address";
import { formatAge, formatCount, formatNumber, formatTick, formatTime } from "../lib/format";
import { useKeys } from "../lib/keys";
import { toNumber } from "../lib/runs";
import { AlertSpark } from "../parts/alert-spark";

const MONTH_DAYS = 30;
const DAY_MS = 24 * 3_600_000;

interface Props {
  firing: HomeFiring;
  now: number;
  reload: () => void;
}

/** What is wrong now: the rule, the place, since when, how it goes on. Nothing where nothing is watched. */
export function FiringNow({ firing, now, reload }: Props) {
  const { alerts } = firing;
  const first = alerts.find(({ acknowledged_time }) => acknowledged_time === undefined);
  const { busy, error, acknowledge } = useAcknowledge(reload);
  useKeys({ a: first && (() => void acknowledge(first.alert_id)) });
  if (!firing.watched && alerts.length === 0) return null;
  return (
    <section class="panel" aria-labelledby="firing-now">
      <div class={alerts.length > 0 ? "panel-head" : "panel-head panel-head-only"}>
        <h2 id="firing-now">
          Firing now{" "}
          {alerts.length > 0 && (
            <span class="firing-count num">
              {formatCount(firing.total)}
              {firing.more && "+"}
            </span>
          )}
        </h2>
        {alerts.length === 0 && <span class="quiet small">{quietSince(firing, now)}</span>}
        <a class="push small quiet-link" href={hashHref("/monitors")}>
          All monitors
        </a>
      </div>
      {alerts.length > 0 && (
        <ul class="rows firing-rows">
          {alerts.map((alert) => (
            <Line
              key={alert.alert_id}
              alert={alert}
              busy={busy === alert.alert_id}
              error={error?.id === alert.alert_id ? error.message : undefined}
              onAcknowledge={() => void acknowledge(alert.alert_id)}
            />
          ))}
        </ul>
      )}
      {firing.total > alerts.length && (
        <p class="foot">
          {formatCount(firing.total - alerts.length)}
          {firing.more && "+"} more fire. <a href={hashHref("/monitors")}>All monitors</a>
        </p>
      )}
    </section>
  );
}

/** An alert that somebody has seen stays until it is over, without asking again. */
function useAcknowledge(reload: () => void) {
  const [busy, setBusy] = useState<string | undefined>(undefined);
  const [error, setError] = useState<{ id: string; message: string } | undefined>(undefined);
  const acknowledge = async (id: string) => {
    setBusy(id);
    setError(undefined);
    try {
      await acknowledgeAlert(id, {});
      alertsChanged();
      reload();
    } catch (thrown) {
      setError({ id, message: thrown instanceof Error ? thrown.message : String(thrown) });
    }
    setBusy(undefined);
  };
  return { busy, error, acknowledge };
}

interface LineProps {
  alert: HomeAlert;
  busy: boolean;
  error: string | undefined;
  onAcknowledge: () => void;
}

function Line({ alert, busy, error, onAcknowledge }: LineProps) {
  const seen = alert.acknowledged_time !== undefined;
  const tone = seen || alert.muted ? "quiet" : alert.severity;
  const open = pathWithQuery(monitorPath(alert.monitor_id), { alert: alert.alert_id });
  return (
    <li class={`firing-row firing-${tone}`}>
      <div class="firing-what">
        <p class="firing-title">
          <a class="row-name" href={hashHref(open)} title={alert.sentence}>
            {alert.name || alert.sentence}
          </a>
          <span class="severity">{alert.muted ? "muted" : alert.severity}</span>
        </p>
        <p class="firing-place quiet">
          <a class="clip" href={hashHref(experimentPath(alert.experiment_id))}>
            {alert.experiment_name}
          </a>
          <span aria-hidden="true">·</span>
          <a class="clip" href={hashHref(runPath(alert.run_id))}>
            {alert.run_name}
          </a>
          <span aria-hidden="true">·</span>
          <Since at={alert.opened_time} />
        </p>
      </div>
      <AlertSpark
        values={alert.values.map(toNumber)}
        limit={alert.measure === "metric" ? toNumber(alert.limit) : undefined}
        tone={tone}
      />
      <Standing alert={alert} />
      <div class="firing-act">
        {seen ? (
          <span class="quiet small" title={formatTime(alert.acknowledged_time ?? 0)}>
            {alert.acknowledged_by ? `seen by ${alert.acknowledged_by}` : "acknowledged"}
          </span>
        ) : (
          <button type="button" class="button" disabled={busy} onClick={onAcknowledge}>
            Acknowledge
          </button>
        )}
      </div>
      {error && (
        <p class="field-error" role="alert">
          Not acknowledged. {error}
        </p>
      )}
    </li>
  );
}

function Since({ at }: { at: number }) {
  const age = formatAge(at, useNow(1000));
  return (
    <time dateTime={new Date(at).toISOString()} title={formatTime(at)}>
      {age === "now" ? "just now" : age === "yesterday" ? "since yesterday" : `for ${age}`}
    </time>
  );
}

/** The value, and below it what it may not pass. */
function Standing({ alert: { measure, value, limit } }: { alert: HomeAlert }) {
  const number = formatNumber(toNumber(value));
  const most = formatTick(toNumber(limit));
  const [is, may] =
    measure === "minutes"
      ? [`${formatCount(Math.floor(toNumber(value)))} min`, `silent, limit ${most} min`]
      : [measure === "psi" ? `PSI ${number}` : measure === "p" ? `p ${number}` : number, `limit ${most}`];
  return (
    <div class="firing-value">
      <b class="num" title={String(value)}>
        {is}
      </b>
      <span class="quiet num">{may}</span>
    </div>
  );
}

function quietSince({ last_fired: at }: HomeFiring, now: number): string {
  if (at === undefined || now - at >= MONTH_DAYS * DAY_MS) return `Nothing fired in ${MONTH_DAYS} days.`;
  const age = formatAge(at, now);
  return `Nothing fires. The last alert was ${age === "now" || age === "yesterday" ? age : `${age} ago`}.`;
}
