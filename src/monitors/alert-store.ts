/** Alerts in D1: written once each, together with the deliveries that tell of them, and read in lists. */
import { and, desc, eq, isNull, type SQL, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import { type Database, database } from "../db/client";
import { alerts } from "../db/schema";
import type { Env } from "../env";
import { messageInsert, pokeOutbox, type Waiting, watchOutbox } from "../webhooks/events";
import { notFound } from "../wire/errors";
import { type AlertNews, jsonText, messageBody, type SealedTarget } from "./alert-message";
import type { AlertRow } from "./alert-wire";
import type { Transition } from "./evaluate";
import { CHANGED_ALERT, type ChangedAlert, tellViewers } from "./tell-viewers";
import { watchClock } from "./watch-clock";

/** One change of an alert, and whom it is told. */
export interface AlertChange {
  kind: Transition["kind"];
  news: AlertNews;
  targets: readonly SealedTarget[];
  isMuted: boolean;
}

/** The same alert gets the same id, whoever finds it, and however often. */
export function alertId(monitorId: string, runId: string, at: { step: number; timestamp: number }): string {
  const text = `${monitorId} ${runId} ${at.step} ${at.timestamp}`;
  return [1, 2, 3, 4].map((seed) => hash32(text, seed).toString(16).padStart(8, "0")).join("");
}

/** FNV-1a with a seed, well mixed. Nobody gains by a collision. */
function hash32(text: string, seed: number): number {
  let h = Math.imul(0x811c9dc5 ^ seed, 0x9e3779b1);
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Messages to one address wait for each other. */
const targetOf = (url: string): string => `monitor:${url}`;

/**
 * Writes changes in order, each with its deliveries, in one transaction; what was written before writes nothing and tells
 * nobody. Then has the deliveries made.
 */
export async function writeChanges(
  env: Env,
  ctx: Pick<ExecutionContext, "waitUntil">,
  changes: readonly AlertChange[],
): Promise<void> {
  const db = database(env.DB);
  const now = Date.now();
  if (changes.some(isTold)) await watchOutbox(env);
  if (changes.some(({ kind }) => kind !== "resolve")) await watchClock(env);
  const statements = changes.flatMap((change, place) => {
    const changeId = crypto.randomUUID();
    return [
      change.kind === "fire" ? insert(db, change, changeId, now) : update(db, change, changeId, now),
      ...deliveries(db, change, { changeId, now, place }),
    ];
  });
  const [first, ...more] = statements;
  if (!first) return;
  const rows = ((await db.batch([first, ...more])) as (Waiting | ChangedAlert)[][]).flat();
  pokeOutbox(
    env,
    ctx,
    rows.filter((row) => "target" in row),
  );
  tellViewers(
    env,
    ctx,
    rows.filter((row) => "alertId" in row),
  );
}

/** A reopened alert has been told of. */
const isTold = ({ kind, targets, isMuted }: AlertChange): boolean =>
  !isMuted && kind !== "reopen" && targets.length > 0;

function insert(db: Database, { news, isMuted }: AlertChange, changeId: string, now: number): BatchItem<"sqlite"> {
  return db
    .insert(alerts)
    .values({
      alertId: news.alert_id,
      monitorId: news.monitor_id,
      runId: news.run_id,
      experimentId: news.experiment_id,
      name: news.name,
      metric: news.metric,
      sentence: news.sentence,
      severity: news.severity,
      state: "firing",
      evidence: evidenceText(news),
      openedTime: now,
      openedStep: news.at.step,
      openedTimestamp: news.at.timestamp,
      changedStep: news.at.step,
      changedTimestamp: news.at.timestamp,
      muted: isMuted ? 1 : 0,
      changeId,
    })
    .onConflictDoNothing()
    .returning(CHANGED_ALERT);
}

function update(db: Database, { kind, news }: AlertChange, changeId: string, now: number): BatchItem<"sqlite"> {
  const isReopened = kind === "reopen";
  const isOver = news.resolution === "ended";
  return db
    .update(alerts)
    .set({
      state: isReopened ? "firing" : "resolved",
      resolution: isReopened ? null : (news.resolution ?? "recovered"),
      resolvedTime: isReopened ? null : now,
      ...(isReopened ? { reopened: sql`${alerts.reopened} + 1`, evidence: evidenceText(news) } : {}),
      ...(isOver ? judgedUntil(now) : { changedStep: news.at.step, changedTimestamp: news.at.timestamp }),
      changeId,
    })
    .where(and(eq(alerts.alertId, news.alert_id), eq(alerts.state, isReopened ? "resolved" : "firing")))
    .returning(CHANGED_ALERT);
}

/** No point ended it: a log that judges its points again leaves out all that came before. */
const judgedUntil = (now: number) => ({ changedTimestamp: sql`max(${alerts.changedTimestamp}, ${now})` });

const evidenceText = ({ evidence, at }: AlertNews): string => jsonText({ ...evidence, at });

function deliveries(
  db: Database,
  change: AlertChange,
  { changeId, now, place }: { changeId: string; now: number; place: number },
): BatchItem<"sqlite">[] {
  if (!isTold(change)) return [];
  const { news, targets } = change;
  const when = sql`EXISTS (SELECT 1 FROM alerts a WHERE a.alert_id = ${news.alert_id} AND a.change_id = ${changeId})`;
  return targets.map(({ url, format, secret }) =>
    messageInsert(
      db,
      {
        target: targetOf(url),
        event: news.state === "firing" ? "alert.fired" : "alert.resolved",
        url,
        subject: news.alert_id,
        ...(secret === undefined ? {} : { secret }),
        body: messageBody(format, news, now),
        when,
      },
      now,
      // An alert may fire and end in one transaction: what is told keeps the order.
      place,
    ),
  );
}

/** What a list is of; `before` is the last one of the page before. */
export interface AlertSelection {
  state?: "firing" | "resolved";
  experimentId?: string;
  runId?: string;
  monitorId?: string;
  unacknowledged?: boolean;
  before?: { openedTime: number; openedTimestamp: number; alertId: string };
  limit: number;
}

/** Alerts, the newest first, and how many fire in all. */
export async function listAlerts(
  db: Database,
  { state, experimentId, runId, monitorId, unacknowledged, before, limit }: AlertSelection,
): Promise<{ rows: AlertRow[]; firing: number }> {
  const wanted: (SQL | undefined)[] = [
    // Spelt as the partial index has it.
    state === "firing" ? sql`state = 'firing'` : state && eq(alerts.state, state),
    experimentId === undefined ? undefined : eq(alerts.experimentId, experimentId),
    runId === undefined ? undefined : eq(alerts.runId, runId),
    monitorId === undefined ? undefined : eq(alerts.monitorId, monitorId),
    unacknowledged ? isNull(alerts.acknowledgedTime) : undefined,
    before &&
      sql`(${alerts.openedTime}, ${alerts.openedTimestamp}, ${alerts.alertId})
        < (${before.openedTime}, ${before.openedTimestamp}, ${before.alertId})`,
  ];
  const [rows, [counted]] = await db.batch([
    db
      .select()
      .from(alerts)
      .where(and(...wanted))
      // Points that came together open their alerts in one moment: then their own time says which was first.
      .orderBy(desc(alerts.openedTime), desc(alerts.openedTimestamp), desc(alerts.alertId))
      .limit(limit),
    db.select({ firing: sql<number>`count(*)` }).from(alerts).where(sql`state = 'firing'`),
  ]);
  return { rows, firing: counted?.firing ?? 0 };
}

const noSuchAlert = (id: string) => notFound(`Alert with id=${id} not found`);

/** Errors: 404. */
export async function getAlert(db: Database, id: string): Promise<AlertRow> {
  const [alert] = await db.select().from(alerts).where(eq(alerts.alertId, id));
  if (!alert) throw noSuchAlert(id);
  return alert;
}

/** Somebody has seen it. Again changes who and what. Errors: 404. */
export async function acknowledge(
  db: Database,
  id: string,
  { by, note, now }: { by: string; note: string; now: number },
): Promise<ChangedAlert> {
  const [alert] = await db
    .update(alerts)
    .set({ acknowledgedBy: by, acknowledgedTime: now, note })
    .where(eq(alerts.alertId, id))
    .returning(CHANGED_ALERT);
  if (!alert) throw noSuchAlert(id);
  return alert;
}

/** Somebody ends an alert; one that ended before stays as it is. Errors: 404. */
export async function resolveByHand(
  db: Database,
  id: string,
  now: number,
): Promise<{ alert: ChangedAlert; isChanged: boolean }> {
  const [[ended], [known]] = await db.batch([
    db
      .update(alerts)
      .set({ state: "resolved", resolution: "hand", resolvedTime: now, ...judgedUntil(now), changeId: "" })
      .where(and(eq(alerts.alertId, id), eq(alerts.state, "firing")))
      .returning(CHANGED_ALERT),
    db.select(CHANGED_ALERT).from(alerts).where(eq(alerts.alertId, id)),
  ]);
  const alert = ended ?? known;
  if (!alert) throw noSuchAlert(id);
  return { alert, isChanged: ended !== undefined };
}
