import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { and, eq } from "drizzle-orm";
import { type Clock, systemClock } from "../../src/clock.ts";
import { crawlChannel } from "../../src/crawl/crawls.ts";
import { hashUrl } from "../../src/crawl/url.ts";
import type { Store } from "../../src/db/db.ts";
import { crawlJobs, frontier } from "../../src/db/schema/crawls.ts";
import { testStores } from "../testing/stores.ts";
import { readEvents } from "./event-reader.ts";
import { type RunningService, startService } from "./running-service.ts";

for (const { name, open } of testStores) {
  describe(`the API's crawls on the ${name} store`, () => {
    let store: Store;
    let service: RunningService;

    beforeAll(async () => {
      store = await open();
      service = await startService(store);
    });
    afterAll(async () => {
      await service.stop();
      await store.close();
    });

    const start = async (url: string) => (await service.ask("POST", "/api/v1/crawls", { url })).json;
    const steer = (id: unknown, verb: string) => service.ask("POST", `/api/v1/crawls/${id}/${verb}`);

    test("a crawl of a URL registers its website, answers at once and is told to the background", async () => {
      const { status, headers, json } = await service.ask("POST", "/api/v1/crawls", {
        url: "https://new.example",
        options: { max_pages: 3 },
      });

      expect(status).toBe(202);
      expect(headers.get("location")).toBe(`/api/v1/crawls/${json.id}`);
      expect(json).toMatchObject({
        state: "queued",
        seeds: ["https://new.example/"],
        options: { max_pages: 3, scope: "host" },
        counts: { done: 0, failed: 0 },
        started_at: null,
        elapsed_ms: null,
        pages_per_second: null,
      });
      const website = await service.ask("GET", `/api/v1/websites/${json.website_id}`);
      expect(website.json.url).toBe("https://new.example/");
    });

    test("a website is crawled once at a time, and again when that is over", async () => {
      const first = await start("https://again.example/");

      const refused = await service.ask("POST", "/api/v1/crawls", { website_id: first.website_id });
      await steer(first.id, "cancel");
      const second = await service.ask("POST", "/api/v1/crawls", { website_id: first.website_id });

      expect(refused.status).toBe(409);
      expect(refused.json.detail).toContain(String(first.id));
      expect(second.status).toBe(202);
    });

    test("a URL or a website is needed, and not both", async () => {
      const id = Bun.randomUUIDv7();
      for (const body of [{}, { url: "https://both.example/", website_id: id }]) {
        const { status, json } = await service.ask("POST", "/api/v1/crawls", body);

        expect([status, json.detail]).toEqual([400, "url is needed, or website_id, and not both"]);
      }
      expect((await service.ask("POST", "/api/v1/crawls", { website_id: id })).status).toBe(404);
    });

    test("options outside of options are refused", async () => {
      const { status, json } = await service.ask("POST", "/api/v1/crawls", { url: "https://x.example/", max_pages: 1 });

      expect([status, json.errors]).toEqual([400, [{ at: "/max_pages", message: "is not known" }]]);
    });

    test("a crawl is paused, resumed and cancelled, each as often as asked, and then stays over", async () => {
      const { id } = await start("https://steer.example/");
      const states: unknown[] = [];

      for (const verb of ["pause", "pause", "resume", "resume", "cancel", "cancel"])
        states.push((await steer(id, verb)).json.state);

      expect(states).toEqual(["paused", "paused", "queued", "queued", "cancelled", "cancelled"]);
      for (const verb of ["pause", "resume"]) {
        const { status, json } = await steer(id, verb);
        expect([status, json.code]).toEqual([409, "conflict"]);
      }
      expect((await steer(Bun.randomUUIDv7(), "pause")).status).toBe(404);
    });

    test("crawls are listed newest first, by website and by state", async () => {
      const one = await start("https://list.example/");
      await steer(one.id, "cancel");
      const two = await service.ask("POST", "/api/v1/crawls", { website_id: one.website_id });

      const idsAt = async (path: string) =>
        ((await service.ask("GET", `/api/v1${path}`)).json.items as { id: string }[]).map(({ id }) => id);

      expect(await idsAt(`/crawls?website_id=${one.website_id}`)).toEqual([two.json.id as string, one.id as string]);
      expect(await idsAt(`/websites/${one.website_id}/crawls`)).toEqual([two.json.id as string, one.id as string]);
      expect(await idsAt(`/crawls?website_id=${one.website_id}&state=cancelled`)).toEqual([one.id as string]);
      expect((await idsAt("/crawls?limit=1"))[0]).toBe(two.json.id as string);
    });

    test("timings count work and say how fast it was", async () => {
      const { id } = await start("https://timing.example/");
      const startedAt = new Date("2026-01-01T00:00:00Z");
      const finishedAt = new Date("2026-01-01T00:00:10Z");
      const worked = {
        state: "completed",
        startedAt,
        finishedAt,
        activeMs: 4_000,
        done: 30,
        endReason: "done",
      } as const;
      await store.db
        .update(crawlJobs)
        .set(worked)
        .where(eq(crawlJobs.id, String(id)));

      const { json } = await service.ask("GET", `/api/v1/crawls/${id}`);

      expect(json).toMatchObject({ elapsed_ms: 10_000, active_ms: 4_000, pages_per_second: 7.5, end_reason: "done" });
    });

    test("a running crawl's timings count the work since its worker last wrote it down", async () => {
      const now = new Date("2026-01-01T00:01:00Z");
      const clock = { now: () => now, sleep: systemClock.sleep };
      const frozen = await startService(store, { clock });
      const { json } = await frozen.ask("POST", "/api/v1/crawls", { url: "https://live.example/" });
      const worked = { state: "running", activeMs: 10_000, done: 30 } as const;
      // A lease lasts 30 seconds, so that this one was renewed five seconds ago.
      const lease = { leaseOwner: Bun.randomUUIDv7(), leasedUntil: new Date(now.getTime() + 25_000) };
      await store.db
        .update(crawlJobs)
        .set({ ...worked, ...lease })
        .where(eq(crawlJobs.id, String(json.id)));

      const running = await frozen.ask("GET", `/api/v1/crawls/${json.id}`);
      await steer(json.id, "pause");
      const paused = await frozen.ask("GET", `/api/v1/crawls/${json.id}`);

      expect(running.json).toMatchObject({ active_ms: 15_000, pages_per_second: 2 });
      expect(paused.json).toMatchObject({ active_ms: 10_000, pages_per_second: 3 });
      await frozen.stop();
    });

    test.each([
      [{ state: "completed", endReason: "done" }, "Nothing was left to visit"],
      [
        { state: "completed", endReason: "done", bySkip: { host_stopped: 7 } },
        "Nothing was left but 7 URLs of hosts that failed too often",
      ],
      [{ state: "completed", endReason: "max_pages" }, "max_pages (3) was reached"],
      [{ state: "completed", endReason: "max_duration" }, "max_duration_s (60) was reached"],
      [{ state: "cancelled", endReason: "cancelled" }, "It was cancelled"],
      [
        { state: "failed", endReason: "dns", lastError: { code: "dns", message: "end.example has no address" } },
        "Nothing of https://end.example/ could be fetched: end.example has no address",
      ],
      [
        { state: "failed", endReason: "internal", lastError: { code: "internal", message: "Given up after 5 errors" } },
        "Given up after 5 errors",
      ],
      [{ state: "running", endReason: null }, null],
    ] as const)("%j is told in words", async (ended, words) => {
      const url = "https://end.example/";
      const options = { max_pages: 3, max_duration_s: 60 };
      const { json } = await service.ask("POST", "/api/v1/crawls", { url, options });
      await store.db
        .update(crawlJobs)
        .set(ended)
        .where(eq(crawlJobs.id, String(json.id)));

      const read = await service.ask("GET", `/api/v1/crawls/${json.id}`);

      expect(read.json.end_message).toBe(words);
      await steer(json.id, "cancel");
    });

    test("a crawl's URLs are listed with what became of them, its errors alone as well", async () => {
      const { id } = await start("https://urls.example/");
      const crawlId = String(id);
      const seed = and(eq(frontier.crawlId, crawlId), eq(frontier.urlHash, hashUrl("https://urls.example/")));
      await store.db.update(frontier).set({ state: "done", outcome: "created", status: 200 }).where(seed);
      await addUrl(crawlId, "https://urls.example/docs/a", {
        state: "failed",
        outcome: "dns",
        message: "No such host",
      });
      await addUrl(crawlId, "https://urls.example/docs/b", { state: "failed", outcome: "http_500", status: 500 });
      await addUrl(crawlId, "https://urls.example/z", { state: "pending" });

      const paths = async (query: string) =>
        ((await service.ask("GET", `/api/v1/crawls/${id}/pages?${query}`)).json.items as { url: string }[]).map(
          ({ url }) => new URL(url).pathname,
        );
      const first = await service.ask("GET", `/api/v1/crawls/${id}/pages?limit=3`);

      expect(first.json.items).toMatchObject([
        { state: "done", outcome: "created", status: 200 },
        { state: "failed", outcome: "dns", message: "No such host", status: null },
        { state: "failed", outcome: "http_500", status: 500 },
      ]);
      expect(await paths(`cursor=${first.json.next_cursor}`)).toEqual(["/z"]);
      expect(await paths("state=failed")).toEqual(["/docs/a", "/docs/b"]);
      expect(await paths("outcome=dns")).toEqual(["/docs/a"]);
      expect(await paths("status=500")).toEqual(["/docs/b"]);
      expect(await paths("path_prefix=/docs/&state=failed")).toEqual(["/docs/a", "/docs/b"]);
      expect(await paths("path_prefix=/docs/_")).toEqual([]);
    });

    test("a crawl's events tell each change and end with its last state", async () => {
      const { id } = await start("https://events.example/");
      const response = await fetch(`${service.url}/api/v1/crawls/${id}/events`);
      const events = readEvents(response);

      const first = await events.next();
      await steer(id, "pause");
      const second = await events.next();
      await steer(id, "cancel");
      const rest = await Array.fromAsync(events);

      expect(response.headers.get("content-type")).toBe("text/event-stream");
      expect(first.value).toMatchObject({ event: "progress", id: "1", data: { id, state: "queued" } });
      expect(second.value).toMatchObject({ event: "progress", id: "2", data: { state: "paused" } });
      expect(rest).toMatchObject([
        { event: "progress", id: "3", data: { state: "cancelled" } },
        { event: "end", id: "end", data: { state: "cancelled", end_reason: "cancelled" } },
      ]);
    });

    test("a client that comes back after the end is sent away, and one that asks for no crawl gets a 404", async () => {
      const path = `/api/v1/crawls/${Bun.randomUUIDv7()}/events`;

      expect((await service.ask("GET", path, undefined, { "last-event-id": "end" })).status).toBe(204);
      expect((await service.ask("GET", path)).status).toBe(404);
    });

    async function addUrl(crawlId: string, url: string, row: Partial<typeof frontier.$inferInsert>) {
      const { host } = new URL(url);
      const known = { crawlId, url, host, urlHash: hashUrl(url), depth: 1, priority: 2, source: "link" as const };
      await store.db.insert(frontier).values({ ...known, ...row });
    }
  });
}

