import { DAY_SECONDS, type RateBelief } from "./change-rate.ts";

/** Bounds of the time between two visits, and what a day may cost. */
export type Bounds = { minSeconds: number; maxSeconds: number; fetchesPerDay: number };

/** How often pages of one rate are visited, and what that brings. */
export type Share = {
  seconds: number;
  boundBy: "rate" | "minimum" | "maximum" | "budget";
  /** Share of the time that the stored copy is expected to be current. */
  freshness: number;
  /** Chance that a visit finds a change. */
  chance: number;
};

/**
 * A visit is not worth it before the chance that it finds a change is so great: a budget that would allow it is left
 * unspent, and the copy is current for 99 % of the time.
 */
const MIN_CHANCE = 0.02;

/** Pages whose beliefs differ by less than this share are of one group. */
const GROUP_WIDTH = 0.06;

const PRICE_STEPS = 60;

/** Share of the budget that may be left over. */
const TOLERANCE = 1e-5;

const NEWTON_STEPS = 20;
const PRECISION = 1e-7;

type Group = {
  belief: RateBelief;
  pages: number;
  /** No visit comes sooner, whatever the budget. */
  least: number;
  /** Between two visits. */
  seconds: number;
};

/**
 * Spends a budget of visits where it keeps most pages current (Cho and Garcia-Molina, "Effective Page Refresh Policies
 * for Web Crawlers", ACM TODS 28, 2003): each page is visited so often that one more visit would be worth the same
 * everywhere, which is found by bisection over groups of pages whose rates are alike. Pages that change faster than they
 * can be followed are worth less again, and are visited less than some that change seldom.
 *
 * The budget goes before the greatest interval: where it does not suffice for that, all wait longer in proportion.
 * @returns for each page in turn
 */
export function allocateVisits(beliefs: readonly RateBelief[], bounds: Bounds): Share[] {
  const groups = new Map<number, Group>();
  const members = beliefs.map((belief) => joinGroup(groups, belief, bounds));
  const all = [...groups.values()];
  const limit = bounds.fetchesPerDay / DAY_SECONDS;
  const atMost = beliefs.length / bounds.maxSeconds;
  if (atMost >= limit) for (const group of all) group.seconds = bounds.maxSeconds * (atMost / limit);
  else if (costOf(all) > limit) sellVisits(all, limit, bounds.maxSeconds);
  const shares = new Map(all.map((group) => [group, toShare(group, bounds)]));
  return members.map((group) => shares.get(group) ?? toShare(group, bounds));
}

/**
 * What one more visit is worth to a page that was last visited so long ago, in seconds for which a copy is current, and
 * by how much that grows with each second. To those are added the seconds by which copies are behind, as shares of the
 * greatest interval: else a page that changes all the time would hardly be visited at all.
 *
 * With M(t) the chance of no change within t, which is (1 + t/seconds)^−shape, this is the integral of t·(−M′(t)) for
 * being current and of t·(1 − M(t)) for being behind.
 */
export function worthOf({ shape, seconds }: RateBelief, elapsed: number, maxSeconds: number) {
  const time = elapsed / seconds;
  const log = Math.log1p(time);
  const none = Math.exp(-shape * log);
  const one = power(1 - shape, log);
  const current = seconds * (one - time * none);
  const behind = seconds * seconds * (time * time * 0.5 - power(2 - shape, log) + one);
  const slope = elapsed * ((shape / seconds) * (none / (1 + time)) + (1 - none) / maxSeconds);
  return { worth: current + behind / maxSeconds, slope };
}

/** ((1 + t)^exponent − 1) / exponent by the logarithm of 1 + t, which goes on being right when the exponent is 0. */
function power(exponent: number, log: number): number {
  return Math.abs(exponent) < 1e-9 ? log : Math.expm1(exponent * log) / exponent;
}

