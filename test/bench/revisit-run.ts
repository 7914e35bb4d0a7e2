import type { Policy } from "./revisit-policies.ts";
import type { World } from "./revisit-worlds.ts";

/** What a policy made of a website, measured after it had time to learn. */
export type Outcome = {
  policy: string;
  fetchesPerDay: number;
  /** Share of the time that copies were current. */
  freshness: number;
  /** Days by which copies were behind, on average over pages and time. */
  meanAgeDays: number;
  /** Share of the fetches that found nothing new. */
  wasted: number;
  /** Share of the changes that no fetch found by itself: they came before another was fetched. */
  missed: number;
};

export type Run = { fetchesPerDay: number; ticksPerDay: number; measuredFrom: number };

/** Has a policy watch a website: each tick it may fetch what the budget has left, which piles up for a day at most. */
export function runPolicy(world: World, policy: Policy, { fetchesPerDay, ticksPerDay, measuredFrom }: Run): Outcome {
  const count = world.paths.length;
  const fetchedAt = new Float64Array(count);
  /** The first change of each page that its copy does not have. */
  const ahead = new Uint32Array(count);
  const sums = { fetches: 0, found: 0, current: 0, age: 0 };
  let left = 0;

  /** Counts what passed since the last fetch. */
  function account(page: number, day: number) {
    const from = Math.max(fetchedAt[page] as number, measuredFrom);
    if (day <= from) return;
    const change = world.changes[page]?.[ahead[page] as number] ?? Number.POSITIVE_INFINITY;
    const until = Math.min(day, Math.max(from, change));
    sums.current += until - from;
    if (change < day) sums.age += ((day - change) ** 2 - Math.max(0, from - change) ** 2) / 2;
  }

  for (let tick = 1; tick <= world.days * ticksPerDay; tick++) {
    const day = tick / ticksPerDay;
    left = Math.min(fetchesPerDay, left + fetchesPerDay / ticksPerDay);
    for (const page of policy.due(day)) {
      if (left < 1) break;
      left--;
      account(page, day);
      const times = world.changes[page] as Float64Array;
      let known = ahead[page] as number;
      const before = known;
      while (known < times.length && (times[known] as number) <= day) known++;
      ahead[page] = known;
      fetchedAt[page] = day;
      if (day > measuredFrom) {
        sums.fetches++;
        if (known > before) sums.found++;
      }
      policy.fetched(page, day, known > before);
    }
  }
  for (let page = 0; page < count; page++) account(page, world.days);
  const changes = world.changes.reduce((sum, times) => sum + times.filter((day) => day > measuredFrom).length, 0);
  const days = world.days - measuredFrom;
  return {
    policy: policy.name,
    fetchesPerDay: sums.fetches / days,
    freshness: sums.current / (count * days),
    meanAgeDays: sums.age / (count * days),
    wasted: 1 - sums.found / sums.fetches,
    missed: 1 - sums.found / changes,
  };
}
