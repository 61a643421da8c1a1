import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { plansOf, type Spied, spied } from "../tracking/helpers";
import { call, getVersion, INVALID, type Json, newModel, newVersion, ok, refused } from "./registry-helpers";

const PROMPT = { key: "mlflow.prompt.is_prompt", value: "true" };
const names = (answer: Json): string[] => (answer.registered_models ?? []).map((m: Json) => m.name);
const places = (answer: Json): string[] => (answer.model_versions ?? []).map((v: Json) => `${v.name}/${v.version}`);

const models = async (asked: Json) => names(await ok("GET", "registered-models/search", asked));
const versions = async (asked: Json) => places(await ok("GET", "model-versions/search", asked));

/** All pages, each as its list. */
async function pages(path: string, asked: Json, read: (answer: Json) => string[]): Promise<string[][]> {
  const all: string[][] = [];
  let token: string | undefined;
  do {
    const answer: Json = await ok("GET", path, { ...asked, ...(token && { page_token: token }) });
    all.push(read(answer));
    token = answer.next_page_token;
  } while (token);
  return all;
}

/** Versions get times of their own, so that orders are known. */
const at = (name: string, version: number, created: number, updated: number) =>
  env.DB.prepare(
    `UPDATE model_versions SET creation_time = ?, last_updated_time = ?
     WHERE model_id = (SELECT model_id FROM registered_models WHERE name = ?) AND version = ?`,
  )
    .bind(created, updated, name, version)
    .run();

beforeAll(async () => {
  for (const [i, [name, tag]] of (
    [
      ["Beta", "1"],
      ["alpha", "2"],
      ["a_c", "3"],
      ["abc", "1"],
    ] as const
  ).entries()) {
    await newModel({ name, tags: [{ key: "t", value: tag }, ...(i === 3 ? [{ key: "k.x y", value: "v" }] : [])] });
    await env.DB.prepare("UPDATE registered_models SET last_updated_time = ? WHERE name = ?")
      .bind(i === 3 ? 1 : i + 1, name)
      .run();
  }
  await newModel({ name: "prompt", tags: [PROMPT, { key: "t", value: "1" }] });
  for (let i = 1; i <= 4; i++) {
    await newVersion("alpha", { run_id: `r${i % 2}`, source: `s3://b/${i}`, tags: [{ key: "v", value: String(i) }] });
    await at("alpha", i, i, i === 2 ? 9 : i);
  }
  for (let i = 1; i <= 2; i++) {
    await newVersion("Beta", { source: `s3://B/${i}` });
    await at("Beta", i, 10 + i, 3);
  }
  await newVersion("prompt", { source: "dummy-source", tags: [PROMPT, { key: "v", value: "1" }] });
  await env.DB.prepare("UPDATE registered_models SET last_updated_time = 1 WHERE name IN ('Beta', 'abc')").run();
  await env.DB.prepare("UPDATE registered_models SET last_updated_time = 2 WHERE name = 'alpha'").run();
});

