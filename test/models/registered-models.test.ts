import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import {
  call,
  getModel,
  getVersion,
  INVALID,
  MISSING,
  newModel,
  newVersion,
  ok,
  refused,
  TAKEN,
  uniqueName,
} from "./registry-helpers";

const IS_PROMPT = { key: "mlflow.prompt.is_prompt", value: "true" };

describe("life", () => {
  test("a model is created, read, described and deleted", async () => {
    const name = uniqueName();
    const tags = [{ key: "z", value: "1" }, { key: "a" }, { key: "z", value: "2" }];
    const { registered_model: created } = await ok("POST", "registered-models/create", {
      name,
      tags,
      description: "",
      deployment_job_id: "j",
    });
    const { creation_timestamp: time } = created;
    expect(created).toEqual({
      name,
      creation_timestamp: time,
      last_updated_timestamp: time,
      tags: [
        { key: "a", value: "" },
        { key: "z", value: "2" },
      ],
    });
    expect(await getModel(name)).toEqual(created);
    const { registered_model: described } = await ok("PATCH", "registered-models/update", { name, description: "d" });
    expect(described.description).toBe("d");
    const { registered_model: plain } = await ok("PATCH", "registered-models/update", { name });
    expect(plain).not.toHaveProperty("description");
    expect(await ok("DELETE", "registered-models/delete", { name })).toEqual({});
    await refused(
      "GET",
      "registered-models/get",
      { name },
      404,
      MISSING,
      `Registered Model with name=${name} not found`,
    );
    await refused("DELETE", "registered-models/delete", { name }, 404, MISSING, "not found");
  });

  test("names are checked, and taken once", async () => {
    for (const [name, words] of [
      ["a/b", "Invalid model name 'a/b'. Names cannot contain '/' or ':'."],
      ["a:b", "Invalid model name 'a:b'."],
      ["  ", "Missing value for required parameter 'name'."],
      ["..", "This name would resolve to '..'"],
    ] as const) {
      await refused("POST", "registered-models/create", { name }, 400, INVALID, words);
    }
    const name = await newModel();
    await refused(
      "POST",
      "registered-models/create",
      { name },
      400,
      TAKEN,
      `Registered Model (name=${name}) already exists.`,
    );
    const prompt = { name, tags: [IS_PROMPT] };
    const mixed = `Tried to create a prompt with name '${name}', but the name is already taken by a registered model.`;
    await refused("POST", "registered-models/create", prompt, 400, TAKEN, mixed);
    const taken = await newModel({ tags: [IS_PROMPT] });
    await refused("POST", "registered-models/create", { name: taken }, 400, TAKEN, "already taken by a prompt");
    await refused("POST", "registered-models/create", { ...prompt, name: taken }, 400, TAKEN, `Prompt (name=${taken})`);
  });

  test("a model deleted leaves nothing to one that takes its name", async () => {
    const name = await newModel({ tags: [{ key: "a", value: "1" }] });
    await newVersion(name, { tags: [{ key: "a", value: "1" }] });
    await ok("POST", "registered-models/alias", { name, alias: "x", version: "1" });
    await ok("DELETE", "registered-models/delete", { name });
    expect(await newModel({ name })).toBe(name);
    expect(await getModel(name)).toEqual({
      name,
      creation_timestamp: expect.any(Number),
      last_updated_timestamp: expect.any(Number),
    });
    expect((await newVersion(name)).version).toBe("1");
    expect(await getVersion(name, 1)).not.toHaveProperty("tags");
    const left = await env.DB.prepare("SELECT count(*) AS n FROM registered_model_aliases").first<{ n: number }>();
    expect(left?.n).toBe(0);
  });
});

