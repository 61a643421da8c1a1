import { SELF } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { newExperiment, newRun, ok as okTracking } from "../tracking/helpers";
import {
  call,
  getModel,
  getVersion,
  INVALID,
  type Json,
  MISSING,
  newModel,
  newVersion,
  ok,
  refused,
  uniqueName,
} from "./registry-helpers";

describe("numbers", () => {
  test("32 versions created at once have 32 numbers", async () => {
    const name = await newModel();
    const created = await Promise.all(Array.from({ length: 32 }, () => newVersion(name)));
    const numbers = created.map(({ version }) => Number(version)).sort((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: 32 }, (_, i) => i + 1));
  });

  test("a number is never handed out again, not even the newest", async () => {
    const name = await newModel();
    for (let i = 0; i < 3; i++) await newVersion(name);
    for (const version of ["3", "1"]) await ok("DELETE", "model-versions/delete", { name, version });
    expect((await newVersion(name)).version).toBe("4");
    await refused("GET", "model-versions/get", { name, version: "3" }, 404, MISSING, "version=3) not found");
    await refused("DELETE", "model-versions/delete", { name, version: "3" }, 404, MISSING, "version=3) not found");
  });

  test("a creation that fails takes no number", async () => {
    const name = await newModel();
    await refused(
      "POST",
      "model-versions/create",
      { name, source: "/etc" },
      400,
      INVALID,
      "Invalid model version source",
    );
    expect((await newVersion(name)).version).toBe("1");
  });

  test("are read as Python reads integers", async () => {
    const name = await newModel();
    await newVersion(name);
    for (const version of ["1", "01", " +1 "]) expect((await getVersion(name, version)).version).toBe("1");
    await refused(
      "GET",
      "model-versions/get",
      { name, version: "1.0" },
      400,
      INVALID,
      "must be an integer, got '1.0'.",
    );
    await refused("GET", "model-versions/get", { name, version: "9".repeat(30) }, 404, MISSING, "not found");
    await refused("DELETE", "model-versions/delete", { name, version: 1 }, 400, INVALID, "Value was of type 'int'");
    await refused("DELETE", "model-versions/delete", { name: "a/b", version: "x" }, 400, INVALID, "got 'x'.");
  });
});

describe("life", () => {
  test("a version is created, described and deleted with what it has", async () => {
    const name = await newModel();
    const tags = [{ key: "t", value: "1" }];
    const created = await newVersion(name, { run_link: "https://r", description: "d", tags });
    const { creation_timestamp: time } = created;
    expect(created).toEqual({
      name,
      version: "1",
      creation_timestamp: time,
      last_updated_timestamp: time,
      current_stage: "None",
      description: "d",
      source: "s3://bucket/model",
      run_id: "",
      status: "READY",
      tags,
      run_link: "https://r",
    });
    expect(await getVersion(name, 1)).toEqual(created);
    expect((await getModel(name)).last_updated_timestamp).toBe(time);
    const update = { name, version: "1" };
    const { model_version: plain } = await ok("PATCH", "model-versions/update", update);
    expect(plain).not.toHaveProperty("description");
    const { model_version: empty } = await ok("PATCH", "model-versions/update", { ...update, description: "" });
    expect(empty.description).toBe("");
    await ok("POST", "registered-models/alias", { ...update, alias: "a" });
    await ok("DELETE", "model-versions/delete", update);
    expect(await getModel(name)).not.toHaveProperty("aliases");
    for (const table of ["model_versions", "model_version_tags", "registered_model_aliases"]) {
      const id = "(SELECT model_id FROM registered_models WHERE name = ?)";
      const left = env.DB.prepare(`SELECT count(*) AS n FROM ${table} WHERE model_id = ${id}`).bind(name);
      expect(await left.first(), table).toEqual({ n: 0 });
    }
    await refused("PATCH", "model-versions/update", update, 404, MISSING, `(name=${name}, version=1) not found`);
    await refused("POST", "model-versions/set-tag", { ...update, key: "k" }, 404, MISSING, "version=1) not found");
  });

  test("an unknown model gets no version", async () => {
    const body = { name: uniqueName(), source: "s3://b/m" };
    await refused(
      "POST",
      "model-versions/create",
      body,
      404,
      MISSING,
      `Registered Model with name=${body.name} not found`,
    );
  });

  test("texts and tags too long for the database are refused, and what fits is kept", async () => {
    const name = await newModel();
    const long = "x".repeat(600_001);
    const create = "model-versions/create";
    await refused(
      "POST",
      create,
      { name, source: "s3://b/m", description: long },
      400,
      INVALID,
      "'description' is too",
    );
    await refused(
      "POST",
      create,
      { name, source: `s3://b/${"m".repeat(300_000)}` },
      400,
      INVALID,
      "'source' is too long",
    );
    await refused("PATCH", "registered-models/update", { name, description: long }, 400, INVALID, "is too long");
    await refused(
      "POST",
      "registered-models/create",
      { name: long },
      400,
      INVALID,
      "'name' exceeds the maximum length",
    );
    const tags = Array.from({ length: 30 }, (_, i) => ({ key: `k${i + 10}`, value: "ä".repeat(100_000) }));
    const description = "ä".repeat(500_000);
    await newVersion(name, { tags, description });
    expect(await getVersion(name, 1)).toMatchObject({ tags, description });
  });

  test("tags are set, changed and deleted", async () => {
    const name = await newModel();
    await newVersion(name, {
      tags: [
        { key: "t", value: "1" },
        { key: "t", value: "2" },
      ],
    });
    const version = { name, version: "1" };
    await ok("POST", "model-versions/set-tag", { ...version, key: "k", value: "1" });
    await ok("POST", "model-versions/set-tag", { ...version, key: "k" });
    expect((await getVersion(name, 1)).tags).toEqual([
      { key: "k", value: "" },
      { key: "t", value: "2" },
    ]);
    for (const key of ["k", "nope"]) await ok("DELETE", "model-versions/delete-tag", { ...version, key });
    expect((await getVersion(name, 1)).tags).toEqual([{ key: "t", value: "2" }]);
    const long = { ...version, key: "mlflow.prompt.text", value: "x".repeat(100_001) };
    await refused("POST", "model-versions/set-tag", long, 400, INVALID, "Prompt text exceeds max length of 100000");
  });
});

