import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { systemClock } from "../../src/clock.ts";
import type { Store } from "../../src/db/db.ts";
import { markdownDocuments } from "../../src/db/schema/pages.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { buildWebsiteIndexes } from "../../src/llms/build-indexes.ts";
import { indexWebsite } from "../../src/passages/index-website.ts";
import { addWebsite } from "../../src/websites/websites.ts";
import { parseLlmsTxt } from "../llms/specification.ts";
import { storePage } from "../pages/stored-pages.ts";
import { testStores } from "../testing/stores.ts";
import { type Answer, type RunningService, startService } from "./running-service.ts";

const UNKNOWN = "0195f3e0-5c1a-7000-8000-3f6c2b1d9e10";
const FILES = ["llms.txt", "llms-full.txt", "index.json"];

let store: Store;
let service: RunningService;
let websiteId: string;

beforeAll(async () => {
  const [kind] = testStores;
  if (!kind) throw new Error("There is always the embedded store");
  store = await kind.open();
  service = await startService(store);
  websiteId = (await addWebsite(store.db, { userId: LOCAL_USER_ID, url: "https://site.example/", name: "Site" })).id;
  await addText("/", "Start", "# Start\n\nWelcome.\n");
  for (const name of ["one", "two", "three"])
    await addText(`/docs/${name}`, name, `# ${name}\n\n${`What ${name} says. `.repeat(400)}\n`);
  await build();
});
afterAll(async () => {
  await service.stop();
  await store.close();
});

const addText = (path: string, title: string, markdown: string) =>
  storePage(store.db, {
    websiteId,
    url: `https://site.example${path}`,
    title,
    markdown,
    body: `<main>${markdown}</main>`,
  });
