import { between, pick, type Random } from "./random.ts";

export interface Observation {
  key: string;
  step: number;
  timestamp: number;
  value: number;
}

/** One request's observations. Those that are `fresh` are in no other batch, so they tell whether this one arrived. */
export interface Batch {
  observations: Observation[];
  fresh: Observation[];
  acknowledged: boolean;
}

/** Most observations go to the first key, so that it fills chunks; the last is seldom seen. */
const KEYS = ["loss", "loss", "loss", "accuracy", "lr", "system/gpu 0 memory", "ünïcode"];
const FIRST_TIMESTAMP = 1_700_000_000_000;
/** How far out of order steps come. */
const DISORDER = 500;

/** What was sent to one run, and how much of it the server has acknowledged. */
export class Ledger {
  readonly runId: string;
  readonly batches: Batch[] = [];
  #nextStep = 0;
  #serial = 0;

  constructor(runId: string) {
    this.runId = runId;
  }

  /** A batch never sent before, some of it repeating what was acknowledged earlier. */
  write(random: Random): Batch {
    const fresh = Array.from({ length: batchSize(random) }, () => this.#observe(random));
    const repeated = random() < 0.2 ? this.#known(random) : [];
    const batch = { observations: [...fresh, ...repeated], fresh, acknowledged: false };
    this.batches.push(batch);
    return batch;
  }

  /** Batches the server never answered, which a client would send again. */
  unanswered(): Batch[] {
    return this.batches.filter((batch) => !batch.acknowledged);
  }

  /** Every value is new; steps and timestamps are not. */
  #observe(random: Random): Observation {
    this.#nextStep += random() < 0.3 ? 1 : 0;
    const step = Math.max(0, this.#nextStep - (random() < 0.3 ? between(random, 0, DISORDER) : 0));
    const value = ++this.#serial + random();
    return { key: pick(random, KEYS), step, timestamp: FIRST_TIMESTAMP + step * 100 + between(random, 0, 1), value };
  }

  /** Acknowledged only: an observation of an unanswered batch must tell of that batch alone. */
  #known(random: Random): Observation[] {
    if (this.batches.length === 0) return [];
    const { acknowledged, fresh } = pick(random, this.batches);
    return acknowledged ? fresh.slice(0, 100) : [];
  }
}

/** Small mostly, sometimes nearly as large as the API allows; leaves room for repeats. */
function batchSize(random: Random): number {
  const kind = random();
  if (kind < 0.6) return between(random, 1, 5);
  return kind < 0.9 ? between(random, 20, 100) : between(random, 300, 900);
}

const identity = ({ key, step, timestamp, value }: Observation): string => `${key} ${step} ${timestamp} ${value}`;

/** Everything that is wrong with the histories a server has of a run, in sentences; empty when nothing is. */
export function faults(ledger: Ledger, history: readonly Observation[]): string[] {
  const found = new Set(history.map(identity));
  const wrong: string[] = [];
  if (found.size < history.length) wrong.push(`${history.length - found.size} observations are there twice`);

  const sent = new Set(ledger.batches.flatMap((batch) => batch.observations.map(identity)));
  const strange = [...found].filter((observation) => !sent.has(observation));
  if (strange.length > 0) wrong.push(`${strange.length} were never sent, such as ${strange[0]}`);

  for (const { observations, fresh, acknowledged } of ledger.batches) {
    const missing = (acknowledged ? observations : fresh).filter((o) => !found.has(identity(o)));
    if (missing.length === 0 || (!acknowledged && missing.length === fresh.length)) continue;
    const batch = acknowledged ? "an acknowledged batch" : "a batch that was never answered";
    wrong.push(`${missing.length} of ${observations.length} observations of ${batch} are missing`);
  }
  return wrong;
}

/** The largest (step, timestamp, value) of each key, by key. */
export function latestOf(history: readonly Observation[]): Map<string, Observation> {
  const latest = new Map<string, Observation>();
  for (const o of history) {
    const known = latest.get(o.key);
    const later = !known || (o.step - known.step || o.timestamp - known.timestamp || o.value - known.value) > 0;
    if (later) latest.set(o.key, o);
  }
  return new Map([...latest].sort(([a], [b]) => (a < b ? -1 : 1)));
}
