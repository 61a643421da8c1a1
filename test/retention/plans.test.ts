/** The statements of a pass go through indexes: no table that grows is read from end to end. */
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { claim, claimContents } from "../../src/retention/claim-store";
import { deleteRows, forget, pendingRemovals } from "../../src/retention/removal-store";
import { datasetUses } from "../../src/tracking/input-store";
import { plansOf } from "../tracking/helpers";

interface Statement {
  sql: string;
  args: unknown[];
}

/** A D1 that keeps what it is asked to prepare. */
function listening(): { d1: D1Database; statements: Statement[] } {
  const statements: Statement[] = [];
  const listen = (sql: string, args: unknown[], own: D1PreparedStatement): D1PreparedStatement => {
    statements.push({ sql, args });
    return own;
  };
  const prepare = (sql: string) =>
    new Proxy(env.DB.prepare(sql), {
      get(own, name) {
        if (name === "bind") return (...args: unknown[]) => listen(sql, args, own.bind(...args));
        const value: unknown = Reflect.get(own, name);
        return typeof value === "function" ? value.bind(listen(sql, [], own)) : value;
      },
    });
  return { d1: { prepare, batch: env.DB.batch.bind(env.DB) } as unknown as D1Database, statements };
}

it("goes through indexes", async () => {
  const { d1, statements } = listening();
  await claim(d1, 1);
  await claimContents(d1, "none");
  await pendingRemovals(d1);
  for (const kind of ["run", "model", "experiment"] as const) await deleteRows(d1, kind, ["none"]);
  await forget(d1, "run", ["none"]);
  await datasetUses(d1, ["none"]);
  const scans = (await plansOf(statements)).filter((step) => /^SCAN (?!json_each|asked\b|\(|CONSTANT)/.test(step));
  // Taking 50 runs of an experiment must not look at all it has.
  expect(
    await plansOf(statements.filter(({ sql }) => /DELETE FROM (runs|logged_models)/.test(sql))),
  ).not.toContainEqual(expect.stringContaining("experiment_id=?"));
  // Versions of registered models are few, and looked through only for what is about to go.
  expect(scans.filter((step) => !/^SCAN v\b/.test(step))).toEqual([]);
});
