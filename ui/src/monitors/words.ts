/** Monitors and alerts in words; plain functions. Times are UTC milliseconds. */
import type { Alert, ConditionType, Evidence, Monitor, Scope, Severity, Standing } from "../api/monitor-types";
import type { WireDouble } from "../api/types";
import { difference, formatDifference } from "../lib/compare";
import {
  formatAge,
  formatClock,
  formatCount,
  formatDuration,
  formatMoment,
  formatNumber,
  formatTick,
} from "../lib/format";
import { toNumber } from "../lib/runs";

/** Muted until somebody ends it: the last second of the year 9999. */
export const FOREVER = 253_402_300_799_000;
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

export type MonitorState =
  | { kind: "firing"; severity: Severity; since: number | undefined; muted: boolean }
  | { kind: "muted"; until: number }
  | { kind: "ok" }
  | { kind: "off" };

/** How a monitor stands, from the alerts that fire; where those are not known yet, from how many it had when it was read. */
export function stateOf(monitor: Monitor, firing: readonly Alert[] | undefined, now: number): MonitorState {
  if (!monitor.enabled) return { kind: "off" };
  const until = monitor.muted_until ?? 0;
  const mine = firing?.filter(({ monitor_id }) => monitor_id === monitor.monitor_id);
  if (mine ? mine.length > 0 : monitor.firing > 0) {
    const since = mine && Math.min(...mine.map(({ opened_time }) => opened_time));
    return { kind: "firing", severity: monitor.severity, since, muted: until > now };
  }
  return until > now ? { kind: "muted", until } : { kind: "ok" };
}

const RANKS = { firing: 0, ok: 3, muted: 4, off: 5 };
const SEVERE: Record<Severity, number> = { critical: 0, warning: 1, info: 2 };

/** What fires first, the most severe on top; then what is well, what is muted, what is off. */
export function rankOf(state: MonitorState): number {
  return state.kind === "firing" ? SEVERE[state.severity] : RANKS[state.kind];
}

export function stateText(state: MonitorState, now: number): string {
  if (state.kind === "muted") return untilText(state.until, now);
  if (state.kind !== "firing") return state.kind;
  return state.since === undefined ? "firing" : `firing ${formatAge(state.since, now)}`;
}

/** "muted until 18:00", with its day where that is not today or tomorrow's morning. */
export function untilText(until: number, now: number): string {
  if (until >= FOREVER) return "muted";
  return `muted until ${until - now < DAY ? formatClock(until, MINUTE) : formatMoment(until)}`;
}

/** A moment of the last day by the clock, an older one by its date. */
export function momentText(at: number, now: number): string {
  return Math.abs(now - at) < DAY ? formatClock(at, MINUTE) : formatMoment(at);
}

export interface Names {
  experiment: (id: string) => string | undefined;
  run: (id: string) => string | undefined;
}

export function scopeText(scope: Scope, names: Names): string {
  if ("run_id" in scope) return names.run(scope.run_id) ?? `run ${scope.run_id.slice(0, 8)}`;
  if ("model" in scope) return `models:/${scope.model}@${scope.alias}`;
  const name = names.experiment(scope.experiment_id) ?? `experiment ${scope.experiment_id}`;
  return scope.filter ? `${name} · ${scope.filter}` : name;
}

/** A sentence in pieces: what stands out (the metric, the limit) and what is between. */
export function emphasized(
  sentence: string,
  rule: Pick<Monitor, "metric" | "condition">,
): { text: string; strong: boolean }[] {
  const limit = limitText(rule.condition);
  const from = sentence.indexOf(rule.metric);
  if (from < 0) return [{ text: sentence, strong: false }];
  const to = from + rule.metric.length;
  const at = limit === undefined ? -1 : sentence.indexOf(limit, to);
  const pieces =
    at < 0
      ? [sentence.slice(0, from), rule.metric, sentence.slice(to)]
      : [
          sentence.slice(0, from),
          rule.metric,
          sentence.slice(to, at),
          limit,
          sentence.slice(at + (limit?.length ?? 0)),
        ];
  return pieces.flatMap((text, i) => (text ? [{ text, strong: i % 2 === 1 }] : []));
}

/** The limit as the server's sentence has it. */
function limitText(condition: Monitor["condition"]): string | undefined {
  switch (condition.type) {
    case "threshold":
      return String(condition.value);
    case "baseline":
      return condition.relative ? `${Number((condition.margin * 100).toPrecision(6))} %` : String(condition.margin);
    case "change":
      return `${condition.z} deviations`;
    case "drift":
      return String(condition.limit ?? (condition.test === "ks" ? 0.01 : 0.25));
    case "silence": {
      const { minutes } = condition;
      return minutes % 60 === 0 ? `${minutes / 60} h` : `${minutes} min`;
    }
  }
}

