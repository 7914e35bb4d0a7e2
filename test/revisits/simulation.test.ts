import { describe, expect, test } from "bun:test";
import { seededRandom } from "../bench/chance.ts";
import { adaptivePolicy, fixedPolicy, nutchPolicy } from "../bench/revisit-policies.ts";
import { type Outcome, runPolicy } from "../bench/revisit-run.ts";
import { burstyWorld, dailyWorld, steadyWorld } from "../bench/revisit-worlds.ts";

const PAGES = 240;
const RUN = { fetchesPerDay: 0.2 * PAGES, ticksPerDay: 8, measuredFrom: 30 };

// `bun run bench:revisits` is the same at its full size.
describe("with the same budget, visits by the plan", () => {
  test.each([steadyWorld, burstyWorld, dailyWorld])(
    "keep more pages current than visits in turn and than Nutch's adaptive schedule: %p",
    (make) => {
      const world = make({ pages: PAGES, days: 100, random: seededRandom(11) });
      const site = { paths: world.paths, fetchesPerDay: RUN.fetchesPerDay };

      const [fixed, nutch, adaptive] = [
        fixedPolicy(site),
        nutchPolicy(site),
        adaptivePolicy(site, { minDays: 1 / 24, maxDays: 30, replanDays: 2 }),
      ].map((policy) => runPolicy(world, policy, RUN)) as [Outcome, Outcome, Outcome];

      expect(adaptive.fetchesPerDay).toBeLessThanOrEqual(RUN.fetchesPerDay * 1.02);
      for (const other of [fixed, nutch]) {
        expect(adaptive.freshness).toBeGreaterThan(other.freshness + 0.01);
        expect(adaptive.meanAgeDays).toBeLessThan(other.meanAgeDays);
      }
      expect(adaptive.wasted).toBeLessThan(fixed.wasted - 0.05);
      expect(adaptive.missed).toBeLessThan(fixed.missed);
    },
  );
});
