import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { adoptSuggestion, suggestRules } from "../../src/changes/volatile.ts";
import { findVolatileLines } from "../../src/changes/volatile-lines.ts";
import { getTracking } from "../../src/changes/website-tracking.ts";
import type { Store } from "../../src/db/db.ts";
import { pages } from "../../src/db/schema/pages.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { addWebsite } from "../../src/websites/websites.ts";
import { testStores } from "../testing/stores.ts";
import { addPage } from "./page-history.ts";

const viewer = { userId: LOCAL_USER_ID, seesAll: false };

describe("lines that change in nearly every visit", () => {
  const texts = (line: (visit: number) => string, visits = 5) =>
    Array.from({ length: visits }, (_, visit) => `# Webs\n\nThis stays.\n\n${line(visit)}\n\nThe end.`);

  test("are found by their words, whatever the numbers in them are", () => {
    expect(
      findVolatileLines(
        texts((visit) => `${visit}${visit} views`),
        4,
      ),
    ).toMatchObject([
      { share: 1, changed: 4, alone: 4, texts: ["44 views", "33 views", "22 views", "11 views", "00 views"] },
    ]);
  });

  test("are found by their place when all their words change", () => {
    const quotes = ["Early birds", "Late worms", "No news today", "Good webs hold", "Flies beware"];

    expect(
      findVolatileLines(
        texts((visit) => quotes[visit] ?? ""),
        4,
      ),
    ).toMatchObject([{ changed: 4, share: 1 }]);
  });

  test("are none of those that changed now and then, or in too few versions to tell", () => {
    expect(
      findVolatileLines(
        texts((visit) => `${Math.floor(visit / 2)} views`),
        4,
      ),
    ).toEqual([]);
    expect(
      findVolatileLines(
        texts((visit) => `${visit} views`, 3),
        2,
      ),
    ).toEqual([]);
  });

  test("are none of those that most visits left alone: versions are stored only when something changed", () => {
    expect(
      findVolatileLines(
        texts((visit) => `Price: ${visit} euros`),
        40,
      ),
    ).toEqual([]);
  });
});

describe("suggested rules", () => {
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
  afterAll(() => store.close());

  const visits = [1, 2, 3, 4, 5];
  const add = (path: string, textOn: (day: number) => string) =>
    addPage(
      store.db,
      websiteId,
      `https://site.example${path}`,
      Object.fromEntries(visits.map((day) => [day, textOn(day)])),
    );
  const suggest = () => suggestRules(store.db, viewer, websiteId);
  const adopt = (id: string) => adoptSuggestion(store.db, viewer, websiteId, id);

  test("a counter is left out by the words around it, for the page that has it", async () => {
    await add("/a", (day) => `# A\n\n- **${day * 117}** people are reading this\n\nThere are 3 people in the story.`);

    const suggestions = await suggest();

    expect(suggestions).toMatchObject([
      {
        rule: { path: "/a", ignore_text: ["re:^\\*\\*[\\d.,:%+-]+\\*\\* people are reading this$"] },
        pages: { count: 1, urls: ["https://site.example/a"] },
        ...{ share: 1, changed: 4, spared: 4 },
      },
    ]);
    expect(suggestions[0]?.examples[0]).toBe("**585** people are reading this");
  });

  test("a line on most pages is one suggestion for the whole website", async () => {
    await add("/d", (day) => `# D\n\nGenerated: 0${day}.01.2026`);
    await add("/e", (day) => `# E\n\nGenerated: 0${day}.02.2026`);
    await add("/f", (day) => `# F\n\nGenerated: 0${day}.03.2026`);
    const [generated] = (await suggest()).filter(({ rule }) => rule.ignore_text?.[0]?.includes("Generated"));

    expect(generated).toMatchObject({ rule: { ignore_text: ["re:^Generated: .+$"] }, pages: { count: 3 }, spared: 12 });
    expect(generated?.rule.path).toBeUndefined();
  });

  test("pages of one folder have a rule for it", async () => {
    for (const name of ["one", "two"]) await add(`/news/${name}`, (day) => `Seen ${day}${day} times by readers`);
    for (const name of ["a", "b", "c", "d"]) await add(`/${name}`, (day) => `${"word ".repeat(day)}`.trim());

    const [first] = (await suggest()).filter(({ rule }) => rule.ignore_text?.[0]?.includes("readers"));

    expect(first?.rule.path).toBe("/news/**");
  });

  test("a bare clock or number has no words: dates or numbers are ignored on the page", async () => {
    await add("/clock", (day) => `# Clock\n\n12:3${day}:00\n\nText`);
    await add("/count", (day) => `# Count\n\n${day * 7}\n\nText`);

    const rules = (await suggest()).map(({ rule }) => rule);

    expect(rules).toContainEqual({ path: "/clock", ignore_dates: true });
    expect(rules).toContainEqual({ path: "/count", ignore_numbers: true });
  });

  test("few texts that take turns are named each", async () => {
    await add("/", (day) => `# Ads\n\n${day % 2 ? "Buy bicycles" : "Rent a boat"}\n\nText`);

    expect((await suggest()).map(({ rule }) => rule)).toEqual([
      { path: "/", ignore_text: ["Buy bicycles", "Rent a boat"] },
    ]);
  });

  test("news that come and go suggest nothing", async () => {
    const stories = [
      ...["Spiders seen in Oslo", "A web across the river", "Moths return early", "Old barn falls down"],
      ...["Mayor opens museum of silk", "No rain until Monday", "Bees and wasps agree", "Students count flies"],
    ];
    await add("/", (day) => `# News\n\n${stories.slice(5 - day, 8 - day).join("\n\n")}`);

    expect(await suggest()).toEqual([]);
  });

  test("an expression that would leave out lines that stay is not suggested", async () => {
    await add("/", (day) => `# Prices\n\nPrice today: ${day} euros\n\nPrice today: ${7} euros`);

    expect((await suggest()).flatMap(({ rule }) => rule.ignore_text ?? [])).toEqual([]);
  });

  test("one is adopted once, and suggested no more", async () => {
    await add("/a", (day) => `# A\n\n${day * 117} people are reading this\n\nText`);
    const [suggestion] = await suggest();
    const id = suggestion?.id ?? "";

    const tracking = await adopt(id);

    expect(tracking.rules).toMatchObject([suggestion?.rule]);
    expect(await adopt(id)).toEqual(tracking);
    expect(await getTracking(store.db, viewer, websiteId)).toEqual(tracking);
    expect(await suggest()).toEqual([]);
    await expect(adopt("0".repeat(16))).rejects.toMatchObject({ reason: "not_found" });
  });

  test("what is visited often and seldom another is no noise, however often it was among what changed", async () => {
    const id = await add("/price", (day) => `# Price\n\nThe price is ${day} euros today`);
    await store.db.update(pages).set({ visits: 200 }).where(eq(pages.id, id));

    expect(await suggest()).toEqual([]);
  });
});
