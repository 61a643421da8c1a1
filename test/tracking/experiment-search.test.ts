import { beforeAll, describe, expect, test } from "vitest";
import { type Json, newExperiment, ok, refused, spied } from "./helpers";

const INVALID = "INVALID_PARAMETER_VALUE";

const search = async (request: Json): Promise<string[]> =>
  ((await ok("experiments/search", { max_results: 100, ...request })).experiments ?? []).map((e: Json) => e.name);

beforeAll(async () => {
  for (const name of ["Alpha", "alpine", "beta_1", "betaX1", "100%[x]"]) await newExperiment({ name });
  await ok("experiments/delete", { experiment_id: await newExperiment({ name: "gone", tags: [{ key: "k" }] }) });
});

describe("views and pages", () => {
  test("active ones are the default, the newest first", async () => {
    const names = await search({});
    expect(names).toHaveLength(6);
    expect(names).toContain("Default");
    expect(await search({ view_type: "DELETED_ONLY" })).toEqual(["gone"]);
    expect(await search({ view_type: "ALL" })).toHaveLength(7);
    expect(await search({ view_type: "BAD" })).toHaveLength(6);
  });

  test("carry tags", async () => {
    const { experiments } = await ok("experiments/search", { max_results: 1, view_type: "DELETED_ONLY" });
    expect(experiments).toMatchObject([{ name: "gone", tags: [{ key: "k", value: "" }] }]);
  });

  test("pages end without a token", async () => {
    const order_by = ["name"];
    const all = await search({ order_by });
    const seen: string[] = [];
    let page_token: string | undefined;
    do {
      const page = await ok("experiments/search", { max_results: 2, order_by, page_token });
      seen.push(...page.experiments.map((e: Json) => e.name));
      page_token = page.next_page_token;
    } while (page_token);
    expect(seen).toEqual(all);
    expect(await spied("experiments/search", { max_results: 2 })).toMatchObject({ trips: 1, rowsWritten: 0 });
  });

  test("GET works too", async () => {
    const { experiments } = await ok("experiments/search?max_results=10&filter=name%20%3D%20'Alpha'");
    expect(experiments).toMatchObject([{ name: "Alpha" }]);
  });

  test.each([
    [{ max_results: undefined }, "Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer"],
    [{ max_results: -1 }, "Invalid value -1 for parameter 'max_results' supplied. It must be a positive integer"],
    [{ max_results: 50_001 }, "Invalid value 50001 for parameter 'max_results' supplied. It must be at most 50000"],
    [{ page_token: "eA==" }, "Invalid page token, decoded value=b'x'"],
    [{ filter: " " }, "Invalid filter ' '. Could not be parsed."],
    [{ order_by: ["foo"] }, "Invalid attribute key 'foo' specified."],
    [{ order_by: ["constructor"] }, "Invalid attribute key 'constructor' specified."],
    [{ order_by: ["name DES"] }, "Invalid ordering key in order_by clause 'name DES'."],
    [{ order_by: ["tags.a"] }, "Invalid order_by entity: tag"],
    [{ order_by: ["metrics.a"] }, "Invalid entity type 'metrics'. Valid entity types are ('attribute', 'tag', 'tags')"],
    [{ order_by: ["name ASC DESC"] }, "Invalid order_by clause 'name ASC DESC'. Could not be parsed."],
  ])("%j is refused", async (request, words) => {
    await refused("experiments/search", { max_results: 10, ...request }, 400, INVALID, words);
  });
});

describe("names and order", () => {
  test.each([
    ["name = 'Alpha'", ["Alpha"]],
    ['attribute.name = "Alpha"', ["Alpha"]],
    ["name != 'Alpha' AND name LIKE 'a%'", ["alpine"]],
    ["name LIKE 'Al%'", ["Alpha"]],
    ["name ILIKE 'AL%'", ["Alpha", "alpine"]],
    ["name LIKE 'beta_1'", ["betaX1", "beta_1"]],
    ["name LIKE '%[x]'", ["100%[x]"]],
    ["name = 'a' and name = 'b'", []],
  ])("%s", async (filter, names) => {
    expect(await search({ filter, order_by: ["name"] })).toEqual(names);
  });

  test("orders by its columns, numbers as numbers", async () => {
    const byId = await search({ order_by: ["experiment_id"] });
    expect(byId[0]).toBe("Default");
    expect(await search({ order_by: ["attribute.experiment_id DESC"] })).toEqual(byId.toReversed());
    expect((await search({ order_by: ["name desc"] }))[0]).toBe("beta_1");
    expect(await search({ order_by: ["creation_time", "last_update_time DESC", "name"] })).toHaveLength(6);
  });

  test("what is not served yet says so", async () => {
    await refused("experiments/search", { max_results: 1, filter: "tags.a = 'b'" }, 501, "NOT_IMPLEMENTED", "tags.a");
  });
});