describe("rename", () => {
  test("versions, tags and aliases follow", async () => {
    const name = await newModel({ tags: [{ key: "a", value: "1" }] });
    const before = await newVersion(name, { tags: [{ key: "t", value: "1" }] });
    await ok("POST", "registered-models/alias", { name, alias: "champion", version: "1" });
    const renamed = uniqueName();
    const { registered_model: model } = await ok("POST", "registered-models/rename", { name, new_name: renamed });
    expect(model).toMatchObject({
      name: renamed,
      tags: [{ key: "a", value: "1" }],
      aliases: [{ alias: "champion", version: "1" }],
      latest_versions: [{ name: renamed, version: "1", tags: [{ key: "t", value: "1" }] }],
    });
    expect(model.latest_versions[0].last_updated_timestamp).toBeGreaterThanOrEqual(before.last_updated_timestamp);
    const { model_version: found } = await ok("GET", "registered-models/alias", { name: renamed, alias: "champion" });
    expect(found).toMatchObject({ name: renamed, version: "1", aliases: ["champion"] });
    await refused("GET", "registered-models/get", { name }, 404, MISSING, "not found");
    expect((await newVersion(renamed)).version).toBe("2");
  });

  test("a name taken, an unknown model and a bad name are refused, and nothing changes", async () => {
    const [name, other] = [await newModel(), await newModel()];
    const version = await newVersion(other);
    const rename = "registered-models/rename";
    await refused("POST", rename, { name, new_name: other }, 400, TAKEN, `(name=${other}) already exists. Error: `);
    await refused("POST", rename, { name: "nobody", new_name: other }, 404, MISSING, "name=nobody not found");
    await refused("POST", rename, { name, new_name: "a/b" }, 400, INVALID, "Invalid model name 'a/b'");
    await refused("POST", rename, { name, new_name: "  " }, 400, INVALID, "required parameter 'new_name'.");
    await refused("POST", rename, { name }, 400, INVALID, "required parameter 'new_name'. See");
    expect(await getVersion(other, 1)).toEqual(version);
    expect((await getModel(name)).name).toBe(name);
    expect((await ok("POST", rename, { name, new_name: name })).registered_model.name).toBe(name);
  });
});

describe("tags", () => {
  test("are set, changed and deleted; deleting one that is not there is fine", async () => {
    const name = await newModel();
    await ok("POST", "registered-models/set-tag", { name, key: "k", value: "1" });
    await ok("POST", "registered-models/set-tag", { name, key: "k", value: "2" });
    await ok("POST", "registered-models/set-tag", { name, key: "e" });
    expect((await getModel(name)).tags).toEqual([
      { key: "e", value: "" },
      { key: "k", value: "2" },
    ]);
    await ok("DELETE", "registered-models/delete-tag", { name, key: "k" });
    await ok("DELETE", "registered-models/delete-tag", { name, key: "nope" });
    expect((await getModel(name)).tags).toEqual([{ key: "e", value: "" }]);
  });

  test("are checked", async () => {
    const name = await newModel();
    const set = "registered-models/set-tag";
    await refused("POST", set, { name: "nobody", key: "k" }, 404, MISSING, "name=nobody not found");
    await refused("DELETE", "registered-models/delete-tag", { name: "nobody", key: "k" }, 404, MISSING, "nobody");
    await refused("POST", set, { name, key: "k".repeat(251) }, 400, INVALID, "'key' exceeds the maximum length of 250");
    const long = { name, key: "k", value: "v".repeat(100_001) };
    await refused("POST", set, long, 400, INVALID, "'value' exceeds the maximum length of 100000");
    await refused("POST", set, { name, key: "b$" }, 400, INVALID, "Invalid value \"b$\" for parameter 'key'");
    expect((await call("POST", set, { ...long, value: "v".repeat(100_000) }))[0]).toBe(200);
  });
});

