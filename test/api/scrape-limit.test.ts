import { expect, test } from "bun:test";
import { noStore, startService } from "./running-service.ts";

test("a scrape over the limit is a 429, and one that failed makes room for the next", async () => {
  const config = { MAX_SCRAPES_PER_KEY: 1, TRUSTED_PROXIES: "127.0.0.0/8" };
  const held = Promise.withResolvers<never>();
  const begun = Promise.withResolvers<void>();
  const fetch = () => {
    begun.resolve();
    return held.promise;
  };
  const service = await startService(noStore, { config, fetch });
  const scrape = () =>
    service.ask(
      "POST",
      "/api/v1/scrape",
      { url: "https://x.example/", robots: false },
      { "x-forwarded-for": "192.0.2.1" },
    );

  const first = scrape();
  await begun.promise;
  const second = await scrape();
  held.reject(new Error("cut"));
  const failed = await first;
  const third = await scrape();

  expect([second.status, second.json.code]).toEqual([429, "too_many_scrapes"]);
  expect(Number(second.headers.get("retry-after"))).toBeGreaterThan(0);
  expect([failed.status, third.status]).toEqual([500, 500]);
  await service.stop();
});
