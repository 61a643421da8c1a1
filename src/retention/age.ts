/** How long what was deleted is kept, as text: `30d`, `12h`, `1d12h30m`, `never`. Pure. */
import { invalid } from "../wire/errors";

/** Kept this long where TIDEMARK_GC_AFTER says nothing. */
export const DEFAULT_KEPT = "30d";

const UNITS_MS = [86_400_000, 3_600_000, 60_000, 1_000] as const;
const AGE = /^(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?$/;

/** An age in ms; Infinity for `never`. Errors: 400 for any other text, naming `from`, where it came from. */
export function parseAge(text: string, from: string): number {
  const trimmed = text.trim().toLowerCase();
  if (trimmed === "never") return Number.POSITIVE_INFINITY;
  const match = AGE.exec(trimmed);
  if (!match || trimmed === "") {
    throw invalid(`Invalid value "${text}" for ${from}: an age is days, hours, minutes, seconds (1d12h30m), or never.`);
  }
  return UNITS_MS.reduce((ms, unit, i) => ms + Number(match[i + 1] ?? 0) * unit, 0);
}
