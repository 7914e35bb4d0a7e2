import { describe, expect, test } from "bun:test";
import { asc, eq } from "drizzle-orm";
import { channels, events } from "../../src/db/schema/notifications.ts";
import { markdownDocuments, pageChanges, pages } from "../../src/db/schema/pages.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { createMovedClock } from "../testing/apps.ts";
import { run, start } from "./runs.ts";
import { page, robots, type WebAnswer } from "./web.ts";
import { openWebCrawls, SITE } from "./web-crawls.ts";

const prose = (name: string) =>
  `The ${name} of this house is told here at some length, so that there is enough to read, to compare and to keep.`;

/** An article of three paragraphs, the second of which is given. */
const article = (middle: string, title = "House"): WebAnswer => ({
  body: `<!doctype html><html lang="en"><title>${title}</title><main><h1>${title}</h1><p>${prose("beginning")}
    <p>${middle}<p>${prose("end")}</main>`,
});

const HOUSE = `${SITE}/house`;
const notThere: WebAnswer = { body: "<!doctype html><title>Page not found</title><main><h1>Page not found</h1>" };
const wall: WebAnswer = {
  body: "<!doctype html><title>Just a moment...</title><h1>example.com</h1><p>Checking if the site connection is secure. Enable JavaScript and cookies to continue.",
};

