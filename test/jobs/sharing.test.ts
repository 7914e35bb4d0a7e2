import { expect, test } from "bun:test";
import { createSharing, UNSHARED } from "../../src/jobs/sharing.ts";

test("who has nothing takes a few at once, and who has something lets others go first", () => {
  const sharing = createSharing(() => true);

  expect([sharing.waitMs(0), sharing.share(64), sharing.share(2)]).toEqual([0, 4, 2]);
  expect([1, 4, 64].map(sharing.waitMs)).toEqual([5, 20, 100]);
  expect([sharing.took(3, 4), sharing.took(4, 4)]).toEqual([false, true]);
});

test("the longer there is more than was taken, the more and the sooner, until all is taken", () => {
  const sharing = createSharing(() => true);
  const takes: { running: number; waitMs: number; asked: number }[] = [];
  let running = 0;

  while (running < 64) {
    const asked = sharing.share(64 - running);
    takes.push({ running, waitMs: Math.round(sharing.waitMs(running)), asked });
    running += asked;
    sharing.took(asked, asked);
  }

  expect(takes.map(({ asked }) => asked)).toEqual([4, 4, 4, 8, 16, 28]);
  // Nobody is ever more than twice as far as who began at the same time.
  for (const { running, asked } of takes.slice(1)) expect(running + asked).toBeLessThanOrEqual(running * 2 + 4);
  expect(takes.reduce((sum, { waitMs }) => sum + waitMs, 0)).toBeLessThan(200);
  sharing.took(0, 4);
  expect(sharing.share(64)).toBe(4);
});

test("who is alone takes what there is, and waits for nobody", () => {
  expect([UNSHARED.waitMs(64), UNSHARED.share(64)]).toEqual([0, 64]);
});
