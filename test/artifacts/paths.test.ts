import { expect, test } from "vitest";
import { contentDisposition, contentType, parseRange, resolveRange } from "../../src/artifacts/media";
import { artifactKey, joined, normalised, pathOfUri, requestedPath, safePath } from "../../src/artifacts/paths";

const nested = (text: string, rounds: number): string =>
  rounds === 0 ? text : nested(encodeURIComponent(text).replaceAll(".", "%2E"), rounds - 1);

test.each([
  "..",
  "../x",
  "a/../b",
  "a/..",
  "%2e%2e/x",
  "%252e%252e%252fx",
  "%25252E%25252E/x",
  "a%2f..%2f..%2fb",
  nested("../x", 6),
  nested("../x", 20),
  "/etc",
  "%2Fetc",
  "//host/share",
  "\\\\host\\share",
  "C:/x",
  "c:\\x",
  "%43%3A/x",
  "file:///etc",
  "file:/etc",
  "FILE:///etc",
  "a#b",
  "a%23b",
  "a%2523",
])("refuses %s", (path) => {
  expect(() => safePath(path)).toThrow("Invalid path");
});

test.each([
  ["a/b.txt", "a/b.txt"],
  ["./a", "./a"],
  ["a//b", "a//b"],
  ["a\\..\\b", "a\\..\\b"],
  ["a..b/...", "a..b/..."],
  ["a%20b", "a b"],
  ["100%25", "100%"],
  ["100%", "100%"],
  ["a%2525b", "a%b"],
  ["a%3Fb", "a?b"],
  ["%C3%A9", "é"],
  ["%ff", "\ufffd"],
  ["a\nb%00", "a%0ab%00"],
  ["~/x", "~/x"],
  ["", ""],
])("reads %j as %j", (path, expected) => {
  expect(safePath(path)).toBe(expected);
});

test("normalises, joins and bounds keys", () => {
  expect(normalised("./a//b/./c/")).toBe("a/b/c");
  expect(normalised("./")).toBe("");
  expect(joined("1/run/artifacts", "./x")).toBe("1/run/artifacts/x");
  expect(joined("", "x")).toBe("x");
  expect(artifactKey("1/x")).toBe("artifacts/1/x");
  expect(artifactKey("n".repeat(1014))).toHaveLength(1024);
  expect(() => artifactKey("é".repeat(508))).toThrow("Artifact path is too long: 1016 bytes, where 1014 are allowed.");
});

test("knows the artifact paths of its own URIs, and no others", () => {
  expect(pathOfUri("mlflow-artifacts:/1/r/artifacts")).toBe("1/r/artifacts");
  expect(pathOfUri("mlflow-artifacts://host:80/1/r/artifacts/")).toBe("1/r/artifacts");
  expect(pathOfUri("mlflow-artifacts:/")).toBe("");
  expect(pathOfUri("https://host/api/2.0/mlflow-artifacts/artifacts/1/r?x")).toBe("1/r");
  expect(() => pathOfUri("s3://bucket/x")).toThrow("The artifacts under 's3://bucket/x' are not kept by this server.");
  expect(() => pathOfUri("mlflow-artifacts:/1/../2")).toThrow("Invalid path");
  expect(requestedPath("http://h/api/2.0/mlflow-artifacts/artifacts/a%2Fb?c=/d")).toBe("a%2Fb");
});

test.each([
  ["MLmodel", "text/plain"],
  ["model.json", "text/plain"],
  ["x.yaml", "text/plain"],
  ["x.csv", "text/plain"],
  ["x.js", "text/plain"],
  ["x.xml", "text/plain"],
  ["x.TXT", "text/plain"],
  ["x.html", "text/html"],
  ["x.svg", "image/svg+xml"],
  ["x.PNG", "image/png"],
  ["x.pdf", "application/pdf"],
  ["x.pkl", "application/octet-stream"],
  ["txt", "text/plain"],
  ["png", "application/octet-stream"],
  [".gitignore", "application/octet-stream"],
  ["x", "application/octet-stream"],
])("%s is %s", (name, type) => {
  expect(contentType(name)).toBe(type);
});

test("names downloads in ASCII and in RFC 5987's form", () => {
  expect(contentDisposition("a.txt")).toBe("attachment; filename=a.txt");
  expect(contentDisposition("sp ace.txt")).toBe('attachment; filename="sp ace.txt"');
  expect(contentDisposition("é \"q'.txt")).toBe(
    "attachment; filename=\"e \\\"q'.txt\"; filename*=UTF-8''%C3%A9%20%22q%27.txt",
  );
  expect(contentDisposition("日本")).toBe("attachment; filename=\"\"; filename*=UTF-8''%E6%97%A5%E6%9C%AC");
});

test("reads one range of bytes and resolves it within a size", () => {
  expect(parseRange("bytes=0-4")).toEqual({ offset: 0, end: 4 });
  expect(parseRange("Bytes = 6-")).toEqual({ offset: 6 });
  expect(parseRange("bytes=-4")).toEqual({ suffix: 4 });
  for (const other of [null, "", "bytes=", "bytes=-", "bytes=x", "items=0-1", "bytes=5-2", "bytes=0-1,3-4"]) {
    expect(parseRange(other)).toBeUndefined();
  }
  expect(resolveRange({ offset: 2, end: 99 }, 11)).toEqual({ start: 2, end: 10 });
  expect(resolveRange({ suffix: 100 }, 11)).toEqual({ start: 0, end: 10 });
  expect(resolveRange({ offset: 11 }, 11)).toBeUndefined();
  expect(resolveRange({ suffix: 0 }, 11)).toBeUndefined();
  expect(resolveRange({ offset: 0 }, 0)).toBeUndefined();
});
