/** A process that runs jobs waits so long for each of them before it takes more, so that idler ones come first. */
const WAIT_MS = 5;
const MAX_WAIT_MS = 100;

/** So many are taken at a time, as long as it may be that others are left with nothing. */
const FEW = 4;

/** After so many times that there was as much as was asked for, there is plenty. */
const FEW_TIMES = 3;

/**
 * How jobs that take long are shared with other processes: whoever has less takes first, and only a few at a time. The
 * longer there is more than was taken, the more at a time and the sooner, since then there is enough for everybody.
 */
export type Sharing = {
  /** Before the next are taken. */
  waitMs(running: number): number;
  /** How many to take at most. */
  share(free: number): number;
  /** @returns whether there may be more for places that are free */
  took(count: number, asked: number): boolean;
};

export function createSharing(isShared: () => boolean): Sharing {
  /** How often in succession there was as much as was asked for. */
  let full = 0;
  const plenty = () => Math.min(16, Math.max(0, full - FEW_TIMES + 1));
  return {
    waitMs: (running) => (isShared() ? Math.min(MAX_WAIT_MS, running * WAIT_MS) / 2 ** plenty() : 0),
    share: (free) => (isShared() ? Math.min(free, FEW * 2 ** plenty()) : free),
    took: (count, asked) => {
      const isMore = count >= asked;
      full = isMore ? full + 1 : 0;
      return isMore;
    },
  };
}

/** For jobs that take so short a time that it would cost more than it brings. */
export const UNSHARED: Sharing = createSharing(() => false);
