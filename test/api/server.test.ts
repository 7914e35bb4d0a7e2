import { expect, test } from "bun:test";
import { type Fetch, FetchError } from "../../src/fetch/fetch.ts";
import { noStore, startService } from "./running-service.ts";

test("a request in flight is answered before the service has stopped, and none after", async () => {
  const asked = Promise.withResolvers<void>();
  const mayAnswer = Promise.withResolvers<void>();
  const service = await startService(noStore, {
    fetch: async () => {
      asked.resolve();
      await mayAnswer.promise;
      throw new FetchError("dns", "example.com has no address");
    },
  });
  const scraping = service.ask("POST", "/api/v1/scrape", { url: "https://example.com/", robots: false });
  await asked.promise;

  const stopped = service.stop();
  mayAnswer.resolve();

  expect((await scraping).json.code).toBe("dns");
  await stopped;
  await expect(service.ask("GET", "/health")).rejects.toThrow();
});

test("a page is no longer fetched for a client that has gone", async () => {
  const asked = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<string>();
  const waitForEver: Fetch = async ({ signal }) => {
    const { promise, reject } = Promise.withResolvers<never>();
    signal?.addEventListener("abort", () => {
      ended.resolve("ended");
      reject(new FetchError("cancelled", "Nobody waits any more"));
    });
    asked.resolve();
    return promise;
  };
  const service = await startService(noStore, { fetch: waitForEver });
  const leaving = new AbortController();
  const scraping = fetch(`${service.url}/api/v1/scrape`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ url: "https://example.com/", robots: false }),
    signal: leaving.signal,
  });
  await asked.promise;

  leaving.abort();

  await expect(scraping).rejects.toThrow();
  expect(await ended.promise).toBe("ended");
  await service.stop();
});

test("an address that stands for all is told as one that can be opened", async () => {
  for (const [host, shown] of [
    ["0.0.0.0", "localhost"],
    ["::1", "[::1]"],
  ]) {
    const service = await startService(noStore, { config: { HOST: host } });

    expect(new URL(service.url).hostname).toBe(shown ?? "");
    expect((await service.ask("GET", "/health")).status).toBe(200);
    await service.stop();
  }
});
