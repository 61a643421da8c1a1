import { describe, expect, test } from "vitest";
import {
  checkSourceHost,
  modelOrigin,
  promptOrigin,
  referenceOf,
  type SourceFacts,
} from "../../src/models/version-source";

const NOTHING: SourceFacts = { runUri: undefined, model: undefined, version: undefined };
const RUN: SourceFacts = { ...NOTHING, runUri: "mlflow-artifacts:/1/r/artifacts" };
const LOCAL: SourceFacts = { ...NOTHING, runUri: "/data/1/r/artifacts" };

const origin = (source: string, { runId, facts = NOTHING }: { runId?: string; facts?: SourceFacts } = {}) =>
  modelOrigin({ source, runId, modelId: undefined }, undefined, facts);

const NOT_ABSOLUTE = "without relative path references present";
const OUTSIDE_RUN = "The run_id request parameter must identify";
const LOCAL_PATH = "To use a local path as a model version source";

describe("sources of buckets and other stores", () => {
  test.each(["s3://b/x", "s3://b//a//b", "s3://b/a/", "s3://b/a..b/..c", "gs://b/x", "dbfs:/x#f", "foo://b/x"])(
    "%s passes, with any run",
    (source) => {
      expect(origin(source)).toEqual({ source, storageLocation: source, runId: "", modelId: undefined });
      expect(origin(source, { runId: "nope" }).runId).toBe("nope");
    },
  );

  test.each([
    "s3://b",
    "s3://b/",
    "s3:x",
    "s3://b/../x",
    "s3://b/a/./b",
    "s3://b/%2e%2e/x",
    "s3://b/%25252e%25252e/x",
    "s3://b/a%00",
    `s3://b/%${"25".repeat(40)}2e`,
    "runs:x",
    "mlflow-artifacts:",
  ])("%s is no absolute path", (source) => {
    expect(() => origin(source, { runId: "r", facts: RUN })).toThrow(NOT_ABSOLUTE);
  });

  test.each(["http://h/x", "HTTPS://h/x", "hdfs:/x", "mlflow-artifacts://host/x"])("%s names a host", (source) => {
    expect(() => checkSourceHost(source)).toThrow("addresses a host other than");
  });
});

describe("sources in the server's storage", () => {
  test.each([
    "mlflow-artifacts:/1/r/artifacts",
    "mlflow-artifacts:/1/r/artifacts/m",
    "MLFLOW-ARTIFACTS:///1/r/artifacts/m",
    "mlflow-artifacts:/1//r/%61rtifacts/m",
  ])("%s is the run's", (source) => {
    expect(origin(source, { runId: "r", facts: RUN }).source).toBe(source);
    expect(() => origin(source)).toThrow(OUTSIDE_RUN);
  });

  test.each(["mlflow-artifacts:/1/r/artifactsx", "mlflow-artifacts:/1/r", "mlflow-artifacts:/1/other/artifacts/m"])(
    "%s is not",
    (source) => {
      expect(() => origin(source, { runId: "r", facts: RUN })).toThrow(OUTSIDE_RUN);
    },
  );

  test("runs:/ names the run itself", () => {
    expect(origin("runs:/r/m", { runId: "r" }).runId).toBe("r");
    for (const source of ["runs:/other/m", "runs://host/r/m"]) {
      expect(() => origin(source, { runId: "r" })).toThrow(OUTSIDE_RUN);
    }
  });
});

describe("local paths", () => {
  test.each(["/data/1/r/artifacts/m", "file:///data/1/r/artifacts/m", "file://localhost/data/1/r/artifacts"])(
    "%s is taken where the run's files are local, too",
    (source) => {
      expect(origin(source, { runId: "r", facts: LOCAL }).storageLocation).toBe(source);
      expect(() => origin(source, { runId: "r", facts: RUN })).toThrow(LOCAL_PATH);
    },
  );

  test.each(["/data/1/r", "/data/1/r/artifacts/../../s", "model", "./model", " ", "file:///etc"])(
    "%s is not",
    (source) => {
      expect(() => origin(source, { runId: "r", facts: LOCAL })).toThrow(LOCAL_PATH);
    },
  );

  test("files of another machine are nowhere", () => {
    expect(() => origin("file://host/x", { runId: "r", facts: LOCAL })).toThrow("not a valid remote uri");
  });
});

describe("models:/ sources", () => {
  test("are references but for a logged model's id", () => {
    expect(referenceOf("models:/m/3")).toEqual({ name: "m", version: "3" });
    expect(referenceOf("models:/m/latest")).toEqual({ name: "m", stage: undefined });
    expect(referenceOf("models:/m/staging")).toEqual({ name: "m", stage: "Staging" });
    expect(referenceOf("models:/m@a")).toEqual({ name: "m", alias: "a" });
    expect(referenceOf("models:/m-1")).toBeUndefined();
    expect(referenceOf("s3://b/m/3")).toBeUndefined();
  });

  test.each(["models:/", "models:x", "models:/a/b/c", "models:/m/ ", "models:/m@"])("%s names nothing", (source) => {
    expect(() => referenceOf(source)).toThrow("The model_id request parameter must identify");
  });

  test("of another registry are refused", () => {
    expect(() => referenceOf("models://profile/m/1")).toThrow("must use the active model registry");
  });

  test("a logged model's id must be the request's", () => {
    const model = { artifactUri: "mlflow-artifacts:/1/models/m-1/artifacts", sourceRunId: "r" };
    const of = (source: string, modelId: string | undefined, found: SourceFacts["model"] = model) =>
      modelOrigin({ source, runId: undefined, modelId }, undefined, { ...NOTHING, model: found });
    expect(of("models:/m-1", "m-1")).toEqual({
      source: "models:/m-1",
      storageLocation: model.artifactUri,
      runId: "r",
      modelId: "m-1",
    });
    for (const id of ["m-2", undefined]) expect(() => of("models:/m-1", id)).toThrow("must identify the resource");
    expect(() => of("runs:/r/m", "m-1")).toThrow("must identify the resource");
  });
});

test("a prompt's source is one of MLflow's placeholders", () => {
  const asked = (source: string) => ({ source, runId: undefined, modelId: undefined });
  expect(promptOrigin(asked("prompt-template")).source).toBe("prompt-template");
  expect(() => promptOrigin(asked("s3://b/x"))).toThrow("Prompt sources must use an MLflow placeholder.");
});
