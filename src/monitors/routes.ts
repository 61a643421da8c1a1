/** Monitors: made, listed, changed and removed. See docs/monitors.md. */
import * as v from "valibot";
import type { Env } from "../env";
import { experimentId } from "../tracking/experiment";
import { checkAddress } from "../webhooks/addresses";
import { allowsPrivate } from "../webhooks/delivery";
import { sealSecret } from "../webhooks/secrets";
import { serve } from "../wire/described";
import type { App } from "../wire/rpc";
import { text } from "../wire/schemas";
import type { SealedTarget } from "./alert-message";
import { alertRoutes } from "./alert-routes";
import { checkedScope, type Definition, type MonitorRequest, ruleOf, wireMonitor } from "./definition";
import { CONDITION, MONITOR_FIELDS, RULE_FIELDS, SCOPE, scopeKey, type Target } from "./monitor";
import { previewRoutes } from "./preview-routes";
import {
  createMonitor,
  deleteMonitor,
  experimentOf,
  getMonitor,
  listMonitors,
  type MonitorRow,
  replaceMonitor,
} from "./store";
import { tellLogs } from "./tell-logs";
import { tellViewers } from "./tell-viewers";
import { watchClock } from "./watch-clock";

const MONITOR = v.object({
  monitor_id: v.string(),
  sentence: v.pipe(v.string(), v.description("The rule in words.")),
  ...MONITOR_FIELDS,
  notify: v.array(v.object({ format: v.string(), url: v.string(), signed: v.boolean() })),
  firing: v.pipe(v.number(), v.description("Alerts that fire at the moment.")),
  created_time: v.number(),
  updated_time: v.number(),
});

/** Everything may be left out of a change. What defaults elsewhere stays as it is. */
const CHANGE = v.partial(
  v.object({
    name: v.string(),
    scope: SCOPE,
    metric: RULE_FIELDS.metric,
    window: RULE_FIELDS.window.wrapped,
    aggregate: RULE_FIELDS.aggregate.wrapped,
    condition: CONDITION,
    direction: RULE_FIELDS.direction.wrapped,
    consecutive: RULE_FIELDS.consecutive.wrapped,
    recovery: RULE_FIELDS.recovery.wrapped,
    every: RULE_FIELDS.every.wrapped,
    cooldown_minutes: RULE_FIELDS.cooldown_minutes.wrapped,
    severity: MONITOR_FIELDS.severity.wrapped,
    enabled: v.boolean(),
    muted_until: v.pipe(v.number(), v.integer(), v.minValue(0)),
    notify: MONITOR_FIELDS.notify.wrapped,
  }),
);

const MONITOR_PARAMS = v.object({ monitor_id: text });

