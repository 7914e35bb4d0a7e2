import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { previewTracking } from "../../src/changes/preview.ts";
import { readTracking } from "../../src/changes/tracking.ts";
import { setTracking } from "../../src/changes/website-tracking.ts";
import { createParserPool } from "../../src/content/parser-pool.ts";
import type { Store } from "../../src/db/db.ts";
import { markdownDocuments } from "../../src/db/schema/pages.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { addWebsite } from "../../src/websites/websites.ts";
import { testStores } from "../testing/stores.ts";
import { addPage } from "./page-history.ts";

const viewer = { userId: LOCAL_USER_ID, seesAll: false };
const stranger = { userId: "00000000-0000-7000-8000-00000000beef", seesAll: false };
const article = Array.from({ length: 20 }, (_, index) => `Spider number ${index} spins its web at night.`).join("\n\n");

// What differs between the stores is tested below this.
describe("a preview of tracking rules", () => {
  const parser = createParserPool({ threads: 1 });
  let store: Store;
  let websiteId: string;
  let sites = 0;

  beforeAll(async () => {
    store = await (testStores[0] as (typeof testStores)[number]).open();
  });
  beforeEach(async () => {
    const url = `https://site-${sites++}.example/`;
    websiteId = (await addWebsite(store.db, { userId: LOCAL_USER_ID, url })).id;
  });
  afterAll(async () => {
    parser.close();
    await store.close();
  });

  const add = (path: string, texts: Record<number, string>) =>
    addPage(store.db, websiteId, `https://site.example${path}`, texts);
  const preview = (given: Record<string, unknown>, options: { pageId?: string; limit?: number } = {}) =>
    previewTracking({ db: store.db, parser }, viewer, websiteId, readTracking(given), { limit: 50, ...options });

  test("says of each version whether it would have been told, and why not, beside the present rules", async () => {
    await add("/", { 1: `5 views\n\n${article}`, 2: `9 views\n\n${article}`, 3: `12 views\n\n${article}\n\nNew.` });

    const { compared, pages, present, given, versions } = await preview({ rules: [{ ignore_numbers: true }] });

    expect({ compared, pages }).toEqual({ compared: 2, pages: 1 });
    expect(present).toEqual({ told: 2, noise: 0, minShare: 0, triggerText: 0 });
    expect(given).toEqual({ told: 1, noise: 1, minShare: 0, triggerText: 0 });
    expect(versions).toMatchObject([
      {
        ...{ fromVersion: 1, toVersion: 2, page: { url: "https://site.example/" } },
        present: { isTold: true, reason: null, summary: { changed: 1 } },
        given: { isTold: false, reason: "noise", summary: null },
        leftOut: ["9 views"],
      },
      {
        ...{ fromVersion: 1, toVersion: 3 },
        given: { isTold: true, summary: { added: 1, changed: 0 } },
        leftOut: ["12 views"],
      },
    ]);
  });

  test("small changes add up until they are worth telling", async () => {
    const grown = (paragraphs: number) =>
      `${article}\n\n${"One more paragraph about webs and moths.\n\n".repeat(paragraphs)}`;
    await add("/", { 1: grown(0), 2: grown(1), 3: grown(2), 4: grown(8), 5: grown(9) });

    const { given, versions } = await preview({ rules: [{ min_share: 0.2 }] });

    expect(given).toEqual({ told: 1, noise: 0, minShare: 3, triggerText: 0 });
    expect(versions.map(({ fromVersion, given }) => [fromVersion, given.reason])).toEqual([
      [1, "min_share"],
      [1, "min_share"],
      [1, null],
      [4, "min_share"],
    ]);
  });

  test("a change without the trigger text is held back, and told with it", async () => {
    await add("/", { 1: "Sold out", 2: "Sold out, sorry", 3: "In stock" });

    const { versions } = await preview({ rules: [{ trigger_text: ["in stock"] }] });

    expect(versions.map(({ given }) => given.reason)).toEqual(["trigger_text", null]);
  });

  test("selectors are tried on the stored bodies", async () => {
    await add("/", { 1: "# Price\n\n5 euros", 2: "# Price, new\n\n5 euros", 3: "# Price, new\n\n7 euros" });

    const { given, versions } = await preview({ rules: [{ remove_selectors: ["h1"] }] });

    expect(given).toMatchObject({ noise: 1, told: 1 });
    expect(versions[0]?.leftOut).toEqual(["# Price, new"]);
  });

  test("where a body is gone, both versions are compared by their stored text", async () => {
    const id = await add("/", { 1: "# Price\n\n5 euros", 2: "# Price\n\n7 euros" });
    await store.db
      .update(markdownDocuments)
      .set({ rawHash: "00".repeat(32) })
      .where(eq(markdownDocuments.version, 1));

    const { versions } = await preview({ rules: [{ remove_selectors: ["h1"] }] }, { pageId: id });

    expect(versions).toMatchObject([{ given: { isTold: true, summary: { changed: 1, added: 0, removed: 0 } } }]);
  });

  test("the website's own rules are what it is held against", async () => {
    await add("/", { 1: "5 views of it", 2: "6 views of it" });
    await setTracking(store.db, viewer, websiteId, { rules: [{ ignore_numbers: true }] });

    const { present, given } = await preview({});

    expect(present).toMatchObject({ noise: 1, told: 0 });
    expect(given).toMatchObject({ noise: 0, told: 1 });
  });

  test("pages that changed most come first, one page alone on request, and no more is shown than asked for", async () => {
    const seldom = await add("/seldom", { 1: "a", 2: "b" });
    await add("/often", { 1: "a", 2: "b", 3: "c" });
    await add("/never", { 1: "a" });

    const all = await preview({}, { limit: 2 });
    const one = await preview({}, { pageId: seldom });

    expect(all).toMatchObject({ compared: 3, pages: 2, versions: [{ toVersion: 2 }, { toVersion: 3 }] });
    expect(all.versions.map(({ page }) => page.url)).toEqual(Array(2).fill("https://site.example/often"));
    expect(one).toMatchObject({ compared: 1, pages: 1 });
  });

  test("others' websites and pages are not there, and a page of another website has no versions here", async () => {
    const pageId = await add("/", { 1: "a", 2: "b" });
    const other = (await addWebsite(store.db, { userId: LOCAL_USER_ID, url: "https://else.example/" })).id;
    const ask = (who: typeof viewer, id: string) =>
      previewTracking({ db: store.db, parser }, who, id, readTracking(), { pageId, limit: 5 });

    await expect(ask(stranger, websiteId)).rejects.toMatchObject({ reason: "not_found" });
    expect(await ask(viewer, other)).toMatchObject({ compared: 0, versions: [] });
  });

  test("it ends when nobody waits for it any more", async () => {
    await add("/", { 1: "a", 2: "b" });
    const signal = AbortSignal.abort(new Error("gone"));

    const asked = previewTracking({ db: store.db, parser }, viewer, websiteId, readTracking(), { limit: 5, signal });

    await expect(asked).rejects.toThrow("gone");
  });
});
