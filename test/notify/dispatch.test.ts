import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import type { App } from "../../src/app.ts";
import type { Store } from "../../src/db/db.ts";
import { type ChannelTiming, events } from "../../src/db/schema/notifications.ts";
import { markdownDocuments, pageChanges, pages } from "../../src/db/schema/pages.ts";
import { LOCAL_USER_ID, users } from "../../src/db/schema/users.ts";
import { changeChannel } from "../../src/notify/channels.ts";
import { nextDigestAt } from "../../src/notify/digest-time.ts";
import type { Channel } from "../../src/notify/format.ts";
import type { StoredEvent } from "../../src/notify/message.ts";
import { wantsEvents } from "../../src/notify/outbox.ts";
import { watchEvents } from "../../src/notify/watch-events.ts";
import { createManualClock, type ManualClock } from "../manual-clock.ts";
import { openTestApp } from "../testing/apps.ts";
import { testStores } from "../testing/stores.ts";
import { type Receiver, startReceiver } from "./receiver.ts";
import { type PageEvent, pageEvent, toldUser } from "./told-user.ts";

const HOUR_MS = 3_600_000;
const never = new AbortController().signal;

describe("events on their way", () => {
  let store: Store;
  let app: App;
  let clock: ManualClock;
  let receiver: Receiver;

  beforeAll(async () => {
    store = await (testStores.at(-1) as (typeof testStores)[number]).open();
    receiver = startReceiver();
  }, 60_000);
  beforeEach(async () => {
    await app?.close();
    clock = createManualClock("2026-01-01T12:00:00.000Z");
    app = openTestApp(store, { clock });
    receiver.received.length = 0;
    await user.clear();
  });
  afterAll(async () => {
    receiver.stop();
    await app.close();
    await store.close();
  });
  const user = toldUser(() => app);
  const titlesOf = async (channel: Channel) => {
    const told = new Set((await user.readDeliveries(channel)).map(({ eventId }) => eventId));
    const list = await user.readEvents();
    return list.flatMap(({ id, payload }) => (told.has(id) ? [(payload.page as { title: string }).title] : []));
  };
  const bodies = () => receiver.received.map(({ body }) => JSON.parse(body));

  test("a channel is given what it wants: by type, website, patterns and share", async () => {
    const site = await user.addSite();
    const other = await user.addSite("https://other.example/");
    const add = (values: Partial<Channel>) => user.addChannel({ url: receiver.url }, values);
    const [all, ofSite, removed, docs, large, off] = [
      await add({}),
      await add({ websiteId: site.id }),
      await add({ eventTypes: ["page.removed"] }),
      await add({ filter: { include: ["/docs/**"], exclude: ["**/old/**"] } }),
      await add({ filter: { minShare: 0.3 } }),
      await add({ isEnabled: false }),
    ];
    const list: [typeof site, PageEvent][] = [
      [site, { title: "docs", page: "docs/a", share: 0.1 }],
      [site, { title: "old", page: "docs/old/a", share: 0.9 }],
      [site, { title: "gone", type: "page.removed", share: 0 }],
      [other, { title: "other", page: "b", share: 0.3 }],
    ];

    await user.tell(...list.map(([of, event]) => pageEvent(of, event)));
    await user.dispatch();
    await user.dispatch();

    expect(await titlesOf(all)).toEqual(["docs", "old", "gone", "other"]);
    expect(await titlesOf(ofSite)).toEqual(["docs", "old", "gone"]);
    expect(await titlesOf(removed)).toEqual(["gone"]);
    expect(await titlesOf(docs)).toEqual(["docs"]);
    expect(await titlesOf(large)).toEqual(["old", "gone", "other"]);
    expect(await titlesOf(off)).toEqual([]);
  });

  test("trigger texts are looked for in all that was added, not in the excerpt alone", async () => {
    const site = await user.addSite();
    const channel = await user.addChannel(
      { url: receiver.url },
      { filter: { triggerText: ["in stock", "re:€ ?[0-9]+"] } },
    );
    const before = "# Shop\n\nSold out.\n";
    const filler = Array.from({ length: 30 }, (_, n) => `Paragraph ${n} of the news.`).join("\n\n");
    const told = async (title: string, after: string) => {
      const event = pageEvent(site, { title, page: title, added: ["Something else"] });
      const changeId = await storeChange(site.id, event.pageId ?? "", before, after);
      await user.tell({ ...event, changeId });
    };

    await told("far down", `${before}\n${filler}\n\nNow IN STOCK again.\n`);
    await told("by expression", `${before}\nOnly € 12.\n`);
    await told("nothing of it", `${before}\nStill nothing.\n`);
    await user.tell(pageEvent(site, { title: "excerpt", page: "x", added: ["in stock"] }));
    await user.dispatch();

    expect(await titlesOf(channel)).toEqual(["far down", "by expression", "excerpt"]);
  });

  test("nothing is given of what is deleted, or to users who are disabled", async () => {
    const site = await user.addSite();
    const channel = await user.addChannel({ url: receiver.url });
    const { db } = app;
    await user.tell(pageEvent(site));
    await db.update(users).set({ disabledAt: clock.now() }).where(eq(users.id, LOCAL_USER_ID));

    await user.work();
    await db.update(users).set({ disabledAt: null }).where(eq(users.id, LOCAL_USER_ID));
    await user.work();

    expect(await user.readDeliveries(channel)).toEqual([]);
    expect((await user.readEvents()).map(({ dispatchedAt }) => dispatchedAt)).toEqual([clock.now()]);
  });

  test("events that were rolled back were never told, and those that are many are asked for first", async () => {
    const site = await user.addSite();
    const channel = await user.addChannel({ url: receiver.url });

    const failing = app.db.transaction(async (tx) => {
      await tx.insert(events).values({ ...pageEvent(site), id: Bun.randomUUIDv7() });
      throw new Error("rolled back");
    });
    await expect(failing).rejects.toThrow("rolled back");
    await user.runJobs();
    const before = await wantsEvents(app.db, site.id, "crawl.page");
    await changeChannel(app, LOCAL_VIEWER, channel.id, { eventTypes: ["crawl.page"] });

    expect(receiver.received).toEqual([]);
    expect([before, await wantsEvents(app.db, site.id, "crawl.page")]).toEqual([false, true]);
    expect(await wantsEvents(app.db, site.id, "page.new")).toBe(false);
  });

  describe("digests", () => {
    const daily: ChannelTiming = { mode: "daily", timeZone: "Europe/Berlin", hour: 8, weekday: 1 };
    const dueAt = (text: string) => ({ nextDigestAt: new Date(text) });

    test("what is gathered is one message at its hour; where nothing was, none", async () => {
      const site = await user.addSite();
      const values = { timing: daily, ...dueAt("2026-01-02T07:00:00Z") };
      const channel = await user.addChannel({ url: receiver.url }, values);
      await user.tell(...["a", "b", "c"].map((page) => pageEvent(site, { page, title: page })));
      await user.tell(pageEvent(site, { type: "page.new", page: "d", title: "d" }));
      await user.work();
      await clock.advance(18 * HOUR_MS);
      await user.makeDue();
      const early = receiver.received.length;

      await clock.advance(HOUR_MS);
      await user.makeDue();
      await user.makeDue();
      const told = bodies();
      await clock.advance(24 * HOUR_MS);
      await user.makeDue();

      expect(early).toBe(0);
      expect(told).toMatchObject([
        {
          type: "website.digest",
          data: {
            website: null,
            totals: { "page.changed": 3, "page.new": 1 },
            more: 0,
            to: "2026-01-02T07:00:00.000Z",
          },
        },
      ]);
      expect(told[0].data.events.map((entry: { page: { title: string } }) => entry.page.title)).toEqual([
        "a",
        "b",
        "c",
        "d",
      ]);
      expect(receiver.received).toHaveLength(1);
      expect((await user.readDeliveries(channel)).map(({ state }) => state)).toEqual(Array(5).fill("delivered"));
      expect(await user.readChannel(channel)).toMatchObject(dueAt("2026-01-04T07:00:00Z"));
    });

    test("one that fails is tried again as any, with what it told", async () => {
      const site = await user.addSite();
      const values = { timing: daily, ...dueAt("2026-01-01T12:00:00Z") };
      const channel = await user.addChannel({ url: receiver.url }, values);
      await user.tell(pageEvent(site));
      await user.dispatch();
      receiver.answerNext(() => new Response(null, { status: 500 }));

      await user.makeDue();
      await user.tell(pageEvent(site, { page: "later" }));
      await user.dispatch();
      const failed = await user.readDeliveries(channel);
      await clock.advance(2 * 60_000);
      await user.makeDue();

      expect(failed.map(({ state }) => state)).toEqual(["held", "pending", "held"]);
      expect((await user.readDeliveries(channel)).map(({ state }) => state)).toEqual([
        "delivered",
        "delivered",
        "held",
      ]);
      expect(bodies()[0]).toEqual(bodies()[1]);
    });

    test("what was gathered is told at once when it is to be a digest no more", async () => {
      const site = await user.addSite();
      const channel = await user.addChannel({ url: receiver.url }, { timing: daily, ...dueAt("2026-01-02T07:00:00Z") });
      await user.tell(pageEvent(site));
      await user.dispatch();

      await changeChannel(app, LOCAL_VIEWER, channel.id, { timing: { mode: "immediate" } });
      await user.makeDue();

      expect(bodies()).toMatchObject([{ type: "website.digest" }]);
      expect(await user.readChannel(channel)).toMatchObject({ nextDigestAt: null });
    });

    test.each([
      [
        "an hour that the clocks leave out is when they jump",
        { hour: 2 },
        "2026-03-28T12:00:00Z",
        "2026-03-29T01:00:00Z",
      ],
      ["the day after is at its hour again", { hour: 2 }, "2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"],
      ["an hour that comes twice is the first", { hour: 2 }, "2026-10-24T12:00:00Z", "2026-10-25T00:00:00Z"],
      ["and is not told again", { hour: 2 }, "2026-10-25T00:00:00Z", "2026-10-26T01:00:00Z"],
      ["hours go on through it", { mode: "hourly" as const }, "2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z"],
      [
        "weeks end on Sundays too",
        { mode: "weekly" as const, weekday: 7 },
        "2026-03-28T12:00:00Z",
        "2026-03-29T06:00:00Z",
      ],
      ["other zones have other hours", { timeZone: "Asia/Kolkata" }, "2026-01-01T12:00:00Z", "2026-01-02T02:30:00Z"],
    ])("%s", (_, timing, after, expected) => {
      expect(nextDigestAt({ ...daily, ...timing }, new Date(after))?.toJSON()).toBe(new Date(expected).toJSON());
    });
  });

  describe("watching", () => {
    test("a watcher is told what comes, once, also what was written down earlier and committed later", async () => {
      const site = await user.addSite();
      const watch = watchEvents(app, { viewer: LOCAL_VIEWER, websiteId: site.id }, undefined, never);
      await user.tell(pageEvent(site, { title: "before" }));
      await user.dispatch();
      const opened = await watch.next();
      const early = Bun.randomUUIDv7();

      await user.tell(pageEvent(site, { title: "first" }));
      await user.dispatch();
      const first = await watch.next();
      // As of a transaction that took its time.
      await app.db.insert(events).values({ ...pageEvent(site, { title: "late" }), id: early });
      await user.dispatch();
      const second = await watch.next();
      await watch.return(undefined);

      const titles = ({ value }: Watched) => titlesIn(value);
      expect([titles(opened), titles(first), titles(second)]).toEqual([[], ["first"], ["late"]]);
      expect(early < (first.value?.[0]?.id ?? "")).toBe(true);
    });

    test("one that comes back is told what it missed, of the types that it wants", async () => {
      const site = await user.addSite();
      const other = await user.addSite("https://other.example/");
      await user.tell(...["1", "2", "3"].map((title) => pageEvent(site, { title })));
      await user.tell(pageEvent(other, { title: "4" }), pageEvent(site, { title: "5", type: "page.new" }));
      await user.dispatch();
      const [, second] = await user.readEvents();
      const missed = async (query: Partial<Parameters<typeof watchEvents>[1]>, lastId?: string) => {
        const watch = watchEvents(app, { viewer: LOCAL_VIEWER, ...query }, lastId, never);
        await watch.next();
        const { value } = await watch.next();
        await watch.return(undefined);
        return titlesIn(value);
      };

      expect(await missed({}, second?.id)).toEqual(["3", "4", "5"]);
      expect(await missed({ websiteId: site.id }, second?.id)).toEqual(["3", "5"]);
      expect(await missed({ types: ["page.new"] }, second?.id)).toEqual(["5"]);
      await app.db.delete(events).where(eq(events.id, second?.id ?? ""));
      expect(await missed({}, second?.id)).toEqual(["3", "4", "5"]);
    });
  });

  type Watched = IteratorResult<StoredEvent[]>;
  const titlesIn = (list: StoredEvent[] | undefined) =>
    (list ?? []).map(({ payload }) => (payload.page as { title: string }).title);

  /** A change with the versions before and after it. */
  async function storeChange(websiteId: string, pageId: string, before: string, after: string): Promise<string> {
    const { db } = app;
    const url = `https://example.com/${pageId}`;
    const place = { url, urlHash: pageId, host: "example.com", path: `/${pageId}`, status: 200 };
    await db.insert(pages).values({ id: pageId, websiteId, ...place });
    const hash = "00".repeat(32);
    const same = { pageId, kind: "html" as const, wordCount: 1, contentHash: hash, rawHash: hash, simhash: 0n };
    const rows = [before, after].map((markdown, index) => ({
      ...{ ...same, markdown, version: index + 1, fetchedAt: clock.now(), details: {} as never },
    }));
    const [from, to] = await db.insert(markdownDocuments).values(rows).returning({ id: markdownDocuments.id });
    const ids = { fromDocumentId: from?.id, toDocumentId: to?.id };
    const [change] = await db
      .insert(pageChanges)
      .values({ websiteId, pageId, kind: "changed", ...ids })
      .returning();
    return change?.id ?? "";
  }
});
