import { SELF } from "cloudflare:test";
import { describe, expect, it } from "vitest";

const SEARCH = "/api/2.0/mlflow/experiments/search";

function send(base: string, headers: Record<string, string>, method = "POST") {
  const body = method === "POST" ? { body: '{"max_results":1}' } : {};
  return SELF.fetch(base + SEARCH, { method, headers: { "Content-Type": "application/json", ...headers }, ...body });
}

describe("pages of other sites", () => {
  it("may not write", async () => {
    const answer = await send("http://localhost:5000", { Origin: "https://evil.example" });
    expect([answer.status, await answer.text()]).toEqual([403, "Cross-origin request blocked"]);
  });
  it("may not read, and are told so before they ask", async () => {
    const headers = { Origin: "https://evil.example", "Access-Control-Request-Method": "POST" };
    expect((await send("http://localhost:5000", headers, "OPTIONS")).status).toBe(400);
    const read = await SELF.fetch("http://localhost:5000/version", { headers: { Origin: "https://evil.example" } });
    expect(read.headers.get("Access-Control-Allow-Origin")).toBeNull();
  });
  it("may not watch live", async () => {
    const url = "http://localhost:5000/api/2.0/tidemark/experiments/0/feed";
    const watch = (origin: string) => SELF.fetch(url, { headers: { Upgrade: "websocket", Origin: origin } });
    expect((await watch("https://evil.example")).status).toBe(403);
    const own = await watch("http://localhost:5000");
    expect(own.status).toBe(101);
    own.webSocket?.accept();
    own.webSocket?.close();
  });
  it("on the visitor's machine may use a server on it, and no other", async () => {
    const headers = { Origin: "http://localhost:3000", "Access-Control-Request-Method": "POST" };
    const preflight = await send("http://127.0.0.1:5000", headers, "OPTIONS");
    expect([preflight.status, preflight.headers.get("Access-Control-Allow-Origin")]).toEqual([200, headers.Origin]);
    const answer = await send("http://127.0.0.1:5000", { Origin: headers.Origin });
    expect([answer.status, answer.headers.get("Access-Control-Allow-Origin")]).toEqual([200, headers.Origin]);
    expect((await send("https://metrics.example", { Origin: headers.Origin })).status).toBe(403);
  });
});

describe("the server's own pages and clients that are no pages", () => {
  it("may write", async () => {
    expect((await send("https://metrics.example", { Origin: "https://metrics.example" })).status).toBe(200);
    expect((await send("https://metrics.example", {})).status).toBe(200);
  });
});

describe("a workspace", () => {
  it("is refused rather than passed over", async () => {
    const answer = await send("http://localhost:5000", { "X-MLFLOW-WORKSPACE": "team" });
    expect([answer.status, ((await answer.json()) as { error_code: string }).error_code]).toEqual([
      400,
      "FEATURE_DISABLED",
    ]);
    expect((await send("http://localhost:5000", { "X-MLFLOW-WORKSPACE": "" })).status).toBe(200);
  });
});
