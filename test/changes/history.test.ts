import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { and, eq } from "drizzle-orm";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import { comparedTexts, getChangePair, getVersionPair } from "../../src/changes/history.ts";
import { getVersion, getVersionAt, getVersionRaw, listVersions } from "../../src/changes/versions.ts";
import { createParserPool, type ParserPool } from "../../src/content/parser-pool.ts";
import type { Store } from "../../src/db/db.ts";
import { markdownDocuments, pages } from "../../src/db/schema/pages.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { addWebsite } from "../../src/websites/websites.ts";
import { storePage } from "../pages/stored-pages.ts";
import { testStores } from "../testing/stores.ts";
import { addPage, addVersion, day, tell } from "./page-history.ts";

// PostgreSQL where there is one, as it is the quicker to open: nothing here goes by which it is.
describe("the history of pages", () => {
  let store: Store;
  let parser: ParserPool;
  let websiteId: string;
  let paths = 0;

  beforeAll(async () => {
    store = await (testStores.at(-1) as (typeof testStores)[number]).open();
    parser = createParserPool({ threads: 1 });
    websiteId = (await addWebsite(store.db, { userId: LOCAL_USER_ID, url: "https://example.com/" })).id;
  });
  afterAll(async () => {
    await parser.close();
    await store.close();
  });

  const add = (texts: Record<number, string>) => addPage(store.db, websiteId, `https://example.com/${paths++}`, texts);
  const giveUp = (pageId: string, version: number) =>
    store.db
      .delete(markdownDocuments)
      .where(and(eq(markdownDocuments.pageId, pageId), eq(markdownDocuments.version, version)));
  const at = async (pageId: string, instant: Date) => {
    const { document } = await getVersionAt(store.db, LOCAL_VIEWER, pageId, instant);
    return document.version;
  };
  const pairOf = async (pageId: string, ends = {}) => {
    const { before, after } = await getVersionPair(store.db, LOCAL_VIEWER, pageId, ends);
    return [before?.version, after?.version];
  };

  test("versions are listed newest first, with the change that told them", async () => {
    const pageId = await add({ 1: "A", 3: "B", 5: "C" });
    const changeId = await tell(store.db, { pageId, kind: "changed", at: day(5), from: 1, to: 3 });

    const { versions } = await listVersions(store.db, LOCAL_VIEWER, pageId, { limit: 2 });
    const { versions: rest } = await listVersions(store.db, LOCAL_VIEWER, pageId, { limit: 9, before: 2 });

    expect(versions).toMatchObject([
      { version: 3, fetchedAt: day(5), changeId, byteLength: "<main><p>C</p>\n</main>".length },
      { version: 2, fetchedAt: day(3), changeId: null },
    ]);
    expect(rest.map(({ version }) => version)).toEqual([1]);
  });

  test("what was current at a time is the version that was found last before it", async () => {
    const pageId = await add({ 2: "A", 4: "B" });

    expect(await at(pageId, day(2))).toBe(1);
    expect(await at(pageId, new Date(day(4).getTime() - 1))).toBe(1);
    expect(await at(pageId, day(4))).toBe(2);
    expect(await at(pageId, day(30))).toBe(2);
    const early = getVersionAt(store.db, LOCAL_VIEWER, pageId, day(1));
    await expect(early).rejects.toMatchObject({ reason: "not_found", code: "not_yet" });
  });

  test("a version that was given up is gone, also where it may be what a time asks for", async () => {
    const pageId = await add({ 2: "A", 4: "B", 6: "C", 8: "D" });
    await tell(store.db, { pageId, kind: "changed", at: day(4), from: 1, to: 2 });
    await giveUp(pageId, 2);
    const gone = { reason: "gone", code: "version_removed" };

    await expect(getVersion(store.db, LOCAL_VIEWER, pageId, 2)).rejects.toMatchObject(gone);
    await expect(getVersionRaw(store.db, LOCAL_VIEWER, pageId, 2)).rejects.toMatchObject(gone);
    await expect(getVersion(store.db, LOCAL_VIEWER, pageId, 5)).rejects.toMatchObject({ code: "not_found" });
    await expect(at(pageId, day(5))).rejects.toMatchObject(gone);
    // Until when the first one was current is known by the change.
    expect(await at(pageId, day(3))).toBe(1);
    expect(await at(pageId, day(7))).toBe(3);
    await giveUp(pageId, 1);
    await expect(at(pageId, day(3))).rejects.toMatchObject(gone);
    await expect(at(pageId, day(1))).rejects.toMatchObject({ code: "not_yet" });
  });

  test("the body of a former version comes with the type that it had", async () => {
    const pageId = await add({ 1: "A", 3: "B" });
    await store.db.update(pages).set({ contentType: "application/pdf" }).where(eq(pages.id, pageId));

    const raw = await getVersionRaw(store.db, LOCAL_VIEWER, pageId, 1);
    const then = await getVersionRaw(store.db, LOCAL_VIEWER, pageId, day(4));

    expect([new TextDecoder().decode(raw.body), raw.contentType]).toEqual([
      ...["<main><p>A</p>\n</main>", "text/html; charset=utf-8"],
    ]);
    expect(new TextDecoder().decode(then.body)).toContain("B");
  });

  test("unless told otherwise the last two versions that are kept are compared", async () => {
    const pageId = await add({ 1: "A", 3: "B", 5: "C" });

    expect(await pairOf(pageId)).toEqual([2, 3]);
    expect(await pairOf(pageId, { to: 2 })).toEqual([1, 2]);
    expect(await pairOf(pageId, { from: 1 })).toEqual([1, 3]);
    expect(await pairOf(pageId, { from: day(2), to: day(4) })).toEqual([1, 2]);
    await giveUp(pageId, 2);
    expect(await pairOf(pageId)).toEqual([1, 3]);
    await giveUp(pageId, 1);
    await expect(pairOf(pageId)).rejects.toMatchObject({ code: "version_removed" });
    await expect(pairOf(await add({ 1: "A" }))).rejects.toMatchObject({ code: "not_yet" });
    const film = await storePage(store.db, { websiteId, url: "https://example.com/film", contentType: "video/mp4" });
    await expect(pairOf(film)).rejects.toMatchObject({ code: "no_document" });
  });

  test("a change is between its two texts, of which one is nothing where the page came or went", async () => {
    const pageId = await add({ 1: "A", 3: "B" });
    const other = await add({ 3: "A" });
    const told = { pageId, at: day(3) };
    const ids = {
      changed: await tell(store.db, { ...told, kind: "changed", from: 1, to: 2 }),
      new: await tell(store.db, { ...told, kind: "new", to: 1 }),
      removed: await tell(store.db, { ...told, kind: "removed", from: 2 }),
      moved: await tell(store.db, { ...told, pageId: other, kind: "moved", from: 1, toUrl: "https://example.com/x" }),
    };
    const read = async (id: string) => {
      const pair = await getChangePair(store.db, LOCAL_VIEWER, id);
      return comparedTexts({ db: store.db, parser }, pair, { ignoresNoise: false });
    };

    expect(await read(ids.changed)).toEqual({ before: "A", after: "B" });
    expect(await read(ids.new)).toEqual({ before: "", after: "A" });
    expect(await read(ids.removed)).toEqual({ before: "B", after: "" });
    expect(await read(ids.moved)).toEqual({ before: "A", after: "A" });
    await giveUp(pageId, 1);
    await expect(read(ids.changed)).rejects.toMatchObject({ reason: "gone", code: "version_removed" });
  });

  test("noise is left out by the website's rules, selectors included", async () => {
    const text = (price: number, visits: number) => `It costs ${price} €.\n\n> ${visits} people look at this.\n`;
    const pageId = await add({ 1: text(10, 7), 3: text(10, 8) });
    const rules = [{ remove_selectors: ["blockquote"] }];
    await store.db.update(websites).set({ tracking: { rules } }).where(eq(websites.id, websiteId));
    const read = async (ignoresNoise: boolean) => {
      const pair = await getVersionPair(store.db, LOCAL_VIEWER, pageId, {});
      return comparedTexts({ db: store.db, parser }, pair, { ignoresNoise });
    };

    const noisy = await read(true);
    const plain = await read(false);
    await addVersion(store.db, pageId, day(5), text(12, 9));
    const real = await read(true);

    expect(noisy.before).toBe(noisy.after);
    expect(plain).toEqual({ before: text(10, 7), after: text(10, 8) });
    expect([real.before.trim(), real.after.trim()]).toEqual(["It costs 10 €.", "It costs 12 €."]);
  });
});
