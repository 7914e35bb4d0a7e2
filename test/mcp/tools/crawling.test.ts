import { afterAll, beforeAll, expect, test } from "bun:test";
import { JOB_KINDS } from "../../../src/background.ts";
import { readCrawl } from "../../../src/crawl/crawls.ts";
import type { Store } from "../../../src/db/db.ts";
import { startWorker } from "../../../src/jobs/worker.ts";
import { page, robots, silence, text } from "../../crawl/web.ts";
import { createFastClock } from "../../testing/apps.ts";
import { testStores } from "../../testing/stores.ts";
import { openToolApp, type ToolApp } from "../tool-app.ts";

const [embedded] = testStores;
if (!embedded) throw new Error("There is always an embedded store");
let store: Store;
let tools: ToolApp;
let worker: ReturnType<typeof startWorker>;

beforeAll(async () => {
  store = await embedded.open();
  tools = await openToolApp(
    store,
    {
      "https://docs.example.com/robots.txt": robots(""),
      "https://docs.example.com/": page("/a", "/b", "/missing"),
      "https://docs.example.com/a": text("apples"),
      "https://docs.example.com/b": text("bananas"),
      "https://slow.example.org/robots.txt": robots(""),
      "https://slow.example.org/": silence,
    },
    createFastClock(5),
    { MAX_CRAWLS_PER_KEY: 3 },
  );
  worker = startWorker(tools.app, JOB_KINDS, { crawl: 4, control: 4, maintenance: 1, index: 1, notify: 1 });
}, 60_000);
afterAll(async () => {
  await worker.stop(1_000);
  await tools.close();
  await store.close();
});

test("a crawl that is waited for tells its progress, and what it brought can be read", async () => {
  const { structured, text: told } = await tools.call("crawl", { website: "Handbook", wait_seconds: 600 });

  expect(structured).toMatchObject({
    ...{ website_id: tools.adas.id, state: "completed", is_over: true, new_pages: 3, failed: 1, end_reason: "done" },
    failures: [{ url: "https://docs.example.com/missing", message: expect.any(String) }],
  });
  expect(told).toContain("3 new");
  const steps = tools.told.map(({ done }) => done);
  expect(steps.length).toBeGreaterThan(0);
  expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b));
  expect(structured.is_searchable).toBe(true);
  const { structured: found } = await tools.call("search", { query: "apples" });
  expect(found.results).toMatchObject([{ url: expect.stringContaining("https://docs.example.com/a") }]);
  const { structured: read } = await tools.call("get_document", { page: "https://docs.example.com/a" });
  expect(read.untrusted_text).toContain("All about apples");
}, 60_000);

test("a crawl that is not waited for is looked at, and cancelled", async () => {
  const crawl = { website: "https://slow.example.org/", allow_new_host: true };
  const { structured: started } = await tools.call("crawl", crawl);
  const waited = await tools.call("crawl_status", { crawl_id: started.crawl_id, wait_seconds: 1 });
  const again = await tools.call("crawl", crawl);
  const { structured: cancelled } = await tools.call("cancel_crawl", { crawl_id: started.crawl_id });

  expect(started.is_over).toBe(false);
  expect(waited.structured.is_over).toBe(false);
  expect([again.isError, again.text]).toEqual([true, expect.stringContaining("is being crawled by crawl")]);
  expect(cancelled).toMatchObject({ crawl_id: started.crawl_id, state: "cancelled", is_over: true });
});

test("cancelling the call that started a crawl cancels it; cancelling one that looks at it does not", async () => {
  const crawl = { website: "https://slow.example.org/", allow_new_host: true, wait_seconds: 600 };
  const [starting, looking] = [new AbortController(), new AbortController()];
  const begun = Promise.withResolvers<void>();
  const progress = async () => begun.resolve();
  const started = tools.call("crawl", crawl, { signal: starting.signal, progress }).catch((error: unknown) => error);
  await begun.promise;
  const { structured: websites } = await tools.call("list_websites");
  const id = websites.websites[0].last_crawl.id as string;
  const looked = tools
    .call("crawl_status", { crawl_id: id, wait_seconds: 600 }, { signal: looking.signal })
    .catch((error: unknown) => error);

  looking.abort(new Error("enough"));
  expect(await looked).toEqual(new Error("enough"));
  const between = await readCrawl(store.db, id);
  starting.abort(new Error("enough"));
  expect(await started).toEqual(new Error("enough"));
  const after = await readCrawl(store.db, id);

  expect([between?.finishedAt, after?.state]).toEqual([null, "cancelled"]);
});

test("a crawl goes on where the call that started it ends for another reason", async () => {
  const crawl = { website: "https://slow.example.org/", allow_new_host: true, wait_seconds: 600 };
  const ending = new AbortController();
  const begun = Promise.withResolvers<void>();
  const who = { signal: ending.signal, progress: async () => begun.resolve(), isWithdrawn: () => false };
  const started = tools.call("crawl", crawl, who).catch((error: unknown) => error);
  await begun.promise;
  const { structured: websites } = await tools.call("list_websites");
  const id = websites.websites[0].last_crawl.id as string;

  ending.abort(new Error("the service stops"));
  expect(await started).toEqual(new Error("the service stops"));
  const after = await readCrawl(store.db, id);
  await tools.call("cancel_crawl", { crawl_id: id });

  expect(after?.state).not.toBe("cancelled");
});

test("limits that can't be are refused, naming them", async () => {
  const { isError, text: told } = await tools.call("crawl", { website: "Handbook", include: ["docs.example.com/x"] });

  expect([isError, told]).toEqual([true, expect.stringContaining("include/0")]);
});

test("another user's crawl is not there", async () => {
  const { structured } = await tools.call("list_websites");
  const id = structured.websites.find((each: { name: string }) => each.name === "Handbook").last_crawl.id;

  for (const tool of ["crawl_status", "cancel_crawl"]) {
    const { isError, text: told } = await tools.call(tool, { crawl_id: id }, { principal: tools.bob });
    expect([isError, told]).toEqual([true, `There is no crawl ${id} (not_found)`]);
  }
});

test("unfinished crawls of one user are limited", async () => {
  await worker.stop(1_000);
  const start = (n: number) =>
    tools.call("crawl", { website: `https://n${n}.example.org/`, allow_new_host: true }, { principal: tools.bob });
  const most = tools.app.config.MAX_CRAWLS_PER_KEY;

  for (let n = 0; n < most; n++) expect((await start(n)).isError).toBe(false);
  const { isError, text: told } = await start(most);

  expect([isError, told]).toEqual([true, expect.stringContaining("(too_many_crawls)")]);
});
