/**
 * The binary answer of the series call, version 1: encoded by the Worker, decoded by the page. Layout in
 * docs/page-api.md. Pure, and without imports, so that the page can take it as it is.
 */

export type SeriesX = "step" | "time" | "relative";

/** One series of one run, in order of x. */
export interface ThinSeries {
  run_id: string;
  key: string;
  /** Entries of each column. */
  rows: number;
  /** Observations they stand for, and how many of those are NaN. */
  points: number;
  nans: number;
  /** Every row is one observation: `min` and `max` are then `last`, `counts` all 1. */
  exact: boolean;
  smoothed?: Float64Array;
  /** What was taken off the timestamps where x is relative: ms since 1970. */
  origin?: number;
  /** Of each row's last observation: its step, or ms. */
  x: Float64Array;
  /** The last value that is not NaN; NaN where all are. ±Infinity is ±Number.MAX_VALUE, as MLflow stores it. */
  last: Float64Array;
  min: Float64Array;
  max: Float64Array;
  /** Observations of each row, and how many are NaN. */
  counts: Uint32Array;
  nanCounts: Uint32Array;
}

export interface SeriesAnswer {
  x: SeriesX;
  buckets: number;
  series: ThinSeries[];
}

export const SERIES_TYPE = "application/vnd.tidemark.series";
const MAGIC = [0x54, 0x4d, 0x53];
const VERSION = 1;
const PREFIX_BYTES = 8;

type Column = Float64Array | Uint32Array;

interface Head {
  x: SeriesX;
  buckets: number;
  series: {
    run_id: string;
    key: string;
    rows: number;
    points: number;
    nans: number;
    exact: boolean;
    smoothed: boolean;
    origin?: number;
  }[];
}

function columnsOf(s: ThinSeries): Column[] {
  const columns: Column[] = [s.x, s.last];
  if (s.smoothed) columns.push(s.smoothed);
  if (!s.exact) columns.push(s.min, s.max, s.counts, s.nanCounts);
  return columns;
}

export function encodeSeries({ x, buckets, series }: SeriesAnswer): Uint8Array<ArrayBuffer> {
  const head: Head = {
    x,
    buckets,
    series: series.map(({ run_id, key, rows, points, nans, exact, smoothed, origin }) => {
      return { run_id, key, rows, points, nans, exact, smoothed: smoothed !== undefined, origin };
    }),
  };
  const text = new TextEncoder().encode(JSON.stringify(head));
  const headBytes = Math.ceil(text.length / 8) * 8;
  const columns = series.flatMap(columnsOf);
  const size = columns.reduce((bytes, column) => bytes + column.byteLength, PREFIX_BYTES + headBytes);
  const bytes = new Uint8Array(size);
  bytes.set(MAGIC);
  bytes[MAGIC.length] = VERSION;
  new DataView(bytes.buffer).setUint32(4, headBytes, true);
  bytes.fill(0x20, PREFIX_BYTES, PREFIX_BYTES + headBytes);
  bytes.set(text, PREFIX_BYTES);
  let at = PREFIX_BYTES + headBytes;
  for (const column of columns) {
    bytes.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), at);
    at += column.byteLength;
  }
  return bytes;
}

/**
 * Reads an answer; columns are views on it, not copies (but for exact series, whose missing ones are made up).
 * Throws Error on anything that is not an answer of this version.
 */
export function decodeSeries(buffer: ArrayBuffer): SeriesAnswer {
  const bytes = new Uint8Array(buffer);
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) throw new Error("Not an answer of series.");
  if (bytes[MAGIC.length] !== VERSION) throw new Error(`An answer of version ${bytes[MAGIC.length]}, not ${VERSION}.`);
  const headBytes = new DataView(buffer).getUint32(4, true);
  let at = PREFIX_BYTES + headBytes;
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(PREFIX_BYTES, at))) as Head;
  const doubles = (n: number) => {
    at += 8 * n;
    return new Float64Array(buffer, at - 8 * n, n);
  };
  const integers = (n: number) => {
    at += 4 * n;
    return new Uint32Array(buffer, at - 4 * n, n);
  };
  const series = head.series.map(({ smoothed: hasSmoothed, ...own }): ThinSeries => {
    const { rows, exact } = own;
    const x = doubles(rows);
    const last = doubles(rows);
    const smoothed = hasSmoothed ? doubles(rows) : undefined;
    if (exact) {
      const nanCounts = Uint32Array.from(last, (value) => Number(Number.isNaN(value)));
      return { ...own, x, last, smoothed, min: last, max: last, counts: new Uint32Array(rows).fill(1), nanCounts };
    }
    const min = doubles(rows);
    const max = doubles(rows);
    return { ...own, x, last, smoothed, min, max, counts: integers(rows), nanCounts: integers(rows) };
  });
  return { x: head.x, buckets: head.buckets, series };
}
