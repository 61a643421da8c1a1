/**
 * The monitors of one run, inside its RunLog: looks at what the log took once it is durable, and writes the alerts, all
 * after the acknowledgement. Nothing is stored here: after an eviction the windows are filled again from the log and from
 * history, and alerts go on from their rows in D1.
 */
import type { Env } from "../env";
import type { Arrivals } from "../metrics/arrivals";
import type { Columns } from "../metrics/block";
import type { LogSnapshot } from "../metrics/live";
import { type AlertChange, writeChanges } from "./alert-store";
import type { WatchedRow } from "./definition";
import { pastNeeded, type Transition } from "./evaluate";
import { MAX_WINDOW_POINTS, otherRun } from "./monitor";
import { newestPoints, publishedPoints } from "./past";
import { askAll, baselineQuestion, filterQuestion } from "./resolve";
import { changeOf, fill, filterOfScope, type Watched, watched } from "./watched";

/** What the log takes is looked at this often; the first after a quiet time at once. */
const SETTLE_MS = 100;
/** Points judged in one turn, each monitor's counted; requests get in between turns. */
const TURN_POINTS = 100_000;
/** Changes of alerts written in one transaction. */
const WRITTEN_AT_ONCE = 20;
/** Filters and baselines are looked up anew this often, while points arrive. */
const REFRESH_MS = 15_000;
/** Values of another run are read anew this often: it may be live. */
const BASELINE_MS = 60_000;
/** Pauses before what D1 refused is tried again. */
const RETRY_MS = [250, 1000, 4000, 15_000];

/** The log that is watched. */
export interface WatchedLog {
  arrivals: Arrivals;
  now: () => LogSnapshot;
  /** Reads the monitors anew and has them loaded. */
  reload: (runId: string) => Promise<void>;
}

/** What arrived together, and the monitors that were there. */
interface Batch {
  pieces: ReadonlyMap<string, readonly Columns[]>;
  byKey: ReadonlyMap<string, readonly Watched[]>;
}

export class Watch {
  readonly #ctx: DurableObjectState;
  readonly #env: Env;
  readonly #log: WatchedLog;
  #runId = "";
  #watched = new Map<string, Watched>();
  #byKey: ReadonlyMap<string, readonly Watched[]> = new Map();
  /** What is to be judged, in order. */
  #batches: Batch[] = [];
  #timer: number | null = null;
  #lookedAt = 0;
  /** The end of the last preparation, and how many there are. */
  #preparing: Promise<void> = Promise.resolve();
  #isPreparing = 0;
  #refreshedAt = 0;
  #isJudging = false;
  #outgoing: AlertChange[] = [];
  #isWriting = false;

  constructor(ctx: DurableObjectState, env: Env, log: WatchedLog) {
    this.#ctx = ctx;
    this.#env = env;
    this.#log = log;
  }

  /** The log took something. Returns at once. */
  taken(): void {
    if (this.#watched.size === 0 || this.#timer !== null) return;
    const wait = Math.max(0, this.#lookedAt + SETTLE_MS - Date.now());
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#lookedAt = Date.now();
      if (this.#isPreparing > 0) return;
      this.#collect();
      this.#judge();
    }, wait);
  }

  /**
   * The run's monitors as D1 has them now (MONITORS_OF_RUN). Those that are known go on; new ones first get what the log
   * holds and, as far as they need it, what it published before.
   */
  load(runId: string, text: string): void {
    if (text === "[]" && this.#watched.size === 0) return;
    // What arrived before is not for new ones: they find it in the log.
    this.#collect();
    this.#runId = runId;
    const log = this.#log.now();
    this.#refreshedAt = Date.now();
    const fresh: Watched[] = [];
    const rows = JSON.parse(text) as WatchedRow[];
    const known = this.#watched;
    this.#watched = new Map(
      rows.map((row) => {
        const old = known.get(row.monitor_id);
        const goesOn = old?.row.version === row.version && (old.isReady || this.#isPreparing > 0);
        if (old && goesOn) return [row.monitor_id, this.#keep(old, row)];
        const made = watched(row);
        fresh.push(made);
        return [row.monitor_id, made];
      }),
    );
    this.#byKey = Map.groupBy(this.#watched.values(), ({ row }) => row.definition.rule.metric);
    this.#log.arrivals.follow(this.#byKey.keys());
    const tails = new Map(Array.from(this.#byKey.keys(), (key) => [key, log.series.get(key)?.columns()]));
    if (rows.length > 0) this.#prepare(fresh, tails, log);
  }

  #keep(old: Watched, row: WatchedRow): Watched {
    old.row = row;
    const { alert } = row;
    const isEnded = alert?.state === "resolved" && alert.alert_id === old.alertId;
    if (isEnded && old.evaluator.isFiring && this.#outgoing.length === 0) old.evaluator.end(alert);
    return old;
  }

  /** Looks up filters and baselines, and fills the windows of new monitors. One at a time. */
  #prepare(fresh: readonly Watched[], tails: ReadonlyMap<string, Columns | undefined>, log: LogSnapshot): void {
    this.#isPreparing++;
    const work = async () => {
      await this.#lookUp([...this.#watched.values()]);
      for (const one of fresh) {
        const tail = tails.get(one.row.definition.rule.metric);
        for (const past of await this.#past(one, log, tail)) fill(one, past, (found) => this.#tell(one, found));
        one.isReady = true;
      }
    };
    this.#preparing = this.#preparing.then(async () => {
      await this.#patiently(work, "preparing the monitors");
      this.#isPreparing--;
      this.#judge();
      this.taken();
    });
    this.#ctx.waitUntil(this.#preparing);
  }

  async #lookUp(all: readonly Watched[]): Promise<void> {
    const runId = this.#runId;
    const filtered = all.filter(({ row }) => filterOfScope(row) !== "");
    const compared = all.flatMap((one) => {
      const other = otherRun(one.row.definition.rule.condition);
      return other ? [{ one, other }] : [];
    });
    const answers = await askAll(this.#env.DB, [
      ...filtered.map(({ row }) => filterQuestion(filterOfScope(row), runId)),
      ...compared.map(({ one, other }) => baselineQuestion(other, one.row.experiment_id)),
    ]);
    for (const [i, one] of filtered.entries()) one.isOn = answers[i] !== undefined;
    const now = Date.now();
    for (const [i, { one }] of compared.entries()) {
      const other = answers[filtered.length + i];
      if (other === one.baseline.runId && now - one.baseline.readAt < BASELINE_MS) continue;
      const { metric } = one.row.definition.rule;
      const isOther = other !== undefined && other !== runId;
      one.evaluator.compareWith(isOther ? await newestPoints(this.#env, other, metric, MAX_WINDOW_POINTS) : undefined);
      one.baseline = { runId: other, readAt: now };
    }
  }

  /** What a monitor has to look back at: what the log published, if that is needed, and what it holds. */
  async #past(one: Watched, log: LogSnapshot, tail: Columns | undefined): Promise<Columns[]> {
    const { rule } = one.row.definition;
    const held = tail ? [tail] : [];
    const missing = pastNeeded(rule) - (tail?.values.length ?? 0);
    if (missing <= 0 || log.position === 0) return held;
    return [
      await publishedPoints(this.#env.DB, { runId: this.#runId, position: log.position }, rule.metric, missing),
      ...held,
    ];
  }

  /** Takes over what arrived. */
  #collect(): void {
    const pieces = this.#log.arrivals.take();
    if (pieces.size > 0) this.#batches.push({ pieces, byKey: this.#byKey });
  }

  /** Judges what was taken over, unless monitors are being prepared for it, and writes what comes of it. */
  #judge(): void {
    if (this.#isJudging) return;
    this.#isJudging = true;
    const judged = this.#judgeAll().finally(() => {
      this.#isJudging = false;
      this.#write();
      this.#refresh();
    });
    this.#ctx.waitUntil(judged.catch((error) => console.error(`the monitors of run ${this.#runId} failed`, error)));
  }

