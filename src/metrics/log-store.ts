/**
 * A RunLog's own storage: packs of observations in numbered rows. Small appends overwrite the newest row instead of
 * adding one, because deleting a row is billed like writing it. Row 0 holds the run's id: an object woken by its alarm
 * is told no name.
 */
import { LOG_MAX_ROW } from "../limits";

/** A row grows to about a page of the database before a new one is begun. */
const ROW_TARGET = 4096;

export class LogStore {
  /** The position of the newest row ever written; positions are never used twice. */
  position = 0;
  /** The newest row's content while it may still grow. */
  #open: Uint8Array | undefined;
  readonly #storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** The rows by position; none, without touching the storage, where nothing was ever written. */
  rows(): { position: number; data: Uint8Array }[] {
    if (!this.#exists()) return [];
    const rows = this.#storage.sql.exec<{ position: number; data: ArrayBuffer }>(
      "SELECT position, data FROM log WHERE position > 0 ORDER BY position",
    );
    return rows.toArray().map((r) => ({ position: r.position, data: new Uint8Array(r.data) }));
  }

  /** The run this log is of, as far as the storage tells. */
  runId(): string | undefined {
    if (!this.#exists()) return undefined;
    const row = this.#storage.sql.exec<{ data: ArrayBuffer }>("SELECT data FROM log WHERE position = 0").toArray()[0];
    return row && new TextDecoder().decode(row.data);
  }

  #exists(): boolean {
    return this.#storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'log'").toArray().length > 0;
  }

  /** Continues after `position` or the newest row, whichever is later. */
  continueAfter(position: number): void {
    const newest = this.#exists()
      ? this.#storage.sql.exec<{ n: number }>("SELECT coalesce(max(position), 0) AS n FROM log").one().n
      : 0;
    this.position = Math.max(this.position, position, newest);
  }

  /** Makes the table, before the first append of a hot period. */
  begin(runId: string): void {
    const sql = this.#storage.sql;
    sql.exec("CREATE TABLE IF NOT EXISTS log (position INTEGER PRIMARY KEY, data BLOB NOT NULL)");
    sql.exec("INSERT OR IGNORE INTO log (position, data) VALUES (0, ?1)", new TextEncoder().encode(runId));
  }

  /** Appends packs, in one row where they fit. */
  append(packs: readonly Uint8Array[]): void {
    let group: Uint8Array[] = [];
    let size = 0;
    for (const pack of packs) {
      if (size + pack.length > LOG_MAX_ROW) {
        this.#write(concat(group, size));
        group = [];
        size = 0;
      }
      group.push(pack);
      size += pack.length;
    }
    if (size > 0) this.#write(concat(group, size));
  }

  #write(data: Uint8Array): void {
    const open = this.#open;
    if (open && open.length + data.length <= ROW_TARGET) {
      this.#open = concat([open, data], open.length + data.length);
      this.#storage.sql.exec("UPDATE log SET data = ?2 WHERE position = ?1", this.position, this.#open);
      return;
    }
    this.position++;
    this.#storage.sql.exec("INSERT INTO log (position, data) VALUES (?1, ?2)", this.position, data);
    this.#open = data.length < ROW_TARGET ? data : undefined;
  }

  /** A position that no row will have. */
  next(): number {
    this.#open = undefined;
    return ++this.position;
  }

  /** Closes the newest row, so that nothing appended later has its position; returns that position. */
  seal(): number {
    this.#open = undefined;
    return this.position;
  }

  /** In one transaction: replaces all rows up to `position` by the packs given, at new positions. */
  trim(position: number, carry: readonly Uint8Array[]): void {
    // A log that never had a row has nothing to trim, and nothing to carry.
    if (!this.#exists()) return;
    this.#storage.transactionSync(() => {
      this.#open = undefined;
      this.append(carry);
      this.#open = undefined;
      this.#storage.sql.exec("DELETE FROM log WHERE position > 0 AND position <= ?1", position);
    });
  }
}

function concat(parts: readonly Uint8Array[], size: number): Uint8Array {
  const out = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
