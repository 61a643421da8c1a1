/** Who may set policies on a server as it is started. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { launch } from "./launcher.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

/** What a server says to whoever makes a policy, with a token or without. */
async function made(args: string[], token?: string): Promise<[number, string]> {
  const folder = mkdtempSync(join(tmpdir(), "tidemark-policies-"));
  const server = await launch("--data", folder, ...args);
  try {
    const answer = await fetch(`${server.url}/api/2.0/tidemark/policies`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}) },
      body: JSON.stringify({ name: "x", rules: { max_param_length: 10 } }),
    });
    return [answer.status, await answer.text()];
  } finally {
    server.process.kill("SIGTERM");
    await server.ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

it("everybody, where only this machine reaches it", async () => {
  expect((await made([]))[0]).toBe(200);
});

it("nobody, where others do and there is no administrator", async () => {
  const [status, text] = await made(["--host", "0.0.0.0"]);
  expect(status).toBe(401);
  expect(text).toContain("TIDEMARK_ADMIN_TOKEN");
});

it("the administrator, where there is one", async () => {
  vi.stubEnv("TIDEMARK_ADMIN_TOKEN", "secret");
  expect((await made([]))[0]).toBe(401);
  expect((await made([], "secret"))[0]).toBe(200);
});
