import { afterAll, beforeAll, expect, test } from "bun:test";
import { createKey } from "../../src/access/keys.ts";
import { LOCAL_PRINCIPAL } from "../../src/access/principal.ts";
import { createUser } from "../../src/access/users.ts";
import { systemClock } from "../../src/clock.ts";
import type { Store } from "../../src/db/db.ts";
import { embeddingModels } from "../../src/db/schema/passages.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { storePassages } from "../embeddings/stored-passages.ts";
import { testStores } from "../testing/stores.ts";
import { type RunningService, startService } from "./running-service.ts";

const [embedded] = testStores;
if (!embedded) throw new Error("There is always an embedded store");
let store: Store;
let service: RunningService;
let websiteId: string;
const keys: Record<string, string> = {};

beforeAll(async () => {
  store = await embedded.open();
  service = await startService(store, { isClosed: true });
  ({ websiteId } = await storePassages(store.db, "docs.example", [["a cat", "a dog"]]));
  const lastFailure = { code: "refused", message: "The endpoint answered 401: no", at: "2026-01-01T00:00:00.000Z" };
  const model = { endpoint: "gpu.intranet/v1", model: "small", dimensions: 8, lastFailure };
  await store.db.insert(embeddingModels).values(model);
  const stranger = await createUser(store.db, { name: "Stranger" });
  for (const [userId, permission] of [
    [LOCAL_USER_ID, "admin"],
    [stranger.id, "read"],
  ] as const) {
    const asked = { maker: LOCAL_PRINCIPAL, userId, name: "a key", permissions: [permission], expiresAt: null };
    keys[permission] = (await createKey(store.db, asked, systemClock.now())).secret;
  }
}, 60_000);
afterAll(async () => {
  await service.stop();
  await store.close();
});

const get = (path: string, as = "admin") =>
  service.ask("GET", `/api/v1${path}`, undefined, { authorization: `Bearer ${keys[as]}` });

test("an administrator is told how far vectors are, and what keeps them", async () => {
  const { status, json } = await get(`/embeddings?website_id=${websiteId}`);

  expect(status).toBe(200);
  expect(json).toMatchObject({
    configured: null,
    pgvector: expect.stringMatching(/^\d/),
    passages: 2,
    models: [
      {
        ...{ endpoint: "gpu.intranet/v1", model: "small", dimensions: 8, state: "building", embedded: 0, skipped: 0 },
        last_failure: { code: "refused", message: "The endpoint answered 401: no" },
      },
    ],
  });
});

test("others are told of their own passages, and not where the endpoint is or what it says", async () => {
  const { json, text } = await get("/embeddings", "read");

  expect(json).toMatchObject({
    passages: 0,
    models: [{ endpoint: null, last_failure: { code: "refused", message: "" } }],
  });
  expect(text).not.toContain("intranet");
  expect(text).not.toContain("401");
  expect((await get(`/embeddings?website_id=${websiteId}`, "read")).status).toBe(404);
  expect((await get(`/websites/${websiteId}/duplicates`, "read")).status).toBe(404);
});

test("a cursor of another list is refused", async () => {
  const cursor = Buffer.from("pages:1").toString("base64url");

  expect((await get(`/duplicates?cursor=${cursor}`)).status).toBe(400);
});
