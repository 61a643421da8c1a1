/** Numbers, sizes and times in words, all for display; the exact value belongs in a title beside them. */
export const MINUS = "\u2212";
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A count with its thousands apart: 18,240. */
export function formatCount(n: number): string {
  return signed(grouped(n));
}

/** What Intl does for numbers and times is done here: making one of its formats takes as long as drawing a page of rows. */
function grouped(n: number): string {
  return n.toFixed(0).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Four significant digits: 0.9702, 231.4, 18,240, 5.13e−5. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : `${MINUS}∞`;
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1e7 || size < 1e-3) return signed(trimmedExponent(value, 3));
  if (Number.isInteger(value) || size >= 999.95) return signed(grouped(value));
  return signed(value.toPrecision(4));
}

/** As short as an axis can have it: 1.25k, 20k, 0.95, 3e−4. */
export function formatTick(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1e7 || size < 1e-3) return signed(trimmedExponent(value, 3));
  if (size >= 1e6) return signed(`${Number((value / 1e6).toPrecision(5))}M`);
  if (size >= 1e3) return signed(`${Number((value / 1e3).toPrecision(5))}k`);
  return signed(String(Number(value.toPrecision(6))));
}

function trimmedExponent(value: number, digits: number): string {
  const [mantissa, exponent] = value.toExponential(digits).split("e");
  return `${Number(mantissa)}e${Number(exponent)}`;
}

function signed(text: string): string {
  return text.replaceAll("-", MINUS);
}

/** How long: 0.4 s, 48 s, 3 min 20 s, 2 h 5 min, 4 d 3 h. */
export function formatDuration(ms: number): string {
  if (ms < 0) return "0 s";
  if (ms < 10 * SECOND) return `${Number((ms / SECOND).toFixed(1))} s`;
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return pair(ms, MINUTE, "min", SECOND, "s");
  if (ms < DAY) return pair(ms, HOUR, "h", MINUTE, "min");
  return pair(ms, DAY, "d", HOUR, "h");
}

function pair(ms: number, big: number, bigName: string, small: number, smallName: string): string {
  const rest = Math.floor((ms % big) / small);
  return `${Math.floor(ms / big)} ${bigName}${rest ? ` ${rest} ${smallName}` : ""}`;
}

/** How long ago, in one unit: now, 12 s, 14 min, 3 h, yesterday, 4 d, 2 mo, 1 y. */
export function formatAge(then: number, now: number): string {
  const ms = now - then;
  if (ms < 2 * SECOND) return "now";
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h`;
  if (ms < 2 * DAY) return "yesterday";
  if (ms < 31 * DAY) return `${Math.floor(ms / DAY)} d`;
  if (ms < 365 * DAY) return `${Math.floor(ms / (30 * DAY))} mo`;
  return `${Math.floor(ms / (365 * DAY))} y`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const two = (n: number) => String(n).padStart(2, "0");
const dayOf = (date: Date) => `${date.getDate()} ${MONTHS[date.getMonth()]}`;
const minuteOf = (date: Date) => `${two(date.getHours())}:${two(date.getMinutes())}`;

/** A moment in the browser's zone: 20 Nov 2026, 17:12:05. */
export function formatTime(ms: number): string {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return String(ms);
  return `${dayOf(date)} ${date.getFullYear()}, ${minuteOf(date)}:${two(date.getSeconds())}`;
}

/** A moment without its year and seconds: 20 Nov, 17:12. */
export function formatMoment(ms: number): string {
  const date = new Date(ms);
  return `${dayOf(date)}, ${minuteOf(date)}`;
}

/** A tick of a time axis in the browser's zone, as fine as the `step` between ticks (milliseconds) asks for. */
export function formatClock(ms: number, step: number): string {
  const date = new Date(ms);
  if (step < MINUTE) return `${minuteOf(date)}:${two(date.getSeconds())}`;
  return step < DAY ? minuteOf(date) : dayOf(date);
}

/** A moment in UTC, for titles. */
export function formatUtc(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? String(ms) : `${date.toISOString().replace("T", " ").replace("Z", "")} UTC`;
}

/** 312 B, 4.2 KB, 1.3 GB; a KB is 1000 bytes. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let size = bytes;
  let unit = 0;
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit === 0 || size >= 99.5 ? Math.round(size) : Number(size.toFixed(1))} ${units[unit]}`;
}

/** "1 run", "2,000 runs". */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${formatCount(n)} ${n === 1 ? one : many}`;
}
