import { beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { createConfig, lintFromString } from "@redocly/openapi-core";
import { type RulesetDefinition, Spectral } from "@stoplight/spectral-core";
import { oas } from "@stoplight/spectral-rulesets";
import { COMMITTED } from "./openapi-document.ts";

let text: string;

beforeAll(async () => {
  // In a process of its own: whatever else made routes before leaves its marks on schemas that they share.
  const made = Bun.spawn([process.execPath, join(import.meta.dir, "openapi-document.ts"), "--print"]);
  text = await made.stdout.text();
});

test("the committed document is what the routes make; `bun run openapi` writes it anew", async () => {
  const committed = await Bun.file(COMMITTED).text();

  expect(committed === text || firstDifference(committed, text)).toBe(true);
});

test("Redocly's recommended rules find nothing", async () => {
  const config = await createConfig({ extends: ["recommended"] });

  const problems = await lintFromString({ source: text, absoluteRef: "/openapi.json", config });

  const found = problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} at ${location[0]?.pointer}`);
  expect(found).toEqual([]);
});

test("Spectral's rules for OpenAPI find nothing", async () => {
  const spectral = new Spectral();
  // Whom to ask about a service is its operator's affair, not the program's.
  spectral.setRuleset({ extends: [oas], rules: { "info-contact": "off" } } as RulesetDefinition);

  const results = await spectral.run(JSON.parse(text));

  expect(results.map(({ code, message, path }) => `${code}: ${message} at ${path.join("/")}`)).toEqual([]);
});

function firstDifference(committed: string, made: string): string {
  const lines = committed.split("\n");
  const at = made.split("\n").findIndex((line, number) => line !== lines[number]);
  return `line ${at + 1}: ${lines[at]} is to be ${made.split("\n")[at]}`;
}
