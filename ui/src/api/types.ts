/** What MLflow's REST API answers, as far as the page reads it. Unset fields and empty lists are left out there. */

/** A double as the API writes it: JSON has no NaN and no infinities, so those come as words. */
export type WireDouble = number | "NaN" | "Infinity" | "-Infinity";

export interface KeyValue {
  key: string;
  value: string;
}

/** One observation. Times are UTC milliseconds. */
export interface Metric {
  key: string;
  value: WireDouble;
  timestamp: number;
  step: number;
}

export interface Experiment {
  experiment_id: string;
  name: string;
  artifact_location?: string;
  lifecycle_stage?: "active" | "deleted";
  creation_time?: number;
  last_update_time?: number;
  tags?: KeyValue[];
}

export type RunStatus = "RUNNING" | "SCHEDULED" | "FINISHED" | "FAILED" | "KILLED";

export interface RunInfo {
  run_id: string;
  run_name?: string;
  experiment_id: string;
  status: RunStatus;
  start_time?: number;
  end_time?: number;
  user_id?: string;
  artifact_uri?: string;
  lifecycle_stage?: "active" | "deleted";
}

/** `data.metrics` holds the latest observation of each key. */
export interface Run {
  info: RunInfo;
  data: { metrics?: Metric[]; params?: KeyValue[]; tags?: KeyValue[] };
  inputs?: { dataset_inputs?: DatasetInput[]; model_inputs?: { model_id: string }[] };
  outputs?: { model_outputs?: { model_id: string; step?: number }[] };
}

export interface LoggedModel {
  info: {
    model_id: string;
    experiment_id: string;
    name: string;
    creation_timestamp_ms?: number;
    artifact_uri?: string;
    status?: string;
    model_type?: string;
    source_run_id?: string;
  };
}

export interface ArtifactFile {
  /** From the run's artifact root. */
  path: string;
  is_dir?: boolean;
  /** Bytes; not set for a folder. */
  file_size?: number;
}

export interface DatasetInput {
  dataset: { name: string; digest: string; source_type?: string; source?: string; schema?: string; profile?: string };
  tags?: KeyValue[];
}
