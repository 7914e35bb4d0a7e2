/** What is known of how often a page changes: columns of `pages` of the same names. */
export type VisitHistory = {
  /** Visits after the first that succeeded, and those that found a change. They never fade. */
  visits: number;
  changes: number;
  /** Seconds between visits that found no change, summed up, older ones counting less. */
  unchangedSeconds: number;
  /** Seconds between visits that found one: the latest, oldest first. */
  changedIntervals: readonly number[];
};

/** Intervals with a change that are kept. */
const MAX_CHANGED = 24;

/**
 * Visits that count in the whole: those that are older by so many have lost most of their weight. More would take long to
 * notice that a page has fallen asleep or woken up, fewer would guess at the rates of those that stay as they are.
 */
const MEMORY = 40;

/**
 * The history with one more visit, `seconds` after the one before it. Evidence fades by visits and not by time, so that
 * pages seldom visited keep what little is known of them: the sum by a fortieth each time, the intervals by leaving out
 * the oldest as often as gives them the same mean life. Where no more of them are kept, the sum fades with each that is
 * left out for another, or the page would seem to rest more than it does.
 */
export function addVisit(history: VisitHistory, visit: { seconds: number; isChanged: boolean }): VisitHistory {
  const visits = history.visits + 1;
  const changes = history.changes + (visit.isChanged ? 1 : 0);
  // Visits within the same second tell nothing.
  const seconds = Math.max(1, Math.round(visit.seconds));
  const { changedIntervals: intervals, unchangedSeconds } = history;
  if (visit.isChanged && intervals.length >= MAX_CHANGED) {
    const faded = unchangedSeconds * (MAX_CHANGED / (MAX_CHANGED + 1));
    const changedIntervals = [...intervals, seconds].slice(-MAX_CHANGED);
    return { visits, changes, unchangedSeconds: Math.round(faded), changedIntervals };
  }
  const faded = unchangedSeconds * (1 - 1 / MEMORY);
  const kept = dropFaded(intervals, visits);
  if (!visit.isChanged)
    return { visits, changes, unchangedSeconds: Math.round(faded + seconds), changedIntervals: kept };
  return { visits, changes, unchangedSeconds: Math.round(faded), changedIntervals: [...kept, seconds] };
}

/** With multiples of it, the places between whole numbers are filled evenly, in an order that is none (Weyl). */
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;

/** Of `n` intervals, one goes every `MEMORY / n` visits on average: by chance, but the same each time. */
function dropFaded(intervals: readonly number[], visits: number): readonly number[] {
  return (visits * GOLDEN_RATIO) % 1 < intervals.length / MEMORY ? intervals.slice(1) : intervals;
}
