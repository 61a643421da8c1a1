/** The description of Tidemark's own calls, and what checks requests by it. */
import { createExecutionContext, SELF } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Hono } from "hono";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { createApp } from "../../src/app";
import { callsOf, serve, TIDEMARK } from "../../src/wire/described";
import { errorResponse, toMlflowError } from "../../src/wire/errors";
import type { App, AppEnv } from "../../src/wire/rpc";

interface Operation {
  operationId: string;
  summary: string;
  parameters: { name: string; in: string }[];
  responses: Record<string, { content: Record<string, { schema: object }> }>;
}
interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
}

describe("openapi.json", () => {
  it("describes every route of Tidemark's that the app has", async () => {
    const document = await (await SELF.fetch(`http://x${TIDEMARK}/openapi.json`)).json<Document>();
    expect(document.openapi).toBe("3.1.0");
    const routes = createApp()
      .routes.filter(({ path, method }) => path.startsWith(`${TIDEMARK}/`) && method !== "ALL")
      .map(({ path, method }) => `${method} ${path.replace(/:([a-z_]+)/g, "{$1}")}`);
    const known = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(known.sort()).toEqual([...new Set(routes)].sort());
    expect(known.length).toBeGreaterThan(4);
  });

  it("gives every operation a name of its own, a summary, its path's parameters and a schema", async () => {
    const document = await (await SELF.fetch(`http://x${TIDEMARK}/openapi.json`)).json<Document>();
    const names = new Set<string>();
    for (const [path, operations] of Object.entries(document.paths)) {
      for (const operation of Object.values(operations)) {
        expect(names.has(operation.operationId), operation.operationId).toBe(false);
        names.add(operation.operationId);
        expect(operation.summary, path).toMatch(/\.$/);
        const inPath = operation.parameters.filter((p) => p.in === "path").map((p) => `{${p.name}}`);
        expect(inPath.sort(), path).toEqual((path.match(/\{[a-z_]+\}/g) ?? []).sort());
        expect(Object.keys(operation.responses), path).toEqual(expect.arrayContaining(["200", "400"]));
        for (const { schema } of Object.values(operation.responses["200"]?.content ?? {})) {
          expect(Object.keys(schema).length, path).toBeGreaterThan(0);
        }
      }
    }
  });
});

describe("a described call", () => {
  const app: App = new Hono<AppEnv>();
  app.onError((thrown) => errorResponse(toMlflowError(thrown)));
  serve(
    app,
    {
      name: "try",
      method: "POST",
      path: "/try/:id",
      tag: "T",
      summary: "T.",
      params: v.object({ id: v.pipe(v.string(), v.maxLength(3)) }),
      query: v.object({
        n: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 7),
        list: v.optional(v.array(v.number())),
        yes: v.optional(v.boolean()),
      }),
      body: v.object({ name: v.string(), deep: v.optional(v.object({ list: v.array(v.string()) })) }),
      answers: [v.object({})],
    },
    (asked) => asked,
  );
  const ask = async (path: string, body: string) => {
    const request = new Request(`http://x${TIDEMARK}/try/${path}`, { method: "POST", body });
    const answer = await app.fetch(request, env, createExecutionContext());
    return { status: answer.status, body: await answer.json<Record<string, unknown>>() };
  };

  it("reads texts as its schema says", async () => {
    const { body } = await ask("a?n=3&list=1&list=2&yes=true&other=1", '{"name":"x","deep":null,"more":1}');
    expect(body).toEqual({ params: { id: "a" }, query: { n: 3, list: [1, 2], yes: true }, body: { name: "x" } });
    expect((await ask("a", '{"name":"x"}')).body.query).toEqual({ n: 7 });
  });

  it.each([
    ["abcd", '{"name":"x"}', "'id'", "Expected <=3"],
    ["a?n=1.5", '{"name":"x"}', "'n'", "1.5"],
    ["a?n=0", '{"name":"x"}', "'n'", "Expected >=1"],
    ["a?n=x", '{"name":"x"}', "'n'", "Expected number"],
    ["a?list=1&list=y", '{"name":"x"}', "'list.1'", '"y"'],
    ["a?yes=1", '{"name":"x"}', "'yes'", "Expected boolean"],
    ["a", "{}", "'name'", "Missing value"],
    ["a", '{"name":null}', "'name'", "Missing value"],
    ["a", '{"name":7}', "'name'", "Expected string"],
    ["a", '{"name":"x","deep":{"list":["a",1]}}', "'deep.list.1'", "Expected string"],
    ["a", "[1]", "JSON object", ""],
    ["a", "{", "not valid JSON", ""],
  ])("refuses %s with %s, naming the field", async (path, sent, field, why) => {
    const { status, body } = await ask(path, sent);
    expect([status, body.error_code]).toEqual([400, "INVALID_PARAMETER_VALUE"]);
    expect(body.message).toContain(field);
    expect(body.message).toContain(why);
  });

  it("is listed", () => {
    expect(callsOf(app).map((call) => call.name)).toEqual(["try"]);
  });
});
