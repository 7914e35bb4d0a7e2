import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { listenForChanges } from "../../src/access/announcements.ts";
import {
  type AccessContext,
  changeUser,
  deleteUser,
  disableUser,
  enableUser,
  restoreUser,
} from "../../src/access/standing.ts";
import { createUser, getUser, getUserByName, listUsers, stateOfUser } from "../../src/access/users.ts";
import { createMemoryCache } from "../../src/cache.ts";
import { startCrawl } from "../../src/crawl/crawls.ts";
import type { Store } from "../../src/db/db.ts";
import { crawlJobs } from "../../src/db/schema/crawls.ts";
import { LOCAL_USER_ID, users } from "../../src/db/schema/users.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { addWebsite, deleteWebsite, listWebsites } from "../../src/websites/websites.ts";
import { createManualClock, type ManualClock } from "../manual-clock.ts";
import { testStores } from "../testing/stores.ts";

for (const { name, open } of testStores) {
  describe(`users in the ${name} store`, () => {
    let store: Store;
    let clock: ManualClock;
    let context: AccessContext;
    const told: unknown[] = [];

    beforeAll(async () => {
      store = await open();
      clock = createManualClock("2026-05-01T00:00:00.000Z");
      context = { db: store.db, cache: createMemoryCache(clock), clock };
      listenForChanges(context.cache, (change) => told.push(change));
    });
    afterAll(() => store.close());

    const fromProvider = async (subject: string, email: string | null = null) => {
      const row = { name: subject, issuer: "https://login.example", subject, email };
      const [user] = await store.db.insert(users).values(row).returning();
      if (!user) throw new Error("No user");
      return user;
    };

    test("a user has no role but the one it is given, and an address that nobody else here has", async () => {
      const ada = await createUser(store.db, { name: "Ada", email: "ada@example.com" });
      await fromProvider("ada-elsewhere", "ada@example.com");

      expect(ada).toMatchObject({ role: "user", email: "ada@example.com", issuer: null, disabledAt: null });
      expect(await getUser(store.db, ada.id)).toEqual(ada);
      await expect(createUser(store.db, { name: "Other", email: "ADA@example.com" })).rejects.toMatchObject({
        reason: "conflict",
        code: "user_exists",
      });
    });

    test("a user is found by id, or by an address that only one has", async () => {
      const bob = await createUser(store.db, { name: "Bob", email: "Bob@example.com" });
      await fromProvider("carl-1", "carl@example.com");
      await fromProvider("carl-2", "carl@example.com");

      expect((await getUserByName(store.db, bob.id)).id).toBe(bob.id);
      expect((await getUserByName(store.db, "bob@EXAMPLE.com")).id).toBe(bob.id);
      await expect(getUserByName(store.db, "carl@example.com")).rejects.toMatchObject({ reason: "conflict" });
      await expect(getUserByName(store.db, "nobody@example.com")).rejects.toMatchObject({ reason: "not_found" });
      await expect(getUser(store.db, Bun.randomUUIDv7())).rejects.toMatchObject({ reason: "not_found" });
    });

    test("a list comes newest first, goes on after any of its items, and is narrowed by role, state and name", async () => {
      const made = [];
      for (const role of ["user", "admin", "user"] as const)
        made.unshift(await createUser(store.db, { name: `Listed 100% ${role}`, role }));
      const ids = made.map(({ id }) => id);
      await disableUser(context, ids[0] ?? "");
      const list = async (filter: object) =>
        (await listUsers(store.db, { search: "listed 100%", limit: 10, ...filter })).map(({ id }) => id);

      expect(await list({})).toEqual(ids);
      expect(await list({ limit: 1, after: ids[0] })).toEqual(ids.slice(1, 2));
      expect(await list({ role: "admin" })).toEqual(ids.slice(1, 2));
      expect(await list({ state: "disabled" })).toEqual(ids.slice(0, 1));
      expect(await list({ state: "active" })).toEqual(ids.slice(1));
      expect(await list({ state: "deleted" })).toEqual([]);
      expect(await list({ search: "l_sted" })).toEqual([]);
      await deleteUser(context, ids[1] ?? "");
      expect(await list({})).toEqual([ids[0] ?? "", ids[2] ?? ""]);
      expect(await list({ state: "deleted" })).toEqual(ids.slice(1, 2));
    });

    test("a change touches only what it names, and is told to all instances", async () => {
      const { id } = await createUser(store.db, { name: "Before", email: "change@example.com" });
      told.length = 0;

      await changeUser(context, id, { role: "admin" });
      await changeUser(context, id, { name: "After", email: null });
      const unchanged = await changeUser(context, id, {});

      expect(unchanged).toMatchObject({ name: "After", email: null, role: "admin" });
      expect(told).toEqual([{ userId: id }, { userId: id }, { userId: id }]);
      await changeUser(context, id, { role: "user" });
      await expect(changeUser(context, id, { email: "ada@example.com" })).rejects.toMatchObject({
        code: "user_exists",
      });
      await expect(changeUser(context, Bun.randomUUIDv7(), { name: "x" })).rejects.toMatchObject({
        reason: "not_found",
      });
    });

    test("what the identity provider says of a user is changed there, the role here", async () => {
      const { id } = await fromProvider("dora");

      await expect(changeUser(context, id, { name: "x" })).rejects.toMatchObject({ reason: "conflict" });
      expect(await changeUser(context, id, { role: "admin" })).toMatchObject({ role: "admin", name: "dora" });
      await changeUser(context, id, { role: "user" });
    });

    test("disabling and enabling may be repeated, and the first time counts", async () => {
      const { id } = await createUser(store.db, { name: "Eve" });
      const first = await disableUser(context, id);
      await clock.advance(1_000);

      const again = await disableUser(context, id);

      expect(stateOfUser(again)).toBe("disabled");
      expect(again.disabledAt).toEqual(first.disabledAt);
      expect(stateOfUser(await enableUser(context, id))).toBe("active");
      expect(stateOfUser(await enableUser(context, id))).toBe("active");
      await expect(enableUser(context, Bun.randomUUIDv7())).rejects.toMatchObject({ reason: "not_found" });
    });

    test("the last administrator can't be disabled, demoted or deleted, and of two that remove each other one stays", async () => {
      const other = await createUser(store.db, { name: "Second admin" });
      const last = { reason: "conflict", code: "last_administrator" };

      await expect(disableUser(context, LOCAL_USER_ID)).rejects.toMatchObject(last);
      await expect(changeUser(context, LOCAL_USER_ID, { role: "user" })).rejects.toMatchObject(last);
      await changeUser(context, other.id, { role: "admin" });
      await disableUser(context, LOCAL_USER_ID);
      await expect(deleteUser(context, other.id)).rejects.toMatchObject(last);
      await enableUser(context, LOCAL_USER_ID);

      const outcomes = await Promise.allSettled([
        disableUser(context, LOCAL_USER_ID),
        deleteUser(context, other.id),
        changeUser(context, other.id, { role: "user" }),
      ]);

      const administrators = await listUsers(store.db, { role: "admin", state: "active", limit: 10 });
      expect(administrators).toHaveLength(1);
      expect(outcomes.filter(({ status }) => status === "rejected").length).toBeGreaterThan(0);
      await enableUser(context, LOCAL_USER_ID);
    });

    test("the local user can be changed, and never deleted", async () => {
      await expect(deleteUser(context, LOCAL_USER_ID)).rejects.toMatchObject({
        reason: "conflict",
        code: "local_user",
      });

      expect(await changeUser(context, LOCAL_USER_ID, { name: "Operator" })).toMatchObject({ name: "Operator" });
    });

    test("a deleted user takes their websites and crawls along, and comes back with the websites that they had", async () => {
      const { id } = await createUser(store.db, { name: "Frank", email: "frank@example.com" });
      const viewer = { userId: id, seesAll: false };
      const kept = await addWebsite(store.db, { userId: id, url: "https://kept.example/" });
      const gone = await addWebsite(store.db, { userId: id, url: "https://gone.example/" });
      const crawl = await startCrawl(store.db, { viewer, websiteId: kept.id });
      await deleteWebsite(store.db, viewer, gone.id, clock.now());
      await clock.advance(1_000);
      const listed = () => listWebsites(store.db, { viewer: { userId: id, seesAll: true }, limit: 100 });

      const cancelled = await deleteUser(context, id);

      expect(cancelled).toEqual([crawl.id]);
      const [row] = await store.db.select().from(crawlJobs).where(eq(crawlJobs.id, crawl.id));
      expect(row).toMatchObject({ state: "cancelled", endReason: "cancelled", leaseOwner: null });
      expect((await listed()).filter(({ userId }) => userId === id)).toEqual([]);
      expect(told.at(-1)).toEqual({ userId: id });
      await expect(getUser(store.db, id)).rejects.toMatchObject({ reason: "not_found" });
      await expect(deleteUser(context, id)).rejects.toMatchObject({ reason: "not_found" });
      expect(stateOfUser(await getUserByName(store.db, "frank@example.com"))).toBe("deleted");

      const restored = await restoreUser(context, id, 30);

      expect(stateOfUser(restored)).toBe("active");
      const back = await store.db.select().from(websites).where(eq(websites.userId, id));
      expect(back.filter(({ deletedAt }) => deletedAt === null).map((website) => website.id)).toEqual([kept.id]);
    });

    test("a user comes back within the time of keeping, and only when nobody has the address meanwhile", async () => {
      const { id } = await createUser(store.db, { name: "Gail", email: "gail@example.com" });
      await deleteUser(context, id);
      const successor = await createUser(store.db, { name: "Gail II", email: "gail@example.com" });

      await expect(restoreUser(context, id, 30)).rejects.toMatchObject({ code: "user_exists" });
      expect((await getUserByName(store.db, "gail@example.com")).id).toBe(successor.id);
      await expect(restoreUser(context, successor.id, 30)).rejects.toMatchObject({ reason: "not_found" });
      await changeUser(context, successor.id, { email: null });
      await clock.advance(30 * 86_400_000 + 1);
      await expect(restoreUser(context, id, 30)).rejects.toMatchObject({ reason: "gone" });
      expect(stateOfUser(await restoreUser(context, id, 31))).toBe("active");
    });
  });
}
