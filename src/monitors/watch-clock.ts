import type { Env } from "../env";

/** Has silence and the ends of runs noticed; await it before writing a monitor of silence, or an alert. */
export async function watchClock(env: Env): Promise<void> {
  await env.MONITOR_CLOCK.get(env.MONITOR_CLOCK.idFromName("clock")).watch();
}