  async #judgeAll(): Promise<void> {
    while (this.#batches.length > 0 && this.#isPreparing === 0) {
      // Whatever arrived until now is durable after that.
      await this.#ctx.storage.sync();
      const { pieces, byKey } = this.#batches.shift() as Batch;
      for (const [key, columns] of pieces) {
        for (const piece of columns) await this.#judgePiece(piece, byKey.get(key) ?? []);
      }
    }
  }

  async #judgePiece(piece: Columns, monitors: readonly Watched[]): Promise<void> {
    const { length } = piece.values;
    const turn = Math.ceil(TURN_POINTS / Math.max(1, monitors.length));
    for (let from = 0; from < length; from += turn) {
      if (from > 0) await scheduler.wait(0);
      const to = Math.min(length, from + turn);
      for (const one of monitors) {
        if (!one.isReady) continue;
        if (one.isOn) one.evaluator.judge(piece, from, to, (found) => this.#tell(one, found));
        else one.evaluator.remember(piece, from, to);
      }
    }
  }

  /** Unless the monitor has changed or is gone by now. */
  #tell(one: Watched, found: Transition): void {
    if (this.#watched.get(one.row.monitor_id) !== one) return;
    this.#outgoing.push(changeOf(one, found, { runId: this.#runId, address: this.#env.TIDEMARK_PUBLIC_URL }));
  }

  /** Writes what is to be written, in order; what D1 refuses is tried again. */
  #write(): void {
    if (this.#isWriting || this.#outgoing.length === 0) return;
    this.#isWriting = true;
    const work = async () => {
      while (this.#outgoing.length > 0) {
        const changes = this.#outgoing.slice(0, WRITTEN_AT_ONCE);
        await writeChanges(this.#env, this.#ctx, changes);
        this.#outgoing.splice(0, changes.length);
      }
    };
    this.#ctx.waitUntil(
      this.#patiently(work, "writing alerts").finally(() => {
        this.#isWriting = false;
      }),
    );
  }

  #refresh(): void {
    const isMoving = [...this.#watched.values()].some(
      ({ row }) => filterOfScope(row) !== "" || otherRun(row.definition.rule.condition),
    );
    if (!isMoving || Date.now() - this.#refreshedAt < REFRESH_MS) return;
    this.#refreshedAt = Date.now();
    this.#ctx.waitUntil(
      this.#log.reload(this.#runId).catch((error) => console.error("reading monitors failed", error)),
    );
  }

  /** Does `work`, several times if it fails. Never fails itself: a log goes on without its monitors. */
  async #patiently(work: () => Promise<void>, what: string): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        const pause = RETRY_MS[attempt];
        console.error(`${what} of run ${this.#runId} failed${pause ? ", will be tried again" : ""}`, error);
        if (pause === undefined) return;
        await scheduler.wait(pause);
      }
    }
  }
}