export function monitorRoutes(app: App): void {
  previewRoutes(app);

  serve(
    app,
    {
      name: "listMonitors",
      method: "GET",
      path: "/monitors",
      tag: "Monitors",
      summary: "Monitors by name: of an experiment and its runs, of a run and its experiment, of a metric, or all.",
      query: v.object({ experiment_id: v.optional(text), run_id: v.optional(text), metric: v.optional(text) }),
      answers: [v.object({ monitors: v.array(MONITOR) })],
    },
    async ({ query }, c) => {
      const found = await listMonitors(c.get("db"), {
        ...(query.experiment_id === undefined ? {} : { experimentId: experimentId(query.experiment_id) }),
        ...(query.run_id === undefined ? {} : { runId: query.run_id }),
        ...(query.metric === undefined ? {} : { metric: query.metric }),
      });
      return { monitors: found.map(({ monitor, firing }) => wireMonitor(monitor, firing)) };
    },
  );

  serve(
    app,
    {
      name: "createMonitor",
      method: "POST",
      path: "/monitors",
      tag: "Monitors",
      summary: "Makes a monitor. Live runs of its scope have it within a second.",
      body: v.object(MONITOR_FIELDS),
      answers: [MONITOR],
      errors: [404],
    },
    async ({ body }, c) => {
      const db = c.get("db");
      const now = Date.now();
      const definition = definitionOf(body);
      const row: MonitorRow = {
        monitorId: crypto.randomUUID().replaceAll("-", ""),
        ...placed(definition, await experimentOf(db, definition.scope)),
        name: body.name,
        targets: JSON.stringify(await sealedTargets(c.env, body.notify, [])),
        enabled: body.enabled ? 1 : 0,
        mutedUntil: body.muted_until ?? 0,
        version: 1,
        createdTime: now,
        updatedTime: now,
      };
      if (row.kind === "silence") await watchClock(c.env);
      await createMonitor(db, row);
      tellLogs(c.env, c.executionCtx, [row.scope]);
      return wireMonitor(row);
    },
  );

  const single = { path: "/monitors/:monitor_id", tag: "Monitors", params: MONITOR_PARAMS, errors: [404] } as const;

  serve(
    app,
    { ...single, name: "getMonitor", method: "GET", summary: "One monitor.", answers: [MONITOR] },
    async ({ params }, c) => {
      const { monitor, firing } = await getMonitor(c.get("db"), params.monitor_id);
      return wireMonitor(monitor, firing);
    },
  );

  serve(
    app,
    {
      ...single,
      name: "updateMonitor",
      method: "PATCH",
      summary: "Changes what is given. A change of the rule or its scope ends the alerts that fire.",
      body: CHANGE,
      answers: [MONITOR],
    },
    async ({ params, body }, c) => {
      const db = c.get("db");
      const { monitor: old, firing } = await getMonitor(db, params.monitor_id);
      const { scope, rule, severity } = JSON.parse(old.definition) as Definition;
      const definition = definitionOf({ scope, severity, ...rule, ...body });
      const text = JSON.stringify(definition);
      const anew = text !== old.definition;
      const row: MonitorRow = {
        ...old,
        ...placed(definition, body.scope ? await experimentOf(db, definition.scope) : old.experimentId),
        name: body.name ?? old.name,
        targets: body.notify
          ? JSON.stringify(await sealedTargets(c.env, body.notify, storedTargets(old)))
          : old.targets,
        enabled: body.enabled === undefined ? old.enabled : Number(body.enabled),
        mutedUntil: body.muted_until ?? old.mutedUntil,
        version: old.version + Number(anew || body.enabled === true),
        updatedTime: Date.now(),
      };
      if (row.kind === "silence") await watchClock(c.env);
      const ended = await replaceMonitor(db, row, anew);
      tellViewers(c.env, c.executionCtx, ended);
      tellLogs(c.env, c.executionCtx, [old.scope, row.scope]);
      return wireMonitor(row, anew || row.enabled === 0 ? 0 : firing);
    },
  );

  serve(
    app,
    {
      ...single,
      name: "deleteMonitor",
      method: "DELETE",
      summary: "Removes a monitor. Its alerts stay.",
      answers: [v.object({})],
    },
    async ({ params }, c) => {
      const { deleted, ended } = await deleteMonitor(c.get("db"), params.monitor_id, Date.now());
      tellViewers(c.env, c.executionCtx, ended);
      tellLogs(c.env, c.executionCtx, [deleted.scope]);
      return {};
    },
  );

  alertRoutes(app);
}

type Defined = Parameters<typeof ruleOf>[0] & Pick<MonitorRequest, "severity" | "scope">;

/** What a monitor is, checked. Errors: 400. */
function definitionOf(request: Defined): Definition {
  return { scope: checkedScope(request.scope), rule: ruleOf(request), severity: request.severity };
}

/** The columns that say where a monitor belongs and what it looks at. */
const placed = (definition: Definition, experiment: string) => ({
  scope: scopeKey(definition.scope),
  experimentId: experiment,
  metric: definition.rule.metric,
  kind: definition.rule.condition.type,
  definition: JSON.stringify(definition),
});

const storedTargets = (row: MonitorRow): SealedTarget[] => JSON.parse(row.targets) as SealedTarget[];

/** Targets as they are stored; one without a secret keeps the secret that its address had. Errors: 400. */
async function sealedTargets(
  env: Env,
  targets: readonly Target[],
  old: readonly SealedTarget[],
): Promise<SealedTarget[]> {
  return await Promise.all(
    targets.map(async ({ format, url, secret }) => {
      checkAddress(url, allowsPrivate(env));
      const sealed = secret ? await sealSecret(env, secret) : old.find((target) => target.url === url)?.secret;
      return sealed === undefined ? { format, url } : { format, url, secret: sealed };
    }),
  );
}
