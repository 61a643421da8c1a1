/**
 * Events of runs, which MLflow has none of: `run.started`, `run.finished` and `run.failed`, the last for killed runs too
 * (payloads carry the status). Plain SQL over any number of runs, as those are written in groups; where nobody listens,
 * it reads an empty range of an index and no run.
 */
import { DELIVERY_ID_END, deliveryIdStart, pythonTime } from "./events";

/** Tells of runs whose new status is SQL in terms of j (a row of the JSON) and r (the run as it is now). */
const tell = (status: string, changed: string) => `
  INSERT INTO webhook_outbox (target, delivery_id, event, body, creation_time, next_time)
  SELECT w.webhook_id, ?2 || ${DELIVERY_ID_END}, 'run.' || e.action,
    json_object('entity', 'run', 'action', e.action, 'timestamp', ?3, 'data', json_object(
      'run_id', r.run_id, 'experiment_id', r.experiment_id, 'run_name', coalesce(j.value->>'name', r.name),
      'user_id', r.user_id, 'status', ${status}, 'start_time', r.start_time,
      'end_time', coalesce(j.value->>'endTime', r.end_time))), ?4, ?4
  FROM webhook_events e CROSS JOIN webhooks w ON w.webhook_id = e.webhook_id AND w.status = 'ACTIVE'
    CROSS JOIN json_each(?1) j CROSS JOIN runs r ON r.run_id = j.value->>'runId' AND r.lifecycle_stage = 'active'
  WHERE e.entity = 'run' AND ${changed} AND e.action = CASE ${status}
    WHEN 'RUNNING' THEN 'started' WHEN 'FINISHED' THEN 'finished' WHEN 'FAILED' THEN 'failed' WHEN 'KILLED' THEN 'failed' END
  RETURNING target`;

const RUNS_CREATED = tell("r.status", "TRUE");
const RUNS_CHANGING = tell("j.value->>'status'", "r.status <> j.value->>'status'");

const bind = (d1: D1Database, text: string, json: string, now: number): D1PreparedStatement =>
  d1.prepare(text).bind(json, deliveryIdStart(now), pythonTime(now), now);

/**
 * Tells of runs created earlier in the same transaction. `json` lists objects with a `runId`; the answer's rows are
 * Waitings for `pokeOutbox`.
 */
export const runsCreatedEvents = (d1: D1Database, json: string, now = Date.now()): D1PreparedStatement =>
  bind(d1, RUNS_CREATED, json, now);

/**
 * Tells of runs whose status is about to change: to stand before the update. `json` lists objects of `runId` and, where
 * given, the new `status`, `endTime` (ms) and `name`; a status that stays tells nothing. Answers as above.
 */
export const runsChangingEvents = (d1: D1Database, json: string, now = Date.now()): D1PreparedStatement =>
  bind(d1, RUNS_CHANGING, json, now);
