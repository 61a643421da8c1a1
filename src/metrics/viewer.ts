/** One viewer of a run: its socket, what it was sent, and how much of that it may not have read yet. */

/** Characters a viewer that acknowledges may leave unacknowledged before new ones wait. */
const WINDOW = 256 * 1024;
/**
 * Characters a viewer may leave unacknowledged at all: the runtime keeps what a socket has not sent, without limit and
 * without telling. One that never acknowledges is asked to come back when they are used up.
 */
const MAX_UNACKNOWLEDGED = 8 * 1024 * 1024;
/** Marks of what was sent up to a sequence are this many characters apart. */
const MARK_EVERY = 16 * 1024;
/** Size of a socket's attachment (platform limit 16,384 bytes), with room for its other fields. */
export const MAX_KEYS_SIZE = 15_000;

/** "Try again later" (RFC 6455's registry). */
const TRY_AGAIN_LATER = 1013;

/** What survives of a viewer while its object sleeps. */
interface Attachment {
  runId: string;
  /** Everything up to this sequence was sent. */
  sequence: number;
  keys: string[] | undefined;
}

export class Viewer {
  readonly keys: ReadonlySet<string> | undefined;
  readonly runId: string;
  /** Names the choice of keys, so that viewers of the same can share messages. */
  readonly keysName: string;
  /** When it was last sent something, ms since 1970. */
  lastSent = 0;
  #sequence: number;
  #sent = 0;
  #acknowledged = 0;
  #acknowledges = false;
  #marks: { sequence: number; sent: number }[] = [];
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket, { runId, sequence, keys }: Attachment) {
    this.#socket = socket;
    this.runId = runId;
    this.keys = keys && new Set(keys);
    this.keysName = keys ? JSON.stringify(keys) : "";
    this.#sequence = sequence;
  }

  /** A viewer of some keys of a run (undefined: of all) that has everything up to a sequence. */
  static begin(socket: WebSocket, beginning: Attachment): Viewer {
    const viewer = new Viewer(socket, beginning);
    viewer.skipTo(beginning.sequence);
    return viewer;
  }

  /** A viewer whose socket outlived its object's memory. */
  static wake(socket: WebSocket): Viewer {
    return new Viewer(socket, socket.deserializeAttachment() as Attachment);
  }

  /** Everything up to this sequence was sent. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Characters sent that may not have been read yet. */
  get unacknowledged(): number {
    return this.#sent - this.#acknowledged;
  }

  /** Whether it is known to have enough to read for now. */
  get isBusy(): boolean {
    return this.#acknowledges && this.unacknowledged > WINDOW;
  }

  /** Whether it has to come back, because no more may be sent unread. */
  get isFull(): boolean {
    return this.unacknowledged > MAX_UNACKNOWLEDGED;
  }

  /** Sends messages; `sequence` is what the last of them leads to, if that is anywhere new. */
  send(messages: readonly string[], sequence = this.#sequence): void {
    for (const message of messages) {
      this.#socket.send(message);
      this.#sent += message.length;
    }
    this.lastSent = Date.now();
    if (this.#sent - (this.#marks.at(-1)?.sent ?? this.#acknowledged) >= MARK_EVERY) {
      this.#marks.push({ sequence, sent: this.#sent });
    }
    if (sequence !== this.#sequence) this.skipTo(sequence);
  }

  /** Nothing up to a sequence that was not sent concerns this viewer. */
  skipTo(sequence: number): void {
    this.#sequence = sequence;
    const attachment: Attachment = { runId: this.runId, sequence, keys: this.keys && [...this.keys] };
    this.#socket.serializeAttachment(attachment);
  }

  /** The viewer says it has read everything up to a sequence. */
  acknowledge(sequence: number): void {
    this.#acknowledges = true;
    const read = this.#marks.findLastIndex((mark) => mark.sequence <= sequence);
    if (read < 0) return;
    this.#acknowledged = this.#marks[read]?.sent ?? this.#acknowledged;
    this.#marks.splice(0, read + 1);
  }

  /** Asks it to connect again. */
  dismiss(): void {
    this.#socket.close(TRY_AGAIN_LATER, "too far behind: connect again with from_sequence");
  }
}