describe("a recrawl", () => {
  const { crawl, pageAt, db } = openWebCrawls();

  const changes = () => db().select().from(pageChanges).orderBy(asc(pageChanges.id));
  const versions = () =>
    db()
      .select({ version: markdownDocuments.version, markdown: markdownDocuments.markdown })
      .from(markdownDocuments)
      .innerJoin(pages, eq(pages.id, markdownDocuments.pageId))
      .where(eq(pages.url, HOUSE))
      .orderBy(asc(markdownDocuments.version));
  const track = (tracking: Record<string, unknown>) => db().update(websites).set({ tracking });

  async function crawlHouse(middle: string) {
    const crawled = await crawl({ [`${SITE}/`]: page("/house"), [HOUSE]: article(middle) });
    const answerWith = (answer: WebAnswer) => {
      crawled.web.answers[HOUSE] = answer;
      return crawled.again();
    };
    return { ...crawled, answerWith, change: (text: string) => answerWith(article(text)) };
  }

  test("tells what changed on a page once, with its event, and nothing of the first crawl", async () => {
    const { change, again } = await crawlHouse("The roof is red.");
    const before = await changes();

    const changed = await change("The roof is blue now, and has a chimney.");
    await again();

    expect(before).toEqual([]);
    expect(changed).toMatchObject({ changed: 1, unchanged: 1, isBaseline: false });
    const [told, ...others] = await changes();
    expect(others).toEqual([]);
    expect(told).toMatchObject({ kind: "changed", fromVersion: 1, toVersion: 2, crawlId: changed.id });
    expect(told?.summary).toMatchObject({ changed: 1, added: 0, removed: 0 });
    const [event] = await db().select().from(events).where(eq(events.type, "page.changed"));
    expect(event).toMatchObject({
      changeId: told?.id,
      payload: { page: { url: HOUSE }, change: { kind: "changed", from_version: 1, to_version: 2 } },
    });
    expect(await pageAt(HOUSE)).toMatchObject({ version: 2, visits: 2, changes: 1, state: "live" });
  });

  test("parses nothing of a page that is sent again byte by byte, though it has no validator", async () => {
    const { again, app } = await crawlHouse("The roof is red.");
    const parsed: string[] = [];
    const { parse } = app.parser;
    app.parser.parse = (input, ...more) => {
      parsed.push(input.url);
      return parse(input, ...more);
    };

    const second = await again();

    expect(second).toMatchObject({ unchanged: 2, changed: 0, byStatus: { 200: 2 } });
    expect(parsed).toEqual([]);
    expect(await pageAt(HOUSE)).toMatchObject({ version: 1, visits: 1, changes: 0 });
  });

  test("writes nothing of what differs in noise alone", async () => {
    const { change } = await crawlHouse("Seen 17 times.");
    await track({ rules: [{ ignore_text: ["re:Seen [0-9]+ times\\."] }] });

    const recrawls = [await change("Seen 18 times."), await change("Seen 18 times."), await change("Seen 19 times.")];

    expect(recrawls.map(({ changed, unchanged }) => ({ changed, unchanged }))).toEqual(
      recrawls.map(() => ({ changed: 0, unchanged: 2 })),
    );
    expect(await changes()).toEqual([]);
    expect(await versions()).toHaveLength(1);
    expect(await pageAt(HOUSE)).toMatchObject({ version: 1, visits: 3, changes: 0 });
  });

  test("keeps small steps quiet until they add up to something, and measures from what was told last", async () => {
    const { change } = await crawlHouse("One two three four five six seven eight.");
    await track({ rules: [{ min_share: 0.3 }] });

    await change("One two three four five six seven NINE.");
    const afterSmall = await changes();
    const many = Array.from({ length: 60 }, (_, n) => `Word${n}`).join(" ");
    await change(`One two three four five six seven TEN. ${many}`);

    expect(afterSmall).toEqual([]);
    expect(await versions()).toHaveLength(3);
    expect(await changes()).toMatchObject([{ kind: "changed", fromVersion: 1, toVersion: 3 }]);
    expect(await pageAt(HOUSE)).toMatchObject({ version: 3, baselineDocumentId: null });
  });

  test("goes back quietly from what was never told", async () => {
    const { change } = await crawlHouse("One two three.");
    await track({ rules: [{ min_share: 0.9 }] });

    await change("One two four.");
    await change("One two three.");

    expect(await changes()).toEqual([]);
    expect((await versions()).at(-1)?.markdown).toContain("One two three.");
  });

  test.each([
    ["a page that says it is not there", notThere, "soft_404"],
    ["a wall against robots", wall, "bot_wall"],
    ["an empty page", { body: "<!doctype html><title>House</title><main></main>" }, "empty_page"],
    ["an error", { status: 500 }, "http_500"],
  ])("takes %s for no change, and keeps what it has", async (_, answer, code) => {
    const { answerWith, change } = await crawlHouse("The roof is red.");
    await track({ removed_after_visits: 9 });

    const failed = await answerWith(answer);
    const kept = await versions();
    await change("The roof is red.");

    expect(failed).toMatchObject({ changed: 0, failed: 1, byFailure: { [code]: 1 } });
    expect(kept).toHaveLength(1);
    expect(await changes()).toEqual([]);
    expect(await pageAt(HOUSE)).toMatchObject({ version: 1, state: "live", missingVisits: 0 });
  });

  test("takes a page that always said so for content", async () => {
    const { answerWith } = await crawlHouse("The roof is red.");
    await db().delete(websites);
    const about = { body: `${notThere.body}<p>${prose("number 404")}` };

    const first = await answerWith(about);
    const second = await answerWith({ body: `${about.body}<p>More of it.` });

    expect([first.created, first.byFailure]).toEqual([1, { soft_404: 1 }]);
    expect(second.byFailure).toEqual({ soft_404: 1 });
  });

  test("tells that a page is back, with what changed meanwhile", async () => {
    const { change, web } = await crawlHouse("The roof is red.");
    await db().update(pages).set({ state: "removed", status: 404 }).where(eq(pages.url, HOUSE));
    web.answers[`${SITE}/`] = { body: `${page("/house").body}<!-- Sent again -->` };

    await change("The roof is green.");

    expect(await changes()).toMatchObject([{ kind: "restored", fromVersion: 1, toVersion: 2 }]);
    expect(await pageAt(HOUSE)).toMatchObject({ state: "live", missingSince: null, missingVisits: 0 });
  });

  test("compares anew what another crawl has brought meanwhile", async () => {
    const { again, web } = await crawlHouse("The roof is red.");
    const [house] = await db().select().from(pages).where(eq(pages.url, HOUSE));
    const [document] = await db()
      .select()
      .from(markdownDocuments)
      .where(eq(markdownDocuments.pageId, house?.id ?? ""));
    if (!house || !document) throw new Error("The house was not stored");
    await db().delete(pages).where(eq(pages.url, HOUSE));
    web.answers[HOUSE] = async () => {
      await db().insert(pages).values(house);
      await db().insert(markdownDocuments).values(document);
      return article("The roof is blue.");
    };
    web.answers[`${SITE}/`] = { body: `${page("/house").body}<!-- Sent again -->` };

    const recrawl = await again();

    expect(recrawl).toMatchObject({ changed: 1, created: 0 });
    expect(await changes()).toMatchObject([{ kind: "changed", fromVersion: 1, toVersion: 2 }]);
  });

  test("goes on with what the one before left out, failed at or told as removed, though nothing is read anew", async () => {
    const answers = {
      [`${SITE}/`]: page("/house", "/garden", "/shed", "/gone"),
      [HOUSE]: article("The roof is red."),
      [`${SITE}/garden`]: { status: 500 },
      [`${SITE}/shed`]: article("Tools are kept there.", "Shed"),
      [`${SITE}/gone`]: { status: 404 },
    };
    const { web, app } = await crawl(answers, { max_retries: 0, max_pages: 2, concurrency: 1 });
    web.answers[`${SITE}/garden`] = article("Roses grow there.", "Garden");
    const anew = async () => run(app, await start(db(), `${SITE}/`, { sitemaps: false, max_retries: 0 }));

    const second = await anew();
    const third = await anew();
    const fourth = await anew();

    expect(second).toMatchObject({ unchanged: 2, created: 2, byFailure: { http_404: 1 } });
    expect(third).toMatchObject({ unchanged: 4, created: 0 });
    // By then it was found to lead nowhere for a second time.
    expect(fourth).toMatchObject({ unchanged: 4, failed: 0 });
  });

  test("tells each page to those who have asked for that, and to nobody else", async () => {
    const { change } = await crawlHouse("The roof is red.");
    const told = () => db().select().from(events).where(eq(events.type, "crawl.page"));
    const untold = await told();
    const timing = { mode: "immediate" as const, timeZone: "UTC", hour: 0, weekday: 1 };
    const target = { url: "https://hooks.example/" };
    const wish = { kind: "webhook" as const, name: "Pages", target, eventTypes: ["crawl.page" as const], timing };
    await db()
      .insert(channels)
      .values({ userId: LOCAL_USER_ID, ...wish });

    const recrawl = await change("The roof is blue.");
    await db().delete(channels);

    expect(untold).toEqual([]);
    const pagesTold = (await told()).map(({ payload, crawlId }) => ({
      crawlId,
      page: payload.page as { url: string },
    }));
    expect(pagesTold.toSorted((a, b) => a.page.url.localeCompare(b.page.url))).toMatchObject([
      { crawlId: recrawl.id, page: { url: `${SITE}/`, status: 200, outcome: "unchanged" } },
      { crawlId: recrawl.id, page: { url: HOUSE, status: 200, outcome: "changed" } },
    ]);
  });

  test("that makes texts in another way tells what changed on the site, and not what changed in the making", async () => {
    const { app, web } = await crawlHouse("The roof is red.");
    const anew = async () =>
      run(app, await start(db(), `${SITE}/`, { sitemaps: false, content: "page", links: false }));

    const remade = await anew();
    const untold = await changes();
    web.answers[HOUSE] = article("The roof is white.");
    await run(app, await start(db(), `${SITE}/`, { sitemaps: false }));

    expect(remade).toMatchObject({ changed: 0, unchanged: 2 });
    expect(untold).toEqual([]);
    expect(await changes()).toMatchObject([{ kind: "changed", summary: { changed: 1, added: 0, removed: 0 } }]);
  });
});

