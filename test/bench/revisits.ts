import { seededRandom } from "./chance.ts";
import { adaptivePolicy, fixedPolicy, nutchPolicy } from "./revisit-policies.ts";
import { type Outcome, runPolicy } from "./revisit-run.ts";
import { burstyWorld, dailyWorld, shiftingWorld, steadyWorld, type World } from "./revisit-worlds.ts";
import { alignColumns } from "./table.ts";

// `bun run bench:revisits [pages]`: what the same budget of fetches keeps current, by who decides where they go.
const PAGES = Number(process.argv[2] ?? 2_000);
const DAYS = 240;
const LEARNING_DAYS = 60;
const TICKS_PER_DAY = 24;
const BOUNDS = { minDays: 1 / 24, maxDays: 60 };

/** Fetches a day for each page. */
const BUDGETS = [0.03, 0.1, 0.3];

const HEADER = ["pages change by", "policy", "fetches/day", "current", "days behind", "wasted", "missed"];

for (const share of BUDGETS) {
  const fetchesPerDay = share * PAGES;
  const lines = [steadyWorld, burstyWorld, dailyWorld, shiftingWorld].flatMap((make) => {
    const world = make({ pages: PAGES, days: DAYS, random: seededRandom(7) });
    return compare(world, fetchesPerDay).map((outcome) => [world.name, ...toCells(outcome)]);
  });
  console.log(`\n${PAGES} pages, ${fetchesPerDay} fetches a day, ${DAYS - LEARNING_DAYS} days after ${LEARNING_DAYS}`);
  console.log(alignColumns(HEADER, lines, { texts: 2 }));
}
console.log(
  "\ncurrent: share of the time that copies were; wasted: fetches that found no change; missed: changes that",
);
console.log("were followed by another before a fetch. Nutch and fixed are let have the same budget, and may use less.");

function compare(world: World, fetchesPerDay: number): Outcome[] {
  const site = { paths: world.paths, fetchesPerDay };
  const run = { fetchesPerDay, ticksPerDay: TICKS_PER_DAY, measuredFrom: LEARNING_DAYS };
  return [fixedPolicy(site), nutchPolicy(site), adaptivePolicy(site, BOUNDS)].map((policy) =>
    runPolicy(world, policy, run),
  );
}

function toCells({ policy, fetchesPerDay, freshness, meanAgeDays, wasted, missed }: Outcome): string[] {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const figures = [percent(freshness), meanAgeDays.toFixed(2), percent(wasted), percent(missed)];
  return [policy, fetchesPerDay.toFixed(1), ...figures];
}
