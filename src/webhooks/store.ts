/** Webhooks in D1. Each function is one batch, and so one transaction. */
import { asc, desc, eq, getTableColumns, sql } from "drizzle-orm";
import type { Database } from "../db/client";
import { webhookEvents, webhookOutbox, webhooks } from "../db/schema";
import type { WebhookStatus } from "../db/schema/webhooks";
import { notFound } from "../wire/errors";
import { type EventName, isMlflowEvent, OWN_ENTITY } from "./event-names";
import type { Webhook, WebhookRow } from "./webhook";

const noSuchWebhook = (id: string) => notFound(`Webhook with ID ${id} not found.`);

/** All events of a webhook as one JSON list, in order of their names. */
const EVENTS = sql<string>`(
  SELECT json_group_array(e.entity || '.' || e.action ORDER BY e.entity, e.action)
  FROM webhook_events e WHERE e.webhook_id = webhooks.webhook_id)`;

const HAS_MLFLOW_EVENTS = sql`EXISTS (
  SELECT 1 FROM webhook_events e WHERE e.webhook_id = webhooks.webhook_id AND e.entity <> ${OWN_ENTITY})`;

const COLUMNS = { ...getTableColumns(webhooks), events: EVENTS };

function fromRow({ events, ...row }: WebhookRow & { events: string }): Webhook {
  return { row, events: JSON.parse(events) as EventName[] };
}

export async function createWebhook(db: Database, row: WebhookRow, events: readonly EventName[]): Promise<Webhook> {
  const [, , [created]] = await db.batch([
    db.insert(webhooks).values(row),
    db.insert(webhookEvents).values(eventRows(row.webhookId, events)),
    selectOne(db, row.webhookId),
  ]);
  if (!created) throw noSuchWebhook(row.webhookId);
  return fromRow(created);
}

/** Errors: 404. */
export async function getWebhook(db: Database, id: string): Promise<Webhook> {
  const [found] = await selectOne(db, id);
  if (!found) throw noSuchWebhook(id);
  return fromRow(found);
}

/** Which webhooks of the list; `onlyMlflow` leaves out events that MLflow lacks, and webhooks that have no others. */
export interface WebhookPage {
  limit: number;
  offset: number;
  onlyMlflow: boolean;
}

/** The newest first. */
export async function listWebhooks(db: Database, { limit, offset, onlyMlflow }: WebhookPage): Promise<Webhook[]> {
  const rows = await db
    .select(COLUMNS)
    .from(webhooks)
    .where(onlyMlflow ? HAS_MLFLOW_EVENTS : undefined)
    .orderBy(desc(webhooks.creationTime), asc(webhooks.webhookId))
    .limit(limit)
    .offset(offset);
  const found = rows.map(fromRow);
  return onlyMlflow ? found.map(({ row, events }) => ({ row, events: events.filter(isMlflowEvent) })) : found;
}

/** What changes of a webhook; what is undefined stays. */
export interface WebhookChange {
  name?: string;
  description?: string;
  url?: string;
  events?: readonly EventName[];
  /** Sealed. */
  secret?: string | null;
  status?: WebhookStatus;
}

/** Errors: 404. */
export async function updateWebhook(
  db: Database,
  id: string,
  { events, ...change }: WebhookChange,
  now: number,
): Promise<Webhook> {
  const exists = db.select({ one: sql`1` }).from(webhooks).where(eq(webhooks.webhookId, id));
  const eventWrites = events
    ? [
        db.delete(webhookEvents).where(eq(webhookEvents.webhookId, id)),
        db.insert(webhookEvents).select(
          sql`SELECT j.value->>'entity', j.value->>'action', ${id}
            FROM json_each(${JSON.stringify(eventRows(id, events))}) j WHERE EXISTS ${exists}`,
        ),
      ]
    : [];
  const results = await db.batch([
    db
      .update(webhooks)
      .set({ ...change, lastUpdateTime: now })
      .where(eq(webhooks.webhookId, id)),
    ...eventWrites,
    selectOne(db, id),
  ]);
  const [updated] = results.at(-1) as Awaited<ReturnType<typeof selectOne>>;
  if (!updated) throw noSuchWebhook(id);
  return fromRow(updated);
}

/** Deletes a webhook with all that waits for it. Errors: 404. */
export async function deleteWebhook(db: Database, id: string): Promise<void> {
  const [deleted] = await db.batch([
    db.delete(webhooks).where(eq(webhooks.webhookId, id)).returning({ id: webhooks.webhookId }),
    db.delete(webhookEvents).where(eq(webhookEvents.webhookId, id)),
    db.delete(webhookOutbox).where(eq(webhookOutbox.target, id)),
  ]);
  if (deleted.length === 0) throw noSuchWebhook(id);
}

const selectOne = (db: Database, id: string) => db.select(COLUMNS).from(webhooks).where(eq(webhooks.webhookId, id));

function eventRows(webhookId: string, events: readonly EventName[]) {
  return events.map((name) => {
    const [entity = "", action = ""] = name.split(".");
    return { entity, action, webhookId };
  });
}