describe("watching a crawl", () => {
  let store: Store;

  beforeAll(async () => {
    const [embedded] = testStores;
    if (!embedded) throw new Error("There is always an embedded store");
    store = await embedded.open();
  });
  afterAll(() => store.close());

  test("nobody listens for changes any more once the client has gone", async () => {
    const service = await startService(store);
    const watched = watchSubscriptions(service);
    const { json } = await service.ask("POST", "/api/v1/crawls", { url: "https://gone.example/" });
    const leaving = new AbortController();
    const response = await fetch(`${service.url}/api/v1/crawls/${json.id}/events`, { signal: leaving.signal });
    await readEvents(response).next();
    expect(watched.open()).toBe(1);

    leaving.abort();
    await watched.untilClosed();

    expect(watched.open()).toBe(0);
    await service.stop();
    expect(service.lines.filter((line) => !line.includes('"request answered"'))).toEqual([]);
  });

  test("a word keeps the connection open while nothing happens", async () => {
    // The first event is there at once, so that the second silence is the first to be heard.
    let silences = 2;
    const sleep: Clock["sleep"] = (ms, signal) =>
      ms === 15_000 && silences-- > 0 ? Promise.resolve() : systemClock.sleep(ms, signal);
    const service = await startService(store, { clock: { ...systemClock, sleep } });
    const { json } = await service.ask("POST", "/api/v1/crawls", { url: "https://quiet.example/" });
    const leaving = new AbortController();
    const response = await fetch(`${service.url}/api/v1/crawls/${json.id}/events`, { signal: leaving.signal });

    let text = "";
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
      if (text.includes(": still here\n\n")) break;
    }

    expect(text).toStartWith("retry: 3000\n\n");
    expect(text).toEndWith(": still here\n\n");
    leaving.abort();
    await service.stop();
  });

  test("HEAD leaves no listener behind", async () => {
    const service = await startService(store);
    const watched = watchSubscriptions(service);
    const { json } = await service.ask("POST", "/api/v1/crawls", { url: "https://head.example/" });

    const { status } = await service.ask("HEAD", `/api/v1/crawls/${json.id}/events`);

    expect([status, watched.open()]).toEqual([200, 0]);
    await service.stop();
  });

  test("a stop of the service ends the streams", async () => {
    const service = await startService(store);
    const { json } = await service.ask("POST", "/api/v1/crawls", { url: "https://stop.example/" });
    const events = readEvents(await fetch(`${service.url}/api/v1/crawls/${json.id}/events`));
    await events.next();

    await service.stop();

    expect(await Array.fromAsync(events)).toEqual([]);
  });

  test("a stream that breaks off is closed, and the log says why", async () => {
    const service = await startService(store);
    const { json } = await service.ask("POST", "/api/v1/crawls", { url: "https://broken.example/" });
    const events = readEvents(await fetch(`${service.url}/api/v1/crawls/${json.id}/events`));
    await events.next();

    await store.db.delete(crawlJobs).where(eq(crawlJobs.id, String(json.id)));
    await service.app.cache.publish(crawlChannel(String(json.id)), "");

    expect(await Array.fromAsync(events)).toEqual([]);
    const warnings = service.lines.map((line) => JSON.parse(line)).filter(({ level }) => level === "warn");
    expect(warnings).toMatchObject([{ event: "event stream broke off" }]);
    await service.stop();
  });
});

/** Counts who listens for messages of the cache. */
function watchSubscriptions({ app: { cache } }: RunningService) {
  let open = 0;
  const closed = Promise.withResolvers<void>();
  const subscribe = cache.subscribe;
  cache.subscribe = (channel, listener) => {
    open++;
    const unsubscribe = subscribe(channel, listener);
    return () => {
      unsubscribe();
      if (--open === 0) closed.resolve();
    };
  };
  return { open: () => open, untilClosed: () => closed.promise };
}
