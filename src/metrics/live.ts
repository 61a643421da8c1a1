/**
 * The viewers of one run: who watches, what they have, and sending them what is new. Kept apart from the log, which only
 * hands over what it took. Nothing is stored: a viewer's place lives in its socket's attachment, which outlives the
 * object's memory, and recent observations in a ring that does not.
 */
import type { Env } from "../env";
import type { WireAlert } from "../monitors/alert-wire";
import type { Columns } from "./block";
import { alertMessage, gapMessage, type LiveRun, pointsMessages, runMessage } from "./live-messages";
import { ChunksMoved, type Header } from "./pieces";
import { headersFrom, MAX_REPLAY_POINTS, readFrom, tailsFrom } from "./replay";
import { Ring } from "./ring";
import type { Series } from "./series";
import { Viewer } from "./viewer";

/** A viewer is sent new observations at most this often: ten times a second. */
const INTERVAL_MS = 100;
/** Observations a key keeps of one interval; more are thinned. */
const MAX_KEY_POINTS = 500;
/** A viewer of keys that stay silent while others come in is told the sequence this often. */
const SILENCE_MS = 10_000;
/** Recent observations are kept this long after the last viewer left, for one who comes back. */
const KEEP_MS = 60_000;
/** Viewers of one run at most. */
const MAX_VIEWERS = 500;
/** Characters all viewers together may leave unacknowledged: about a third of the object's memory. */
const MAX_UNACKNOWLEDGED = 40 * 1024 * 1024;
/** Chunks may be merged while they are read; then everything is read again. */
const ATTEMPTS = 4;

/** RFC 6455. */
const GOING_AWAY = 1001;

/** What a viewer asks for. At most one of `fromStep` and `fromSequence`. */
export interface LiveRequest {
  runId: string;
  keys?: string[];
  fromStep?: number;
  fromSequence?: number;
}

/** Why there is no upgrade. */
export type LiveRefusal = { reason: "not_found" | "crowded" } | { reason: "inactive"; lifecycleStage: string };

/** The log at one moment: nothing is opened, published or merged while it is looked at. */
export interface LogSnapshot {
  /** What D1 has at or before this position and `series` hold together is everything up to `sequence`. */
  position: number;
  sequence: number;
  series: ReadonlyMap<string, Series>;
}

/** Does `work` on the log of a run; undefined where D1 knows no such run. */
export type WithSnapshot = <T>(runId: string, work: (log: LogSnapshot) => Promise<T>) => Promise<T | undefined>;

/** Where a viewer begins, and what it is sent first. */
interface Beginning {
  run: LiveRun;
  sequence: number;
  replay?: Map<string, Columns>;
  isGap: boolean;
}

type Messages = { texts: readonly string[]; isEmpty: boolean };

export class Live {
  readonly #viewers = new Map<WebSocket, Viewer>();
  #ring: Ring | undefined;
  #timer: number | null = null;
  #lastTick = 0;
  #keepUntil = 0;
  /** Counts what was announced, so that an older state read meanwhile is never sent after a newer one. */
  #announced = 0;
  /** Viewers who are being let in. */
  #joining = 0;
  readonly #ctx: DurableObjectState;
  readonly #env: Env;
  readonly #withSnapshot: WithSnapshot;

