/** A website's pages as they change by themselves, for as long as it is watched. */
export type World = {
  name: string;
  days: number;
  paths: string[];
  /** Days at which each page changes, in order. */
  changes: Float64Array[];
};

type Size = { pages: number; days: number; random: () => number };

/** Sections of a website: pages of each, and how often they change a day at the middle. */
const SECTIONS = [
  { path: "/archive/", share: 0.4, median: 0.002 },
  { path: "/docs/", share: 0.3, median: 0.03 },
  { path: "/products/", share: 0.2, median: 0.15 },
  { path: "/news/", share: 0.08, median: 0.8 },
  { path: "/live/", share: 0.02, median: 12 },
];

/** Of the logarithms of rates within a section. */
const SPREAD = 1;

/** Each page changes at any time alike. */
export function steadyWorld(size: Size): World {
  return makeWorld("poisson", size, (rate) => thin(size, rate, () => 1));
}

/** A page is awake for days and asleep for weeks: nearly all its changes come while it is awake. */
export function burstyWorld(size: Size): World {
  return makeWorld("bursts", size, (rate) => {
    const spells = drawSpells(size);
    return thin(size, rate * AWAKE_FACTOR, (day) => (isAwake(spells, day) ? 1 : ASLEEP_SHARE));
  });
}

/** Changes come in working hours, five days a week. */
export function dailyWorld(size: Size): World {
  return makeWorld("daily rhythm", size, (rate) =>
    thin(size, rate * (7 / 5) * (24 / 10), (day) => {
      const hour = (day % 1) * 24;
      return day % 7 < 5 && hour >= 8 && hour < 18 ? 1 : 0;
    }),
  );
}

/** Rates that are other ones from the middle on: what slept wakes up, and the other way round. */
export function shiftingWorld(size: Size): World {
  return makeWorld("shifting rates", size, (rate) => {
    const factor = Math.exp((size.random() - 0.5) * 5);
    const most = Math.max(1, factor);
    return thin(size, rate * most, (day) => (day < size.days / 2 ? 1 : factor) / most);
  });
}

function makeWorld(name: string, size: Size, changesOf: (rate: number) => Float64Array): World {
  const paths: string[] = [];
  const changes: Float64Array[] = [];
  for (const { path, share, median } of SECTIONS) {
    const count = Math.round(share * size.pages);
    for (let page = 0; page < count; page++) {
      paths.push(`${path}${page}`);
      changes.push(changesOf(median * Math.exp(SPREAD * normal(size.random))));
    }
  }
  return { name, days: size.days, paths, changes };
}

/** A Poisson process of `rate` a day, of which each event is kept with the share that `keep` says. */
function thin({ days, random }: Size, rate: number, keep: (day: number) => number): Float64Array {
  const times: number[] = [];
  for (let day = exponential(rate, random); day < days; day += exponential(rate, random))
    if (random() < keep(day)) times.push(day);
  return Float64Array.from(times);
}

const AWAKE_DAYS = 8;
const ASLEEP_DAYS = 32;
const ASLEEP_SHARE = 0.02;
/** With which the rate is what it would be without spells. */
const AWAKE_FACTOR = (AWAKE_DAYS + ASLEEP_DAYS) / (AWAKE_DAYS + ASLEEP_SHARE * ASLEEP_DAYS);

/** Ends of spells, of which the first, the third and so on are awake. */
function drawSpells({ days, random }: Size): number[] {
  const ends: number[] = [random() < AWAKE_DAYS / (AWAKE_DAYS + ASLEEP_DAYS) ? exponential(1 / AWAKE_DAYS, random) : 0];
  for (let end = ends[0] ?? 0; end < days; ends.push(end))
    end += exponential(1 / (ends.length % 2 === 1 ? ASLEEP_DAYS : AWAKE_DAYS), random);
  return ends;
}

function isAwake(ends: number[], day: number): boolean {
  return ends.findIndex((end) => day < end) % 2 === 0;
}

const exponential = (rate: number, random: () => number) => -Math.log(1 - random()) / rate;

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