describe("stages", () => {
  const move = (name: string, version: string, stage: string, archive = false) =>
    ok("POST", "model-versions/transition-stage", { name, version, stage, archive_existing_versions: archive });

  test("a version moves, and the others of its stage are archived where that is asked", async () => {
    const name = await newModel();
    for (let i = 0; i < 3; i++) await newVersion(name);
    await move(name, "1", "PRODUCTION");
    expect((await move(name, "2", "production")).model_version.current_stage).toBe("Production");
    expect((await getVersion(name, 1)).current_stage).toBe("Production");
    await move(name, "3", "Production", true);
    const stages = await Promise.all([1, 2, 3].map(async (v) => (await getVersion(name, v)).current_stage));
    expect(stages).toEqual(["Archived", "Archived", "Production"]);
    await move(name, "3", "Production", true);
    expect((await getVersion(name, 3)).current_stage).toBe("Production");
  });

  test("what can't be moved moves nothing", async () => {
    const name = await newModel();
    await newVersion(name);
    await move(name, "1", "Staging");
    const path = "model-versions/transition-stage";
    const body = { name, version: "9", stage: "Staging", archive_existing_versions: true };
    await refused("POST", path, body, 404, MISSING, "version=9) not found");
    expect((await getVersion(name, 1)).current_stage).toBe("Staging");
    await refused("POST", path, { ...body, stage: "Bogus" }, 400, INVALID, "Invalid Model Version stage: Bogus.");
    await refused("POST", path, { ...body, stage: "none" }, 400, "INTERNAL_ERROR", "'none' is not an Active stage");
  });
});

