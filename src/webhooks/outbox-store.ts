/** The outbox in D1: what waits, and what became of it. Plain statements: a target reads and writes in one batch. */
import type { Delivery } from "./delivery";

/** One delivery that waits. `url` is null where its webhook is gone or disabled. */
export interface WaitingDelivery extends Omit<Delivery, "url"> {
  url: string | null;
  event: string;
  /** ms since 1970 */
  creationTime: number;
  /** Attempts made so far. */
  attempts: number;
}

/** A failed delivery and when it is due again. */
export interface Postponed {
  deliveryId: string;
  attempts: number;
  /** ms since 1970 */
  nextTime: number;
}

/** What a target has to write before it reads on. */
export interface Settled {
  /** Delivered, refused or given up. */
  done: string[];
  postponed: Postponed[];
  /** Deliveries kept at most; the oldest go first. */
  keep?: number;
}

const DUE = `
  SELECT o.delivery_id AS deliveryId, o.event, o.body, coalesce(o.url, w.url) AS url, o.headers, o.attempts,
    CASE WHEN o.url IS NULL THEN w.secret ELSE o.secret END AS secret, o.creation_time AS creationTime
  FROM webhook_outbox o LEFT JOIN webhooks w ON w.webhook_id = o.target AND w.status = 'ACTIVE'
  WHERE o.target = ?1 AND o.next_time <= ?2 AND (o.subject IS NULL OR NOT EXISTS (
    SELECT 1 FROM webhook_outbox e WHERE e.target = ?1 AND e.subject = o.subject AND e.delivery_id < o.delivery_id))
  ORDER BY o.next_time, o.delivery_id LIMIT ?3`;

const NEXT_TIME = "SELECT min(next_time) AS nextTime FROM webhook_outbox WHERE target = ?1 AND next_time > ?2";

const DELETE_DONE = "DELETE FROM webhook_outbox WHERE target = ?1 AND delivery_id IN (SELECT value FROM json_each(?2))";

const POSTPONE = `
  UPDATE webhook_outbox SET attempts = j.value->>'attempts', next_time = j.value->>'nextTime'
  FROM json_each(?2) j WHERE target = ?1 AND delivery_id = j.value->>'deliveryId'`;

const KEEP_NEWEST = `
  DELETE FROM webhook_outbox WHERE target = ?1 AND delivery_id <= (
    SELECT delivery_id FROM webhook_outbox WHERE target = ?1 ORDER BY delivery_id DESC LIMIT 1 OFFSET ?2)`;

/** A target's row of the database. `headers` is JSON. */
type DueRow = Omit<WaitingDelivery, "headers"> & { headers: string | null };

/**
 * Writes what became of deliveries, and reads `limit` of the ones due at `now`, the longest due first and of a subject only
 * the first, and when the next one will be (ms since 1970); reads nothing for a limit of 0. One transaction.
 */
export async function settleAndRead(
  d1: D1Database,
  target: string,
  { done, postponed, keep }: Settled,
  { now, limit }: { now: number; limit: number },
): Promise<{ due: WaitingDelivery[]; nextTime: number | null }> {
  const writes: D1PreparedStatement[] = [];
  if (done.length > 0) writes.push(d1.prepare(DELETE_DONE).bind(target, JSON.stringify(done)));
  if (postponed.length > 0) writes.push(d1.prepare(POSTPONE).bind(target, JSON.stringify(postponed)));
  if (keep !== undefined) writes.push(d1.prepare(KEEP_NEWEST).bind(target, keep));
  const reads = [d1.prepare(DUE).bind(target, now, limit), d1.prepare(NEXT_TIME).bind(target, now)];
  const results = await d1.batch<unknown>(limit > 0 ? [...writes, ...reads] : writes);
  if (limit === 0) return { due: [], nextTime: null };
  const due = (results.at(-2)?.results ?? []) as DueRow[];
  const [next] = (results.at(-1)?.results ?? []) as { nextTime: number | null }[];
  return {
    due: due.map((row) => ({ ...row, headers: JSON.parse(row.headers ?? "{}") as Record<string, string> })),
    nextTime: next?.nextTime ?? null,
  };
}

/** Jumps from target to target in the primary key, reading nothing between. */
const TARGETS = `
  WITH RECURSIVE t (target) AS (
    SELECT min(target) FROM webhook_outbox
    UNION ALL SELECT (SELECT min(target) FROM webhook_outbox WHERE target > t.target) FROM t WHERE t.target IS NOT NULL)
  SELECT target FROM t WHERE target IS NOT NULL`;

const ANY_ACTIVE = "SELECT 1 FROM webhooks WHERE status = 'ACTIVE' LIMIT 1";

/** The targets something waits for, and whether any webhook is there to wait for more. */
export async function waitingTargets(d1: D1Database): Promise<{ targets: string[]; hasWebhooks: boolean }> {
  const [targets, active] = await d1.batch<unknown>([d1.prepare(TARGETS), d1.prepare(ANY_ACTIVE)]);
  return {
    targets: ((targets?.results ?? []) as { target: string }[]).map((row) => row.target),
    hasWebhooks: (active?.results.length ?? 0) > 0,
  };
}
