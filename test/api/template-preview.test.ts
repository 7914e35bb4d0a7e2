import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Store } from "../../src/db/db.ts";
import { events } from "../../src/db/schema/notifications.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { addWebsite } from "../../src/websites/websites.ts";
import { testStores } from "../testing/stores.ts";
import { type RunningService, startService } from "./running-service.ts";

const [embedded] = testStores;
if (!embedded) throw new Error("There is always an embedded store");
const PUBLIC_URL = "https://orbweaver.example.com/prefix";
let store: Store;
let service: RunningService;
beforeAll(async () => {
  store = await embedded.open();
  service = await startService(store, { config: { PUBLIC_URL } });
});
afterAll(async () => {
  await service.stop();
  await store.close();
});

const preview = (body: object) => service.ask("POST", "/api/v1/channels/template-preview", body);

test("a template is tried against a sample", async () => {
  const { status, json } = await preview({ kind: "webhook", template: { body: '{"text": "{{ title }}"}' } });

  expect([status, json]).toEqual([200, { parts: { body: '{"text": "Pricing changed on Example Docs"}' } }]);
});

test("or against an event", async () => {
  const payload = { channel: { id: "c", name: "Ops <b>", kind: "slack" } };
  const event = { id: Bun.randomUUIDv7(), userId: LOCAL_USER_ID, type: "channel.test" as const, payload };
  await store.db.insert(events).values(event);

  const { json } = await preview({ kind: "email", template: { html: "<i>{{ title }}</i>" }, event_id: event.id });
  const { status } = await preview({ kind: "email", template: { html: "x" }, event_id: Bun.randomUUIDv7() });

  expect(json).toEqual({ parts: { html: "<i>Test of channel &quot;Ops &lt;b&gt;&quot;</i>" } });
  expect(status).toBe(404);
});

test("the links of an event are those that the service answers", async () => {
  const site = await addWebsite(store.db, { userId: LOCAL_USER_ID, url: "https://docs.example.com/", name: "Docs" });
  const website = { id: site.id, name: site.name, url: site.url };
  const span = { from: "2026-01-31T12:00:00.000Z", to: "2026-01-31T13:00:00.000Z" };
  const payload = { ...span, totals: {}, events: [], more: 0 };
  const ofOne = { id: Bun.randomUUIDv7(), userId: LOCAL_USER_ID, type: "website.digest" as const };
  const ofAll = { ...ofOne, id: Bun.randomUUIDv7(), payload: { ...payload, website: null } };
  await store.db.insert(events).values([{ ...ofOne, payload: { ...payload, website } }, ofAll]);
  const template = { text: "{{ links.changes }} {{ links.report }}" };

  const told = [ofOne, ofAll].map(({ id }) => preview({ kind: "ntfy", template, event_id: id }));

  const texts = (await Promise.all(told)).map(({ json }) => (json as { parts: { text: string } }).parts.text);
  const links = texts.flatMap((text) => text.trim().split(" "));
  expect(links).toHaveLength(3);
  for (const link of links) {
    expect(link).toStartWith(`${PUBLIC_URL}/api/v1/`);
    expect((await service.ask("GET", link.slice(PUBLIC_URL.length))).status).toBe(200);
  }
});

test("one that is wrong is refused with the line, here and when a channel is made", async () => {
  const template = { text: "Hello\n{% if titel %}" };

  const tried = await preview({ kind: "slack", template });
  const target = { url: "https://hooks.slack.com/services/T0001/B0001/abcdef" };
  const made = await service.ask("POST", "/api/v1/channels", { kind: "slack", name: "Team", target, template });

  for (const { status, json } of [tried, made]) {
    expect(status).toBe(400);
    expect(JSON.stringify(json)).toContain("/template/text");
    expect(JSON.stringify(json)).toContain("line 2, column 1");
  }
});

test("an e-mail channel is refused with the settings that are missing", async () => {
  const target = { to: ["ann@example.com"] };

  const { status, json } = await service.ask("POST", "/api/v1/channels", { kind: "email", name: "Mail", target });

  expect(status).toBe(400);
  expect(JSON.stringify(json)).toContain("SMTP_URL and SMTP_FROM are set");
});
