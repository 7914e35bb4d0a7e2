import { expect, test } from "bun:test";
import { createTurnstile } from "../../src/access/turnstile.ts";

test("so many are let in side by side by each name, and the next when one has left", () => {
  const turnstile = createTurnstile(2, "scrapes");
  const first = turnstile.enter("a");
  turnstile.enter("a");

  expect(() => turnstile.enter("a")).toThrow("2 scrapes of yours are under way");
  expect(() => turnstile.enter("b")).not.toThrow();
  first[Symbol.dispose]();
  expect(() => turnstile.enter("a")).not.toThrow();
});

test("a limit of 0 is none, and nobody without a name has one", () => {
  const none = createTurnstile(0, "scrapes");
  const one = createTurnstile(1, "scrapes");

  for (let at = 0; at < 100; at++) {
    expect(() => none.enter("a")).not.toThrow();
    expect(() => one.enter(undefined)).not.toThrow();
  }
});
