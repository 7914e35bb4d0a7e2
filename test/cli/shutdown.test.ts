import { afterAll, afterEach, expect, test } from "bun:test";
import { createServer } from "node:net";
import { prepareDataFolder } from "../testing/stores.ts";
import { openWorkplace } from "./command.ts";
import { serve } from "./serving.ts";

const workplace = openWorkplace();
const clean: (() => unknown)[] = [];

afterEach(async () => {
  for (const step of clean.splice(0).reverse()) await step();
});
afterAll(workplace.remove);

let services = 0;

/** Each on data of its own, so that none has to wait for another to end. */
async function start(env: Record<string, string> = {}) {
  const name = `data-${services++}`;
  await prepareDataFolder(workplace.makeFolder(name), { isMigrated: true });
  const service = await serve(workplace, ["--data", name], { ALLOW_PRIVATE_NETWORKS: "127.0.0.1", ...env });
  clean.push(() => service.child.kill("SIGKILL"));
  return service;
}

/** A website that answers when it is told to. */
function openSlowSite() {
  const asked = Promise.withResolvers<void>();
  const mayAnswer = Promise.withResolvers<void>();
  const site = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async () => {
      asked.resolve();
      await mayAnswer.promise;
      return new Response("<title>Slow</title><p>It came after all", { headers: { "content-type": "text/html" } });
    },
  });
  clean.push(() => site.stop(true));
  return { url: site.url.href, asked: asked.promise, answer: mayAnswer.resolve };
}

function post(url: string, body: unknown): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

const scrape = (origin: string, url: string) => post(`${origin}/api/v1/scrape`, { url, robots: false });

test("told to stop, it is not ready at once, finishes what was asked of it in full, and ends with 0", async () => {
  const site = openSlowSite();
  const { child, url, port } = await start({ SHUTDOWN_DELAY_MS: "500" });
  const unfinished = await Bun.connect({ hostname: "127.0.0.1", port: Number(port), socket: { data() {} } });
  unfinished.write("GET /health HTTP/1.1\r\nhos");
  const scraping = scrape(url, site.url);
  await site.asked;
  const ready = await fetch(`${url}/health/ready`);
  const crawl = (await (await post(`${url}/api/v1/crawls`, { url: site.url })).json()) as { id: string };
  const events = await fetch(`${url}/api/v1/crawls/${crawl.id}/events`);

  child.kill("SIGTERM");
  let stopping = await fetch(`${url}/health/ready`);
  while (stopping.status === 200) stopping = await fetch(`${url}/health/ready`);
  const alive = await fetch(`${url}/health`);
  const streamed = await events.text();
  site.answer();
  const scraped = await scraping;

  expect(ready.status).toBe(200);
  expect([stopping.status, await stopping.json()]).toEqual([503, { status: "stopping", components: [] }]);
  expect(alive.status).toBe(200);
  expect(streamed).toContain("event: progress");
  expect(scraped.status).toBe(200);
  expect(await scraped.text()).toContain("It came after all");
  expect(await child.exited).toBe(0);
  const log = await child.stderr.text();
  expect(log).toMatch(/service started[\s\S]*service stopping[\s\S]*service stopped/);
  expect(log).toContain("Stopped by SIGTERM");
});

test("what takes longer than there is time is cut off, and the exit code says so", async () => {
  const site = openSlowSite();
  const { child, url } = await start({ SHUTDOWN_TIMEOUT_MS: "1000" });
  const scraping = scrape(url, site.url).then(
    () => "answered",
    () => "cut off",
  );
  await site.asked;

  child.kill("SIGINT");

  expect(await child.exited).toBe(1);
  expect(await scraping).toBe("cut off");
  expect(await child.stderr.text()).toContain("requests were cut off");
});

test("a second signal ends it at once", async () => {
  const site = openSlowSite();
  const { child, url } = await start();
  void scrape(url, site.url).catch(() => {});
  await site.asked;

  child.kill("SIGTERM");
  while ((await fetch(`${url}/health/ready`).catch(() => undefined))?.status === 200) await Bun.sleep(5);
  child.kill("SIGTERM");

  expect(await child.exited).toBe(143);
});

test("told to stop while it waits for its database, it ends", async () => {
  const connected = Promise.withResolvers<void>();
  const silent = createServer(() => connected.resolve());
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  clean.push(() => silent.close());
  const { port } = silent.address() as { port: number };
  const child = workplace.start(["--port", "0"], { DATABASE_URL: `postgres://nobody@127.0.0.1:${port}/nothing` });
  await connected.promise;

  child.kill("SIGTERM");

  expect(await child.exited).toBe(0);
});
