import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import { getCrawl, startCrawl } from "../../src/crawl/crawls.ts";
import type { Store } from "../../src/db/db.ts";
import { crawlJobs } from "../../src/db/schema/crawls.ts";
import { LOCAL_USER_ID, users } from "../../src/db/schema/users.ts";
import {
  addWebsite,
  changeWebsite,
  deleteWebsite,
  findOrAddWebsite,
  getWebsite,
  holdWebsite,
  listWebsites,
  restoreWebsite,
} from "../../src/websites/websites.ts";
import { testStores } from "../testing/stores.ts";

const userId = LOCAL_USER_ID;
const viewer = { userId, seesAll: false };
const now = new Date("2026-05-01T00:00:00Z");
const daysLater = (days: number) => new Date(now.getTime() + days * 86_400_000);

for (const { name, open } of testStores) {
  describe(`websites in the ${name} store`, () => {
    let store: Store;
    let strangerId: string;

    beforeAll(async () => {
      store = await open();
      strangerId = Bun.randomUUIDv7();
      await store.db.insert(users).values({ id: strangerId, name: "Somebody else" });
    });
    afterAll(() => store.close());

    test("a website is named after its host when it is given no name", async () => {
      const added = await addWebsite(store.db, { userId, url: "https://named.example:8080/docs/" });

      expect(added).toMatchObject({ name: "named.example:8080", options: {}, deletedAt: null });
      expect(await getWebsite(store.db, viewer, added.id)).toEqual(added);
    });

    test("a URL that is registered is refused with the id of its website", async () => {
      const added = await addWebsite(store.db, { userId, url: "https://twice.example/" });

      const again = addWebsite(store.db, { userId, url: "https://twice.example/" });

      await expect(again).rejects.toMatchObject({
        reason: "conflict",
        code: "website_exists",
        message: expect.stringContaining(added.id),
      });
    });

    test("two users may each register the same URL, and see only their own", async () => {
      const url = "https://shared.example/";
      const mine = await addWebsite(store.db, { userId, url });
      const theirs = await addWebsite(store.db, { userId: strangerId, url });

      expect(theirs.id).not.toBe(mine.id);
      await expect(getWebsite(store.db, viewer, theirs.id)).rejects.toMatchObject({ reason: "not_found" });
      await expect(changeWebsite(store.db, viewer, theirs.id, { name: "x" })).rejects.toMatchObject({
        reason: "not_found",
      });
      await expect(deleteWebsite(store.db, viewer, theirs.id, now)).rejects.toMatchObject({ reason: "not_found" });
    });

    test("many that look for a website at once register it once", async () => {
      const url = "https://race.example/";

      const found = await Promise.all(Array.from({ length: 5 }, () => findOrAddWebsite(store.db, userId, url)));

      expect(new Set(found.map(({ id }) => id)).size).toBe(1);
    });

    test("finding a website leaves the options it has", async () => {
      const url = "https://kept.example/";
      await addWebsite(store.db, { userId, url, options: { max_pages: 7 } });

      const found = await findOrAddWebsite(store.db, userId, url, { max_pages: 9 });

      expect(found.options).toEqual({ max_pages: 7 });
    });

    test("a change touches only what it names", async () => {
      const { id } = await addWebsite(store.db, {
        userId,
        url: "https://change.example/",
        name: "Before",
        options: { max_pages: 7 },
      });

      await changeWebsite(store.db, viewer, id, { name: "After" });
      const changed = await changeWebsite(store.db, viewer, id, { options: {} });

      expect(changed).toMatchObject({ name: "After", options: {}, url: "https://change.example/" });
    });

    test("deleting a website cancels its crawls, hides it, and frees its URL", async () => {
      const url = "https://deleted.example/";
      const { id } = await addWebsite(store.db, { userId, url });
      const crawl = await startCrawl(store.db, { viewer, websiteId: id });

      const cancelled = await deleteWebsite(store.db, viewer, id, now);

      expect(cancelled).toEqual([crawl.id]);
      const [row] = await store.db.select().from(crawlJobs).where(eq(crawlJobs.id, crawl.id));
      expect(row).toMatchObject({ state: "cancelled", endReason: "cancelled", finishedAt: now, leaseOwner: null });
      await expect(getWebsite(store.db, viewer, id)).rejects.toMatchObject({ reason: "not_found" });
      await expect(holdWebsite(store.db, viewer, id)).rejects.toMatchObject({ reason: "not_found" });
      await expect(deleteWebsite(store.db, viewer, id, now)).rejects.toMatchObject({ reason: "not_found" });
      expect((await addWebsite(store.db, { userId, url })).id).not.toBe(id);
    });

    test("a deleted website comes back as it was, its crawls cancelled, for as long as it is kept", async () => {
      const added = await addWebsite(store.db, { userId, url: "https://restored.example/", options: { max_pages: 7 } });
      const crawl = await startCrawl(store.db, { viewer, websiteId: added.id });
      await deleteWebsite(store.db, viewer, added.id, now);

      const listed = await listWebsites(store.db, { viewer, isDeleted: true, limit: 1 });
      const restored = await restoreWebsite(store.db, viewer, added.id, { now: daysLater(30), retentionDays: 30 });

      expect(listed).toMatchObject([{ id: added.id, deletedAt: now }]);
      expect(restored).toEqual({ ...added, updatedAt: expect.any(Date) });
      expect(await getWebsite(store.db, viewer, added.id)).toEqual(restored);
      expect(await getCrawl(store.db, viewer, crawl.id)).toMatchObject({ state: "cancelled" });
    });

    test("what was deleted too long ago, by nobody or of somebody else is not brought back", async () => {
      const old = await addWebsite(store.db, { userId, url: "https://old.example/" });
      const theirs = await addWebsite(store.db, { userId: strangerId, url: "https://theirs.example/" });
      const there = await addWebsite(store.db, { userId, url: "https://there.example/" });
      await deleteWebsite(store.db, viewer, old.id, now);
      await deleteWebsite(store.db, LOCAL_VIEWER, theirs.id, now);
      const restore = (id: string, at = now) => restoreWebsite(store.db, viewer, id, { now: at, retentionDays: 30 });

      const late = new Date(daysLater(30).getTime() + 1);
      await expect(restore(old.id, late)).rejects.toMatchObject({ reason: "gone" });
      await expect(restore(theirs.id)).rejects.toMatchObject({ reason: "not_found" });
      await expect(restore(there.id)).rejects.toMatchObject({ reason: "not_found" });
    });

    test("a website does not come back to a URL that was registered anew, nor to a user who is deleted", async () => {
      const url = "https://anew.example/";
      const { id } = await addWebsite(store.db, { userId, url });
      await deleteWebsite(store.db, viewer, id, now);
      await addWebsite(store.db, { userId, url });
      const [gone] = await store.db.insert(users).values({ name: "Gone", deletedAt: now }).returning();
      const theirs = await addWebsite(store.db, { userId: String(gone?.id), url });
      await deleteWebsite(store.db, LOCAL_VIEWER, theirs.id, now);
      const restore = (which: string) => restoreWebsite(store.db, LOCAL_VIEWER, which, { now, retentionDays: 30 });

      await expect(restore(id)).rejects.toMatchObject({ reason: "conflict", code: "website_exists" });
      await expect(restore(theirs.id)).rejects.toMatchObject({ reason: "conflict", code: "conflict" });
    });

    test("an administrator lists the websites of one user among all", async () => {
      const [other] = await store.db.insert(users).values({ name: "Other" }).returning();
      const { id } = await addWebsite(store.db, { userId: String(other?.id), url: "https://other.example/" });

      const listed = await listWebsites(store.db, { viewer: LOCAL_VIEWER, userId: other?.id, limit: 10 });
      const asStranger = await listWebsites(store.db, { viewer, userId: other?.id, limit: 10 });

      expect(listed.map((website) => website.id)).toEqual([id]);
      expect(asStranger).toEqual([]);
    });

    test("a list comes newest first and goes on after any of its items", async () => {
      const ids: string[] = [];
      for (const path of ["a", "b", "c"]) {
        const { id } = await addWebsite(store.db, { userId: strangerId, url: `https://list.example/${path}` });
        ids.unshift(id);
      }

      const first = await listWebsites(store.db, { viewer: { userId: strangerId, seesAll: false }, limit: 2 });
      const rest = await listWebsites(store.db, {
        viewer: { userId: strangerId, seesAll: false },
        limit: 2,
        after: ids[1],
      });

      expect(first.map(({ id }) => id)).toEqual(ids.slice(0, 2));
      expect(rest.map(({ id }) => id)[0]).toBe(ids[2] ?? "");
    });
  });
}
