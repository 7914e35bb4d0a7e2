import type { VisitHistory } from "./visit-history.ts";

/**
 * What is believed of a page's change rate: a gamma distribution, as if `shape` changes had been seen in `seconds`. Its
 * mean is the estimate; the greater the shape, the surer it is.
 */
export type RateBelief = { shape: number; seconds: number };

export const DAY_SECONDS = 86_400;

/** Changes a second that no page is taken to go beyond: one a minute, and one in ten years. */
const MAX_RATE = 1 / 60;
const MIN_RATE = 1 / (3_650 * DAY_SECONDS);

/** Nothing is known beforehand: what remains is the plain maximum likelihood. */
export const NO_PRIOR: RateBelief = { shape: 0, seconds: 0 };

/** Of the logarithm, at which the search ends. */
const PRECISION = 1e-4;
const MAX_STEPS = 60;

export function changesPerDay({ shape, seconds }: RateBelief): number {
  return (shape / seconds) * DAY_SECONDS;
}

/**
 * How often a page changes, judged by visits at irregular times, each of which tells only whether there was a change
 * since the one before: the λ of Σ_changed τ/(e^{λτ} − 1) = Σ_unchanged τ (Cho and Garcia-Molina, "Estimating Frequency
 * of Change", ACM TOIT 3, 2003, §5.2), with the prior's terms added on either side. Pages that always changed, or never,
 * get what the prior leaves open; without one, the greatest or least rate there is.
 *
 * The belief returned is the gamma distribution that has its peak, over log λ, at the same place and the same width.
 */
export function estimateRate(history: VisitHistory, prior: RateBelief): RateBelief {
  const intervals = history.changedIntervals;
  const seconds = prior.seconds + history.unchangedSeconds;
  // Nothing to solve: each visit without a change adds to the time and to nothing else.
  if (intervals.length === 0 && prior.shape > 0) return { shape: prior.shape, seconds };
  if (prior.shape === 0 && (intervals.length === 0 || seconds === 0))
    return toBelief(Math.log(intervals.length === 0 ? MIN_RATE : MAX_RATE), 0);
  let low = Math.log(MIN_RATE);
  let high = Math.log(MAX_RATE);
  let at = Math.min(high, Math.max(low, Math.log(guess(intervals, prior.shape, seconds))));
  let shape = 0;
  for (let step = 0; step < MAX_STEPS; step++) {
    const rate = Math.exp(at);
    let slope = prior.shape - seconds * rate;
    shape = seconds * rate;
    for (const interval of intervals) {
      const expected = rate * interval;
      const grown = Math.expm1(expected);
      // Beyond that the term is nothing, and the square of what it is divided by overflows.
      if (expected > 300) continue;
      slope += expected / grown;
      shape += (expected * ((grown + 1) * expected - grown)) / (grown * grown);
    }
    // The slope falls all the way, so that its sign tells on which side the root is.
    if (slope > 0) low = at;
    else high = at;
    const newton = shape > 0 ? at + slope / shape : Number.NaN;
    const next = newton > low && newton < high ? newton : (low + high) / 2;
    if (Math.abs(next - at) < PRECISION) return toBelief(next, shape);
    at = next;
  }
  return toBelief(at, shape);
}

/** Changes over time, each interval with one counting for a change in its middle. */
function guess(intervals: readonly number[], shape: number, seconds: number): number {
  let total = seconds;
  for (const interval of intervals) total += interval / 2;
  return (shape + intervals.length) / Math.max(1, total);
}

/** A likelihood without a width, as of no visits at all, would be sure of nothing. */
const MIN_SHAPE = 0.05;

function toBelief(logRate: number, width: number): RateBelief {
  const shape = Math.max(MIN_SHAPE, width);
  return { shape, seconds: shape / Math.exp(logRate) };
}
