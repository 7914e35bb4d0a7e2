import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseLlmsTxt } from "../llms/specification.ts";
import { createSite } from "../site.ts";
import { prepareDataFolder } from "../testing/stores.ts";
import { openWorkplace } from "./command.ts";

const workplace = openWorkplace();
const crawl = ["crawl", "site", "--base-url", "https://docs.invalid", "--data", "data"];

beforeAll(async () => {
  await prepareDataFolder(workplace.makeFolder("data"), { isMigrated: true });
  await createSite({ pages: 8, minBytes: 3_000, maxBytes: 6_000 }).writeTo(workplace.makeFolder("site"));
});
afterAll(workplace.remove);

const read = (path: string) => readFileSync(join(workplace.folder, path), "utf8");

test("a crawl lists what it brought, beside the files", async () => {
  const ended = await workplace.run([...crawl, "--out", "docs", "--llms"]);

  expect(ended).toMatchObject({ code: 0 });
  expect(ended.stdout).toMatch(
    /\n {2}lists {5}llms\.txt \([^)]+\), index\.json \([^)]+\), llms-full\.txt \([^)]+\) in \.\/docs\n/,
  );
  const { sections } = parseLlmsTxt(read("docs/llms.txt"));
  const urls = [...sections.values()].flat().map(({ url }) => url);
  expect(urls).toHaveLength(8);
  expect(urls.every((url) => url.startsWith("https://docs.invalid/"))).toBe(true);
  expect(read("docs/llms-full.txt").match(/^Source: /gm)).toHaveLength(8);
  expect(JSON.parse(read("docs/index.json"))).toMatchObject({ pages: 8 });
  expect(readdirSync(join(workplace.folder, "docs"))).toContain(".orbweaver.json");
});

test("the lists can be had without the files, and programs are told of them", async () => {
  const ended = await workplace.run([...crawl, "--out", "lists", "--llms", "--no-files", "--json", "--quiet"]);

  expect(ended).toMatchObject({ code: 0 });
  const summary = JSON.parse(ended.stdout);
  expect(summary.lists.map(({ path }: { path: string }) => path)).toEqual(["llms.txt", "index.json", "llms-full.txt"]);
  expect(summary).toMatchObject({ folder: "lists" });
  expect(summary).not.toHaveProperty("files");
  expect(readdirSync(join(workplace.folder, "lists")).sort()).toEqual(["index.json", "llms-full.txt", "llms.txt"]);
  expect(read("lists/llms.txt")).toBe(read("docs/llms.txt"));
});
