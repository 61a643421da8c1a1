/**
 * RunLog: one Durable Object a run, the only writer of its metrics. It orders, dedupes and buffers them, acknowledges
 * after one durable row, and publishes to D1 lazily. docs/storage.md says what it keeps; docs/decisions why it is so.
 */
import { DurableObject } from "cloudflare:workers";
import type { Env } from "../env";
import type { WireAlert } from "../monitors/alert-wire";
import { Watch } from "../monitors/watch";
import { CommitQueue, type Counts } from "./commit-queue";
import { compactRun } from "./compact";
import { Live, type LiveRequest, type LogSnapshot } from "./live";
import type { LiveRun } from "./live-messages";
import type { AppendResult, LatestTail, LogCounters } from "./log-calls";
import { LogStore } from "./log-store";
import { latestStatements, publishStatements } from "./publish";
import { keysSealedAt, markHot, type RunState, readRunState } from "./run-state";
import { type InFlight, Unpublished } from "./unpublished";

/**
 * A log with nothing new for this long publishes everything and goes cold. Not a few seconds: going cold costs 3 rows a key
 * and 11 more whatever the batch, which a run that logs every ten seconds would pay each time (docs/cost.md); and reads
 * of the run are exact either way.
 */
const IDLE_MS = 300_000;
/** A busy log publishes at least this often, and is looked at no more often: each alarm set is a row written. */
const PERIOD_MS = 300_000;
/** A log that can't publish refuses more than this: about 64 MB of the object's memory, and well inside its storage. */
const MAX_POINTS = 1_000_000;
/** First and longest pause before a failed publish is tried again. */
const RETRY_MS = 2_000;
const MAX_RETRY_MS = 60_000;
/** Chunks more than needed that a key of a run that only pauses may have before they are merged. */
const IDLE_SLACK = 16;

