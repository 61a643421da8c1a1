/** Monitors, alerts and policies as the API has them; docs/monitors.md and docs/policies.md say what each field means. */
import type { Aggregate, Baseline, Condition, Rule, Scope, Severity, Span } from "../../../src/monitors/monitor";
import type { RuleName, Rules } from "../../../src/policies/rules";
import type { WireDouble } from "./types";

export type { Aggregate, Baseline, Condition, Rule, RuleName, Rules, Scope, Severity, Span };

export type ConditionType = Condition["type"];
export type TargetFormat = "json" | "slack" | "discord";

/** Whom to tell. A change without the secret keeps the one that its address had. */
export interface Target {
  format: TargetFormat;
  url: string;
  secret?: string;
}

/** What a monitor is made of. The direction is guessed from the metric's name where it is left out. */
export interface MonitorInput extends Omit<Rule, "direction"> {
  direction?: Rule["direction"];
  name: string;
  scope: Scope;
  severity: Severity;
  enabled?: boolean;
  /** UTC milliseconds; 0 for not muted. */
  muted_until?: number;
  notify: Target[];
}

export interface Monitor extends Rule {
  monitor_id: string;
  name: string;
  /** The rule in words. */
  sentence: string;
  scope: Scope;
  severity: Severity;
  enabled: boolean;
  /** UTC milliseconds; absent or past where it is not muted. */
  muted_until?: number;
  notify: { format: TargetFormat; url: string; signed: boolean }[];
  /** Alerts that fire at the moment. */
  firing: number;
  created_time: number;
  updated_time: number;
}

/** What a window comes to, and what it was compared with. */
export interface Standing {
  /** The window's aggregate. */
  value: WireDouble;
  /** What the value may not pass, or the limit of the statistic. */
  limit: WireDouble;
  baseline?: WireDouble;
  statistic?: WireDouble;
  p_value?: WireDouble;
  /** Sizes of the samples: of the window, of the baseline. */
  n?: number;
  m?: number;
}

/** What a breach or its end looked like. */
export interface Evidence extends Standing {
  window: { points: number; from_step: number; to_step: number; from_timestamp: number; to_timestamp: number };
  /** The newest values of the window. */
  values: WireDouble[];
  at: { step: number; timestamp: number; value: WireDouble };
}

export interface Alert {
  alert_id: string;
  monitor_id: string;
  name: string;
  sentence: string;
  severity: Severity;
  state: "firing" | "resolved";
  experiment_id: string;
  run_id: string;
  metric: string;
  opened_time: number;
  /** The point that fired it. */
  opened_step: number;
  opened_timestamp: number;
  resolved_time?: number;
  resolved_step?: number;
  resolved_timestamp?: number;
  resolution?: "recovered" | "ended" | "monitor" | "hand";
  reopened: number;
  muted: boolean;
  acknowledged_time?: number;
  acknowledged_by?: string;
  note?: string;
  evidence: Evidence;
}

export interface AlertQuery {
  state?: Alert["state"];
  experiment_id?: string;
  run_id?: string;
  monitor_id?: string;
  unacknowledged?: boolean;
  limit?: number;
  page_token?: string;
}

export interface AlertList {
  /** The newest first. */
  alerts: Alert[];
  /** How many fire in all, whatever was asked for. */
  firing: number;
  next_page_token?: string;
}

/** A rule and what it looks at; without `since` (UTC milliseconds) the last day. */
export interface PreviewRequest extends Omit<Rule, "direction"> {
  direction?: Rule["direction"];
  scope: Scope;
  since?: number;
}

interface Transition {
  step: number;
  timestamp: number;
  value: WireDouble;
  evidence: Evidence;
}

export interface Preview {
  sentence: string;
  since: number;
  /** Alerts that would have fired, and those of them that would fire now. */
  fired: number;
  firing: number;
  /** Runs looked at, and points judged. */
  runs: number;
  points: number;
  /** At most 200 of them. */
  alerts: { run_id: string; fired: Transition; resolved?: Transition; reopened: number }[];
  /** How the newest window of each run stands. */
  now: ({ run_id: string } & Standing)[];
}

export interface PolicyInput {
  name: string;
  mode: "reject" | "warn";
  enabled: boolean;
  /** Names of experiments, `*` standing for anything. */
  experiments: string;
  rules: Rules;
}

export interface Policy extends PolicyInput {
  policy_id: string;
  created_time: number;
  updated_time: number;
}

/** A run or an experiment that a policy of mode warn has tagged. */
export interface PolicyViolation {
  experiment_id: string;
  experiment_name: string;
  run_id?: string;
  run_name?: string;
  time: number;
  rule: RuleName;
  message: string;
}
