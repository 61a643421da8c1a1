/** Names, texts and numbers that calls are made of: few, so that they meet again, and awkward ones among them. */

export const KEYS = ["loss", "acc", "lr", "a/b", "schlüssel", "two words", "m.1", "with-dash", "x:y", "UPPER"];
export const TEXTS = [
  "a",
  "b",
  "A",
  "1",
  "0.5",
  "ab",
  "a%",
  "a_b",
  "",
  "ünïcode ✓",
  "it's",
  'say "hi"',
  "two words",
  "-1",
  "1e3",
  "a\\b",
];
export const NUMBERS = [0, 1, -1, 0.5, -2.5, 3, 1e-9, 1e12, 42, 0.1];
export const ODD_NUMBERS = ["NaN", "Infinity", "-Infinity", "1.5", 1e308, -1e308];
export const BAD_KEYS = [
  "",
  "a//b",
  "./a",
  "a/",
  "..",
  "../a",
  "/a",
  "a$b",
  "a\nb",
  ".",
  "k".repeat(251),
  "a,b",
  "(a)",
];
/** Values of types no field has where they are put. */
export const WRONG_TYPES = [5, 1.5, "text", true, [], ["x"], [1], {}, { a: 1 }, [[]], [{}]];
export const RUN_STATUSES = ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"];
export const VIEWS = ["ACTIVE_ONLY", "DELETED_ONLY", "ALL"];
export const NO_RUN = "0123456789abcdef0123456789abcdef";
export const NO_MODEL = `m-${NO_RUN}`;
export const NO_EXPERIMENT = "987654321";

export const key = (random) => random.pick(KEYS);
export const text = (random) => random.pick(TEXTS);
export const number = (random) => (random.chance(0.15) ? random.pick(ODD_NUMBERS) : random.pick(NUMBERS));
/** A text that may be too long for where it goes. */
export const longText = (random) =>
  random.pick("xé✓").repeat(random.pick([249, 250, 251, 499, 500, 501, 5999, 6001, 8001]));

/** Up to `most` entries of `{key, value}`, with keys that may repeat where `repeats` says so. */
export function entries(random, most, { repeats = false } = {}) {
  const count = random.int(0, most);
  const keys = repeats ? Array.from({ length: count }, () => key(random)) : random.some(KEYS, count);
  return keys.map((each) => ({ key: each, value: text(random) }));
}
