import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { count, eq } from "drizzle-orm";
import { createKey, revokeKey } from "../../src/access/keys.ts";
import { LOCAL_PRINCIPAL } from "../../src/access/principal.ts";
import { deleteUser, restoreUser } from "../../src/access/standing.ts";
import { createUser } from "../../src/access/users.ts";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import { createMemoryCache } from "../../src/cache.ts";
import { startCrawl } from "../../src/crawl/crawls.ts";
import type { Db, Store } from "../../src/db/db.ts";
import { crawlJobs, frontier } from "../../src/db/schema/crawls.ts";
import { markdownDocuments, pages, rawHtml } from "../../src/db/schema/pages.ts";
import { apiKeys, idempotencyKeys, LOCAL_USER_ID, users } from "../../src/db/schema/users.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { purge } from "../../src/retention/purge.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { addWebsite, deleteWebsite } from "../../src/websites/websites.ts";
import { createManualClock, type ManualClock } from "../manual-clock.ts";
import { storePage } from "../pages/stored-pages.ts";
import { testStores } from "../testing/stores.ts";

const DAY_MS = 86_400_000;
const RETENTION_DAYS = 30;
const NOTHING = { websites: 0, pages: 0, users: 0, keys: 0, idempotencyKeys: 0, rawBodies: 0 };

