/** Watching a run: replay, no gap and no repeat through cuts and evictions, and viewers who don't keep up. */
import { evictDurableObject, runInDurableObject, SELF } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import { MAX_REPLAY_POINTS } from "../../src/metrics/replay";
import { historyOf, logOf, makeRun, newId, objectOf, type Point, packOf, random } from "../metrics/helpers";

interface Message {
  type: "points" | "gap" | "run";
  sequence?: number;
  thinned?: true;
  keys?: Record<string, [number, number, number | "NaN"][]>;
  status?: string;
  run_name?: string;
  lifecycle_stage?: string;
}

const address = (run: string, query = "") => `https://tidemark.test/api/2.0/tidemark/runs/${run}/live${query}`;

/** A client that keeps all it is sent. */
class Client {
  readonly messages: Message[] = [];
  closed: { code: number; reason: string } | undefined;
  #waiting: (() => void)[] = [];
  readonly socket: WebSocket;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.addEventListener("message", ({ data }) => {
      this.messages.push(JSON.parse(String(data)) as Message);
      for (const wake of this.#waiting.splice(0)) wake();
    });
    socket.addEventListener("close", ({ code, reason }) => {
      this.closed = { code, reason };
      for (const wake of this.#waiting.splice(0)) wake();
    });
    socket.accept();
  }

  async until(done: (client: Client) => boolean): Promise<void> {
    for (const deadline = Date.now() + 5000; !done(this); ) {
      if (Date.now() > deadline) throw new Error(`nothing in time; got ${JSON.stringify(this.messages).slice(0, 500)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 200);
        this.#waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** Waits until it has everything up to a sequence. */
  async upTo(sequence: number): Promise<void> {
    await this.until(() => this.sequence >= sequence);
  }

  get sequence(): number {
    return Math.max(-1, ...this.messages.map((m) => m.sequence ?? -1));
  }

  points(key: string): Point[] {
    return this.messages
      .flatMap((m) => m.keys?.[key] ?? [])
      .map(([s, t, v]): Point => [s, t, v === "NaN" ? Number.NaN : v]);
  }

  get types(): string[] {
    return this.messages.map((m) => m.type);
  }
}

const clients: Client[] = [];
afterEach(() => {
  for (const { socket } of clients.splice(0)) {
    try {
      socket.close(1000);
    } catch {
      // Closed already.
    }
  }
});

async function watch(run: string, query = ""): Promise<Client> {
  const answer = await SELF.fetch(address(run, query), { headers: { Upgrade: "websocket" } });
  if (!answer.webSocket) throw new Error(`no upgrade: ${answer.status} ${await answer.text()}`);
  const client = new Client(answer.webSocket);
  clients.push(client);
  return client;
}

const ramp = (n: number, from = 0): Point[] =>
  Array.from({ length: n }, (_, i) => [from + i, 1000 + from + i, (from + i) / 8]);

const append = async (run: string, points: Record<string, Point[]>) => {
  expect(await logOf(run).append(run, packOf(points))).toMatchObject({ ok: true });
};

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("a viewer", () => {
  it("is told the run first, then what comes in after it", async () => {
    const run = await makeRun();
    await append(run, { a: ramp(3) });
    const client = await watch(run);
    await append(run, { a: [[9, 9, Number.NaN]], b: ramp(1) });
    await client.upTo(5);
    expect(client.messages[0]).toMatchObject({ type: "run", run_id: run, status: "RUNNING", sequence: 3 });
    expect(client.points("a")).toEqual([[9, 9, Number.NaN]]);
    expect(client.points("b")).toEqual(ramp(1));
  });

  it("is sent no repeats, and only the keys it asked for", async () => {
    const run = await makeRun();
    const client = await watch(run, "?keys=a,b&keys=c%2Fd");
    await append(run, { a: ramp(2), x: ramp(2) });
    await append(run, { a: ramp(3), "c/d": ramp(1) });
    await client.upTo(6);
    expect(client.points("a")).toEqual(ramp(3));
    expect(client.points("c/d")).toEqual(ramp(1));
    expect(client.points("x")).toEqual([]);
  });

  it("gets what it asks for from a step on, of chunks, of carried and of new ones, once each", async () => {
    const run = await makeRun();
    await append(run, { a: ramp(2000), b: ramp(4) });
    await logOf(run).flush(run);
    await append(run, { a: ramp(500, 1800), c: ramp(3, 1989) });
    const client = await watch(run, "?from_step=1990");
    await append(run, { a: ramp(2, 2300) });
    await client.upTo(2509);
    expect(client.messages[0]).not.toHaveProperty("sequence");
    expect(client.points("a")).toEqual(ramp(312, 1990));
    expect(client.points("b")).toEqual([]);
    expect(client.points("c")).toEqual(ramp(2, 1990));
    expect(client.types).not.toContain("gap");
  });

  it("is told to read history where a replay would be too long", async () => {
    const run = await makeRun();
    for (let i = 0; i < 11; i++) await append(run, { a: ramp(10_000, i * 10_000) });
    const client = await watch(run, "?from_step=0");
    await client.upTo(110_000);
    expect(client.types).toEqual(["run", "gap"]);
    const rest = await watch(run, "?from_step=100000");
    await rest.upTo(110_000);
    expect(rest.points("a")).toEqual(ramp(10_000, 100_000));
  });

  it("hears of the end of its run after the last point, also of a run without points", async () => {
    const [run, quiet] = [await makeRun(), await makeRun()];
    const [client, other] = [await watch(run), await watch(quiet)];
    const ended = (id: string) =>
      ({ run_id: id, run_name: "r", status: "FINISHED", lifecycle_stage: "active" }) as const;
    await append(run, { a: ramp(3) });
    await logOf(run).flush(run, ended(run));
    await logOf(quiet).announce(ended(quiet));
    await client.until(({ messages }) => messages.at(-1)?.status === "FINISHED");
    await other.until(({ messages }) => messages.at(-1)?.status === "FINISHED");
    expect(client.types).toEqual(["run", "points", "run"]);
    await append(run, { a: ramp(1, 7) });
    await client.upTo(4);
    expect(client.types).not.toContain("gap");
  });

  it("hears of changes of a run that never logged, whose log is left alone once nobody looks", async () => {
    const run = await makeRun();
    const watched = async () =>
      (await env.DB.prepare("SELECT watched FROM runs WHERE run_id = ?").bind(run).first<{ watched: number }>())
        ?.watched;
    const rename = async (run_name: string) => {
      const body = JSON.stringify({ run_id: run, run_name });
      const url = "https://tidemark.test/api/2.0/mlflow/runs/update";
      expect(
        (await SELF.fetch(url, { method: "POST", headers: { "Content-Type": "application/json" }, body })).status,
      ).toBe(200);
    };
    await rename("unseen");
    expect(await watched()).toBe(0);
    const client = await watch(run);
    expect(await watched()).toBe(1);
    await rename("seen");
    await client.until(({ messages }) => messages.at(-1)?.run_name === "seen");
    client.socket.close(1000);
    await expect
      .poll(async () => {
        await rename(crypto.randomUUID());
        return await watched();
      })
      .toBe(0);
  });

  it("writes nothing: a run that is only watched stores no row and is not hot", async () => {
    const run = await makeRun();
    await watch(run, "?from_step=0");
    await runInDurableObject(objectOf(run), async (_, state) => {
      expect(state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'log'").toArray()).toEqual([]);
      expect(await state.storage.getAlarm()).toBeNull();
      expect(state.getWebSockets()).toHaveLength(1);
    });
  });

  it("may ask whether the line is alive without waking anything", async () => {
    const answer = await SELF.fetch(address(await makeRun()), { headers: { Upgrade: "websocket" } });
    const socket = answer.webSocket as WebSocket;
    const pong = new Promise((resolve) => {
      socket.addEventListener("message", ({ data }) => data === "pong" && resolve(data));
    });
    socket.accept();
    socket.send("ping");
    expect(await pong).toBe("pong");
    socket.close(1000);
  });
});

describe("a request that can't be served", () => {
  const error = async (run: string, query = "", headers: Record<string, string> = { Upgrade: "websocket" }) => {
    const answer = await SELF.fetch(address(run, query), { headers });
    return { status: answer.status, body: await answer.json() };
  };

  it.each<Record<string, string>>([{ Upgrade: "websocket" }, { Accept: "text/event-stream" }])(
    "is answered as any other: %j",
    async (headers) => {
      expect(await error(newId(), "", headers)).toMatchObject({
        status: 404,
        body: { error_code: "RESOURCE_DOES_NOT_EXIST" },
      });
      const deleted = await makeRun(newId(), "deleted");
      expect(await error(deleted, "", headers)).toMatchObject({
        status: 400,
        body: { error_code: "INVALID_PARAMETER_VALUE", message: expect.stringContaining("'active' state") },
      });
    },
  );

  it.each(["?from_step=x", "?from_sequence=1.5", "?from_step=1&from_sequence=1", `?keys=${"k".repeat(8000)}`])(
    "names the mistake in %s",
    async (query) => {
      const run = await makeRun();
      expect(await error(run, query)).toMatchObject({ status: 400, body: { error_code: "INVALID_PARAMETER_VALUE" } });
    },
  );
});

describe("coming back", () => {
  it("continues after the sequence it had, without gap or repeat", async () => {
    const run = await makeRun();
    const first = await watch(run);
    await append(run, { a: ramp(3) });
    await first.upTo(3);
    first.socket.close(1000);
    await append(run, { a: ramp(4, 3) });
    const second = await watch(run, "?from_sequence=3");
    await append(run, { a: ramp(2, 7) });
    await second.upTo(9);
    expect([...first.points("a"), ...second.points("a")]).toEqual(ramp(9));
    expect(second.types).not.toContain("gap");
  });

  it("is a gap where the log can't tell any more, or was never there", async () => {
    const run = await makeRun();
    await append(run, { a: ramp(5) });
    for (const sequence of [2, 99]) {
      const client = await watch(run, `?from_sequence=${sequence}`);
      await client.upTo(5);
      expect(client.messages[1]).toEqual({ type: "gap", sequence: 5 });
    }
  });

  it("sees each observation exactly once through random cuts", { timeout: 30_000 }, async () => {
    const run = await makeRun();
    const next = random(7);
    const below = (n: number) => Math.floor(next() * n);
    const seen: Point[] = [];
    let sent = 0;
    let client = await watch(run);
    let sequence = 0;
    for (let i = 0; i < 80; i++) {
      const n = 1 + below(5);
      await append(run, { a: ramp(n, sent) });
      sent += n;
      if (below(4) === 0) await sleep(below(150));
      if (below(9) === 0) await logOf(run).flush(run);
      if (below(4) > 0) continue;
      // What was on its way when the line broke is not counted: only what arrived up to the last sequence.
      client.socket.close(1000);
      sequence = Math.max(sequence, client.sequence);
      seen.push(...client.points("a"));
      client = await watch(run, `?from_sequence=${sequence}`);
    }
    await client.upTo(sent);
    seen.push(...client.points("a"));
    expect(client.types).not.toContain("gap");
    expect(seen).toEqual(ramp(sent));
  });
});

describe("a viewer of an object that lost its memory", () => {
  it("goes on where it was, without gap or repeat", async () => {
    const run = await makeRun();
    const client = await watch(run, "?keys=a");
    for (let round = 0; round < 4; round++) {
      await append(run, { a: ramp(3, round * 3), other: ramp(2, round * 2) });
      await client.upTo(round * 5 + 5);
      if (round === 1) await logOf(run).flush(run);
      await evictDurableObject(objectOf(run));
    }
    expect(client.points("a")).toEqual(ramp(12));
    expect(client.types).not.toContain("gap");
    expect(client.closed).toBeUndefined();
  });

  it("is told of a gap where something may be missing", async () => {
    const run = await makeRun();
    const client = await watch(run);
    await append(run, { a: ramp(2) });
    await client.upTo(2);
    await runInDurableObject(objectOf(run), (_, state) => {
      for (const socket of state.getWebSockets()) socket.serializeAttachment({ runId: run, sequence: 1 });
    });
    await evictDurableObject(objectOf(run));
    await append(run, { a: ramp(3, 2) });
    await client.upTo(5);
    expect(client.messages.at(-1)).toEqual({ type: "gap", sequence: 5 });
    expect(await historyOf(run, "a")).toEqual(ramp(5));
    await append(run, { a: ramp(1, 5) });
    await client.upTo(6);
    expect(client.points("a")).toEqual([...ramp(2), ...ramp(1, 5)]);
  });

  it("learns by the alarm what a life that ended left unsaid", async () => {
    const run = await makeRun();
    const client = await watch(run);
    await append(run, { a: ramp(2) });
    await client.upTo(2);
    await runInDurableObject(objectOf(run), (_, state) => {
      for (const socket of state.getWebSockets()) socket.serializeAttachment({ runId: run, sequence: 1 });
    });
    await evictDurableObject(objectOf(run));
    await runInDurableObject(objectOf(run), (log) => log.alarm());
    await client.until(({ types }) => types.at(-1) === "gap");
  });
});

describe("a viewer that doesn't keep up", () => {
  it("gets what it can draw when more comes than that", async () => {
    const run = await makeRun();
    const client = await watch(run);
    await append(run, { a: ramp(5000) });
    await client.upTo(5000);
    const [points] = client.messages.filter((m) => m.type === "points");
    expect(points).toMatchObject({ thinned: true });
    expect(points?.keys?.a?.length).toBeLessThanOrEqual(500);
    expect(client.points("a")[0]).toEqual(ramp(1)[0]);
    expect(client.points("a").at(-1)).toEqual([4999, 5999, 4999 / 8]);
  });

  it("is sent at most ten messages a second", async () => {
    const run = await makeRun();
    const client = await watch(run);
    const before = Date.now();
    let sent = 0;
    while (Date.now() - before < 1000) {
      await append(run, { a: ramp(1, sent++) });
      await sleep(3);
    }
    await client.upTo(sent);
    expect(client.types.filter((t) => t === "points").length).toBeLessThanOrEqual(12);
    expect(client.points("a")).toEqual(ramp(sent));
  });

  it("waits where it acknowledges, and loses no writer's time", async () => {
    const run = await makeRun();
    const client = await watch(run);
    client.socket.send(JSON.stringify({ type: "ack", sequence: 0 }));
    const keys = (from: number) => Object.fromEntries(Array.from({ length: 20 }, (_, k) => [`k${k}`, ramp(400, from)]));
    for (let i = 0; i < 8; i++) {
      await append(run, keys(i * 400));
      await sleep(120);
    }
    const before = client.sequence;
    expect(before).toBeLessThan(64_000);
    client.socket.send(JSON.stringify({ type: "ack", sequence: before }));
    await client.upTo(64_000);
    expect(client.messages.at(-1)).toMatchObject({ thinned: true });
  });

  it("is asked to come back where it never acknowledges and much was sent, and does so without a gap", async () => {
    const run = await makeRun();
    const client = await watch(run);
    const keys = (from: number) =>
      Object.fromEntries(Array.from({ length: 100 }, (_, k) => [`k${k}`, ramp(250, from)]));
    let sent = 0;
    while (!client.closed && sent < 1_500_000) {
      await append(run, keys(sent / 100));
      sent += 25_000;
      await sleep(110);
    }
    expect(client.closed).toMatchObject({ code: 1013, reason: expect.stringContaining("from_sequence") });
    const again = await watch(run, `?from_sequence=${client.sequence}`);
    await again.upTo(sent);
    // The line may be slow to tell of its end; then more came meanwhile than is replayed.
    expect(again.types.includes("gap")).toBe(sent - client.sequence > MAX_REPLAY_POINTS);
  }, 60_000);
});

describe("server-sent events", () => {
  async function read(answer: Response, done: (text: string) => boolean): Promise<string> {
    const reader = (answer.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!done(text)) {
      const { value, done: ended } = await reader.read();
      if (ended) break;
      text += value;
    }
    await reader.cancel();
    return text;
  }

  it("carry the same messages, and come back with Last-Event-ID", async () => {
    const run = await makeRun();
    const first = await SELF.fetch(address(run), { headers: { Accept: "text/event-stream" } });
    expect(first.headers.get("Content-Type")).toMatch(/^text\/event-stream/);
    await append(run, { a: ramp(2) });
    const text = await read(first, (t) => t.includes("id: 2\n"));
    expect(text).toMatch(/^retry: \d+\n\nid: 0\ndata: \{"type":"run"/);
    expect(text).toContain('data: {"type":"points","sequence":2,"keys":{"a":[[0,1000,0],[1,1001,0.125]]}}\n\n');

    await append(run, { a: ramp(1, 2) });
    const headers = { Accept: "text/event-stream", "Last-Event-ID": "2" };
    const second = await SELF.fetch(address(run, "?from_step=0"), { headers });
    const more = await read(second, (t) => t.includes("id: 3\n"));
    expect(more).toContain('"keys":{"a":[[2,1002,0.25]]}');
  });
});
