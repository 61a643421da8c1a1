import { beforeAll, describe, expect, test } from "vitest";
import { type Json, newExperiment, ok, plansOf, refused, spied } from "./helpers";

const INVALID = "INVALID_PARAMETER_VALUE";

const search = async (request: Json): Promise<string[]> =>
  ((await ok("experiments/search", { max_results: 100, ...request })).experiments ?? []).map((e: Json) => e.name);

beforeAll(async () => {
  for (const name of ["Alpha", "alpine", "beta_1", "betaX1", "100%[x]"]) await newExperiment({ name });
  await newExperiment({ name: "tagged", tags: [{ key: "team", value: "a" }] });
  await ok("experiments/delete", { experiment_id: await newExperiment({ name: "gone", tags: [{ key: "k" }] }) });
});

describe("views and pages", () => {
  test("active ones are the default, the newest first", async () => {
    const names = await search({});
    expect(names).toHaveLength(7);
    expect(names).toContain("Default");
    expect(await search({ view_type: "DELETED_ONLY" })).toEqual(["gone"]);
    expect(await search({ view_type: "ALL" })).toHaveLength(8);
    expect(await search({ view_type: "BAD" })).toHaveLength(7);
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
    [`name LIKE 'Al%${"%".repeat(60)}'`, ["Alpha"]],
    ["name = 'Alpha' OR name = 'betaX1'", ["Alpha", "betaX1"]],
    ["experiment_id = '0'", ["Default"]],
    ["experiment_id IN ('0', '00', '77')", ["Default"]],
    ["experiment_id NOT IN ('0') AND tags.team = 'a'", ["tagged"]],
    ["tags.team != 'b'", ["tagged"]],
    ["tags.team IS NOT NULL AND creation_time > 0", ["tagged"]],
    ["tags.team IS NULL AND name LIKE 'alp%'", ["alpine"]],
    ["NOT tags.team ILIKE 'A' AND name ILIKE 't%'", []],
  ])("%s", async (filter, names) => {
    expect(await search({ filter, order_by: ["name"] })).toEqual(names);
  });

  test("orders by its columns, numbers as numbers", async () => {
    const byId = await search({ order_by: ["experiment_id"] });
    expect(byId[0]).toBe("Default");
    expect(await search({ order_by: ["attribute.experiment_id DESC"] })).toEqual(byId.toReversed());
    expect((await search({ order_by: ["name desc"] }))[0]).toBe("tagged");
    expect(await search({ order_by: ["creation_time", "last_update_time DESC", "name"] })).toHaveLength(7);
  });

  test("the default order of a view comes from its index", async () => {
    const { statements } = await spied("experiments/search", { max_results: 2 });
    const plans = (await plansOf(statements)).join("\n");
    expect(plans).toContain(
      "SEARCH e USING COVERING INDEX experiments_by_creation (workspace=? AND lifecycle_stage=?)",
    );
    expect(plans).not.toMatch(/SCAN e\b/);
  });
});
