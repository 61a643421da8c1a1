/** What Tidemark's own calls answer; docs/page-api.md says what each field means. Times are UTC milliseconds. */
import type { KeyValue, RunStatus, WireDouble } from "./types";

export type Direction = "max" | "min";

interface NamedValue {
  run_id: string;
  run_name?: string;
  value?: WireDouble;
}

export interface HomeExperiment {
  experiment_id: string;
  name: string;
  creation_time?: number;
  last_update_time?: number;
  tags: KeyValue[];
  runs: number;
  runs_more?: boolean;
  live: number;
  last_activity?: number;
  owner?: string;
  headline?: { key: string; direction?: Direction };
  /** The newest runs, newest first. */
  newest: NamedValue[];
  best?: NamedValue;
  baseline?: NamedValue;
  /** Absent where it has none; `muted` tell nobody or are switched off. */
  monitors?: { total: number; firing: number; muted: number };
}

/** An alert that fires, and how it stands. */
export interface HomeAlert {
  alert_id: string;
  monitor_id: string;
  name: string;
  /** The rule in words. */
  sentence: string;
  severity: "info" | "warning" | "critical";
  metric: string;
  experiment_id: string;
  experiment_name: string;
  run_id: string;
  run_name: string;
  opened_time: number;
  muted: boolean;
  acknowledged_time?: number;
  acknowledged_by?: string;
  /** What `value` is: the metric's, a statistic, or minutes without a point. */
  measure: "metric" | "psi" | "p" | "minutes";
  value: WireDouble;
  limit: WireDouble;
  /** The newest points. */
  values: WireDouble[];
}

export interface HomeFiring {
  total: number;
  /** Counting stopped: there are more. */
  more: boolean;
  /** There are monitors. */
  watched: boolean;
  last_fired?: number;
  alerts: HomeAlert[];
}

export interface HomeLive {
  run_id: string;
  run_name: string;
  experiment_id: string;
  experiment_name: string;
  user_id?: string;
  start_time?: number;
  headline?: { key: string; value: WireDouble; step: number; timestamp: number };
  last_point?: number;
}

export interface Home {
  now: number;
  total: number;
  firing: HomeFiring;
  experiments: HomeExperiment[];
  live: HomeLive[];
}

/** Columns by key, a list entry a run. */
export interface StatsAnswer {
  keys: Record<string, StatColumns>;
}

export interface StatColumns {
  count: (number | null)[];
  nans: (number | null)[];
  last: (WireDouble | null)[];
  step: (number | null)[];
  timestamp: (number | null)[];
  min: (WireDouble | null)[];
  max: (WireDouble | null)[];
  mean: (WireDouble | null)[];
}

export interface TableHead {
  total: number;
  /** How many there are without the filter. */
  of: number;
  experiments: Record<string, { baseline?: string }>;
}

interface Dictionary {
  values: string[];
  /** Which of `values` a run has; −1 for none. */
  index: number[];
}

export interface TablePage {
  offset: number;
  rows: number;
  run_id: string[];
  experiment_id: string[];
  run_name: (string | null)[];
  status: RunStatus[];
  user_id: (string | null)[];
  start_time: (number | null)[];
  end_time: (number | null)[];
  live: number[];
  lifecycle_stage: string[];
  metrics?: Record<string, { value: (WireDouble | null)[]; step: (number | null)[]; timestamp: (number | null)[] }>;
  params?: Record<string, Dictionary>;
  tags?: Record<string, Dictionary>;
}

export type RunTableLine = TableHead | TablePage | { error: { error_code: string; message: string } };

export interface KeyUse {
  key: string;
  runs: number;
  /** Different values; of params and tags. */
  values?: number;
}

export interface KeysAnswer {
  metrics: KeyUse[];
  params: KeyUse[];
  tags: KeyUse[];
  truncated?: boolean;
}

export interface SavedView {
  view_id: string;
  name?: string;
  address: string;
  created_time: number;
  updated_time: number;
}
