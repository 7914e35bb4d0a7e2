/** What somebody waits for who may be busy when it rings. */
export type Bell = {
  /** All places were taken, so that there may be more to do as soon as one is free. */
  isFull: boolean;
  ring(): void;
  ringIfFull(): void;
  /** Resolves when it rings, or has rung since it was last heard. */
  heard(): Promise<void>;
};

export function createBell(): Bell {
  let hasRung = false;
  let wake: (() => void) | undefined;
  const bell: Bell = {
    isFull: false,
    ring: () => {
      hasRung = true;
      wake?.();
    },
    ringIfFull: () => {
      if (bell.isFull) bell.ring();
    },
    heard: async () => {
      if (!hasRung) await new Promise<void>((resolve) => (wake = resolve));
      wake = undefined;
      // What rings together, as places that become free do, is heard once.
      await new Promise((resolve) => setImmediate(resolve));
      hasRung = false;
    },
  };
  return bell;
}
