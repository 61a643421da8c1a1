/** Counters of what the platform bills, and bindings that count while they work. The object and the Worker share them. */

export interface Counts {
  workerRequests: number;
  /** Calls of objects by method; alarms are among them as `alarm`. */
  objectCalls: Record<string, number>;
  /** WebSocket messages that objects received. */
  objectMessages: number;
  objectRowsRead: number;
  /** Rows by what wrote them: `INSERT log`, `setAlarm`, `deleteAll` … */
  objectRowsWritten: Record<string, number>;
  /** Largest database of any one object, in bytes, when it was emptied. */
  objectBytes: number;
  d1RowsRead: number;
  /** By statement: `INSERT metric_chunks`, `UPDATE runs` … */
  d1RowsWritten: Record<string, number>;
  /** Waits of objects for D1: a batch is one. */
  d1TripsOfObjects: number;
  /** Size of the database after the newest statement, in bytes. */
  d1Bytes: number;
  r2ClassA: number;
  r2ClassB: number;
}

const zero = (): Counts => ({
  workerRequests: 0,
  objectCalls: {},
  objectMessages: 0,
  objectRowsRead: 0,
  objectRowsWritten: {},
  objectBytes: 0,
  d1RowsRead: 0,
  d1RowsWritten: {},
  d1TripsOfObjects: 0,
  d1Bytes: 0,
  r2ClassA: 0,
  r2ClassB: 0,
});

export const counts = zero();

/** Starts over; the size of D1 stays known. */
export function reset(): void {
  harvest();
  Object.assign(counts, zero(), { d1Bytes: counts.d1Bytes });
}

/** A copy, complete up to now. */
export function snapshot(): Counts {
  harvest();
  return structuredClone(counts);
}

export function tally(record: Record<string, number>, name: string, by = 1): void {
  if (by > 0) record[name] = (record[name] ?? 0) + by;
}

/** `INSERT metric_chunks` for a statement that writes; "other" for any that is not recognised. */
function labelOf(sql: string): string {
  const found =
    /^\s*(INSERT|UPDATE|DELETE|CREATE|REPLACE)\b(?:\s+(?:OR\s+\w+|INTO|FROM|TABLE|IF|NOT|EXISTS))*\s+["`]?(\w+)/i.exec(
      sql,
    );
  return found ? `${found[1]?.toUpperCase()} ${found[2]}` : "other";
}

/** Forwards to `target` all but what `own` answers itself; methods keep their own `this`. */
export function overlay<T extends object>(target: T, own: Partial<Record<keyof T, unknown>>): T {
  return new Proxy(target, {
    get(_, name) {
      if (name in own) return own[name as keyof T];
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

type Cursor = SqlStorageCursor<Record<string, SqlStorageValue>>;

/** What a cursor read is known once it is drained: looked at later. */
let cursors: { label: string; cursor: Cursor }[] = [];
const MANY_CURSORS = 1000;

function harvest(): void {
  for (const { label, cursor } of cursors) {
    counts.objectRowsRead += cursor.rowsRead;
    tally(counts.objectRowsWritten, label, cursor.rowsWritten);
  }
  cursors = [];
}

export function countedSql(sql: SqlStorage): SqlStorage {
  return overlay(sql, {
    exec: (query: string, ...bindings: unknown[]) => {
      if (cursors.length > MANY_CURSORS) harvest();
      const cursor = sql.exec(query, ...bindings);
      cursors.push({ label: labelOf(query), cursor });
      return cursor;
    },
  });
}

/** Rows that `deleteAll` drops: the platform's pages don't say that they are free, so each is taken for a deleted row. */
export function countDeleteAll(sql: SqlStorage): void {
  counts.objectBytes = Math.max(counts.objectBytes, sql.databaseSize);
  const tables = sql.exec<{ name: string }>(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'",
  );
  for (const { name } of tables.toArray()) {
    tally(
      counts.objectRowsWritten,
      "deleteAll",
      sql.exec<{ n: number }>(`SELECT count(*) AS n FROM "${name}"`).one().n,
    );
  }
}

/** `trip` is called once for each time the caller waits for D1. */
export function countedD1(d1: D1Database, trip: () => void = () => undefined): D1Database {
  const originals = new WeakMap<D1PreparedStatement, { statement: D1PreparedStatement; label: string }>();

  const note = (label: string, { meta }: D1Result) => {
    counts.d1RowsRead += meta.rows_read;
    tally(counts.d1RowsWritten, label, meta.rows_written);
    counts.d1Bytes = meta.size_after;
  };
  const all = async (label: string, statement: D1PreparedStatement) => {
    trip();
    const result = await statement.all<Record<string, unknown>>();
    note(label, result);
    return result;
  };
  const wrap = (label: string, statement: D1PreparedStatement): D1PreparedStatement => {
    const counted = overlay(statement, {
      bind: (...values: unknown[]) => wrap(label, statement.bind(...values)),
      all: () => all(label, statement),
      run: () => all(label, statement),
      first: async (column?: string) => {
        const row = (await all(label, statement)).results[0];
        return row === undefined ? null : column === undefined ? row : row[column];
      },
      // The runtime's own raw() keeps the counts to itself. Columns of one name would be one here; no query has them.
      raw: async () => (await all(label, statement)).results.map((row) => Object.values(row)),
    });
    originals.set(counted, { statement, label });
    return counted;
  };
  return overlay(d1, {
    prepare: (sql: string) => wrap(labelOf(sql), d1.prepare(sql)),
    batch: async (statements: D1PreparedStatement[]) => {
      trip();
      const own = statements.map((s) => originals.get(s) ?? { statement: s, label: "other" });
      const results = await d1.batch(own.map(({ statement }) => statement));
      for (const [i, result] of results.entries()) note(own[i]?.label ?? "other", result);
      return results;
    },
  });
}

const CLASS_A = ["put", "list", "createMultipartUpload"] as const;
const CLASS_B = ["get", "head"] as const;

/** Deleting is free, parts and the end of a multipart upload are class A. */
export function countedR2(bucket: R2Bucket): R2Bucket {
  const own: Partial<Record<keyof R2Bucket, unknown>> = {};
  const count = (name: keyof R2Bucket, by: () => void) => {
    own[name] = (...args: unknown[]) => {
      by();
      return (bucket[name] as (...args: unknown[]) => unknown)(...args);
    };
  };
  for (const name of CLASS_A) count(name, () => counts.r2ClassA++);
  for (const name of CLASS_B) count(name, () => counts.r2ClassB++);
  const upload = own.createMultipartUpload as R2Bucket["createMultipartUpload"];
  own.createMultipartUpload = async (...args: Parameters<typeof upload>) => countedUpload(await upload(...args));
  own.resumeMultipartUpload = (key: string, id: string) => countedUpload(bucket.resumeMultipartUpload(key, id));
  return overlay(bucket, own);
}

function countedUpload(upload: R2MultipartUpload): R2MultipartUpload {
  return overlay(upload, {
    uploadPart: (...args: Parameters<R2MultipartUpload["uploadPart"]>) => {
      counts.r2ClassA++;
      return upload.uploadPart(...args);
    },
    complete: (...args: Parameters<R2MultipartUpload["complete"]>) => {
      counts.r2ClassA++;
      return upload.complete(...args);
    },
  });
}
