/**
 * The monitors of one run, inside its RunLog: takes what the log takes, evaluates it once it is durable, and writes the
 * alerts, all after the acknowledgement. Nothing is stored here: after an eviction the windows are filled again from the
 * log and from history, and alerts go on from their rows in D1.
 */
import type { Env } from "../env";
import type { Series } from "../metrics/series";
import { type AlertChange, alertId, writeChanges } from "./alert-store";
import type { WatchedRow } from "./definition";
import { Evaluator, pastNeeded, type Transition } from "./evaluate";
import { MAX_WINDOW_POINTS, otherRun, sentence } from "./monitor";
import { newestPoints, pointsOf, publishedPoints } from "./past";
import { askAll, baselineQuestion, filterQuestion } from "./resolve";
import type { Point } from "./window";

/** What was taken waits so long for more before it is evaluated. */
const SETTLE_MS = 5;
/** Points evaluated in one turn; requests get in between turns. */
const TURN_POINTS = 20_000;
/** Points that wait for their evaluation at most: while D1 is away, the rest is not evaluated. */
const MAX_PENDING = 200_000;
/** Filters and baselines are looked up anew this often, while points arrive. */
const REFRESH_MS = 15_000;
/** Values of another run are read anew this often: it may be live. */
const BASELINE_MS = 60_000;
/** Pauses before what D1 refused is tried again. */
const RETRY_MS = [250, 1000, 4000, 15_000];

/** Is handed an observation that a log took. */
type Take = (key: string, step: number, timestamp: number, value: number) => void;

interface Watched {
  row: WatchedRow;
  evaluator: Evaluator;
  alertId: string | undefined;
  openedTime: number;
  /** Whether its filter holds of the run. */
  isOn: boolean;
  isReady: boolean;
  /** The run it is compared with, and when that was read. */
  baseline: { runId: string | undefined; readAt: number };
}

/** The log at the moment its monitors are read. */
export interface LogMoment {
  runId: string;
  position: number;
  series: ReadonlyMap<string, Series>;
}

export class Watch {
  readonly #ctx: DurableObjectState;
  readonly #env: Env;
  readonly #reload: (runId: string) => Promise<void>;
  #runId = "";
  #watched = new Map<string, Watched>();
  /** What is to be evaluated, by key; only keys that a monitor looks at. */
  #pending = new Map<string, Point[]>();
  #waiting = 0;
  #lastKey: string | undefined;
  #lastPending: Point[] | undefined;
  #isScheduled = false;
  /** The end of the last preparation. */
  #preparing: Promise<void> = Promise.resolve();
  #isPreparing = 0;
  #refreshedAt = 0;
  #outgoing: AlertChange[] = [];
  #isWriting = false;

  /** `reload` reads the monitors anew and calls `load`. */
  constructor(ctx: DurableObjectState, env: Env, reload: (runId: string) => Promise<void>) {
    this.#ctx = ctx;
    this.#env = env;
    this.#reload = reload;
  }

  /** Whether any monitor looks at this run; where none does, nothing below is called and nothing kept. */
  get isWatching(): boolean {
    return this.#pending.size > 0;
  }

  /** Who takes what the log takes: `other`, where there is one, and the monitors, where there are any. */
  takenWith(other: Take | undefined): Take | undefined {
    if (!this.isWatching) return other;
    if (!other) return this.#take;
    return (...observation) => {
      other(...observation);
      this.#take(...observation);
    };
  }

  readonly #take: Take = (key, step, timestamp, value) => {
    if (key !== this.#lastKey) {
      this.#lastKey = key;
      this.#lastPending = this.#pending.get(key);
    }
    if (!this.#lastPending || this.#waiting >= MAX_PENDING) return;
    this.#lastPending.push({ step, timestamp, value });
    this.#waiting++;
  };