for (const { name, open } of testStores) {
  describe(`purging the ${name} store`, () => {
    let store: Store;
    let db: Db;
    let clock: ManualClock;
    let lines: string[];
    let sites = 0;

    beforeAll(async () => {
      store = await open();
      db = store.db;
    });
    beforeEach(() => {
      clock = createManualClock();
      lines = [];
    });
    afterAll(() => store.close());

    const context = () => ({
      db,
      clock,
      log: createLog("info", clock, (line) => lines.push(line)),
      config: { DELETED_RETENTION_DAYS: RETENTION_DAYS },
    });
    const access = () => ({ db, clock, cache: createMemoryCache(clock) });
    const addSite = (userId = LOCAL_USER_ID) => addWebsite(db, { userId, url: `https://purged-${sites++}.example/` });
    const remove = (id: string) => deleteWebsite(db, LOCAL_VIEWER, id, clock.now());

    test("a deleted website goes with all of it once it can't be restored, and no day sooner", async () => {
      const kept = await addSite();
      const { id, url } = await addSite();
      const crawl = await startCrawl(db, { viewer: LOCAL_VIEWER, websiteId: id });
      const pageId = await storePage(db, { websiteId: id, url, body: "only here" });
      const keptPageId = await storePage(db, { websiteId: kept.id, url: kept.url, body: "kept" });
      await remove(id);

      await clock.advance(RETENTION_DAYS * DAY_MS);
      const early = await purge(context());
      await clock.advance(1);
      const due = await purge(context());

      expect(early).toEqual(NOTHING);
      expect(due).toEqual({ ...NOTHING, websites: 1, pages: 1, rawBodies: 1 });
      expect(await db.select().from(websites).where(eq(websites.id, id))).toEqual([]);
      expect(await db.select().from(crawlJobs).where(eq(crawlJobs.id, crawl.id))).toEqual([]);
      expect(await db.select().from(frontier).where(eq(frontier.crawlId, crawl.id))).toEqual([]);
      expect(await db.select().from(markdownDocuments).where(eq(markdownDocuments.pageId, pageId))).toEqual([]);
      expect(await db.select().from(pages).where(eq(pages.id, keptPageId))).toHaveLength(1);
      expect(lines.map((line) => JSON.parse(line))).toMatchObject([
        { level: "info", event: "deleted rows purged", websites: 1, pages: 1, rawBodies: 1 },
      ]);
    });

    test("a website with more rows than a batch goes too", async () => {
      const { id } = await addSite();
      const crawl = await startCrawl(db, { viewer: LOCAL_VIEWER, websiteId: id });
      const rows = Array.from({ length: 1_100 }, (_, number) => ({
        websiteId: id,
        urlHash: Bun.randomUUIDv7(),
        url: `https://many.example/${number}`,
        host: "many.example",
        path: `/${number}`,
        status: 200,
      }));
      await db.insert(pages).values(rows);
      const urls = rows.map(({ url, urlHash, host }) => ({ url, urlHash, host, depth: 0, priority: 0 }));
      await db.insert(frontier).values(urls.map((row) => ({ ...row, crawlId: crawl.id, source: "link" as const })));
      await remove(id);
      await clock.advance(RETENTION_DAYS * DAY_MS + 1);

      const counts = await purge(context());

      expect(counts).toMatchObject({ websites: 1, pages: 1_100 });
      expect(await db.select({ left: count() }).from(frontier).where(eq(frontier.crawlId, crawl.id))).toEqual([
        { left: 0 },
      ]);
    });

    test("it stops after the batch in which it is told to, and goes on the next time", async () => {
      const gone = [await addSite(), await addSite()];
      for (const { id } of gone) await remove(id);
      await clock.advance(RETENTION_DAYS * DAY_MS + 1);

      const stopped = await purge(context(), AbortSignal.abort());
      const later = await purge(context());

      expect(stopped).toEqual(NOTHING);
      expect(later).toMatchObject({ websites: 2 });
    });

    test("a deleted user goes with keys and websites, while one who was restored stays", async () => {
      const gone = await createUser(db, { name: "Gone" });
      const back = await createUser(db, { name: "Back" });
      for (const { id } of [gone, back]) {
        await addSite(id);
        await createKey(
          db,
          { maker: LOCAL_PRINCIPAL, userId: id, name: "theirs", permissions: ["read"], expiresAt: null },
          clock.now(),
        );
        await deleteUser(access(), id);
      }
      await restoreUser(access(), back.id, RETENTION_DAYS);
      await clock.advance(RETENTION_DAYS * DAY_MS + 1);

      const counts = await purge(context());

      expect(counts).toEqual({ ...NOTHING, users: 1, websites: 1 });
      expect(await db.select().from(users).where(eq(users.id, gone.id))).toEqual([]);
      expect(await db.select().from(apiKeys).where(eq(apiKeys.userId, gone.id))).toEqual([]);
      expect(await db.select().from(apiKeys).where(eq(apiKeys.userId, back.id))).toHaveLength(1);
      expect(await db.select().from(websites).where(eq(websites.userId, back.id))).toHaveLength(1);
    });

    test("keys that have ended go after as long; their crawls stay", async () => {
      const make = (expiresAt: Date | null) =>
        createKey(
          db,
          { maker: LOCAL_PRINCIPAL, userId: LOCAL_USER_ID, name: "a key", permissions: ["write"], expiresAt },
          clock.now(),
        );
      const [revoked, expired, usable] = [
        await make(null),
        await make(new Date(clock.now().getTime() + 1)),
        await make(null),
      ];
      const { id: websiteId } = await addSite();
      const crawl = await startCrawl(db, { viewer: LOCAL_VIEWER, websiteId, apiKeyId: revoked.key.id });
      await revokeKey(access(), LOCAL_VIEWER, revoked.key.id);
      await clock.advance(RETENTION_DAYS * DAY_MS + 2);

      const counts = await purge(context());

      expect(counts).toEqual({ ...NOTHING, keys: 2 });
      const left = (await db.select().from(apiKeys)).map(({ id }) => id);
      expect(left).toContain(usable.key.id);
      expect(left).not.toContain(expired.key.id);
      expect(await db.select().from(crawlJobs).where(eq(crawlJobs.id, crawl.id))).toMatchObject([{ apiKeyId: null }]);
    });

    test("answers under idempotency keys go as soon as they have expired", async () => {
      const now = clock.now();
      const row = { userId: LOCAL_USER_ID, requestHash: "00", lockedUntil: now };
      await db.insert(idempotencyKeys).values([
        { ...row, key: "old", expiresAt: new Date(now.getTime() - 1) },
        { ...row, key: "new", expiresAt: new Date(now.getTime() + 1) },
      ]);

      const counts = await purge(context());

      expect(counts).toEqual({ ...NOTHING, idempotencyKeys: 1 });
      expect(await db.select({ key: idempotencyKeys.key }).from(idempotencyKeys)).toEqual([{ key: "new" }]);
    });

    test("a body stays as long as any page or document refers to it", async () => {
      const [one, other] = [await addSite(), await addSite()];
      await storePage(db, { websiteId: one.id, url: one.url, body: "shared" });
      await storePage(db, { websiteId: other.id, url: other.url, body: "shared" });
      await remove(one.id);
      await clock.advance(RETENTION_DAYS * DAY_MS + 1);
      const first = await purge(context());
      await remove(other.id);
      await clock.advance(RETENTION_DAYS * DAY_MS + 1);

      const second = await purge(context());

      expect(first).toMatchObject({ websites: 1, rawBodies: 0 });
      expect(second).toMatchObject({ websites: 1, rawBodies: 1 });
    });

    // What several connections do at once; the embedded store has one.
    if (name === "embedded") return;

    test("of two instances that purge at once, one leaves it to the other", async () => {
      const gone = await Promise.all(Array.from({ length: 6 }, () => addSite()));
      for (const { id } of gone) await remove(id);
      await clock.advance(RETENTION_DAYS * DAY_MS + 1);

      const counts = await Promise.all([purge(context()), purge(context()), purge(context())]);
      const rest = await purge(context());

      const total = [...counts, rest].reduce((sum, { websites }) => sum + websites, 0);
      expect(total).toBe(6);
    });

    test("a body that a transaction in flight refers to anew is not deleted", async () => {
      const bodies = Array.from({ length: 40 }, (_, number) => `raced ${number}`);
      for (let round = 0; round < 3; round++) {
        const old = await addSite();
        const next = await addSite();
        for (const [number, body] of bodies.entries())
          await storePage(db, { websiteId: old.id, url: `${old.url}${number}`, body });
        await remove(old.id);
        await clock.advance(RETENTION_DAYS * DAY_MS + 1);

        const writing = Promise.all(
          bodies.map((body, number) =>
            db.transaction((tx) => storePage(tx, { websiteId: next.id, url: `${next.url}${number}`, body })),
          ),
        );
        await Promise.all([writing, purge(context())]);

        const referred = await db.select({ hash: pages.rawHash }).from(pages).where(eq(pages.websiteId, next.id));
        const stored = new Set((await db.select({ hash: rawHtml.hash }).from(rawHtml)).map(({ hash }) => hash));
        expect(referred.filter(({ hash }) => hash === null || !stored.has(hash))).toEqual([]);
        await remove(next.id);
        await clock.advance(RETENTION_DAYS * DAY_MS + 1);
        await purge(context());
      }
    });

    test("a body is looked at again once those who were inserting it have committed", async () => {
      const old = await addSite();
      const next = await addSite();
      await storePage(db, { websiteId: old.id, url: old.url, body: "held" });
      await remove(old.id);
      await clock.advance(RETENTION_DAYS * DAY_MS + 1);
      const inserted = Promise.withResolvers<void>();
      const mayCommit = Promise.withResolvers<void>();
      const writing = db.transaction(async (tx) => {
        await storePage(tx, { websiteId: next.id, url: next.url, body: "held" });
        inserted.resolve();
        await mayCommit.promise;
      });
      await inserted.promise;

      const purging = purge(context());
      await untilSomebodyWaits(db);
      mayCommit.resolve();
      const counts = await purging;
      await writing;

      expect(counts).toMatchObject({ websites: 1, rawBodies: 0 });
      const hash = new Bun.CryptoHasher("sha256").update("held").digest("hex");
      expect(await db.select({ hash: rawHtml.hash }).from(rawHtml).where(eq(rawHtml.hash, hash))).toHaveLength(1);
    });
  });
}

/** For the lock on the bodies, which an insertion in flight holds. */
async function untilSomebodyWaits(db: Db): Promise<void> {
  for (;;) {
    const waiting = await db.execute("select 1 from pg_locks where not granted and relation is not null");
    if ((waiting as unknown as unknown[]).length > 0) return;
  }
}
