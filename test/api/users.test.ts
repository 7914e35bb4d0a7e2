import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Store } from "../../src/db/db.ts";
import { createManualClock } from "../manual-clock.ts";
import { testStores } from "../testing/stores.ts";
import { type RunningService, startService } from "./running-service.ts";

const [embedded] = testStores;
if (!embedded) throw new Error("There is always an embedded store");
const DAY_MS = 86_400_000;
const clock = createManualClock();
let store: Store;
let service: RunningService;

beforeAll(async () => {
  store = await embedded.open();
  service = await startService(store, { clock, config: { DELETED_RETENTION_DAYS: 10 } });
});
afterAll(async () => {
  await service.stop();
  await store.close();
});

const ask = (method: string, path: string, body?: unknown) => service.ask(method, `/api/v1${path}`, body);

async function addUser(user: Record<string, unknown>) {
  const { json } = await ask("POST", "/users", user);
  return json as { id: string; name: string };
}

const namesIn = (json: Record<string, unknown>) => (json.items as { name: string }[]).map(({ name }) => name);

test("a user is made, read and changed", async () => {
  const made = await ask("POST", "/users", { name: "Ada", email: "Ada@example.com" });
  const path = String(made.headers.get("location")).replace("/api/v1", "");
  const read = await ask("GET", path);
  const changed = await ask("PATCH", path, { name: "Ada L.", email: null, role: "admin" });

  expect(made.status).toBe(201);
  expect(read.json).toEqual(made.json);
  expect(made.json).toMatchObject({
    name: "Ada",
    email: "Ada@example.com",
    role: "user",
    state: "active",
    issuer: null,
  });
  expect(changed.json).toMatchObject({ name: "Ada L.", email: null, role: "admin" });
});

test("an address that another user has is a conflict, and one that is none a 400", async () => {
  await addUser({ name: "First", email: "same@example.com" });

  const same = await ask("POST", "/users", { name: "Second", email: "SAME@example.com" });
  const none = await ask("POST", "/users", { name: "Third", email: "nowhere" });

  expect([same.status, same.json.code]).toEqual([409, "user_exists"]);
  expect([none.status, none.json.errors]).toEqual([400, [expect.objectContaining({ at: "/email" })]]);
});

test("a list goes by role, state and the beginning of a name, page by page", async () => {
  for (const name of ["list a", "list b", "list c"]) await addUser({ name });
  const { id } = await addUser({ name: "list d", role: "admin" });
  await ask("POST", `/users/${id}/disable`);

  const all = await ask("GET", "/users?search=list&limit=3");
  const rest = await ask("GET", `/users?search=list&cursor=${all.json.next_cursor}`);
  const disabled = await ask("GET", "/users?search=list&state=disabled&role=admin");

  expect(namesIn(all.json)).toEqual(["list d", "list c", "list b"]);
  expect([namesIn(rest.json), rest.json.next_cursor]).toEqual([["list a"], null]);
  expect(namesIn(disabled.json)).toEqual(["list d"]);
});

test("a user is disabled and enabled, however often", async () => {
  const { id } = await addUser({ name: "Switched" });

  const states = [];
  for (const verb of ["disable", "disable", "enable", "enable"])
    states.push((await ask("POST", `/users/${id}/${verb}`)).json.state);

  expect(states).toEqual(["disabled", "disabled", "active", "active"]);
});

test("a deleted user is hidden with their websites, and brought back with them in time", async () => {
  const { id } = await addUser({ name: "Deleted" });

  const deleted = await ask("DELETE", `/users/${id}`);
  const hidden = await ask("GET", `/users/${id}`);
  const listed = await ask("GET", "/users?state=deleted");
  await clock.advance(10 * DAY_MS);
  const restored = await ask("POST", `/users/${id}/restore`);

  expect([deleted.status, deleted.text, hidden.status]).toEqual([204, "", 404]);
  expect(namesIn(listed.json)).toEqual(["Deleted"]);
  expect([restored.status, restored.json.state]).toEqual([200, "active"]);
});

test("a user who was deleted too long ago is gone", async () => {
  const { id } = await addUser({ name: "Gone" });
  await ask("DELETE", `/users/${id}`);
  await clock.advance(10 * DAY_MS + 1);

  const { status, json } = await ask("POST", `/users/${id}/restore`);

  expect([status, json.code]).toEqual([410, "gone"]);
});

test("whoever runs the service can't be deleted", async () => {
  const me = (await ask("GET", "/me")).json as { user: { id: string } };

  const { status, json } = await ask("DELETE", `/users/${me.user.id}`);

  expect([status, json.code]).toEqual([409, "local_user"]);
});
