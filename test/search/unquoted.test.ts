import { expect, test } from "vitest";
import { filterOf } from "../../src/search/filter";
import { LOGGED_MODELS } from "../../src/search/kinds/logged-models";

test("a filter of logged models takes words without quotes as texts, but no pattern", () => {
  expect(filterOf(LOGGED_MODELS, "params.a = word")).toMatchObject({ key: "a", value: "word" });
  expect(filterOf(LOGGED_MODELS, "params.a LIKE 'a%'")).toMatchObject({ operator: "LIKE", value: "a%" });
  for (const filter of ["params.a LIKE a%", "name LIKE a%", "name LIKE word"]) {
    expect(() => filterOf(LOGGED_MODELS, filter), filter).toThrow(/^Invalid/);
  }
});
