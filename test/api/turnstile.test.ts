import { expect, test } from "bun:test";
import { setContext } from "../../src/api/request-context.ts";
import { createTurnstile } from "../../src/api/turnstile.ts";
import { noStore, startService } from "./running-service.ts";

/** A request with a key of this name. */
function requestOf(keyId: string): Request {
  const request = new Request("http://localhost/");
  const principal = { userId: Bun.randomUUIDv7(), keyId, permissions: ["write" as const] };
  setContext(request, { requestId: "r", address: "192.0.2.1", isSecure: false, principal });
  return request;
}

test("so many are let in side by side for each key, and the next when one has left", () => {
  const turnstile = createTurnstile(2, "scrapes");
  const first = turnstile.enter(requestOf("a"));
  turnstile.enter(requestOf("a"));

  expect(() => turnstile.enter(requestOf("a"))).toThrow("2 scrapes of yours are under way");
  expect(() => turnstile.enter(requestOf("b"))).not.toThrow();
  first[Symbol.dispose]();
  expect(() => turnstile.enter(requestOf("a"))).not.toThrow();
});

test("a limit of 0 is none", () => {
  const turnstile = createTurnstile(0, "scrapes");

  for (let at = 0; at < 100; at++) expect(() => turnstile.enter(requestOf("a"))).not.toThrow();
});

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
