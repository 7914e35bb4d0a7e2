import { expect, test } from "bun:test";
import { readPathRules } from "../../src/search/path-rules.ts";

const read = (...paths: string[]) => readPathRules({ paths, not: { ...NOTHING, paths: [] } });
const NOTHING = { sites: [], languages: [], pageTypes: [] };

test("a plain glob or beginning is for the database alone", () => {
  for (const path of ["/docs/", "/docs/**/v*/*.{html,md}"]) {
    expect(read(path)).toMatchObject({ included: [expect.anything()], isMeant: undefined });
  }
});

test("what would take the database long is for the program", () => {
  for (const path of [`/${"*a".repeat(400)}b`, "re:/(a*)*b$"]) {
    const { included, isMeant } = read(path);

    expect(included).toEqual([]);
    expect(isMeant?.(`https://a.example/${"a".repeat(5_000)}`)).toBe(false);
    expect(isMeant?.(`https://a.example/${"a".repeat(5_000)}b`)).toBe(true);
  }
});

test("where one alternative is for the program, all of them are", () => {
  const { included, isMeant } = read("/docs/", "re:/api$");

  expect(included).toEqual([]);
  expect(["/docs/a", "/v1/api", "/blog"].map((path) => isMeant?.(`https://a.example${path}`))).toEqual([
    true,
    true,
    false,
  ]);
});