describe("sources", () => {
  async function withRun() {
    const experiment = await newExperiment();
    const run = await newRun(experiment);
    const { model } = await okTracking("logged-models", { experiment_id: experiment, name: "lm", source_run_id: run });
    return { experiment, run, logged: model.info.model_id as string, name: await newModel() };
  }

  test("a logged model's version has its run and files, and the logged model lists it", async () => {
    const { experiment, run, logged, name } = await withRun();
    const first = await newVersion(name, { source: `models:/${logged}`, model_id: logged });
    expect(first).toMatchObject({ run_id: run, source: `models:/${logged}` });
    await newVersion(name, { source: `models:/${logged}`, model_id: logged });
    const files = `mlflow-artifacts:/${experiment}/models/${logged}/artifacts`;
    expect(await ok("GET", "model-versions/get-download-uri", { name, version: "1" })).toEqual({ artifact_uri: files });
    const { model } = await okTracking(`logged-models/${logged}`);
    const listed = `[{"name": "${name}", "version": 1}, {"name": "${name}", "version": 2}]`;
    expect(model.info.tags).toEqual([{ key: "mlflow.modelVersions", value: listed }]);
  });

  test("what stands in place of the list gives way, a list in other spaces stays", async () => {
    const { logged, name } = await withRun();
    const put = (value: string) =>
      env.DB.prepare("INSERT OR REPLACE INTO logged_model_tags VALUES (?, 'mlflow.modelVersions', ?)")
        .bind(logged, value)
        .run();
    const list = async () => {
      await newVersion(name, { source: "s3://b/m", model_id: logged });
      return (await okTracking(`logged-models/${logged}`)).model.info.tags[0].value;
    };
    await put("no list");
    expect(JSON.parse(await list())).toEqual([{ name, version: 1 }]);
    await put(" [ [1] ]\n");
    expect(JSON.parse(await list())).toEqual([[1], { name, version: 2 }]);
    await put("[ ]");
    expect(JSON.parse(await list())).toEqual([{ name, version: 3 }]);
  });

  test("a copy comes from where its original does", async () => {
    const { experiment, run, name } = await withRun();
    const source = `mlflow-artifacts:/${experiment}/${run}/artifacts/model`;
    await newVersion(name, { source, run_id: run });
    await ok("POST", "registered-models/alias", { name, alias: "champion", version: "1" });
    await ok("POST", "model-versions/transition-stage", { name, version: "1", stage: "Production" });
    const copy = await newModel();
    for (const which of ["/1", "/01", "@champion", "/production", "/Latest"]) {
      const made = await newVersion(copy, { source: `models:/${name}${which}` });
      expect(made).toMatchObject({ run_id: run, source: `models:/${name}/1` });
    }
    await ok("DELETE", "registered-models/delete", { name });
    const uri = await ok("GET", "model-versions/get-download-uri", { name: copy, version: "5" });
    expect(uri).toEqual({ artifact_uri: source });
  });

  test("a copy of nothing, of a prompt or with other ids is refused", async () => {
    const name = await newModel();
    await newVersion(name);
    const prompt = await newModel({ tags: [{ key: "mlflow.prompt.is_prompt", value: "true" }] });
    const create = (body: Json, status: number, code: string, words: string) =>
      refused("POST", "model-versions/create", { name, ...body }, status, code, words);
    await create({ source: "models:/nobody/1" }, 404, MISSING, "name=nobody not found");
    await create({ source: `models:/${name}/9` }, 404, MISSING, "version=9) not found");
    await create({ source: `models:/${name}@nope` }, 400, INVALID, "alias nope not found");
    await create({ source: `models:/${name}/Staging` }, 404, MISSING, "and stage 'Staging' found");
    await create({ source: `models:/${name}/Bogus` }, 400, INVALID, "Invalid Model Version stage: Bogus");
    await create(
      { source: `models:/${name}/1`, run_id: "other" },
      400,
      INVALID,
      "must match the referenced model version",
    );
    await create({ source: `models:/${prompt}/1` }, 400, INVALID, "Prompt versions cannot be used");
    await create({ source: "s3://b/m", model_id: "m-nope" }, 404, MISSING, "Logged model with ID 'm-nope' not found.");
  });

  test("files in the server's storage must be those of the run", async () => {
    const { experiment, run, logged, name } = await withRun();
    const root = `mlflow-artifacts:/${experiment}/${run}/artifacts`;
    await newVersion(name, { source: `${root}/a`, run_id: run });
    await newVersion(name, { source: `runs:/${run}/a`, run_id: run });
    for (const body of [
      { source: `${root}/a` },
      { source: `${root}x`, run_id: run },
      { source: `${root}/a`, run_id: "other" },
      { source: `runs:/${run}/a` },
      { source: `${root}/a`, run_id: run, model_id: logged },
    ]) {
      await refused(
        "POST",
        "model-versions/create",
        { name, ...body },
        400,
        INVALID,
        "must identify the resource that",
      );
    }
  });

  test("a version's file comes from its source", async () => {
    const { experiment, run, name } = await withRun();
    const root = `${experiment}/${run}/artifacts/model`;
    await env.ARTIFACTS.put(`artifacts/${root}/MLmodel`, "flavors: {}");
    await newVersion(name, { source: `mlflow-artifacts:/${root}`, run_id: run });
    const get = (query: string) => SELF.fetch(`http://tidemark/model-versions/get-artifact?name=${name}&${query}`);
    expect(await (await get("version=1&path=MLmodel")).text()).toBe("flavors: {}");
    expect((await get("version=1&path=nope")).status).toBe(404);
    expect((await get("version=2&path=MLmodel")).status).toBe(404);
    expect((await get("version=1&path=../x")).status).toBe(400);
    expect((await get("version=1")).status).toBe(400);
  });

  test("a prompt's source is a placeholder", async () => {
    const tags = [{ key: "mlflow.prompt.is_prompt", value: "true" }];
    const name = await newModel({ tags });
    const [status, { model_version }] = await call("POST", "model-versions/create", {
      name,
      source: "dummy-source",
      tags,
    });
    expect([status, model_version.source]).toEqual([200, "dummy-source"]);
    const other = { name, source: "s3://b/m", tags };
    await refused("POST", "model-versions/create", other, 400, INVALID, "Invalid prompt source: 's3://b/m'.");
  });
});
