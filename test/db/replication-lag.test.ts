import { expect, test } from "bun:test";
import { createLagMeter } from "../../src/db/replication-lag.ts";

test("a replica is behind by the time since the primary had what it shows", () => {
  const lag = createLagMeter(10_000);
  lag.note(1_000, 100);
  lag.note(2_000, 200);
  lag.note(3_000, 300);

  expect(lag.of(200, 3_500)).toBe(1_500);
  expect(lag.of(299, 3_500)).toBe(1_500);
  expect(lag.of(300, 3_500)).toBe(500);
  expect(lag.of(400, 3_500)).toBe(500);
});

test("while nobody writes, a replica that shows everything is not behind", () => {
  const lag = createLagMeter(10_000);

  for (let at = 0; at <= 3_600_000; at += 1_000) lag.note(at, 100);

  expect(lag.of(100, 3_600_000)).toBe(0);
  expect(lag.of(99, 3_600_000)).toBeUndefined();
});

test("how far it is behind is not known before anything is, nor for longer than is remembered", () => {
  const lag = createLagMeter(10_000);

  expect(lag.of(100, 1_000)).toBeUndefined();
  lag.note(1_000, 100);
  lag.note(11_000, 200);
  expect(lag.of(100, 11_000)).toBe(10_000);
  lag.note(12_000, 300);
  expect(lag.of(100, 12_000)).toBeUndefined();
});

test("when the primary no longer tells, what a replica shows grows old", () => {
  const lag = createLagMeter(10_000);
  lag.note(1_000, 100);

  expect(lag.of(100, 60_000)).toBe(59_000);
});
