import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { createKey, findKeyBySecret, revokeKey } from "../../src/access/keys.ts";
import { decideAccess, isLoopback, openAccess } from "../../src/access/opening.ts";
import { LOCAL_PRINCIPAL } from "../../src/access/principal.ts";
import { changeUser, disableUser } from "../../src/access/standing.ts";
import { createUser } from "../../src/access/users.ts";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import { createMemoryCache } from "../../src/cache.ts";
import type { Config } from "../../src/config/settings.ts";
import type { Store } from "../../src/db/db.ts";
import { apiKeys, LOCAL_USER_ID, type Permission, users } from "../../src/db/schema/users.ts";
import { createManualClock, type ManualClock } from "../manual-clock.ts";
import { testStores } from "../testing/stores.ts";

type Settings = Pick<Config, "AUTH" | "AUTH_PROVIDER" | "HOST">;

const on = (more: Partial<Settings> = {}): Settings => ({ AUTH: "on", HOST: "127.0.0.1", ...more });
const onNetwork: Settings = { AUTH: "auto", HOST: "0.0.0.0" };

test.each<[string, boolean]>([
  ["127.0.0.1", true],
  ["127.1.2.3", true],
  ["localhost", true],
  ["LOCALHOST", true],
  ["::1", true],
  ["[::1]", true],
  ["0.0.0.0", false],
  ["::", false],
  ["192.168.1.2", false],
  ["127.0.0.1.example.com", false],
  ["localhost.example.com", false],
  ["128.0.0.1", false],
  ["", false],
])("whether %p is this machine alone: %p", (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});

test.each<[Settings, string]>([
  [{ AUTH: "off", HOST: "0.0.0.0", AUTH_PROVIDER: "clerk" }, "open"],
  [{ AUTH: "on", HOST: "127.0.0.1" }, "closed"],
  [{ AUTH: "on", HOST: "0.0.0.0" }, "closed"],
  [{ AUTH: "auto", HOST: "127.0.0.1" }, "open"],
  [{ AUTH: "auto", HOST: "127.0.0.1", AUTH_PROVIDER: "oidc" }, "closed"],
  [{ AUTH: "auto", HOST: "0.0.0.0", AUTH_PROVIDER: "oidc" }, "closed"],
  [{ AUTH: "auto", HOST: "10.0.0.1" }, "closed_with_key"],
])("with %j the service is %s", (settings, expected) => {
  expect(decideAccess(settings)).toBe(expected as never);
});

for (const { name, open } of testStores) {
  describe(`the start of the service on the ${name} store`, () => {
    let store: Store;
    let clock: ManualClock;

    beforeAll(async () => {
      store = await open();
      clock = createManualClock("2026-05-01T00:00:00.000Z");
    });
    beforeEach(async () => {
      await store.db.delete(apiKeys);
    });
    afterAll(() => store.close());

    const context = () => ({ db: store.db, cache: createMemoryCache(clock), clock });
    const makeKey = (permissions: Permission[], expiresAt: Date | null = null) =>
      createKey(
        store.db,
        { maker: LOCAL_PRINCIPAL, userId: LOCAL_USER_ID, name: "test", permissions, expiresAt },
        clock.now(),
      );

    test("a service that is open makes no key", async () => {
      expect(await openAccess(store.db, { AUTH: "off", HOST: "0.0.0.0" }, clock)).toEqual({ isOpen: true });
      expect(await openAccess(store.db, { AUTH: "auto", HOST: "localhost" }, clock)).toEqual({ isOpen: true });
      expect(await store.db.$count(apiKeys)).toBe(0);
    });

    test("however many instances start at once, one makes the first key, and later starts make none", async () => {
      const started = await Promise.all(Array.from({ length: 5 }, () => openAccess(store.db, on(), clock)));
      const again = await openAccess(store.db, on(), clock);

      const keys = started.flatMap(({ firstKey }) => firstKey ?? []);
      expect(keys).toHaveLength(1);
      expect(again).toEqual({ isOpen: false, firstKey: undefined });
      expect(await findKeyBySecret(store.db, keys[0] ?? "")).toMatchObject({
        key: { permissions: ["admin"], expiresAt: null },
        user: { id: LOCAL_USER_ID },
      });
    });

    test("a first key is made again once nobody could administer the service any more", async () => {
      const { key } = await makeKey(["admin"]);
      await makeKey(["read", "write"]);
      expect((await openAccess(store.db, on(), clock)).firstKey).toBeUndefined();

      await revokeKey(context(), LOCAL_VIEWER, key.id);

      expect((await openAccess(store.db, on(), clock)).firstKey).toStartWith("ow_live_");
    });

    test("with a provider, an administrator who signs in there needs no first key", async () => {
      const settings = on({ AUTH: "auto", AUTH_PROVIDER: "oidc" });
      const identity = { name: "Ada", issuer: "https://login.example", subject: "ada", role: "admin" as const };
      const [ada] = await store.db.insert(users).values(identity).returning();

      expect(await openAccess(store.db, settings, clock)).toEqual({ isOpen: false, firstKey: undefined });
      await disableUser(context(), ada?.id ?? "");
      expect((await openAccess(store.db, settings, clock)).firstKey).toStartWith("ow_live_");
    });

    test("a local user that is disabled or no administrator is given no key", async () => {
      const other = await createUser(store.db, { name: "Admin", role: "admin" });
      await changeUser(context(), LOCAL_USER_ID, { role: "user" });

      expect(await openAccess(store.db, on(), clock)).toEqual({ isOpen: false, firstKey: undefined });

      await changeUser(context(), LOCAL_USER_ID, { role: "admin" });
      await changeUser(context(), other.id, { role: "user" });
    });

    test("on a network it does not start before somebody says who may use it, and says how", async () => {
      const refused = openAccess(store.db, onNetwork, clock);

      await expect(refused).rejects.toMatchObject({ reason: "invalid", code: "settings" });
      await expect(refused).rejects.toThrow(/AUTH=on.*orbweaver key create.*AUTH_PROVIDER.*AUTH=off/s);
      expect(await store.db.$count(apiKeys)).toBe(0);
    });

    test("on a network a key that can be used is enough, one that has ended is not", async () => {
      const { key } = await makeKey(["read"], new Date(clock.now().getTime() + 1_000));

      expect(await openAccess(store.db, onNetwork, clock)).toEqual({ isOpen: false });
      await clock.advance(1_000);
      await expect(openAccess(store.db, onNetwork, clock)).rejects.toMatchObject({ code: "settings" });
      await store.db.update(apiKeys).set({ expiresAt: null }).where(eq(apiKeys.id, key.id));
      expect(await openAccess(store.db, onNetwork, clock)).toEqual({ isOpen: false });
    });
  });
}