export class RunLog extends DurableObject<Env> {
  readonly #store = new LogStore(this.ctx.storage);
  readonly #unpublished = new Unpublished();
  readonly #queue = new CommitQueue(
    (packs) => this.#commit(packs),
    () => this.#sync(),
  );
  readonly #live = new Live(this.ctx, this.env, (runId, work) =>
    this.#exclusively(async () => {
      if (!(await this.#isKnown(runId))) return undefined;
      return await work(this.#snapshot);
    }),
  );
  readonly #watch = new Watch(this.ctx, this.env, {
    arrivals: this.#unpublished.arrivals,
    now: () => this.#snapshot,
    reload: (runId) => this.monitorsChanged(runId),
  });
  /** The run as D1 has it, only while the run is active and marked hot there: the gate every append passes. */
  #run: RunState | undefined;
  #runId: string | undefined;
  #loaded = false;
  #recovered = false;
  /** The end of the last opening or publish: they exclude each other. */
  #last: Promise<unknown> = Promise.resolve();
  #inFlight: InFlight | undefined;
  #publishAsked = false;
  #failures = 0;
  /** The position of the last publish. */
  #published = 0;
  /** Observations sealed before what is unpublished, and repeats dropped. */
  #sealed = 0;
  #duplicate = 0;
  #rejected = 0;
  /** The newest observation of which D1 has the latest values, as far as this life of the object knows. */
  #latestAt = -1;
  #lastAppend = 0;
  #lastPublish = 0;
  #alarmSet = false;

  /**
   * Takes a packed batch of one run (encodePack). Acknowledged means durable; exact repeats of what is still in the
   * log write nothing.
   */
  async append(runId: string, pack: Uint8Array): Promise<AppendResult> {
    this.#runId = runId;
    // Checked again after each wait: a publish that goes cold may have closed the gate meanwhile.
    while (!this.#run) {
      const run = await this.#exclusively(() => this.#open(runId));
      if (!run) return { ok: false, reason: "not_found" };
      if (run.lifecycle_stage !== "active") {
        return { ok: false, reason: "inactive", lifecycleStage: run.lifecycle_stage };
      }
    }
    if (this.#unpublished.points >= MAX_POINTS) {
      this.#publishSoon();
      return { ok: false, reason: "full" };
    }
    const counts = await this.#queue.push(pack);
    if (this.#unpublished.isDue) this.#publishSoon();
    return { ok: true, ...counts };
  }

  /** The unpublished observations of every key, or of some, packed. */
  unpublishedKeys(keys?: readonly string[]): { position: number; pack: Uint8Array } {
    this.#load();
    return { position: this.#published, pack: this.#unpublished.packs(keys)[0] ?? new Uint8Array() };
  }

  /** The latest unpublished observation of every key. */
  latest(): LatestTail {
    this.#load();
    return { position: this.#published, latest: this.#unpublished.latest() };
  }

  /** Publishes the latest values alone, for a search that looks at them: the log stays as it is, and hot. */
  async publishLatest(runId: string): Promise<void> {
    await this.#exclusively(async () => {
      if (!(await this.#isKnown(runId)) || this.#latestAt === this.#sequence) return;
      const sequence = this.#sequence;
      const statements = latestStatements(this.env.DB, { runId, latest: this.#unpublished.series });
      if (statements.length > 0) await this.env.DB.batch(statements);
      this.#latestAt = sequence;
    });
  }

  /** Counts observations that were refused before they came here. Kept in memory until the next publish. */
  countRejected(observations: number): void {
    this.#rejected += observations;
  }

  /** What came in since the run began; undefined for a run that D1 does not know. See LogCounters. */
  async counters(runId: string): Promise<LogCounters | undefined> {
    return await this.#exclusively(async () => {
      if (!(await this.#isKnown(runId))) return undefined;
      return {
        accepted: this.#sequence,
        duplicate: this.#duplicate,
        rejected: this.#rejected,
        unpublished: this.#unpublished.points,
      };
    });
  }

  /** Serves a viewer, as the Worker's live routes ask: the LiveRequest is the address's query. */
  override async fetch(request: Request): Promise<Response> {
    const asked = JSON.parse(decodeURIComponent(new URL(request.url).search.slice(1))) as LiveRequest;
    return await this.#live.join(asked);
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    await this.#live.message(socket, message);
  }

  override webSocketClose(socket: WebSocket): void {
    this.#live.leave(socket);
  }

  override webSocketError(socket: WebSocket): void {
    this.#live.leave(socket);
  }

  /** Sends the run's viewers away, who then connect anew. Returns how many. */
  closeViewers(): number {
    return this.#live.close();
  }

  /** Reads the monitors of the run anew. */
  async monitorsChanged(runId: string): Promise<void> {
    await this.#exclusively(async () => {
      if (!(await this.#isKnown(runId))) return;
      const run = await readRunState(this.env.DB, runId);
      if (run) this.#watch.load(runId, run.monitors);
    });
  }

  /** Tells viewers how the run is now. */
  announce(run: LiveRun): void {
    this.#live.announce(run);
  }

  /** Tells viewers of alerts of the run that opened or changed. */
  announceAlerts(runId: string, changed: readonly WireAlert[]): void {
    this.#live.announceAlerts(runId, changed);
  }

  /**
   * Publishes everything and goes cold; the run's life-cycle is read anew before the next append. Viewers are told how
   * the run is now, after what was published.
   */
  async flush(runId: string, run?: LiveRun): Promise<void> {
    this.#runId = runId;
    await this.#exclusively(() => this.#publish("all")).finally(() => run && this.#live.announce(run));
    this.ctx.waitUntil(this.compact(runId, 0).catch((error) => console.error("merging chunks failed", error)));
  }

  /** Merges a run's chunks while its log is empty; does nothing otherwise. See compactRun. */
  async compact(runId: string, slack: number): Promise<void> {
    await this.#exclusively(async () => {
      if (this.#run || this.#unpublished.points > 0 || !this.#recovered) return;
      await compactRun(this.env.DB, runId, slack, () => this.#store.next());
      this.#published = Math.max(this.#published, this.#store.position);
    });
  }

  override async alarm(): Promise<void> {
    this.#alarmSet = false;
    const now = Date.now();
    const idle = now - this.#lastAppend >= IDLE_MS;
    try {
      if (idle) {
        await this.#exclusively(() => this.#publish("idle"));
        if (this.#runId) await this.compact(this.#runId, IDLE_SLACK);
      } else if (now - this.#lastPublish >= PERIOD_MS || this.#unpublished.isDue) {
        await this.#exclusively(() => this.#publish("due"));
        // Should the Worker have failed to tell of a change.
        if (this.#runId) await this.monitorsChanged(this.#runId);
      }
      this.#failures = 0;
    } catch (error) {
      // Not thrown on: the platform gives up on an alarm after a few failures, and this log must not.
      console.error("publish failed, will be tried again", error);
      this.#failures++;
    }
    this.#load();
    if (this.#unpublished.points > 0 && !this.#alarmSet) {
      const retry = Math.min(RETRY_MS * 2 ** (this.#failures - 1), MAX_RETRY_MS);
      this.#alarmSet = true;
      await this.ctx.storage.setAlarm(Date.now() + (this.#failures > 0 ? retry : PERIOD_MS));
    }
    // A life of the object that ended early may have left viewers behind.
    if (this.#recovered && this.#live.isRecording) this.#live.durable(this.#sequence);
  }

  /** The number of the newest observation taken; right once recovered. */
  get #sequence(): number {
    return this.#sealed + this.#unpublished.points;
  }

  /** The log as it is now; right once recovered. */
  get #snapshot(): LogSnapshot {
    return { position: this.#published, sequence: this.#sequence, series: this.#unpublished.series };
  }

  #sync(): Promise<void> {
    const sync = this.ctx.storage.sync();
    if (!this.#live.isRecording) return sync;
    // Right while the queue commits one group at a time: what was taken until now is what is being made durable.
    return sync.then(() => this.#live.durable(this.#sequence));
  }

  /** Recovers the log where this life has not yet. False where D1 has no such run. */
  async #isKnown(runId: string): Promise<boolean> {
    if (this.#recovered) return true;
    const run = await readRunState(this.env.DB, runId);
    if (run) await this.#recover(runId, run);
    return run !== undefined;
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#last.then(work);
    this.#last = run.catch(() => undefined);
    return run;
  }

  /** Reads the rows back into memory, once per life of the object. */
  #load(): void {
    if (this.#loaded) return;
    for (const row of this.#store.rows()) this.#unpublished.add(row.data);
    this.#loaded = true;
  }

  /** Marks the run hot in D1, which also tells what D1 knows of it. Undefined when D1 has no such run. */
  async #open(runId: string): Promise<RunState | undefined> {
    if (this.#run) return this.#run;
    const run = await markHot(this.env.DB, runId);
    if (run?.lifecycle_stage !== "active") return run;
    await this.#recover(runId, run);
    this.#store.begin(runId);
    this.#lastPublish = Date.now();
    this.#run = run;
    return run;
  }

  /**
   * A publish may have reached D1 without the log being trimmed (the object died, or the answer got lost). Positions
   * are never used twice, so rows at or before D1's position are exactly what that publish took: finish its trim.
   */
  async #recover(runId: string, run: RunState): Promise<void> {
    this.#published = run.log_position;
    this.#sealed = run.log_accepted;
    this.#duplicate = Math.max(this.#duplicate, run.log_duplicate);
    if (!this.#recovered) this.#rejected += run.log_rejected;
    if (this.#inFlight && this.#inFlight.position <= run.log_position) this.#trim(this.#inFlight);
    this.#inFlight = undefined;
    if (this.#recovered) return this.#watch.load(runId, run.monitors);
    this.#alarmSet ||= (await this.ctx.storage.getAlarm()) !== null;
    this.#store.continueAfter(run.log_position);
    const rows = this.#store.rows();
    if (rows.some((r) => r.position <= run.log_position)) {
      const sealed = await keysSealedAt(this.env.DB, runId, run.log_position);
      // Nothing below awaits, so no other call sees the half-built state.
      this.#unpublished.clear();
      for (const row of rows) if (row.position <= run.log_position) this.#unpublished.add(row.data, sealed);
      this.#store.trim(run.log_position, this.#unpublished.packs());
      for (const row of rows) if (row.position > run.log_position) this.#unpublished.add(row.data);
      this.#loaded = true;
    }
    this.#load();
    this.#recovered = true;
    this.#watch.load(runId, run.monitors);
  }

  /** One group of waiting requests: into memory and into the log, with no await between. */
  #commit(packs: readonly Uint8Array[]): Counts[] {
    try {
      const fresh: Uint8Array[] = [];
      const take = this.#live.isRecording ? this.#live.take : undefined;
      const counts = packs.map((pack) => {
        const count = this.#unpublished.add(pack, undefined, take);
        if (count.accepted > 0) fresh.push(pack);
        this.#duplicate += count.duplicate;
        return count;
      });
      this.#lastAppend = Date.now();
      if (fresh.length > 0) {
        this.#store.append(fresh);
        if (!this.#alarmSet) {
          this.#alarmSet = true;
          void this.ctx.storage.setAlarm(this.#lastAppend + IDLE_MS);
        }
        this.#watch.taken();
      }
      return counts;
    } catch (error) {
      // Memory may now hold what the storage lacks: start over from the storage.
      this.ctx.abort(`commit failed: ${error}`);
      throw error;
    }
  }

  #publishSoon(): void {
    if (this.#publishAsked) return;
    this.#publishAsked = true;
    const publish = this.#exclusively(() => this.#publish("due"))
      .catch((error) => console.error("publish failed, the alarm will try again", error))
      .finally(() => {
        this.#publishAsked = false;
      });
    this.ctx.waitUntil(publish);
  }

  /**
   * `due` seals the keys that have a block's worth (or, in a log that is full of small ones, every key) and lets the log
   * live on; `all` closes the gate, lets what is on its way come in, seals every key, marks the run cold and leaves
   * nothing stored.
   */
  async #publish(what: "all" | "idle" | "due"): Promise<void> {
    this.#runId ??= this.#store.runId();
    const runId = this.#runId;
    if (!runId) return;
    const cold = what !== "due";
    const gate = this.#run;
    if (cold) {
      this.#run = undefined;
      await this.#queue.drained();
    }
    if (!this.#recovered || this.#inFlight || cold) {
      const run = await readRunState(this.env.DB, runId).catch((error) => {
        // Nothing has been written: the run is as hot as it was, and what comes in need not wait until D1 is back.
        if (what === "idle") this.#run = gate;
        throw error;
      });
      // The run was removed for good while its log still held something: nobody can ask for that any more.
      if (!run) return this.#forget();
      await this.#recover(runId, run);
    }
    if (this.#unpublished.points === 0 && !cold) return;
    const position = this.#store.seal();
    const { inFlight, columns } = this.#unpublished.cut(position, cold);
    const sealed = this.#sealed + inFlight.count;
    this.#inFlight = inFlight;
    await this.env.DB.batch(
      publishStatements(this.env.DB, {
        runId,
        position,
        cold,
        accepted: sealed,
        duplicate: this.#duplicate,
        rejected: this.#rejected,
        latest: this.#unpublished.series,
        sealed: columns,
      }),
    );
    this.#published = Math.max(this.#published, position);
    this.#sealed = sealed;
    this.#lastPublish = Date.now();
    this.#inFlight = undefined;
    if (cold) await this.#forget();
    else this.#trim(inFlight);
  }

  /** Drops what D1 has from memory and rows; what a publish left out stays as a carry, at new positions. */
  #trim(inFlight: InFlight): void {
    this.#store.trim(inFlight.position, this.#unpublished.drop(inFlight));
  }

  /** Leaves nothing behind that is stored or billed. The gate is closed and the queue empty while this runs. */
  async #forget(): Promise<void> {
    this.#unpublished.clear();
    this.#loaded = true;
    this.#alarmSet = false;
    await this.ctx.storage.deleteAll();
  }
}
