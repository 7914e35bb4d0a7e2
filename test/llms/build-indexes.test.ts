import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import { createParserPool } from "../../src/content/parser-pool.ts";
import type { Store } from "../../src/db/db.ts";
import { markdownDocuments, type PageState, pages, rawHtml } from "../../src/db/schema/pages.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { AppError } from "../../src/errors.ts";
import { buildWebsiteIndexes } from "../../src/llms/build-indexes.ts";
import { checkPart, readFullText, readFullTextList } from "../../src/llms/full-text.ts";
import { getWebsiteIndex, type IndexKind, keepIndex, listWebsiteIndexes } from "../../src/llms/website-indexes.ts";
import { setLlmsOptions } from "../../src/llms/website-llms.ts";
import { indexWebsite } from "../../src/passages/index-website.ts";
import { storeWebsite } from "../export/stored-website.ts";
import { createManualClock } from "../manual-clock.ts";
import { testStores } from "../testing/stores.ts";
import { parseLlmsTxt } from "./specification.ts";

const clock = createManualClock("2026-02-01T00:00:00Z");
const signal = new AbortController().signal;
const UNKNOWN = Bun.randomUUIDv7();

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "nothing",
    (error) => (error instanceof AppError ? error.code : String(error)),
  );

describe.each(testStores)("on $name", (kind) => {
  let store: Store;

  beforeAll(async () => {
    store = await kind.open();
  });
  afterAll(() => store.close());

  const build = async (websiteId: string) => {
    await indexWebsite({ db: store.db, clock }, websiteId, { signal });
    return buildWebsiteIndexes({ db: store.db, clock }, websiteId);
  };
  const read = async (websiteId: string, of: IndexKind, version?: number) =>
    (await getWebsiteIndex(store.db, LOCAL_VIEWER, websiteId, of, version)).index;
  const readFull = async (websiteId: string, version?: number) => {
    const { content } = await read(websiteId, "llms_full", version);
    const list = readFullTextList(content);
    let text = "";
    for (let part = 1; part <= list.parts.length; part++)
      for await (const piece of readFullText(store.db, await checkPart(store.db, list, part))) text += piece;
    return text;
  };

  test("what is indexed becomes llms.txt, the full text and the site map, in the order of the website's links", async () => {
    const site = await storeWebsite(store.db, "https://built.example/");
    await site.add("/", {
      title: "Built",
      description: "What is built.",
      markdown: "# Built\n\n[Second](https://built.example/b) and [first](https://built.example/a.html#x).\n",
    });
    await site.add("/a.html", { title: "First", markdown: "# First\n\nThe first page of them says a lot.\n" });
    await site.add("/b", { title: "Second", markdown: "# Second\n\nThe second page of them says little.\n" });

    const built = await build(site.websiteId);

    expect(built).toEqual(
      ["llms_txt", "llms_full", "site_map"].map((of) => ({ kind: of as IndexKind, version: 1, isNew: true })),
    );
    const { content } = await read(site.websiteId, "llms_txt");
    const { title, summary, sections } = parseLlmsTxt(content);
    // The factory names websites by their URL, which is no host.
    expect({ title, summary }).toEqual({ title: "https://built.example/", summary: "What is built." });
    expect(sections.get("Pages")?.map(({ url, notes }) => [new URL(url).pathname, notes])).toEqual([
      ["/", "What is built."],
      ["/b", "The second page of them says little."],
      ["/a.html", "The first page of them says a lot."],
    ]);
    expect((await readFull(site.websiteId)).match(/^# .*/gm)).toEqual(["# Built", "# Second", "# First"]);
    expect(JSON.parse((await read(site.websiteId, "site_map")).content)).toMatchObject({ pages: 3 });
    expect(await read(site.websiteId, "llms_txt")).toMatchObject({
      pages: 3,
      crawlId: site.crawlId,
      createdAt: clock.now(),
    });
  });

  test("nothing new is no version, and what changed is one, beside which the one before is kept", async () => {
    const site = await storeWebsite(store.db, "https://again.example/");
    const { id } = await site.add("/", { title: "Again" });
    await build(site.websiteId);
    const before = (await read(site.websiteId, "llms_txt")).content;

    const repeated = await build(site.websiteId);
    await store.db.update(pages).set({ title: "Anew" }).where(eq(pages.id, id));
    await store.db.update(pages).set({ lastFetchedAt: new Date() }).where(eq(pages.id, id));
    const changed = await build(site.websiteId);

    expect(repeated.map(({ version, isNew }) => [version, isNew])).toEqual(Array(3).fill([1, false]));
    // The full text has the same documents in the same order.
    expect(changed.map(({ version, isNew }) => [version, isNew])).toEqual([
      [2, true],
      [1, false],
      [2, true],
    ]);
    expect((await read(site.websiteId, "llms_txt", 1)).content).toBe(before);
    expect((await read(site.websiteId, "llms_txt")).content).toContain("[Anew]");
  });

  test("the same text is listed once, and what is gone or leads elsewhere not at all; an outage changes nothing", async () => {
    const site = await storeWebsite(store.db, "https://states.example/");
    const add = async (path: string, state: PageState, status: number) => {
      const page = await site.add(path, { title: path, status: 200 });
      await store.db.update(pages).set({ state, status }).where(eq(pages.id, page.id));
    };
    await site.add("/", { title: "Start" });
    await add("/missing", "missing", 404);
    await add("/down", "live", 503);
    await add("/moved", "live", 301);
    await add("/removed", "removed", 404);
    await site.add("/twin?utm=1", { title: "Twin", markdown: "Twins say the same." });
    await site.add("/twin", { title: "Twin", markdown: "Twins say the same." });

    await build(site.websiteId);

    const { sections } = parseLlmsTxt((await read(site.websiteId, "llms_txt")).content);
    const paths = [...sections.values()].flat().map(({ url }) => new URL(url).pathname + new URL(url).search);
    expect(paths).toEqual(["/", "/down", "/missing", "/twin"]);
    expect(JSON.parse((await read(site.websiteId, "site_map")).content).pages).toBe(5);
  });

  test("menus tell the order where no text does", async () => {
    const site = await storeWebsite(store.db, "https://menus.example/");
    const { documentId } = await site.add("/", { title: "Menus", markdown: "Welcome to it." });
    for (const path of ["/a", "/b", "/c"]) await site.add(path, { title: path });
    const html = `<html><body><nav>${["/c", "/a", "/b"].map((path) => `<a href="${path}">${path}</a>`).join("")}</nav><main>Welcome to it.</main></body></html>`;
    const rawHash = Bun.SHA256.hash(html, "hex");
    await store.db.insert(rawHtml).values({ hash: rawHash, zstd: Bun.zstdCompressSync(html), byteLength: html.length });
    await store.db.update(markdownDocuments).set({ rawHash }).where(eq(markdownDocuments.id, documentId));
    await indexWebsite({ db: store.db, clock }, site.websiteId, { signal });
    using parser = disposable(createParserPool({ threads: 1 }));

    await buildWebsiteIndexes({ db: store.db, clock, parser: parser.pool }, site.websiteId);

    const { sections } = parseLlmsTxt((await read(site.websiteId, "llms_txt")).content);
    expect(sections.get("Pages")?.map(({ url }) => new URL(url).pathname)).toEqual(["/", "/c", "/a", "/b"]);
  });

  test("options that a later version refuses keep nothing from being built", async () => {
    const site = await storeWebsite(store.db, "https://old.example/");
    await site.add("/", { title: "Old" });
    await setLlmsOptions(store.db, LOCAL_VIEWER, site.websiteId, { title: "Named" });
    await build(site.websiteId);
    await store.db
      .update(websites)
      .set({ llms: { title: 7 } })
      .where(eq(websites.id, site.websiteId));

    await build(site.websiteId);

    expect((await read(site.websiteId, "llms_txt", 1)).content).toStartWith("# Named\n");
    expect((await read(site.websiteId, "llms_txt")).content).toStartWith("# https://old.example/\n");
  });

  test("a page that is not where the website begins does not speak for it, nor does one that says nothing", async () => {
    const adrift = await storeWebsite(store.db, "https://adrift.example/");
    for (const name of ["a", "b"])
      await adrift.add(`/${name}/x`, { title: name, description: "Something of its own." });
    const links = await storeWebsite(store.db, "https://links.example/docs/");
    await links.add("/docs/index.html", { title: "Home", markdown: "Code repository and issue tracker" });
    await links.add("/docs/a", { title: "A" });

    await build(adrift.websiteId);
    await build(links.websiteId);

    for (const { websiteId } of [adrift, links])
      expect(parseLlmsTxt((await read(websiteId, "llms_txt")).content).summary).toBeUndefined();
    expect(parseLlmsTxt((await read(links.websiteId, "llms_txt")).content).sections.get("Pages")?.[0]?.title).toBe(
      "Home",
    );
  });

  test("a website without pages has nothing built, which is said; so has one that is not there", async () => {
    const site = await storeWebsite(store.db, "https://empty.example/");

    expect(await build(site.websiteId)).toEqual([]);
    expect(await buildWebsiteIndexes({ db: store.db, clock }, UNKNOWN)).toEqual([]);
    expect(await codeOf(read(site.websiteId, "llms_txt"))).toBe("not_built");
    expect(await codeOf(read(UNKNOWN, "llms_txt"))).toBe("not_found");
    expect(await codeOf(read(site.websiteId, "llms_txt", 7))).toBe("not_built");
  });

  test("a website that is deleted has nothing built, nor kept when it is deleted meanwhile", async () => {
    const site = await storeWebsite(store.db, "https://deleted.example/");
    await site.add("/", { title: "Start" });
    await indexWebsite({ db: store.db, clock }, site.websiteId, { signal });
    await store.db.update(websites).set({ deletedAt: clock.now() }).where(eq(websites.id, site.websiteId));
    const index = { kind: "llms_txt", content: "x", byteLength: 1, pages: 1 } as const;
    const made = { crawlId: null, createdAt: clock.now() };

    expect(await buildWebsiteIndexes({ db: store.db, clock }, site.websiteId)).toEqual([]);
    expect(await keepIndex(store.db, site.websiteId, index, made)).toBeUndefined();
    expect(await keepIndex(store.db, UNKNOWN, index, made)).toBeUndefined();
  });

  test("a part whose documents were given up is refused before it begins, and cut off after", async () => {
    const site = await storeWebsite(store.db, "https://given.example/");
    const { documentId } = await site.add("/", { title: "Start" });
    await site.add("/b", { title: "B" });
    await build(site.websiteId);
    const list = readFullTextList((await read(site.websiteId, "llms_full")).content);
    const ids = await checkPart(store.db, list, 1);

    await store.db.delete(markdownDocuments).where(eq(markdownDocuments.id, documentId));

    expect(await codeOf(checkPart(store.db, list, 1))).toBe("version_removed");
    expect(await codeOf(checkPart(store.db, list, 2))).toBe("not_found");
    expect(await codeOf(readFullText(store.db, ids).next())).toBe("version_removed");
  });

  test("the last versions are kept, and who asks for another is told", async () => {
    const { websiteId } = await storeWebsite(store.db, "https://versions.example/");
    const keep = (of: IndexKind, content: string) =>
      keepIndex(
        store.db,
        websiteId,
        { kind: of, content, byteLength: 1, pages: 1 },
        { crawlId: null, createdAt: clock.now() },
      );
    for (let number = 1; number <= 33; number++) await keep("llms_txt", `${number}`);
    for (let number = 1; number <= 3; number++) await keep("site_map", `${number}`);

    const listOf = async (of?: IndexKind) =>
      (await listWebsiteIndexes(store.db, LOCAL_VIEWER, websiteId, { kind: of, limit: 100 })).map(
        ({ version }) => version,
      );
    expect(await listOf("llms_txt")).toEqual(Array.from({ length: 30 }, (_, index) => 33 - index));
    expect(await listOf()).toHaveLength(33);
    expect(await codeOf(read(websiteId, "llms_txt", 3))).toBe("version_removed");
    expect(await codeOf(read(websiteId, "llms_txt", 34))).toBe("not_found");
    expect((await read(websiteId, "llms_txt", 4)).content).toBe("4");
  });

  test("two that build at once write one version", async () => {
    const site = await storeWebsite(store.db, "https://twice.example/");
    await site.add("/", { title: "Twice" });
    await indexWebsite({ db: store.db, clock }, site.websiteId, { signal });

    const both = await Promise.all([1, 2].map(() => buildWebsiteIndexes({ db: store.db, clock }, site.websiteId)));

    expect(both.flat().filter(({ isNew }) => isNew)).toHaveLength(3);
    expect(both.flat().every(({ version }) => version === 1)).toBe(true);
  });
});

const disposable = (pool: ReturnType<typeof createParserPool>) => ({ pool, [Symbol.dispose]: () => pool.close() });
