/** How old a replica's rows are, by how far the primary's log was written when. */
export type LagMeter = {
  /** The primary's log was written up to `position` at that time. Times and positions never go back. */
  note(at: number, position: number): void;
  /** Milliseconds that a replica is behind at most; `undefined` when it is longer than is remembered, or not known. */
  of(replayed: number, now: number): number | undefined;
};

/**
 * A replica's own word is not enough: the time of the last transaction it replayed grows old while nobody writes, and
 * what it received is all it knows of, also when it is cut off. It is compared with the primary's log instead, by one
 * clock: a replica that shows what the primary had at a time is behind by no more than the time since.
 */
export function createLagMeter(rememberedMs: number): LagMeter {
  const notes: { at: number; position: number }[] = [];
  return {
    note(at, position) {
      notes.push({ at, position });
      // The oldest one that is within, and all after it.
      while ((notes[0]?.at ?? at) < at - rememberedMs) notes.shift();
    },
    of(replayed, now) {
      const shown = notes.findLast(({ position }) => position <= replayed);
      return shown && now - shown.at;
    },
  };
}
