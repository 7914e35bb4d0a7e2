import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { createKey, revokeKey } from "../../src/access/keys.ts";
import { LOCAL_PRINCIPAL } from "../../src/access/principal.ts";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import { systemClock } from "../../src/clock.ts";
import type { Config } from "../../src/config/settings.ts";
import type { Store } from "../../src/db/db.ts";
import { crawlJobs } from "../../src/db/schema/crawls.ts";
import { LOCAL_USER_ID, type Permission } from "../../src/db/schema/users.ts";
import { testStores } from "../testing/stores.ts";
import { noStore, type RunningService, startService } from "./running-service.ts";

const [embedded] = testStores;
if (!embedded) throw new Error("There is always an embedded store");
let store: Store;
let service: RunningService;

beforeAll(async () => {
  store = await embedded.open();
  service = await startService(store, { isClosed: true, config: { DOCS: "protected" } });
});
afterAll(async () => {
  await service.stop();
  await store.close();
});

const makeKey = (...permissions: Permission[]) =>
  createKey(
    store.db,
    { maker: LOCAL_PRINCIPAL, userId: LOCAL_USER_ID, name: "a key", permissions, expiresAt: null },
    systemClock.now(),
  );

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const basic = (pair: string) => ({ authorization: `Basic ${Buffer.from(pair).toString("base64")}` });

describe("a credential", () => {
  test("is taken as a bearer token, in any case of the word, or as X-API-Key", async () => {
    const { secret } = await makeKey("read");

    for (const headers of [
      bearer(secret),
      { authorization: `bearer  ${secret}` },
      { "x-api-key": secret },
      // A proxy in front may use the other header for its own.
      { "x-api-key": secret, ...basic("proxy:password") },
    ]) {
      const { status } = await service.ask("GET", "/api/v1/me", undefined, headers as Record<string, string>);
      expect([headers, status]).toEqual([headers, 200]);
    }
  });

  test("is not taken from a URL, nor by Basic where programs ask", async () => {
    const { secret } = await makeKey("read");

    const inUrl = await service.ask("GET", `/api/v1/me?api_key=${secret}`);
    const byBasic = await service.ask("GET", "/api/v1/me", undefined, basic(`x:${secret}`));

    for (const { status, json } of [inUrl, byBasic]) expect([status, json.code]).toEqual([401, "no_credential"]);
  });

  test("that was revoked ends at once", async () => {
    const { key, secret } = await makeKey("read");
    const before = await service.ask("GET", "/api/v1/me", undefined, bearer(secret));

    await revokeKey({ ...service.app, clock: systemClock }, LOCAL_VIEWER, key.id);
    const after = await service.ask("GET", "/api/v1/me", undefined, bearer(secret));

    expect([before.status, after.status, after.json.code]).toEqual([200, 401, "revoked_key"]);
  });

  test("that nobody can look up is no stranger's: the service is not there", async () => {
    const { secret } = await makeKey("read");
    const away = await startService(noStore, { isClosed: true });

    const { status, json } = await away.ask("GET", "/api/v1/me", undefined, bearer(secret));
    await away.stop();

    expect([status, json.code]).toEqual([503, "database"]);
  });

  test("that made a crawl is remembered with it", async () => {
    const { key, secret } = await makeKey("write");

    const { json } = await service.ask("POST", "/api/v1/crawls", { url: "https://keyed.example/" }, bearer(secret));

    const [row] = await store.db
      .select()
      .from(crawlJobs)
      .where(eq(crawlJobs.id, String(json.id)));
    expect(row?.apiKeyId).toBe(key.id);
  });
});

test("who asks is told who they are, and no digest", async () => {
  const { key, secret } = await makeKey("write", "metrics");

  const { status, json, text } = await service.ask("GET", "/api/v1/me", undefined, bearer(secret));

  expect(status).toBe(200);
  expect(json).toMatchObject({
    user: { id: LOCAL_USER_ID, role: "admin", state: "active" },
    key: { id: key.id, prefix: secret.slice(0, 12), state: "usable" },
    permissions: ["write", "metrics"],
  });
  expect(text).not.toContain(secret);
  expect(text).not.toContain("hash");
});

test("a browser's preflight passes, since it never brings a credential", async () => {
  const preflight = { origin: "http://localhost:5173", "access-control-request-method": "POST" };

  const asked = await service.ask("OPTIONS", "/api/v1/websites", undefined, preflight);
  const plain = await service.ask("OPTIONS", "/api/v1/websites");

  expect([asked.status, asked.headers.get("access-control-allow-origin")]).toEqual([204, "http://localhost:5173"]);
  expect(plain.status).toBe(401);
});

describe("documentation that is protected", () => {
  const PATHS = ["/swagger", "/swagger/json", "/swagger/start.js", "/swagger/swagger-ui.css"];

  test("asks a browser for a key, and takes it as the password", async () => {
    const { secret } = await makeKey("read");

    const page = await service.ask("GET", "/swagger", undefined, { accept: "text/html,*/*;q=0.8" });
    expect(page.status).toBe(401);
    expect(page.headers.get("www-authenticate")).toStartWith('Basic realm="');
    for (const path of PATHS) {
      for (const pair of [`anybody:${secret}`, `:${secret}`, `${secret}:`]) {
        const { status } = await service.ask("GET", path, undefined, basic(pair));
        expect([path, status]).toEqual([path, 200]);
      }
    }
  });

  test("asks programs for a bearer token, and is shut to strangers whatever they guess", async () => {
    for (const path of PATHS) {
      for (const headers of [{}, basic("admin:admin"), basic(":"), bearer("nonsense")]) {
        const { status } = await service.ask("GET", path, undefined, headers as Record<string, string>);
        expect([path, status]).toEqual([path, 401]);
      }
    }
    const { headers } = await service.ask("GET", "/swagger/json", undefined, { accept: "application/json" });
    expect(headers.get("www-authenticate")).toBe('Bearer realm="orbweaver"');
  });

  test("needs a key that may read", async () => {
    const { secret } = await makeKey("metrics");

    const { status } = await service.ask("GET", "/swagger/json", undefined, bearer(secret));

    expect(status).toBe(403);
  });
});

describe("documentation elsewhere", () => {
  const statusesOf = async (config: Partial<Config>, isClosed: boolean) => {
    const other = await startService(noStore, { isClosed, config });
    const answers = await Promise.all(["/swagger", "/swagger/json", "/"].map((path) => other.ask("GET", path)));
    await other.stop();
    return answers.map(({ status }) => status);
  };

  test("is for everybody where it is on, and where it is protected by access that is off", async () => {
    expect(await statusesOf({ DOCS: "on" }, true)).toEqual([200, 200, 302]);
    expect(await statusesOf({ DOCS: "protected" }, false)).toEqual([200, 200, 302]);
  });

  test("is for nobody where it is off", async () => {
    expect(await statusesOf({ DOCS: "off" }, false)).toEqual([404, 404, 404]);
    expect(await statusesOf({ DOCS: "off" }, true)).toEqual([401, 401, 404]);
  });
});