const build = async () => {
  await indexWebsite({ db: store.db, clock: systemClock }, websiteId, { signal: new AbortController().signal });
  await buildWebsiteIndexes({ db: store.db, clock: systemClock }, websiteId);
};
const ask = (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  service.ask(method, `/api/v1/websites/${websiteId}/${path}`, body, headers);
const placesOf = ({ json }: Answer) => (json.errors as { at: string }[]).map(({ at }) => at);

test("llms.txt is given as plain text, with what tells how fresh it is", async () => {
  const { status, headers, text } = await ask("GET", "llms.txt");

  expect(status).toBe(200);
  expect(headers.get("content-type")).toBe("text/plain; charset=utf-8");
  expect(headers.get("x-orbweaver-version")).toBe("1");
  expect(Date.parse(headers.get("last-modified") ?? "")).toBeGreaterThan(0);
  expect(Date.parse(headers.get("x-orbweaver-indexed-at") ?? "")).toBeGreaterThan(0);
  expect(headers.get("content-security-policy")).toContain("sandbox");
  const { title, sections } = parseLlmsTxt(text);
  expect([title, [...sections.values()].flat().length]).toEqual(["Site", 4]);
});

test("the full text is the documents in their order, and the site map their tree", async () => {
  const full = await ask("GET", "llms-full.txt");
  const map = await ask("GET", "index.json");

  expect(full.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  expect(full.text.match(/^# .*/gm)).toEqual(["# Start", "# one", "# three", "# two"]);
  expect(full.text).toContain("Source: https://site.example/docs/two\n");
  expect(map.headers.get("content-type")).toBe("application/json; charset=utf-8");
  expect(map.json).toMatchObject({ pages: 4, children: [{ host: "site.example", count: 4 }] });
});

test.each(FILES)("%s is not sent again to who has it, by tag or by date", async (file) => {
  const { headers } = await ask("GET", file);
  const [etag, date] = [headers.get("etag") ?? "", headers.get("last-modified") ?? ""];

  const byTag = await ask("GET", file, undefined, { "if-none-match": etag });
  const byDate = await ask("GET", file, undefined, { "if-modified-since": date });
  const byOther = await ask("GET", file, undefined, { "if-none-match": '"other"', "if-modified-since": date });
  const head = await ask("HEAD", file);

  expect([byTag.status, byDate.status, byOther.status, head.status]).toEqual([304, 304, 200, 200]);
  expect([byTag.text, byDate.text, head.text]).toEqual(["", "", ""]);
  expect(head.headers.get("etag")?.replace("W/", "")).toBe(etag.replace("W/", ""));
});

test("options are set as a whole, and a job builds the lists anew", async () => {
  const byDefault = (await ask("GET", "llms")).json;

  const set = await ask("PUT", "llms", { title: "Mine", sections: [{ title: "Docs", paths: ["/docs/**"] }] });

  expect(byDefault).toMatchObject({
    title: null,
    max_links: 500,
    order: "navigation",
    full: { max_bytes: 10_000_000 },
  });
  expect(set.json).toEqual({ ...byDefault, title: "Mine", sections: [{ title: "Docs", paths: ["/docs/**"] }] });
  expect((await ask("GET", "llms")).json).toEqual(set.json);
  const jobs = (await service.ask("GET", "/api/v1/jobs?kind=index-website")).json.items as object[];
  expect(jobs).toHaveLength(1);

  expect((await ask("PUT", "llms", {})).json).toEqual(byDefault);
  const [row] = await store.db.select().from(websites).where(eq(websites.id, websiteId));
  expect(row?.llms).toEqual({});
});

test.each([
  [{ include: ["["] }, "/include/0"],
  [{ sections: [{ title: "A", paths: ["/a", "["] }] }, "/sections/0/paths/1"],
  [{ max_links: 0 }, "/max_links"],
  [{ full: { max_bytes: "much" } }, "/full/max_bytes"],
  [{ descriptions: { a: "x" } }, "/descriptions/a"],
  [{ unknown: 1 }, "/unknown"],
])("%j is refused by the place of what is wrong, also to be tried", async (given, at) => {
  const [set, tried] = [await ask("PUT", "llms", given), await ask("POST", "llms/preview", given)];

  expect([set.status, tried.status]).toEqual([400, 400]);
  expect([placesOf(set), placesOf(tried)]).toEqual([[at], [at]]);
});

test("options are tried, and nothing is kept of it", async () => {
  const before = (await ask("GET", "indexes")).json;

  const { status, json } = await ask("POST", "llms/preview", {
    title: "Tried",
    exclude: ["/docs/t*"],
    full: { max_bytes: 10_000 },
  });

  expect(status).toBe(200);
  expect(json).toMatchObject({ links: 2, left_out: 0, full: { parts: 1, pages: 2 } });
  expect(parseLlmsTxt(String(json.text)).title).toBe("Tried");
  expect(json.bytes).toBe(Buffer.byteLength(String(json.text)));
  expect((await ask("GET", "indexes")).json).toEqual(before);
});

describe("what is longer than a part", () => {
  beforeAll(async () => {
    await ask("PUT", "llms", { full: { max_bytes: 10_000 } });
    await build();
  });

  test("is led to by an index, and given part by part", async () => {
    const index = await ask("GET", "llms-full.txt");
    const links = [...index.text.matchAll(/\((llms-full\.txt\?part=\d)\)/g)].map(([, link = ""]) => link);
    const parts = await Promise.all(links.map((link) => ask("GET", link)));

    expect(parseLlmsTxt(index.text.replaceAll("](", "](https://site.example/")).sections.get("Parts")).toHaveLength(3);
    expect(links).toHaveLength(3);
    expect(parts.flatMap(({ text }) => text.match(/^# .*/gm) ?? [])).toEqual(["# Start", "# one", "# three", "# two"]);
    expect(new Set([index, ...parts].map(({ headers }) => headers.get("etag"))).size).toBe(4);
    expect((await ask("GET", "llms-full.txt?part=4")).status).toBe(404);
  });

  test("older versions are listed and given, as long as their documents are kept", async () => {
    const { items } = (await ask("GET", "indexes?kind=llms_full")).json as {
      items: { version: number; links: { content: string } }[];
    };
    const [now, before] = items;
    const old = await service.ask("GET", before?.links.content ?? "");
    const indexOfNow = await ask("GET", `llms-full.txt?version=${now?.version}`);

    expect(items.map(({ version }) => version)).toEqual([2, 1]);
    expect(old.text.match(/^# .*/gm)).toHaveLength(4);
    expect(old.headers.get("x-orbweaver-indexed-at")).toBeNull();
    expect(indexOfNow.text).toContain("(llms-full.txt?part=1&version=2)");

    await store.db.delete(markdownDocuments).where(eq(markdownDocuments.title, "two"));
    const gone = await service.ask("GET", before?.links.content ?? "");
    expect([gone.status, gone.json.code]).toEqual([410, "version_removed"]);
  });

  test("what there is not is said to be so", async () => {
    const other = (await addWebsite(store.db, { userId: LOCAL_USER_ID, url: "https://other.example/" })).id;

    for (const file of FILES) {
      const unbuilt = await service.ask("GET", `/api/v1/websites/${other}/${file}`);
      const unknown = await service.ask("GET", `/api/v1/websites/${UNKNOWN}/${file}`);
      const later = await ask("GET", `${file}?version=99`);
      expect([unbuilt.status, unbuilt.json.code]).toEqual([404, "not_built"]);
      expect([unknown.status, unknown.json.code]).toEqual([404, "not_found"]);
      expect([later.status, later.json.code]).toEqual([404, "not_found"]);
    }
    for (const query of ["version=0", "version=x", "version=99999999999", "part=0", "part=1.5"]) {
      const { status, json } = await ask("GET", `llms-full.txt?${query}`);
      expect([status, JSON.stringify(json.errors)]).toEqual([400, expect.stringContaining(query.split("=")[0] ?? "")]);
    }
    expect((await service.ask("GET", `/api/v1/websites/${other}/indexes`)).json).toEqual({
      items: [],
      next_cursor: null,
    });
    expect((await service.ask("POST", `/api/v1/websites/${other}/llms/preview`, {})).json).toMatchObject({ links: 0 });
  });
});
