import { describe, expect, it } from "vitest";
import { decodeOffset, encodeOffset, page } from "../../src/wire/paging";

describe("page tokens", () => {
  it("come back as the offset they were made of", () => expect(decodeOffset(encodeOffset(25_000))).toBe(25_000));
  it("may be absent", () => expect(decodeOffset(undefined)).toBe(0));
  it.each([
    ["zz", "Invalid page token, could not base64-decode"],
    ["zzzzz===", "Invalid page token, could not base64-decode"],
    ["!!", "Invalid page token, decoded value=b''"],
    [btoa('{"offset": "z"}'), "Invalid page token, not stringable z"],
    [btoa("hello"), "Invalid page token, decoded value=b'hello'"],
    [btoa('{"offset": 0}'), "Invalid page token, parsed value={'offset': 0}"],
    [btoa("[]"), "Invalid page token, parsed value=[]"],
  ])("are refused when they are not ours: %s", (token, message) => expect(() => decodeOffset(token)).toThrow(message));
});

describe("page", () => {
  it("has a next token only when a row more was found", () => {
    expect(page([1, 2, 3], 10, 2)).toEqual({ rows: [1, 2], next_page_token: encodeOffset(12) });
    expect(page([1, 2], 10, 2)).toEqual({ rows: [1, 2] });
  });
});
