import { createStore } from "./store";

/** Whether the server answers, as the last call to it found; `lostAt` is in UTC milliseconds. */
export type Connection = { state: "unknown" } | { state: "up" } | { state: "lost"; lostAt: number };

export const connection = createStore<Connection>({ state: "unknown" });

export function connectionMade(): void {
  if (connection.get().state !== "up") connection.set({ state: "up" });
}

export function connectionLost(): void {
  if (connection.get().state !== "lost") connection.set({ state: "lost", lostAt: Date.now() });
}