function joinGroup(groups: Map<number, Group>, { shape, seconds }: RateBelief, bounds: Bounds): Group {
  const [first, second] = [Math.log(shape), Math.log(seconds)].map((log) => Math.round(log / GROUP_WIDTH));
  const key = (first ?? 0) * 100_000 + (second ?? 0);
  const found = groups.get(key);
  if (found) {
    found.pages++;
    return found;
  }
  const belief = {
    shape: Math.exp((first ?? 0) * GROUP_WIDTH),
    seconds: Math.exp((second ?? 0) * GROUP_WIDTH),
  };
  const least = Math.min(bounds.maxSeconds, Math.max(bounds.minSeconds, secondsUntil(MIN_CHANCE, belief)));
  const group = { belief, pages: 1, least, seconds: least };
  groups.set(key, group);
  return group;
}

const costOf = (groups: Group[]) => groups.reduce((sum, { pages, seconds }) => sum + pages / seconds, 0);

/** Finds the price of a visit at which no more are bought than there are: by false position over logarithms. */
function sellVisits(groups: Group[], limit: number, maxSeconds: number): void {
  const offer = (price: number) => {
    for (const group of groups) group.seconds = secondsAt(group, price, maxSeconds);
    const excess = Math.log(costOf(groups) / limit);
    return { price, excess, weight: excess };
  };
  const worths = (at: (group: Group) => number) =>
    groups.map((group) => Math.log(worthOf(group.belief, at(group), maxSeconds).worth));
  let low = offer(worths(({ least }) => least).reduce((one, other) => Math.min(one, other)));
  let high = offer(worths(() => maxSeconds).reduce((one, other) => Math.max(one, other)));
  for (let step = 0; step < PRICE_STEPS && high.excess < -TOLERANCE; step++) {
    const next = offer((low.price * high.weight - high.price * low.weight) / (high.weight - low.weight));
    // The end that stays is given half its weight (the Illinois rule), or it would stay for ever.
    if (next.excess > 0) [low, high] = [next, { ...high, weight: high.weight / 2 }];
    else [low, high] = [{ ...low, weight: low.weight / 2 }, next];
  }
  offer(high.price);
}

/** When a visit comes to be worth its price; Newton's method over logarithms, in which the worth is nearly straight. */
function secondsAt({ belief, least, seconds }: Group, logPrice: number, maxSeconds: number): number {
  let low = Math.log(least);
  let high = Math.log(maxSeconds);
  if (excessAt(belief, low, logPrice, maxSeconds).excess >= 0) return least;
  if (excessAt(belief, high, logPrice, maxSeconds).excess <= 0) return maxSeconds;
  let at = Math.min(high, Math.max(low, Math.log(seconds)));
  for (let step = 0; step < NEWTON_STEPS; step++) {
    const { excess, slope } = excessAt(belief, at, logPrice, maxSeconds);
    if (excess > 0) high = at;
    else low = at;
    const newton = at - excess / slope;
    const next = newton > low && newton < high ? newton : (low + high) / 2;
    if (Math.abs(next - at) < PRECISION) return Math.exp(next);
    at = next;
  }
  return Math.exp(at);
}

function excessAt(belief: RateBelief, log: number, logPrice: number, maxSeconds: number) {
  const elapsed = Math.exp(log);
  const { worth, slope } = worthOf(belief, elapsed, maxSeconds);
  return { excess: Math.log(worth) - logPrice, slope: (slope * elapsed) / worth };
}

function toShare({ belief, least, seconds }: Group, { minSeconds, maxSeconds }: Bounds): Share {
  const time = seconds / belief.seconds;
  const log = Math.log1p(time);
  const freshness = power(1 - belief.shape, log) / time;
  const chance = -Math.expm1(-belief.shape * log);
  return { seconds, boundBy: nameBound(), freshness, chance };

  function nameBound(): Share["boundBy"] {
    if (seconds > maxSeconds) return "budget";
    if (seconds === maxSeconds) return "maximum";
    if (seconds > least) return "budget";
    return least > minSeconds ? "rate" : "minimum";
  }
}

/** Until a page has changed with such a chance. */
function secondsUntil(chance: number, { shape, seconds }: RateBelief): number {
  return seconds * Math.expm1(-Math.log1p(-chance) / shape);
}
