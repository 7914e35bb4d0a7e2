import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Store } from "../../src/db/db.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { createManualClock } from "../manual-clock.ts";
import { testStores } from "../testing/stores.ts";
import { type RunningService, startService } from "./running-service.ts";

const [embedded] = testStores;
if (!embedded) throw new Error("There is always an embedded store");
const clock = createManualClock();
let store: Store;
let service: RunningService;

beforeAll(async () => {
  store = await embedded.open();
  service = await startService(store, { clock });
});
afterAll(async () => {
  await service.stop();
  await store.close();
});

const ask = (method: string, path: string, body?: unknown) => service.ask(method, `/api/v1${path}`, body);

async function makeKey(key: Record<string, unknown> = {}) {
  const { json } = await ask("POST", "/keys", { name: "a key", permissions: ["read"], ...key });
  return json as { id: string; key: string };
}

test("a key is shown when it is made, and never again", async () => {
  const made = await ask("POST", "/keys", { name: "nightly", permissions: ["write"] });
  const { key, ...rest } = made.json;
  const read = await ask("GET", `/keys/${made.json.id}`);
  const listed = await ask("GET", "/keys");

  expect([made.status, made.headers.get("location")]).toEqual([201, `/api/v1/keys/${made.json.id}`]);
  expect(String(key)).toMatch(/^ow_live_[0-9A-Za-z]{49}$/);
  expect(read.json).toEqual(rest);
  expect(rest).toMatchObject({ user_id: LOCAL_USER_ID, permissions: ["write"], state: "usable", expires_at: null });
  for (const { text } of [read, listed]) expect(text).not.toContain(String(key));
});

test("a key may have an end, in the future", async () => {
  const { id } = await makeKey({ expires_at: "2026-01-01T00:00:10Z" });
  const past = await ask("POST", "/keys", { name: "late", permissions: ["read"], expires_at: "2025-12-31T00:00:00Z" });
  const never = await ask("POST", "/keys", { name: "odd", permissions: ["read"], expires_at: "2026-02-30T00:00:00Z" });

  await clock.advance(10_000);
  const expired = await ask("GET", `/keys/${id}`);

  expect(expired.json).toMatchObject({ state: "expired", expires_at: "2026-01-01T00:00:10.000Z" });
  for (const { status, json } of [past, never])
    expect([status, json.errors]).toEqual([400, [expect.objectContaining({ at: "/expires_at" })]]);
});

test("a key is renamed; what it may do is settled", async () => {
  const { id } = await makeKey();

  const renamed = await ask("PATCH", `/keys/${id}`, { name: "weekly" });
  const widened = await ask("PATCH", `/keys/${id}`, { name: "weekly", permissions: ["admin"] });

  expect([renamed.status, renamed.json.name]).toEqual([200, "weekly"]);
  expect([widened.status, widened.json.errors]).toEqual([400, [{ at: "/permissions", message: "is not known" }]]);
});

test("a revoked key stays in the list as such", async () => {
  const { id } = await makeKey();

  const first = await ask("DELETE", `/keys/${id}`);
  const again = await ask("DELETE", `/keys/${id}`);
  const revoked = await ask("GET", "/keys?state=revoked");

  expect([first.status, again.status]).toEqual([204, 204]);
  expect(revoked.json.items).toMatchObject([{ id, state: "revoked", revoked_at: clock.now().toISOString() }]);
});

test("an administrator makes keys for others, and lists them by user", async () => {
  const user = (await ask("POST", "/users", { name: "Somebody" })).json;

  const { id } = await makeKey({ user_id: user.id });
  const theirs = await ask("GET", `/keys?user_id=${user.id}`);
  const nobodys = await ask("POST", "/keys", { name: "x", permissions: ["read"], user_id: Bun.randomUUIDv7() });

  expect(theirs.json.items).toMatchObject([{ id, user_id: user.id }]);
  expect(nobodys.status).toBe(404);
});
