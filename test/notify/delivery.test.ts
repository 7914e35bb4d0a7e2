import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { Webhook } from "standardwebhooks";
import type { App } from "../../src/app.ts";
import { createMemoryCache } from "../../src/cache.ts";
import type { Store } from "../../src/db/db.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { deliverDue } from "../../src/notify/deliver.ts";
import { dispatchEvents } from "../../src/notify/dispatch.ts";
import { createManualClock, type ManualClock } from "../manual-clock.ts";
import { openTestApp } from "../testing/apps.ts";
import { testStores } from "../testing/stores.ts";
import { hang, type Receiver, startReceiver } from "./receiver.ts";
import { pageEvent, toldUser } from "./told-user.ts";

const MINUTE_MS = 60_000;
/** Longer than any jitter makes a delay of so many minutes. */
const later = (minutes: number) => minutes * MINUTE_MS * 1.11;
const never = new AbortController().signal;

const idsOf = ({ received }: Receiver) => received.map(({ headers }) => headers.get("webhook-id"));
const pathsOf = ({ received }: Receiver) =>
  received.map(({ body }) => new URL(JSON.parse(body).data.page.url).pathname + JSON.parse(body).data.page.title);

describe.each(testStores)("deliveries on the $name store", ({ open }) => {
  let store: Store;
  let app: App;
  let clock: ManualClock;
  let receiver: Receiver;

  beforeAll(async () => {
    store = await open();
  }, 60_000);
  beforeEach(async () => {
    clock = createManualClock("2026-01-01T12:00:00.000Z");
    app = openTestApp(store, { clock, cache: createMemoryCache(clock) });
    receiver = startReceiver();
    await user.clear();
  });
  afterAll(async () => {
    await store.close();
  });
  const user = toldUser(() => app);
  const end = async () => {
    receiver.stop();
    await app.close();
  };

  test("an event arrives by jobs alone, signed so that the specification's own library takes it", async () => {
    const site = await user.addSite();
    const channel = await user.addChannel({ url: receiver.url });

    await user.tell(pageEvent(site));
    await user.runJobs();

    const [request, ...others] = receiver.received;
    const [event] = await user.readEvents();
    expect(others).toEqual([]);
    expect(request?.headers.get("webhook-id")).toBe(event?.id ?? "");
    expect(request?.headers.get("webhook-timestamp")).toBe(String(clock.now().getTime() / 1_000));
    expect(request?.headers.get("content-type")).toBe("application/json");
    expect(JSON.parse(request?.body ?? "")).toMatchObject({
      type: "page.changed",
      timestamp: "2026-01-01T12:00:00.000Z",
      data: { website: { id: site.id }, page: { url: "https://example.com/a" }, change: { kind: "changed" } },
    });
    expect(await user.readDeliveries(channel)).toMatchObject([
      { state: "delivered", attempts: 1, lastStatus: 204, lastError: null, nextAttemptAt: null },
    ]);
    // The library goes by the machine's clock.
    const realClock = createManualClock(Date.now());
    await app.close();
    app = openTestApp(store, { clock: realClock });
    await user.tell(pageEvent(site, { page: "b" }));
    await user.work();
    const { headers, body } = receiver.received[1] ?? { headers: new Headers(), body: "" };
    const proven = new Webhook(channel.secret ?? "").verify(body, Object.fromEntries(headers));
    expect(proven).toMatchObject({ type: "page.changed" });
    expect(() => new Webhook(channel.secret ?? "").verify(`${body} `, Object.fromEntries(headers))).toThrow();
    await end();
  });

  test("what is sent leads to the service, where people reach it", async () => {
    await app.close();
    app = openTestApp(store, { clock, cache: createMemoryCache(clock) }, { PUBLIC_URL: "https://a.example/x" });
    const site = await user.addSite();
    await user.addChannel({ url: receiver.url });
    const event = pageEvent(site);
    const { page, change } = event.payload as { page: { id: string }; change: { id: string } };

    await user.tell(event);
    await user.work();

    expect(JSON.parse(receiver.received[0]?.body ?? "").data).toEqual({
      ...event.payload,
      links: {
        page: `https://a.example/x/api/v1/pages/${page.id}`,
        change: `https://a.example/x/api/v1/changes/${change.id}/diff?format=html&view=side_by_side`,
      },
    });
    await end();
  });

  test("a page's events arrive in order under retries, and other pages do not wait", async () => {
    const site = await user.addSite();
    await user.addChannel({ url: receiver.url });
    const isFirst = (body: string) => body.includes('"title":"1"') && body.includes("/a");
    let refusals = 2;
    receiver.answerAll(({ body }) => new Response(null, { status: isFirst(body) && refusals-- > 0 ? 503 : 204 }));

    for (const title of ["1", "2", "3"])
      await user.tell(pageEvent(site, { title }), pageEvent(site, { page: "b", title }));
    await user.work();
    const atFirst = pathsOf(receiver);
    await clock.advance(later(1));
    await user.work();
    await clock.advance(later(5));
    await user.work();

    expect(atFirst.toSorted()).toEqual(["/a1", "/b1", "/b2", "/b3"]);
    expect(pathsOf(receiver).slice(4)).toEqual(["/a1", "/a1", "/a2", "/a3"]);
    expect(pathsOf(receiver).filter((path) => path.startsWith("/b"))).toEqual(["/b1", "/b2", "/b3"]);
    await end();
  });

  test("two workers at once send nothing twice, and keep the order of pages", async () => {
    const site = await user.addSite();
    const channel = await user.addChannel({ url: receiver.url });
    receiver.answerAll(async () => {
      await Bun.sleep(1);
      return new Response(null, { status: 204 });
    });
    for (const title of ["1", "2", "3"])
      await user.tell(...Array.from({ length: 12 }, (_, page) => pageEvent(site, { page: `${page}/`, title })));

    await Promise.all([1, 2, 3].map(() => dispatchEvents(app, LOCAL_USER_ID, never)));
    await Promise.all([1, 2, 3].map(() => deliverDue(app, channel.id, never)));
    await deliverDue(app, channel.id, never);

    const paths = pathsOf(receiver);
    expect(paths).toHaveLength(36);
    expect(new Set(idsOf(receiver)).size).toBe(36);
    for (let page = 0; page < 12; page++)
      expect(paths.filter((path) => path.startsWith(`/${page}/`))).toEqual([1, 2, 3].map((n) => `/${page}/${n}`));
    await end();
  });

  test("what a process sent and did not live to write down is sent again, under the same id", async () => {
    const site = await user.addSite();
    const channel = await user.addChannel({ url: receiver.url });
    await user.tell(pageEvent(site));
    await user.dispatch();
    const broken = { ...app, db: failingAfterClaim(app.db) } as App;

    await expect(deliverDue(broken, channel.id, never)).rejects.toThrow("killed");
    await user.work();
    const meanwhile = receiver.received.length;
    await clock.advance(2 * MINUTE_MS);
    await user.makeDue();

    expect(meanwhile).toBe(1);
    expect(new Set(idsOf(receiver)).size).toBe(1);
    expect(receiver.received).toHaveLength(2);
    expect(await user.readDeliveries(channel)).toMatchObject([{ state: "delivered", attempts: 2 }]);
    await end();
  });

  test("what is under way when the process is to end is handed back as if it had not begun", async () => {
    const site = await user.addSite();
    const channel = await user.addChannel({ url: receiver.url });
    receiver.answerNext(hang);
    await user.tell(pageEvent(site));
    await user.dispatch();
    const stopping = new AbortController();

    const work = deliverDue(app, channel.id, stopping.signal);
    while (receiver.received.length === 0) await Bun.sleep(1);
    stopping.abort(new Error("stopping"));
    await expect(work).rejects.toThrow("stopping");
    const given = await user.readDeliveries(channel);
    await user.work();

    expect(given).toMatchObject([{ state: "pending", attempts: 0, nextAttemptAt: clock.now() }]);
    expect(await user.readDeliveries(channel)).toMatchObject([{ state: "delivered", attempts: 1 }]);
    await end();
  });
});

/** Every transaction that would write down what came of an attempt is rolled back. */
function failingAfterClaim(db: App["db"]): App["db"] {
  const transaction: App["db"]["transaction"] = (run) =>
    db.transaction(async (tx) => {
      await run(tx);
      throw new Error("killed");
    });
  return new Proxy(db, { get: (of, name) => (name === "transaction" ? transaction : Reflect.get(of, name, of)) });
}
