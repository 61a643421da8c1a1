/** When a failed delivery is tried again. */

/**
 * Pauses before the retries of one delivery, in ms. The first three are MLflow's, which then gives up; as these deliveries
 * outlive the process, a receiver that is down for a day still gets them.
 */
const FAST_MS = [0, 2_000, 4_000] as const;
const MINUTE = 60_000;
const SLOW_MS = [0.5, 2, 10, 30, 60, 120, 240, 480, 480].map((minutes) => minutes * MINUTE);
const PAUSES_MS = [...FAST_MS, ...SLOW_MS];
/** MLflow's: up to a second more, so that many that failed together don't come back together. */
const JITTER_MS = 1_000;
/** A receiver that asks for a longer pause gets this one. */
const MAX_RETRY_AFTER_MS = 60 * MINUTE;

/** Retries of a delivery at most, and the ones a test makes. */
export const MAX_RETRIES = PAUSES_MS.length;
export const FAST_RETRIES = FAST_MS.length;

/** Failures in a row after which a receiver counts as down, */
const DOWN_AFTER = 4;
/** and the pauses between single attempts from then on. */
const FIRST_PAUSE_MS = 5_000;
const MAX_PAUSE_MS = 5 * MINUTE;

/** The pause after the given number of attempts (1 or more), in ms; undefined where none is left. */
export function retryPause(attempts: number, retryAfter: number | undefined, maxRetries: number): number | undefined {
  const pause = attempts <= maxRetries ? PAUSES_MS[attempts - 1] : undefined;
  if (pause === undefined) return undefined;
  if (retryAfter !== undefined) return Math.min(retryAfter, MAX_RETRY_AFTER_MS);
  return pause === 0 ? 0 : pause + Math.random() * JITTER_MS;
}

/** How long a receiver is left alone after so many failures in a row, whatever waits for it, in ms. */
export function receiverPause(failures: number): number {
  return failures < DOWN_AFTER ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (failures - DOWN_AFTER), MAX_PAUSE_MS);
}

/** TIDEMARK_WEBHOOKS_MAX_RETRIES as a number; anything else than one means all there are. */
export function maxRetries(text: string | undefined): number {
  return text !== undefined && /^\d+$/.test(text.trim()) ? Math.min(Number(text), MAX_RETRIES) : MAX_RETRIES;
}
