/** The ten metrics that every write case logs, named as training scripts name them. */
export const KEYS = [
  "train/loss",
  "train/accuracy",
  "train/grad_norm",
  "train/learning_rate",
  "val/loss",
  "val/accuracy",
  "val/f1_macro",
  "throughput/samples_per_second",
  "system/gpu_0_utilization_percentage",
  "system/cpu_utilization_percentage",
];

/** Steps have eight digits throughout, so that a step can be overwritten in a prepared body. */
export const FIRST_STEP = 10_000_000;
/** Timestamps advance from here by STEP_MS a step; thirteen digits throughout. */
const FIRST_TIMESTAMP = 1_790_000_000_000;
const STEP_MS = 650;
const STEP_DIGITS = 8;
const TIMESTAMP_DIGITS = 13;
const FRESH_DIGITS = 6;

/** Writes `value` as `width` decimal digits at `at`; its caller guarantees that it has so many. */
function writeDigits(buffer, at, width, value) {
  let rest = value;
  for (let i = at + width - 1; i >= at; i--) {
    const tens = Math.floor(rest / 10);
    buffer[i] = 48 + (rest - tens * 10);
    rest = tens;
  }
}

/** A double between 0.1 and 1 as text with all its 17 significant digits. */
function randomValue(random) {
  let text = `0.${1 + Math.floor(random() * 9)}`;
  while (text.length < 18) text += Math.floor(random() * 10);
  return `${text}${1 + Math.floor(random() * 9)}`;
}

/** Small seeded generator (mulberry32), so that every server is sent the same bytes. */
export function seededRandom(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** The bytes of a POST request with a JSON body. */
export function postRequest(path, port, json) {
  const body = Buffer.from(json);
  const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUser-Agent: tidemark-bench\r\nAccept: */*\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

/** The bytes of a GET request. */
export function getRequest(path, port) {
  return Buffer.from(
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUser-Agent: tidemark-bench\r\nAccept: */*\r\n\r\n`,
  );
}

/**
 * A write request whose observations are made new before each sending by overwriting digits in place: the step, the
 * timestamp and six digits in the middle of each value. Nothing is formatted or copied while a load runs.
 */
export class WriteRequest {
  /** The whole request, ready to be written to a socket. */
  bytes;
  /** Observations in one request. */
  points;
  /** Consecutive steps one request uses up. */
  steps;
  #places = [];
  #fresh = 0;

  /**
   * @param {object} shape
   * @param {"log-batch" | "log-metric"} shape.kind
   * @param {string} shape.runId
   * @param {number} shape.metrics observations a request (1 for log-metric)
   * @param {number} shape.seed different for each connection
   * @param {number} shape.port
   */
  constructor({ kind, runId, metrics, seed, port }) {
    const random = seededRandom(seed);
    const keys = metrics === 1 ? [KEYS[seed % KEYS.length]] : KEYS;
    this.points = metrics;
    this.steps = Math.ceil(metrics / keys.length);
    this.#fresh = Math.floor(random() * 1e6);
    let json = kind === "log-batch" ? `{"run_id": "${runId}", "metrics": [` : `{"run_uuid": "${runId}", `;
    for (let i = 0; i < metrics; i++) {
      const key = keys[i % keys.length];
      json += kind === "log-batch" ? `${i > 0 ? ", " : ""}{"key": "${key}", "value": ` : `"key": "${key}", "value": `;
      const value = json.length + 8;
      json += `${randomValue(random)}, "timestamp": `;
      const timestamp = json.length;
      json += `${FIRST_TIMESTAMP}, "step": `;
      const step = json.length;
      json += FIRST_STEP;
      if (kind === "log-batch") json += "}";
      this.#places.push({ value, timestamp, step, offset: Math.floor(i / keys.length) });
    }
    json += kind === "log-batch" ? "]}" : `, "run_id": "${runId}"}`;
    this.bytes = postRequest(`/api/2.0/mlflow/runs/${kind}`, port, json);
    const head = this.bytes.length - Buffer.byteLength(json);
    for (const place of this.#places) {
      place.value += head;
      place.timestamp += head;
      place.step += head;
    }
  }

  /** Makes the request's observations those of the `steps` steps from `firstStep` on. */
  renew(firstStep) {
    const { bytes } = this;
    for (const place of this.#places) {
      const step = firstStep + place.offset;
      this.#fresh = (this.#fresh + 614_657) % 1_000_000;
      writeDigits(bytes, place.value, FRESH_DIGITS, this.#fresh);
      writeDigits(bytes, place.timestamp, TIMESTAMP_DIGITS, FIRST_TIMESTAMP + (step - FIRST_STEP) * STEP_MS);
      writeDigits(bytes, place.step, STEP_DIGITS, step);
    }
    return bytes;
  }
}