describe("a sitemap's dates", () => {
  const { crawl, pageAt, db } = openWebCrawls();

  const sitemap = (date: string) =>
    ({
      headers: { "content-type": "application/xml" },
      body: `<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>${HOUSE}</loc><lastmod>${date}</lastmod></url></urlset>`,
    }) satisfies WebAnswer;

  async function crawlDated() {
    const clock = createMovedClock("2026-03-01T00:00:00Z");
    const answers = {
      [`${SITE}/robots.txt`]: robots(""),
      [`${SITE}/sitemap.xml`]: sitemap("2026-01-01"),
      // Nothing else leads to the house, so that its date is known before it is visited.
      [`${SITE}/`]: page(),
      [HOUSE]: article("The roof is red."),
    };
    const crawled = await crawl(answers, { sitemaps: true }, `${SITE}/`, clock);
    const fetches = () => crawled.web.requests.get(HOUSE)?.length;
    return { ...crawled, clock, fetches };
  }

  test("spare pages that have not changed, once they are trusted, and are found out when they lie", async () => {
    const { again, web, fetches, clock } = await crawlDated();
    await again();
    const untrusted = fetches();
    await db()
      .update(websites)
      .set({ sitemapTrust: { caught: 10, missed: 0 } });

    const spared = await again();
    const whileTrusted = fetches();
    web.answers[HOUSE] = article("The roof is blue now.");
    // Beyond the time after which every page is looked at.
    clock.move(31 * 86_400_000);
    const changed = await again();

    expect([untrusted, whileTrusted]).toEqual([2, 2]);
    expect(spared).toMatchObject({ unchanged: 2, bytes: expect.any(Number) });
    expect(changed).toMatchObject({ changed: 1 });
    const [website] = await db().select().from(websites);
    // One that the sample brought stands for twenty.
    expect(website?.sitemapTrust).toEqual({ caught: 10, missed: 20 });
  });

  test("earn trust by a change that a newer one announced", async () => {
    const { again, web } = await crawlDated();

    web.answers[`${SITE}/sitemap.xml`] = sitemap("2026-02-27T10:00:00Z");
    web.answers[HOUSE] = article("The roof is blue now.");
    await again();

    const [website] = await db().select().from(websites);
    expect(website?.sitemapTrust).toEqual({ caught: 1, missed: 0 });
    expect((await pageAt(HOUSE))?.sitemapModifiedAt?.toISOString()).toBe("2026-02-27T10:00:00.000Z");
  });
});
