/** Alerts of runs that have ended: nothing can recover there any more, so they end with their run. */
import type { Env } from "../env";
import type { AlertNews, SealedTarget } from "./alert-message";
import { type AlertChange, writeChanges } from "./alert-store";
import type { Evidence } from "./evaluate";
import { tellLogs } from "./tell-logs";
import { monitorLink } from "./watched";
import type { Point } from "./window";

/** Alerts ended in one round, the oldest first. */
const MAX_ENDED = 500;
const WRITTEN_AT_ONCE = 20;

type EndedRow = Pick<
  AlertNews,
  "alert_id" | "monitor_id" | "name" | "sentence" | "severity" | "experiment_id" | "run_id" | "metric" | "opened_time"
> & { run_name: string; evidence: string; targets: string | null; muted_until: number | null };

const ENDED = `
  SELECT a.alert_id, a.monitor_id, a.name, a.sentence, a.severity, a.experiment_id, a.run_id, a.metric, a.opened_time, a.evidence,
    r.name AS run_name, m.targets, m.muted_until
  FROM alerts a CROSS JOIN runs r ON r.run_id = a.run_id LEFT JOIN monitors m ON m.monitor_id = a.monitor_id
  WHERE a.state = 'firing' AND (r.status NOT IN ('RUNNING', 'SCHEDULED') OR r.lifecycle_stage <> 'active')
  ORDER BY a.opened_time LIMIT ${MAX_ENDED}`;

/** Ends what fires on runs that ended or are deleted, and tells of it. False where no alert fires at all. */
export async function endAlerts(env: Env, ctx: Pick<ExecutionContext, "waitUntil">): Promise<boolean> {
  const [ended, firing] = await env.DB.batch([
    env.DB.prepare(ENDED),
    env.DB.prepare("SELECT 1 FROM alerts WHERE state = 'firing' LIMIT 1"),
  ]);
  const rows = (ended?.results ?? []) as EndedRow[];
  const changes = rows.map((row) => changeOf(row, env.TIDEMARK_PUBLIC_URL));
  for (let i = 0; i < changes.length; i += WRITTEN_AT_ONCE) {
    await writeChanges(env, ctx, changes.slice(i, i + WRITTEN_AT_ONCE));
  }
  // A run that has ended may still be written to, and its log then thinks the alert fires.
  if (rows.length > 0) tellLogs(env, ctx, [...new Set(rows.map(({ run_id }) => `r:${run_id}`))]);
  return (firing?.results.length ?? 0) > 0;
}

function changeOf(
  { evidence: text, targets, muted_until, ...row }: EndedRow,
  address: string | undefined,
): AlertChange {
  // Doubles that JSON lacks are texts in it; there are no others.
  const { at, ...evidence } = JSON.parse(text, (_, field: unknown) =>
    typeof field === "string" ? Number(field) : field,
  ) as Evidence & { at: Point };
  return {
    kind: "resolve",
    targets: JSON.parse(targets ?? "[]") as SealedTarget[],
    isMuted: (muted_until ?? 0) > Date.now(),
    news: { ...row, state: "resolved", resolution: "ended", at, evidence, ...monitorLink(address, row.monitor_id) },
  };
}