describe("registered models", () => {
  test.each([
    ["", ["Beta", "a_c", "abc", "alpha"]],
    ["name LIKE 'a%'", ["a_c", "abc", "alpha"]],
    ["name ILIKE 'B%'", ["Beta"]],
    ["name LIKE 'a_c'", ["a_c", "abc"]],
    ["name != 'abc' AND tags.t = '1'", ["Beta"]],
    ["name IN ('abc', 'Beta')", ["Beta", "abc"]],
    ["name NOT IN ('abc', 'Beta')", ["a_c", "alpha"]],
    ["tags.`k.x y` = 'v'", ["abc"]],
    ["tags.t != '1'", ["a_c", "alpha"]],
    ["tags.nope != '1'", []],
    ["tags.t = '1' OR name = 'alpha'", ["Beta", "abc", "alpha"]],
    ["NOT (tags.t = '1' OR name = 'alpha')", ["a_c"]],
    ["tags.`k.x y` IS NULL", ["Beta", "a_c", "alpha"]],
  ])("%s", async (filter, found) => {
    expect(await models({ filter })).toEqual(found);
  });

  test("prompts show only to who asks for them", async () => {
    const tag = "tags.`mlflow.prompt.is_prompt`";
    for (const filter of [`${tag} = 'true'`, `${tag} != 'false'`, `${tag} = 'true' AND tags.t = '1'`]) {
      expect(await models({ filter })).toEqual(["prompt"]);
    }
    for (const filter of [`${tag} != 'true'`, `${tag} = 'false'`, `${tag} LIKE 'tr%'`]) {
      expect(await models({ filter })).toEqual(["Beta", "a_c", "abc", "alpha"]);
    }
  });

  test("orders, and pages by key", async () => {
    expect(await models({ order_by: ["name DESC"] })).toEqual(["alpha", "abc", "a_c", "Beta"]);
    const byTime = { order_by: ["timestamp DESC", "name DESC"] };
    expect(await models(byTime)).toEqual(["a_c", "alpha", "abc", "Beta"]);
    expect(await models({ order_by: ["last_updated_timestamp"] })).toEqual(["Beta", "abc", "alpha", "a_c"]);
    for (const order_by of [[], ["name DESC"], ["timestamp DESC"], ["timestamp"], byTime.order_by]) {
      const whole = await models({ order_by });
      const paged = await pages("registered-models/search", { order_by, max_results: 3 }, names);
      expect(paged).toEqual([whole.slice(0, 3), whole.slice(3)]);
    }
  });

  test("a page that is exactly full is the last", async () => {
    const answer = await ok("GET", "registered-models/search", { max_results: 4 });
    expect(answer).not.toHaveProperty("next_page_token");
  });

  test("models come whole", async () => {
    await ok("POST", "registered-models/alias", { name: "alpha", alias: "a", version: "2" });
    const { registered_models } = await ok("GET", "registered-models/search", { filter: "name = 'alpha'" });
    expect(registered_models).toEqual([
      {
        name: "alpha",
        creation_timestamp: expect.any(Number),
        last_updated_timestamp: 2,
        tags: [{ key: "t", value: "2" }],
        aliases: [{ alias: "a", version: "2" }],
        latest_versions: [expect.objectContaining({ version: "4", tags: [{ key: "v", value: "4" }] })],
      },
    ]);
  });
});

const VERSIONS = ["alpha/2", "alpha/4", "Beta/2", "Beta/1", "alpha/3", "alpha/1"];

describe("model versions", () => {
  test.each([
    ["", VERSIONS],
    ["name = 'alpha'", ["alpha/2", "alpha/4", "alpha/3", "alpha/1"]],
    ["name = 'nobody'", []],
    ["name LIKE 'B%'", ["Beta/2", "Beta/1"]],
    ["name IN ('alpha', 'nobody') AND version_number > 2", ["alpha/4", "alpha/3"]],
    ["run_id = 'r1'", ["alpha/3", "alpha/1"]],
    ["run_id IN ('r0', 'r1')", ["alpha/2", "alpha/4", "alpha/3", "alpha/1"]],
    ["run_id NOT IN ('r0', 'r1')", ["Beta/2", "Beta/1"]],
    ["source_path LIKE 's3://b/%'", ["alpha/2", "alpha/4", "alpha/3", "alpha/1"]],
    ["version_number = '2'", ["alpha/2", "Beta/2"]],
    ["tags.v = '3'", ["alpha/3"]],
    ["tags.v != '3' AND name = 'alpha'", ["alpha/2", "alpha/4", "alpha/1"]],
    ["version_number = 4 OR name = 'Beta'", ["alpha/4", "Beta/2", "Beta/1"]],
  ])("%s", async (filter, found) => {
    expect(await versions({ filter })).toEqual(found);
  });

  test("a prompt's versions show only to who asks for them", async () => {
    const tag = "tags.`mlflow.prompt.is_prompt`";
    expect(await versions({ filter: "name = 'prompt'" })).toEqual([]);
    expect(await versions({ filter: `${tag} = 'true' AND name = 'prompt'` })).toEqual(["prompt/1"]);
    expect(await versions({ filter: `${tag} != 'true' AND tags.v = '1'` })).toEqual(["alpha/1"]);
  });

  test("orders, and pages by key", async () => {
    expect(await versions({ order_by: ["version_number", "name DESC"] })).toEqual([
      "alpha/1",
      "Beta/1",
      "alpha/2",
      "Beta/2",
      "alpha/3",
      "alpha/4",
    ]);
    for (const filter of ["", "name = 'alpha'", "name LIKE '%a'"]) {
      for (const order_by of [
        [],
        ["name DESC"],
        ["version_number"],
        ["creation_timestamp DESC"],
        ["name", "version_number"],
      ]) {
        const whole = await versions({ filter, order_by });
        const paged = await pages("model-versions/search", { filter, order_by, max_results: 2 }, places);
        expect(paged.flat()).toEqual(whole);
        expect(paged.length).toBe(Math.ceil(whole.length / 2));
      }
    }
  });

  test("a page goes on where it ended, whatever came in between", async () => {
    const name = await newModel();
    for (let i = 1; i <= 4; i++) {
      await newVersion(name);
      await at(name, i, i, i);
    }
    const asked = { filter: `name = '${name}'`, max_results: 2 };
    const first = await ok("GET", "model-versions/search", asked);
    await newVersion(name);
    const second = await ok("GET", "model-versions/search", { ...asked, page_token: first.next_page_token });
    expect([places(first), places(second)]).toEqual([
      [`${name}/4`, `${name}/3`],
      [`${name}/2`, `${name}/1`],
    ]);
  });

  test("rows have tags and no aliases", async () => {
    const { model_versions } = await ok("GET", "model-versions/search", { filter: "tags.v = '2'" });
    const { aliases: _, ...version } = await getVersion("alpha", 2);
    expect(model_versions).toEqual([version]);
  });
});

