import { createStore } from "./store";

/** The address of the runs visited last: "Runs" on a phone leads back there. Only as long as the page is open. */
export const lastRuns = createStore<string | undefined>(undefined);

/** Takes note of where the reader is. */
export function noteRuns(path: string): void {
  if (/^\/(e|r)\/[^/]/.test(path)) lastRuns.set(path);
}
