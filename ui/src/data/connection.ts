import { createStore } from "./store";

/** Whether the server answers, as the last call to it found; times are UTC milliseconds. */
export type Connection =
  | { state: "unknown" }
  | { state: "up" }
  | {
      state: "lost";
      lostAt: number /** When it is tried again; unknown while a try is under way. */;
      retryAt?: number;
    };

export const connection = createStore<Connection>({ state: "unknown" });

/** Raised by whoever asks for a try at once. */
export const retryNow = createStore(0);

export function connectionMade(): void {
  if (connection.get().state !== "up") connection.set({ state: "up" });
}

export function connectionLost(retryAt?: number): void {
  const now = connection.get();
  connection.set({ state: "lost", lostAt: now.state === "lost" ? now.lostAt : Date.now(), retryAt });
}

/** "Live" in the bar: how many sockets are open. */
export const openSockets = createStore(0);

/** Calls the listener whenever a lost server answers again, until the returned function is called. */
export function whenBack(listener: () => void): () => void {
  let wasLost = connection.get().state === "lost";
  return connection.watch(() => {
    const isLost = connection.get().state === "lost";
    if (wasLost && !isLost) listener();
    wasLost = isLost;
  });
}
