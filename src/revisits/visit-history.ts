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
 * the oldest as often as gives them the same mean life.
 */
export function addVisit(history: VisitHistory, visit: { seconds: number; isChanged: boolean }): VisitHistory {
  const visits = history.visits + 1;
  const changes = history.changes + (visit.isChanged ? 1 : 0);
  // Visits within the same second tell nothing.
  const seconds = Math.max(1, Math.round(visit.seconds));
  const faded = history.unchangedSeconds * (1 - 1 / MEMORY);
  const kept = dropFaded(history.changedIntervals, visits);
  if (!visit.isChanged)
    return { visits, changes, unchangedSeconds: Math.round(faded + seconds), changedIntervals: kept };
  const changedIntervals = [...kept, seconds].slice(-MAX_CHANGED);
  return { visits, changes, unchangedSeconds: Math.round(faded), changedIntervals };
}

/** Of `n` intervals, one goes about every `MEMORY / n` visits. */
function dropFaded(intervals: readonly number[], visits: number): readonly number[] {
  if (intervals.length === 0) return intervals;
  const every = Math.max(1, Math.round(MEMORY / intervals.length));
  return visits > MEMORY / 2 && visits % every === 0 ? intervals.slice(1) : intervals;
}
