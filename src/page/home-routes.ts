/** The page's first call. */
import * as v from "valibot";
import { SEVERITIES } from "../monitors/monitor";
import { serve } from "../wire/described";
import type { App } from "../wire/rpc";
import { double, integer } from "../wire/schemas";
import { home } from "./home";

const MAX_EXPERIMENTS = 1000;
const DEFAULT_EXPERIMENTS = 100;

const RUN = v.object({ run_id: v.string(), run_name: v.string(), value: v.optional(double) });

const FIRING = v.object({
  total: v.number(),
  more: v.pipe(v.boolean(), v.description("Counting stopped: there are more.")),
  watched: v.pipe(v.boolean(), v.description("There are monitors.")),
  last_fired: v.optional(v.pipe(v.number(), v.description("When any alert was opened last."))),
  alerts: v.array(
    v.object({
      alert_id: v.string(),
      monitor_id: v.string(),
      name: v.string(),
      sentence: v.string(),
      severity: v.picklist(SEVERITIES),
      metric: v.string(),
      experiment_id: v.string(),
      experiment_name: v.string(),
      run_id: v.string(),
      run_name: v.string(),
      opened_time: v.number(),
      muted: v.boolean(),
      acknowledged_time: v.optional(v.number()),
      acknowledged_by: v.optional(v.string()),
      measure: v.picklist(["metric", "psi", "p", "minutes"]),
      value: v.pipe(double, v.description("Now, where the newest points tell; else when the alert fired.")),
      limit: double,
      values: v.pipe(v.array(double), v.description("The newest points, at most 60.")),
    }),
  ),
});

const HOME = v.object({
  now: v.number(),
  total: v.pipe(v.number(), v.description("Active experiments there are.")),
  firing: FIRING,
  experiments: v.array(
    v.object({
      experiment_id: v.string(),
      name: v.string(),
      creation_time: v.number(),
      last_update_time: v.number(),
      tags: v.array(v.object({ key: v.string(), value: v.string() })),
      runs: v.number(),
      runs_more: v.pipe(v.boolean(), v.description("Counting stopped: there are more.")),
      live: v.number(),
      last_activity: v.number(),
      owner: v.optional(v.pipe(v.string(), v.description("User of the newest run."))),
      headline: v.optional(v.object({ key: v.string(), direction: v.optional(v.picklist(["max", "min"])) })),
      newest: v.array(v.object({ run_id: v.string(), value: v.optional(double) })),
      best: v.optional(RUN),
      baseline: v.optional(RUN),
      monitors: v.optional(v.object({ total: v.number(), firing: v.number(), muted: v.number() })),
    }),
  ),
  live: v.array(
    v.object({
      run_id: v.string(),
      run_name: v.string(),
      experiment_id: v.string(),
      experiment_name: v.string(),
      user_id: v.string(),
      start_time: v.number(),
      headline: v.optional(v.object({ key: v.string(), value: double, step: v.number(), timestamp: v.number() })),
      last_point: v.number(),
    }),
  ),
});

export function homeRoutes(app: App): void {
  serve(
    app,
    {
      name: "getHome",
      method: "GET",
      path: "/home",
      tag: "Experiments",
      summary: "The experiments active last with their headline metric, and the runs that are live.",
      query: v.object({ limit: v.optional(integer(1, MAX_EXPERIMENTS), DEFAULT_EXPERIMENTS) }),
      answers: [HOME],
    },
    async ({ query }, c) => await home(c.env, query.limit, Date.now()),
  );
}