describe("aliases", () => {
  test("point at one version each, and move", async () => {
    const name = await newModel();
    for (let i = 0; i < 2; i++) await newVersion(name);
    for (const version of ["1", "2"]) await ok("POST", "registered-models/alias", { name, alias: "champion", version });
    await ok("POST", "registered-models/alias", { name, alias: "Champion", version: "1" });
    const aliases = [
      { alias: "Champion", version: "1" },
      { alias: "champion", version: "2" },
    ];
    expect((await getModel(name)).aliases).toEqual(aliases);
    expect((await getVersion(name, 2)).aliases).toEqual(["champion"]);
    await ok("DELETE", "registered-models/alias", { name, alias: "Champion" });
    await ok("DELETE", "registered-models/alias", { name, alias: "nope" });
    expect((await getModel(name)).aliases).toEqual(aliases.slice(1));
  });

  test("latest is the newest version there is", async () => {
    const name = await newModel();
    const latest = { name, alias: "LATEST" };
    await refused(
      "GET",
      "registered-models/alias",
      latest,
      404,
      MISSING,
      `Latest version not found for model ${name}.`,
    );
    for (let i = 0; i < 3; i++) await newVersion(name);
    await ok("POST", "model-versions/transition-stage", { name, version: "2", stage: "Production" });
    await ok("DELETE", "model-versions/delete", { name, version: "3" });
    expect((await ok("GET", "registered-models/alias", latest)).model_version.version).toBe("2");
  });

  test("are checked", async () => {
    const name = await newModel();
    await newVersion(name);
    for (const [alias, words] of [
      ["latest", "'latest' alias name (case insensitive) is reserved."],
      ["v1", "Version alias name 'v1' is reserved."],
      ["a b", "Invalid alias name: 'a b'."],
      ["a".repeat(256), "'Registered model alias name' exceeds the maximum length of 255"],
    ] as const) {
      await refused("POST", "registered-models/alias", { name, alias, version: "1" }, 400, INVALID, words);
    }
    const missing = `Model Version (name=${name}, version=9) not found`;
    await refused("POST", "registered-models/alias", { name, alias: "a", version: "9" }, 404, MISSING, missing);
    await refused("POST", "registered-models/alias", { name, alias: "a", version: "x" }, 400, INVALID, "got 'x'.");
    await refused("GET", "registered-models/alias", { name, alias: "a" }, 400, INVALID, "alias a not found.");
    await refused("GET", "registered-models/alias", { name: "no", alias: "a" }, 404, MISSING, "name=no not found");
    await refused("DELETE", "registered-models/alias", { name: "no", alias: "a" }, 404, MISSING, "name=no not found");
  });
});

test("the latest versions of the stages asked for, by both verbs", async () => {
  const name = await newModel();
  for (let i = 0; i < 4; i++) await newVersion(name);
  for (const [version, stage] of [
    ["1", "Staging"],
    ["3", "Staging"],
    ["2", "Archived"],
  ]) {
    await ok("POST", "model-versions/transition-stage", { name, version, stage });
  }
  await ok("POST", "registered-models/alias", { name, alias: "a", version: "3" });
  const latest = async (method: string, stages?: string[]) => {
    const answer = await ok(method, "registered-models/get-latest-versions", { name, ...(stages && { stages }) });
    return answer.model_versions?.map((v: { version: string }) => v.version);
  };
  // By the first version of each stage.
  expect(await latest("POST")).toEqual(["3", "2", "4"]);
  expect(await latest("GET", ["staging", "NONE"])).toEqual(["3", "4"]);
  expect(await latest("POST", ["Production"])).toBeUndefined();
  expect((await getModel(name)).latest_versions.map((v: { version: string }) => v.version)).toEqual(["3", "2", "4"]);
  const found = await ok("GET", "registered-models/search", { filter: `name = '${name}'` });
  const stages = found.registered_models[0].latest_versions.map((v: { current_stage: string }) => v.current_stage);
  expect(stages).toEqual(["Archived", "None", "Staging"]);
  const path = "registered-models/get-latest-versions";
  await refused("POST", path, { name, stages: ["Bogus"] }, 400, INVALID, "Invalid Model Version stage: Bogus.");
  await refused("POST", path, { name: "nobody", stages: ["Bogus"] }, 404, MISSING, "name=nobody not found");
});
