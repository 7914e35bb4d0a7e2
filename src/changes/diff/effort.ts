/** What one comparison may still cost, and the tables that it uses again and again. */
export type Effort = {
  /** Steps of inner loops, never time, so that the same texts always compare the same. */
  steps: number;
  /** Whether something was left unmatched for want of steps. */
  isSpent: boolean;
  /** How often each number stands in either sequence. Zero between uses: clearing all of it would cost more than a use. */
  counts: Counts;
};

export type Counts = { before: Int32Array; after: Int32Array };

/** A few hundred milliseconds of the dearest steps; versions of a page take a hundredth of it. */
const MAX_STEPS = 8_000_000;

export const createEffort = (): Effort => ({ steps: MAX_STEPS, isSpent: false, counts: createCounts(1_024) });

/** Tables for numbers below `size`. */
export function countsFor(effort: Effort, size: number): Counts {
  if (effort.counts.before.length < size) effort.counts = createCounts(2 * size);
  return effort.counts;
}

const createCounts = (size: number) => ({ before: new Int32Array(size), after: new Int32Array(size) });
