/** POST /api/2.0/tidemark/gc: who may call it, and what it is told. And the schedule. */
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { createApp } from "../../src/app";
import { parseAge } from "../../src/retention/age";
import { onSchedule } from "../../src/retention/schedule";
import { call, type Json, newExperiment, newRun, ok } from "../tracking/helpers";

const TOKEN = "a secret of some length";

async function gc(
  body: Json,
  token?: string,
  settings: Json = { TIDEMARK_ADMIN_TOKEN: TOKEN },
): Promise<[number, Json]> {
  const request = new Request("https://tidemark.test/api/2.0/tidemark/gc", {
    method: "POST",
    headers: { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  });
  const answer = await createApp().fetch(request, { ...env, ...settings }, createExecutionContext());
  return [answer.status, await answer.json()];
}

async function deletedRun(): Promise<string> {
  const run = await newRun(await newExperiment());
  await ok("runs/delete", { run_id: run });
  return run;
}

const isThere = async (run: string) => (await call(`runs/get?run_id=${run}`))[0] === 200;

describe("POST gc", () => {
  it("is for whoever knows the secret, and for nobody where there is none", async () => {
    const run = await deletedRun();
    expect(await gc({ older_than: "0s" }, undefined)).toMatchObject([401, { error_code: "UNAUTHENTICATED" }]);
    expect(await gc({ older_than: "0s" }, "another")).toMatchObject([401, {}]);
    expect(await gc({ older_than: "0s" }, TOKEN, {})).toMatchObject([403, { error_code: "PERMISSION_DENIED" }]);
    expect(await gc({ older_than: "0s" }, "", { TIDEMARK_ADMIN_TOKEN: "" })).toMatchObject([403, {}]);
    expect(await isThere(run)).toBe(true);
    expect(await gc({ older_than: "0s" }, TOKEN.replaceAll(" ", "-"))).toMatchObject([401, {}]);
  });

  it("takes the age it is given, else the server's", async () => {
    const token = "t0ken";
    const settings = (kept?: string) => ({ TIDEMARK_ADMIN_TOKEN: token, TIDEMARK_GC_AFTER: kept });
    const run = await deletedRun();
    const nothing = { removed: { experiments: 0, runs: 0, logged_models: 0, files: 0 }, done: true };
    expect(await gc({}, token, settings())).toEqual([200, nothing]);
    expect(await gc({}, token, settings("never"))).toEqual([200, nothing]);
    expect(await gc({ older_than: "1h" }, token, settings("0s"))).toEqual([200, nothing]);
    expect(await isThere(run)).toBe(true);
    expect(await gc({}, token, settings("0s"))).toMatchObject([200, { done: true }]);
    expect(await isThere(run)).toBe(false);
    const other = await deletedRun();
    expect(await gc({ older_than: "0d" }, token, settings())).toMatchObject([200, { removed: { runs: 1 } }]);
    expect(await isThere(other)).toBe(false);
  });

  it("refuses what is no age", async () => {
    for (const older_than of ["", "soon", "-1d", "1h1d", "5"]) {
      expect(await gc({ older_than }, "x", { TIDEMARK_ADMIN_TOKEN: "x" })).toMatchObject([
        400,
        { error_code: "INVALID_PARAMETER_VALUE", message: expect.stringContaining("older_than") },
      ]);
    }
  });
});

describe("the schedule", () => {
  it("removes what is old enough, and survives its failures", async () => {
    const run = await deletedRun();
    await onSchedule({ ...env, TIDEMARK_GC_AFTER: "1h" }, Date.now());
    expect(await isThere(run)).toBe(true);
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    await onSchedule({ ...env, TIDEMARK_GC_AFTER: "some time" }, Date.now());
    expect(log).toHaveBeenCalledOnce();
    log.mockRestore();
    await onSchedule({ ...env, TIDEMARK_GC_AFTER: "1h" }, Date.now() + 3_600_001);
    expect(await isThere(run)).toBe(false);
  });
});

describe("ages", () => {
  it("are read as days, hours, minutes and seconds", () => {
    expect(parseAge("30d", "x")).toBe(30 * 86_400_000);
    expect(parseAge(" 1d2h3m4s ", "x")).toBe(86_400_000 + 7_200_000 + 180_000 + 4_000);
    expect(parseAge("90m", "x")).toBe(5_400_000);
    expect(parseAge("Never", "x")).toBe(Number.POSITIVE_INFINITY);
  });
});
