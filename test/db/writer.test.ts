/** Group commit: transactions that arrive together, some of which D1 refuses. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { type Statement, transact, type Writer } from "../../src/db/writer";

const insert = (id: number | string): Statement => ({
  sql: "INSERT INTO things (id) VALUES (?) RETURNING id",
  params: [id],
});
const count: Statement = { sql: "SELECT count(*) AS n FROM things", params: [] };

const writer = () => env.WRITERS.get(env.WRITERS.idFromName(crypto.randomUUID()));

/** How many calls to D1 `work` makes a new writer do. */
async function calls(work: (writer: Writer) => Promise<unknown>): Promise<number> {
  return await runInDurableObject(writer(), async (instance: Writer) => {
    const { DB } = env;
    let made = 0;
    const counted = new Proxy(DB, {
      get(target, name) {
        if (name === "batch") made++;
        const value = Reflect.get(target, name) as unknown;
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    Object.assign(instance, { env: { ...env, DB: counted } });
    await work(instance);
    return made;
  });
}

beforeAll(async () => {
  await env.DB.prepare("CREATE TABLE things (id PRIMARY KEY)").run();
});

describe("the writer", () => {
  it("gives each caller the rows of its own statements", async () => {
    const all = await Promise.all(
      Array.from({ length: 40 }, (_, i) => transact(env, [insert(`own-${i}`), count].slice(0, 1 + (i % 2)))),
    );
    all.forEach((rows, i) => {
      expect(rows[0]).toEqual([{ id: `own-${i}` }]);
      expect(rows).toHaveLength(1 + (i % 2));
    });
  });

  it("puts what waits into one call, and no more than D1 likes", async () => {
    const few = (w: Writer) => Promise.all(Array.from({ length: 21 }, (_, i) => w.transact([insert(`few-${i}`)])));
    expect(await calls(few)).toBe(2);
    const many = (w: Writer) => Promise.all(Array.from({ length: 251 }, (_, i) => w.transact([insert(`many-${i}`)])));
    expect(await calls(many)).toBe(4);
  });

  it("refuses one caller's row and keeps the others'", async () => {
    const stub = writer();
    const ids = ["first", "same", "same", "last", "more"];
    const settled = await Promise.allSettled(ids.map((id) => stub.transact([insert(`mix-${id}`), count])));
    expect(settled.map((s) => s.status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled", "fulfilled"]);
    const { results } = await env.DB.prepare("SELECT id FROM things WHERE id LIKE 'mix-%' ORDER BY id").all();
    expect(results.map((r) => r.id)).toEqual(["mix-first", "mix-last", "mix-more", "mix-same"]);
  });

  it("takes all of a caller's statements or none", async () => {
    const stub = writer();
    const pair = (a: string, b: string) => stub.transact([insert(a), insert(b)]);
    const settled = await Promise.allSettled([pair("w-1", "w-2"), pair("w-3", "w-2"), pair("w-4", "w-5")]);
    expect(settled.map((s) => s.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    const { results } = await env.DB.prepare("SELECT id FROM things WHERE id LIKE 'w-%' ORDER BY id").all();
    expect(results.map((r) => r.id)).toEqual(["w-1", "w-2", "w-4", "w-5"]);
  });
});