const shown = (value: WireDouble) => formatNumber(toNumber(value));
/** A limit as somebody wrote it. */
const round = (value: WireDouble) => formatTick(toNumber(value));

/** What was compared, in a line: "231.4 > 200", "PSI 0.2123 > 0.2, n = 200 / 700". */
export function evidenceText(evidence: Evidence): string {
  const { value, window } = evidence;
  return window.points === 0 ? `no point for ${formatDuration(toNumber(value) * MINUTE)}` : comparedText(evidence);
}

/** How a window stands beside what it may not pass. */
export function comparedText(standing: Standing): string {
  const { value, limit, baseline, statistic, p_value } = standing;
  if (statistic !== undefined && p_value !== undefined) {
    return `KS p = ${shown(p_value)} ${sign(p_value, limit)} ${round(limit)}, ${sizesText(standing)}`;
  }
  if (statistic !== undefined && baseline === undefined) {
    return `PSI ${shown(statistic)} ${sign(statistic, limit)} ${round(limit)}, ${sizesText(standing)}`;
  }
  if (statistic !== undefined) return `${shown(value)}, z = ${shown(statistic)}, mean before ${shown(baseline ?? 0)}`;
  if (baseline === undefined) return `${shown(value)} ${sign(value, limit)} ${round(limit)}`;
  return `${shown(value)} ${sign(value, limit)} ${shown(limit)}, baseline ${shown(baseline)}`;
}

const sign = (value: WireDouble, limit: WireDouble): string => {
  const [a, b] = [toNumber(value), toNumber(limit)];
  if (a === b) return "=";
  if (Number.isNaN(a) || Number.isNaN(b)) return "beside";
  return a > b ? ">" : "<";
};

/** The sizes of the samples compared. */
export function sizesText({ n, m }: Standing): string {
  return `n = ${formatCount(n ?? 0)}${m === undefined ? "" : ` / ${formatCount(m)}`}`;
}

/** How an alert ended: "resolved after 6 min, acknowledged by mara". */
export function endText(alert: Alert): string {
  const after = formatDuration(Math.max(0, (alert.resolved_time ?? alert.opened_time) - alert.opened_time));
  const how = {
    recovered: `resolved after ${after}`,
    ended: `its run ended after ${after}`,
    monitor: `its monitor changed after ${after}`,
    hand: `resolved by hand after ${after}`,
  }[alert.resolution ?? "recovered"];
  return alert.acknowledged_by ? `${how}, acknowledged by ${alert.acknowledged_by}` : how;
}

/** How a monitor stands now, short enough for a column. */
export function standingText(monitor: Monitor, standing: Standing | undefined): string | undefined {
  if (!standing) return undefined;
  const { condition } = monitor;
  const value = toNumber(standing.value);
  if (condition.type === "drift") {
    const statistic = condition.test === "ks" ? standing.p_value : standing.statistic;
    if (statistic === undefined) return undefined;
    return `${condition.test === "ks" ? "p" : "PSI"} ${shown(statistic)}`;
  }
  if (condition.type === "baseline" && condition.relative && standing.baseline !== undefined) {
    const found = difference(value, toNumber(standing.baseline), undefined);
    return found && formatDifference(found);
  }
  if (condition.type === "change" && standing.statistic !== undefined) return `z ${shown(standing.statistic)}`;
  return formatNumber(value);
}

/** The line that a value of the metric may not cross now, where the rule has one. */
export function limitOf(monitor: Pick<Monitor, "condition">, standing: Standing | undefined): number | undefined {
  const { condition } = monitor;
  if (condition.type === "threshold") return condition.value;
  if (condition.type === "drift" || condition.type === "silence" || !standing) return undefined;
  const limit = toNumber(standing.limit);
  return Number.isFinite(limit) ? limit : undefined;
}

/** What the level is that values are compared with. */
export const levelText = ({ type }: { type: ConditionType }): string =>
  type === "change" ? "mean before" : "baseline";

/** "hooks.slack.com (Slack)". */
export function targetText({ format, url }: { format: string; url: string }): string {
  const host = URL.parse(url)?.host ?? url;
  const chats: Record<string, string> = { slack: "Slack", discord: "Discord" };
  return chats[format] ? `${host} (${chats[format]})` : host;
}
