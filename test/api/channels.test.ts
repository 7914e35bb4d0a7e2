import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { createUser } from "../../src/access/users.ts";
import type { Store } from "../../src/db/db.ts";
import { channels, events } from "../../src/db/schema/notifications.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { websites } from "../../src/db/schema/websites.ts";
import { addChannel, MAX_CHANNELS } from "../../src/notify/channels.ts";
import { dispatchEvents } from "../../src/notify/dispatch.ts";
import { recordEvents } from "../../src/notify/outbox.ts";
import { createManualClock, type ManualClock } from "../manual-clock.ts";
import { pageEvent } from "../notify/told-user.ts";
import { testStores } from "../testing/stores.ts";
import { readEvents } from "./event-reader.ts";
import { type Answer, type RunningService, startService } from "./running-service.ts";

const HOOK = { kind: "webhook", target: { url: "https://hooks.example.com/a?token=very-secret" } };

// PostgreSQL where there is one: what differs between the stores is tested below the API.
describe("the API's channels", () => {
  let store: Store;
  let service: RunningService;
  let clock: ManualClock;

  beforeAll(async () => {
    store = await (testStores.at(-1) as (typeof testStores)[number]).open();
    clock = createManualClock("2026-03-28T12:00:00.000Z");
    const fetch = async ({ url }: { url: string }) => {
      const [status, body] = [
        Number(new URL(url).searchParams.get("answer") ?? 204),
        new TextEncoder().encode("hello"),
      ];
      const came = {
        url,
        status,
        headers: new Headers({ "x-from": "receiver" }),
        body,
        isBodyRead: true,
        redirects: [],
      };
      return { ...came, wireBytes: 5, latencyMs: 1, durationMs: 1 };
    };
    service = await startService(store, { clock, fetch });
  }, 60_000);
  beforeEach(async () => {
    await store.db.delete(channels);
    await store.db.delete(events);
    await store.db.delete(websites);
  });
  afterAll(async () => {
    await service.stop();
    await store.close();
  });

  const ask = (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
    service.ask(method, `/api/v1${path}`, body, headers);
  const add = async (fields: Record<string, unknown> = HOOK) => (await ask("POST", "/channels", fields)).json;
  const placesOf = ({ status, json }: Answer) => [status, (json.errors as { at: string }[])?.map(({ at }) => at)];
  const addSite = async () => {
    const [site] = await store.db
      .insert(websites)
      .values({ userId: LOCAL_USER_ID, url: "https://example.com/", name: "Example" })
      .returning();
    return site as typeof websites.$inferSelect;
  };
  const tell = async (...list: Parameters<typeof recordEvents>[1]) => {
    await store.db.transaction((tx) => recordEvents(tx, list));
    await dispatchEvents(service.app, LOCAL_USER_ID, new AbortController().signal);
  };

  test("a channel is made, read, listed, changed and deleted, and shows its secrets once", async () => {
    const site = await addSite();
    const fields = {
      website_id: site.id,
      name: " Deploys ",
      event_types: ["page.new"],
      filter: { include: ["/docs/**"] },
    };
    const timing = { mode: "daily", time_zone: "Europe/Berlin", hour: 7 };
    const added = await ask("POST", "/channels", { ...HOOK, ...fields, timing });
    const path = `/channels/${added.json.id}`;

    const read = await ask("GET", path);
    const changed = await ask("PATCH", path, { timing: { hour: 9 }, filter: {}, enabled: false });
    const listed = await ask("GET", `/channels?website_id=${site.id}&enabled=false&kind=webhook`);
    const others = await ask("GET", "/channels?kind=slack");
    const deleted = await ask("DELETE", path);

    const { secret, ...view } = added.json;
    expect(added.status).toBe(201);
    expect(added.headers.get("location")).toBe(`/api/v1${path}`);
    expect(secret).toStartWith("whsec_");
    expect(view).toMatchObject({
      ...{ name: "Deploys", website_id: site.id, kind: "webhook", address: "hooks.example.com", enabled: true },
      target: { url: "https://hooks.example.com/a?token=[redacted]" },
      filter: { include: ["/docs/**"], exclude: [], trigger_text: [], min_share: 0 },
      timing: { ...timing, weekday: 1 },
      next_digest_at: "2026-03-29T05:00:00.000Z",
    });
    expect(read.json).toEqual(view);
    expect(changed.json).toMatchObject({
      ...{ enabled: false, next_digest_at: null, filter: { include: [] } },
      timing: { mode: "daily", time_zone: "Europe/Berlin", hour: 9 },
    });
    expect(listed.json).toEqual({ items: [changed.json], next_cursor: null });
    expect(others.json.items).toEqual([]);
    expect([deleted.status, (await ask("GET", path)).status]).toEqual([204, 404]);
  });

  test("each fault is told at its field", async () => {
    const faults = async (fields: Record<string, unknown>) => placesOf(await ask("POST", "/channels", fields));
    const hook = (fields: Record<string, unknown>) => faults({ ...HOOK, ...fields });
    const url = (text: string) => hook({ target: { url: text } });
    const { id } = await add();

    expect(await faults({ kind: "pigeon", target: {} })).toEqual([400, ["/kind"]]);
    expect(await hook({ target: {} })).toEqual([400, ["/target/url"]]);
    expect(await hook({ target: { url: "https://x.example/", port: 1 } })).toEqual([400, ["/target/port"]]);
    expect(await url("mailto:me@example.com")).toEqual([400, ["/target/url"]]);
    expect(await url("http://127.0.0.1/")).toEqual([400, ["/target/url"]]);
    expect(await url("http://2130706433/")).toEqual([400, ["/target/url"]]);
    expect(await url("http://[::ffff:10.0.0.1]/")).toEqual([400, ["/target/url"]]);
    expect(await url("http://metadata.google.internal/")).toEqual([400, ["/target/url"]]);
    expect(await url("https://user:password@x.example/")).toEqual([400, ["/target/url"]]);
    expect(await hook({ secret: "whsec_c2hvcnQ=" })).toEqual([400, ["/secret"]]);
    expect(await hook({ event_types: ["website.digest"] })).toEqual([400, ["/event_types/0"]]);
    expect(await hook({ filter: { include: ["ok/", "/a[", "/b"] } })).toEqual([
      400,
      ["/filter/include/0", "/filter/include/1"],
    ]);
    expect(await hook({ filter: { trigger_text: ["fine", "re:("] } })).toEqual([400, ["/filter/trigger_text/1"]]);
    expect(await hook({ timing: { time_zone: "Mars/Olympus" } })).toEqual([400, ["/timing/time_zone"]]);
    expect(await hook({ template: { body: "{{ oops" } })).toEqual([400, ["/template/body"]]);
    expect((await ask("POST", "/channels", { ...HOOK, website_id: Bun.randomUUIDv7() })).status).toBe(404);
    // What is shown is not what is kept.
    const shown = { target: { url: "https://hooks.example.com/a?token=[redacted]" } };
    expect(placesOf(await ask("PATCH", `/channels/${id}`, shown))).toEqual([400, ["/target"]]);
  });

  test("a user has so many channels and no more", async () => {
    const { id: userId } = await createUser(store.db, { name: "Busy" });
    const viewer = { userId, seesAll: false };
    const target = { url: "https://hooks.example.com/" };
    const { timing, eventTypes } = await addChannel(service.app, viewer, { kind: "webhook", target });
    const row = { userId, kind: "webhook" as const, name: "Another", target, timing, eventTypes };
    await store.db.insert(channels).values(Array.from({ length: MAX_CHANNELS - 1 }, () => row));

    await expect(addChannel(service.app, viewer, { kind: "webhook", target })).rejects.toThrow("which is the most");
  });

  test("a secret is rotated, and the former one holds for a day", async () => {
    const { id, secret } = await add();

    const made = await ask("POST", `/channels/${id}/rotate-secret`, {});
    const given = await ask("POST", `/channels/${id}/rotate-secret`, { secret });

    expect(made.json.secret).toStartWith("whsec_");
    expect(made.json.secret).not.toBe(secret);
    expect(given.json).toMatchObject({ secret, former_secret_until: "2026-03-29T12:00:00.000Z" });
  });

  test("a test tells what was sent and what came back", async () => {
    const { id } = await add({ ...HOOK, target: { url: "https://hooks.example.com/?answer=500&token=very-secret" } });

    const { status, json } = await ask("POST", `/channels/${id}/test`);
    const read = await ask("GET", `/deliveries/${json.id}`);
    const listed = await ask("GET", `/channels/${id}/deliveries?state=failed`);
    const replayed = await ask("POST", `/deliveries/${json.id}/replay`);
    const all = await ask("POST", `/channels/${id}/replay-failed`);
    const again = await ask("POST", `/deliveries/${json.id}/replay`);

    expect(status).toBe(200);
    expect(json).toMatchObject({
      ...{
        channel_id: id,
        event_type: "channel.test",
        state: "failed",
        last_status: 500,
        last_error: "It answered 500",
      },
      data: { channel: { id } },
      tries: [
        {
          request: { method: "POST", url: "https://hooks.example.com/?answer=500&token=[redacted]" },
          ...{ attempt: 1, status: 500, answer: { headers: { "x-from": "receiver" }, body: "hello" } },
        },
      ],
    });
    expect(read.json).toEqual(json);
    expect(listed.json.items).toMatchObject([{ id: json.id }]);
    expect([replayed.status, replayed.json.state, all.json.deliveries, again.status]).toEqual([202, "pending", 0, 409]);
  });

  test("events are listed, and streamed as they come, from where the client was", async () => {
    const site = await addSite();
    await tell(pageEvent(site, { title: "1" }), pageEvent(site, { title: "2", type: "page.new" }));
    const titles = (items: unknown) =>
      (items as { data: { page: { title: string } } }[]).map(({ data }) => data.page.title);

    const first = await ask("GET", `/websites/${site.id}/events?format=json&limit=1`);
    const second = await ask("GET", `/websites/${site.id}/events?format=json&limit=1&cursor=${first.json.next_cursor}`);
    const changed = await ask("GET", "/events?format=json&types=page.changed");
    const [{ id: lastId }] = changed.json.items as [{ id: string }];
    const left = new AbortController();
    const response = await fetch(`${service.url}/api/v1/websites/${site.id}/events`, {
      headers: { "last-event-id": lastId },
      signal: left.signal,
    });
    const stream = readEvents(response);
    const missed = await stream.next();
    await tell(pageEvent(site, { title: "3", type: "page.removed" }));
    const came = await stream.next();
    left.abort();

    expect([titles(first.json.items), titles(second.json.items)]).toEqual([["2"], ["1"]]);
    expect(titles(changed.json.items)).toEqual(["1"]);
    expect(missed.value).toMatchObject({ event: "page.new", data: { type: "page.new", website_id: site.id } });
    expect(came.value).toMatchObject({ event: "page.removed", data: { data: { page: { title: "3" } } } });
    expect((await ask("GET", `/websites/${Bun.randomUUIDv7()}/events`)).status).toBe(404);
    expect(placesOf(await ask("GET", "/events?types=page.eaten"))).toEqual([400, ["types"]]);
    expect(placesOf(await ask("GET", "/events", undefined, { "last-event-id": "7" }))).toEqual([
      400,
      ["last-event-id"],
    ]);
  });
});