test("what is no search is refused", async () => {
  const [rm, mv] = ["registered-models/search", "model-versions/search"];
  for (const [path, asked, words] of [
    [rm, { filter: "foo = 'a'" }, "Invalid attribute key 'foo' specified. Valid keys are '{'name'}'"],
    [rm, { filter: "name > 'a'" }, "Invalid comparator for attribute: >"],
    [rm, { filter: "tags.a > 'a'" }, "Invalid comparator for tag: >"],
    [rm, { filter: "name = a" }, "Parameter value is either not quoted"],
    [rm, { order_by: "tags.a" }, "Invalid order by key 'tags.a' specified. Valid keys are '{'name', 'timestamp'}'"],
    [rm, { order_by: "name DES" }, "Invalid ordering key in order_by clause 'name DES'."],
    [rm, { max_results: 0 }, "It must be a positive integer"],
    [rm, { max_results: 1001 }, "Invalid value \"1001\" for parameter 'max_results'"],
    [rm, { page_token: "zz" }, "Invalid page token, could not base64-decode"],
    [rm, { page_token: btoa('{"after":[1,2,3]}') }, "Invalid page token, parsed value="],
    [mv, { filter: "name = 5" }, "attributes support comparison with numeric values."],
    [mv, { filter: "run_id IN ()" }, "expected a non-empty list of string values"],
    [mv, { filter: "source_path IN ('a')" }, "attributes support comparison with a list of quoted string values."],
    [mv, { max_results: 0 }, "Invalid value for max_results. It must be a positive integer, but got 0"],
    [mv, { max_results: 200_001 }, "Invalid value \"200001\" for parameter 'max_results'"],
    [mv, { order_by: "foo" }, "Invalid attribute key 'foo' specified."],
    [mv, { page_token: btoa('{"after":[[],{},null]}') }, "Invalid page token"],
  ] as const) {
    await refused("GET", path, asked, 400, INVALID, words);
  }
});

