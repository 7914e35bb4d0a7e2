import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import { announceChange } from "../../src/access/announcements.ts";
import { type Authenticator, createAuthenticator } from "../../src/access/authenticator.ts";
import { makeSecret } from "../../src/access/key-format.ts";
import { createKey, getKey, type NewKey, revokeKey } from "../../src/access/keys.ts";
import { LOCAL_PRINCIPAL } from "../../src/access/principal.ts";
import { changeUser, deleteUser, disableUser, enableUser, restoreUser } from "../../src/access/standing.ts";
import { createUser, findUserByIdentity, getUser, type User } from "../../src/access/users.ts";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import { type Cache, createMemoryCache } from "../../src/cache.ts";
import { readConfig } from "../../src/config/config.ts";
import type { Config } from "../../src/config/settings.ts";
import type { Db, Store } from "../../src/db/db.ts";
import { apiKeys, users } from "../../src/db/schema/users.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { createManualClock, type ManualClock } from "../manual-clock.ts";
import { testStores } from "../testing/stores.ts";
import {
  type IdentityProvider,
  makeSigningKey,
  type SigningKey,
  sign,
  startIdentityProvider,
} from "./identity-provider.ts";

/** A PostgreSQL that nobody runs. */
const awayDb: Db = drizzle(postgres("postgres://127.0.0.1:1/away"), { schema: {}, casing: "snake_case" });

let signingKey: SigningKey;
let provider: IdentityProvider;

beforeAll(async () => {
  signingKey = await makeSigningKey("only");
  provider = startIdentityProvider([signingKey]);
});
afterAll(() => provider.stop());

