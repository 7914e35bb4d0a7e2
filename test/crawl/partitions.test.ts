import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import type { App } from "../../src/app.ts";
import { daysBefore, systemClock } from "../../src/clock.ts";
import type { Crawl } from "../../src/crawl/crawls.ts";
import type { Db, Store } from "../../src/db/db.ts";
import { PARTITIONED_TABLES, partitionTable, readTableSizes } from "../../src/db/partitions.ts";
import { frontier } from "../../src/db/schema/crawls.ts";
import { markdownDocuments, pages, rawHtml } from "../../src/db/schema/pages.ts";
import { purgeCrawlLogs } from "../../src/retention/crawl-logs.ts";
import { purge } from "../../src/retention/purge.ts";
import { deleteWebsite } from "../../src/websites/websites.ts";
import { createSite, type ServedSite } from "../site.ts";
import { openTestApp } from "../testing/apps.ts";
import { hasPostgres, testStores } from "../testing/stores.ts";
import { expectCountersToMatch, outcomesOf, run, start } from "./runs.ts";

const [, server] = testStores;

describe.skipIf(!hasPostgres)("on tables that have partitions", () => {
  const site = createSite({ pages: 40, minBytes: 2_000, maxBytes: 4_000 });
  let served: ServedSite;
  let store: Store;
  let app: App;
  let db: Db;

  beforeAll(async () => {
    store = (await server?.open()) as Store;
    db = store.db;
    // A table that is rebuilt keeps the database busy for longer than leases last on a fast clock.
    app = openTestApp(store, { clock: systemClock });
    served = site.serve();
    for (const table of PARTITIONED_TABLES) await partitionTable(db, table, 4);
  });
  afterAll(async () => {
    await app.close();
    await served.stop();
    await store.close();
  });

  const crawl = async (options: Record<string, unknown> = {}): Promise<Crawl> =>
    run(app, await start(db, `${served.origin}/`, options));

  test("a website is crawled, crawled again while they become others, given up half-way, and purged", async () => {
    const first = await crawl();
    site.revise(7);
    const [second] = await Promise.all([crawl(), ...PARTITIONED_TABLES.map((table) => partitionTable(db, table, 3))]);
    const third = await crawl({ max_pages: 5 });
    const ended = [first, second, third];
    for (const { id } of ended) await expectCountersToMatch(db, id);
    const outcomes = await outcomesOf(db, second);
    const stored = [await db.$count(pages), await db.$count(markdownDocuments), await db.$count(rawHtml)];

    const logs = await purgeCrawlLogs(db, daysBefore(app.clock.now(), -1));
    await deleteWebsite(db, LOCAL_VIEWER, first.websiteId, app.clock.now());
    const purged = await purge({ ...app, config: { ...app.config, DELETED_RETENTION_DAYS: 0 } });

    expect(ended.map(({ state, endReason }) => [state, endReason])).toEqual([
      ["completed", "done"],
      ["completed", "done"],
      ["completed", "max_pages"],
    ]);
    expect(first).toMatchObject({ done: 40, created: 40 });
    expect(second).toMatchObject({ done: 40, changed: 1, unchanged: 39 });
    expect(outcomes[`${served.origin}${site.path(7)}`]).toBe("changed");
    expect(stored).toEqual([40, 41, 41]);
    // What the last completed crawl met is kept.
    expect(logs).toEqual({ crawls: 2, urls: 80 });
    expect(purged).toMatchObject({ websites: 1, pages: 40, rawBodies: 41 });
    expect([await db.$count(frontier), await db.$count(rawHtml)]).toEqual([0, 0]);
    const sizes = await readTableSizes(db);
    expect(
      sizes
        .filter(({ partitions }) => partitions === 3)
        .map(({ table }) => table)
        .sort(),
    ).toEqual([...PARTITIONED_TABLES]);
  });
});