describe("cost", () => {
  const search = (path: string, asked: Json) => spied(`${path}?${new URLSearchParams(asked)}`);
  const MV = "model-versions/search";

  /** The plan of a page's rows; what belongs to them is read by their keys. */
  const pagePlan = async ({ statements }: Spied) => (await plansOf(statements.slice(0, 1))).join("\n");

  async function plan({ statements }: Spied): Promise<string> {
    const steps = await plansOf(statements);
    for (const step of steps) expect(step).not.toMatch(/SCAN (?!json_each|s\b|page|\(subquery)/);
    return steps.join("\n");
  }

  test("a model's versions come along their own index, page by page", async () => {
    const first = await search(MV, { filter: "name = 'alpha'", max_results: "1" });
    expect(first.trips).toBe(1);
    const next = await search(MV, {
      filter: "name = 'alpha'",
      max_results: "1",
      page_token: first.answer.next_page_token,
    });
    for (const one of [first, next]) {
      const steps = await plan(one);
      expect(steps).toContain("model_versions_by_update");
      expect(steps).toContain("model_versions_of_prompts");
      expect(await pagePlan(one)).not.toContain("TEMP B-TREE");
    }
    expect(await pagePlan(next)).toMatch(/model_versions_by_update \(model_id=\? AND last_updated_time<\?\)/);
  });

  test("all versions come along the order of their changes", async () => {
    const first = await search(MV, { max_results: "1" });
    expect(await pagePlan(first)).toContain("SCAN v USING INDEX model_versions_recent");
    const next = await search(MV, { max_results: "1", page_token: first.answer.next_page_token });
    expect(await pagePlan(next)).toContain("SEARCH v USING INDEX model_versions_recent (last_updated_time<?)");
    // Only versions changed at the same moment are sorted: by name and number.
    for (const one of [first, next]) expect(await pagePlan(one)).toContain("TEMP B-TREE FOR LAST 2 TERMS OF ORDER BY");
  });

  test("a run's versions, and a model by name or by its beginning, are looked up", async () => {
    expect(await plan(await search(MV, { filter: "run_id = 'r1'" }))).toContain("model_versions_by_run (run_id=?)");
    const rm = "registered-models/search";
    expect(await plan(await search(rm, { filter: "name LIKE 'al%'" }))).toContain("name>? AND name<?");
    const all = await search(rm, { max_results: "1" });
    const next = await search(rm, { max_results: "1", page_token: all.answer.next_page_token });
    for (const one of [all, next]) expect(await plan(one)).toContain("registered_models_name (workspace=?");
  });

  test("a model is read whole by its name, without walking its versions", async () => {
    const steps = await plan(await spied("registered-models/get?name=alpha"));
    expect(steps).toContain("model_versions_staged (model_id=? AND stage=?)");
  });

  test("writes few rows in one trip", async () => {
    const name = `cost-${crypto.randomUUID()}`;
    const written = async (path: string, body: Json) => {
      const { trips, rowsWritten } = await spied(path, body);
      return [trips, rowsWritten];
    };
    // The model and its name's index.
    expect(await written("registered-models/create", { name })).toEqual([1, 2]);
    // The model's counter; the version with its three indexes; a tag.
    const version = { name, source: "s3://b/m", tags: [{ key: "a", value: "1" }] };
    expect(await written("model-versions/create", version)).toEqual([1, 6]);
    const alias = { name, alias: "a", version: "1" };
    expect(await written("registered-models/alias", alias)).toEqual([1, 1]);
    expect(await written("registered-models/alias", alias)).toEqual([1, 0]);
    const tag = { name, version: "1", key: "a", value: "1" };
    expect(await written("model-versions/set-tag", tag)).toEqual([1, 0]);
    expect(await written("model-versions/set-tag", { ...tag, value: "2" })).toEqual([1, 1]);
  });

  test("10,000 versions of a model: every page is one trip, the last as quick as the first", async () => {
    const name = await newModel();
    await env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
       INSERT INTO model_versions SELECT m.model_id, i, i, i / 7, '', 'None', 's3://b/m', 's3://b/m', '', ''
       FROM n JOIN registered_models m WHERE m.name = ?`,
    )
      .bind(name)
      .run();
    const paged = await pages(MV, { filter: `name = '${name}'`, max_results: 1000 }, places);
    expect(paged.map((page) => page.length)).toEqual(Array.from({ length: 10 }, () => 1000));
    expect(new Set(paged.flat()).size).toBe(10_000);
    const [status, whole] = await call("GET", MV, { filter: `name = '${name}'`, max_results: 200_000 });
    expect([status, whole.model_versions.length]).toEqual([200, 10_000]);
  });
});
