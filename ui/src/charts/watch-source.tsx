/** Makes of monitors and alerts what each chart is given. */
import type { Alert, Monitor } from "../api/monitor-types";
import type { XKind } from "../api/tidemark";
import { useNow } from "../data/clock";
import { hashHref, monitorPath, pathWithQuery } from "../lib/address";
import { formatAge, formatTime } from "../lib/format";
import type { MarkSource, Marks } from "./mark-source";
import { alertX, gravestFirst, limitOf } from "./marks";
import { type AlertMark, paintAlerts, paintLimits } from "./paint-marks";

interface Watched {
  monitors: readonly Monitor[];
  alerts: readonly Alert[];
  first: readonly string[];
}

interface View {
  kind: XKind;
  /** Lines are differences from the baseline: thresholds mean nothing there. */
  relative: boolean;
  /** What was taken off the times of a run's series; read when it is drawn. */
  originOf: (run: string, metric: string) => number | undefined;
}

export function makeSource(
  { monitors, alerts, first }: Watched,
  view: View,
  actions: Pick<MarkSource, "newMonitor" | "acknowledge">,
): MarkSource {
  const made = new Map<string, Marks>();
  return {
    ...actions,
    first,
    monitors: new Set(monitors.map((monitor) => monitor.monitor_id)),
    of: (metric) => {
      const known = made.get(metric);
      if (known) return known;
      const marks = marksOf(
        monitors.filter((monitor) => monitor.metric === metric),
        alerts.filter((alert) => alert.metric === metric),
        view,
      );
      made.set(metric, marks);
      return marks;
    },
  };
}

function marksOf(monitors: readonly Monitor[], alerts: readonly Alert[], view: View): Marks {
  const limits = view.relative ? [] : monitors.flatMap((monitor) => limitOf(monitor) ?? []);
  const open = gravestFirst(alerts.filter(({ state }) => state === "firing"))[0];
  return {
    limits: limits.map(({ value }) => value),
    alerts: alerts.length,
    firing: open?.severity,
    head: open && <FiringBadge alert={open} />,
    below: (plot) => paintLimits(plot, limits),
    above: (plot) =>
      paintAlerts(
        plot,
        alerts.flatMap((alert) => markOf(alert, view) ?? []),
      ),
  };
}

const alertHref = (alert: Alert): string =>
  hashHref(pathWithQuery(monitorPath(alert.monitor_id), { alert: alert.alert_id }));

function markOf(alert: Alert, { kind, originOf }: View): AlertMark | undefined {
  const x = alertX(alert, kind, kind === "relative" ? originOf(alert.run_id, alert.metric) : undefined);
  if (x === undefined) return undefined;
  const isOpen = alert.state === "firing";
  return {
    x,
    isOpen,
    href: alertHref(alert),
    text: `${alert.name || alert.sentence}, ${alert.severity}, ${isOpen ? "firing since" : "resolved, fired"} ${formatTime(alert.opened_time)}`,
  };
}

function FiringBadge({ alert }: { alert: Alert }) {
  const age = formatAge(alert.opened_time, useNow(1000));
  const since = age === "now" ? "firing" : age === "yesterday" ? "firing since yesterday" : `firing for ${age}`;
  return (
    <a class={`state state-firing state-${alert.severity}`} href={alertHref(alert)} title={alert.sentence}>
      {since}
      {alert.acknowledged_time !== undefined && <span class="wide-only-inline">, seen</span>}
    </a>
  );
}