for (const { name, open } of testStores) {
  describe(`proving callers by the ${name} store`, () => {
    let store: Store;
    let clock: ManualClock;
    let cache: Cache;
    let ada: User;
    let lines: string[];
    const opened: Authenticator[] = [];

    beforeAll(async () => {
      store = await open();
    });
    beforeEach(async () => {
      clock = createManualClock("2026-05-01T00:00:00.000Z");
      cache = createMemoryCache(clock);
      lines = [];
      ada = await createUser(store.db, { name: "Ada" });
    });
    afterEach(async () => {
      for (const authenticator of opened.splice(0)) await authenticator.close();
    });
    afterAll(() => store.close());

    const start = (settings: Partial<Config> = {}, db: Db = store.db): Authenticator => {
      const log = createLog("debug", clock, (line) => lines.push(line));
      const authenticator = createAuthenticator({ db, cache, clock, log, config: readConfig({}, settings) });
      opened.push(authenticator);
      return authenticator;
    };
    const startWithProvider = () => start({ AUTH_PROVIDER: "supabase", AUTH_URL: provider.url });
    const context = () => ({ db: store.db, cache, clock });
    const makeKey = (request: Partial<NewKey> = {}) => {
      const standard = { maker: LOCAL_PRINCIPAL, userId: ada.id, name: "ci", permissions: ["write"] as const };
      return createKey(store.db, { ...standard, expiresAt: null, ...request }, clock.now());
    };
    const token = (sub: string, more: object = {}) => {
      const exp = clock.now().getTime() / 1_000 + 3_600;
      return sign(signingKey, { iss: `${provider.url}/auth/v1`, aud: "authenticated", sub, exp, ...more });
    };
    const refused = (code: string) => ({ reason: "unauthorized", code });

    test("a key stands for its user, with the key's permissions", async () => {
      const { key, secret } = await makeKey();

      const principal = await start().authenticate(secret);

      expect(principal).toEqual({ userId: ada.id, keyId: key.id, permissions: ["write"] });
    });

    test.each([
      ["mistyped", "ow_live_oops"],
      ["unknown", makeSecret()],
      ["of no kind", "hunter2"],
      ["like a token, without a provider", "a.b.c"],
    ])("a credential that is %s is refused", async (_, credential) => {
      await expect(start().authenticate(credential)).rejects.toMatchObject(refused("bad_key"));
    });

    test("what is too long to be a credential is not even looked at", async () => {
      await expect(startWithProvider().authenticate("a".repeat(8_193))).rejects.toMatchObject(refused("bad_token"));
    });

    test("a mistyped key is told without asking the database", async () => {
      const authenticator = start({}, awayDb);

      await expect(authenticator.authenticate(makeSecret().slice(0, -1))).rejects.toMatchObject(refused("bad_key"));
    });

    test("a database that is away has not said that a key is bad", async () => {
      const authenticator = start({}, awayDb);

      const refusal = { reason: "unavailable", code: "database" };
      await expect(authenticator.authenticate(makeSecret())).rejects.toMatchObject(refusal);
    });

    test("a key that has expired is refused from that moment on, remembered or not", async () => {
      const { secret } = await makeKey({ expiresAt: new Date(clock.now().getTime() + 2_000) });
      const authenticator = start();
      await authenticator.authenticate(secret);
      await clock.advance(1_999);
      await authenticator.authenticate(secret);

      await clock.advance(1);

      await expect(authenticator.authenticate(secret)).rejects.toMatchObject(refused("expired_key"));
    });

    test("what ends a key's or a user's access ends it at once, and what gives it back does too", async () => {
      const { key, secret } = await makeKey();
      const authenticator = start();
      await authenticator.authenticate(secret);

      await disableUser(context(), ada.id);
      await expect(authenticator.authenticate(secret)).rejects.toMatchObject(refused("disabled_user"));
      await enableUser(context(), ada.id);
      await authenticator.authenticate(secret);
      await deleteUser(context(), ada.id);
      await expect(authenticator.authenticate(secret)).rejects.toMatchObject(refused("deleted_user"));
      await restoreUser(context(), ada.id, 30);
      await authenticator.authenticate(secret);
      await revokeKey(context(), LOCAL_VIEWER, key.id);
      await expect(authenticator.authenticate(secret)).rejects.toMatchObject(refused("revoked_key"));
    });

    test("two instances forget together", async () => {
      const { key, secret } = await makeKey();
      const [one, other] = [start(), start()];
      await Promise.all([one.authenticate(secret), other.authenticate(secret)]);

      await revokeKey(context(), LOCAL_VIEWER, key.id);

      for (const instance of [one, other])
        await expect(instance.authenticate(secret)).rejects.toMatchObject(refused("revoked_key"));
    });

    test("a change that nobody told of is noticed after five seconds", async () => {
      const { key, secret } = await makeKey();
      const authenticator = start();
      await authenticator.authenticate(secret);
      await store.db.update(apiKeys).set({ revokedAt: clock.now() }).where(eq(apiKeys.id, key.id));

      await clock.advance(4_999);
      await authenticator.authenticate(secret);
      await clock.advance(1);

      await expect(authenticator.authenticate(secret)).rejects.toMatchObject(refused("revoked_key"));
    });

    test("what was looked up before a change is not remembered after it", async () => {
      const { key, secret } = await makeKey();
      const authenticator = start();

      const lookUp = authenticator.authenticate(secret);
      await Promise.all([lookUp, announceChange(cache, { keyId: key.id })]);
      await store.db.update(apiKeys).set({ revokedAt: clock.now() }).where(eq(apiKeys.id, key.id));

      await expect(authenticator.authenticate(secret)).rejects.toMatchObject(refused("revoked_key"));
    });

    test("many requests with one key ask the database once", async () => {
      const { secret } = await makeKey();
      const { db, asked } = counting(store.db);
      const authenticator = start({}, db);

      await Promise.all(Array.from({ length: 20 }, () => authenticator.authenticate(secret)));
      await authenticator.authenticate(secret);

      expect(asked()).toBe(1);
    });

    test("the last use of a key, and by it of its user, is known to the minute, and not at the cost of a request", async () => {
      const { key, secret } = await makeKey();
      const used = async () => {
        const authenticator = start();
        await authenticator.authenticate(secret);
        await authenticator.close();
        const [{ lastUsedAt }, { lastSeenAt }] = [
          await getKey(store.db, LOCAL_VIEWER, key.id),
          await getUser(store.db, ada.id),
        ];
        expect(lastSeenAt).toEqual(lastUsedAt);
        return lastUsedAt?.toISOString();
      };

      expect(await used()).toBe("2026-05-01T00:00:00.000Z");
      await clock.advance(59_000);
      expect(await used()).toBe("2026-05-01T00:00:00.000Z");
      await clock.advance(1_000);
      expect(await used()).toBe("2026-05-01T00:01:00.000Z");
    });

    test("a last use that can't be written fails no request, and the log does not say whose it was", async () => {
      const { secret } = await makeKey();
      const bearer = await token(`unwritten-${name}`, { email: "private@example.com" });
      await startWithProvider().authenticate(bearer);
      await clock.advance(60_000);
      const authenticator = start({ AUTH_PROVIDER: "supabase", AUTH_URL: provider.url }, unwritable(store.db));

      expect((await authenticator.authenticate(secret)).userId).toBe(ada.id);
      await authenticator.authenticate(bearer);
      await authenticator.close();

      expect(lines.map((line) => JSON.parse(line).event)).toEqual(["last use not recorded", "last use not recorded"]);
      for (const told of [secret, bearer, "private@example.com", `unwritten-${name}`, ada.id])
        expect(lines.join("")).not.toContain(told);
    });

    test("an administrator's key is one no longer than its user", async () => {
      await changeUser(context(), ada.id, { role: "admin" });
      const { secret } = await makeKey({ permissions: ["read", "admin"] });
      const authenticator = start();
      expect((await authenticator.authenticate(secret)).permissions).toEqual(["read", "admin"]);

      await changeUser(context(), ada.id, { role: "user" });

      expect((await authenticator.authenticate(secret)).permissions).toEqual(["read"]);
    });

    test("a first sign-in makes the user, once, however many requests come with it", async () => {
      const bearer = await token(`new-${name}`, { email: "new@example.com", name: "New" });
      const instances = Array.from({ length: 4 }, startWithProvider);

      const principals = await Promise.all(
        [...instances, ...instances].map((authenticator) => authenticator.authenticate(bearer)),
      );

      const found = await store.db
        .select()
        .from(users)
        .where(eq(users.subject, `new-${name}`));
      expect(found).toMatchObject([{ name: "New", email: "new@example.com", role: "user", lastSeenAt: clock.now() }]);
      expect(new Set(principals.map(({ userId }) => userId))).toEqual(new Set([found[0]?.id ?? ""]));
      expect(principals[0]).toMatchObject({ keyId: null, permissions: ["read", "write"] });
    });

    test("a user whom the provider tells nothing of is named after the subject", async () => {
      const { userId } = await startWithProvider().authenticate(await token(`nameless-${name}`));

      expect(await getUser(store.db, userId)).toMatchObject({ name: `nameless-${name}`, email: null });
    });

    test("later sign-ins bring name and address up to date, once a minute, and take nothing away", async () => {
      const subject = `moving-${name}`;
      const signIn = async (claims: object) => {
        const authenticator = startWithProvider();
        const { userId } = await authenticator.authenticate(await token(subject, claims));
        await authenticator.close();
        return getUser(store.db, userId);
      };
      await signIn({ name: "Old", email: "old@example.com" });

      await clock.advance(59_000);
      expect(await signIn({ name: "New", email: "new@example.com" })).toMatchObject({ name: "Old" });
      await clock.advance(1_000);
      expect(await signIn({ name: "New" })).toMatchObject({ name: "New", email: "old@example.com" });
      expect((await signIn({})).lastSeenAt?.toISOString()).toBe("2026-05-01T00:01:00.000Z");
    });

    test("the role of a token's user counts at once, and a user who is disabled or deleted does not come in by it", async () => {
      const bearer = await token(`role-${name}`);
      const authenticator = startWithProvider();
      const { userId } = await authenticator.authenticate(bearer);

      await changeUser(context(), userId, { role: "admin" });
      expect((await authenticator.authenticate(bearer)).permissions).toEqual(["read", "write", "admin"]);
      await disableUser(context(), userId);
      await expect(authenticator.authenticate(bearer)).rejects.toMatchObject(refused("disabled_user"));
      await deleteUser(context(), userId);
      await expect(authenticator.authenticate(bearer)).rejects.toMatchObject(refused("deleted_user"));
      expect((await findUserByIdentity(store.db, `${provider.url}/auth/v1`, `role-${name}`))?.id).toBe(userId);
    });

    test("a token is refused from its expiry on, remembered or not, and keys work beside tokens", async () => {
      const exp = clock.now().getTime() / 1_000 + 1;
      const bearer = await token(`short-${name}`, { exp });
      const { secret } = await makeKey();
      const authenticator = startWithProvider();
      await authenticator.authenticate(bearer);

      await clock.advance(31_000);

      await expect(authenticator.authenticate(bearer)).rejects.toMatchObject(refused("expired_token"));
      await expect(authenticator.authenticate("a.b.c")).rejects.toMatchObject(refused("bad_token"));
      expect((await authenticator.authenticate(secret)).userId).toBe(ada.id);
      expect(lines).toEqual([]);
    });

    test("settings that don't make a provider are refused at the start", () => {
      expect(() => start({ AUTH_PROVIDER: "oidc", AUTH_URL: provider.url })).toThrow("AUTH_AUDIENCE");
    });
  });
}

/** A database whose rows can be read and not changed. */
function unwritable(db: Db): Db {
  return replacing(db, "update", awayDb.update.bind(awayDb) as never);
}

function counting(db: Db): { db: Db; asked: () => number } {
  let count = 0;
  const select = db.select.bind(db) as (...args: unknown[]) => unknown;
  const counted = replacing(db, "select", (...args: unknown[]) => {
    count++;
    return select(...args);
  });
  return { db: counted, asked: () => count };
}

function replacing(db: Db, method: keyof Db, by: (...args: unknown[]) => unknown): Db {
  return new Proxy(db, { get: (target, name) => (name === method ? by : Reflect.get(target, name)) });
}
