/**
 * What others call to tell of a change. The statement goes into the transaction of the change itself: it writes a row
 * for each webhook that listens, and none where nobody does. Once that is committed, `pokeOutbox` has it delivered; a
 * poke that gets lost only delays that (docs/webhooks.md).
 */
import { type SQL, sql } from "drizzle-orm";
import { type Database, database } from "../db/client";
import { webhookOutbox } from "../db/schema";
import type { Env } from "../env";
import type { EventName } from "./event-names";

/** One change. */
export interface ChangeEvent {
  event: EventName;
  /** The payload's `data`: an object, or SQL that gives it as JSON text where only the database knows it. */
  data: object | SQL;
  /** Nothing is told unless this holds at that point of the transaction. */
  when?: SQL;
}

/** A message to an address that is no webhook's. */
export interface Message {
  /** Messages of one target wait for each other when it is down. Never a webhook's id: put a prefix before yours. */
  target: string;
  /** What happened, for logs. */
  event: string;
  url: string;
  /** Sealed (sealSecret); with one, the message is signed as webhooks are. */
  secret?: string;
  /** Headers beside Content-Type and those of deliveries. */
  headers?: Record<string, string>;
  /** JSON text. */
  body: string;
  /** Messages of one subject to one target are delivered in their order, each after the last. */
  subject?: string;
  /** Nothing is sent unless this holds at that point of the transaction. */
  when?: SQL;
}

/** A row that was written for a target. */
export interface Waiting {
  target: string;
}

/**
 * Tells the webhooks that listen, as a Drizzle statement for `db.batch`. It gives a Waiting for each delivery written:
 * hand them to `pokeOutbox` after the commit.
 */
export function eventInsert(db: Database, { event, data, when = sql`TRUE` }: ChangeEvent, now = Date.now()) {
  const [entity, action] = event.split(".");
  // Data of the database's making is put between the two halves of a payload without any.
  const [before = "", after = ""] = payload(event, "\n", now).split("\n");
  const body = "getSQL" in data ? sql`${before} || ${data} || ${after}` : sql`${before + dataText(data) + after}`;
  return db
    .insert(webhookOutbox)
    .select(
      sql`
      SELECT w.webhook_id, ${deliveryId(now)}, ${event}, ${body}, NULL, NULL, NULL, ${now}, 0, ${now}, NULL
      FROM webhook_events e JOIN webhooks w ON w.webhook_id = e.webhook_id
      WHERE e.entity = ${entity} AND e.action = ${action} AND w.status = 'ACTIVE' AND ${when}`,
    )
    .returning({ target: webhookOutbox.target });
}

/** The same for `d1.batch`; its `results` are Waitings. */
export function eventStatement(d1: D1Database, event: ChangeEvent, now = Date.now()): D1PreparedStatement {
  const { sql: text, params } = eventInsert(database(d1), event, now).toSQL();
  return d1.prepare(text).bind(...params);
}

/**
 * Sends a message to an address of its own. Watch the outbox (`watchOutbox`) before such a row can be written. `place` is its place among
 * messages of one subject that are made in one moment.
 */
export function messageInsert(db: Database, message: Message, now = Date.now(), place = 0) {
  const { target, event, body, url, secret = null, subject = null, headers, when = sql`TRUE` } = message;
  const more = headers ? JSON.stringify(headers) : null;
  return db
    .insert(webhookOutbox)
    .select(
      sql`
      SELECT ${target}, ${deliveryId(now + place)}, ${event}, ${body}, ${url}, ${secret}, ${more}, ${now}, 0, ${now}, ${subject} WHERE ${when}`,
    )
    .returning({ target: webhookOutbox.target });
}

/** Has what was written delivered, after the answer; calls nobody where nothing was. Never fails. */
export function pokeOutbox(env: Env, ctx: Pick<ExecutionContext, "waitUntil">, waiting: readonly Waiting[]): void {
  for (const target of new Set(waiting.map((w) => w.target))) {
    const poked = env.WEBHOOK_TARGETS.get(env.WEBHOOK_TARGETS.idFromName(target)).poke(target);
    ctx.waitUntil(poked.catch((error) => console.error(`waking the deliveries to ${target} failed`, error)));
  }
}

/**
 * Has the outbox looked through now and then from here on, for as long as there are webhooks or deliveries. Call it before
 * writing what makes deliveries possible, so that not even a crash right after leaves any behind.
 */
export async function watchOutbox(env: Env): Promise<void> {
  await env.WEBHOOK_SWEEPS.get(env.WEBHOOK_SWEEPS.idFromName("sweep")).watch();
}

/** UTF-16 units of `data` that certainly fit into a row with the rest: UTF-8 takes three bytes at most for each. */
const MAX_DATA = 600_000;
/** Texts of data that would not fit are cut to so many units. */
const CUT = 10_000;

/**
 * `data` as JSON. A change that is legal itself must not fail for its event: where it would not fit into a row, long texts
 * are cut and maps, as tags are, left empty.
 */
export function dataText(data: object): string {
  const whole = JSON.stringify(data);
  if (whole.length <= MAX_DATA) return whole;
  const short = Object.entries(data).map(([key, value]) => {
    if (typeof value === "string") return [key, value.slice(0, CUT)];
    return [key, typeof value === "object" && value !== null ? {} : value];
  });
  return JSON.stringify(Object.fromEntries(short));
}

/** The JSON text of a payload. `data` is JSON. */
export function payload(event: EventName, data: string, now: number): string {
  const [entity, action] = event.split(".");
  return `{"entity":"${entity}","action":"${action}","timestamp":"${pythonTime(now)}","data":${data}}`;
}

/** A time in ms since 1970 in ISO 8601, as Python writes it: microseconds, and an offset for UTC. */
export const pythonTime = (ms: number): string => new Date(ms).toISOString().replace("Z", "000+00:00");

/**
 * A UUID of version 7 is this start and that end, which is SQL: every webhook of an event gets an id of its own, in a
 * statement that doesn't know how many there are.
 */
export function deliveryIdStart(now: number): string {
  const time = now.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7`;
}

export const DELIVERY_ID_END =
  "lower(substr(hex(randomblob(2)), 2) || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))";

const deliveryId = (now: number): SQL => sql`${deliveryIdStart(now)} || ${sql.raw(DELIVERY_ID_END)}`;
