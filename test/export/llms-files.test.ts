import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import { systemClock } from "../../src/clock.ts";
import type { Store } from "../../src/db/db.ts";
import { writeLlmsFiles } from "../../src/export/llms-files.ts";
import { buildWebsiteIndexes } from "../../src/llms/build-indexes.ts";
import { setLlmsOptions } from "../../src/llms/website-llms.ts";
import { indexWebsite } from "../../src/passages/index-website.ts";
import { parseLlmsTxt } from "../llms/specification.ts";
import { testStores } from "../testing/stores.ts";
import { storeWebsite } from "./stored-website.ts";

let store: Store;
let websiteId: string;
const folder = mkdtempSync(join(tmpdir(), "orbweaver-lists-"));

beforeAll(async () => {
  const [kind] = testStores;
  if (!kind) throw new Error("There is always the embedded store");
  store = await kind.open();
  const site = await storeWebsite(store.db, "https://files.example/");
  websiteId = site.websiteId;
  for (const name of ["one", "three", "two"])
    await site.add(`/${name}`, { title: name, markdown: `# ${name}\n\n${`What ${name} says. `.repeat(400)}\n` });
  await indexWebsite({ db: store.db, clock: systemClock }, websiteId, { signal: new AbortController().signal });
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const write = async (options: Record<string, unknown>) => {
  await setLlmsOptions(store.db, LOCAL_VIEWER, websiteId, options);
  await buildWebsiteIndexes({ db: store.db, clock: systemClock }, websiteId);
  return writeLlmsFiles(store.db, LOCAL_VIEWER, { websiteId, folder });
};
const read = (name: string) => readFileSync(join(folder, name), "utf8");
const titlesIn = (name: string) => read(name).match(/^# .*/gm);

test("the lists are files, in place of older ones; a long text is several, of which none is left over", async () => {
  writeFileSync(join(folder, "llms.txt"), "older");
  writeFileSync(join(folder, "notes.txt"), "mine");

  const parts = await write({ full: { max_bytes: 10_000 } });

  const names = ["index.json", "llms-full-1.txt", "llms-full-2.txt", "llms-full-3.txt", "llms-full.txt", "llms.txt"];
  expect(parts.map(({ path }) => path).sort()).toEqual(names);
  expect(parseLlmsTxt(read("llms.txt")).sections.get("Pages")).toHaveLength(3);
  expect(JSON.parse(read("index.json"))).toMatchObject({ pages: 3 });
  expect(read("llms-full.txt")).toContain("- [Part 3](llms-full-3.txt): 1 page");
  expect(titlesIn("llms-full-2.txt")).toEqual(["# three"]);
  for (const { path, bytes } of parts) expect(Buffer.byteLength(read(path))).toBe(bytes);

  const whole = await write({});

  expect(whole.map(({ path }) => path).sort()).toEqual(["index.json", "llms-full.txt", "llms.txt"]);
  expect(readdirSync(folder).sort()).toEqual(["index.json", "llms-full.txt", "llms.txt", "notes.txt"]);
  expect(titlesIn("llms-full.txt")).toEqual(["# one", "# three", "# two"]);
  expect(read("notes.txt")).toBe("mine");
});

test("a link that stands in a list's place is replaced, and what it leads to stays as it is", async () => {
  const outside = join(folder, "outside.txt");
  writeFileSync(outside, "outside");
  rmSync(join(folder, "llms.txt"));
  symlinkSync(outside, join(folder, "llms.txt"));

  await write({});

  expect(readFileSync(outside, "utf8")).toBe("outside");
  expect(read("llms.txt")).toStartWith("# ");
});

test("a website of which nothing is built has no files", async () => {
  const empty = await storeWebsite(store.db, "https://nothing.example/");

  const written = writeLlmsFiles(store.db, LOCAL_VIEWER, { websiteId: empty.websiteId, folder });

  await expect(written).rejects.toMatchObject({ code: "not_built" });
});
