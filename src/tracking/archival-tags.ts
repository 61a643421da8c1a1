/** The two experiment tags that steer MLflow's trace archival: their values are JSON and checked when set. Pure. */
import { invalid } from "../wire/errors";

const RETENTION = "mlflow.trace.archivalRetention";
const ARCHIVE_NOW = "mlflow.trace.archiveNow";

/** Errors: 400 for a value that MLflow's archival would not understand; other tags pass. */
export function checkArchivalTag(key: string, value: string): void {
  if (key === RETENTION) {
    const config = parse(value);
    if (config.type !== "duration") throw invalid("Trace archival config must use type 'duration'.");
    checkDuration(config.value);
  } else if (key === ARCHIVE_NOW) {
    const { older_than } = parse(value);
    if (older_than !== undefined && older_than !== null) checkDuration(older_than);
  }
}

function parse(value: string): Record<string, unknown> {
  const malformed = () => invalid("Trace archival config must be encoded as a JSON object.");
  let config: unknown;
  try {
    config = JSON.parse(value);
  } catch {
    throw malformed();
  }
  if (typeof config !== "object" || config === null || Array.isArray(config)) throw malformed();
  return config as Record<string, unknown>;
}

function checkDuration(duration: unknown): void {
  const text = typeof duration === "string" ? duration.trim() : "";
  if (text.length > 32) throw invalid("Trace archival duration must be at most 32 characters.");
  if (!/^[1-9][0-9]*[mhd]$/.test(text)) {
    throw invalid("Trace archival retention must be in the form `<int><unit>`, where unit is one of 'm', 'h', or 'd'.");
  }
}