  /** What was taken is durable. Returns at once. */
  durable(): void {
    if (this.#waiting > 0) this.#schedule();
  }

  /**
   * The run's monitors as D1 has them now (MONITORS_OF_RUN). Those that are known go on; new ones first get what the log
   * holds and, as far as they need it, what it published before.
   */
  load(text: string, log: LogMoment): void {
    if (text === "[]" && this.#watched.size === 0) return;
    this.#runId = log.runId;
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
    this.#expect(new Set(rows.map(({ definition }) => definition.rule.metric)));
    const tails = new Map<string, Point[]>();
    for (const { row } of fresh) {
      const key = row.definition.rule.metric;
      const series = log.series.get(key);
      if (series && !tails.has(key)) tails.set(key, pointsOf(series.columns()));
    }
    if (rows.length > 0) this.#prepare(fresh, tails, log);
  }

  #keep(old: Watched, row: WatchedRow): Watched {
    old.row = row;
    const isEnded = row.alert?.state === "resolved" && row.alert.alert_id === old.alertId;
    if (isEnded && old.evaluator.isFiring && this.#outgoing.length === 0) old.evaluator.forget();
    return old;
  }

  #expect(keys: ReadonlySet<string>): void {
    const before = this.#pending;
    this.#pending = new Map([...keys].map((key) => [key, before.get(key) ?? []]));
    this.#waiting = [...this.#pending.values()].reduce((n, points) => n + points.length, 0);
    this.#lastKey = undefined;
    this.#lastPending = undefined;
  }

  /** Looks up filters and baselines, and fills the windows of new monitors. One at a time. */
  #prepare(fresh: readonly Watched[], tails: ReadonlyMap<string, Point[]>, log: LogMoment): void {
    this.#isPreparing++;
    const work = async () => {
      const all = [...this.#watched.values()];
      await this.#lookUp(all, log.runId);
      for (const one of fresh) {
        const { metric } = one.row.definition.rule;
        this.#fill(one, await this.#past(one, log, tails.get(metric) ?? []));
        one.isReady = true;
      }
    };
    this.#preparing = this.#preparing.then(async () => {
      await this.#patiently(work, "preparing the monitors");
      this.#isPreparing--;
      this.#write();
      this.durable();
    });
    this.#ctx.waitUntil(this.#preparing);
  }

  async #lookUp(all: readonly Watched[], runId: string): Promise<void> {
    const filtered = all.filter(({ row }) => filterOfScope(row) !== "");
    const now = Date.now();
    const compared = all.flatMap((one) => {
      const other = otherRun(one.row.definition.rule.condition);
      return other && now - one.baseline.readAt >= BASELINE_MS ? [{ one, other }] : [];
    });
    const answers = await askAll(this.#env.DB, [
      ...filtered.map(({ row }) => filterQuestion(filterOfScope(row), runId)),
      ...compared.map(({ one, other }) => baselineQuestion(other, one.row.experiment_id)),
    ]);
    for (const [i, one] of filtered.entries()) one.isOn = answers[i] !== undefined;
    for (const [i, { one }] of compared.entries()) {
      const baseline = answers[filtered.length + i];
      const { metric } = one.row.definition.rule;
      const isOther = baseline !== undefined && baseline !== runId;
      one.evaluator.compareWith(
        isOther ? await newestPoints(this.#env, baseline, metric, MAX_WINDOW_POINTS) : undefined,
      );
      one.baseline = { runId: baseline, readAt: now };
    }
  }

  /** What a monitor has to look back at: what the log published, if that is needed, and what it holds. */
  async #past(one: Watched, log: LogMoment, tail: readonly Point[]): Promise<readonly Point[]> {
    const { rule } = one.row.definition;
    const missing = pastNeeded(rule) - tail.length;
    if (missing <= 0 || log.position === 0) return tail;
    return [...(await publishedPoints(this.#env, log, rule.metric, missing)), ...tail];
  }

  /** What came before the monitor was made, or before its last alert changed, has been judged or never will be. */
  #fill(one: Watched, past: readonly Point[]): void {
    const { evaluator, row } = one;
    for (const point of past) {
      if (!one.isOn || point.timestamp < row.updated_time || evaluator.hasJudged(point)) evaluator.remember(point);
      else this.#judge(one, point);
    }
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isPreparing > 0) return;
    this.#isScheduled = true;
    setTimeout(() => {
      this.#isScheduled = false;
      if (this.#isPreparing > 0) return;
      this.#evaluate();
      this.#write();
      this.#refresh();
      this.durable();
    }, SETTLE_MS);
  }

  #evaluate(): void {
    const byKey = Map.groupBy(this.#watched.values(), ({ row }) => row.definition.rule.metric);
    let room = TURN_POINTS;
    for (const [key, points] of this.#pending) {
      if (points.length === 0 || room <= 0) continue;
      const turn = points.splice(0, room);
      room -= turn.length;
      this.#waiting -= turn.length;
      for (const one of byKey.get(key) ?? []) {
        if (!one.isReady) continue;
        if (one.isOn) for (const point of turn) this.#judge(one, point);
        else for (const point of turn) one.evaluator.remember(point);
      }
    }
  }

  #judge(one: Watched, point: Point): void {
    const transition = one.evaluator.push(point);
    if (transition) this.#outgoing.push(this.#change(one, transition));
  }

  #change(one: Watched, { kind, at, evidence }: Transition): AlertChange {
    const { row } = one;
    if (kind === "fire" || one.alertId === undefined) {
      one.alertId = alertId(row.monitor_id, this.#runId, at);
      one.openedTime = Date.now();
    }
    const { rule, severity } = row.definition;
    const base = this.#env.TIDEMARK_PUBLIC_URL?.replace(/\/$/, "");
    return {
      kind,
      targets: row.targets,
      isMuted: row.muted_until > Date.now(),
      news: {
        alert_id: one.alertId,
        state: kind === "resolve" ? "resolved" : "firing",
        monitor_id: row.monitor_id,
        name: row.name,
        sentence: sentence(rule),
        severity,
        experiment_id: row.experiment_id,
        run_id: this.#runId,
        run_name: row.run_name,
        metric: rule.metric,
        opened_time: one.openedTime,
        at,
        evidence,
        ...(base ? { link: `${base}/#/monitors/${row.monitor_id}` } : {}),
      },
    };
  }

  /** Writes what is to be written, in order; what D1 refuses is tried again. */
  #write(): void {
    if (this.#isWriting || this.#outgoing.length === 0) return;
    this.#isWriting = true;
    const work = async () => {
      while (this.#outgoing.length > 0) {
        const changes = this.#outgoing.slice(0, 20);
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
    this.#ctx.waitUntil(this.#reload(this.#runId).catch((error) => console.error("reading monitors failed", error)));
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

function watched(row: WatchedRow): Watched {
  const { alert } = row;
  const state = alert && { isFiring: alert.state === "firing", changedAt: alert };
  return {
    row,
    evaluator: new Evaluator(row.definition.rule, state ?? undefined),
    alertId: alert?.alert_id,
    openedTime: alert?.opened_time ?? 0,
    isOn: filterOfScope(row) === "",
    isReady: false,
    baseline: { runId: undefined, readAt: 0 },
  };
}

function filterOfScope({ definition: { scope } }: WatchedRow): string {
  return "experiment_id" in scope ? (scope.filter ?? "") : "";
}
