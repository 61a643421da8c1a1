/**
 * Stands in for the platform's base class when RunLog is built for the bench (see replay.mjs): storage and bindings
 * count, and alarms are only noted, for the simulated clock to ring.
 */
import { DurableObject as PlatformObject } from "cloudflare:workers";
import type { Env } from "../../src/env";
import { countDeleteAll, countedD1, countedSql, counts, overlay, tally } from "./meters";

export { waitUntil } from "cloudflare:workers";

/** The alarm of each object that has one, by the object's id. */
export const alarms = new Map<string, number>();
/** Background work of each object that has any, by the object's id. */
export const background = new Map<string, Set<Promise<unknown>>>();

export class DurableObject extends PlatformObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    Object.defineProperty(this, "ctx", { value: countedState(ctx) });
    Object.defineProperty(this, "env", { value: { ...env, DB: countedD1(env.DB, () => counts.d1TripsOfObjects++) } });
  }
}

function countedState(ctx: DurableObjectState): DurableObjectState {
  const id = ctx.id.toString();
  const { storage } = ctx;
  const sql = countedSql(storage.sql);
  const counted = overlay(storage, {
    sql,
    getAlarm: async () => alarms.get(id) ?? null,
    setAlarm: async (at: number | Date) => {
      tally(counts.objectRowsWritten, "setAlarm");
      alarms.set(id, Number(at));
    },
    deleteAlarm: async () => {
      tally(counts.objectRowsWritten, "deleteAlarm");
      alarms.delete(id);
    },
    deleteAll: async () => {
      countDeleteAll(storage.sql);
      alarms.delete(id);
      await storage.deleteAll();
    },
  });
  return overlay(ctx, {
    storage: counted,
    waitUntil: (work: Promise<unknown>) => {
      const all = background.get(id) ?? new Set();
      background.set(id, all.add(work));
      void work.finally(() => all.delete(work)).catch(() => undefined);
    },
  });
}
