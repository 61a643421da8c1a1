/** What a monitor would have told, and the statistics by themselves. */
import * as v from "valibot";
import { serve } from "../wire/described";
import { invalid } from "../wire/errors";
import type { App } from "../wire/rpc";
import { double } from "../wire/schemas";
import { jsonText } from "./alert-message";
import { EVIDENCE, STANDING } from "./alert-routes";
import { checkedScope, ruleOf } from "./definition";
import type { Transition } from "./evaluate";
import { MAX_WINDOW_POINTS, RULE_FIELDS, SCOPE, sentence } from "./monitor";
import { preview } from "./preview";
import { ksTwoSample, populationStability, sortedNumbers } from "./statistics";

const DEFAULT_HOURS = 24;
const HOUR = 3_600_000;
const SAMPLE = v.pipe(v.array(double), v.minLength(1), v.maxLength(MAX_WINDOW_POINTS));

const FIRED = v.object({ step: v.number(), timestamp: v.number(), value: double, evidence: EVIDENCE });

export function previewRoutes(app: App): void {
  serve(
    app,
    {
      name: "previewMonitor",
      method: "POST",
      path: "/monitors/preview",
      tag: "Monitors",
      summary: "How often a monitor would have fired: its rule over the stored history of its scope's newest 50 runs.",
      body: v.object({
        scope: SCOPE,
        ...RULE_FIELDS,
        /** ms since 1970; a day ago where left out. */
        since: v.optional(v.pipe(v.number(), v.integer())),
      }),
      answers: [
        v.object({
          sentence: v.string(),
          since: v.number(),
          fired: v.number(),
          firing: v.number(),
          runs: v.number(),
          points: v.number(),
          alerts: v.array(
            v.object({ run_id: v.string(), fired: FIRED, resolved: v.optional(FIRED), reopened: v.number() }),
          ),
          now: v.array(v.object({ run_id: v.string(), ...STANDING })),
        }),
      ],
    },
    async ({ body }, c) => {
      const rule = ruleOf(body);
      if (rule.condition.type === "silence") throw invalid("A silence has no preview: it leaves no points behind.");
      const since = body.since ?? Date.now() - DEFAULT_HOURS * HOUR;
      const found = await preview(c.env, checkedScope(body.scope), rule, since);
      const alerts = found.alerts.map(({ fired, resolved, ...alert }) => ({
        ...alert,
        fired: wireTransition(fired),
        ...(resolved ? { resolved: wireTransition(resolved) } : {}),
      }));
      return json({ sentence: sentence(rule), since, ...found, alerts });
    },
  );

  serve(
    app,
    {
      name: "compareSamples",
      method: "POST",
      path: "/statistics/compare",
      tag: "Monitors",
      summary:
        "Two samples compared as drifts are: Kolmogorov–Smirnov as SciPy's ks_2samp, and the population stability index.",
      body: v.object({
        sample: SAMPLE,
        baseline: SAMPLE,
        bins: v.optional(v.pipe(v.number(), v.integer(), v.minValue(2), v.maxValue(100)), 10),
      }),
      answers: [
        v.object({
          ks: v.object({ statistic: v.number(), p_value: v.number(), method: v.string() }),
          psi: v.number(),
          n: v.number(),
          m: v.number(),
        }),
      ],
    },
    ({ body }) => {
      const sample = sortedNumbers(body.sample.map(Number));
      const baseline = sortedNumbers(body.baseline.map(Number));
      if (sample.length === 0 || baseline.length === 0) throw invalid("A sample has no numbers.");
      const { statistic, pValue, method } = ksTwoSample(sample, baseline);
      const psi = populationStability(baseline, sample, body.bins);
      return { ks: { statistic, p_value: pValue, method }, psi, n: sample.length, m: baseline.length };
    },
  );
}

const wireTransition = ({ at, evidence }: Transition) => ({ ...at, evidence: { ...evidence, at } });

const json = (value: object): Response =>
  new Response(jsonText(value), { headers: { "Content-Type": "application/json" } });
