import { env, SELF } from "cloudflare:test";
import { afterEach, describe, expect, it, test } from "vitest";
import { isAllowedHost } from "../../src/wire/host";

const LOCAL = "private,box.lan";

test.each([
  "localhost",
  "localhost:5000",
  "LOCALHOST:5000",
  "127.0.0.1:5000",
  "127.0.0.2",
  "0.0.0.0:5000",
  "[::1]:5000",
  "[::1]",
  "10.1.2.3:5000",
  "172.16.0.1",
  "172.31.255.255:80",
  "192.168.178.20:5000",
  "[fd00::1]:5000",
  "[fc12:3456::7]",
  "box.lan:5000",
])("a server in one's own network is asked as %s", (host) => expect(isAllowedHost(host, LOCAL)).toBe(true));

test.each([
  "evil.example",
  "evil.example:5000",
  "localhost.evil.example",
  "127.0.0.1.evil.example:5000",
  "10.evil.example",
  "192.168.evil.example",
  "172.32.0.1",
  "172.15.0.1",
  "8.8.8.8",
  "100.10.1.2",
  "[2001:db8::1]:5000",
  "[fe80::1]",
  "box.lan.evil.example",
  "a.box.lan",
  "",
  ":5000",
])("and not as %j", (host) => expect(isAllowedHost(host, LOCAL)).toBe(false));

test.each([
  ["metrics.example:443", "metrics.example", true],
  ["metrics.example:443", "metrics.example:443", true],
  ["metrics.example:444", "metrics.example:443", false],
  ["a.metrics.example", "*.metrics.example", true],
  ["a.metrics.example:5000", "*.metrics.example", true],
  ["metrics.example", "*.metrics.example", false],
  ["a-metrics-b.example:1", "a*b.example:*", true],
  ["a.example", "a*a.example", false],
  ["one.example", " two.example , ONE.example ", true],
  ["localhost:5000", "metrics.example", false],
  ["anything", "*", true],
  ["anything", "metrics.example,*", true],
])("%s is allowed by %j: %s", (host, list, is) => expect(isAllowedHost(host, list)).toBe(is));

describe("a server that knows its names", () => {
  const settings = env as { TIDEMARK_ALLOWED_HOSTS?: string };
  afterEach(() => {
    delete settings.TIDEMARK_ALLOWED_HOSTS;
  });
  const statusOf = async (url: string) => (await SELF.fetch(url)).status;

  it("refuses others, in MLflow's words, whatever is asked but whether it lives", async () => {
    settings.TIDEMARK_ALLOWED_HOSTS = "private";
    const refused = await SELF.fetch("http://evil.example:5000/api/2.0/mlflow/experiments/get?experiment_id=0");
    expect([refused.status, refused.headers.get("Content-Type"), await refused.text()]).toEqual([
      403,
      expect.stringMatching(/^text\/plain/),
      "Invalid Host header - possible DNS rebinding attack detected",
    ]);
    expect(await statusOf("http://evil.example:5000/")).toBe(403);
    expect(await statusOf("http://evil.example:5000/health")).toBe(200);
    expect(await statusOf("http://evil.example:5000/version")).toBe(200);
    expect(await statusOf("http://127.0.0.1:5000/api/2.0/mlflow/experiments/get?experiment_id=0")).toBe(200);
  });

  it("takes every name where it knows none", async () => {
    expect(await statusOf("http://evil.example/api/2.0/mlflow/experiments/get?experiment_id=0")).toBe(200);
  });
});
