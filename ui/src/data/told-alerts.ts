/** Alerts as the feeds of runs and experiments tell of them; whoever shows alerts watches. */
import type { Alert } from "../api/monitor-types";
import { createStore } from "./store";

/** The one told of last. */
export const toldAlert = createStore<Alert | undefined>(undefined);