  constructor(ctx: DurableObjectState, env: Env, withSnapshot: WithSnapshot) {
    this.#ctx = ctx;
    this.#env = env;
    this.#withSnapshot = withSnapshot;
    for (const socket of ctx.getWebSockets()) this.#viewers.set(socket, Viewer.wake(socket));
    if (this.#viewers.size > 0) this.#ring = new Ring();
  }

  /** Whether anyone wants to know what the log takes; where not, nothing below is called and nothing kept. */
  get isRecording(): boolean {
    return this.#ring !== undefined;
  }

  /** An observation the log took; nobody sees it before it is durable. */
  readonly take = (key: string, step: number, timestamp: number, value: number): void => {
    this.#ring?.add(key, step, timestamp, value);
  };

  /** Everything taken is durable, and the run's sequence is now this. Returns at once: viewers are served later. */
  durable(sequence: number): void {
    if (this.#viewers.size === 0 && Date.now() > this.#keepUntil) this.#ring = undefined;
    this.#ring?.confirm(sequence);
    if (this.#viewers.size > 0) this.#schedule();
  }

  /** The run changed: tells every viewer, and what came before it first. */
  announce(run: LiveRun): void {
    this.#announced++;
    this.#tell(run.run_id, [runMessage(run)]);
  }

  /** Alerts of the run opened or changed: the same. */
  announceAlerts(runId: string, changed: readonly WireAlert[]): void {
    this.#tell(runId, changed.map(alertMessage));
  }

  #tell(runId: string, texts: readonly string[]): void {
    if (this.#viewers.size === 0) {
      if (this.#joining === 0) this.#ctx.waitUntil(this.#unwatch(runId));
      return;
    }
    this.#serve();
    for (const [socket, viewer] of this.#viewers) this.#guarded(socket, () => viewer.send(texts));
  }

  /** Answers a viewer's request: 101 with a socket, or a LiveRefusal as JSON. */
  async join(request: LiveRequest): Promise<Response> {
    if (this.#viewers.size >= MAX_VIEWERS) return refuse({ reason: "crowded" });
    this.#joining++;
    try {
      return this.#admit(request, await this.#begin(request));
    } finally {
      this.#joining--;
    }
  }

  #admit(request: LiveRequest, beginning: Beginning | undefined): Response {
    if (!beginning) return refuse({ reason: "not_found" });
    const { run, sequence, replay, isGap } = beginning;
    if (run.lifecycle_stage !== "active") return refuse({ reason: "inactive", lifecycleStage: run.lifecycle_stage });

    const { 0: client, 1: socket } = new WebSocketPair();
    this.#ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    this.#ctx.acceptWebSocket(socket);
    const viewer = Viewer.begin(socket, { runId: request.runId, keys: request.keys, sequence });
    this.#viewers.set(socket, viewer);
    if (isGap) viewer.send([runMessage(run), gapMessage(sequence)]);
    else if (replay) viewer.send([runMessage(run), ...pointsMessages(replay, sequence)]);
    else viewer.send([runMessage(run, sequence)]);
    this.#schedule();
    return new Response(null, { status: 101, webSocket: client });
  }

  /** A viewer says up to where it has read: `{"type":"ack","sequence":n}`. Anything else is ignored. */
  async message(socket: WebSocket, text: string | ArrayBuffer): Promise<void> {
    const viewer = this.#viewers.get(socket);
    const sequence = acknowledgedSequence(text);
    if (!viewer || sequence === undefined) return;
    viewer.acknowledge(sequence);
    // Just woken, it is not known what came since this viewer was last sent something.
    if (this.#ring?.end === undefined) {
      await this.#withSnapshot(viewer.runId, async (log) => this.durable(log.sequence));
    } else if (viewer.sequence < this.#ring.end) this.#schedule();
  }

  /** Sends all viewers away, who then connect anew. Returns how many. */
  close(): number {
    const { size } = this.#viewers;
    for (const socket of this.#viewers.keys())
      this.#guarded(socket, () => socket.close(GOING_AWAY, "the server stops"));
    return size;
  }

  /** A viewer's socket is closed or broken. */
  leave(socket: WebSocket): void {
    if (!this.#viewers.delete(socket) || this.#viewers.size > 0) return;
    this.#keepUntil = Date.now() + KEEP_MS;
    clearTimeout(this.#timer);
    this.#timer = null;
  }

  async #begin(request: LiveRequest): Promise<Beginning | undefined> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#beginOnce(request);
      } catch (error) {
        if (!(error instanceof ChunksMoved) || attempt === ATTEMPTS) throw error;
      }
    }
  }

  async #beginOnce({ runId, keys: wanted, fromStep, fromSequence }: LiveRequest): Promise<Beginning | undefined> {
    const keys = wanted && new Set(wanted);
    const found = await this.#withSnapshot(runId, async (log) => {
      this.#keepUntil = Date.now() + KEEP_MS;
      this.#ring ??= new Ring(log.sequence);
      const tails = fromStep === undefined ? undefined : tailsFrom(log.series, fromStep, keys);
      const { run, headers } = await this.#read(runId, log.position, fromStep);
      return { run, headers, tails, sequence: log.sequence };
    });
    if (!found?.run) return undefined;
    const { run, headers, tails, sequence } = found;
    if (run.lifecycle_stage !== "active") return { run, sequence, isGap: false };
    if (fromStep !== undefined && tails) {
      const replay = await readFrom(this.#env.DB, headers, tails, fromStep, keys);
      return { run, sequence, replay, isGap: !replay };
    }
    if (fromSequence === undefined || fromSequence === sequence) return { run, sequence, isGap: false };
    const { start = Number.POSITIVE_INFINITY, end = 0 } = this.#ring ?? {};
    if (fromSequence < start || fromSequence > end || end - fromSequence > MAX_REPLAY_POINTS) {
      return { run, sequence, isGap: true };
    }
    return { run, sequence: end, replay: this.#ring?.after(fromSequence, keys), isGap: false };
  }

  /** The run as D1 has it, and the headers of what a replay needs. */
  async #read(
    runId: string,
    position: number,
    fromStep: number | undefined,
  ): Promise<{ run: LiveRun | undefined; headers: Header[] }> {
    const d1 = this.#env.DB;
    for (;;) {
      const announced = this.#announced;
      const [, runs, headers] = await d1.batch<unknown>([
        // From here on changes of the run are announced here; so it is done before the run is read.
        d1.prepare("UPDATE runs SET watched = 1 WHERE run_id = ?1 AND watched = 0").bind(runId),
        d1.prepare("SELECT run_id, name AS run_name, status, lifecycle_stage FROM runs WHERE run_id = ?1").bind(runId),
        ...(fromStep === undefined ? [] : [headersFrom(d1, runId, position, fromStep)]),
      ]);
      if (announced !== this.#announced) continue;
      const run = runs?.results[0] as LiveRun | undefined;
      return { run, headers: (headers?.results ?? []) as Header[] };
    }
  }

  /** Nobody looks any more, and each change of the run would wake this object for nothing. */
  async #unwatch(runId: string): Promise<void> {
    await this.#withSnapshot(runId, async () => {
      if (this.#viewers.size > 0 || this.#joining > 0) return;
      await this.#env.DB.prepare("UPDATE runs SET watched = 0 WHERE run_id = ?1 AND watched = 1").bind(runId).run();
    }).catch((error) => console.error("marking a run as not watched failed", error));
  }

  #schedule(): void {
    if (this.#timer !== null) return;
    const wait = Math.max(0, this.#lastTick + INTERVAL_MS - Date.now());
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#lastTick = Date.now();
      this.#serve();
    }, wait);
  }

  /** Sends every viewer what it lacks, those of the same keys and place the same texts. */
  #serve(): void {
    const made = new Map<string, Messages>();
    for (const [socket, viewer] of this.#viewers) this.#guarded(socket, () => this.#serveOne(viewer, made));
    let unacknowledged = 0;
    for (const viewer of this.#viewers.values()) unacknowledged += viewer.unacknowledged;
    const slowest = [...this.#viewers].sort(([, a], [, b]) => b.unacknowledged - a.unacknowledged);
    for (const [socket, viewer] of slowest) {
      if (!viewer.isFull && unacknowledged <= MAX_UNACKNOWLEDGED) break;
      unacknowledged -= viewer.unacknowledged;
      this.#guarded(socket, () => viewer.dismiss());
      this.leave(socket);
    }
  }

  #serveOne(viewer: Viewer, made: Map<string, Messages>): void {
    const { start, end } = this.#ring ?? {};
    if (start === undefined || end === undefined || viewer.sequence >= end || viewer.isBusy) return;
    if (viewer.sequence < start) {
      viewer.send([gapMessage(end)], end);
      return;
    }
    const name = `${viewer.sequence} ${viewer.keysName}`;
    const messages = made.get(name) ?? this.#messages(viewer, end);
    made.set(name, messages);
    if (messages.isEmpty && Date.now() - viewer.lastSent < SILENCE_MS) viewer.skipTo(end);
    else viewer.send(messages.texts, end);
  }

  #messages(viewer: Viewer, end: number): Messages {
    const keyed = this.#ring?.after(viewer.sequence, viewer.keys) ?? new Map<string, Columns>();
    return { texts: [...pointsMessages(keyed, end, MAX_KEY_POINTS)], isEmpty: keyed.size === 0 };
  }

  /** A socket that fails is a viewer less, and nobody else's trouble. */
  #guarded(socket: WebSocket, work: () => void): void {
    try {
      work();
    } catch {
      this.leave(socket);
    }
  }
}

const refuse = (refusal: LiveRefusal): Response => Response.json(refusal, { status: 409 });

function acknowledgedSequence(text: string | ArrayBuffer): number | undefined {
  if (typeof text !== "string") return undefined;
  try {
    const message = JSON.parse(text) as { type?: unknown; sequence?: unknown } | null;
    return message?.type === "ack" && typeof message.sequence === "number" ? message.sequence : undefined;
  } catch {
    return undefined;
  }
}
