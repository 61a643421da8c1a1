import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

export type WebhookStatus = "ACTIVE" | "DISABLED";

/** Times in ms since 1970. `secret` is sealed (src/webhooks/secrets.ts) and never leaves the server. */
export const webhooks = sqliteTable("webhooks", {
  webhookId: text("webhook_id").primaryKey(),
  workspace: text().notNull().default("default"),
  name: text().notNull(),
  description: text(),
  url: text().notNull(),
  secret: text(),
  status: text().$type<WebhookStatus>().notNull().default("ACTIVE"),
  creationTime: integer("creation_time").notNull(),
  lastUpdateTime: integer("last_update_time").notNull(),
});

/** What each webhook listens to; led by the event, as every change looks here for those who want to know of it. */
export const webhookEvents = sqliteTable(
  "webhook_events",
  {
    entity: text().notNull(),
    action: text().notNull(),
    webhookId: text("webhook_id").notNull(),
  },
  (t) => [primaryKey({ columns: [t.entity, t.action, t.webhookId] })],
);

/**
 * Deliveries not made yet, written in the transaction of the change they tell of. `target` is the webhook's id, whose
 * URL and secret then count, or any name where the row has a URL of its own. Delivery ids are UUIDs of version 7, so
 * that those of a target are in the order in which they came.
 */
export const webhookOutbox = sqliteTable(
  "webhook_outbox",
  {
    target: text().notNull(),
    deliveryId: text("delivery_id").notNull(),
    /** What happened, as logs name it: `run.finished`. */
    event: text().notNull(),
    body: text().notNull(),
    url: text(),
    /** Sealed, as a webhook's. */
    secret: text(),
    /** Headers beside the usual ones, as a JSON object. */
    headers: text(),
    creationTime: integer("creation_time").notNull(),
    attempts: integer().notNull().default(0),
    /** ms since 1970; not tried before. */
    nextTime: integer("next_time").notNull(),
    /** What it is about, where deliveries about one thing are made in their order: not before an earlier one is gone. */
    subject: text(),
  },
  (t) => [
    primaryKey({ columns: [t.target, t.deliveryId] }),
    // Whether an earlier one waits; most rows have no subject and pay nothing.
    index("webhook_outbox_subjects").on(t.target, t.subject, t.deliveryId).where(sql`${t.subject} IS NOT NULL`),
  ],
);
