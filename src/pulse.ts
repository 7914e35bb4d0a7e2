import type { Clock } from "./clock.ts";

/** A sign of life of what goes on by itself, so that a look from outside sees when it no longer does. */
export type Pulse = {
  beat(): void;
  /** Milliseconds since the last beat, or since the pulse was made. */
  ageMs(): number;
};

export function createPulse(clock: Clock): Pulse {
  let lastBeatAt = clock.now();
  return {
    beat: () => {
      lastBeatAt = clock.now();
    },
    ageMs: () => clock.now().getTime() - lastBeatAt.getTime(),
  };
}
