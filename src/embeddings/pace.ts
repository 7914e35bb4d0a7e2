import type { Clock } from "../clock.ts";

/** Keeps requests apart, so many a minute. */
export type Pace = {
  /** Milliseconds until the next turn; 0 if it is now, which is then taken. */
  takeTurn(): number;
};

/** @param perMinute 0 for no limit */
export function createPace(perMinute: number, clock: Clock): Pace {
  let nextAt = 0;
  return {
    takeTurn: () => {
      if (perMinute === 0) return 0;
      const now = clock.now().getTime();
      if (now < nextAt) return nextAt - now;
      nextAt = now + 60_000 / perMinute;
      return 0;
    },
  };
}
