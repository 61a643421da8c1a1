import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Alert } from "../api/monitor-types";
import { resolveAlert } from "../api/monitors";
import type { WireDouble } from "../api/types";
import { alertsChanged } from "../data/alerts";
import { useNow } from "../data/clock";
import { useAction } from "../data/use-action";
import { hashHref, monitorPath, runPath } from "../lib/address";
import { formatCount, formatNumber, formatTime, formatUtc, plural } from "../lib/format";
import { toNumber } from "../lib/runs";
import { FieldError } from "../parts/field-error";
import { Spark } from "../parts/spark";
import { AcknowledgeForm } from "./acknowledge";
import { endText, evidenceText, momentText, type Names } from "./words";

const TICK_MS = 30_000;

interface Props {
  alerts: readonly Alert[];
  names: Names;
  /** The one whose evidence is in view. */
  open: string | undefined;
  onOpen: (id: string | undefined) => void;
  /** Each says which run it is of. */
  named?: boolean;
}

/** Alerts, the newest first; each opens to what was seen, and to what can be done. */
export function AlertList({ alerts, names, open, onOpen, named = false }: Props) {
  const now = useNow(TICK_MS);
  return (
    <ul class="alerts">
      {alerts.map((alert) => (
        <AlertEntry
          key={alert.alert_id}
          alert={alert}
          names={names}
          named={named}
          now={now}
          isOpen={alert.alert_id === open}
          onToggle={() => onOpen(alert.alert_id === open ? undefined : alert.alert_id)}
        />
      ))}
    </ul>
  );
}

interface EntryProps {
  alert: Alert;
  names: Names;
  named: boolean;
  now: number;
  isOpen: boolean;
  onToggle: () => void;
}

function AlertEntry({ alert, names, named, now, isOpen, onToggle }: EntryProps) {
  const isFiring = alert.state === "firing";
  const tone = isFiring ? `alert-${alert.severity}` : "alert-over";
  const id = `alert-${alert.alert_id}`;
  const entry = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (isOpen) entry.current?.scrollIntoView({ block: "nearest" });
  }, [isOpen]);
  return (
    <li class={`alert ${tone}`} ref={entry}>
      <button type="button" class="alert-head" aria-expanded={isOpen} aria-controls={id} onClick={onToggle}>
        <span class="alert-what">
          <span class="alert-name">{alert.name || alert.sentence}</span>
          <span class="alert-line quiet small">
            {isFiring && <span class="unseen">{alert.severity}, firing: </span>}
            {isFiring ? evidenceText(alert.evidence) : endText(alert)}
            {named && ` · ${names.run(alert.run_id) ?? alert.run_id.slice(0, 8)}`}
            {isFiring && alert.acknowledged_time !== undefined && `, acknowledged${by(alert)}`}
          </span>
        </span>
        <time class="alert-time num quiet" dateTime={new Date(alert.opened_time).toISOString()}>
          {momentText(alert.opened_time, now)}
        </time>
      </button>
      {isOpen && (
        <div id={id} class="alert-body">
          <Evidence alert={alert} names={names} />
          <Actions alert={alert} />
        </div>
      )}
    </li>
  );
}

const by = ({ acknowledged_by }: Alert) => (acknowledged_by ? ` by ${acknowledged_by}` : "");

/** What was seen when it fired: values, statistic, sizes, window, run. */
function Evidence({ alert, names }: { alert: Alert; names: Names }) {
  const { evidence } = alert;
  const { window } = evidence;
  const isSilence = window.points === 0;
  const values = evidence.values.map(toNumber);
  return (
    <>
      <p class="alert-sentence">
        {alert.sentence} <span class="quiet">({alert.severity})</span>
      </p>
      {values.length > 1 && (
        <div class="alert-values">
          <Spark values={values} width={280} height={40} />
          <span class="quiet small">newest {plural(values.length, "value")} of the window</span>
        </div>
      )}
      <dl class="facts">
        {!isSilence && <Fact name="Value" value={evidence.value} />}
        {!isSilence && <Fact name="Limit" value={evidence.limit} />}
        {evidence.baseline !== undefined && <Fact name="Baseline" value={evidence.baseline} />}
        {evidence.statistic !== undefined && <Fact name="Statistic" value={evidence.statistic} />}
        {evidence.p_value !== undefined && <Fact name="p" value={evidence.p_value} />}
        {evidence.n !== undefined && (
          <Fact name={evidence.m === undefined ? "n" : "n / m"}>
            {formatCount(evidence.n)}
            {evidence.m !== undefined && ` / ${formatCount(evidence.m)}`}
          </Fact>
        )}
        {isSilence ? (
          <Fact name="Last point">{formatTime(window.from_timestamp)}</Fact>
        ) : (
          <Fact name="Window">
            <span title={`${formatUtc(window.from_timestamp)} to ${formatUtc(window.to_timestamp)}`}>
              {plural(window.points, "point")}, step {formatCount(window.from_step)} to {formatCount(window.to_step)}
            </span>
          </Fact>
        )}
        <Fact name="Run">
          <a href={hashHref(runPath(alert.run_id))}>{names.run(alert.run_id) ?? alert.run_id.slice(0, 8)}</a>
        </Fact>
        <Fact name="Fired">
          <span title={formatUtc(alert.opened_time)}>{formatTime(alert.opened_time)}</span>
        </Fact>
        {alert.resolved_time !== undefined && (
          <Fact name="Resolved">
            <span title={formatUtc(alert.resolved_time)}>{formatTime(alert.resolved_time)}</span>
          </Fact>
        )}
        {alert.reopened > 0 && <Fact name="Fired again">{plural(alert.reopened, "time")}</Fact>}
        {alert.muted && <Fact name="Told">nobody, it was muted</Fact>}
        {alert.acknowledged_time !== undefined && (
          <Fact name="Acknowledged">
            <span title={formatUtc(alert.acknowledged_time)}>
              {formatTime(alert.acknowledged_time)}
              {by(alert)}
            </span>
          </Fact>
        )}
        {alert.note && <Fact name="Note">{alert.note}</Fact>}
        <Fact name="Monitor">
          <a href={hashHref(monitorPath(alert.monitor_id))}>{alert.name || "open"}</a>
        </Fact>
      </dl>
    </>
  );
}

interface FactProps {
  name: string;
  value?: WireDouble;
  children?: ComponentChildren;
}

function Fact({ name, value, children }: FactProps) {
  return (
    <div class="pair">
      <dt>{name}</dt>
      <dd title={value === undefined ? undefined : String(value)}>
        {value === undefined ? children : formatNumber(toNumber(value))}
      </dd>
    </div>
  );
}

function Actions({ alert }: { alert: Alert }) {
  const [acknowledging, setAcknowledging] = useState(false);
  const { busy, error, run } = useAction();
  if (acknowledging) return <AcknowledgeForm alert={alert} onDone={() => setAcknowledging(false)} />;
  const resolve = async () => {
    if (await run(() => resolveAlert(alert.alert_id))) alertsChanged();
  };
  return (
    <div class="tools alert-tools">
      <button type="button" class="button" onClick={() => setAcknowledging(true)}>
        {alert.acknowledged_time === undefined ? "Acknowledge" : "Change note"}
      </button>
      {alert.state === "firing" && (
        <button
          type="button"
          class="button"
          title="A further breach fires anew"
          disabled={busy}
          onClick={() => void resolve()}
        >
          Resolve
        </button>
      )}
      <FieldError text={error} />
    </div>
  );
}
