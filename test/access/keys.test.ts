import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { digestOf, makeSecret } from "../../src/access/key-format.ts";
import {
  createKey,
  findKeyBySecret,
  getKey,
  listKeys,
  type NewKey,
  renameKey,
  revokeKey,
  stateOf,
} from "../../src/access/keys.ts";
import { LOCAL_PRINCIPAL, type Principal } from "../../src/access/principal.ts";
import { deleteUser } from "../../src/access/standing.ts";
import { createUser, type User } from "../../src/access/users.ts";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import { createMemoryCache } from "../../src/cache.ts";
import type { Store } from "../../src/db/db.ts";
import { apiKeys, LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { createManualClock, type ManualClock } from "../manual-clock.ts";
import { testStores } from "../testing/stores.ts";

const DAY_MS = 86_400_000;

for (const { name, open } of testStores) {
  describe(`keys in the ${name} store`, () => {
    let store: Store;
    let clock: ManualClock;
    let ada: User;

    beforeAll(async () => {
      store = await open();
      clock = createManualClock("2026-05-01T00:00:00.000Z");
      ada = await createUser(store.db, { name: "Ada" });
    });
    afterAll(() => store.close());

    const make = (request: Partial<NewKey> = {}) => {
      const standard = { maker: LOCAL_PRINCIPAL, userId: ada.id, name: "ci", permissions: ["read"] as const };
      return createKey(store.db, { ...standard, expiresAt: null, ...request }, clock.now());
    };
    const context = () => ({ db: store.db, cache: createMemoryCache(clock), clock });
    const principal = (more: Partial<Principal> = {}): Principal => ({
      userId: ada.id,
      keyId: null,
      permissions: ["read", "write"],
      ...more,
    });
    const own = () => ({ userId: ada.id, seesAll: false });

    test("a key is told once: the database has its digest and its beginning, and what comes out has not even that", async () => {
      const { key, secret } = await make({ permissions: ["write", "read", "read"] });

      const [row] = await store.db.select().from(apiKeys).where(eq(apiKeys.id, key.id));
      expect(row).toMatchObject({
        hash: digestOf(secret),
        prefix: secret.slice(0, 12),
        permissions: ["write", "read"],
      });
      expect(JSON.stringify(row)).not.toContain(secret);
      expect(Object.keys(key)).not.toContain("hash");
      expect(await getKey(store.db, own(), key.id)).toEqual(key);
      expect(Object.keys((await findKeyBySecret(store.db, secret))?.key ?? {})).not.toContain("hash");
    });

    test("a key is found by all of it and by nothing else", async () => {
      const { key, secret } = await make();

      expect(await findKeyBySecret(store.db, secret)).toMatchObject({ key: { id: key.id }, user: { id: ada.id } });
      for (const other of [makeSecret(), secret.slice(0, -1), `${secret} `, digestOf(secret), "", "ow_live_%"])
        expect(await findKeyBySecret(store.db, other)).toBeUndefined();
    });

    test.each<[string, Partial<NewKey>, string]>([
      ["no permission", { permissions: [] }, "permissions"],
      ["an expiry in the past", { expiresAt: new Date("2026-04-30T00:00:00Z") }, "expires_at"],
      ["admin for a user who is none", { permissions: ["read", "admin"] }, "permissions"],
    ])("a key with %s is refused", async (_, request, field) => {
      await expect(make(request)).rejects.toMatchObject({
        reason: "invalid",
        faults: [expect.objectContaining({ at: `/${field}` })],
      });
    });

    test("a key is made for users that are there", async () => {
      const { id } = await createUser(store.db, { name: "Gone" });
      await deleteUser(context(), id);

      await expect(make({ userId: id })).rejects.toMatchObject({ reason: "not_found" });
      await expect(make({ userId: Bun.randomUUIDv7() })).rejects.toMatchObject({ reason: "not_found" });
    });

    test("a key holds no more than its maker may, and is for the maker unless that is an administrator", async () => {
      const reader = principal({ permissions: ["read"] });
      const writer = principal({ permissions: ["write"] });
      const admin = principal({ userId: LOCAL_USER_ID, permissions: ["admin"] });
      const forbidden = { reason: "forbidden" };

      await expect(make({ maker: reader, permissions: ["write"] })).rejects.toMatchObject(forbidden);
      await expect(make({ maker: writer, permissions: ["metrics"] })).rejects.toMatchObject(forbidden);
      await expect(make({ maker: writer, userId: LOCAL_USER_ID })).rejects.toMatchObject(forbidden);
      await expect(make({ maker: writer, userId: LOCAL_USER_ID, permissions: ["admin"] })).rejects.toMatchObject(
        forbidden,
      );
      expect((await make({ maker: writer, permissions: ["read", "write"] })).key.permissions).toEqual([
        "read",
        "write",
      ]);
      expect((await make({ maker: admin, permissions: ["metrics"] })).key.userId).toBe(ada.id);
      const first = await make({ maker: admin, userId: LOCAL_USER_ID, permissions: ["admin"] });
      expect(first.key.permissions).toEqual(["admin"]);
    });

    test("a key does not outlive the one it is made with", async () => {
      const expiresAt = new Date(clock.now().getTime() + DAY_MS);
      const { key } = await make({ permissions: ["write"], expiresAt });
      const maker = principal({ keyId: key.id, permissions: ["write"] });

      await expect(make({ maker })).rejects.toMatchObject({ reason: "forbidden" });
      await expect(make({ maker, expiresAt: new Date(expiresAt.getTime() + 1) })).rejects.toMatchObject({
        reason: "forbidden",
      });
      expect((await make({ maker, expiresAt })).key.expiresAt).toEqual(expiresAt);
    });

    test("everybody sees, renames and revokes their own keys, an administrator all", async () => {
      const { key } = await make({ userId: LOCAL_USER_ID });
      const notFound = { reason: "not_found" };

      await expect(getKey(store.db, own(), key.id)).rejects.toMatchObject(notFound);
      await expect(renameKey(store.db, own(), key.id, "x")).rejects.toMatchObject(notFound);
      await expect(revokeKey(context(), own(), key.id)).rejects.toMatchObject(notFound);
      expect(await getKey(store.db, LOCAL_VIEWER, key.id)).toMatchObject({ name: "ci", revokedAt: null });
      expect(await renameKey(store.db, LOCAL_VIEWER, key.id, "deploy")).toMatchObject({ name: "deploy" });
    });

    test("revoking a key may be repeated, and the first time counts", async () => {
      const { key } = await make();
      const first = await revokeKey(context(), own(), key.id);
      await clock.advance(1_000);

      const again = await revokeKey(context(), own(), key.id);

      expect(again.revokedAt).toEqual(first.revokedAt);
      expect(stateOf(again, clock.now())).toBe("revoked");
    });

    test("a list comes newest first, goes on after any of its items, and is narrowed by state and user", async () => {
      const { id: userId } = await createUser(store.db, { name: "Lister" });
      const expiring = await make({ userId, expiresAt: new Date(clock.now().getTime() + DAY_MS) });
      const revoked = await make({ userId });
      const usable = await make({ userId });
      await revokeKey(context(), LOCAL_VIEWER, revoked.key.id);
      await clock.advance(DAY_MS);
      const list = async (filter: object) => {
        const standard = { viewer: { userId, seesAll: false }, limit: 10, now: clock.now() };
        return (await listKeys(store.db, { ...standard, ...filter })).map(({ id }) => id);
      };
      const ids = [usable, revoked, expiring].map(({ key }) => key.id);

      expect(await list({})).toEqual(ids);
      expect(await list({ limit: 1, after: ids[0] })).toEqual(ids.slice(1, 2));
      expect(await list({ state: "usable" })).toEqual(ids.slice(0, 1));
      expect(await list({ state: "revoked" })).toEqual(ids.slice(1, 2));
      expect(await list({ state: "expired" })).toEqual(ids.slice(2));
      expect(await list({ viewer: LOCAL_VIEWER, userId })).toEqual(ids);
      expect(await list({ userId: ada.id })).toEqual([]);
    });
  });
}
