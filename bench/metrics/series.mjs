import { KEYS, seededRandom } from "../lib/bodies.mjs";

const FIRST_TIMESTAMP = 1_780_000_000_000;
const STEP_MS = 650;
const JITTER_MS = 80;
/** Steps after which the curves below have settled; a run of any length sees the same shapes. */
const HORIZON = 20_000;

const decay = (step) => Math.exp(-step / HORIZON);
const decimals = (value, digits) => Math.round(value * 10 ** digits) / 10 ** digits;

/**
 * What each of the ten keys records, by (step, noise in 0..1). What a metric costs to store depends on how its values
 * came about, so the mix is that of a training run: float32 tensors widened, ratios of counts, a schedule, rounded readings.
 */
const SHAPES = [
  (step, noise) => Math.fround(2.1 * decay(step) + 0.2 + 0.06 * noise),
  (step, noise) => Math.round((0.95 - 0.6 * decay(step) + 0.02 * noise) * 10_000) / 10_000,
  (_, noise) => Math.fround(0.4 + noise ** 3),
  (step) => 0.0005 * (1 + Math.cos((Math.PI * (step % HORIZON)) / HORIZON)),
  (step, noise) => 2.2 * decay(step) + 0.25 + 0.05 * noise,
  (step, noise) => Math.round((0.93 - 0.6 * decay(step) + 0.02 * noise) * 10_000) / 10_000,
  (step, noise) => Math.fround(0.9 - 0.6 * decay(step) + 0.03 * noise),
  (_, noise) => decimals(2400 + 160 * noise, 2),
  (_, noise) => Math.round(88 + 12 * noise),
  (_, noise) => decimals(30 + 25 * noise, 1),
];

/**
 * The observations of a synthetic training run in the order a client logs them: for each step all `keys`.
 * The same arguments give the same observations.
 * @param {number} keys how many of KEYS, from the first
 * @param {number} points in all; a multiple of `keys`
 * @returns {Generator<{ key: string, value: number, timestamp: number, step: number }>}
 */
export function* series(keys, points) {
  const random = seededRandom(20_260_101);
  let timestamp = FIRST_TIMESTAMP;
  for (let step = 0; step < points / keys; step++) {
    timestamp += STEP_MS + Math.round((random() - 0.5) * 2 * JITTER_MS);
    for (let k = 0; k < keys; k++) yield { key: KEYS[k], value: SHAPES[k](step, random()), timestamp, step };
  }
}
