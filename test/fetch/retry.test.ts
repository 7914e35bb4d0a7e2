import { expect, test } from "bun:test";
import { isRetryableStatus, parseRetryAfter, retryDelayMs } from "../../src/fetch/retry.ts";

const now = new Date("2026-01-01T00:00:00.000Z");

test("the ceiling of a delay doubles with each attempt up to the cap", () => {
  const delays = [1, 2, 3, 4, 5, 50, 5_000].map((attempt) =>
    retryDelayMs(attempt, { random: () => 1, baseMs: 1_000, capMs: 10_000 }),
  );

  expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000]);
});

test("a delay is anything from nothing to its ceiling", () => {
  expect(retryDelayMs(3, { random: () => 0, baseMs: 1_000, capMs: 10_000 })).toBe(0);
  expect(retryDelayMs(3, { random: () => 0.25, baseMs: 1_000, capMs: 10_000 })).toBe(1_000);
  for (let run = 0; run < 100; run += 1) {
    const delayMs = retryDelayMs(2, { baseMs: 100, capMs: 1_000 });
    expect(delayMs).toBeWithin(0, 201);
  }
});

test("statuses that may heal are retried, those that won't are not", () => {
  for (const status of [408, 425, 429, 500, 502, 503, 504, 522, 529]) {
    expect([status, isRetryableStatus(status)]).toEqual([status, true]);
  }
  for (const status of [200, 301, 304, 400, 401, 403, 404, 410, 451, 501, 505, 511, 526]) {
    expect([status, isRetryableStatus(status)]).toEqual([status, false]);
  }
});

test.each([
  ["120", 120_000],
  [" 0 ", 0],
  ["Thu, 01 Jan 2026 00:02:00 GMT", 120_000],
  ["Thursday, 01-Jan-26 00:02:00 GMT", 120_000],
  ["Wed, 31 Dec 2025 00:00:00 GMT", 0],
  [null, undefined],
  ["", undefined],
  ["-1", undefined],
  ["1.5", undefined],
  ["1e3", undefined],
  ["soon", undefined],
  ["2026-01-01T00:02:00Z", undefined],
  ["Thu, 99 Foo 2026 00:00:00 GMT", undefined],
  ["9".repeat(400), undefined],
])("Retry-After %p means %p ms", (header, delayMs) => {
  expect(parseRetryAfter(header, now)).toBe(delayMs);
});
