import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import { systemClock } from "../../src/clock.ts";
import type { Store } from "../../src/db/db.ts";
import { indexedWebsites } from "../../src/db/schema/passages.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { search } from "../../src/search/search.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { addWebsite } from "../../src/websites/websites.ts";
import { testStores } from "../testing/stores.ts";
import { DOCS, indexSite } from "./indexed-site.ts";

const log = createLog("error", systemClock, () => {});

describe.each(testStores)("a website that is being indexed for the first time ($name)", ({ open }) => {
  let store: Store;
  beforeAll(async () => {
    store = await open();
    const { id } = await addWebsite(store.db, { userId: LOCAL_USER_ID, url: "https://docs.example/" });
    await indexSite(store.db, { id, origin: "https://docs.example" }, DOCS);
    // What is known of the website as a whole is written at the end.
    await store.db.delete(indexedWebsites).where(eq(indexedWebsites.websiteId, id));
  });
  afterAll(() => store.close());

  const ask = (query: string) =>
    search({ db: store.db, clock: systemClock, log }, LOCAL_VIEWER, { query, limit: 10, mode: "text" });

  test("is searched in the languages of the pages that are indexed", async () => {
    const { results, searched } = await ask("session deadlocks");

    const [first] = results;
    expect(first?.title).toBe("Advisory locks");
    expect(first?.passages[0]?.snippet.filter(({ isMatch }) => isMatch)).not.toEqual([]);
    expect(searched).toMatchObject({ pages: DOCS.length, indexedAt: null });
  });

  test("is told to be", async () => {
    const { searched } = await ask("lock");

    expect(searched.notes).toEqual(["What was searched is being indexed for the first time: there will be more"]);
  });
});
