/** Alerts: listed, read, acknowledged and ended. */
import * as v from "valibot";
import { experimentId } from "../tracking/experiment";
import { serve } from "../wire/described";
import { invalid } from "../wire/errors";
import type { App } from "../wire/rpc";
import { double, integer, text } from "../wire/schemas";
import { acknowledge, getAlert, listAlerts, resolveByHand } from "./alert-store";
import { wireAlert } from "./alert-wire";
import { SEVERITIES } from "./monitor";
import { tellLog } from "./tell-logs";
import { tellViewers } from "./tell-viewers";

const POINT = v.object({ step: v.number(), timestamp: v.number(), value: double });
/** What a window comes to, and what it was compared with. */
export const STANDING = {
  value: double,
  limit: double,
  baseline: v.optional(double),
  statistic: v.optional(double),
  p_value: v.optional(double),
  n: v.optional(v.number()),
  m: v.optional(v.number()),
} as const;
export const EVIDENCE = v.object({
  ...STANDING,
  window: v.object({
    points: v.number(),
    from_step: v.number(),
    to_step: v.number(),
    from_timestamp: v.number(),
    to_timestamp: v.number(),
  }),
  values: v.array(double),
  at: POINT,
});
const ALERT = v.object({
  alert_id: v.string(),
  monitor_id: v.string(),
  name: v.string(),
  sentence: v.string(),
  severity: v.picklist(SEVERITIES),
  state: v.picklist(["firing", "resolved"]),
  experiment_id: v.string(),
  run_id: v.string(),
  metric: v.string(),
  opened_time: v.number(),
  opened_step: v.number(),
  opened_timestamp: v.number(),
  resolved_time: v.optional(v.number()),
  resolved_step: v.optional(v.number()),
  resolved_timestamp: v.optional(v.number()),
  resolution: v.optional(v.picklist(["recovered", "ended", "monitor", "hand"])),
  reopened: v.number(),
  muted: v.boolean(),
  acknowledged_time: v.optional(v.number()),
  acknowledged_by: v.optional(v.string()),
  note: v.optional(v.string()),
  evidence: EVIDENCE,
});

const ALERT_PARAMS = v.object({ alert_id: text });

export function alertRoutes(app: App): void {
  serve(
    app,
    {
      name: "listAlerts",
      method: "GET",
      path: "/alerts",
      tag: "Alerts",
      summary: "Alerts, the newest first, and how many fire in all.",
      query: v.object({
        state: v.optional(v.picklist(["firing", "resolved"])),
        experiment_id: v.optional(text),
        run_id: v.optional(text),
        monitor_id: v.optional(text),
        unacknowledged: v.optional(v.boolean(), false),
        limit: v.optional(integer(1, 1000), 100),
        page_token: v.optional(text),
      }),
      answers: [v.object({ alerts: v.array(ALERT), firing: v.number(), next_page_token: v.optional(v.string()) })],
    },
    async ({ query }, c) => {
      const { state, run_id, monitor_id, unacknowledged, limit, page_token } = query;
      const { rows, firing } = await listAlerts(c.get("db"), {
        ...(state ? { state } : {}),
        ...(query.experiment_id === undefined ? {} : { experimentId: experimentId(query.experiment_id) }),
        ...(run_id === undefined ? {} : { runId: run_id }),
        ...(monitor_id === undefined ? {} : { monitorId: monitor_id }),
        ...(page_token === undefined ? {} : { before: placeOf(page_token) }),
        unacknowledged,
        limit: limit + 1,
      });
      const last = rows.length > limit ? rows[limit - 1] : undefined;
      return {
        alerts: rows.slice(0, limit).map(wireAlert),
        firing,
        ...(last ? { next_page_token: `${last.openedTime}.${last.openedTimestamp}.${last.alertId}` } : {}),
      };
    },
  );

  const single = { tag: "Alerts", params: ALERT_PARAMS, answers: [ALERT], errors: [404] } as const;

  serve(
    app,
    { ...single, name: "getAlert", method: "GET", path: "/alerts/:alert_id", summary: "One alert with its evidence." },
    async ({ params }, c) => wireAlert(await getAlert(c.get("db"), params.alert_id)),
  );

  serve(
    app,
    {
      ...single,
      name: "acknowledgeAlert",
      method: "POST",
      path: "/alerts/:alert_id/acknowledge",
      summary: "Somebody has seen it.",
      body: v.object({
        by: v.optional(v.pipe(v.string(), v.maxLength(200)), ""),
        note: v.optional(v.pipe(v.string(), v.maxLength(5000)), ""),
      }),
    },
    async ({ params, body }, c) => {
      const alert = await acknowledge(c.get("db"), params.alert_id, { ...body, now: Date.now() });
      tellViewers(c.env, c.executionCtx, [alert]);
      return wireAlert(alert);
    },
  );

  serve(
    app,
    {
      ...single,
      name: "resolveAlert",
      method: "POST",
      path: "/alerts/:alert_id/resolve",
      summary: "Ends an alert by hand. A further breach fires anew.",
    },
    async ({ params }, c) => {
      const { alert, isChanged } = await resolveByHand(c.get("db"), params.alert_id, Date.now());
      if (isChanged) {
        tellLog(c.env, c.executionCtx, alert.runId);
        tellViewers(c.env, c.executionCtx, [alert]);
      }
      return wireAlert(alert);
    },
  );
}

/** Errors: 400. */
function placeOf(token: string): { openedTime: number; openedTimestamp: number; alertId: string } {
  const [, time, timestamp, alertId] = /^(\d{1,16})\.(\d{1,16})\.([0-9a-f]+)$/.exec(token) ?? [];
  if (alertId === undefined) throw invalid(`Invalid page token: ${token.slice(0, 100)}`);
  return { openedTime: Number(time), openedTimestamp: Number(timestamp), alertId };
}
