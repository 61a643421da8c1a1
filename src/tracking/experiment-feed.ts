/**
 * ExperimentFeed: one Durable Object an experiment that tells whoever looks at its list of runs what changes there.
 * Nothing is stored; without viewers it has nothing to do. docs/live.md describes the messages.
 */
import { DurableObject } from "cloudflare:workers";
import type { Env } from "../env";
import type { WireAlert } from "../monitors/alert-wire";
import type { Messages } from "../wire/contract.generated";
import type { KeyValue } from "./experiment";

/** Changes are sent at most this often: ten times a second, those between together. */
const INTERVAL_MS = 100;
/** Changes sent together at most; where more gathered, viewers are told to read the list anew. */
const MAX_CHANGES = 1000;
/** Viewers of one experiment at most. */
const MAX_VIEWERS = 500;
/** Characters sent to a viewer before it has to connect again: the runtime does not tell how much it has read. */
const MAX_SENT = 4 * 1024 * 1024;
/** "Try again later" (RFC 6455's registry). */
const TRY_AGAIN_LATER = 1013;

/** RFC 6455. */
const GOING_AWAY = 1001;

export type ExperimentChange =
  | { change: "run_created" | "run_updated"; run: Messages["mlflow.RunInfo"] }
  | { change: "run_deleted" | "run_restored"; run_id: string }
  | { change: "run_tags_set"; run_id: string; tags: KeyValue[] }
  | { change: "run_tag_deleted"; run_id: string; key: string }
  | { change: "run_inputs_logged" | "run_outputs_logged"; run_id: string }
  | { change: "experiment_renamed"; name: string }
  | { change: "experiment_deleted" | "experiment_restored" }
  | { change: "experiment_tag_set"; key: string; value: string }
  | { change: "experiment_tag_deleted"; key: string }
  | { change: "alert_changed"; alert: WireAlert };

export class ExperimentFeed extends DurableObject<Env> {
  #pending: ExperimentChange[] = [];
  #isTooMany = false;
  #timer: number | null = null;
  #lastSent = 0;
  /** Characters sent to each viewer in this life of the object. */
  readonly #sent = new WeakMap<WebSocket, number>();

  /** Takes a viewer of the experiment its path names: 101 with its socket, or 429 where there are too many. */
  override async fetch(request: Request): Promise<Response> {
    if (this.ctx.getWebSockets().length >= MAX_VIEWERS) return new Response(null, { status: 429 });
    const { 0: client, 1: socket } = new WebSocketPair();
    this.ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    this.ctx.acceptWebSocket(socket);
    // From here on changes are told, and what came before is in the list the viewer reads once this is open.
    await this.#mark(new URL(request.url).pathname.slice(1), 1);
    socket.send(JSON.stringify({ type: "open" }));
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Passes a change on, at once after a quiet time. */
  async notify(experimentId: string, change: ExperimentChange): Promise<void> {
    if (this.ctx.getWebSockets().length === 0) return await this.#unmark(experimentId);
    if (this.#pending.length < MAX_CHANGES) this.#pending.push(change);
    else this.#isTooMany = true;
    this.#timer ??= setTimeout(() => this.#send(), Math.max(0, this.#lastSent + INTERVAL_MS - Date.now()));
  }

  /** Sends all viewers away, who then connect anew. Returns how many. */
  closeViewers(): number {
    const sockets = this.ctx.getWebSockets();
    for (const socket of sockets) socket.close(GOING_AWAY, "the server stops");
    return sockets.length;
  }

  /** Nobody looks any more, and each change would wake this object for nothing. */
  async #unmark(experimentId: string): Promise<void> {
    await this.#mark(experimentId, 0);
    // Someone may have come meanwhile, whose mark this took off.
    if (this.ctx.getWebSockets().length > 0) await this.#mark(experimentId, 1);
  }

  async #mark(experimentId: string, watched: 0 | 1): Promise<void> {
    const sql = "UPDATE experiments SET watched = ?2 WHERE experiment_id = ?1 AND watched <> ?2";
    await this.env.DB.prepare(sql).bind(experimentId, watched).run();
  }

  #send(): void {
    this.#timer = null;
    this.#lastSent = Date.now();
    const message = JSON.stringify(this.#isTooMany ? { type: "gap" } : { type: "changes", changes: this.#pending });
    this.#pending = [];
    this.#isTooMany = false;
    for (const socket of this.ctx.getWebSockets()) {
      const sent = (this.#sent.get(socket) ?? 0) + message.length;
      this.#sent.set(socket, sent);
      try {
        if (sent > MAX_SENT) socket.close(TRY_AGAIN_LATER, "connect again, and read the list anew");
        else socket.send(message);
      } catch (error) {
        console.warn("a viewer could not be told of a change", error);
      }
    }
  }
}
